"""Owner, colleague, stranger and anonymous at every route, generated from the URL map."""

import itertools

import pytest

from tests.tenancy.conftest import HERE, Installation, without_request_id
from tests.world import ROLES

# Open to anybody, on purpose; none of them holds an organisation's data.
PUBLIC = {
    "/livez", "/readyz", "/metrics", "/sign-in", "/api/openapi.json", "/api/docs", "/api/docs/static/<path:name>",
    "/api/integration/health", "/assets/<path:filename>", "/_favicon.ico",
    "/_dash-component-suites/<string:package_name>/<path:fingerprinted_path>",
}  # fmt: skip
STATIC = {
    "/assets/<path:filename>",
    "/_dash-component-suites/<string:package_name>/<path:fingerprinted_path>",
}


def rules(installation: Installation, *methods: str) -> list[tuple[str, str]]:
    found = [
        (method, rule.rule)
        for rule in installation.server.url_map.iter_rules()
        for method in methods
        if method in (rule.methods or ())
    ]
    return sorted(set(found))


def filled(rule: str, value: str) -> str:
    """Put ``value`` in place of every part of a rule that may vary."""
    import re

    return re.sub(r"<[^>]+>", value, rule)


def addresses(installation: Installation, rule: str) -> list[str]:
    """Return what a stranger would try on a rule: the other firm's ids in the path and in the query."""
    c = installation.one.canary
    queries = [
        "",
        f"?account={c}-ACC1&desk={c}-desk1",
        f"?trader={c}-jane&instrument={c}-AAA&from=2026-11-01",
        f"?q={c}",
    ]
    if "<" in rule and rule not in STATIC:
        return [filled(rule, i) for i in installation.ids(installation.one)]
    return [filled(rule, "x") + query for query in queries]


def test_no_route_lets_anybody_in_unasked(installation):
    cases = 0
    for method, rule in rules(installation, "GET", "POST", "PUT", "PATCH", "DELETE"):
        for address in addresses(installation, rule):
            answer = installation.client().open(address, method=method, base_url=HERE)
            cases += 1
            assert installation.one.canary.encode() not in answer.data, (method, address)
            assert answer.status_code < 500, (method, address, answer.status_code)
            if rule not in PUBLIC:
                assert answer.status_code in {302, 303, 401, 403, 404, 405}, (
                    method,
                    address,
                    answer.status_code,
                )
    assert cases > 100


@pytest.mark.parametrize("credential", ["session", "key"])
@pytest.mark.parametrize("role", ROLES)
def test_a_stranger_learns_nothing(installation, role, credential):
    """Whatever the other firm's people ask, no byte of ours comes back; foreign and unknown look alike."""
    firm = installation.other
    headers = {"Authorization": f"Bearer {firm.keys[role]}"} if credential == "key" else {}
    client = installation.client(token=firm.tokens[role] if credential == "session" else None)
    cases = 0
    for method, rule in rules(installation, "GET"):
        for address in addresses(installation, rule):
            answer = client.get(address, base_url=HERE, headers=headers)
            cases += 1
            echoed = answer.data.replace(address.encode(), b"")
            if answer.status_code == 200 and answer.is_json:
                # The scope that was asked for is told back; the data must not know it.
                body = answer.get_json()
                echoed = str(body.get("data") if isinstance(body, dict) else body).encode()
            assert answer.status_code < 500, (address, answer.status_code, answer.data[:300])
            if answer.status_code == 200:
                assert installation.one.canary.encode() not in echoed, (method, address)
        if "<" in rule and rule not in PUBLIC:
            foreign = [
                client.get(filled(rule, i), base_url=HERE, headers=headers)
                for i in installation.ids(installation.one)
            ]
            unknown = client.get(filled(rule, "no-such-id-0000"), base_url=HERE, headers=headers)
            for answer in foreign:
                cases += 1
                assert answer.status_code == unknown.status_code, rule
                assert without_request_id(answer.data) == without_request_id(unknown.data), rule
    assert cases > 100


