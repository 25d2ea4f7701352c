"""Layering: what it must see, what it must leave alone, either side of each threshold."""

import pytest

from analytics.compliance.detectors.layering import Layering, LayeringParameters
from analytics.compliance.detectors.spoofing import Spoofing
from tests.analytics.compliance._declared import Edge, Kit
from tests.analytics.compliance._kit import alerts, gaps, tables, verdict
from tests.analytics.compliance._orders import Book, split


def cycle(book, at, *, levels=4, size=300, age=5.0, wait=0.5, wanted=100, shows="A1", by="user", **more):
    """Show ``levels`` offers, be filled on the bid after ``age``, pull the offers ``wait`` later."""
    for level in range(levels):
        book.order(
            at,
            "sell",
            100.02 + level / 100,
            size,
            out=at + age + wait + level / 100,
            account=shows,
            by=by,
            **more,
        )
    return book.order(at + 0.5, "buy", 100.0, wanted, fill=(at + age, wanted), account="A1")


def layered(cycles=3, **more):
    book = Book()
    for n in range(cycles):
        cycle(book, 60 * n, **more)
    return book


def test_layers_pulled_around_fills_are_told_with_numbers_and_evidence():
    (found,) = alerts(Layering, layered().given())
    assert (found["actor_group"], found["instrument_ids"]) == ("owner:O1", ["AAPL"])
    assert (len(found["order_ids"]), len(found["exec_ids"])) == (15, 3)
    metrics = {m["name"]: m["value"] for m in found["metrics"]}
    assert (metrics["cycles"], metrics["levels"], metrics["size_ratio"], metrics["asymmetry"]) == (
        3,
        4,
        12,
        1,
    )
    assert found["story"][0].endswith(
        "account A1 showed orders at 4 prices to sell AAPL, 1,200 units at most."
    )
    assert found["severity"] in {"high", "critical"}


@pytest.mark.parametrize(("more", "found"), [
    ({"age": 90.0}, 1), ({"age": 90.01}, 0),
    ({"wait": 9.9}, 1), ({"wait": 10.01}, 0),
    ({"wait": -1.95}, 1), ({"wait": -2.1}, 0),
    ({"size": 75}, 1), ({"size": 74}, 0),  # three times what was filled
    ({"levels": 2}, 1), ({"levels": 1}, 0),
    ({"cycles": 2}, 1), ({"cycles": 1}, 0),
])  # fmt: skip
def test_each_threshold_has_two_sides(more, found):
    gap = {"age": 120} if "age" in more else {}
    book = Book()
    for n in range(more.pop("cycles", 4)):
        cycle(book, gap.get("age", 60) * n, **more)
    assert len(alerts(Layering, book.given())) == found


def symmetric(book, at):
    cycle(book, at)
    for level in range(4):
        book.order(at, "buy", 99.98 - level / 100, 300, out=at + 5.5 + level / 100)


def requoted(book, at):
    cycle(book, at)
    for level in range(4):
        book.order(at + 5.6, "sell", 100.01 + level / 100, 300, out=at + 50)


def pegged(book, at):
    moves = [(at + 1 + n, 100.05 + n % 3 / 100) for n in range(40)]
    for level in range(3):
        book.order(at, "sell", 100.02 + level / 100, 400, moved=moves, out=at + 55)
    book.order(at, "buy", 100.0, 100, fill=(at + 20, 100))


def kept(book, at):
    cycle(book, at)
    book.order(at, "sell", 100.09, 200, out=at + 55)


LOOK_ALIKES = {
    "both sides are pulled alike": symmetric,
    "the offers are entered again at once": requoted,
    "orders that follow the market": pegged,
    "a good part of the offers stays": kept,
    "the venue took them out": lambda book, at: cycle(book, at, by="venue"),
    "the day ended": lambda book, at: cycle(book, at, by="eod"),
    "the venue prevented a self-match": lambda book, at: cycle(book, at, by="smp"),
    "nobody related was filled": lambda book, at: cycle(book, at, shows="X1"),
}


@pytest.mark.parametrize("why", LOOK_ALIKES)
def test_look_alikes_are_left_alone(why):
    book = Book()
    for n in range(4):
        LOOK_ALIKES[why](book, 60 * n)
    assert alerts(Layering, book.given()) == []


def test_pulls_that_go_on_all_day_prove_nothing_when_some_fall_around_fills():
    book = layered(cycles=3)
    for n in range(600):
        for level in range(4):
            book.order(300 + 6 * n, "sell", 100.02 + level / 100, 300, out=303 + 6 * n + level / 100)
    assert alerts(Layering, book.given()) == []


def test_a_rush_in_which_everybody_pulls_explains_the_pulls():
    book = layered(cycles=3)
    for n in range(3):
        for other in range(60):
            book.order(60 * n, "sell", 100.02 + other / 100, 300, out=60 * n + 5.6, account="X1")
    assert len(alerts(Layering, layered(cycles=3).given())) == 1
    assert alerts(Layering, book.given()) == []


def test_moving_the_layers_out_of_reach_is_a_withdrawal():
    book = Book()
    for n in range(3):
        at = 60 * n
        for level in range(4):
            book.order(at, "sell", 100.02 + level / 100, 300, moved=[(at + 5.4, 101.0 + level)])
        book.order(at + 0.5, "buy", 100.0, 100, fill=(at + 5, 100))
    assert len(alerts(Layering, book.given())) == 1


