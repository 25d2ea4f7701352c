"""/api/trading/tca: the same figures as the page's own questions, to each only what is theirs."""

import json

import pytest

from app.desk import Desk
from app.gateway.json import encode
from app.queries import execution_quality as quality
from app.scope import Scope

URL = "/api/trading/tca"


def ask(installation, role, query="", *, url=URL):
    client = installation.client(token=installation.one.tokens[role])
    return client.get(f"{url}{query}", base_url="http://127.0.0.1")


def desk_of(installation, role, **scope):
    context = installation.context
    return Desk(context.lake, context.database, installation.one.people[role], Scope(**scope), context.cache)


@pytest.mark.parametrize(
    ("query", "scope", "by"),
    [
        ("", {}, "venue"),
        ("?group_by=trader&benchmark=close", {"group_by": "trader", "extra": {"benchmark": "close"}}, "trader"),
        ("?venue=XNAS", {"extra": {"venue": "XNAS"}}, "venue"),
        ("?from=2026-11-20&to=2026-11-20&algo=none", {"extra": {"algo": "none"}}, "venue"),
    ],
)  # fmt: skip
def test_rest_answers_what_the_cards_of_the_page_ask(installation, query, scope, by):
    found = ask(installation, "compliance", query)
    assert found.status_code == 200
    desk = desk_of(installation, "compliance", **scope)
    study = quality.study(desk)
    parts = {
        name: study[name]
        for name in ("summary", "benchmarks", "shortfall", "markouts", "sizes", "model", "currency")
    }
    parts |= {"league": quality.league(desk, by=by), "daily": quality.daily(desk), "outliers": quality.outliers(desk)[0]}  # fmt: skip
    told = found.json["data"]
    assert {name: told[name] for name in parts} == json.loads(encode(parts))
    # Every null has its reason.
    missing = {one["name"] for one in told["summary"] if one["value"] is None}
    assert set(told["reasons"]) == missing
    assert all(one["convention"] for one in told["summary"])


def test_slippage_agrees_with_the_overview(installation):
    told = ask(installation, "compliance").json["data"]["summary"]
    overview = ask(installation, "compliance", url="/api/analytics/overview").json["data"]["trading"]
    named = {one["name"]: one["value"] for one in told}
    assert named["slippage_bp"] == pytest.approx(overview["slippage_bp"], rel=1e-9)
    assert named["fill_rate"] == pytest.approx(overview["fill_rate"], rel=1e-9)


def test_outliers_come_by_page(installation):
    first = ask(installation, "compliance", "?limit=1").json
    assert len(first["data"]["outliers"]) <= 1
    assert (first["meta"]["next_cursor"] is None) == (first["data"]["outliers_total"] <= 1)
    assert ask(installation, "compliance", "?cursor=nonsense").status_code == 422


@pytest.mark.parametrize(
    "query", ["?group_by=moon", "?benchmark=moon", "?venues=XNAS", "?venue=%00", "?limit=0"]
)
def test_what_does_not_fit_is_refused_with_its_name(installation, query):
    found = ask(installation, "compliance", query)
    assert found.status_code == 422
    assert found.json["errors"][0]["field"] == query[1:].partition("=")[0]


def test_a_trader_is_answered_about_the_own_desk_and_nobody_else(installation):
    c = installation.one.canary
    everybody = ask(installation, "compliance", "?group_by=trader").json["data"]
    mine = ask(installation, "trader", "?group_by=trader").json["data"]
    assert everybody["executions"] > mine["executions"] == 1  # other tests of the route bring in more
    assert [row["name"] for row in mine["league"]["rows"]] == [f"{c}-jane"]
    # The peers of a trader are those whom the asker may see, whatever the context narrows.
    narrowed = ask(installation, "trader", f"?group_by=trader&trader={c}-omar").json["data"]
    assert f"{c}-omar" not in json.dumps(narrowed["league"])


def test_who_reads_no_data_is_refused(installation):
    assert ask(installation, "admin").status_code == 403
    assert installation.client().get(URL, base_url="http://127.0.0.1").status_code == 401