def test_the_owner_is_answered(installation):
    """The same questions that tell a stranger nothing tell the owner something: the test above can fail."""
    firm = installation.one
    client = installation.client(token=firm.tokens["compliance"])
    told = {}
    for _, rule in rules(installation, "GET"):
        for address in addresses(installation, rule):
            answer = client.get(address, base_url=HERE)
            assert answer.status_code < 500, (address, answer.status_code, answer.data[:300])
            if answer.status_code == 200 and firm.canary.encode() in answer.data:
                told[rule] = address
    expected = {
        "/api/trading/orders", "/api/trading/orders/<order_id>", "/api/trading/executions", "/api/portfolio/positions",
        "/api/search", "/api/compliance/alerts", "/api/compliance/alerts/<alert_id>", "/api/social/posts",
        "/api/ingest/<import_id>", "/api/analytics/overview",
    }  # fmt: skip
    assert expected <= set(told)


def test_a_colleague_of_another_desk_sees_his_own_desk_only(installation):
    firm = installation.one
    c = firm.canary
    desk_of = {"trader": ("ACC1", "ACC2"), "portfolio_manager": ("ACC2", "ACC1")}
    for role, (mine, theirs) in desk_of.items():
        client = installation.client(token=firm.tokens[role])
        seen = b""
        for address in (
            "/api/trading/orders", "/api/trading/executions", "/api/portfolio/positions", f"/api/search?q={c}",
            "/api/portfolio/exposure?group_by=account", "/api/trading/pnl?group_by=account_id", "/api/analytics/overview",
            f"/api/trading/executions?account={c}-{theirs}", f"/api/trading/orders?desk={c}-desk1,{c}-desk2",
        ):  # fmt: skip
            answer = client.get(address, base_url=HERE)
            assert answer.status_code == 200, (address, answer.data[:300])
            data = str(answer.get_json()["data"]).encode()
            assert f"{c}-{theirs}".encode() not in data, (role, address)
            seen += data
        assert f"{c}-{mine}".encode() in seen, role


@pytest.mark.parametrize("role", ["trader", "portfolio_manager", "risk", "admin"])
def test_surveillance_is_closed_to_those_it_watches(installation, role):
    client = installation.client(token=installation.one.tokens[role])
    for _, rule in rules(installation, "GET"):
        if rule.startswith("/api/compliance"):
            for address in addresses(installation, rule):
                assert client.get(address, base_url=HERE).status_code == 403, address


def test_a_stranger_changes_nothing(installation):
    """Every write with our ids, by every role of the other firm, leaves our records as they were."""
    firm, other = installation.one, installation.other
    before = state(installation)
    bodies = [
        {},
        {"org": firm.slug, "tenant_id": firm.slug, "role": "admin", "id": firm.people["admin"].user_id},
    ]
    cases = 0
    for role, (method, rule) in itertools.product(
        ROLES, rules(installation, "POST", "PUT", "PATCH", "DELETE")
    ):
        if rule.startswith(("/sign-", "/_dash")):
            continue
        client = installation.client(token=other.tokens[role])
        for address in addresses(installation, rule) if "<" in rule else [rule]:
            for body in bodies:
                answer = client.open(
                    address,
                    method=method,
                    json=body,
                    base_url=HERE,
                    headers={"Origin": HERE, "X-Org-Id": firm.slug},
                )
                cases += 1
                assert answer.status_code < 500, (method, address, answer.status_code, answer.data[:200])
                assert (
                    firm.canary.encode()
                    not in answer.data.replace(address.encode(), b"").replace(
                        filled("<x>", "").encode() or b"\0", b""
                    )
                    or answer.status_code >= 400
                ), (method, address)
    assert cases > 50
    assert state(installation) == before


def state(installation: Installation) -> dict:
    from app.actions.orgs import scoped_models

    slug = installation.one.slug
    counts = {}
    with installation.context.database.session(slug) as session:
        for model in scoped_models():
            counts[model.__tablename__] = session.query(model).count()
        counts["revoked"] = len(
            [
                k
                for k in session.query(next(m for m in scoped_models() if m.__tablename__ == "api_keys"))
                if k.revoked_at
            ]
        )
    counts["tables"] = {t.name: (t.rows, t.version) for t in installation.context.lake.tables(slug)}
    return counts
