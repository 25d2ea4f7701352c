"""What one person's question leaves behind (cached answers, ETags, cursors, keys) serves nobody else."""

import pytest

from tests.tenancy._routes import PUBLIC, addresses, bearer, rules
from tests.tenancy.conftest import HERE, unechoed
from tests.world import ROLES


def asked(installation):
    """Return every address of the REST surface that needs no id."""
    names = [rule for _, rule in rules(installation, "GET") if rule.startswith("/api/") and "<" not in rule]
    return [
        a for rule in names if rule not in PUBLIC for a in addresses(installation, rule, installation.one)
    ]


def get(installation, firm, role, address, **headers):
    return installation.client().get(address, base_url=HERE, headers=bearer(firm.keys[role]) | headers)


def test_answers_warm_for_the_owner_are_cold_for_the_stranger(installation):
    cases = 0
    for address in asked(installation):
        warm = [get(installation, installation.one, "compliance", address) for _ in range(2)]
        assert warm[0].status_code == warm[1].status_code, address
        for role in ("compliance", "trader"):
            answer = get(installation, installation.other, role, address)
            cases += 1
            assert installation.one.canary not in unechoed(answer, address), address
    installation.counted("warm as one, read as the other", cases)


def test_answers_warm_for_the_whole_firm_are_narrowed_for_a_desk(installation):
    c = installation.one.canary
    for address in asked(installation):
        get(installation, installation.one, "compliance", address)
        for role, theirs in (("trader", "2"), ("portfolio_manager", "1")):
            answer = get(installation, installation.one, role, address)
            said = unechoed(answer, address)
            assert f"{c}-ACC{theirs}" not in said, (role, address)
            installation.counted("warm as all, read as a desk", 1)


def test_an_etag_of_one_firm_means_nothing_to_the_other(installation):
    tagged = 0
    for address in asked(installation):
        mine = get(installation, installation.one, "compliance", address)
        tag = mine.headers.get("ETag")
        if mine.status_code != 200 or tag is None:
            continue
        tagged += 1
        again = get(installation, installation.one, "compliance", address, **{"If-None-Match": tag})
        theirs = get(installation, installation.other, "compliance", address, **{"If-None-Match": tag})
        assert theirs.status_code == 200, address
        assert again.status_code in {200, 304}
        installation.counted("foreign ETags", 1)
    assert tagged > 20


def test_a_cursor_of_one_firm_is_refused_to_the_other(installation):
    found = 0
    for address in ("/api/trading/orders", "/api/trading/executions", "/api/portfolio/positions"):
        mine = get(installation, installation.one, "compliance", f"{address}?limit=1").get_json()
        cursor = mine["meta"]["next_cursor"]
        assert cursor, address
        page = f"{address}?limit=1&cursor={cursor}"
        assert get(installation, installation.one, "compliance", page).status_code == 200
        for role in ("compliance", "trader"):
            answer = get(installation, installation.other, role, page)
            assert answer.status_code in {400, 422}, (address, role)
            assert answer.mimetype == "application/problem+json"
        assert get(installation, installation.one, "trader", page).status_code in {400, 422}, "desk"
        found += 3
    installation.counted("foreign cursors", found)


@pytest.mark.parametrize("name", ["key", "api_key", "apikey", "token", "access_token", "x-api-key"])
def test_a_key_in_the_address_opens_nothing(installation, name):
    key = installation.one.keys["compliance"]
    for address in ("/api/trading/orders", "/api/analytics/overview", "/"):
        answer = installation.client().get(f"{address}?{name}={key}", base_url=HERE)
        assert answer.status_code in {302, 400, 401}, (address, answer.status_code)
        assert installation.one.canary not in answer.text
        installation.counted("keys in addresses", 1)


@pytest.mark.parametrize("header", ["X-Org-Id", "X-Tenant-ID", "X-Organisation", "X-Forwarded-User"])
@pytest.mark.parametrize("role", ROLES)
def test_no_header_changes_whose_data_it_is(installation, header, role):
    value = (
        installation.one.slug if header != "X-Forwarded-User" else f"{role}@{installation.one.slug}.example"
    )
    for address in ("/api/trading/orders", "/api/search?q=KANARIQ", "/api/social/posts"):
        answer = get(installation, installation.other, role, address, **{header: value})
        assert installation.one.canary not in unechoed(answer, address)
        plain = get(installation, installation.other, role, address)
        assert answer.status_code == plain.status_code
        installation.counted("headers that name another firm", 1)
