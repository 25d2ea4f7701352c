"""Matched orders: strangers who keep meeting, and the meetings that have a reason."""

from datetime import timedelta

import polars as pl
import pytest

from analytics.compliance.detectors.matched_orders import MatchedOrders, _tail
from tests.analytics.compliance._declared import Edge, Kit, Waived
from tests.analytics.compliance._kit import alerts, gaps
from tests.analytics.compliance._session import OPENS, accounts, entry, fill, frame, market

OWNERS = {"A1": "O1", "A2": "O1", "B1": "O2", "MM": "mm"}


def given(times=6, *, gap=1.0, other=100, buyer="A1", seller="B1", turn=False, trades=5000, **more):
    fills, events = [], []
    for n in range(times):
        start = OPENS + timedelta(minutes=40 * n)
        one, two = (seller, buyer) if turn and n % 2 else (buyer, seller)
        legs = [(2 * n, 0.0, "buy", 100, one), (2 * n + 1, gap, "sell", other, two)]
        for number, when, side, size, account in legs:
            events.append(entry(number, when, "new", side, size, account=account, start=start))
            fills.append(
                fill(
                    number,
                    gap + 0.01,
                    side,
                    min(100, other),
                    100,
                    account=account,
                    start=start,
                    match_id=f"M{n}",
                    **more,
                )
            )
    return market("AAA", trades=trades) | {
        "executions": frame("executions", fills),
        "order_events": frame("order_events", events),
        "accounts": accounts(**OWNERS),
    }


def test_strangers_who_enter_the_same_order_at_the_same_second_are_alerted():
    (alert,) = alerts(MatchedOrders, given(turn=True))
    metrics = {m["name"]: m["value"] for m in alert["metrics"]}
    assert metrics["arranged"] == metrics["matches"] == 6
    assert metrics["turned"] == 0.5
    assert [a["id"] for a in alert["actors"] if a["kind"] == "account"] == ["A1", "B1"]
    assert alert["score"] > alerts(MatchedOrders, given())[0]["score"]


@pytest.mark.parametrize(
    ("rows", "hit"),
    {
        "five times": (given(5), 1),
        "four times": (given(4), 0),
        "two seconds apart": (given(gap=2.0), 1),
        "more than two seconds apart": (given(gap=2.001), 0),
        "nearly the same size": (given(other=95), 1),
        "another size": (given(other=94), 0),
        "no more often than chance": (given(trades=0), 0),
        "a dealer who answers requests": (given(seller="MM"), 0),
        "crosses on record": (given(strategy="cross"), 0),
        "the auction": (given(liquidity="auction"), 0),
        "one owner, which is a wash": (given(seller="A2"), 0),
    }.values(),
)
def test_each_rule_parts_an_arrangement_from_meeting(rows, hit):
    assert len(alerts(MatchedOrders, rows)) == hit


@pytest.mark.parametrize(("others", "hit"), [(0, 1), (200, 0)])
def test_whoever_is_busy_while_everybody_is_meets_everybody(others, hit):
    # The pair meets within one hour, and either meets as many of the others, who meet one another.
    tables = given()
    names = [f"C{n}" for n in range(8)]
    legs, rows = tables["executions"].collect(), []
    for n in range(others):
        one = ("A1", "B1", names[n % 8])[n % 3]
        for side, account in (("buy", one), ("sell", names[(n + 1) % 8])):
            rows.append(fill(1000 + len(rows), 5, side, 100, 100, account=account, match_id=f"X{n}"))
    met = legs.with_columns(
        transact_time=pl.lit(OPENS) + pl.duration(seconds=pl.int_range(pl.len()) // 2 * 60)
    )
    met = met.with_columns(transact_time_ns=pl.col("transact_time").dt.epoch("us") * 1000)
    more = frame("executions", rows).collect() if rows else met.clear()
    owners = accounts(**OWNERS, **{name: f"P{name}" for name in names})
    tables |= {"executions": pl.concat([met, more]).lazy(), "accounts": owners}
    assert len(alerts(MatchedOrders, tables)) == hit


def test_the_chance_of_so_many_meetings_is_the_tail_of_a_poisson_law():
    assert _tail(3, 1.0) == pytest.approx(0.0803014)
    assert _tail(0, 1.0) == _tail(1, 2.0) == 1.0
    assert (_tail(2, 0.0), _tail(0, 0.0)) == (0.0, 1.0)


def test_empty_tables_are_reported_as_gaps():
    assert sorted(gaps(MatchedOrders, {})) == ["No executions to look at.", "No order events to look at."]


# What test_kit_complete.py holds this detector to.
def sometimes():
    """Six arranged meetings, and four more a minute after the orders had been entered."""
    arranged, late = given(), given(10, gap=60.0)
    rows = {name: late[name].collect() for name in ("executions", "order_events")}
    rest = {
        name: frame.filter(pl.col("transact_time") >= OPENS + timedelta(minutes=240))
        for name, frame in rows.items()
    }
    return arranged | {
        name: pl.concat([arranged[name].collect(), frame]).lazy() for name, frame in rest.items()
    }


KIT = Kit(
    MatchedOrders,
    given,
    (test_each_rule_parts_an_arrangement_from_meeting,),
    {
        "matches": Edge(6, 7),
        "lift": Edge(12.9, 13.1, scene=lambda: given(trades=1)),
        "false_rate": Edge(9.1e-6, 8.9e-6, scene=lambda: given(trades=1)),
        "together": Edge(0.6, 0.61, scene=sometimes),
        "gap": Edge(1.0, 0.99),
        "quantity": Edge(0.96, 0.97, scene=lambda: given(other=96)),
        "base_score": Waived(
            "It sets how high the score begins; whether there is an alert does not hang on it."
        ),
    },
)
