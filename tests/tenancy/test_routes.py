"""Owner, colleague, stranger and anonymous at every route, generated from the URL map."""

import itertools

import pytest

from app.actions.orgs import scoped_models
from tests.tenancy._routes import PUBLIC, STATIC, addresses, bearer, filled, rules
from tests.tenancy.conftest import HERE, Installation, unechoed, without_own
from tests.world import ROLES

pytestmark = pytest.mark.slow
ALL = frozenset(ROLES)
DATA = ALL - {"admin"}
WATCHERS = frozenset({"compliance", "auditor"})
# Who of a firm is let in, by the longest beginning that fits. A new resource needs its line here.
POLICY = {
    "/api/admin/": frozenset({"admin"}),
    "/api/analytics/": DATA,
    "/api/compliance/limits": DATA,
    "/api/compliance/lists": DATA,
    "/api/compliance/preclearances": DATA,
    "/api/compliance/": WATCHERS,
    "/api/export/": DATA,
    "/api/ingest/": ALL,
    "/api/intelligence/": DATA,
    # What all desks say of the rules is for those who see every desk.
    "/api/intelligence/insights/use": WATCHERS | {"risk"},
    "/api/intelligence/anomalies": WATCHERS,
    "/api/intelligence/styles": WATCHERS,
    "/api/performance/": ALL,
    "/api/portfolio/": DATA,
    "/api/portfolio/what-if/orders": frozenset({"portfolio_manager", "risk"}),
    "/api/search": DATA,
    "/api/social/": DATA,
    "/api/social/authors/<author_id>/talk": WATCHERS,
    "/api/trading/": DATA,
}


def test_no_route_lets_anybody_in_unasked(installation):
    cases = 0
    for method, rule in rules(installation, "GET", "POST", "PUT", "PATCH", "DELETE"):
        for address in addresses(installation, rule, installation.one):
            answer = installation.client().open(address, method=method, base_url=HERE)
            cases += 1
            assert installation.one.canary not in unechoed(answer, address), (method, address)
            assert answer.status_code < 500, (method, address, answer.status_code)
            if rule not in PUBLIC:
                assert answer.status_code in {302, 303, 401, 403, 404, 405}, (method, address, answer)
    installation.counted("anonymous at routes", cases)
    assert cases > 150


def test_every_role_enters_where_the_policy_says_and_nowhere_else(installation):
    cases = 0
    for role, (_, rule) in itertools.product(ROLES, rules(installation, "GET")):
        if not rule.startswith("/api/") or rule in PUBLIC:
            continue
        fitting = [begin for begin in POLICY if rule.startswith(begin)]
        assert fitting, f"{rule} has no line in the policy"
        address = filled(rule, "no-such-id")
        for headers, token in (
            ({}, installation.one.tokens[role]),
            (bearer(installation.one.keys[role]), None),
        ):
            answer = installation.client(token=token).get(address, base_url=HERE, headers=headers)
            refused = answer.status_code == 403
            assert refused == (role not in POLICY[max(fitting, key=len)]), (role, rule, answer.status_code)
            cases += 1
    installation.counted("roles at doors", cases)


@pytest.mark.parametrize("credential", ["session", "key"])
@pytest.mark.parametrize("role", ROLES)
def test_a_stranger_learns_nothing(installation, role, credential):
    """Whatever the other firm's people ask, no byte of ours comes back; foreign and unknown look alike."""
    firm, canary = installation.other, installation.one.canary
    headers = bearer(firm.keys[role]) if credential == "key" else {}
    client = installation.client(token=firm.tokens[role] if credential == "session" else None)
    cases = 0
    for _, rule in rules(installation, "GET"):
        unknown = None
        if "<" in rule and rule not in PUBLIC:
            unknown = client.get(filled(rule, "no-such-id-0000"), base_url=HERE, headers=headers)
        for address in addresses(installation, rule, installation.one):
            answer = client.get(address, base_url=HERE, headers=headers)
            cases += 1
            assert answer.status_code < 500, (address, answer.status_code, answer.text[:300])
            assert canary not in unechoed(answer, address), address
            if unknown is not None:
                assert answer.status_code == unknown.status_code, address
                alike = without_own(unknown.text.replace("no-such-id-0000", ""))
                assert without_own(answer.text.replace(address.rpartition("/")[2], "")) == alike, address
    installation.counted("strangers at routes", cases)
    assert cases > 100


