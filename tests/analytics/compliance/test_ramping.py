"""Ramping: steps that carry a price, and the algorithms and sweeps that only look like them."""

from datetime import timedelta

import pytest

from analytics.compliance.detectors.ramping import Ramping
from tests.analytics.compliance._declared import Edge, Kit, Waived
from tests.analytics.compliance._kit import alerts, gaps
from tests.analytics.compliance._session import OPENS, PUSHED, SWING, accounts, fill, frame, market

NOON = OPENS + timedelta(hours=3)
LASTS = 10  # minutes
SIGMA = SWING * (LASTS / 390) ** 0.5


def ramp(qty=60, reach=5.0, *, pieces=11, minutes=LASTS, start=NOON, **more):
    last = pieces - 1
    return [
        fill(n, 60 * minutes * n / last, "buy", qty, round(100 * (1 + reach * SIGMA * n / last), 4), start=start, **more)
        for n in range(pieces)
    ]  # fmt: skip


def given(*rows):
    return market("AAA") | {
        "executions": frame("executions", list(rows)),
        "accounts": accounts(A1="O1", A2="O1", B1="O2", MM="mm"),
    }


def found(*rows):
    return alerts(Ramping, given(*rows))


def test_a_price_walked_up_is_alerted_with_what_it_moved_and_who_gained():
    back = fill(50, 60 * LASTS + 90, "sell", 660, 100.8, start=NOON)
    (alert,) = found(*ramp(), back)
    metrics = {m["name"]: m["value"] for m in alert["metrics"]}
    assert metrics["fills"] == 11
    assert metrics["upticks"] == metrics["trend"] == 1.0
    assert metrics["move"] == pytest.approx(5, rel=0.02)
    assert metrics["share"] == pytest.approx(660 / 2000)
    assert metrics["benefit"] == 1.0
    (kept,) = found(*ramp())
    assert kept["score"] < alert["score"]


def wandering(pieces):
    # Up two, down one: a rising price that is not walked up.
    return [
        row | {"last_px": round(100.5 + (0.3 if n % 2 else -0.3) + 0.02 * n, 4)}
        for n, row in enumerate(ramp(pieces=pieces))
    ]


@pytest.mark.parametrize(
    ("rows", "hit"),
    {
        "eight fills": (ramp(80, pieces=8), 1),
        "seven fills": (ramp(90, pieces=7), 0),
        "just far enough": (ramp(reach=3.05), 1),
        "not quite": (ramp(reach=2.95), 0),
        "enough of the market": (ramp(19), 1),
        "too little of it": (ramp(18), 0),
        "a price that wanders up": (wandering(16), 0),
        "bought while the price fell": (ramp(reach=-5), 0),
        "one sweep within a minute": (ramp(minutes=0.9), 0),
        "a market maker": (ramp(account="MM"), 0),
        "the last five minutes, which is another's": (
            ramp(minutes=4, start=OPENS + timedelta(minutes=386)),
            0,
        ),
        "half an hour between fills": (ramp(minutes=300, reach=20, qty=900), 0),
    }.values(),
)
def test_each_threshold_parts_a_ramp_from_ordinary_trading(rows, hit):
    assert len(found(*rows)) == hit


def test_a_small_algorithm_in_a_rally_is_left_alone():
    assert found(*ramp(12)) == []


def test_a_busy_group_does_not_hide_one_of_its_accounts():
    noise = [fill(60 + n, 70 * n + 30, "buy", 40, 100, start=NOON, account="A2") for n in range(8)]
    (alert,) = found(*ramp(), *noise)
    assert {"E000", "E010"} <= set(alert["exec_ids"])


def test_without_bars_it_says_what_it_cannot_see():
    assert gaps(Ramping, {}) == ["No executions to look at."]
    rows = given(*ramp()) | {"bars": frame("bars", [])}
    assert "share of the market is not known" in gaps(Ramping, rows)[0]


# What test_kit_complete.py holds this detector to.
def dented():
    """The ramp with two of its steps the wrong way round."""
    rows = ramp()
    rows[5], rows[6] = rows[5] | {"last_px": rows[6]["last_px"]}, rows[6] | {"last_px": rows[5]["last_px"]}
    return given(*rows)


KIT = Kit(
    Ramping,
    lambda: given(*ramp()),
    (test_each_threshold_parts_a_ramp_from_ordinary_trading,),
    {
        "fills": Edge(11, 12),
        "upticks": Edge(0.9, 0.91, scene=dented),
        "trend": Edge(0.99, 0.993, scene=dented),
        "share": Edge(0.329, 0.331),
        "move": Edge(4.96, 4.99),
        "minutes": Edge(9.99, 10.02),
        "base_score": Waived(
            "It sets how high the score begins; whether there is an alert does not hang on it."
        ),
    },
    changes={"buys for sells": PUSHED["buys for sells"]},
)
