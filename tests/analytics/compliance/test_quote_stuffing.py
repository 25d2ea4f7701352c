"""Quote stuffing: a flood, what looks like one, either side of each threshold."""

import polars as pl
import pytest

from analytics.compliance.detectors.quote_stuffing import QuoteStuffing
from tests.analytics.compliance._declared import Edge, Kit
from tests.analytics.compliance._kit import alerts, gaps, verdict
from tests.analytics.compliance._orders import Book, split


def flood(book=None, *, n=40, at=10.0, account="A1", lasting=0.9, stay=0.001, instrument="AAPL", **more):
    book = book or Book()
    for turn in range(n):
        when = at + turn * lasting / n
        book.order(
            when, "buy", 99.9, 100 + turn, out=when + stay, account=account, instrument=instrument, **more
        )
    return book


def test_a_flood_is_told_by_its_peak_and_what_was_withdrawn():
    (found,) = alerts(QuoteStuffing, flood().given())
    assert (found["actor_group"], len(found["order_ids"])) == ("owner:O1", 40)
    assert found["story"][0].endswith("account A1 sent 80 messages in AAPL within one second.")
    assert {m["name"]: m["value"] for m in found["metrics"]}["withdrawn"] == 1


@pytest.mark.parametrize(("n", "found"), [(25, 1), (24, 0)])
def test_fifty_messages_within_a_second_are_the_least(n, found):
    assert len(alerts(QuoteStuffing, flood(n=n).given())) == found


@pytest.mark.parametrize(("filled", "found"), [(1, 1), (2, 0)])
def test_one_fill_in_a_hundred_orders_is_the_most(filled, found):
    book = flood(n=100 - filled)
    for turn in range(filled):
        book.order(10.1, "buy", 100, 10, fill=(10.2 + turn / 100, 10))
    assert len(alerts(QuoteStuffing, book.given())) == found


@pytest.mark.parametrize(("stays", "found"), [(2, 1), (3, 0)])
def test_nearly_all_has_to_be_withdrawn(stays, found):
    book = flood(n=40 - stays)
    for _ in range(stays):
        book.order(10.5, "buy", 99, 10)
    assert len(alerts(QuoteStuffing, book.given())) == found


def test_amendments_of_one_order_are_a_flood_too():
    book = Book().order(10, "buy", 99.9, 100, moved=[(10 + k / 200, 99.9 - k % 3 / 100) for k in range(150)])
    assert len(alerts(QuoteStuffing, book.given())) == 1


def mass_withdrawal():
    book = Book()
    for turn in range(80):
        book.order(turn, "buy", 99, 100, out=200 + turn / 200)
    return book


def rush():
    book = Book()
    for account in ("A1", "M1", "X1"):
        flood(book, account=account)
    return book


def many_names():
    book = Book()
    for name in range(40):
        flood(book, n=5, instrument=f"N{name}")
    return book


def fast_market():
    book = flood(n=40)
    for second in range(120):
        flood(book, n=40, at=20.0 + second, account="X1")
    return book


@pytest.mark.parametrize("made", [mass_withdrawal, rush, many_names, fast_market])
def test_look_alikes_are_left_alone(made):
    assert alerts(QuoteStuffing, made().given()) == []


def steady(seconds, *, extra=0):
    # Twenty others send three orders a second each, all the time; in one second some of them send more.
    book = Book()
    for second in range(seconds):
        for turn in range(60 + (extra if second == 10 else 0)):
            when = second + turn / (60 + extra)
            book.order(when, "sell", 101, 100, out=when + 5, account=f"X{turn % 20}", instrument="AAPL")
    return book


@pytest.mark.parametrize(("seconds", "extra", "found"), [(120, 0, 1), (120, 180, 0), (50, 0, 0)])
def test_a_flood_needs_no_half_of_a_market_that_is_always_fast(seconds, extra, found):
    book = flood(steady(seconds, extra=extra), n=40, at=10.0)
    assert len(alerts(QuoteStuffing, book.given())) == found


def test_what_the_market_takes_out_is_no_message():
    assert alerts(QuoteStuffing, flood(n=40, by="venue").given()) == []


def test_events_delivered_twice_count_once():
    given = flood(n=20).given()
    twice = given | {"order_events": pl.concat([given["order_events"]] * 2)}
    assert alerts(QuoteStuffing, twice) == []


def test_the_score_grows_with_the_peak():
    scores = [alerts(QuoteStuffing, flood(n=n).given())[0]["score"] for n in (30, 80, 240)]
    assert scores == sorted(set(scores))


@pytest.mark.parametrize("ways", [2, 5])
def test_splitting_over_linked_accounts_hides_nothing(ways):
    whole = alerts(QuoteStuffing, flood().given())
    assert verdict(alerts(QuoteStuffing, split(flood().given(), ways))) == verdict(whole)


def test_no_orders_are_a_gap():
    assert gaps(QuoteStuffing, {}) == ["No order events to look at."]


# What test_kit_complete.py holds this detector to.
def amid(extra=0):
    """The flood in a market that is always fast."""
    return flood(steady(120, extra=extra), n=40, at=10.0).given()


def busy_owner():
    """A flood by who sends two messages a second for half a minute, and more in a few of them."""
    book = flood()
    for second in range(40):
        flood(book, n=45 if second % 10 == 0 else 1, at=1000.0 + second)
    return book.given()


def left(stays):
    book = flood(n=40 - stays)
    for _ in range(stays):
        book.order(10.5, "buy", 99, 10)
    return book.given()


def one_filled():
    return flood(n=99).order(10.1, "buy", 100, 10, fill=(10.2, 10)).given()


def beside_another():
    """The flood while somebody else sends half as many messages in the same second."""
    return flood(flood(), n=20, account="X1").given()


KIT = Kit(
    QuoteStuffing,
    lambda: flood().given(),
    (test_look_alikes_are_left_alone,),
    {
        "messages": Edge(80, 81),
        "instrument_multiple": Edge(13.3, 13.4, scene=amid),
        "usual_seconds": Edge(125, 126, scene=amid, others={"market_share": 1.0}),
        "own_percentile": Edge(0.912, 0.915, scene=busy_owner, others={"own_seconds": 10}),
        "own_seconds": Edge(42, 41, scene=busy_owner, others={"own_percentile": 1.0}),
        "withdrawn": Edge(0.95, 0.96, scene=lambda: left(2)),
        "filled": Edge(0.0101, 0.0099, scene=one_filled),
        "entered": Edge(0.5, 0.51),
        "market_share": Edge(0.66, 0.67, scene=beside_another),
        "calm": Edge(1.51, 1.49, scene=lambda: amid(extra=60), others={"market_share": 1.0}),
    },
)
