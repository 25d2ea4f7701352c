"""P&L by any group and its causes: every answer comes out at the same total."""

from decimal import Decimal

import pytest

from app.errors import Invalid
from app.jobs.derive import derive
from app.queries import pnl, portfolio, trading
from app.scope import Scope
from tests.app._world import context_of, desk_of, land
from tests.app.queries._hard_book import HARD

PARTS = ("price", "new_trades", "carry", "fx", "fees", "residual")
HELD = ("desk", "strategy", "account", "instrument", "day")


@pytest.fixture(scope="module")
def hard(module_database, tmp_path_factory):
    """Return a firm with the hard book, at average cost."""
    context = context_of(tmp_path_factory.mktemp("home"), module_database)
    land(context, "acme", **HARD)
    derive(context, "acme", cause="test")
    return context


@pytest.mark.parametrize("currency", ["USD", "EUR"])
@pytest.mark.parametrize("group", HELD)
def test_causes_sum_to_the_net_pnl_of_the_overview(hard, group, currency):
    desk = desk_of(hard, scope=Scope.parse(f"from=2026-11-16&currency={currency}"))
    answer = pnl.explain(desk, group_by=group)
    net = trading.kpis(desk)[0]["net_pnl"]
    assert answer["total"]["pnl"] == pytest.approx(net, abs=1e-9)
    assert sum(answer["total"][part] for part in PARTS) == pytest.approx(net, abs=1e-9)
    for part in (*PARTS, "pnl"):
        assert sum(row[part] for row in answer["rows"]) == pytest.approx(answer["total"][part], abs=1e-9)
    assert answer["basis"] == "positions"
    assert answer["currency"] == currency
    # N was never priced and is flat again; every other position is priced every day.
    assert abs(answer["total"]["residual"]) < 1e-9
    assert (answer["incomplete"], answer["unknown"]) == (0, 0)


@pytest.mark.parametrize("currency", ["USD", "EUR"])
@pytest.mark.parametrize("group", ["trader", "venue"])
def test_trades_by_trader_and_venue_meet_the_new_trades_of_the_total(hard, group, currency):
    desk = desk_of(hard, scope=Scope.parse(f"from=2026-11-16&currency={currency}"))
    answer = pnl.explain(desk, group_by=group)
    assert answer["basis"] == "trades"
    assert group in answer["note"]
    assert abs(answer["difference"]) < 1e-9
    for part in ("new_trades", "fees"):
        assert sum(row[part] for row in answer["rows"]) == pytest.approx(answer["total"][part], abs=1e-9)
    for part in (*PARTS, "pnl"):
        mine = sum(row[part] for row in answer["rows"])
        assert mine + answer["rest"][part] == pytest.approx(answer["total"][part], abs=1e-9)
    assert all(row["price"] == row["fx"] == 0 for row in answer["rows"])


def test_a_traders_trades_are_valued_at_the_close_by_hand(hard):
    desk = desk_of(hard, scope=Scope.parse("from=2026-11-17&to=2026-11-17"))
    rows = {row["group"]: row for row in pnl.explain(desk, group_by="trader")["rows"]}
    # T2 sold 30 X at 13, which closed at 14, for a dollar; T1 bought 40 at 13.5 and 10 Y at 49 closing at 49.1.
    assert rows["T2"]["new_trades"] == pytest.approx(-30)
    assert rows["T2"]["fees"] == pytest.approx(-1)
    assert rows["T1"]["new_trades"] == pytest.approx(20 + 10 * 0.1 * 1.12)
    assert rows["T1"]["fees"] == pytest.approx(-1 - 1.12)


def test_a_position_without_a_close_that_is_flat_again_still_splits_by_venue(hard):
    desk = desk_of(hard, scope=Scope.parse("from=2026-11-19&to=2026-11-19&instrument=N"))
    answer = pnl.explain(desk, group_by="venue")
    assert sum(row["new_trades"] for row in answer["rows"]) == pytest.approx(5)
    assert abs(answer["difference"]) < 1e-12


