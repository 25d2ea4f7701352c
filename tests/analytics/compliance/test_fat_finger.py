"""Fat finger: price, size and repetition, each on both sides of its threshold."""

import pytest

from analytics.compliance.detectors.fat_finger import FatFinger, FatFingerParameters
from tests.analytics.compliance._declared import Edge, Kit, upside_down
from tests.analytics.compliance._kit import (
    alerts,
    gaps,
    mirrored,
    renamed,
    scaled,
    shifted,
    shuffled,
    tables,
    verdict,
)  # fmt: skip

HEADER = "order_id event_seq event_type instrument_id account_id trader_id side limit_px order_qty transact_time venue time_in_force\n"
QUOTES = """
instrument_id transact_time seq bid_px ask_px
AAPL          14:29:00      1   99.99  100.01
"""
PRICES = "instrument_id date close volume\n" + "\n".join(
    f"AAPL 2026-11-{day:02} {100 + day % 2} 100000" for day in range(2, 20)
)


def order(
    px, *, side="buy", qty=100, at="14:30:00", order_id="O1", seq=1, account="A1", venue="XNAS", tif="day"
):
    return f"{order_id} {seq} new AAPL {account} T1 {side} {px} {qty} {at} {venue} {tif}"


def given(*lines: str, quotes: str = QUOTES, prices: str = PRICES, **more: str):
    return tables(order_events=HEADER + "\n".join(lines), quotes=quotes, prices=prices, **more)


@pytest.mark.parametrize(("px", "side", "n"), [
    ("104.99", "buy", 0), ("105.01", "buy", 1), ("95.01", "sell", 0), ("94.99", "sell", 1),
    ("1000", "buy", 1), ("10", "sell", 1),
    ("90", "buy", 0), ("10", "buy", 0), ("1000", "sell", 0),  # passive, however far
])  # fmt: skip
def test_only_the_aggressive_side_of_the_collar_is_flagged(px, side, n):
    assert len(alerts(FatFinger, given(order(px, side=side)))) == n


def test_a_slipped_decimal_point_is_critical_and_says_how_far():
    (found,) = alerts(FatFinger, given(order("1000")))
    assert (found["severity"], found["score"]) == ("critical", 100.0)
    assert found["story"][1] == "2. A buy limit stood 900.0% above the mid of 100.0000; the collar is 5.0%."
    assert [(m["name"], round(m["value"], 6), m["threshold"]) for m in found["metrics"]] == [
        ("price_deviation", 9.0, 0.05)
    ]


def test_the_score_of_a_price_grows_with_its_distance():
    scores = [alerts(FatFinger, given(order(px)))[0]["score"] for px in ("106", "110", "118", "140")]
    assert scores == sorted(scores)
    assert scores[0] < 60 < 100 == scores[-1]


def test_a_wide_market_widens_the_collar():
    wide = QUOTES.replace("99.99  100.01", "98     102")
    assert alerts(FatFinger, given(order("119"), quotes=wide)) == []
    assert len(alerts(FatFinger, given(order("121"), quotes=wide))) == 1


@pytest.mark.parametrize(("at", "kind"), [("14:39:00", "mid"), ("14:39:00.000001", "last close")])
def test_a_quote_counts_for_ten_minutes_then_the_last_close_does(at, kind):
    (found,) = alerts(FatFinger, given(order("150", at=at)))
    assert f"above the {kind} of" in found["story"][1]


def test_a_stale_close_is_a_gap_and_not_a_verdict():
    old = given(order("150"), quotes=QUOTES.splitlines()[1], prices=PRICES.replace("2026-11", "2026-09"))
    assert alerts(FatFinger, old) == []
    assert gaps(FatFinger, old) == ["No quote and no recent close to hold the price of some orders against."]


def test_auction_orders_and_options_are_not_held_to_the_collar():
    assert alerts(FatFinger, given(order("150", tif="opg"))) == []
    options = "instrument_id symbol asset_class currency\nAAPL AAPL option USD"
    assert alerts(FatFinger, given(order("150"), instruments=options)) == []


DONE = HEADER.replace("\n", " last_px last_qty\n")