def test_the_owner_is_answered(installation):
    """The same questions that tell a stranger nothing tell the owner something: the test above can fail."""
    firm = installation.one
    client = installation.client(token=firm.tokens["compliance"])
    told, cases = set(), 0
    for _, rule in rules(installation, "GET"):
        for address in addresses(installation, rule, firm):
            answer = client.get(address, base_url=HERE)
            cases += 1
            assert answer.status_code < 500, (address, answer.status_code, answer.text[:300])
            if answer.status_code == 200 and firm.canary in unechoed(answer, address):
                told.add(rule)
    installation.counted("owner at routes", cases)
    expected = {
        "/api/trading/orders", "/api/trading/orders/<order_id>", "/api/trading/executions", "/api/portfolio/positions",
        "/api/search", "/api/compliance/alerts", "/api/compliance/alerts/<alert_id>", "/api/social/posts",
        "/api/social/ideas", "/api/social/ideas/<idea_id>", "/api/social/mirrors/<mirror_id>",
        "/api/ingest/<import_id>", "/api/analytics/overview", "/api/compliance/audit",
        "/api/compliance/cases", "/api/compliance/cases/<case_id>", "/api/compliance/cases/<case_id>/trail",
    }  # fmt: skip
    assert expected <= told


@pytest.mark.parametrize(
    ("role", "mine", "theirs"), [("trader", "1", "2"), ("portfolio_manager", "2", "1")], ids=ROLES[:2]
)
def test_a_colleague_of_another_desk_sees_his_own_desk_only(installation, role, mine, theirs):
    """Accounts, orders and fills of the other desk are absent from every route, named or not."""
    firm = installation.one
    c = firm.canary
    seen, cases = "", 0
    for headers, token in (({}, firm.tokens[role]), (bearer(firm.keys[role]), None)):
        client = installation.client(token=token)
        for _, rule in rules(installation, "GET"):
            if rule in STATIC:
                continue
            asked = [
                *addresses(installation, rule, firm),
                filled(rule, f"{c}-O{theirs}") + f"?account={c}-ACC{theirs}",
            ]
            for address in asked:
                answer = client.get(address, base_url=HERE, headers=headers)
                cases += 1
                assert answer.status_code < 500, (address, answer.text[:300])
                said = unechoed(answer, address)
                for secret in (f"{c}-ACC{theirs}", f"{c}-O{theirs}", f"{c}-E{theirs}"):
                    assert secret not in said, (role, address)
                seen += said
    installation.counted("colleagues at routes", cases)
    assert f"{c}-ACC{mine}" in seen
    assert f"{c}-O{mine}" in seen


def test_a_stranger_changes_nothing(installation):
    """Every write with our ids, by every role of the other firm, leaves our records as they were."""
    firm, other = installation.one, installation.other
    before = state(installation)
    claims = {"org": firm.slug, "tenant_id": firm.slug, "role": "admin", "id": firm.people["admin"].user_id}
    headers = {"Origin": HERE, "X-Org-Id": firm.slug, "X-Tenant-ID": firm.slug}
    cases = 0
    for role, (method, rule) in itertools.product(
        ROLES, rules(installation, "POST", "PUT", "PATCH", "DELETE")
    ):
        if rule.startswith(("/sign-", "/_dash")):
            continue
        client = installation.client(token=other.tokens[role])
        for address in addresses(installation, rule, firm) if "<" in rule else [rule]:
            for body in ({}, claims):
                answer = client.open(address, method=method, json=body, base_url=HERE, headers=headers)
                cases += 1
                assert answer.status_code < 500, (method, address, answer.text[:200])
                if answer.status_code < 400:
                    assert firm.canary not in unechoed(answer, address), (method, address)
    installation.counted("strangers' writes", cases)
    assert cases > 50
    assert state(installation) == before


def state(installation: Installation) -> dict:
    """Return how many records our firm has of each kind, and where its tables stand."""
    slug = installation.one.slug
    counts: dict = {}
    with installation.context.database.session(slug) as session:
        for model in scoped_models():
            rows = session.query(model).all()
            counts[model.__tablename__] = len(rows)
            counts[f"{model.__tablename__} revoked"] = sum(
                1 for row in rows if getattr(row, "revoked_at", None)
            )
    counts["tables"] = {t.name: (t.rows, t.version) for t in installation.context.lake.tables(slug)}
    return counts
