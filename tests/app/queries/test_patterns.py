"""Patterns and pairs: found only if they passed and the model has shown skill; nothing is said to be found otherwise."""

from datetime import UTC, datetime

import pytest

from analytics.models._walk import fit, walk_forward
from analytics.models.pairs import Pairs
from analytics.models.trader_lead import TraderLead
from app.errors import Forbidden
from app.queries.patterns import patterns
from app.storage.records.models import ModelVersion
from tests.analytics.models._tables_pairs import tables
from tests.analytics.models._tables_trader_lead import tables as trades
from tests.app._world import context_of, desk_of
from tests.app.queries.test_behaviour import keep as keep_model

TRIED = [
    {"name": "posts", "words": "more posts", "correlation": 0.2, "p": 0.001, "q": 0.004, "n": 300},
    {"name": "move", "words": "a larger move", "correlation": 0.1, "p": 0.2, "q": 0.3, "n": 300},
]


@pytest.fixture(scope="module")
def pairs():
    model = Pairs()
    rows = model.features(tables(0))
    tested = walk_forward(model, rows)
    return fit(model, rows).calibration(tested)


def keep(database, name, calibration, *, status):
    with database.session("acme", write=True) as session:
        session.add(ModelVersion(org="acme", name=name, version=1, champion=True, status=status, reason=None,
                                 metrics={}, card={"title": name, "calibration": calibration},
                                 trained_at=datetime(2026, 11, 20, tzinfo=UTC)))  # fmt: skip


def test_what_passed_is_found_only_where_the_model_has_shown_skill(tmp_path, sqlite_database, pairs):
    context = context_of(tmp_path, sqlite_database)
    assert patterns(desk_of(context, role="trader"))["found"] == 0
    keep(sqlite_database, "patterns", {"patterns": TRIED}, status="silent")
    keep(sqlite_database, "pairs", pairs, status="ok")
    found = patterns(desk_of(context, role="trader", cached=False))
    assert found["tried"] == {"volume": 2, "pair": 15}
    assert [row["pattern"] for row in found["rows"] if row["found"]] == ["N0 and N1 tied"]
    assert found["found"] == 1
    volume = {row["pattern"]: row for row in found["rows"] if row["kind"] == "volume"}
    assert (volume["more posts"]["passed"], volume["more posts"]["found"]) == (True, False)
    assert all(row["n"] and 0 < row["p"] <= row["q"] <= 1 for row in found["rows"])
    assert found["rows"][0]["later"] > 0


def test_whose_trading_comes_before_prices_is_for_surveillance_and_never_told_of_oneself(
    tmp_path, sqlite_database
):
    context = context_of(tmp_path, sqlite_database)
    model = TraderLead()
    keep_model(context, sqlite_database, fit(model, model.features(trades(0))))
    found = patterns(desk_of(context))
    assert [(row["kind"], row["pattern"], row["found"]) for row in found["rows"]] == [
        ("trader", "t2 trades before prices move his way", True)
    ]
    assert "trader" not in patterns(desk_of(context, role="trader"))["tried"]
    assert patterns(desk_of(context, role="risk"))["rows"] == []
    assert patterns(desk_of(context, person_id="t2"))["rows"] == []


def test_nothing_is_found_where_nothing_was_trained_and_who_reads_no_data_reads_none(
    tmp_path, sqlite_database
):
    context = context_of(tmp_path, sqlite_database)
    found = patterns(desk_of(context))
    assert (found["rows"], found["tried"]) == ([], {"volume": 0, "pair": 0, "trader": 0})
    assert {one["status"] for one in found["models"].values()} == {"untrained"}
    with pytest.raises(Forbidden):
        patterns(desk_of(context, role="admin"))