def filled(px, at, *, order_id, qty=100, last_qty=None, seq=1, side="buy", limit="110", trader="T1"):
    """Return an order and its one fill, as rows of DONE."""
    what = f"AAPL A-{trader} {trader} {side} {limit} {qty} {at}"
    return (
        f"{order_id} {seq} new {what} XNAS day - -",
        f"{order_id} {seq + 1} fill {what} XNAS day {px} {qty if last_qty is None else last_qty}",
    )


def traded(*pairs: tuple[str, str]):
    lines = [line for pair in pairs for line in pair]
    return tables(order_events=DONE + "\n".join(lines), quotes=QUOTES, prices=PRICES)


@pytest.mark.parametrize(("px", "done", "score"), [
    ("100.01", 100, 50.0),  # wholly at the touch: a slip that cost nothing
    ("105.01", 100, 66.67), ("100.01", 50, 66.67),  # beyond the collar; the other half may yet be
])  # fmt: skip
def test_a_slip_that_was_done_at_the_touch_scores_less_than_one_that_cost_something(px, done, score):
    (found,) = alerts(FatFinger, traded(filled(px, "14:30:00", order_id="O1", last_qty=done)))
    reached = {m["name"]: m["value"] for m in found["metrics"]}["price_reached"]
    assert (round(found["score"], 2), round(reached, 4)) == (score, round(float(px) / 100 - 1, 4))
    assert ("within the collar" in found["story"][2]) == (px == "100.01")


def protected(traders=5, *, ordinary=0):
    """Return limits a tenth through the market of so many traders, a second each, amid orders at the touch."""
    far = [
        filled("100.01", f"14:29:{n + 1:02}", order_id=f"P{n}", trader=f"X{n % traders}", seq=10 * n)
        for n in range(6)
    ]
    near = [
        filled("100.01", f"14:29:00.{n:06}", order_id=f"N{n}", trader="Y", limit="100.01", qty=n + 1, seq=n)
        for n in range(ordinary)
    ]
    return [*far, *near]


def flagged(given, params=None) -> list[str]:
    return [name for one in alerts(FatFinger, given, params) for name in one["order_ids"]]


LAST = ("14:31:00", {"order_id": "O1", "seq": 900})


@pytest.mark.parametrize(("limit", "px", "n"), [
    ("119.9", "100.01", 0), ("120.1", "100.01", 1),  # twice what is usual
    ("110", "104.99", 0), ("110", "105.01", 1),  # the price it reached is held to the collar all the same
])  # fmt: skip
def test_where_market_orders_are_sent_as_far_limits_the_price_reached_decides(limit, px, n):
    found = flagged(traded(*protected(), filled(px, LAST[0], limit=limit, **LAST[1])))
    assert found.count("O1") == n


@pytest.mark.parametrize(("traders", "ordinary", "n"), [(5, 0, 0), (4, 0, 1), (5, 594, 0), (5, 595, 1)])
def test_a_practice_is_that_of_several_traders_and_of_one_order_in_a_hundred(traders, ordinary, n):
    given = traded(*protected(traders, ordinary=ordinary), filled("100.01", LAST[0], **LAST[1]))
    assert flagged(given).count("O1") == n


def test_the_first_to_send_far_limits_are_flagged_and_later_ones_excuse_nobody():
    assert [name for name in flagged(traded(*protected())) if name in {"P0", "P4", "P5"}] == ["P0", "P4"]


def test_a_story_says_that_far_limits_are_usual_where_they_are():
    given = traded(*protected(), filled("100.01", LAST[0], limit="150", **LAST[1]))
    (told,) = [one["story"] for one in alerts(FatFinger, given) if "O1" in one["order_ids"]]
    assert "Limits up to 20.0% through the market are not unusual in this instrument." in told[2]


HISTORY = [
    order("100", qty=1000 + 10 * i, at=f"14:{i // 2:02}:{30 * (i % 2):02}", order_id=f"H{i}", seq=i)
    for i in range(40)
]


@pytest.mark.parametrize(("qty", "n"), [(10_000, 0), (10_001, 1), (100_000, 1)])
def test_size_is_flagged_above_a_tenth_of_usual_volume_where_there_is_no_history(qty, n):
    assert len(alerts(FatFinger, given(order("100", qty=qty)))) == n