def test_other_desks_of_a_large_owner_do_not_hide_what_one_account_does():
    book = layered()
    for n in range(3):
        book.order(60 * n, "sell", 100.05, 5000, out=60 * n + 59, account="A5")
        book.order(60 * n, "buy", 99.9, 5000, out=60 * n + 5.2, account="A6")
    assert len(alerts(Layering, book.given())) == 1


@pytest.mark.parametrize("ways", [2, 3, 4, 5])
def test_splitting_over_linked_accounts_hides_nothing(ways):
    whole = alerts(Layering, layered().given())
    assert verdict(alerts(Layering, split(layered().given(), ways))) == verdict(whole)


def test_layers_in_one_account_and_fills_in_a_linked_one_are_called_so():
    (found,) = alerts(Layering, layered(shows="A2").given())
    assert "The two sides were entered by different linked accounts." in " ".join(found["story"])
    assert {m["name"]: m["value"] for m in found["metrics"]}["collusive"] == 1


def test_the_replayed_case_is_found_in_one_piece():
    """Five layers three and more levels away, five cycles, lots of 188 and 289, moved along and never filled."""
    book = Book()
    for n in range(5):
        at = 150 * n
        for level in range(5):
            px = 100.05 + level / 100
            book.order(
                at, "sell", px, 188 + 101 * (n + level & 1), moved=[(at + 9, px + 0.01)], out=at + 15.3
            )
        book.order(at + 12, "buy", 100.0, 10, fill=(at + 15, 10))
    (found,) = alerts(Layering, book.given())
    assert found["severity"] in {"high", "critical"}
    assert len(found["exec_ids"]) == 5


def test_layers_are_no_single_large_order():
    assert alerts(Spoofing, layered().given()) == []


def test_the_score_grows_with_size_and_repetition():
    by_size = [alerts(Layering, layered(size=size).given())[0]["score"] for size in (90, 200, 600)]
    by_count = [alerts(Layering, layered(cycles=n).given())[0]["score"] for n in (2, 3, 5)]
    assert by_size == sorted(by_size)
    assert by_count == sorted(by_count)
    assert by_size[0] < by_size[-1]


def test_a_better_price_than_the_mid_before_is_told_where_quotes_are_known():
    quotes = "instrument_id transact_time seq bid_px ask_px\nAAPL 14:59:00 1 100.00 100.02"
    (found,) = alerts(Layering, layered().given(**tables(quotes=quotes)))
    assert "The fills were 0.50 spreads better than the mid before." in " ".join(found["story"])


def test_thresholds_out_of_range_are_refused():
    with pytest.raises(ValueError, match="levels must lie between"):
        LayeringParameters(levels=1)


def test_executions_that_no_event_shows_are_a_gap():
    text = "exec_id order_id account_id instrument_id side last_qty last_px currency transact_time\n"
    text += "E9 O00001 A1 AAPL sell 10 100.02 USD 15:00:05"
    assert gaps(Layering, layered().given(**tables(executions=text))) == [
        "Executions of some orders are not among the order events."
    ]
    assert gaps(Layering, {}) == ["No order events to look at."]


# What test_kit_complete.py holds this detector to.
def each(extra, cycles=3):
    """Cycles with something more in each of them."""
    book = Book()
    for n in range(cycles):
        extra(cycle(book, 60 * n), 60 * n)
    return book.given()


def stays(book, at):
    book.order(at, "sell", 100.09, 100, out=at + 55)


def other_side(book, at):
    book.order(at, "buy", 99.98, 300, out=at + 5.5)


def again(qty, after):
    return lambda book, at: book.order(at + after, "sell", 100.01, qty, out=at + 50)


def among_others():
    """The layers among orders of thirty to six hundred."""
    book = layered()
    for n in range(1, 41):
        book.order(1000 + n, "buy", 99, 15 * n, out=2000 + n, account="X1")
    return book.given()


KIT = Kit(
    Layering,
    lambda: layered().given(),
    (test_look_alikes_are_left_alone,),
    {
        "max_age": Edge(5.0, 4.99),
        "before": Edge(0.99, 0.96, scene=lambda: layered(wait=-1.0).given()),
        "pull_window": Edge(0.532, 0.529),
        "size_multiple": Edge(12.0, 12.1),
        "withdrawn": Edge(0.92, 0.93, scene=lambda: each(stays)),
        "asymmetry": Edge(0.59, 0.61, scene=lambda: each(other_side)),
        "returned": Edge(0.41, 0.395, scene=lambda: each(again(480, 5.6))),
        "return_window": Edge(1.36, 1.42, scene=lambda: each(again(1200, 6.9))),
        "max_chance": Edge(2.4e-6, 2.3e-6),
        "coverage_floor": Edge(0.0996, 0.1001),
        "levels": Edge(4, 5),
        "sure_levels": Edge(4, 5, scene=lambda: layered(cycles=1).given(), others={"max_chance": 1.0}),
        "level_size": Edge(0.638, 0.64, scene=among_others),
    },
)
