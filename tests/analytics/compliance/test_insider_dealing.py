"""Insider dealing: unusual before the move and the right way round, with and without news and trades on the day."""

from datetime import UTC, date, datetime, timedelta

import pytest

from analytics.compliance.detectors.insider_dealing import InsiderDealing, InsiderDealingParameters
from tests.analytics.compliance._declared import Edge, Kit, upside_down
from tests.analytics.compliance._kit import (
    alerts,
    gaps,
    lists,
    tables,
)  # fmt: skip

LAST = date(2026, 11, 20)
DAYS = [LAST - timedelta(days=n) for n in range(199, -1, -1)]
ACCOUNTS = """
account_id  kind      base_currency  owner_id  link_group
A1          client    USD            O1        -
A2          mm        USD            O2        -
L1          client    USD            O3        G
L2          client    USD            O4        G
"""
NAMES = "instrument_id symbol asset_class currency underlying_id put_call multiplier\nXYZC XYZC option USD XYZ call 100"
FILLS = "exec_id account_id trader_id instrument_id side last_qty last_px currency transact_time\n"


def prices(jump=0.12, day=190, up=1):
    rows = []
    for n, when in enumerate(DAYS):
        level = 100 * (1 + 0.01 * (n % 2)) * ((1 + up * jump) if n >= day else 1)
        rows += [f"XYZ {when} {level:.4f} 1000000", f"OTH {when} {50 + 0.4 * (n % 3):.4f} 1000000"]
    return "instrument_id date close volume\n" + "\n".join(rows)


def fill(exec_id, day, qty, *, account="A1", name="XYZ", side="buy", px="100"):
    return f"{exec_id} {account} T1 {name} {side} {qty} {px} USD {DAYS[day]}T15:00:00Z"


def habit(account="A1", qty=100, name="OTH"):
    return [fill(f"{account}H{n}", n, qty, account=account, name=name, px="50") for n in range(5, 185, 20)]


POSITION = [fill("E1", 180, 1500), fill("E2", 186, 1500)]


def given(*lines, closes=None, **more):
    return tables(
        executions=FILLS + "\n".join(lines),
        accounts=ACCOUNTS,
        prices=closes or prices(),
        instruments=NAMES,
        **more,
    )


def test_a_large_position_in_a_new_name_before_a_jump_is_alerted_though_nothing_traded_on_the_day():
    (found,) = alerts(InsiderDealing, given(*habit(), *POSITION))
    assert found["exec_ids"] == ["E1", "E2"]
    assert found["actor_group"] == "owner:O1"
    assert found["severity"] in {"high", "critical"}
    assert found["story"][0].startswith(f"1. On {DAYS[190]}, XYZ rose")
    assert "It had not traded the name in the year before." in " ".join(found["story"])


@pytest.mark.parametrize(("why", "lines"), {
    "the other way round": [*habit(), *(line.replace(" buy ", " sell ") for line in POSITION)],
    "of usual size": [*habit(), fill("E1", 186, 50)],
    "a savings plan in the name": [
        *[fill(f"H{n}", n, 50) for n in range(5, 185, 12)], fill("E1", 187, 50)],
    "who trades large before every event, in every name": [
        *[fill(f"H{n}", n, 3000, name="OTH", px="100") for n in range(5, 185, 12)], *POSITION],
    "a market maker": [*habit("A2"), *(line.replace(" A1 ", " A2 ") for line in POSITION)],
    "bought on the day itself": [*habit(), fill("E1", 190, 3000)],
    "bought too long before": [*habit(), fill("E1", 160, 3000)],
    "bought and sold again before": [*habit(), POSITION[0], fill("E2", 187, 1500, side="sell")],
}.items())  # fmt: skip
def test_look_alikes_are_left_alone(why, lines):
    assert alerts(InsiderDealing, given(*lines)) == [], why


@pytest.mark.parametrize(("day", "n"), [(165, 1), (164, 0)])
def test_the_look_back_ends_after_25_days(day, n):
    assert len(alerts(InsiderDealing, given(*habit(), fill("E1", day, 3000)))) == n