def test_size_is_measured_against_the_accounts_own_history_where_there_is_one():
    large = [line.replace(" 100 1", " 100 11") for line in HISTORY]  # 11,000 and more is usual here
    usual = alerts(FatFinger, given(*large, order("100", qty=20_000, at="15:00:00", seq=99)))
    assert [a["order_ids"] for a in usual if "O1" in a["order_ids"]] == []
    (found,) = [
        a
        for a in alerts(FatFinger, given(*large, order("100", qty=300_000, at="15:00:00", seq=99)))
        if "O1" in a["order_ids"]
    ]
    assert "set by the account's own history" in found["story"][1]


def test_history_that_comes_later_does_not_excuse_an_order():
    later = [line.replace(" 14:", " 16:").replace(" 100 1", " 100 11") for line in HISTORY]
    found = alerts(FatFinger, given(order("100", qty=20_000), *later))
    assert any("O1" in a["order_ids"] for a in found)


NAV = "account_id date currency nav\nA1 2026-11-19 USD {}"


@pytest.mark.parametrize(("nav", "n"), [("5000", 0), ("4999", 1), ("-1", 0)])
def test_an_order_worth_more_than_twice_the_account_is_flagged(nav, n):
    found = alerts(FatFinger, given(order("100", qty=100), daily_nav=NAV.format(nav)))
    assert [m["name"] for a in found for m in a["metrics"]] == ["order_to_nav"] * n


def test_the_contract_size_counts_and_the_value_of_the_same_evening_does_not():
    names = "instrument_id symbol asset_class currency multiplier\nAAPL AAPL future USD 50"
    large = given(order("100", qty=100), daily_nav=NAV.format(200_000), instruments=names)
    assert [a["story"][1] for a in alerts(FatFinger, large)] == [
        "2. One order was worth 2.5 times the account's last net asset value."
    ]
    tonight = NAV.format(200_000).replace("-19", "-20")
    assert alerts(FatFinger, given(order("100", qty=100), daily_nav=tonight, instruments=names)) == []


def burst(n: int, step_us: int, **more) -> list[str]:
    return [
        order(
            "100",
            at=f"14:30:{i * step_us // 10**6:02}.{i * step_us % 10**6:06}",
            order_id=f"B{i}",
            seq=i,
            **more,
        )
        for i in range(n)
    ]


@pytest.mark.parametrize(("n", "step_us", "flagged"), [
    (2, 1000, 0), (3, 500_000, 3), (3, 500_001, 0), (5, 1000, 5),
])  # fmt: skip
def test_three_equal_orders_within_a_second_are_flagged_and_two_are_not(n, step_us, flagged):
    found = alerts(FatFinger, given(*burst(n, step_us)))
    assert sum(len(a["order_ids"]) for a in found) == flagged


@pytest.mark.parametrize("change", [
    lambda i, line: line.replace("XNAS", f"XNY{i}"),  # one slice per venue
    lambda i, line: line.replace(" 100 100 ", f" 100 10{i} "),  # another quantity
    lambda i, line: line.replace(" A1 ", f" A{i} "),  # another account
])  # fmt: skip
def test_orders_that_differ_in_venue_quantity_or_account_are_no_repetition(change):
    lines = [change(i, line) for i, line in enumerate(burst(3, 1000))]
    assert alerts(FatFinger, given(*lines)) == []


def rhythm(qty: int) -> list[str]:
    """Return an order every two seconds, for ten minutes, around a moment."""
    return [
        order("99", qty=qty, at=f"14:{25 + i // 30:02}:{2 * (i % 30):02}.7", order_id=f"R{i}", seq=100 + i)
        for i in range(300)
    ]


@pytest.mark.parametrize(("usual", "n"), [(100, 0), (700, 1)])
def test_a_burst_that_the_accounts_own_pace_explains_is_no_repetition(usual, n):
    found = alerts(FatFinger, given(*burst(3, 100_000, qty=100), *rhythm(usual)))
    assert len(found) == n
    assert [m["name"] for a in found for m in a["metrics"]] == ["repeats", "repeats_by_chance"] * n


