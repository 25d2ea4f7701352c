"""REST answers what the performance page's own questions answer, and refuses the rest."""

import math

import orjson
import pytest

from app.desk import Desk
from app.gateway.json import encode
from app.queries import performance
from app.scope import Scope
from tests.tenancy.conftest import HERE

BASE = "/api/portfolio/performance"


@pytest.fixture
def ask(installation):
    """Return a function that asks with the risk manager's key."""

    def get(query="", part=""):
        key = installation.one.keys["risk"]
        return installation.client().get(
            f"{BASE}{part}?{query}", headers={"Authorization": f"Bearer {key}"}, base_url=HERE
        )

    return get


def desk(installation, query):
    context = installation.context
    who = installation.one.people["risk"]
    return Desk(context.lake, context.database, who, Scope.parse(query), context.cache)


def finite(value):
    if isinstance(value, dict):
        return all(map(finite, value.values()))
    if isinstance(value, list):
        return all(map(finite, value))
    return not isinstance(value, float) or math.isfinite(value)


def test_the_report_and_the_series_are_the_questions_of_the_page(ask, installation):
    for query in ("", "frequency=weekly&costs=gross&risk_free=0.0001&mar=0.0001"):
        mine = desk(installation, query)
        answer = ask(query)
        assert answer.status_code == 200, answer.text
        assert answer.json["data"] == orjson.loads(encode(performance.report(mine)))
        assert finite(answer.json["data"])
        series = ask(f"{query}&window=quarter", "/series").json["data"]
        assert series["rows"] == orjson.loads(encode(performance.course(mine)["rows"]))


def test_a_metric_comes_with_its_convention_and_others_readings(ask):
    found = {row["name"]: row for row in ask("readings=true").json["data"]["metrics"]}
    assert found["sharpe_ratio"]["convention"]["periods_per_year"] == 252
    assert len(found["sharpe_ratio"]["readings"]) > 2
    one = ask("metric=sharpe_ratio", "/readings").json["data"]
    assert one["readings"] == found["sharpe_ratio"]["readings"]
    assert one["definition"]["formula"].startswith("mean(r - rf)")
    assert one["versions"]["daily_nav"]


@pytest.mark.parametrize(
    ("query", "part"),
    [
        ("frequency=hourly", ""), ("benchmark=MOON", ""), ("risk_free=nan", ""), ("mar=1", ""), ("luck=1", ""),
        ("window=decade", "/series"), ("metric=hhi", "/readings"), ("", "/readings"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(ask, query, part):
    assert ask(query, part).status_code == 422
