"""Lots: against a slow reference, one trade at a time, with a list of lots and fractions."""

from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.datasets import DECIMAL
from analytics.portfolio.lots import costed, lot_book

QUANTITIES = st.integers(-500, 500).filter(bool)
PRICES = st.decimals("0.01", "999.99", places=2)
TRADES = st.lists(st.tuples(st.sampled_from("ABC"), QUANTITIES, PRICES), min_size=1, max_size=50)
METHODS = st.sampled_from(["fifo", "lifo"])
BLOTTER = Path("../shared/data/tape/yobit_personal_trade_history_2016_2025.csv.gz")
SCHEMA = {
    "account_id": pl.String, "instrument_id": pl.String,
    "quantity": DECIMAL, "price": DECIMAL, "multiplier": DECIMAL,
}  # fmt: skip


def events(trades, multiplier=1) -> pl.DataFrame:
    rows = [
        {"account_id": "A1", "instrument_id": name, "quantity": q, "price": p, "multiplier": multiplier}
        for name, q, p in sorted(trades, key=lambda trade: trade[0])
    ]
    return pl.DataFrame(rows, schema=SCHEMA)


def reference(trades, method, multiplier=1):
    """Position, basis and realised after each event; an event without a price multiplies every lot."""
    found = []
    for name in sorted({name for name, *_ in trades}):
        lots: list[list[Fraction]] = []  # signed quantity, cost of one unit
        for q, price in ((Fraction(q), p) for n, q, p in trades if n == name):
            realised = Fraction(0)
            if price is None:
                held = sum(quantity for quantity, _ in lots)
                ratio = (held + q) / held
                lots = [[quantity * ratio, unit / ratio] for quantity, unit in lots]
            else:
                left, unit = q, Fraction(price) * Fraction(multiplier)
                while left and lots and lots[0][0] * left < 0:
                    lot = lots[0 if method == "fifo" else -1]
                    part = min(abs(lot[0]), abs(left)) * (1 if lot[0] > 0 else -1)
                    realised += part * (unit - lot[1])
                    lot[0] -= part
                    left += part
                    lots = [lot for lot in lots if lot[0]]
                if left:
                    lots.append([left, unit])
            basis = sum((quantity * unit for quantity, unit in lots), Fraction(0))
            found.append((sum((quantity for quantity, _ in lots), Fraction(0)), basis, realised))
    return found


def figures(frame):
    return [
        tuple(Fraction(x) for x in row) for row in frame.select("position", "cost_basis", "realised").rows()
    ]


@settings(max_examples=40, deadline=None)
@given(TRADES, METHODS, st.sampled_from([1, 50, Decimal("0.1")]))
def test_lots_equal_one_trade_at_a_time_to_the_last_digit(trades, method, multiplier):
    assert figures(costed(events(trades, multiplier), method=method)) == reference(trades, method, multiplier)


@settings(max_examples=20, deadline=None)
@given(TRADES, TRADES, TRADES, METHODS, st.sampled_from([2, 3, Decimal("1.5"), Decimal("0.5")]))
def test_lots_equal_one_trade_at_a_time_across_splits(first, second, third, method, ratio):
    trades = []
    for name in "ABC":
        position = Decimal(0)
        for part in (first, second, third):
            mine = [(name, q * 8, p) for n, q, p in part if n == name]
            position += sum(q for _, q, _ in mine)
            trades += mine
            if position:
                trades.append((name, position * (Decimal(ratio) - 1), None))
                position *= Decimal(ratio)
    if not trades:
        return
    found = figures(costed(events(trades), method=method))
    for mine, expected in zip(found, reference(trades, method), strict=True):
        assert mine[0] == expected[0]
        assert all(abs(a - b) < Fraction(1, 10**6) for a, b in zip(mine[1:], expected[1:], strict=True))


