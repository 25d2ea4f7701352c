"""Average cost: against a slow reference, one trade at a time, in Decimal."""

from decimal import Decimal, localcontext

import numpy as np
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.datasets import DECIMAL
from analytics.portfolio.costing import affine_scan, average_cost

QUANTITIES = st.integers(-500, 500).filter(bool)
PRICES = st.decimals("0.01", "999.99", places=2)
TRADES = st.lists(st.tuples(st.sampled_from("ABC"), QUANTITIES, PRICES), min_size=1, max_size=60)


def costed(trades, multiplier=1) -> pl.DataFrame:
    rows = [
        {"account_id": "A", "instrument_id": name, "quantity": q, "price": p, "multiplier": multiplier}
        for name, q, p in sorted(trades, key=lambda trade: trade[0])
    ]
    schema = {
        "account_id": pl.String, "instrument_id": pl.String,
        "quantity": DECIMAL, "price": DECIMAL, "multiplier": DECIMAL,
    }  # fmt: skip
    return average_cost(pl.DataFrame(rows, schema=schema))


def reference(trades, multiplier=1) -> list[tuple[Decimal, Decimal, Decimal]]:
    """Position, basis and realised after each trade, one at a time."""
    found = []
    with localcontext() as context:
        context.prec = 60
        for name in sorted({name for name, *_ in trades}):
            position = basis = Decimal(0)
            for q, p in ((Decimal(q), p) for n, q, p in trades if n == name):
                before, position = position, position + q
                value = q * p * multiplier
                if before * q >= 0:
                    basis, realised = basis + value, Decimal(0)
                elif before * position >= 0:
                    left = basis * position / before
                    realised, basis = left - basis - value, left
                else:
                    opened = position * p * multiplier
                    realised, basis = opened - basis - value, opened
                found.append((position, basis, realised))
    return found


@settings(max_examples=150, deadline=None)
@given(TRADES, st.sampled_from([1, 50, Decimal("0.1")]))
def test_average_cost_equals_one_trade_at_a_time(trades, multiplier):
    frame = costed(trades, multiplier)
    expected = reference(trades, Decimal(multiplier))
    assert frame["position"].to_list() == [position for position, *_ in expected]
    for name, place in (("cost_basis", 1), ("realised", 2)):
        gaps = [abs(a - row[place]) for a, row in zip(frame[name], expected, strict=True)]
        assert max(gaps) < Decimal("1e-6")


@settings(max_examples=100, deadline=None)
@given(TRADES)
def test_realised_is_cash_plus_basis_to_the_last_digit(trades):
    frame = costed(trades)
    ends = frame.group_by("instrument_id").agg(pl.col("realised", "cash").sum(), pl.col("cost_basis").last())
    assert (ends["realised"] == ends["cash"] + ends["cost_basis"]).all()


def test_a_third_bought_and_sold_in_thirds_realises_exactly_its_cash():
    frame = costed([("A", 3, Decimal("0.1")), *[("A", -1, Decimal("0.7"))] * 3])
    assert frame["realised"].sum() == Decimal("1.8")
    assert frame["cost_basis"][-1] == 0


def test_adding_realises_nothing_and_a_flip_opens_at_its_own_price():
    frame = costed(
        [("A", 10, Decimal(5)), ("A", 10, Decimal(7)), ("A", -30, Decimal(8)), ("A", 10, Decimal(6))]
    )
    assert frame["realised"].to_list() == [0, 0, 40, 20]
    assert frame["cost_basis"].to_list() == [50, 120, -80, 0]


def test_an_event_without_a_price_moves_no_money():
    events = pl.DataFrame(
        {"quantity": [10, 10, 0, -20], "price": [6, None, None, 4]},
        schema={"quantity": DECIMAL, "price": DECIMAL},
    ).with_columns(account_id=pl.lit("A"), instrument_id=pl.lit("X"), multiplier=pl.lit(1).cast(DECIMAL))
    frame = average_cost(events)
    assert frame["cost_basis"].to_list() == [60, 60, 60, 0]
    assert frame["realised"].to_list() == [0, 0, 0, 20]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.sampled_from([0.0, 0.5, 1.0, 2.0]), st.floats(-9, 9)), min_size=1, max_size=200))
def test_the_scan_equals_the_loop(steps):
    a, b = (np.array(values) for values in zip(*steps, strict=True))
    a[0] = 0
    # Doubling two hundred times would overflow both ways.
    a = np.where(np.cumsum(a == 2) > 20, np.minimum(a, 1), a)
    expected, x = [], 0.0
    for factor, add in zip(a, b, strict=True):
        x = factor * x + add
        expected.append(x)
    np.testing.assert_allclose(affine_scan(a, b), expected, rtol=1e-9, atol=1e-9)


def test_no_event_gives_no_row():
    assert costed([]).is_empty()
