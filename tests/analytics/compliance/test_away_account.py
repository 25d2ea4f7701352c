"""Away account: fills in dips that come and go, how many are too many, and dips of another kind."""

import pytest

from analytics.compliance.detectors.away_account import AwayAccount, AwayAccountParameters
from tests.analytics.compliance._declared import Edge, Kit, upside_down
from tests.analytics.compliance._kit import alerts, gaps, tables, verdict
from tests.analytics.compliance._orders import START, Book, split


def quoted(*points) -> str:
    """Quotes as text; points are (seconds after 15:00, mid), the spread is 0.02."""
    lines = []
    for n, (at, mid) in enumerate(points):
        clock = f"{START.hour + int(at) // 3600:02}:{int(at) // 60 % 60:02}:{at % 60:09.6f}"
        lines.append(f"AAPL {clock} {n} {mid - 0.01:.4f} {mid + 0.01:.4f}")
    return "instrument_id transact_time seq bid_px ask_px\n" + "\n".join(lines)


def dips(n=6, *, depth=0.04, back=0.0, early=3.0, late=3.0, at_touch=True, others=60):
    """Fill in each of ``n`` dips that begin ``early`` before it, end ``late`` after it, ``back`` below the start."""
    book, points, mid = Book(), [(0.0, 100.0)], 100.0
    for k in range(n):
        at = 100.0 + 100 * k
        low = mid - depth
        points += [(at - early, low), (at + late, mid - back)]
        book.order(at - 5, "buy", round(low - 0.01 if at_touch else mid - 0.01, 4), 100, fill=(at, 100))
        mid -= back
    for k in range(others):
        book.order(150.0 + 55 * k, "buy", 100.01, 100, fill=(151.0 + 55 * k, 100), account="X1")
    return book.given(**tables(quotes=quoted(*sorted(points))))


def test_fills_in_dips_that_come_and_go_are_told_with_their_count():
    (found,) = alerts(AwayAccount, dips())
    assert (found["actor_group"], len(found["exec_ids"])) == ("owner:O1", 6)
    assert found["story"][0] == (
        "1. On 2026-11-20 account A1 bought AAPL 6 times; 6 times the quotes had just fallen, by 2.0 spreads on "
        "average, and rose back within 10 s."
    )


@pytest.mark.parametrize(("more", "found"), [
    ({"n": 5}, 1), ({"n": 4}, 0),
    ({"depth": 0.0201}, 1), ({"depth": 0.0199}, 0),  # one spread
    ({"back": 0.02}, 1), ({"back": 0.0201}, 0),  # half of it stays
    ({"early": 9.9}, 1), ({"early": 10.1}, 0),
    ({"late": 10.0}, 1), ({"late": 10.1}, 0),
    ({"at_touch": False}, 0),  # no better than the touch had been before
])  # fmt: skip
def test_each_threshold_has_two_sides(more, found):
    assert len(alerts(AwayAccount, dips(**more))) == found


def test_who_is_as_lucky_as_everybody_else_is_left_alone():
    given = dips(n=6, others=0)
    book = Book()
    for k in range(6):
        for account in ("A1", *(f"Z{n}" for n in range(20))):
            book.order(95.0 + 100 * k, "buy", 99.95, 100, fill=(100.0 + 100 * k, 100), account=account)
    assert alerts(AwayAccount, book.given(quotes=given["quotes"])) == []


def test_a_few_lucky_fills_among_very_many_prove_nothing():
    given = dips(others=0)
    more = Book()
    more.rows, more.count = [], 100
    for k in range(600):
        more.order(1000.0 + 4 * k, "buy", 100.01, 100, fill=(1001.0 + 4 * k, 100))
    whole = Book()
    for k in range(6):
        whole.order(95.0 + 100 * k, "buy", 99.95, 100, fill=(100.0 + 100 * k, 100))
    whole.rows += more.rows
    assert len(alerts(AwayAccount, given)) == 1
    assert alerts(AwayAccount, whole.given(quotes=given["quotes"])) == []


def test_the_score_grows_with_count_and_depth():
    by_count = [alerts(AwayAccount, dips(n=n))[0]["score"] for n in (5, 8, 12)]
    by_depth = [alerts(AwayAccount, dips(depth=depth))[0]["score"] for depth in (0.03, 0.06, 0.1)]
    assert by_count == sorted(set(by_count))
    assert by_depth == sorted(set(by_depth))


def test_fills_without_quotes_are_a_gap():
    book = Book().order(0, "buy", 100, 10, fill=(1, 10), instrument="OTHER")
    told = gaps(AwayAccount, book.given(quotes=dips()["quotes"]))
    assert told == ["No quotes to hold the fills of some instruments against."]
    assert sorted(gaps(AwayAccount, {})) == ["No order events to look at.", "No quotes to look at."]


def test_thresholds_out_of_range_are_refused():
    with pytest.raises(ValueError, match="fills must lie between"):
        AwayAccountParameters(fills=1)


@pytest.mark.parametrize("ways", [2, 5])
def test_splitting_over_linked_accounts_hides_nothing(ways):
    assert verdict(alerts(AwayAccount, split(dips(), ways))) == verdict(alerts(AwayAccount, dips()))


# What test_kit_complete.py holds this detector to.
KIT = Kit(
    AwayAccount,
    dips,
    (
        test_who_is_as_lucky_as_everybody_else_is_left_alone,
        test_a_few_lucky_fills_among_very_many_prove_nothing,
        test_each_threshold_has_two_sides,
    ),
    {
        "before": Edge(3.01, 2.99),
        "after": Edge(3.0, 2.99),
        "move": Edge(1.99, 2.01),
        "reverted": Edge(0.74, 0.76, scene=lambda: dips(back=0.01)),
        "fills": Edge(6, 7),
        "base_rate": Edge(0.215, 0.216),
        "max_chance": Edge(6.41e-11, 6.38e-11),
    },
    changes={"buys for sells": upside_down},
)