@settings(max_examples=25, deadline=None)
@given(TRADES, st.sampled_from(["average", "fifo", "lifo"]), PRICES)
def test_realised_and_unrealised_are_cash_and_market_value_to_the_last_digit(trades, method, mark):
    frame = costed(events(trades), method=method)
    ends = frame.group_by("instrument_id").agg(
        pl.col("realised", "cash").sum(), pl.col("cost_basis", "position").last()
    )
    value = ends["position"] * mark
    assert (ends["realised"] + (value - ends["cost_basis"]) == ends["cash"] + value).all()


@settings(max_examples=20, deadline=None)
@given(TRADES, METHODS)
def test_closed_and_open_lots_add_up_to_the_events(trades, method):
    book = lot_book(events(trades), method=method)
    assert (book.closed["realised"].sum() or 0) == book.events["realised"].sum()
    last = book.events.group_by("instrument_id").agg(pl.col("cost_basis", "position").last())
    assert (book.open["cost"].sum() or 0) == last["cost_basis"].sum()
    assert (book.open["quantity"].sum() or 0) == last["position"].sum()
    assert (book.closed["proceeds"] - book.closed["cost"] == book.closed["realised"]).all()


@settings(max_examples=20, deadline=None)
@given(TRADES, METHODS)
def test_the_mirror_of_a_book_realises_its_negative(trades, method):
    frame = costed(events(trades), method=method)
    mirror = costed(events([(name, -q, p) for name, q, p in trades]), method=method)
    assert (mirror["realised"] == -frame["realised"]).all()
    assert (mirror["cost_basis"] == -frame["cost_basis"]).all()


@settings(max_examples=20, deadline=None)
@given(TRADES, METHODS)
def test_an_execution_in_two_halves_realises_the_same(trades, method):
    whole = costed(events([(name, 2 * q, p) for name, q, p in trades]), method=method)
    halves = costed(events([half for trade in trades for half in (trade, trade)]), method=method)
    assert (halves["cost_basis"].gather_every(2, 1) == whole["cost_basis"]).all()
    assert (
        halves["realised"].gather_every(2) + halves["realised"].gather_every(2, 1) == whole["realised"]
    ).all()


@settings(max_examples=20, deadline=None)
@given(TRADES, METHODS)
def test_other_positions_and_the_unit_of_quantity_do_not_matter(trades, method):
    frame = costed(events(trades), method=method)
    alone = [
        costed(part, method=method)
        for part in events(trades).partition_by("instrument_id", maintain_order=True)
    ]
    assert pl.concat(alone).equals(frame)
    small = costed(events([(name, Decimal(q) / 10**8, p) for name, q, p in trades]), method=method)
    assert (small["realised"] * 10**8 == frame["realised"]).all()


def test_the_textbook_inventory_differs_by_method():
    # 100 at 10, 100 at 12, 150 sold at 15: FIFO sells 100 at 10 and 50 at 12, LIFO the other way round.
    trades = [("A", 100, Decimal(10)), ("A", 100, Decimal(12)), ("A", -150, Decimal(15))]
    realised = {m: costed(events(trades), method=m)["realised"][-1] for m in ("average", "fifo", "lifo")}
    assert realised == {"average": 600, "fifo": 650, "lifo": 550}


def test_a_flip_through_zero_closes_every_lot_and_opens_one():
    trades = [("A", 10, Decimal(5)), ("A", 10, Decimal(7)), ("A", -30, Decimal(8)), ("A", 10, Decimal(6))]
    book = lot_book(events(trades), method="lifo")
    assert book.events["realised"].to_list() == [0, 0, 40, 20]
    assert book.closed.select("opened", "closed", "quantity", "cost", "proceeds", "realised").rows() == [
        (0, 2, 10, 50, 80, 30), (1, 2, 10, 70, 80, 10), (2, 3, -10, -80, -60, 20),
    ]  # fmt: skip
    assert book.open.is_empty()