def test_the_look_back_is_cut_at_the_instruments_previous_event():
    closes = prices()
    for n in range(180, 200):
        closes = closes.replace(f"XYZ {DAYS[n]} 1", f"XYZ {DAYS[n]} 2")  # an earlier, larger jump
    before = given(*habit(), fill("E1", 178, 3000), closes=closes)
    assert [a["story"][0].split(",")[0] for a in alerts(InsiderDealing, before)] == [f"1. On {DAYS[180]}"]


@pytest.mark.parametrize(("jump", "n"), [(0.05, 1), (0.028, 0)])
def test_a_move_must_reach_three_percent(jump, n):
    calm = (
        prices(jump=jump)
        .replace("101.0000", "100.1000")
        .replace(f"{101 * (1 + jump):.4f}", f"{100.1 * (1 + jump):.4f}")
    )
    assert len(alerts(InsiderDealing, given(*habit(), *POSITION, closes=calm))) == n


STORY = "news_id published_time instrument_ids headline event_type price_sensitive\nN1 {} XYZ Talks {} {}"


@pytest.mark.parametrize(("day", "kind", "loud", "n"), [
    (179, "merger", "true", 0),  # public when they bought
    (189, "merger", "true", 1),  # told after they bought
    (170, "merger", "true", 1),  # forgotten when they bought
    (179, "merger", "false", 1),  # of no weight
    (179, "price_move", "true", 1),  # only says what prices did
])  # fmt: skip
def test_who_buys_after_public_news_has_a_public_reason(day, kind, loud, n):
    told = STORY.format(f"{DAYS[day]}T12:00:00Z", kind, loud)
    first = [fill("E1", 180, 1500), fill("E2", 182, 1500)]
    assert len(alerts(InsiderDealing, given(*habit(), *first, news=told))) == n


def test_a_name_on_an_insider_list_is_a_sign_by_itself():
    known = [*habit(name="XYZ", qty=1500), *POSITION]  # not new to the account
    entry = {
        "list_type": "insider", "subject_kind": "person", "subject_id": "O1", "instrument_id": "XYZ",
        "valid_from": datetime(2026, 10, 1, tzinfo=UTC),
    }  # fmt: skip
    assert alerts(InsiderDealing, given(*known)) == []
    assert len(alerts(InsiderDealing, given(*known) | lists(entry))) == 1
    assert alerts(InsiderDealing, given(*known) | lists(entry | {"subject_id": "O9"})) == []


@pytest.mark.parametrize(("why", "lines", "n"), [
    ("half of it early", [fill("E1", 180, 1500), fill("E2", 186, 1500)], 0),
    ("four fifths in the last days", [fill("E1", 180, 600), fill("E2", 188, 2400)], 1),
    ("a little less", [fill("E1", 180, 630), fill("E2", 188, 2370)], 0),
    ("twice as far beyond its usual size", [fill("E1", 180, 3300), fill("E2", 186, 3300)], 1),
])  # fmt: skip
def test_a_record_in_a_known_name_counts_where_it_was_timed_or_beyond_all_measure(why, lines, n):
    known = given(*habit(name="XYZ", qty=1500)[:-1], *lines)
    assert len(alerts(InsiderDealing, known)) == n, why


def test_calls_are_leverage_and_count_for_their_underlying():
    calls = fill("E1", 186, 60, name="XYZC", px="500")
    (found,) = alerts(InsiderDealing, given(*habit(), calls))
    assert found["instrument_ids"] == ["XYZ", "XYZC"]
    assert "Part of it was in derivatives." in " ".join(found["story"])


def test_a_sleeping_account_that_wakes_for_one_name_is_seen_and_one_that_is_funded_is_not():
    other = [*habit("L1"), fill("E1", 186, 3000)]
    (found,) = alerts(InsiderDealing, given(*other))
    assert "hardly traded for a year" in " ".join(found["story"])
    funded = [
        *other,
        *(fill(f"F{n}", 186, 6000, name=name, px="100") for n, name in enumerate(("OTH", "AAA"))),
    ]
    assert alerts(InsiderDealing, given(*funded)) == []


