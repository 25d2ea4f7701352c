"""Marking the close: who carries the last price, who pulls out before it, and who merely trades then."""

from datetime import timedelta

import polars as pl
import pytest

from analytics.compliance.detectors.marking_the_close import MarkingTheClose
from tests.analytics.compliance._declared import Edge, Kit, Waived
from tests.analytics.compliance._kit import alerts, gaps
from tests.analytics.compliance._session import CLOSES, PUSHED, SWING, accounts, entry, fill, frame, market

# A quarter of an hour's standard deviation.
SIGMA = SWING * (15 / 390) ** 0.5


def push(qty=60, reach=3.0, *, pieces=5, start=CLOSES - timedelta(minutes=4), **more):
    steps = range(1, pieces + 1)
    return [
        fill(n, 40 * n, "buy", qty, round(100 * (1 + reach * SIGMA * n / pieces), 4), start=start, **more)
        for n in steps
    ]


def given(*rows, events=(), **more):
    return market("AAA") | {
        "executions": frame("executions", list(rows)),
        "order_events": frame("order_events", list(events)),
        "accounts": accounts(A1="O1", A2="O1"),
    } | more  # fmt: skip


def found(*rows, **more):
    return alerts(MarkingTheClose, given(*rows, **more))


def test_a_price_carried_in_the_last_minutes_is_alerted_with_its_executions():
    (alert,) = found(*push())
    metrics = {m["name"]: m["value"] for m in alert["metrics"]}
    assert metrics["share"] == pytest.approx(0.3)
    assert metrics["move"] == pytest.approx(3.0, rel=0.02)
    assert metrics["market_volume"] == 1000
    assert alert["exec_ids"] == [f"E{n:03}" for n in range(1, 6)]
    assert "from bars" in alert["story"][1]


def test_orders_for_the_auction_pulled_just_before_it_are_alerted():
    events = [
        entry(1, -300, "new", "buy", 900, start=CLOSES, time_in_force="cls"),
        entry(1, -10, "cancel", "buy", 900, start=CLOSES, time_in_force="cls", cancel_by="user"),
    ]
    (alert,) = found(*push(1, 0), events=events)
    assert alert["order_ids"] == ["X001"]
    assert alert["metrics"][0]["value"] == pytest.approx(0.9)


@pytest.mark.parametrize(
    ("rows", "hit"),
    {
        "just enough of the market": (push(31), 1),
        "just too little": (push(29), 0),
        "just far enough": (push(reach=2.01), 1),
        "not quite": (push(reach=1.99), 0),
        "three fills": (push(100, pieces=3), 1),
        "two fills": (push(150, pieces=2), 0),
        "a minute too early": (push(start=CLOSES - timedelta(minutes=10)), 0),
        "a price carried down while buying": (push(reach=-3), 0),
        "bought and sold alike": (
            [*push(), fill(9, 235, "sell", 250, 100, start=CLOSES - timedelta(minutes=4))],
            0,
        ),
        "a hundred shares": ([fill(1, -20, "buy", 50, 103, start=CLOSES)], 0),
    }.values(),
)
def test_each_threshold_parts_push_from_ordinary_trading(rows, hit):
    assert len(found(*rows)) == hit


def test_one_order_through_the_whole_book_is_one_trade():
    assert len(found(*push())) == 1
    rows = [row | {"order_id": "X1"} for row in push()]
    assert found(*rows) == []


@pytest.mark.parametrize(
    ("cancelled", "by", "hit"), [(29, "user", 1), (31, "user", 0), (10, "venue", 0), (10, "eod", 0)]
)
def test_only_late_cancels_of_ones_own_count(cancelled, by, hit):
    row = {"start": CLOSES, "time_in_force": "cls"}
    events = [
        entry(1, -300, "new", "buy", 900, **row),
        entry(1, -cancelled, "cancel", "buy", 900, cancel_by=by, **row),
    ]
    assert len(found(*push(1, 0), events=events)) == hit


def test_the_move_of_the_whole_market_is_no_push():
    names = ["AAA", *"BCDEFG"]
    rising = given(*push(), **market(*names))
    late = rising["bars"].collect()
    up = pl.when(pl.col("bar_start") >= CLOSES - timedelta(minutes=5)).then(1 + 3 * SIGMA).otherwise(1.0)
    moved = late.with_columns((pl.col("close").cast(pl.Float64) * up).cast(late.schema["close"]))
    assert len(alerts(MarkingTheClose, rising)) == 1
    assert alerts(MarkingTheClose, rising | {"bars": moved.lazy()}) == []


def test_without_bars_it_says_what_it_cannot_see():
    assert gaps(MarkingTheClose, {}) == ["No executions to look at."]
    rows = given(*push()) | {"bars": frame("bars", [])}
    assert "closing volume and hours are not known" in gaps(MarkingTheClose, rows)[0]


# What test_kit_complete.py holds this detector to.
def partly_undone():
    """The push, a fifth of it sold again meanwhile."""
    return given(*push(), fill(9, 130, "sell", 60, 100.5, start=CLOSES - timedelta(minutes=4)))


def pulled_out():
    """An order of 900 for the auction withdrawn ten seconds before it, another of 100 kept."""
    row = {"start": CLOSES, "time_in_force": "cls"}
    events = [
        entry(1, -300, "new", "buy", 900, **row),
        entry(1, -10, "cancel", "buy", 900, cancel_by="user", **row),
        entry(2, -300, "new", "buy", 100, **row),
    ]
    return given(*push(1, 0), events=events)


KIT = Kit(
    MarkingTheClose,
    lambda: given(*push()),
    (test_each_threshold_parts_push_from_ordinary_trading, test_only_late_cancels_of_ones_own_count),
    {
        "share": Edge(0.299, 0.301),
        "move": Edge(2.98, 3.0),
        "fills": Edge(5, 6),
        "usual": Edge(0.00384, 0.00386),
        "one_sided": Edge(0.66, 0.67, scene=partly_undone),
        "base_score": Waived(
            "It sets how high the score begins; whether there is an alert does not hang on it."
        ),
        "pulled": Edge(0.9, 0.91, scene=pulled_out),
        "pulled_seconds": Edge(10.0, 9.9, scene=pulled_out),
        "pulled_share": Edge(0.9, 0.91, scene=pulled_out),
    },
    changes={"buys for sells": PUSHED["buys for sells"]},
)