def test_a_split_keeps_the_cost_and_the_age_of_every_lot():
    trades = [("A", 10, Decimal(60)), ("A", 10, Decimal(30)), ("A", 20, None), ("A", -25, Decimal(40))]
    book = lot_book(events(trades), method="fifo")
    assert book.closed.select("opened", "quantity", "cost", "realised").rows() == [
        (0, 20, 600, 200), (1, 5, 75, 125),
    ]  # fmt: skip
    assert book.open.select("opened", "quantity", "cost").rows() == [(1, 15, 225)]


def test_a_reverse_split_of_odd_lots_keeps_position_and_basis():
    trades = [*[("A", 7, Decimal("1.01"))] * 15, ("A", -94, None), ("A", -11, Decimal(12))]
    for method in ("fifo", "lifo"):
        book = lot_book(events(trades), method=method)
        assert (book.events["position"][-1], book.events["cost_basis"][-1]) == (0, 0)
        assert book.events["realised"].sum() == Decimal("132") - Decimal("106.05")
        assert book.closed["quantity"].sum() == 11


def test_lots_smaller_than_the_grid_after_a_split_lose_no_cost():
    tiny = Decimal("0.000001")
    trades = [("A", tiny, Decimal(100))] * 3 + [("A", -2 * tiny, None), ("A", -tiny, Decimal(500))]
    frame = costed(events(trades), method="fifo")
    assert frame["realised"].sum() == frame["cash"].sum() == Decimal("0.0002")
    assert frame["cost_basis"][-1] == 0


def test_what_came_free_costs_nothing_and_what_left_free_is_written_off():
    trades = [
        ("A", 10, None),
        ("A", -10, Decimal(3)),
        ("B", 10, Decimal(4)),
        ("B", -10, None),
        ("C", 0, None),
    ]
    frame = costed(events(trades), method="fifo")
    assert frame["realised"].to_list() == [0, 30, 0, -40, 0]


def test_no_event_gives_no_lot_and_one_event_gives_one():
    empty = lot_book(events([]), method="lifo")
    assert (empty.events.height, empty.closed.height, empty.open.height) == (0, 0, 0)
    one = lot_book(events([("A", -3, Decimal(9))]), method="lifo")
    assert one.open.row(0) == ("A1", "A", 0, -3, -27)
    assert one.closed.is_empty()


def test_an_unknown_method_and_a_position_beyond_the_grid_are_refused():
    with pytest.raises(ValueError, match="average, fifo or lifo"):
        costed(events([("A", 1, Decimal(1))]), method="hifo")
    huge = [("A", Decimal("9000000000.000000000001"), Decimal("0.01"))] * 2
    with pytest.raises(OverflowError, match="too large"):
        costed(events(huge), method="fifo")


def exact(column):
    return pl.Series([Decimal(text).quantize(Decimal("1e-12")) for text in column], dtype=DECIMAL)


@pytest.mark.shared_data
@pytest.mark.parametrize("method", ["average", "fifo", "lifo"])
def test_a_real_persons_years_of_fills_close_to_the_last_digit(method):
    if not BLOTTER.exists():
        pytest.skip("the real files are not beside the checkout")
    fills = pl.read_csv(BLOTTER, infer_schema=False)
    fills = fills.select(
        instrument_id="pair", at="time", bought=pl.col("type").str.to_lowercase() == "buy",
        quantity=exact(fills["amount"]), price=exact(fills["price"]),
    )  # fmt: skip
    fills = fills.with_columns(
        account_id=pl.lit("A1"), multiplier=pl.lit(1).cast(DECIMAL),
        quantity=pl.when("bought").then("quantity").otherwise(-pl.col("quantity")),
    ).sort("instrument_id", "at", maintain_order=True)  # fmt: skip
    frame = costed(fills, method=method)
    ends = frame.group_by("instrument_id").agg(
        pl.col("realised", "cash").sum(), pl.col("cost_basis", "position", "price").last()
    )
    value = ends["position"] * ends["price"]
    assert frame.height > 6000
    assert ends.height > 100
    assert (ends["realised"] + (value - ends["cost_basis"]) == ends["cash"] + value).all()
