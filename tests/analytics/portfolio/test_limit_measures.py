"""What limits bound, each measure by hand on a book of two accounts."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import numpy as np
import polars as pl
import pytest

from analytics.portfolio.limit_measures import MEASURES, course, empty_facts
from analytics.portfolio.risk import History, expected_shortfall, value_at_risk

D1, D2, D3 = date(2026, 11, 18), date(2026, 11, 19), date(2026, 11, 20)
DAYS = (D1, D2, D3)
MONEY = {"nav", "flow", "pnl", "gross_exposure", "net_exposure", "market_value", "notional"}


def frame(empty, rows):
    return pl.DataFrame(
        [tuple(Decimal(str(v)) if n in MONEY and v is not None else v for n, v in zip(empty.columns, row, strict=True)) for row in rows],
        schema=empty.schema, orient="row",
    )  # fmt: skip


def facts(**tables):
    none = empty_facts(DAYS)
    return replace(none, **{name: frame(getattr(none, name), rows) for name, rows in tables.items()})


BOOK = facts(
    nav=[
        # account, date, nav, flow, pnl, gross, net
        ("A1", D1, 1000, 1000, 0, 800, 800), ("A1", D2, 900, 0, -100, 700, 500), ("A1", D3, 1080, 0, 180, 900, -300),
        ("A2", D1, 500, 500, 0, 200, -200), ("A2", D2, 500, 0, 0, 200, -200), ("A2", D3, 500, 0, 0, None, None),
    ],
    positions=[
        # account, instrument, date, currency, sector, value, pnl
        ("A1", "X", D2, "USD", "Tech", 600, -60), ("A1", "Y", D2, "USD", "Energy", -100, -40),
        ("A2", "X", D2, "USD", "Tech", -200, 0), ("A1", "X", D3, "USD", "Tech", None, None),
    ],
)  # fmt: skip


def values(book, measure, **subject):
    return course(book, measure, **subject)["value"].to_list()


@pytest.mark.parametrize(("measure", "accounts", "expected"), [
    ("gross_exposure", None, [1000, 900, None]),
    ("gross_exposure", ["A1"], [800, 700, 900]),
    ("net_exposure", ["A1"], [800, 500, 300]),  # without its sign: short counts like long
    ("net_exposure", None, [600, 300, None]),
    ("leverage", ["A1"], [0.8, 700 / 900, 900 / 1080]),
    ("loss_1d", ["A1"], [0, 100, 0]),  # a gain is no loss
    ("drawdown", ["A1"], [0, 0.1, 0]),
])  # fmt: skip
def test_measures_of_books(measure, accounts, expected):
    assert values(BOOK, measure, accounts=accounts) == pytest.approx(expected)


def test_an_unknown_value_is_null_with_a_reason_and_spoils_no_other_day():
    found = course(BOOK, "gross_exposure")
    assert found["reason"].to_list() == [None, None, "A holding has no price or no exchange rate."]
    assert course(BOOK, "gross_exposure", accounts=["nobody"])["reason"].n_unique() == 1


def test_drawdown_stays_from_the_peak_and_deposits_are_no_gain():
    book = facts(nav=[
        ("A", D1, 100, 100, 0, 0, 0), ("A", D2, 180, 100, -20, 0, 0), ("A", D3, 189, 0, 9, 0, 0),
    ])  # fmt: skip
    assert values(book, "drawdown") == pytest.approx([0, 0.1, 1 - 0.9 * 1.05])


def test_shares_of_what_is_held():
    # Net by name: X 400, Y 100 of a gross of 900; gross by sector: Tech 800.
    assert course(BOOK, "position_weight").row(1) == (D2, pytest.approx(400 / 900), "X", None)
    assert course(BOOK, "sector_weight").row(1) == (D2, pytest.approx(800 / 900), "Tech", None)
    assert course(BOOK, "concentration")["value"][1] == pytest.approx((800 / 900) ** 2 + (100 / 900) ** 2)
    assert course(BOOK, "position_weight")["value"].to_list()[2] is None
    assert course(BOOK, "position_weight", accounts=["A2"])["value"].to_list() == [None, 1.0, 0.0]


def test_an_instrument_across_accounts():
    assert values(BOOK, "gross_exposure", instrument="X") == [None, 800.0, None]
    assert values(BOOK, "net_exposure", instrument="X") == [None, 400.0, None]
    assert values(BOOK, "loss_1d", instrument="X") == [None, 60.0, None]


def test_a_tail_is_that_of_the_days_holdings_over_the_sessions_up_to_it():
    rng = np.random.default_rng(3)
    returns = rng.normal(0, 0.01, (160, 2))
    days = [date.fromordinal(D3.toordinal() - 159 + i) for i in range(160)]
    history = History(tuple(days), ("X", "Y"), returns)
    book = replace(facts(positions=[
        ("A", "X", D2, "USD", "-", 1000, 0), ("A", "X", D3, "USD", "-", 1000, 0), ("A", "Y", D3, "USD", "-", -500, 0),
    ]), history=history)  # fmt: skip
    before, alone, both = course(book, "var_99_1d").iter_rows()
    assert (before[1], before[3]) == (None, "No position is known yet.")
    assert alone[1] == pytest.approx(value_at_risk(1000 * returns[:159, 0], confidence=0.99))
    assert both[1] == pytest.approx(value_at_risk(returns @ [1000, -500], confidence=0.99))
    shortfall = expected_shortfall(returns @ [1000, -500], confidence=0.975)
    assert values(book, "es_975_1d")[2] == pytest.approx(shortfall)


def test_a_tail_of_too_little_history_says_what_is_missing():
    history = History((D1, D2, D3), ("X",), np.zeros((3, 1)))
    book = replace(
        facts(positions=[("A", "X", D3, "USD", "-", 1, 0), ("A", "Z", D2, "USD", "-", 1, 0)]), history=history
    )
    found = course(book, "var_99_1d")
    assert found["reason"].to_list() == [
        "No position is known yet.",
        "No prices of Z are known.",
        "Only 3 sessions have a return for everything held; 100 are needed.",
    ]


ORDERS = [
    # date, account, trader, instrument, order, notional, share of daily volume
    (D2, "A1", "T1", "X", "O1", 500, 0.1), (D2, "A1", "T2", "X", "O2", 900, 0.05), (D2, "A2", "T1", "Y", "O3", None, None),
]  # fmt: skip


def test_the_largest_order_of_a_day_and_who_sent_it():
    book = facts(orders=ORDERS)
    assert course(book, "order_notional").rows() == [
        (D1, None, None, "Nothing is known of the subject on this day."), (D2, 900.0, "O2", None), (D3, 0.0, None, None),
    ]  # fmt: skip
    assert course(book, "order_notional", trader="T1").row(1)[1:3] == (500.0, "O1")
    assert course(book, "order_qty").row(1)[1:3] == (0.1, "O1")
    assert "price or volume" in course(book, "order_notional", accounts=["A2"]).row(1)[3]
    assert values(book, "order_notional", instrument="Z") == [None, 0.0, 0.0]


def test_participation_counts_all_of_the_subject_in_one_name():
    book = facts(traded=[
        (D2, "A1", "T1", "X", 10.0, 200.0), (D2, "A2", "T2", "X", 30.0, 200.0), (D2, "A1", "T1", "Y", 5.0, 100.0),
        (D3, "A1", "T1", "X", 5.0, None),
    ])  # fmt: skip
    assert course(book, "participation").rows()[1] == (D2, 0.2, "X", None)
    assert course(book, "participation", trader="T1").rows()[1][1:3] == (0.05, "X")
    assert course(book, "participation").rows()[2][3] == "No volume is known of what was traded that day."


@pytest.mark.parametrize("measure", sorted(MEASURES))
def test_every_measure_of_nothing_is_unknown_with_a_reason_not_an_error(measure):
    kind = MEASURES[measure]
    found = course(empty_facts(DAYS), measure)
    assert found["value"].to_list() == [None] * 3
    assert found["reason"].null_count() == 0
    assert course(empty_facts(), measure).is_empty()
    assert kind.unit in {"money", "fraction", "ratio"}