def test_thresholds_outside_their_range_are_refused():
    with pytest.raises(ValueError, match="collar must lie between"):
        FatFingerParameters(collar=0.0)
    with pytest.raises(ValueError, match="repeats must be int"):
        FatFingerParameters(repeats=2.5)


FLOW = (order("106"), *burst(3, 1000), order("100", qty=30_000, at="15:00:00", order_id="O9", seq=99))


@pytest.mark.parametrize("change", [
    lambda g: shuffled(g, 1), lambda g: scaled(g, 10), renamed, lambda g: shifted(g, minutes=20),
])  # fmt: skip
def test_the_verdict_does_not_depend_on_order_price_level_names_or_clock(change):
    assert verdict(alerts(FatFinger, change(given(*FLOW)))) == verdict(alerts(FatFinger, given(*FLOW)))


def test_a_mirrored_market_gives_the_mirrored_verdict():
    flow = given(order("110"), order("100", qty=30_000, at="15:00:00", order_id="O9", seq=99))
    turned = mirrored(given(order("90"), order("100", qty=30_000, at="15:00:00", order_id="O9", seq=99)))
    assert verdict(alerts(FatFinger, turned)) == verdict(alerts(FatFinger, flow))


# What test_kit_complete.py holds this detector to.
def wide():
    return given(order("121"), quotes=QUOTES.replace("99.99  100.01", "98     102"))


def no_quote():
    return given(order("150"), quotes=QUOTES.splitlines()[1])


def quoted_before():
    """A minute after the only quote, beyond the collar of the mid and within that of the last close."""
    return given(order("106"))


def old_close():
    """No quote, and the last close is five days old."""
    known = "\n".join(
        line for line in PRICES.splitlines() if line.split()[1] < "2026-11-16" or "date" in line
    )
    return given(order("150"), quotes=QUOTES.splitlines()[1], prices=known)


def used_to_size(qty):
    """An order of an account whose forty orders before were of 11,000 and more."""
    large = [line.replace(" 100 1", " 100 11") for line in HISTORY]
    return given(*large, order("100", qty=qty, at="15:00:00", seq=99))


def poor():
    return given(order("100", qty=100), daily_nav=NAV.format(4000))


def excused(limit="110", *, ordinary=0):
    """A limit through the market where such limits are a practice."""
    return traded(*protected(ordinary=ordinary), filled("100.01", LAST[0], limit=limit, **LAST[1]))


KIT = Kit(
    FatFinger,
    lambda: given(order("106"), order("100", qty=30_000, at="15:00:00", order_id="O9", seq=99)),
    (
        test_only_the_aggressive_side_of_the_collar_is_flagged,
        test_auction_orders_and_options_are_not_held_to_the_collar,
        test_orders_that_differ_in_venue_quantity_or_account_are_no_repetition,
    ),
    {
        "collar": Edge(0.0599, 0.0601, scene=lambda: given(order("106"))),
        "spreads": Edge(5.24, 5.26, scene=wide),
        "sigmas": Edge(47.3, 47.5, scene=no_quote),
        "close_collar": Edge(0.484, 0.486, scene=no_quote),
        "max_quote_age": Edge(60.0, 59.9, scene=quoted_before),
        "max_close_age": Edge(5, 4, scene=old_close),
        "practice_share": Edge(0.151, 0.149, scene=lambda: excused(ordinary=34)),
        "practice_actors": Edge(6, 5, scene=excused),
        "practice_multiple": Edge(1.49, 1.51, scene=lambda: excused("115")),
        "own_multiple": Edge(26.3, 26.4, scene=lambda: used_to_size(300_000)),
        "own_history": Edge(41, 40, scene=lambda: used_to_size(20_000)),
        "adv_share": Edge(0.299, 0.301),
        "nav_multiple": Edge(2.49, 2.51, scene=poor),
        "repeats": Edge(3, 4, scene=lambda: given(*burst(3, 250_000))),
        "repeat_window": Edge(0.501, 0.499, scene=lambda: given(*burst(3, 250_000))),
        "repeat_chance": Edge(0.019, 0.0188, scene=lambda: given(*burst(3, 100_000), *rhythm(100)[::10])),
    },
    changes={"buys for sells": upside_down},
)
