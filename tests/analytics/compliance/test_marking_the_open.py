"""Marking the open: orders shown and pulled, first minutes carried, and orders that simply change."""

from datetime import timedelta

import pytest

from analytics.compliance.detectors.marking_the_open import MarkingTheOpen
from tests.analytics.compliance._declared import Edge, Kit, Waived
from tests.analytics.compliance._kit import alerts, gaps
from tests.analytics.compliance._session import OPENS, PUSHED, SWING, accounts, entry, fill, frame, market

SIGMA = SWING * (5 / 390) ** 0.5
OPG = {"time_in_force": "opg"}


def shown(qty=900, *, pulled=10, entered=300, by="user", kept=0, **more):
    rows = [
        entry(1, -entered, "new", "buy", qty, **more),
        entry(1, -pulled, "cancel", "buy", qty, cancel_by=by, **more),
    ]
    return [*rows, entry(2, -entered, "new", "buy", kept, **more)] if kept else rows


def push(qty=80, reach=4.0, *, pieces=5, after=20):
    return [
        fill(n, after + 40 * n, "buy", qty, round(100 * (1 + reach * SIGMA * n / pieces), 4))
        for n in range(1, pieces + 1)
    ]


def given(fills=(), events=(), news=()):
    return market("AAA") | {
        "executions": frame("executions", list(fills) or [fill(900, 7200, "buy", 1, 100)]),
        "order_events": frame("order_events", list(events) or shown(1)),
        "news": frame("news", list(news)),
        "accounts": accounts(A1="O1", A2="O1"),
    }


def found(*args, **more):
    return alerts(MarkingTheOpen, given(*args, **more))


def test_orders_pulled_seconds_before_the_open_are_alerted():
    (alert,) = found(events=shown(**OPG))
    assert {m["name"]: m["value"] for m in alert["metrics"]} == {
        "pulled_share": 0.9,
        "pulled": 1.0,
        "lead": 10.0,
    }
    assert alert["order_ids"] == ["X001"]


def test_a_first_price_carried_is_alerted():
    (alert,) = found(push())
    assert {m["name"]: m["value"] for m in alert["metrics"]}["share"] == pytest.approx(0.4)
    assert len(alert["exec_ids"]) == 5


@pytest.mark.parametrize(
    ("events", "hit"),
    {
        "a minute before": (shown(pulled=60), 1),
        "more than a minute before": (shown(pulled=61), 0),
        "half the opening's volume": (shown(500), 1),
        "less than half of it": (shown(499), 0),
        "four fifths pulled": (shown(800, kept=200), 1),
        "less than four fifths pulled": (shown(790, kept=210), 0),
        "taken out by the venue": (shown(by="venue"), 0),
        "prevented": (shown(by="smp"), 0),
        "entered after the open": ([entry(1, 5, "new", "buy", 900), entry(1, 9, "cancel", "buy", 900)], 0),
    }.values(),
)
def test_each_threshold_parts_a_show_from_a_change_of_mind(events, hit):
    assert len(found(events=events)) == hit


@pytest.mark.parametrize(("minutes", "hit"), [(2, 0), (10, 1)])
def test_news_between_entry_and_cancel_is_a_reason(minutes, hit):
    story = {
        "news_id": "N", "published_time": OPENS - timedelta(minutes=minutes), "instrument_ids": ["AAA"],
        "headline": "A correction",
    }  # fmt: skip
    assert len(found(events=shown(), news=[story])) == hit


@pytest.mark.parametrize(
    ("fills", "hit"),
    [
        (push(61), 1), (push(59), 0), (push(reach=2.05), 1), (push(reach=1.95), 0), (push(after=400), 0),
        (push(reach=-4), 0), (push(200, pieces=2), 0),
    ],
)  # fmt: skip
def test_each_threshold_parts_a_push_from_a_busy_opening(fills, hit):
    assert len(found(fills)) == hit


def test_one_order_through_the_whole_book_is_one_trade():
    assert len(found(push())) == 1
    rows = [row | {"order_id": "X1"} for row in push()]
    assert found(rows) == []


def test_empty_tables_are_reported_as_gaps():
    assert sorted(gaps(MarkingTheOpen, {})) == ["No executions to look at.", "No order events to look at."]


# What test_kit_complete.py holds this detector to.
KIT = Kit(
    MarkingTheOpen,
    lambda: given(push(), shown()),
    (
        test_each_threshold_parts_a_show_from_a_change_of_mind,
        test_each_threshold_parts_a_push_from_a_busy_opening,
        test_news_between_entry_and_cancel_is_a_reason,
    ),
    {
        "pulled": Edge(0.9, 0.91, scene=lambda: given(events=shown(kept=100))),
        "pulled_seconds": Edge(10.0, 9.9),
        "pulled_share": Edge(0.9, 0.91),
        "share": Edge(0.399, 0.401),
        "move": Edge(3.98, 4.0),
        "fills": Edge(5, 6),
        "usual": Edge(0.00512, 0.00514),
        "one_sided": Edge(0.66, 0.67, scene=lambda: given([*push(), fill(9, 130, "sell", 80, 100.5)])),
        "base_score": Waived(
            "It sets how high the score begins; whether there is an alert does not hang on it."
        ),
    },
    changes={"buys for sells": PUSHED["buys for sells"]},
)
