"""Momentum ignition: burst, move and exit together, and each of them alone."""

from datetime import timedelta

import pytest

from analytics.compliance.detectors.momentum_ignition import MomentumIgnition
from tests.analytics.compliance._declared import Edge, Kit, Waived
from tests.analytics.compliance._kit import alerts, gaps
from tests.analytics.compliance._session import OPENS, PUSHED, SWING, accounts, fill, frame, market

NOON = OPENS + timedelta(hours=3, minutes=1)
SIGMA = SWING * (0.5 / 390) ** 0.5


def ignite(
    qty=20, reach=8.0, *, pieces=6, lasts=20.0, out=1.0, gain=None, exit_after=60, role="taker", **more
):
    last = pieces - 1
    at = {"start": NOON} | more
    rows = [fill(n, -300 + 60 * n, "buy", 30, 100, liquidity="maker", **at) for n in range(2)]
    rows += [
        fill(
            10 + n,
            lasts * n / last,
            "buy",
            qty,
            round(100 * (1 + reach * SIGMA * n / last), 4),
            liquidity=role,
            **at,
        )
        for n in range(pieces)
    ]
    sold = out * (60 + pieces * qty)
    price = round(100 * (1 + reach * SIGMA), 4) if gain is None else gain
    return [*rows, fill(90, lasts + exit_after, "sell", sold, price, **at)] if sold else rows


def given(*rows):
    return market("AAA") | {
        "executions": frame("executions", list(rows)),
        "accounts": accounts(A1="O1", A2="O1", MM="mm"),
    }


def found(*rows):
    return alerts(MomentumIgnition, given(*rows))


@pytest.mark.parametrize(("account", "hit"), [("A2", 1), ("A1", 0)])
def test_what_a_colleague_buys_meanwhile_is_no_part_of_it(account, hit):
    more = fill(50, -200, "buy", 1000, 100, liquidity="maker", start=NOON, account=account)
    assert len(found(*ignite(), more)) == hit


def test_the_four_phases_are_told_one_by_one():
    (alert,) = found(*ignite())
    assert [sentence.split(":")[0] for sentence in alert["story"][:4]] == [
        "1. Build",
        "2. Ignite",
        "3. Move",
        "4. Exit",
    ]
    metrics = {m["name"]: m["value"] for m in alert["metrics"]}
    assert metrics["move"] == pytest.approx(8, rel=0.02)
    assert metrics["exit"] == 1.0
    assert metrics["share"] == 1.0
    assert len(alert["exec_ids"]) == 9


@pytest.mark.parametrize(
    ("rows", "hit"),
    {
        "half of it sold": (ignite(out=0.5), 1),
        "less than half sold": (ignite(out=0.49), 0),
        "a sweep that is kept": (ignite(out=0), 0),
        "sold an hour later": (ignite(exit_after=3600), 0),
        "sold within five minutes": (ignite(exit_after=300), 1),
        "sold after five minutes": (ignite(exit_after=301), 0),
        "sold at a loss": (ignite(gain=99.9), 0),
        "just far enough": (ignite(reach=4.1, gain=100.2), 1),
        "not far enough": (ignite(reach=3.9, gain=100.2), 0),
        "a third of the market": (ignite(5.2), 1),
        "a quarter of it": (ignite(4.2), 0),
        "patient fills": (ignite(role="maker"), 0),
        "spread over minutes": (ignite(lasts=200), 0),
        "two fills": (ignite(60, pieces=2, lasts=5), 0),
        "a market maker": (ignite(account="MM"), 0),
    }.values(),
)
def test_each_phase_is_needed(rows, hit):
    assert len(found(*rows)) == hit


def test_without_bars_it_says_what_it_cannot_see():
    assert gaps(MomentumIgnition, {}) == ["No executions to look at."]
    rows = given(*ignite()) | {"bars": frame("bars", [])}
    assert "share of a burst is not known" in gaps(MomentumIgnition, rows)[0]


# What test_kit_complete.py holds this detector to.
KIT = Kit(
    MomentumIgnition,
    lambda: given(*ignite()),
    (test_each_phase_is_needed,),
    {
        "fills": Edge(6, 7),
        "longest": Edge(20.1, 19.9),
        "share": Edge(0.31, 0.32, scene=lambda: given(*ignite(5.2))),
        "move": Edge(7.98, 8.01),
        "exit": Edge(0.6, 0.61, scene=lambda: given(*ignite(out=0.6))),
        "gain": Edge(19.4, 19.5),
        "base_score": Waived(
            "It sets how high the score begins; whether there is an alert does not hang on it."
        ),
    },
    changes={"buys for sells": PUSHED["buys for sells"]},
)
