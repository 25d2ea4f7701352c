"""Circular trading: rings that close, and chains and dealing that do not."""

from datetime import timedelta

import pytest

from analytics.compliance.detectors.circular_trading import CircularTrading
from tests.analytics.compliance._declared import Edge, Kit, Waived
from tests.analytics.compliance._kit import alerts, gaps
from tests.analytics.compliance._session import OPENS, accounts, fill, frame, market

RING = [("A1", "B1"), ("B1", "C1"), ("C1", "A1")]
OWNERS = {"A1": "O1", "A2": "O1", "B1": "O2", "C1": "O3", "D1": "O4", "MM": "mm"}


def hops(*pairs, sizes=(100,), minutes=20, **more):
    rows = []
    for n, (seller, buyer) in enumerate(pairs):
        at = {"start": OPENS + timedelta(hours=1), "match_id": f"M{n}"} | more
        size = sizes[n % len(sizes)]
        rows += [
            fill(2 * n, 60 * minutes * n, "sell", size, 100, account=seller, **at),
            fill(2 * n + 1, 60 * minutes * n, "buy", size, 100, account=buyer, **at),
        ]
    return rows


def given(*rows):
    return market("AAA") | {"executions": frame("executions", list(rows)), "accounts": accounts(**OWNERS)}


def found(*rows):
    return alerts(CircularTrading, given(*rows))


def test_three_owners_who_pass_a_holding_round_twice_are_alerted():
    (alert,) = found(*hops(*RING * 2))
    assert [a["id"] for a in alert["actors"] if a["kind"] == "account"] == ["A1", "B1", "C1"]
    assert len(alert["exec_ids"]) == 12
    assert {m["name"]: m["value"] for m in alert["metrics"]}["laps"] == 2


def test_the_other_side_named_on_a_fill_does_instead_of_a_match_number():
    rows = [
        fill(n, 600 * n, "buy", 100, 100, account=buyer, contra_account_id=seller)
        for n, (seller, buyer) in enumerate(RING * 2)
    ]
    both = rows + [
        fill(n + 50, 600 * n, "sell", 100, 100, account=seller, contra_account_id=buyer)
        for n, (seller, buyer) in enumerate(RING * 2)
    ]
    assert len(found(*rows)) == len(found(*both)) == 1
    assert found(*rows)[0]["metrics"][3]["value"] == found(*both)[0]["metrics"][3]["value"] == 600


@pytest.mark.parametrize(
    ("rows", "hit"),
    {
        "sizes within five percent": (hops(*RING * 2, sizes=(100, 100, 92)), 1),
        "sizes that drift": (hops(*RING * 2, sizes=(100, 100, 88)), 0),
        "a ring of one size amid other dealing": (
            [
                *hops(*RING * 2),
                fill(90, 60, "buy", 500, 100, account="A1", match_id="Z"),
                fill(91, 60, "sell", 500, 100, account="B1", match_id="Z"),
            ],
            1,
        ),
        "once round only": (hops(*RING), 0),
        "once round on each of two days": (hops(*RING * 2, minutes=540), 1),
        "a chain that does not close": (hops(("A1", "B1"), ("B1", "C1"), ("A1", "B1"), ("B1", "C1")), 0),
        "two that trade to and fro": (hops(("A1", "B1"), ("B1", "A1"), ("A1", "B1"), ("B1", "A1")), 0),
        "a ring through a market maker": (hops(*[("A1", "MM"), ("MM", "C1"), ("C1", "A1")] * 2), 0),
        "a ring in the auction": (hops(*RING * 2, liquidity="auction"), 0),
        "crosses on record": (hops(*RING * 2, strategy="cross"), 0),
        "accounts of one owner": (hops(*[("A1", "A2"), ("A2", "B1"), ("B1", "A1")] * 2), 0),
    }.values(),
)
def test_each_rule_parts_a_ring_from_dealing(rows, hit):
    assert len(found(*rows)) == hit


def test_a_ring_within_a_crowd_is_still_seen():
    crowd = {f"Z{n}": f"P{n}" for n in range(8)}
    loop = list(zip(crowd, [*list(crowd)[1:], "A1"], strict=True))
    noise = hops(("A1", "Z0"), *loop, sizes=(10, 20, 30), minutes=1)
    for n, row in enumerate(noise):
        row |= {"exec_id": f"N{n}", "order_id": f"N{n}", "match_id": f"N{n // 2}"}
    rows = given(*hops(*RING * 2, sizes=(1000,)), *noise) | {"accounts": accounts(**OWNERS, **crowd)}
    (alert,) = alerts(CircularTrading, rows)
    assert [a["id"] for a in alert["actors"] if a["kind"] == "account"] == ["A1", "B1", "C1"]


def test_without_other_sides_it_says_what_it_cannot_see():
    assert gaps(CircularTrading, {}) == ["No executions to look at."]
    assert "rings cannot be seen" in gaps(CircularTrading, given(fill(1, 0, "buy", 100, 100)))[0]


# What test_kit_complete.py holds this detector to.
KIT = Kit(
    CircularTrading,
    lambda: given(*hops(*RING * 2)),
    (test_each_rule_parts_a_ring_from_dealing,),
    {
        "smallest": Edge(3, 4),
        "largest": Edge(
            4, 3, scene=lambda: given(*hops(*[("A1", "B1"), ("B1", "C1"), ("C1", "D1"), ("D1", "A1")] * 2))
        ),
        "net": Edge(0.021, 0.020, scene=lambda: given(*hops(*RING * 2, sizes=(100, 100, 96)))),
        "laps": Edge(2, 3),
        "volume_share": Waived(
            "The share of usual volume raises the score of a ring; small rings are told as well."
        ),
        "base_score": Waived(
            "It sets how high the score begins; whether there is an alert does not hang on it."
        ),
    },
)
