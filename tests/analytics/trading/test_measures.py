"""Measures of orders and executions, on cases small enough to do by hand."""

from decimal import Decimal

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.datasets import DECIMAL
from analytics.trading.cost import (
    Shortfall,
    implementation_shortfall,
    ratio_interval,
    ratio_sums,
    slippage_bp,
    slippage_interval,
)
from analytics.trading.fills import current
from analytics.trading.orders import fill_rate, order_states, order_to_trade, with_fills
from analytics.trading.volume import notional, vwap, with_multiplier


def plain(executions: pl.LazyFrame) -> pl.LazyFrame:
    """Executions of instruments whose contract size nobody states."""
    return executions.with_columns(multiplier=pl.lit(None, DECIMAL))


def test_notional_and_vwap_honour_the_contract_size(table):
    executions = table(
        """
        exec_id  instrument_id  account_id  side  last_qty  last_px  currency  transact_time
        E1       F              A1          buy   2         100      USD       14:30:00
        E2       F              A1          sell  6         104      USD       14:31:00
        E3       X              A1          buy   5         10       USD       14:32:00
        """,
        "executions",
    )
    instruments = table(
        """
        instrument_id  valid_from  symbol  asset_class  currency  multiplier
        F              2020-01-01  FUT     future       USD       10
        F              2025-01-01  FUT     future       USD       50
        """,
        "instruments",
    )
    rows = with_multiplier(executions, instruments).with_columns(notional=notional())
    assert rows.collect()["notional"].to_list() == [10000, 31200, 50]
    prices = rows.group_by("instrument_id").agg(vwap=vwap()).sort("instrument_id").collect()
    assert prices["vwap"].to_list() == [103, 10]


def test_slippage_is_positive_when_it_cost(executions):
    """
    exec_id  account_id  instrument_id  side        last_qty  last_px  currency  arrival_px  transact_time
    E1       A1          X              buy         100       101      USD       100         14:30:00
    E2       A1          X              sell        100       101      USD       100         14:30:00
    E3       A1          X              sell_short  100       99       USD       100         14:30:00
    E4       A1          X              buy_cover   100       99       USD       100         14:30:00
    E5       A1          X              buy         100       99       USD       -           14:30:00
    """
    found = executions.select(slippage_bp()).collect().to_series().to_list()
    assert found == [pytest.approx(100), pytest.approx(-100), pytest.approx(100), pytest.approx(-100), None]


def test_slippage_is_weighted_by_notional_with_an_interval(executions):
    """
    exec_id  account_id  instrument_id  side  last_qty  last_px  currency  arrival_px  venue  transact_time
    E1       A1          X              buy   100       101      USD       100         V1     14:30:00
    E2       A1          X              buy   300       100      USD       100         V1     14:30:00
    E3       A1          X              buy   1         102      USD       100         V2     14:30:00
    E4       A1          X              buy   1         102      USD       -           V3     14:30:00
    """
    found = slippage_interval(plain(executions), by=["venue"]).sort("venue").collect()
    mean = 100 * 10100 / 40100
    one, two = found.to_dicts()
    assert (one["venue"], one["n"], one["slippage_bp"]) == ("V1", 2, pytest.approx(mean))
    spread = (10100**2 * (100 - mean) ** 2 + 30000**2 * mean**2) * 2
    assert one["high"] - mean == pytest.approx(1.959963984540054 * spread**0.5 / 40100)
    assert mean - one["low"] == pytest.approx(one["high"] - mean)
    assert (two["n"], two["slippage_bp"], two["low"]) == (1, pytest.approx(200), None)
    assert slippage_interval(plain(executions), by=[]).collect()["n"].to_list() == [3]


def test_fills_of_one_order_count_once_in_the_interval(executions):
    """
    exec_id  order_id  account_id  instrument_id  side  last_qty  last_px  currency  arrival_px  transact_time
    E1       O1        A1          X              buy   100       101      USD       100         14:30:00
    E2       O1        A1          X              buy   100       101      USD       100         14:30:00
    E3       O2        A1          X              buy   100       100      USD       100         14:30:00
    E4       -         A1          X              buy   100       102      USD       100         14:30:00
    """
    rows = plain(executions)
    alone = slippage_interval(rows, by=[]).collect().row(0, named=True)
    together = slippage_interval(rows, by=[], cluster="order_id").collect().row(0, named=True)
    assert (together["n"], together["slippage_bp"]) == (alone["n"], pytest.approx(alone["slippage_bp"]))
    # Three observations by hand: an order of two fills, one of one, one fill without an order.
    weight = np.array([20200, 10000, 10200])
    cost = np.array([20200 * 100, 0, 10200 * 200])
    mean = cost.sum() / weight.sum()
    error = (((cost - mean * weight) ** 2).sum() * 3 / 2) ** 0.5 / weight.sum()
    assert together["high"] - mean == pytest.approx(1.959963984540054 * error)
    one = rows.with_columns(order_id=pl.lit("O1"))
    only = slippage_interval(one, by=[], cluster="order_id").collect().row(0, named=True)
    assert (only["low"], only["high"]) == (None, None)


