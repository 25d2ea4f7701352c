"""What execution cost: one firm checked by hand, and every way in which a figure may be missing."""

from datetime import date, timedelta
from decimal import Decimal

import polars as pl
import pytest

from app.errors import Invalid
from app.queries import execution_quality as quality
from app.queries import trading
from app.scope import Scope
from tests.app._world import context_of, desk_of, land

# P1 is cut into two children; P2 fills half and is cancelled; M1 rests; N1 has neither order nor quotes.
FIRM = {
    "accounts": """
account_id  kind   base_currency  desk  name
A1          house  USD            D1    One
A2          house  EUR            D2    Two
""",
    "instruments": """
instrument_id  symbol  name  asset_class  currency
X              XX      Ex    equity       USD
Y              YY      Why   equity       EUR
""",
    "quotes": """
instrument_id  transact_time        seq  bid_px  ask_px
X              2026-11-19T14:00:00  1    98      100
X              2026-11-20T14:29:00  1    99      101
X              2026-11-20T14:30:00  2    100     102
X              2026-11-20T14:31:00  3    103     105
X              2026-11-20T14:40:00  4    101     103
X              2026-11-20T20:00:00  5    105     107
""",
    "tape": """
instrument_id  transact_time        seq  last_px  last_qty
X              2026-11-20T14:30:10  1    102      100
X              2026-11-20T14:30:40  2    104      300
""",
    "order_events": """
order_id  event_seq  event_type  transact_time        received_time        instrument_id  account_id  trader_id  side  order_qty  parent_order_id  algo_id  venue  last_qty
P1        1          new         2026-11-20T14:30:00  2026-11-20T14:29:30  X              A1          T1         buy   100        -                vwap     -      -
C1        1          new         2026-11-20T14:30:05  -                    X              A1          T1         buy   60         P1               vwap     XNAS   -
C2        1          new         2026-11-20T14:30:06  -                    X              A1          T1         buy   40         P1               vwap     XNYS   -
P2        1          new         2026-11-20T14:31:00  -                    X              A1          T2         sell  50         -                -        XNAS   -
P2        2          cancel      2026-11-20T14:41:00  -                    X              A1          T2         sell  50         -                -        XNAS   -
Q1        1          new         2026-11-20T14:31:00  -                    X              A1          T2         buy   30         -                quote    XNYS   -
Q1        2          cancel      2026-11-20T14:40:30  -                    X              A1          T2         buy   30         -                quote    XNYS   -
""",
    "executions": """
exec_id  order_id  account_id  trader_id  instrument_id  side  last_qty  last_px  currency  transact_time        decision_time        commission  arrival_px  venue  liquidity  broker
E1       C1        A1          T1         X              buy   60        102      USD       2026-11-20T14:30:10  2026-11-20T14:29:30  3           101         XNAS   taker      B1
E2       C2        A1          T1         X              buy   40        104      USD       2026-11-20T14:30:40  2026-11-20T14:29:30  2           101         XNYS   maker      B1
E3       P2        A1          T2         X              sell  20        103      USD       2026-11-20T14:31:30  -                    1           104         XNAS   taker      -
N1       -         A2          T3         Y              buy   10        50       EUR       2026-11-20T15:00:00  -                    -           -           XETR   -          -
""",
    "prices": "instrument_id  date  close  currency  volume\n"
    + "\n".join(
        f"X  {date(2026, 11, 20) - timedelta(days=back)}  {100 + back % 3}  USD  10000" for back in range(40)
    )
    + "\n",
    "fx_rates": """
date        from_currency  to_currency  rate
2026-11-17  EUR            USD          1.2
""",
}


