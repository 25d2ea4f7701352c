"""REST answers what the page's own questions answer, for whoever asks, and refuses the rest."""

import math

import orjson
import pytest

from app.desk import Desk
from app.gateway.json import encode
from app.queries import pnl, pnl_passports
from app.queries.pnl_identity import identity
from app.queries.pnl_intraday import intraday
from app.queries.pnl_lots import lots
from app.scope import Scope
from tests.tenancy.conftest import HERE

QUERY = "from=2026-11-16"
ROUTES = ("pnl", "pnl/explain", "pnl/identity", "pnl/intraday", "pnl/lots")


@pytest.fixture
def ask(installation):
    """Return a function that asks a route of /api/trading with a role's key."""

    def get(path, role="risk", firm=None):
        key = (firm or installation.one).keys[role]
        return installation.client().get(
            f"/api/trading/{path}", headers={"Authorization": f"Bearer {key}"}, base_url=HERE
        )

    return get


@pytest.fixture
def desk(installation):
    """Return the risk desk's window on the same rows."""
    context = installation.context
    return Desk(
        context.lake, context.database, installation.one.people["risk"], Scope.parse(QUERY), context.cache
    )


def as_json(value):
    return orjson.loads(encode(value))


def test_explain_is_the_query_of_the_page(ask, desk):
    for group in pnl.GROUPS:
        answer = ask(f"pnl/explain?{QUERY}&group_by={group}")
        assert answer.status_code == 200, answer.text
        wanted = pnl.explain(desk, group_by=group) | {"metrics": pnl_passports.part_records(desk)}
        assert answer.json["data"] == as_json(wanted)
        assert answer.json["meta"]["versions"]["daily_positions"]


def test_pnl_is_the_query_of_the_page(ask, desk):
    for group in pnl.PNL_GROUPS:
        answer = ask(f"pnl?{QUERY}&group_by={group}")
        assert answer.status_code == 200, answer.text
        data = answer.json["data"]
        values, reasons = pnl.figures(desk)
        assert data["figures"] == as_json(values)
        assert data["metrics"] == as_json(pnl_passports.figure_records(desk))
        assert data["reasons"] == reasons
        assert data["rows"] == as_json(pnl.by_group(desk, group_by=group)["rows"])
        assert data["convention"]["cost_method"] == "average"
    assert data["figures"]["net_pnl"] is not None


def test_identity_intraday_and_lots_are_the_queries_of_the_page(ask, desk):
    proof = identity(desk) | {"metrics": pnl_passports.identity_records(desk)}
    assert ask(f"pnl/identity?{QUERY}").json["data"] == as_json(proof)
    assert ask(f"pnl/intraday?{QUERY}").json["data"] == as_json(intraday(desk))
    for method in ("average", "fifo", "lifo"):
        answer = ask(f"pnl/lots?{QUERY}&method={method}").json["data"]
        assert answer == as_json(lots(desk, method=method))
    assert identity(desk)["checked"] > 0


@pytest.mark.parametrize(
    "path",
    [
        "pnl?group_by=moon", "pnl/explain?group_by=sector", "pnl/explain?colour=red", "pnl/lots?method=hifo",
        "pnl/intraday?session=noon", "pnl/intraday?session=1999-01-01", "pnl/identity?session=2026-11-20",
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_by_name(ask, path):
    answer = ask(path)
    assert answer.status_code == 422, answer.text
    assert answer.json["errors"]


@pytest.mark.parametrize("path", ROUTES)
def test_a_desk_bound_colleague_sees_that_desk_and_strangers_their_own_firm(ask, installation, path):
    canary, other = installation.one.canary, installation.other.canary
    bound = ask(path, role="trader")
    assert bound.status_code == 200
    assert f"{canary}-desk2" not in bound.text
    assert f"{canary}-ACC2" not in bound.text
    stranger = ask(path, firm=installation.other)
    assert canary not in stranger.text
    assert other not in ask(path).text
    assert ask(path, role="admin").status_code == 403


@pytest.mark.parametrize("path", ROUTES)
def test_no_answer_holds_what_json_cannot_say(ask, path):
    def numbers(value):
        if isinstance(value, dict):
            value = list(value.values())
        return [n for one in value for n in numbers(one)] if isinstance(value, list) else [value]

    for query in ("", "?from=2026-11-20&to=2026-11-20", "?instrument=nothing", "?currency=JPY"):
        for value in numbers(ask(path + query).json["data"]):
            assert not isinstance(value, float) or math.isfinite(value)