def test_the_sums_of_a_ratio_add_up_over_groups():
    rows = pl.DataFrame({"g": ["a", "a", "b", "b"], "t": [1.0, 2.0, 4.0, None], "b": [2.0, 2.0, 5.0, 9.0]})
    sums = ratio_sums(pl.col("t"), pl.col("b"))
    whole = rows.select(**sums)
    parts = rows.group_by("g").agg(**sums).drop("g").sum()
    assert parts.select("n", "t", "b", "tt", "tb", "bb").rows() == whole.rows() == [(3, 7, 9, 21, 26, 33)]
    found = whole.select(**ratio_interval()).row(0, named=True)
    assert found["value"] == pytest.approx(7 / 9)
    nothing = rows.head(0).select(**sums).select(**ratio_interval()).row(0)
    assert nothing == (None, None, None)


def test_the_published_shortfall_example_sums_exactly():
    found = implementation_shortfall(
        buy=True, order_qty=Decimal(1000), decision_px=Decimal("40.00"), release_px=Decimal("40.04"),
        fills=[(Decimal(700), Decimal("40.05"))], end_px=Decimal("40.08"), costs=Decimal(17),
    )  # fmt: skip
    # The published split takes the delay on what was filled: 0.07 % of it is 700 x 0.04 / 40,000.
    assert found == Shortfall(Decimal("0.0007"), Decimal("0.000175"), Decimal("0.0006"), Decimal("0.000425"))
    assert found.total == Decimal("0.0019")


@given(
    st.booleans(),
    st.lists(st.tuples(st.integers(1, 100), st.integers(1, 1000)), max_size=5),
    st.integers(0, 100), st.integers(1, 1000), st.integers(1, 1000), st.integers(1, 1000), st.integers(0, 50),
)  # fmt: skip
def test_shortfall_is_paper_less_real(buy, fills, rest, decision, release, end, costs):
    filled = sum(quantity for quantity, _ in fills)
    ordered = filled + rest
    if not ordered:
        return
    found = implementation_shortfall(
        buy=buy, order_qty=Decimal(ordered), decision_px=Decimal(decision), release_px=Decimal(release),
        fills=[(Decimal(q), Decimal(p)) for q, p in fills], end_px=Decimal(end), costs=Decimal(costs),
    )  # fmt: skip
    sign = 1 if buy else -1
    paper = sign * ordered * (end - decision)
    real = sign * sum(q * (end - p) for q, p in fills) - costs
    assert found.total * ordered * decision == pytest.approx(paper - real)


def test_an_overfilled_order_is_refused():
    with pytest.raises(ValueError, match="fills at most its quantity"):
        implementation_shortfall(
            buy=True, order_qty=Decimal(1), decision_px=Decimal(1), release_px=Decimal(1),
            fills=[(Decimal(2), Decimal(1))], end_px=Decimal(1), costs=Decimal(0),
        )  # fmt: skip


def test_only_the_latest_version_stands(executions):
    """
    exec_id  version  exec_status  account_id  instrument_id  side  last_qty  last_px  currency  transact_time  exec_ref_id
    E1       1        new          A1          X              buy   1         9        USD       15:00:00       -
    E2       1        new          A1          X              buy   2         9        USD       15:00:00       -
    E2       2        corrected    A1          X              buy   3         9        USD       15:00:00       E2
    E3       1        new          A1          X              buy   4         9        USD       15:00:00       -
    E4       1        busted       A1          X              buy   4         9        USD       15:00:00       E3
    E5       1        new          A1          X              buy   5         9        USD       15:00:00       -
    E6       1        corrected    A1          X              buy   6         9        USD       15:00:00       E5
    E7       1        new          A1          X              buy   7         9        USD       15:00:00       -
    E7       2        busted       A1          X              buy   7         9        USD       15:00:00       -
    F1       1        new          A1          X              buy   10        9        USD       15:00:00       -
    F2       2        corrected    A1          X              buy   11        9        USD       15:00:00       F1
    F3       3        corrected    A1          X              buy   12        9        USD       15:00:00       F1
    G1       1        new          A1          X              buy   20        9        USD       15:00:00       -
    G2       2        corrected    A1          X              buy   21        9        USD       15:00:00       G1
    G3       2        corrected    A1          X              buy   22        9        USD       15:00:00       G2
    """
    found = current(executions).sort("exec_id").collect()
    standing = [("E1", 1), ("E2", 3), ("E6", 6), ("F3", 12), ("G3", 22)]
    assert found.select("exec_id", "last_qty").rows() == standing
    # Narrowed to the first reports, what was corrected elsewhere is still gone.
    firsts = executions.filter(pl.col("version") == 1, pl.col("exec_status") == "new")
    assert current(firsts, among=executions).collect()["exec_id"].to_list() == ["E1"]