@pytest.fixture(scope="module")
def context(empty_sqlite, tmp_path_factory):
    import shutil

    from app.storage.database import Database

    path = tmp_path_factory.mktemp("records") / "records.db"
    shutil.copy(empty_sqlite, path)
    made = Database(f"sqlite:///{path}")
    found = context_of(tmp_path_factory.mktemp("home"), made)
    land(found, "acme", **FIRM)
    # One who trades without anybody quoting, at one price: no mid, no tape, no scatter.
    plain = {
        "accounts": FIRM["accounts"],
        "instruments": FIRM["instruments"],
        "executions": FIRM["executions"],
    }
    land(found, "bare", **plain)
    land(found, "none", accounts=FIRM["accounts"])
    yield found
    made.close()


def figures(desk) -> dict:
    return {one["name"]: one for one in quality.passports(desk)}


def test_slippage_is_weighted_by_notional_and_agrees_with_the_overview(context):
    found = figures(desk_of(context))["slippage_bp"]
    costs = {(60, 102): 1e4 / 101, (40, 104): 3e4 / 101, (20, 103): 1e4 / 104}
    paid = {fill: fill[0] * fill[1] for fill in costs}
    expected = sum(costs[fill] * paid[fill] for fill in costs) / sum(paid.values())
    assert found["value"] == pytest.approx(expected, rel=1e-12)
    values, _ = trading.kpis(desk_of(context))
    assert values["slippage_bp"] == pytest.approx(found["value"], rel=1e-9)
    # Three fills of two orders: the interval counts two observations.
    assert found["n"] == 3
    row = quality.study(desk_of(context))["benchmarks"].row(1, named=True)
    assert (row["benchmark"], row["n"], row["clusters"]) == ("arrival", 3, 2)


def test_the_shortfall_is_that_of_the_whole_order_and_its_parts_sum_exactly(context):
    parts = quality.study(desk_of(context))["shortfall"]["traded"]
    # P1: decided at 100, released at 101, 60 at 102 and 40 at 104. P2: released and decided at 104, 20 of 50
    # sold at 103, the rest let go at 102.
    assert parts["delay"] == 100
    assert parts["trading"] == (60 * 1 + 40 * 3) + 20
    assert parts["opportunity"] == 30 * 2
    assert parts["explicit"] == 6
    assert Decimal(str(parts["total"])) == sum(
        Decimal(str(parts[name])) for name in ("delay", "trading", "opportunity", "explicit")
    )
    assert parts["paper"] == 100 * 100 + 50 * 104
    assert parts["total_bp"] == pytest.approx(parts["total"] / parts["paper"] * 1e4)
    assert (parts["orders"], parts["missing"]) == (2, 1)


def test_orders_that_never_traded_are_told_apart(context):
    found = quality.study(desk_of(context))["shortfall"]
    # Bought nothing at 104 before the mid fell to 102: that was a gain.
    assert (found["untraded"]["orders"], found["untraded"]["opportunity"]) == (1, 30 * -2)
    assert found["all"]["opportunity"] == found["traded"]["opportunity"] - 60
    assert found["all"]["orders"] == 3
    assert found["reasons"].rows() == [("The executions name no order.", 1)]


def test_every_benchmark_is_what_its_definition_says(context):
    desk = desk_of(context, scope=Scope(trader=("T1",)))
    found = {row["benchmark"]: row for row in quality.study(desk)["benchmarks"].to_dicts()}
    paid = 60 * 102 + 40 * 104

    def cost(price: float) -> float:
        return ((102 / price - 1) * 60 * 102 + (104 / price - 1) * 40 * 104) / paid * 1e4

    assert found["decision"]["slippage_bp"] == pytest.approx(cost(100))
    assert found["vwap"]["slippage_bp"] == pytest.approx(cost((100 * 102 + 300 * 104) / 400))
    assert found["twap"]["slippage_bp"] == pytest.approx(cost(101))
    assert found["close"]["slippage_bp"] == pytest.approx(cost(100))
    assert found["previous_close"]["slippage_bp"] == pytest.approx(cost(101))