def test_linked_accounts_that_each_buy_a_part_are_one_actor():
    parts = [line.replace(" A1 ", f" L{n} ") for n, line in enumerate(POSITION, 1)]
    (found,) = alerts(InsiderDealing, given(*habit("L1"), *parts))
    assert (found["actor_group"], found["exec_ids"]) == ("link:G", ["E1", "E2"])


def test_the_score_grows_with_size():
    scores = [
        alerts(InsiderDealing, given(*habit(), fill("E1", 186, qty)))[0]["score"]
        for qty in (1000, 3000, 9000)
    ]
    assert scores == sorted(scores)
    assert scores[0] < scores[2]


def test_a_news_feed_that_fell_silent_is_a_gap_and_one_that_speaks_is_not():
    silent = "The news feed has been silent for longer than ever before: nothing explains moves."
    lines = [*habit(), *POSITION]
    assert silent in gaps(InsiderDealing, given(*lines))  # never switched on
    head, row = "news_id published_time instrument_ids headline\n", "N{0} {1}T12:00:00Z OTH Words"
    daily = head + "\n".join(row.format(n, day) for n, day in enumerate(DAYS))
    assert silent not in gaps(InsiderDealing, given(*lines, news=daily))
    stopped = head + "\n".join(row.format(n, day) for n, day in enumerate(DAYS[:-2]))
    assert silent in gaps(InsiderDealing, given(*lines, news=stopped))


def test_fewer_signs_find_more():
    known = [*habit(name="XYZ"), *POSITION]
    assert len(alerts(InsiderDealing, given(*known), InsiderDealingParameters(signs=1))) == 1


def test_no_prices_are_a_gap():
    assert "No daily prices to look at." in gaps(InsiderDealing, {})


# What test_kit_complete.py holds this detector to.
def after_a_story():
    """Bought one and three days after public news of the name."""
    told = STORY.format(f"{DAYS[179]}T12:00:00Z", "merger", "true")
    return given(*habit(), fill("E1", 180, 1500), fill("E2", 182, 1500), news=told)


def sleeping():
    """An account that hardly traded for a year buys the name, and a little of another one."""
    return given(*habit("L1")[:2], fill("E1", 186, 3000), fill("E2", 186, 600, name="OTH", px="50"))


def trades_large():
    """Who built as much in another name once before."""
    return given(*habit(), fill("B1", 60, 3100, name="OTH", px="100"), *POSITION)


def varied():
    """A small position of an account whose trades differ in size."""
    sizes = (60, 70, 80, 90, 100, 110, 125, 140, 160)
    own = [line.replace(" 100 50 ", f" {size} 50 ") for line, size in zip(habit(), sizes, strict=True)]
    return given(*own, fill("E1", 186, 300))


def timed():
    """Four fifths of a record in a known name in the last five days."""
    return given(*habit(name="XYZ", qty=1500)[:-1], fill("E1", 180, 600), fill("E2", 188, 2400))


KIT = Kit(
    InsiderDealing,
    lambda: given(*habit(), *POSITION),
    (test_look_alikes_are_left_alone,),
    {
        "event_sigmas": Edge(3.86, 3.88, scene=lambda: given(*habit(), *POSITION, closes=prices(jump=0.05))),
        "event_move": Edge(0.103, 0.104),
        "look_back": Edge(10, 9),
        "rumour_days": Edge(3.12, 3.13, scene=after_a_story),
        "size_sigmas": Edge(5.1, 5.13, scene=varied),
        "own_trades": Edge(9, 10, others={"profit_floor": 1e6}),
        "alone": Edge(0.9, 0.91, scene=sleeping),
        "placebo": Edge(0.1432, 0.1425, scene=trades_large),
        "novelty_days": Edge(175, 176, others={"signs": 3}),
        "profit_floor": Edge(30_900.0, 31_100.0, others={"signs": 3}),
        "profit_multiple": Edge(59.9, 60.2, others={"signs": 3, "profit_floor": 0.0}),
        "late": Edge(0.8, 0.81, scene=timed),
        "signs": Edge(3, 4),
    },
    changes={"buys for sells": upside_down},
)
