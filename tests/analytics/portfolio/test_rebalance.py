"""From target weights to orders, checked by hand."""

import polars as pl
import pytest

from analytics.portfolio.rebalance import orders, trades

BOOK = pl.DataFrame(
    [("A", 500.0, 10.0, 1.0), ("B", -200.0, 4.0, 10.0), ("C", 300.0, None, 1.0), ("D", 0.0, 7.0, None)],
    schema={"instrument_id": pl.String, "value": pl.Float64, "unit_value": pl.Float64, "lot_size": pl.Float64},
    orient="row",
)  # fmt: skip
HELD = pl.DataFrame(
    [("X", "A", 40.0), ("Y", "A", 10.0), ("X", "B", -50.0), ("Y", "C", 30.0)],
    schema={"account_id": pl.String, "instrument_id": pl.String, "quantity": pl.Float64},
    orient="row",
)  # fmt: skip


def of(frame, name):
    return dict(zip(frame["instrument_id"], frame[name], strict=True))


def test_targets_become_whole_lots_towards_zero():
    found = trades(BOOK, {"A": 0.6, "B": 0.0, "D": 0.1}, base=1000.0)
    assert of(found, "weight") == {"A": 0.5, "B": -0.2, "C": 0.3, "D": 0.0}
    # A: 100 / 10; B: 200 / 4 = 50, five lots of ten; D: 100 / 7 = 14.28.
    assert of(found, "quantity") == {"A": 10, "B": 50, "C": 0, "D": 14}
    assert of(found, "after") == {"A": 600, "B": 0, "C": 300, "D": 98}


def test_what_is_not_named_stays_and_what_has_no_price_is_told():
    found = trades(BOOK, {"C": 0.1}, base=1000.0)
    assert found["quantity"].to_list() == [0, 0, 0, 0]
    assert of(found, "reason") == {"A": None, "B": None, "C": "no price is known", "D": None}


def test_restricted_instruments_are_not_bought_but_may_be_sold():
    found = trades(BOOK, {"A": 0.6, "B": -0.4}, base=1000.0, restricted={"A", "B"})
    assert of(found, "quantity") == {"A": 0, "B": -50, "C": 0, "D": 0}
    assert of(found, "blocked") == {"A": True, "B": False, "C": False, "D": False}
    covered = trades(BOOK, {"B": 0.0}, base=1000.0, restricted={"B"})
    assert of(covered, "reason")["B"] == "restricted: not bought"


def test_targets_at_the_weights_of_now_trade_nothing():
    now = of(trades(BOOK, {}, base=1000.0), "weight")
    assert trades(BOOK, now, base=1000.0)["quantity"].to_list() == [0, 0, 0, 0]


def test_in_another_currency_the_same_units_are_traded():
    cents = BOOK.with_columns(pl.col("value", "unit_value") * 100)
    asked = {"A": 0.613, "D": 0.07}
    assert (
        trades(cents, asked, base=100_000.0)["quantity"].to_list()
        == trades(BOOK, asked, base=1000.0)["quantity"].to_list()
    )


def test_an_instrument_of_no_weight_changes_nothing():
    more = pl.concat([BOOK, BOOK.head(1).with_columns(instrument_id=pl.lit("Z"), value=pl.lit(0.0))])
    asked = {"A": 0.6, "B": 0.0}
    assert trades(more, {**asked, "Z": 0.0}, base=1000.0).head(4).equals(trades(BOOK, asked, base=1000.0))


def test_orders_are_shared_by_what_accounts_hold():
    found = orders(trades(BOOK, {"A": 0.57, "D": 0.07}, base=1000.0), HELD, main="Y")
    # Seven of A: 5.6 and 1.4 in whole lots are 5 and 1; the largest holder takes the rest.
    assert found.rows() == [
        ("X", "A", "buy", 6, 60), ("Y", "A", "buy", 1, 10), ("Y", "D", "buy", 10, 70),
    ]  # fmt: skip


def test_an_order_through_zero_closes_and_opens():
    found = orders(trades(BOOK, {"A": -0.1, "B": 0.2}, base=1000.0), HELD, main="Y")
    assert found.rows() == [
        ("X", "A", "sell", 40, 400), ("X", "A", "sell_short", 8, 80), ("X", "B", "buy", 50, 200),
        ("X", "B", "buy_cover", 50, 200), ("Y", "A", "sell", 10, 100), ("Y", "A", "sell_short", 2, 20),
    ]  # fmt: skip


def test_a_trade_closes_shorts_before_it_adds_to_longs():
    book = pl.DataFrame({"instrument_id": ["A"], "value": [-200.0], "unit_value": [10.0], "lot_size": [1.0]})
    held = pl.DataFrame(
        {"account_id": ["X", "Y", "Z"], "instrument_id": ["A"] * 3, "quantity": [10.0, -20.0, -10.0]}
    )
    found = orders(trades(book, {"A": 0.0}, base=1000.0), held, main=None)
    # 20 to buy of 30 that are short: 13.3 and 6.7, the largest takes what rounding leaves.
    assert found.rows() == [("Y", "A", "buy_cover", 14, 140), ("Z", "A", "buy_cover", 6, 60)]
    more = orders(trades(book, {"A": 0.2}, base=1000.0), held, main=None)
    assert more.rows() == [
        ("X", "A", "buy", 10, 100), ("Y", "A", "buy_cover", 20, 200), ("Z", "A", "buy_cover", 10, 100),
    ]  # fmt: skip


@pytest.mark.parametrize("target", [-0.3, 0.0, 0.123, 0.9])
def test_orders_add_up_to_the_trade(target):
    traded = trades(BOOK, {"A": target}, base=1000.0)
    found = orders(traded, HELD, main=None)
    sign = {"buy": 1, "buy_cover": 1, "sell": -1, "sell_short": -1}
    assert (
        sum(sign[side] * q for side, q in zip(found["side"], found["quantity"], strict=True))
        == of(traded, "quantity")["A"]
    )


def test_nothing_to_trade_is_no_order():
    assert orders(trades(BOOK, {}, base=1000.0), HELD, main=None).is_empty()
    assert orders(trades(BOOK.clear(), {}, base=1.0), HELD.clear(), main=None).is_empty()