def test_participation_counts_what_the_market_traded_while_the_order_worked(context):
    found = figures(desk_of(context, scope=Scope(trader=("T1",))))["participation"]
    assert found["value"] == pytest.approx(100 / 400)
    assert found["convention"]["market_volume"] == "while the order worked"


def test_mark_outs_begin_at_the_next_mid_and_end_at_the_next_close(context):
    points = {row["horizon"]: row for row in quality.study(desk_of(context))["markouts"].to_dicts()}
    assert list(points) == ["1s", "10s", "1m", "5m", "30m", "close", "1d"]
    # After one minute the mid is 104 for all three fills; the next session has no close yet.
    w = {"E1": 60 * 102, "E2": 40 * 104, "E3": 20 * 103}
    bp = {"E1": 102 / 104 - 1, "E2": 0, "E3": -(103 / 104 - 1)}
    expected = sum(w[e] * bp[e] for e in w) / sum(w.values()) * 1e4
    assert points["1m"]["markout_bp"] == pytest.approx(expected)
    assert (points["1d"]["markout_bp"], points["1d"]["n"]) == (None, 0)


def test_a_filter_of_the_page_narrows_every_answer(context):
    desk = desk_of(context, scope=Scope(extra={"venue": "XNYS"}))
    found = quality.study(desk)
    assert (found["executions"], found["orders"]) == (1, 1)
    assert found["shortfall"]["traded"]["orders"] == 1, "P1 has a fill there"
    assert found["shortfall"]["untraded"]["orders"] == 1
    assert quality.daily(desk)["n"].to_list() == [1]
    assert figures(desk)["fill_rate"]["n"] == 2
    assert figures(desk)["fill_rate"]["value"] == pytest.approx(40 / 70)
    nowhere = quality.study(desk_of(context, scope=Scope(extra={"venue": "XPAR"})))
    assert nowhere["executions"] == 0
    assert all(one["value"] is None and one["reason"] for one in nowhere["summary"])


def test_a_filter_counts_what_choosing_another_value_would_show(context):
    desk = desk_of(context, scope=Scope(extra={"venue": "XNYS"}))
    found = quality.counts(desk)
    assert found["venue"] == {"XNAS": 2, "XETR": 1, "XNYS": 1}
    assert found["algo"] == {"vwap": 1}


def test_the_league_of_a_filtered_venue_keeps_its_peers(context):
    found = quality.league(desk_of(context, scope=Scope(extra={"venue": "XNYS"})), by="venue")
    assert sorted(found["rows"]["name"]) == ["XNAS", "XNYS"]
    assert found["finding"] == quality.TOO_FEW.format(found["min_n"])
    assert set(found["rows"]["reason"]) == {"Fewer than 20 independent observations."}
    traders = quality.league(desk_of(context, scope=Scope(trader=("T1",))), by="trader")
    assert sorted(traders["rows"]["name"]) == ["T1", "T2"]


def test_a_league_without_names_says_so(context):
    desk = desk_of(context, scope=Scope(trader=("T2",)))
    found = quality.league(desk, by="broker")
    assert found["rows"].is_empty()
    assert found["finding"] == found["reason"] == "No execution of this period names its broker."


def test_a_trader_sees_the_own_desk_only(context):
    mine = desk_of(context, role="trader", desks=("D2",))
    assert quality.study(mine)["executions"] == 1
    peers = quality.league(mine.with_scope(trader=("T3",)), by="trader")
    assert "T1" not in peers["rows"]["name"].to_list()
    assert quality.study(desk_of(context, role="trader", desks=("D1",)))["executions"] == 3


