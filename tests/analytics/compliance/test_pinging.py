"""Pinging: what follows the tiny orders decides."""

import pytest

from analytics.compliance.detectors.pinging import Pinging
from tests.analytics.compliance._declared import Edge, Kit
from tests.analytics.compliance._kit import alerts, gaps, verdict
from tests.analytics.compliance._orders import Book, split


def probe(
    book=None, *, at=100.0, n=6, step=0.5, follow=200, delay=0.5, side="buy", met=True, size=5, account="A1"
):
    book = book or usual()
    for turn in range(n - 1):
        book.order(at + turn * step, "buy", 100, size, out=at + turn * step + 0.01, by="ioc", account=account)
    last = at + (n - 1) * step
    book.order(last, "buy", 100, size, fill=(last + 0.01, size) if met else None, account=account)
    return book.order(last + 0.01 + delay, side, 100.01, follow, account=account)


def usual():
    """Everybody's orders, of an everyday size."""
    book = Book()
    for n in range(150):
        book.order(20 * n, "sell", 101, 100 + n, out=20 * n + 30, account="X1")
    return book


def test_tiny_orders_and_the_large_one_that_followed_are_told():
    (found,) = alerts(Pinging, probe().given())
    assert (found["actor_group"], len(found["order_ids"]), len(found["exec_ids"])) == ("owner:O1", 7, 1)
    assert found["story"][2] == (
        "3. One was filled, and 0.500 s later an order over 200 units followed on the same side: 40 times as large."
    )


@pytest.mark.parametrize(("more", "found"), [
    ({"n": 5}, 1), ({"n": 4}, 0),
    ({"n": 5, "step": 2.5}, 1), ({"n": 5, "step": 2.51}, 0),
    ({"delay": 2.0}, 1), ({"delay": 2.01}, 0),
    ({"follow": 100}, 1), ({"follow": 99}, 0),
    ({"size": 100, "follow": 2600}, 1), ({"size": 130, "follow": 2600}, 0),  # not among the smallest
])  # fmt: skip
def test_each_threshold_has_two_sides(more, found):
    assert len(alerts(Pinging, probe(**more).given())) == found


@pytest.mark.parametrize("more", [{"side": "sell"}, {"met": False}, {"follow": 15}])
def test_without_a_large_order_on_the_same_side_after_a_fill_it_is_no_pinging(more):
    assert alerts(Pinging, probe(**more).given()) == []


def test_an_owner_that_sends_tiny_orders_all_day_does_not_probe_with_them():
    book = probe()
    for n in range(2000):
        book.order(200 + 1.5 * n, "buy", 99, 5, out=200.2 + 1.5 * n)
    assert alerts(Pinging, book.given()) == []


@pytest.mark.parametrize(("every", "found"), [(2.0, 0), (20.0, 1)])
def test_an_owner_that_sends_tiny_orders_all_these_minutes_does_not_probe_with_them(every, found):
    book = probe(at=250.0)
    for n in range(int(110 / every)):
        book.order(125 + every * n, "buy", 99, 5, out=125.2 + every * n)
    assert len(alerts(Pinging, book.given())) == found


def test_an_owner_that_sends_large_orders_all_the_time_did_not_react():
    book = probe()
    for n in range(700):
        book.order(200 + 5 * n, "buy", 99, 300, out=201 + 5 * n)
    assert alerts(Pinging, book.given()) == []


def test_the_score_grows_with_what_follows():
    scores = [alerts(Pinging, probe(follow=size).given())[0]["score"] for size in (100, 300, 900)]
    assert scores == sorted(set(scores))


@pytest.mark.parametrize("ways", [2, 5])
def test_splitting_over_linked_accounts_hides_nothing(ways):
    whole = alerts(Pinging, probe().given())
    assert verdict(alerts(Pinging, split(probe().given(), ways))) == verdict(whole)


def test_no_orders_are_a_gap():
    assert gaps(Pinging, {}) == ["No order events to look at."]


# What test_kit_complete.py holds this detector to.
def beside_a_single_share():
    """The probe where somebody once ordered a single share; the median order is of 174."""
    return probe().order(50, "sell", 101, 1, account="X1").given()


def often_small():
    """The probe of an owner that sends a tiny order every twenty seconds."""
    book = probe(at=250.0)
    for n in range(6):
        book.order(125 + 20 * n, "buy", 99, 5, out=125.2 + 20 * n)
    return book.given()


def often_large():
    """The probe of an owner that sends a large order every minute."""
    book = probe()
    for n in range(50):
        book.order(200 + 60 * n, "buy", 99, 300, out=201 + 60 * n)
    return book.given()


KIT = Kit(
    Pinging,
    lambda: probe().given(),
    (
        test_without_a_large_order_on_the_same_side_after_a_fill_it_is_no_pinging,
        test_each_threshold_has_two_sides,
    ),
    {
        "pings": Edge(6, 7),
        "window": Edge(2.0, 1.99),
        "small": Edge(0.00325, 0.00315, scene=lambda: probe(size=101, follow=2600).given()),
        "crumb": Edge(0.0292, 0.029, scene=beside_a_single_share, others={"small": 0.0}),
        "follow_window": Edge(0.501, 0.499),
        "follow_multiple": Edge(40.0, 40.1),
        "burst": Edge(11.9, 12.1, scene=often_small),
        "follow_chance": Edge(0.0275, 0.0273, scene=often_large),
    },
)
