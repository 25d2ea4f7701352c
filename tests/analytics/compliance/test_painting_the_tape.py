"""Painting the tape: small prints to and fro, and the honest flow that prints as often."""

from datetime import timedelta

import pytest

from analytics.compliance.detectors.painting_the_tape import PaintingTheTape
from tests.analytics.compliance._declared import Edge, Kit, Waived
from tests.analytics.compliance._kit import alerts, gaps
from tests.analytics.compliance._session import OPENS, accounts, fill, frame, market

NOON = OPENS + timedelta(hours=3)


def show(prints=24, qty=10, *, sides=("buy", "sell"), **more):
    return [fill(n, 30 * n, sides[n % 2], qty, 100, start=NOON, **more) for n in range(prints)]


def kept(prints):
    return [fill(80 + n, 15 + 30 * n, "buy", 10, 100, start=NOON) for n in range(prints)]


def usual(*, account="A1"):
    # What the group does on other days: three fills of 400 at a time.
    return [
        fill(
            500 + 3 * day + n, 600 * n, "buy", 400, 100, start=NOON - timedelta(days=day + 1), account=account
        )
        for day in range(8)
        for n in range(3)
    ]


def given(*rows, trades=50, account="A1"):
    return market("AAA", trades=trades) | {
        "executions": frame("executions", [*usual(account=account), *rows]),
        "accounts": accounts(A1="O1", A2="O1", MM="mm"),
    }


def found(*rows, **more):
    return alerts(PaintingTheTape, given(*rows, **more))


def test_small_prints_that_leave_nothing_are_alerted_with_how_unusual_they_are():
    (alert,) = found(*show())
    metrics = {m["name"]: m["value"] for m in alert["metrics"]}
    assert metrics["prints"] == 24
    assert metrics["net"] == 0
    assert metrics["surprise"] > 4
    assert len(alert["exec_ids"]) == 24
    assert "The side turned at 96% of the prints" in alert["story"][1]


@pytest.mark.parametrize(
    ("rows", "hit"),
    {
        "twenty prints": (show(20), 1),
        "nineteen prints": (show(19), 0),
        "a tenth kept": (show(18) + kept(2), 1),
        "more than a tenth kept": (show(18) + kept(3), 0),
        "half the usual size": (show(qty=200), 1),
        "above half the usual size": (show(qty=201), 0),
        "bought only, and kept": (show(sides=("buy", "buy")), 0),
        "bought, then sold, once": (show(12, sides=("buy", "buy")) + [
            row | {"exec_id": f"S{n}", "order_id": f"S{n}", "side": "sell", "transact_time": row["transact_time"] + timedelta(minutes=7)}
            for n, row in enumerate(show(12))
        ], 0),
        "a market maker": (show(account="MM"), 0),
    }.values(),
)  # fmt: skip
def test_each_threshold_parts_a_show_from_ordinary_trading(rows, hit):
    assert len(found(*rows)) == hit


def test_who_always_prints_so_often_must_be_a_fair_part_of_all_prints():
    habit = [
        fill(1000 + 100 * day + n, 30 * n, "buy", 400, 100, start=NOON - timedelta(days=day + 1))
        for day in range(6)
        for n in range(24)
    ]
    assert found(*show(), *habit, trades=1000) == []
    assert len(found(*show(), *habit, trades=20)) == 1


@pytest.mark.parametrize(("crowd", "hit"), [(0, 1), (30, 0)])
def test_prints_of_the_usual_size_while_everybody_prints_are_no_show(crowd, hit):
    shown = [row | {"side": ("buy", "sell")[n // 2 % 2]} for n, row in enumerate(show(qty=150))]
    others = [
        fill(2000 + 100 * who + n, 40 * n, "buy", 100, 100, start=NOON, account=f"Z{who}")
        for who in range(crowd)
        for n in range(10)
    ]
    days = [
        fill(6000 + n, 0, "buy", 1, 100, start=NOON - timedelta(days=n), account="Z0") for n in range(1, 9)
    ]
    assert len(found(*shown, *others, *days)) == hit


def test_another_order_of_the_group_in_the_same_half_hour_does_not_hide_it():
    assert len(found(*show(), fill(90, 100, "buy", 150, 100, start=NOON, account="A2"))) == 1


def test_no_executions_are_reported_as_a_gap():
    assert gaps(PaintingTheTape, {}) == ["No executions to look at."]


# What test_kit_complete.py holds this detector to.
def habitual():
    """The show of a group that prints as often every day, in a market of few prints."""
    habit = [
        fill(1000 + 100 * day + n, 30 * n, "buy", 400, 100, start=NOON - timedelta(days=day + 1))
        for day in range(6)
        for n in range(24)
    ]
    return given(*show(), *habit, trades=20)


KIT = Kit(
    PaintingTheTape,
    lambda: given(*show()),
    (test_each_threshold_parts_a_show_from_ordinary_trading,),
    {
        "prints": Edge(24, 25),
        "net": Edge(0.091, 0.0905, scene=lambda: given(*show(20), *kept(2))),
        "small": Edge(0.5, 0.49, scene=lambda: given(*show(qty=200))),
        "print_share": Edge(0.399, 0.402, scene=habitual),
        "surprise": Edge(12.1, 12.2),
        "turns": Edge(0.95, 0.96),
        "base_score": Waived(
            "It sets how high the score begins; whether there is an alert does not hang on it."
        ),
    },
)
