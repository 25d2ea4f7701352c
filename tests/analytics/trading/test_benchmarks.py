"""Benchmark prices, against the definition applied one window at a time."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.datasets import DECIMAL
from analytics.trading.benchmarks import (
    BENCHMARKS,
    Market,
    closing_prices,
    daily_closes,
    interval_twap,
    interval_vwap,
    mid_at,
    mids,
    order_windows,
    slippage_by_benchmark,
    with_benchmarks,
)
from analytics.trading.shortfall import root_orders

START = datetime(2026, 11, 20, 14, 30, tzinfo=UTC)
QUOTES = """
instrument_id  transact_time  seq  bid_px  ask_px
X              14:30:00       1    99      101
X              14:30:10       2    101     103
X              14:30:10       1    1       2
X              14:30:20       3    110     105
X              14:30:30       4    103     105
Y              14:30:00       1    9       11
"""
TAPE = """
instrument_id  transact_time  seq  last_px  last_qty
X              14:30:05       1    100      10
X              14:30:10       2    102      30
X              14:30:31       3    104      60
Y              14:30:10       1    10       1000
"""
EVENTS = """
order_id  event_seq  event_type  transact_time  received_time  instrument_id  account_id  side  order_qty  parent_order_id
P1        1          new         14:30:05       14:30:01       X              A1          buy   100        -
C1        1          new         14:30:06       -              X              A1          buy   60         P1
C2        1          new         14:30:07       -              X              A1          buy   30         P1
C1        2          cancel      14:30:40       -              X              A1          buy   60         P1
"""
EXECUTIONS = """
exec_id  order_id  account_id  instrument_id  side  last_qty  last_px  currency  transact_time  decision_time  arrival_px
E1       C1        A1          X              buy   40        103      USD       14:30:10       -              -
E2       C2        A1          X              buy   30        105      USD       14:30:35       -              -
E3       -         A1          Y              sell  10        9        USD       14:30:20       -              -
E4       M1        A1          Y              sell  10        9        USD       14:30:20       14:30:15       12
"""
PRICES = """
instrument_id  date        adj_basis  close
X              2026-11-18  raw        98
X              2026-11-20  raw        104
X              2026-11-23  raw        110
X              2026-11-19  split_div  49
"""


def instants(windows):
    rows = [
        {"instrument_id": "X", "a": START + timedelta(seconds=a), "b": START + timedelta(seconds=b)}
        for a, b in windows
    ]
    return pl.LazyFrame(
        rows,
        schema={"instrument_id": pl.String, "a": pl.Datetime("us", "UTC"), "b": pl.Datetime("us", "UTC")},
    )


def test_the_mid_is_the_last_sound_quote_at_or_before(table):
    known = mids(table(QUOTES, "quotes"))
    rows = instants([(30, 0), (-1, 0), (0, 0), (10, 0), (25, 0)])
    found = mid_at(rows, known, time="a", name="mid").collect()["mid"].to_list()
    assert found == [104, None, 100, 102, 102]
    young = mid_at(rows, known, time="a", name="mid", max_age="10s").collect()["mid"].to_list()
    assert young == [104, None, 100, 102, None]


def test_the_vwap_of_a_window_includes_both_ends(table):
    market = Market.of(tape=table(TAPE, "tape"))
    found = interval_vwap(
        instants([(5, 10), (6, 31), (11, 30), (-9, 99)]), market, start="a", end="b"
    ).collect()
    assert found["vwap_px"].to_list() == [Decimal("101.5"), Decimal("103.333333333333"), None, 103]
    assert found["market_qty"].to_list() == [40, 90, None, 100]


def test_bars_stand_in_where_the_tape_is_silent(table):
    bars = table(
        """
        instrument_id  bar_start  freq  open  high  low  close  volume  vwap
        X              14:30:00   1m    9     12    9   9       100     -
        X              14:31:00   1m    9     12    9   9       300     11
        X              14:30:00   1h    9     12    9   9       900     99
        """,
        "bars",
    )
    found = interval_vwap(instants([(0, 60), (61, 70)]), Market.of(bars=bars), start="a", end="b").collect()
    assert found["vwap_px"].to_list() == [Decimal("10.75"), None]
    both = Market.of(bars=bars, tape=table(TAPE, "tape"))
    assert interval_vwap(instants([(0, 60)]), both, start="a", end="b").collect()["vwap_px"].to_list() == [
        103
    ]


def test_the_twap_weighs_each_mid_by_how_long_it_stood(table):
    known = mids(table(QUOTES, "quotes"))
    windows = instants([(0, 30), (5, 15), (-60, 10), (10, 10), (40, 50), (-5, -1)])
    found = interval_twap(windows, known, start="a", end="b").collect()["twap_px"].to_list()
    # 10 s at 100 and 20 s at 102; 5 s of each; from the first mid on; an instant; after the last; before any.
    assert found == [Decimal("101.333333333333"), 101, 100, 102, 104, None]


STEPS = st.lists(
    st.tuples(st.integers(0, 60), st.integers(1, 400)), min_size=1, max_size=12, unique_by=lambda s: s[0]
)


@settings(max_examples=12, deadline=None)
@given(STEPS, st.integers(-5, 60), st.integers(0, 30))
def test_intervals_equal_the_definition_second_by_second(steps, start, length):
    times = [START + timedelta(seconds=at) for at, _ in steps]
    px = pl.Series([price for _, price in steps]).cast(DECIMAL)
    quotes = pl.LazyFrame(
        {
            "instrument_id": ["X"] * len(px),
            "transact_time": times,
            "seq": range(len(px)),
            "bid_px": px,
            "ask_px": px,
        }
    )
    tape = pl.LazyFrame(
        {
            "instrument_id": ["X"] * len(px),
            "transact_time": times,
            "seq": range(len(px)),
            "last_px": px,
            "last_qty": px,
        }
    )
    kind = pl.col("transact_time").cast(pl.Datetime("us", "UTC"))
    window = instants([(start, start + length)])
    twap = interval_twap(window, mids(quotes.with_columns(kind)), start="a", end="b").collect()["twap_px"][0]
    vwap = interval_vwap(window, Market.of(tape=tape.with_columns(kind)), start="a", end="b").collect()[
        "vwap_px"
    ][0]
    by_second = [
        next((price for at, price in sorted(steps, reverse=True) if at <= second), None)
        for second in range(start, start + max(length, 1))
    ]
    known = [price for price in by_second if price is not None]
    late = next((price for at, price in sorted(steps, reverse=True) if at <= start + length), None)
    expected = sum(known) / len(known) if known else late
    assert (twap is None) == (expected is None)
    assert twap is None or float(twap) == pytest.approx(expected)
    inside = [price for at, price in steps if start <= at <= start + length]
    assert (vwap is None) == (not inside)
    assert vwap is None or float(vwap) == pytest.approx(sum(p * p for p in inside) / sum(inside))


def test_closes_are_raw_and_of_the_nearest_sessions(table):
    rows = pl.LazyFrame({"instrument_id": ["X", "X", "Z"], "day": ["2026-11-20", "2026-11-21", "2026-11-20"]})
    rows = rows.with_columns(pl.col("day").str.to_date())
    found = daily_closes(rows, table(PRICES, "prices"), day="day").collect()
    names = ("close_px", "previous_close_px", "next_close_px")
    assert found.select(names).rows() == [(104, 98, 110), (None, 104, 110), (None, None, None)]


def test_a_parent_spans_its_children(table):
    found = order_windows(table(EVENTS, "order_events"), table(EXECUTIONS, "executions")).collect()
    assert found["order_id"].to_list() == ["M1", "P1"]
    own, parent = found.to_dicts()
    seconds = {name: (parent[name] - START).seconds for name in parent if name.endswith("_time")}
    assert seconds == {
        "decision_time": 1, "release_time": 5, "end_time": 40, "first_fill_time": 10, "last_fill_time": 35,
    }  # fmt: skip
    assert (parent["order_qty"], parent["side"], parent["instrument_id"]) == (100, "buy", "X")
    assert (own["order_qty"], (own["decision_time"] - START).seconds, own["side"]) == (None, 15, "sell")


def test_every_execution_meets_the_benchmarks_of_its_parent(table):
    executions, events = table(EXECUTIONS, "executions"), table(EVENTS, "order_events")
    market = Market.of(
        quotes=table(QUOTES, "quotes"), tape=table(TAPE, "tape"), prices=table(PRICES, "prices")
    )
    rows = executions.join(root_orders(events), on="order_id", how="left", maintain_order="left")
    found = with_benchmarks(rows, order_windows(events, executions), market).collect()
    # Release 14:30:05 to last fill 14:30:35: 5 s at 100, 20 s at 102, 5 s at 104.
    parent = (100, 100, 103, Decimal("102"), 104, 98)
    assert found.select(BENCHMARKS.values()).rows() == [
        parent, parent, (10, 10, None, 10, None, None), (10, 12, None, 10, None, None),
    ]  # fmt: skip
    slip = slippage_by_benchmark(
        found.lazy().with_columns(multiplier=pl.lit(None, DECIMAL)), by=["side"]
    ).collect()
    sold = slip.filter(pl.col("side") == "sell").select("benchmark", "n", "slippage_bp").rows()
    assert sold == [
        ("arrival", 2, pytest.approx((1000 + 2500) / 2)), ("decision", 2, pytest.approx(1000)),
        ("twap", 2, pytest.approx(1000)),
    ]  # fmt: skip
    bought = dict(slip.filter(pl.col("side") == "buy").select("benchmark", "slippage_bp").rows())
    assert set(bought) == set(BENCHMARKS)
    assert bought["arrival"] == pytest.approx((4120 * 300 + 3150 * 500) / 7270)


def test_without_a_market_every_benchmark_is_null(table):
    executions = (
        table(EXECUTIONS, "executions").drop("arrival_px").with_columns(arrival_px=pl.lit(None, DECIMAL))
    )
    none = table("order_id event_seq", "order_events")
    found = with_benchmarks(executions, order_windows(none, executions), Market.of()).collect()
    assert found.height == 4
    assert found.select(pl.col(*BENCHMARKS.values()).null_count()).row(0) == (4,) * 6
    rows = found.lazy().with_columns(multiplier=pl.lit(None, DECIMAL))
    assert slippage_by_benchmark(rows).collect().is_empty()
    empty = with_benchmarks(
        executions.head(0), order_windows(none, executions.head(0)), Market.of()
    ).collect()
    assert empty.columns == found.columns


def test_the_last_mid_stands_for_a_close_that_nobody_published(table):
    prices = table(
        """
        instrument_id  date        adj_basis  close
        X              2026-11-19  raw        98
        X              2026-11-20  split_div  7
        Y              2026-11-20  raw        11
        """,
        "prices",
    )
    found = closing_prices(prices, mids(table(QUOTES, "quotes"))).sort("instrument_id", "date").collect()
    # Never the adjusted close of X, and never a mid where Y has a close of its own.
    assert found.select("instrument_id", "close").rows() == [("X", 98), ("X", 104), ("Y", 11)]
    assert set(found["adj_basis"]) == {"raw"}
