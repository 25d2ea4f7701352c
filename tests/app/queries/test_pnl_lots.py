"""The lots of one position, by three methods."""

import pytest

from analytics.datasets import DAILY_POSITIONS
from app.errors import Invalid, NotFound
from app.jobs.derive import derive
from app.queries.pnl_lots import lots
from app.scope import Scope
from tests.app._world import context_of, desk_of, land
from tests.app.queries._hard_book import HARD


@pytest.fixture(scope="module")
def hard(module_database, tmp_path_factory):
    """Return a firm with the hard book, at average cost."""
    context = context_of(tmp_path_factory.mktemp("home"), module_database)
    land(context, "acme", **HARD)
    derive(context, "acme", cause="test")
    return context


def of_x(context, method, *, query=""):
    desk = desk_of(context, scope=Scope.parse(query))
    return lots(desk, account="A1", instrument="X", method=method)


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        # 30 of the first 100 at 10 went; 40 at 13.5 came.
        ("fifo", [("2026-11-16", 70, 700), ("2026-11-16", 50, 600), ("2026-11-17", 40, 540)]),
        # 30 of the second 50 at 12 went.
        ("lifo", [("2026-11-16", 100, 1000), ("2026-11-16", 20, 240), ("2026-11-17", 40, 540)]),
    ],
)
def test_open_lots_by_hand(hard, method, expected):
    answer = of_x(hard, method, query="from=2026-11-16&to=2026-11-17")
    assert [(row["opened"], row["quantity"], row["cost"]) for row in answer["open"]] == expected
    assert answer["market_px"] == 14
    for row in answer["open"]:
        assert row["market_value"] == pytest.approx(row["quantity"] * 14)
        assert row["unrealised"] == pytest.approx(row["market_value"] - row["cost"])
        assert row["cost_px"] == pytest.approx(row["cost"] / row["quantity"])
    assert answer["open"][0]["age_days"] == 1
    gain = {"fifo": 30 * 3, "lifo": 30 * 1}[method]
    (closed,) = answer["closed"]
    assert (closed["quantity"], closed["realised"], closed["days"]) == (30, gain, 1)
    assert closed["close_px"] == pytest.approx(13)
    assert answer["realised"] == gain


@pytest.mark.parametrize("method", ["average", "fifo", "lifo"])
@pytest.mark.parametrize("end", ["2026-11-16", "2026-11-17", "2026-11-18", "2026-11-19", "2026-11-20"])
def test_lots_add_up_to_the_position_on_every_day(hard, method, end):
    answer = of_x(hard, method, query=f"from=2026-11-16&to={end}")
    held = hard.lake.scan("acme", DAILY_POSITIONS).collect()
    held = held.filter((held["instrument_id"] == "X") & (held["account_id"] == "A1"))
    row = held.filter(held["date"].cast(str) == end).row(0, named=True)
    assert sum(lot["quantity"] for lot in answer["open"]) == pytest.approx(float(row["quantity"]))
    assert sum(lot["cost"] for lot in answer["open"]) == pytest.approx(answer["cost"])
    total = answer["realised"] + (answer["unrealised"] or 0)
    upto = held.filter(held["date"].cast(str) <= end)
    assert total == pytest.approx(float(upto["realised_pnl"].sum() + row["unrealised_pnl"]), abs=1e-9)
    if method == "average":
        assert answer["realised"] == pytest.approx(float(upto["realised_pnl"].sum()))
        assert answer["closed"] == []


def test_a_split_doubles_lots_and_keeps_their_cost(hard):
    answer = of_x(hard, "fifo", query="from=2026-11-18&to=2026-11-18")
    # 320 after the split, 420 sold: every lot closed, 100 short at 7.
    assert [(row["opened"], row["quantity"], row["cost"]) for row in answer["open"]] == [
        ("2026-11-18", -100, -700)
    ]
    assert sorted(row["quantity"] for row in answer["closed"]) == [80, 100, 140]
    assert {row["opened"] for row in answer["closed"]} == {"2026-11-16", "2026-11-17"}


def test_without_a_name_the_largest_position_is_shown_by_the_firms_method(hard):
    answer = lots(desk_of(hard))
    assert (answer["account_id"], answer["instrument_id"]) == (
        answer["choices"][0]["account_id"],
        answer["choices"][0]["instrument_id"],
    )
    assert answer["method"] == answer["convention"]["cost_method"] == "average"


def test_what_cannot_be_shown_is_refused_or_said(hard):
    with pytest.raises(Invalid):
        lots(desk_of(hard), account="A1", instrument="X", method="guess")
    with pytest.raises(Invalid):
        lots(desk_of(hard), account="A1")
    with pytest.raises(NotFound):
        lots(desk_of(hard), account="A1", instrument="nothing")
    assert lots(desk_of(hard, scope=Scope.parse("trader=T1")))["reasons"]["open"]


def test_another_desks_position_is_not_there(hard):
    colleague = desk_of(hard, role="trader", desks=("D2",))
    with pytest.raises(NotFound):
        lots(colleague, account="A1", instrument="X")
    assert lots(colleague)["account_id"] == "A2"


def test_nothing_imported_is_said(tmp_path, sqlite_database):
    answer = lots(desk_of(context_of(tmp_path, sqlite_database)))
    assert answer["open"] == []
    assert answer["reasons"]["open"]
