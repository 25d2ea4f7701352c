"""Cross-product layering: which instruments are related, and which side of them is a hedge."""

import math
from datetime import date, timedelta

import polars as pl
import pytest

from analytics.compliance._related_products import related_pairs
from analytics.compliance.detectors.cross_product_layering import CrossProductLayering
from analytics.datasets import DATASETS
from tests.analytics.compliance._declared import Edge, Kit, Waived
from tests.analytics.compliance._kit import alerts, gaps, tables, verdict
from tests.analytics.compliance._orders import Book, split

DERIVATIVES = """
instrument_id  symbol  asset_class  currency  underlying_id  put_call
SHARE          SHARE   equity       USD       -              -
CALL           CALL    option       USD       SHARE          call
PUT            PUT     option       USD       SHARE          put
"""


def cycle(book, at, *, fill="buy", shown="SHARE", filled="CALL", levels=3, size=300, fill_px=50):
    for level in range(levels):
        book.order(at, "sell", 100.02 + level / 100, size, out=at + 5.4, instrument=shown)
    return book.order(at + 0.5, fill, fill_px, 100, fill=(at + 5, 100), instrument=filled)


def given(cycles=3, *, names=DERIVATIVES, prices=None, **more):
    book = Book()
    for n in range(cycles):
        cycle(book, 120 * n, **more)
    known = tables(instruments=names) if names else {}
    return book.given(**known, **({"prices": prices} if prices is not None else {}))


def closes(noise: float, days=130) -> pl.LazyFrame:
    """Two names: the second one's moves are the first one's and ``noise`` of its own."""
    rows, level = [], {"ONE": 100.0, "TWO": 80.0}
    for n in range(days):
        common, own = math.sin(1.7 * n) / 100, math.sin(2.9 * n + 1) / 100
        level["ONE"] *= 1 + common
        level["TWO"] *= 1 + common + noise * own
        day = date(2026, 11, 19) - timedelta(days=days - n)
        rows += [
            {"instrument_id": name, "date": day, "close": px, "adj_basis": "raw"}
            for name, px in level.items()
        ]
    schema = DATASETS["prices"].schema
    return pl.DataFrame([dict.fromkeys(schema) | row for row in rows], infer_schema_length=None).select(
        pl.col(c).cast(t) for c, t in schema.items()
    ).lazy()  # fmt: skip


PAIR = {"shown": "ONE", "filled": "TWO", "names": None}


def test_layers_in_a_share_for_fills_in_its_option_are_told_by_value():
    (found,) = alerts(CrossProductLayering, given())
    assert found["instrument_ids"] == ["SHARE", "CALL"]
    assert found["story"][1] == (
        "2. Meanwhile account A1 traded 15,000 in value in CALL, which moves with it; "
        "the sell orders were 18.0 times as much."
    )
    assert (len(found["order_ids"]), len(found["exec_ids"])) == (12, 3)


@pytest.mark.parametrize(("more", "found"), [
    ({"fill": "sell"}, 0),  # the share's offers were a hedge of the call that was sold
    ({"filled": "PUT", "fill": "sell"}, 1), ({"filled": "PUT", "fill": "buy"}, 0),  # a put goes the other way
    ({"shown": "CALL", "filled": "SHARE"}, 1), ({"shown": "CALL", "filled": "PUT", "fill": "sell"}, 0),
    ({"shown": "OTHER"}, 0),  # nothing ties them
    ({"cycles": 2}, 1), ({"cycles": 1}, 0),
    ({"levels": 2, "size": 76}, 1), ({"levels": 2, "size": 74}, 0),  # three times the value of the fill
])  # fmt: skip
def test_only_fills_that_the_layers_help_count(more, found):
    assert len(alerts(CrossProductLayering, given(**more))) == found


@pytest.mark.parametrize(("noise", "found"), [(0.0, 1), (0.6, 1), (1.2, 0)])
def test_history_ties_names_whose_moves_are_mostly_common(noise, found):
    assert len(alerts(CrossProductLayering, given(prices=closes(noise), **PAIR))) == found


@pytest.mark.parametrize(("days", "known"), [(70, True), (60, False)])
def test_too_short_a_history_ties_nothing_and_is_a_gap(days, known):
    short = given(prices=closes(0.0, days=days), **PAIR)
    pairs = related_pairs(
        short | tables(instruments=DERIVATIVES.splitlines()[1]), r_squared=0.6, beta=0.5, sessions=120
    )
    assert bool(pairs.collect().height) is known
    told = [] if known else [
        "No derivative and too little history of prices to tell which instruments are related."
    ]  # fmt: skip
    assert gaps(CrossProductLayering, short) == told


@pytest.mark.parametrize("ways", [2, 5])
def test_splitting_over_linked_accounts_hides_nothing(ways):
    whole = alerts(CrossProductLayering, given())
    assert verdict(alerts(CrossProductLayering, split(given(), ways))) == verdict(whole)


def test_no_orders_are_a_gap():
    assert gaps(CrossProductLayering, {}) == ["No order events to look at."]


# What test_kit_complete.py holds this detector to.
def each(*extras, out=5.4):
    """Cycles with more orders in the share in each: (entered, side, price, quantity, withdrawn)."""
    book = Book()
    for n in range(3):
        at = 120 * n
        for level in range(3):
            book.order(at, "sell", 100.02 + level / 100, 300, out=at + out, instrument="SHARE")
        book.order(at + 0.5, "buy", 50, 100, fill=(at + 5, 100), instrument="CALL")
        for entered, side, px, qty, gone in extras:
            book.order(at + entered, side, px, qty, out=at + gone, instrument="SHARE")
    return book.given(**tables(instruments=DERIVATIVES))


def among_others():
    """The layers among orders of fifteen to six hundred in the share."""
    book = Book()
    for n in range(3):
        cycle(book, 120 * n)
    for n in range(1, 41):
        book.order(1000 + n, "buy", 100, 15 * n, out=2000 + n, account="X1", instrument="SHARE")
    return book.given(**tables(instruments=DERIVATIVES))


KIT = Kit(
    CrossProductLayering,
    given,
    (test_only_fills_that_the_layers_help_count, test_history_ties_names_whose_moves_are_mostly_common),
    {
        "max_age": Edge(5.0, 4.99),
        "before": Edge(1.0, 0.99, scene=lambda: each(out=4.0)),
        "pull_window": Edge(0.4, 0.39),
        "size_multiple": Edge(18.0, 18.1),
        "withdrawn": Edge(0.92, 0.93, scene=lambda: each((0.0, "sell", 100.06, 75, 100.0))),
        "asymmetry": Edge(0.59, 0.61, scene=lambda: each((0.0, "buy", 100.02, 225, 5.4))),
        "returned": Edge(0.41, 0.395, scene=lambda: each((5.5, "sell", 100.01, 360, 100.0))),
        "return_window": Edge(1.49, 1.51, scene=lambda: each((6.9, "sell", 100.01, 900, 100.0))),
        "max_chance": Edge(2.4e-6, 2.3e-6),
        "coverage_floor": Edge(0.0996, 0.1001),
        "levels": Edge(3, 4),
        "level_size": Edge(0.53, 0.533, scene=among_others),
        "cycles": Edge(3, 4),
        "r_squared": Edge(0.731, 0.734, scene=lambda: given(prices=closes(0.6), **PAIR)),
        "beta": Edge(1.003, 1.006, scene=lambda: given(prices=closes(0.6), **PAIR)),
        "sessions": Waived("How far back it looks for ties; sixty days at least are needed whatever it is."),
    },
)
