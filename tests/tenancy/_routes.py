"""Addresses to ask, generated from the URL map."""

import re

from tests.tenancy.conftest import Installation
from tests.world import Firm

STATIC = {
    "/assets/<path:filename>",
    "/_dash-component-suites/<string:package_name>/<path:fingerprinted_path>",
}
# Open to anybody, on purpose; none of them holds an organisation's data.
PUBLIC = STATIC | {
    "/livez", "/readyz", "/metrics", "/sign-in", "/api/openapi.json", "/api/docs", "/api/docs/static/<path:name>",
    "/api/integration/health", "/_favicon.ico",
}  # fmt: skip


def rules(installation: Installation, *methods: str) -> list[tuple[str, str]]:
    """Return every method and rule the server knows."""
    found = {
        (method, rule.rule)
        for rule in installation.server.url_map.iter_rules()
        for method in methods
        if method in (rule.methods or ())
    }
    return sorted(found)


def filled(rule: str, value: str) -> str:
    """Put ``value`` in place of every part of a rule that may vary."""
    return re.sub(r"<[^>]+>", value, rule)


def addresses(installation: Installation, rule: str, firm: Firm) -> list[str]:
    """Return what one would ask of a rule about a firm: its ids in the path, its names in the query."""
    c = firm.canary
    if "<" in rule and rule not in STATIC:
        return [filled(rule, found) for found in installation.ids(firm)]
    queries = ("", f"?account={c}-ACC1&desk={c}-desk1", f"?trader={c}-jane&instrument={c}-AAA&from=2026-11-01", f"?q={c}")  # fmt: skip
    return [filled(rule, "x") + query for query in queries]


def bearer(key: str) -> dict[str, str]:
    """Return the header that carries a key."""
    return {"Authorization": f"Bearer {key}"}
