"""Spoofing: what it must see, what it must leave alone, either side of each threshold."""

import pytest

from analytics.compliance.detectors.layering import Layering
from analytics.compliance.detectors.spoofing import Spoofing
from tests.analytics.compliance._declared import Edge, Kit
from tests.analytics.compliance._kit import alerts, gaps, verdict
from tests.analytics.compliance._orders import Book, split


def cycle(book, at, *, size=1500, age=5.0, wait=0.5, wanted=100, shows="A1", by="user", taken=None):
    """Show one large bid, sell ``age`` later, pull the bid ``wait`` after that."""
    book.order(
        at, "buy", 99.98, size, out=at + age + wait, account=shows, by=by, fill=taken and (at + 1, taken)
    )
    return book.order(at + 0.5, "sell", 100.02, wanted, fill=(at + age, wanted))


def spoofed(cycles=3, **more):
    book = Book()
    for n in range(cycles):
        cycle(book, 120 * n, **more)
    return book


def test_a_large_order_pulled_around_fills_is_told_with_its_orders():
    (found,) = alerts(Spoofing, spoofed().given())
    assert (len(found["order_ids"]), len(found["exec_ids"])) == (6, 3)
    assert found["story"][0].endswith("account A1 showed one large order to buy AAPL, 1,500 units at most.")
    assert found["story"][1].endswith("the buy orders were 15.0 times as much.")
    assert alerts(Layering, spoofed().given()) == []


@pytest.mark.parametrize(("more", "found"), [
    ({"age": 90.0}, 1), ({"age": 90.01}, 0),
    ({"wait": 10.0}, 1), ({"wait": 10.01}, 0),
    ({"wait": -2.0}, 1), ({"wait": -2.01}, 0),
    ({"size": 300}, 1), ({"size": 299}, 0),
    ({"cycles": 2}, 1), ({"cycles": 1}, 0),
    ({"taken": 750}, 1), ({"taken": 751}, 0),  # half of it traded: it was meant to
])  # fmt: skip
def test_each_threshold_has_two_sides(more, found):
    assert len(alerts(Spoofing, spoofed(**more).given())) == found


def breakout(book, at):
    book.order(at, "buy", 99.98, 500, out=at + 5.2)
    book.order(at, "sell", 100.02, 500, fill=(at + 5, 500))


def moved(book, at):
    cycle(book, at)
    book.order(at + 5.6, "buy", 99.99, 1500, out=at + 100)


def both(book, at):
    cycle(book, at)
    book.order(at + 0.7, "sell", 100.04, 1500, out=at + 5.6)


LOOK_ALIKES = {
    "the other leg of an entry, no larger than the fill": breakout,
    "a quote that is moved, not pulled": moved,
    "large orders on both sides are pulled": both,
    "the venue took it out in a halt": lambda book, at: cycle(book, at, by="venue"),
    "an immediate order that lapsed": lambda book, at: cycle(book, at, by="ioc"),
    "somebody unrelated pulls": lambda book, at: cycle(book, at, shows="X1"),
}


@pytest.mark.parametrize("why", LOOK_ALIKES)
def test_look_alikes_are_left_alone(why):
    book = Book()
    for n in range(4):
        LOOK_ALIKES[why](book, 120 * n)
    assert alerts(Spoofing, book.given()) == []


def test_a_busy_owner_whose_fills_cover_the_session_is_not_blamed_for_chance():
    book = spoofed()
    for n in range(700):
        book.order(400 + 5 * n, "sell", 100.02, 100, fill=(402 + 5 * n, 100), account="A2")
        book.order(400 + 5 * n, "buy", 99.98, 400 + n % 7, out=403 + 5 * n, account="A2")
    assert alerts(Spoofing, book.given()) == []


def test_an_order_split_over_linked_accounts_at_one_price_is_one_large_order():
    book = Book()
    for n in range(3):
        for account in ("A2", "A3", "A4", "A5"):
            book.order(120 * n, "buy", 99.98, 375, out=120 * n + 5.5, account=account)
        book.order(120 * n + 0.5, "sell", 100.02, 100, fill=(120 * n + 5, 100))
    (found,) = alerts(Spoofing, book.given())
    assert len(found["order_ids"]) == 15


@pytest.mark.parametrize("ways", [2, 3, 5])
def test_splitting_over_linked_accounts_hides_nothing(ways):
    whole = alerts(Spoofing, spoofed().given())
    assert verdict(alerts(Spoofing, split(spoofed().given(), ways))) == verdict(whole)


def test_fills_in_pieces_count_together_against_what_was_shown():
    book = Book()
    for n in range(3):
        at = 120 * n
        book.order(at, "buy", 99.98, 1500, out=at + 9)
        for piece in range(6):
            book.order(at + piece, "sell", 100.02, 100, fill=(at + piece + 1.2, 100))
    assert alerts(Spoofing, book.given()) == []  # 2.5 times the six hundred that were sold


def test_cycles_hours_apart_are_episodes_of_their_own_with_ids_of_their_own():
    book = Book()
    for n in range(3):
        cycle(book, 1200 * n)
    found = alerts(Spoofing, book.given())
    assert len({a["alert_id"] for a in found}) == 3


def test_no_orders_are_a_gap():
    assert gaps(Spoofing, {}) == ["No order events to look at."]


# What test_kit_complete.py holds this detector to.
def each(extra):
    """Cycles with something more in each of them."""
    book = Book()
    for n in range(3):
        extra(cycle(book, 120 * n), 120 * n)
    return book.given()


def stays(book, at):
    book.order(at, "buy", 99.98, 100, out=at + 100)


def other_side(book, at):
    book.order(at, "sell", 100.04, 375, out=at + 5.5)


def again(qty, after):
    return lambda book, at: book.order(at + after, "buy", 99.99, qty, out=at + 100)


def among_others():
    """The large order among others of a hundred to four thousand."""
    book = spoofed()
    for n in range(1, 41):
        book.order(1000 + n, "sell", 101, 100 * n, out=2000 + n, account="X1")
    return book.given()


KIT = Kit(
    Spoofing,
    lambda: spoofed().given(),
    (test_look_alikes_are_left_alone,),
    {
        "max_age": Edge(5.0, 4.99),
        "before": Edge(1.0, 0.99, scene=lambda: spoofed(wait=-1.0).given()),
        "pull_window": Edge(0.5, 0.49),
        "size_multiple": Edge(15.0, 15.1),
        "withdrawn": Edge(0.93, 0.94, scene=lambda: each(stays)),
        "asymmetry": Edge(0.59, 0.61, scene=lambda: each(other_side)),
        "returned": Edge(0.41, 0.395, scene=lambda: each(again(600, 5.6))),
        "return_window": Edge(1.49, 1.51, scene=lambda: each(again(1500, 7.0))),
        "max_chance": Edge(2.4e-6, 2.3e-6),
        "coverage_floor": Edge(0.0996, 0.1001),
        "order_size": Edge(0.455, 0.457, scene=among_others),
        "cycles": Edge(3, 4),
    },
)