def test_orders_are_judged_only_where_the_law_can_speak(context):
    rows, total = quality.outliers(desk_of(context))
    assert (total, rows["order_id"].to_list()) == (2, rows["order_id"].to_list())
    found = {row["order_id"]: row for row in rows.to_dicts()}
    assert set(found) == {"P1", "P2"}
    # Against the release of the parent, not the arrival that its slices report.
    assert found["P1"]["cost_bp"] == pytest.approx(180 / (100 * 101) * 1e4)
    assert found["P1"]["excess"] == pytest.approx(
        (found["P1"]["cost_bp"] - found["P1"]["expected_cost_bp"]) * (60 * 102 + 40 * 104) / 1e4
    )
    assert quality.outliers(desk_of(context), limit=1, offset=1)[0].height == 1
    resting = desk_of(context, scope=Scope(extra={"liquidity": "maker"}))
    assert quality.outliers(resting)[1] == 1, "P1 took liquidity with its other fill"


def test_without_quotes_every_missing_figure_has_its_reason(context):
    found = figures(desk_of(context, "bare"))
    assert found["slippage_bp"]["value"] is not None
    for name in ("effective_spread_bp", "realised_spread_bp", "participation", "reversion_bp", "fill_rate"):
        assert (found[name]["value"], bool(found[name]["reason"])) == (None, True), name
    assert found["implementation_shortfall_bp"]["reason"]
    answer = quality.study(desk_of(context, "bare"))
    assert [row["markout_bp"] for row in answer["markouts"].to_dicts()] == [None] * 7
    lacking = answer["benchmarks"].filter(pl.col("slippage_bp").is_null())
    assert lacking["reason"].null_count() == 0
    assert set(lacking["benchmark"]) == {"decision", "vwap", "twap", "close", "previous_close"}


def test_one_execution_has_a_cost_and_no_interval(context):
    desk = desk_of(context, "bare", scope=Scope(trader=("T2",)))
    found = figures(desk)["slippage_bp"]
    assert found["value"] == pytest.approx(1e4 / 104)
    assert (found["low"], found["high"], found["n"]) == (None, None, 1)
    day = quality.daily(desk).row(0, named=True)
    assert (day["n"], day["low"]) == (1, None)


def test_without_an_arrival_price_there_is_no_slippage(context):
    found = figures(desk_of(context, "bare", scope=Scope(trader=("T3",))))["slippage_bp"]
    assert (found["value"], found["reason"]) == (None, "No execution of this period has an arrival price.")
    assert quality.daily(desk_of(context, "bare", scope=Scope(trader=("T3",)))).is_empty()


def test_without_a_rate_nothing_is_added_up(context):
    desk = desk_of(context, "bare", scope=Scope(currency="GBP"))
    found = figures(desk)["slippage_bp"]
    assert (found["value"], found["reason"]) == (None, "No rate from USD to GBP is known.")
    assert quality.study(desk)["notional"] is None


def test_a_firm_that_never_traded_gets_reasons_not_errors(context):
    found, total = quality.tca(desk_of(context, "none"))
    assert (found["executions"], found["orders"], total) == (0, 0, 0)
    assert {one["reason"] for one in found["summary"]} >= {"No execution is known in this period."}
    assert all(one["value"] is None and one["reason"] for one in found["summary"])
    assert found["league"]["rows"].is_empty()
    assert found["daily"].is_empty()


@pytest.mark.parametrize("extra", [{"benchmark": "tomorrow"}, {"venue": "x" * 201}, {"algo": "a\nb"}])
def test_what_is_no_view_is_refused(context, extra):
    with pytest.raises(Invalid) as caught:
        quality.study(desk_of(context, scope=Scope(extra=extra)))
    assert caught.value.errors[0].field == next(iter(extra))


def test_an_unknown_group_is_refused(context):
    with pytest.raises(Invalid):
        quality.league(desk_of(context), by="moon")


def test_a_tab_of_the_page_does_not_measure_the_fills_again(context):
    desk = desk_of(context, scope=Scope(extra={"orders": "all", "tab": "x"}, group_by="algo"))
    plain, _ = quality.bare(desk)
    assert plain.scope == quality.bare(desk_of(context))[0].scope