@pytest.mark.parametrize("group", pnl.PNL_GROUPS)
def test_every_group_says_what_it_rests_on(hard, group):
    desk = desk_of(hard, scope=Scope.parse("from=2026-11-16"))
    answer = pnl.by_group(desk, group_by=group)
    assert answer["rows"].columns == [
        "group", "label", "pnl", "realised_pnl", "unrealised_change", "income", "costs",
    ]  # fmt: skip
    assert answer["basis"] == ("trades" if group in {"trader", "venue"} else "positions")
    assert (answer["note"] is None) == (answer["basis"] == "positions")
    assert answer["convention"]["cost_method"] == "average"
    if answer["basis"] == "positions":
        net = pnl.figures(desk)[0]["net_pnl"]
        assert float(answer["rows"]["pnl"].sum()) == pytest.approx(net, abs=1e-9)
        for row in answer["rows"].to_dicts():
            parts = row["realised_pnl"] + row["unrealised_change"] + row["income"] - row["costs"]
            assert row["pnl"] == parts
    else:
        assert answer["rows"]["realised_pnl"].null_count() == answer["rows"].height


def test_days_are_in_order_and_their_sum_is_the_course(hard):
    desk = desk_of(hard, scope=Scope.parse("from=2026-11-16"))
    days = pnl.by_group(desk, group_by="day")["rows"]
    course = pnl.pnl_series(desk)["rows"]
    assert days["group"].to_list() == [str(day) for day in course["date"]]
    assert [float(value) for value in days["pnl"]] == pytest.approx(course["pnl"].to_list())
    assert float(days["pnl"].sum()) == pytest.approx(course["cumulative"][-1])


def test_figures_agree_with_the_overview_and_the_positions_page(hard):
    first = Scope.parse("from=2026-11-16")
    desk = desk_of(hard, scope=first)
    values, reasons = pnl.figures(desk)
    overview = trading.kpis(desk)[0]
    assert reasons == {}
    assert (values["net_pnl"], values["realised_pnl"]) == (overview["net_pnl"], overview["realised_pnl"])
    # From the very first day on nothing was unrealised before, so the change is the level of the positions
    # page, but for the currency effect on holdings.
    dollars = desk_of(hard, scope=Scope.parse("from=2026-11-16&account=A1&instrument=X"))
    held = portfolio.positions(dollars)
    level = held.filter(held["account_id"] == "A1")["unrealised_pnl"].sum()
    assert pnl.figures(dollars)[0]["unrealised_change"] == pytest.approx(float(level), abs=1e-9)


def test_a_trader_narrows_trades_but_has_no_book(hard):
    desk = desk_of(hard, scope=Scope.parse("trader=T1&from=2026-11-16"))
    values, reasons = pnl.figures(desk)
    assert set(values.values()) == {None}
    assert set(reasons) == set(values)
    assert pnl.explain(desk)["rows"] == []
    assert pnl.explain(desk)["reasons"]["total"]
    rows = pnl.explain(desk, group_by="trader")["rows"]
    assert [row["group"] for row in rows] == ["T1"]
    assert pnl.explain(desk, group_by="trader")["rest"] is None
    assert pnl.by_group(desk)["note"]


def test_a_missing_rate_is_a_reason_and_no_number(hard):
    values, reasons = pnl.figures(desk_of(hard, scope=Scope.parse("from=2026-11-16&currency=JPY")))
    assert values["net_pnl"] is None
    assert "JPY" in reasons["net_pnl"]
    answer = pnl.explain(desk_of(hard, scope=Scope.parse("from=2026-11-16&currency=JPY")))
    assert answer["total"]["pnl"] is None
    assert "JPY" in answer["reasons"]["total"]


def test_nothing_imported_is_said(tmp_path, sqlite_database):
    desk = desk_of(context_of(tmp_path, sqlite_database))
    values, reasons = pnl.figures(desk)
    assert set(values.values()) == {None}
    assert all(reasons[name] for name in values)
    for group in pnl.GROUPS:
        answer = pnl.explain(desk, group_by=group)
        assert answer["rows"] == []
        assert answer["reasons"]["total"]


@pytest.mark.parametrize("question", [pnl.explain, pnl.by_group])
def test_a_group_nobody_knows_is_refused(hard, question):
    with pytest.raises(Invalid):
        question(desk_of(hard), group_by="moon")


def test_a_colleague_bound_to_a_desk_sees_that_desk_alone(hard):
    everything = pnl.explain(desk_of(hard, scope=Scope.parse("from=2026-11-16")))
    mine = pnl.explain(desk_of(hard, role="trader", desks=("D2",), scope=Scope.parse("from=2026-11-16")))
    assert [row["group"] for row in mine["rows"]] == ["D2"]
    assert mine["total"] == next(
        {part: row[part] for part in (*PARTS, "pnl")} for row in everything["rows"] if row["group"] == "D2"
    )
    assert Decimal(str(mine["total"]["pnl"])) != Decimal(str(everything["total"]["pnl"]))