ORDERS = """
order_id  event_seq  event_type  transact_time  instrument_id  account_id  trader_id  side  order_qty  limit_px  last_qty  last_px  parent_order_id
O1        1          new         14:30:00       X              A1          T1         buy   100        10        -         -        -
O1        2          ack         14:30:01       X              A1          T1         buy   100        -         -         -        -
O1        3          replace     14:30:02       X              A1          T1         buy   80         11        -         -        -
O1        4          fill        14:30:03       X              A1          T1         buy   80         -         80        11       -
O2        1          new         14:30:00       X              A1          T1         sell  50         12        -         -        -
O2        2          fill        14:30:04       X              A1          T1         sell  50         -         30        12       -
O2        3          bust        14:30:05       X              A1          T1         sell  50         -         10        12       -
O2        4          cancel      14:30:06       X              A1          T1         sell  50         -         -         -        -
O3        1          new         14:30:00       X              A2          T1         sell  10         12        -         -        -
O3        2          reject      14:30:00       X              A2          T1         sell  10         12        -         -        -
P1        1          new         14:30:00       X              A3          T1         buy   70         -         -         -        -
C1        1          new         14:30:00       X              A3          T1         buy   70         -         -         -        P1
C1        2          fill        14:30:09       X              A3          T1         buy   70         -         35        10       P1
"""


def test_an_order_stands_as_its_events_left_it(table):
    states = order_states(table(ORDERS, "order_events")).sort("order_id").collect()
    columns = ("order_id", "order_qty", "limit_px", "filled_qty", "fill_rate", "status", "events")
    assert states.select(columns).rows() == [
        ("C1", 70, None, 35, 0.5, "partial", 2),
        ("O1", 80, 11, 80, 1, "filled", 4),
        ("O2", 50, 12, 20, 0.4, "cancelled", 4),
        ("O3", 10, 12, 0, 0, "rejected", 2),
        ("P1", 70, None, 0, 0, "open", 1),
    ]


def test_the_fill_rate_counts_children_once_and_rejections_not_at_all(table):
    found = fill_rate(table(ORDERS, "order_events")).collect().row(0)
    assert found == (5, pytest.approx((80 + 20 + 35) / (80 + 50 + 70)))


def test_executions_fill_orders_whose_own_feed_tells_of_no_fill(table):
    events = table(
        """
        order_id  event_seq  event_type  transact_time  instrument_id  account_id  side  order_qty  last_qty
        O1        1          new         14:30:00       X              A1          buy   100        -
        O2        1          new         14:30:00       X              A1          buy   50         -
        O2        2          fill        14:30:01       X              A1          buy   50         20
        """,
        "order_events",
    )
    executions = table(
        """
        exec_id  order_id  account_id  instrument_id  side  last_qty  last_px  currency  transact_time
        E1       O1        A1          X              buy   60        9        USD       14:31:00
        E2       O2        A1          X              buy   20        9        USD       14:30:01
        E3       O9        A1          X              buy   7         9        USD       14:30:01
        """,
        "executions",
    )
    both = with_fills(events, executions)
    assert both.collect_schema() == events.collect_schema()
    states = order_states(both).sort("order_id").collect()
    assert states.select("order_id", "order_qty", "filled_qty", "status").rows() == [
        ("O1", 100, 60, "partial"), ("O2", 50, 20, "partial"),
    ]  # fmt: skip
    assert fill_rate(both).collect().row(0) == (2, pytest.approx(80 / 150))


def test_nothing_ordered_has_no_fill_rate(table):
    empty = table("order_id event_seq", "order_events")
    assert fill_rate(empty).collect().row(0) == (0, None)
    assert order_states(empty).collect().is_empty()
    assert order_to_trade(empty).collect().is_empty()


def test_order_to_trade_by_number_and_volume(table):
    found = order_to_trade(table(ORDERS, "order_events"), by=["account_id"]).sort("account_id").collect()
    assert found.rows() == [
        ("A1", 4, 2, 1.0, pytest.approx((100 + 80 + 50 + 50) / 110 - 1)),
        ("A2", 1, 0, None, None),
        ("A3", 2, 1, 1.0, pytest.approx(140 / 35 - 1)),
    ]


def test_a_frame_of_nothing_keeps_its_shape(table):
    none = table("exec_id", "executions")
    assert current(none).collect().columns == list(none.collect_schema())
    assert slippage_interval(plain(none), by=["venue"]).collect().columns == [
        "venue",
        "n",
        "slippage_bp",
        "low",
        "high",
    ]
    assert none.select(vwap()).collect().item() is None
