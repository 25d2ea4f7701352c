"""Order-to-trade ratio: counted as RTS 9 has it, exactly at the limit and just beyond."""

import pytest

from analytics.compliance.detectors.order_to_trade import OrderToTrade, OrderToTradeParameters
from tests.analytics.compliance._declared import Edge, Kit
from tests.analytics.compliance._kit import alerts, gaps, verdict
from tests.analytics.compliance._orders import Book, split

TEN = OrderToTradeParameters(limits="* * 10 1000000; * mm 100 1000000", soft_share=1.0, minimum_messages=1)


def exceeded(book, params=TEN):
    return [a for a in alerts(OrderToTrade, book.given(), params) if a["score"] >= 60]


def sent(news, *, amended=0, withdrawn=0, fills=0, account="A1", qty=100, by="user", **more):
    """Send orders that stay, that are amended once, that are withdrawn, that are filled in one piece."""
    book = Book()
    for n in range(news):
        book.order(
            n, "buy", 99, qty, account=account, by=by, **more,
            moved=[(n + 0.2, 98)] if n < amended else (),
            out=n + 0.5 if n < withdrawn else None,
            fill=(n + 0.7, qty) if n >= news - fills else None,
        )  # fmt: skip
    return book


@pytest.mark.parametrize(("book", "found"), [
    (sent(11, fills=1), 0), (sent(12, fills=1), 1),  # 11 / 1 - 1 is at the limit, 12 / 1 - 1 beyond
    (sent(22, fills=2), 0), (sent(23, fills=2), 1),
    (sent(10), 0), (sent(11), 1),  # without a trade, more orders than one trade would allow
    (sent(8, withdrawn=3, fills=1), 0), (sent(8, withdrawn=4, fills=1), 1),  # a withdrawal is an order
    (sent(7, amended=2, fills=1), 0), (sent(8, amended=2, fills=1), 1),  # an amendment is two
    (sent(20, withdrawn=15, fills=2, by="venue"), 0),  # the market's own do not count
    (sent(6, withdrawn=6, by="ioc", time_in_force="ioc"), 1),  # but what was sent to lapse does
    (sent(90, fills=0, account="M1"), 0), (sent(101, account="M1"), 1),  # makers have their own limit
])  # fmt: skip
def test_the_ratio_in_number_is_exceeded_beyond_the_limit_and_not_at_it(book, found):
    assert len(exceeded(book)) == found


@pytest.mark.parametrize(("qty", "found"), [(100, 0), (101, 1)])
def test_the_ratio_in_volume_counts_by_itself(qty, found):
    params = OrderToTradeParameters(limits="* * 1000 9", soft_share=1.0, minimum_messages=1)
    book = Book().order(0, "buy", 99, 100, fill=(1, 100))
    for n in range(8):
        book.order(n, "buy", 99, 100)
    book.order(9, "buy", 99, qty)
    assert len(exceeded(book, params)) == found


def test_each_venue_has_its_own_limit_and_its_own_count():
    params = OrderToTradeParameters(
        limits="* * 10 100000; XFAST * 40 100000", soft_share=1.0, minimum_messages=1
    )
    slow, fast = sent(11, venue="XSLO"), sent(40, venue="XFAST")
    assert len(alerts(OrderToTrade, slow.given(), params)) == 1
    assert exceeded(fast, params) == []
    assert len(exceeded(sent(41, venue="XFAST"), params)) == 1
    halves = Book()
    for n in range(16):
        halves.order(n, "buy", 99, 100, venue=f"X{n % 2}")
    assert alerts(OrderToTrade, halves.given(), params) == []


def test_quotes_weigh_as_the_table_says():
    params = OrderToTradeParameters(limits="* * 10 100000", soft_share=1.0, minimum_messages=1)
    assert len(alerts(OrderToTrade, sent(6, ord_type="quote").given(), params)) == 1
    assert alerts(OrderToTrade, sent(6).given(), params) == []


def test_a_thousand_orders_and_one_trade_are_told_and_a_maker_is_not():
    (found,) = alerts(OrderToTrade, sent(1000, fills=1).given())
    assert found["story"][1] == (
        "2. That is a ratio of 999.0 in number and 999.0 in volume; the limits are 100 and 2,000."
    )
    assert (found["severity"], len(found["order_ids"])) == ("critical", 500)
    assert alerts(OrderToTrade, sent(1000, fills=1, account="M1").given()) == []


def test_four_fifths_of_the_limit_warn_early():
    early = alerts(OrderToTrade, sent(405, fills=5).given())
    assert [a["severity"] for a in early] == ["low"]
    assert early[0]["story"][-1].endswith("Early warning: 80% of the limit is used.")
    assert alerts(OrderToTrade, sent(404, fills=5).given()) == []
    assert [a["severity"] for a in alerts(OrderToTrade, sent(505, fills=5).given())] == ["low"]


@pytest.mark.parametrize(("orders", "fills", "found"), [(329, 0, 0), (330, 0, 1), (329, 1, 0), (330, 1, 1)])
def test_a_ratio_over_a_handful_of_orders_is_none(orders, fills, found):
    assert len(exceeded(sent(orders, fills=fills), None)) == found


def test_parent_orders_are_not_sent_to_a_venue():
    book = Book().order(0, "buy", 99, 10_000, moved=[(k, 98) for k in range(1, 40)])
    for n in range(5):
        book.order(n, "buy", 99, 100, fill=(n + 0.5, 100), parent_order_id="O00001")
    assert alerts(OrderToTrade, book.given(), TEN) == []


def test_partial_executions_count_each_or_once_as_chosen():
    book = sent(20)
    book.rows.extend(
        dict(book.rows[0], event_type="fill", last_qty=10, last_px=99, exec_id=f"P{n}") for n in range(2)
    )
    assert alerts(OrderToTrade, book.given(), TEN) == []
    once = OrderToTradeParameters(
        limits=TEN.limits, soft_share=1.0, minimum_messages=1, count_every_fill=False
    )
    assert len(alerts(OrderToTrade, book.given(), once)) == 1


@pytest.mark.parametrize(("name", "table", "says"), [
    ("limits", "XNAS * 10 10", "limits must have a row"),
    ("limits", "* * ten 10", "limits must be rows"),
    ("weights", "quote 2 2 4", "weights must have a row"),
    ("weights", "* 1 1", "weights must be rows"),
])  # fmt: skip
def test_a_table_that_says_too_little_is_refused(name, table, says):
    with pytest.raises(ValueError, match=says):
        OrderToTradeParameters(**{name: table})


@pytest.mark.parametrize("ways", [2, 5])
def test_splitting_over_linked_accounts_hides_nothing(ways):
    whole = alerts(OrderToTrade, sent(340, fills=1).given())
    assert verdict(alerts(OrderToTrade, split(sent(340, fills=1).given(), ways))) == verdict(whole)


def test_no_orders_are_a_gap():
    assert gaps(OrderToTrade, {}) == ["No order events to look at."]


# What test_kit_complete.py holds this detector to.
def in_pieces():
    """Twenty orders, of which one is filled in two pieces."""
    book = sent(20)
    book.rows.extend(
        dict(book.rows[0], event_type="fill", last_qty=10, last_px=99, exec_id=f"P{n}") for n in range(2)
    )
    return book.given()


KIT = Kit(
    OrderToTrade,
    lambda: sent(340, fills=1).given(),
    (test_the_ratio_in_number_is_exceeded_beyond_the_limit_and_not_at_it,),
    {
        # A ratio of 339 is four fifths of 423.75.
        "limits": Edge("* * 423 1000000", "* * 424 1000000"),
        "weights": Edge("* 1 1 2", "* 1 0.99 2", scene=lambda: sent(170, withdrawn=160).given()),
        "soft_share": Edge(0.84, 0.85, others={"limits": "* * 400 1000000"}),
        "minimum_messages": Edge(340, 341),
        "count_every_fill": Edge(found=False, missed=True, scene=in_pieces, others=vars(TEN)),
    },
)
