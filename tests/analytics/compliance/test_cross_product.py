"""Cross-product manipulation: the sign of the position decides, and each threshold has two sides."""

import pytest

from analytics.compliance.detectors.cross_product import CrossProduct
from tests.analytics.compliance._declared import Edge, Kit, Near
from tests.analytics.compliance._kit import (
    alerts,
    gaps,
    mirrored,
    tables,
)  # fmt: skip

ACCOUNTS = """
account_id  kind    base_currency  owner_id  link_group
A1          client  USD            O1        -
L1          client  USD            O2        G
L2          client  USD            O3        G
M1          mm      USD            O4        -
"""
NAMES = """
instrument_id  symbol  asset_class  currency  underlying_id  put_call  multiplier
XYZ            XYZ     equity       USD       -              -         1
XYZC           XYZC    option       USD       XYZ            call      100
XYZP           XYZP    option       USD       XYZ            put       100
"""
PRICES = "instrument_id date close volume\n" + "\n".join(
    f"{name} 2026-{10 + n // 28:02}-{1 + n % 28:02} {level + step * (n % 3)} 390000"
    for n in range(46)
    for name, level, step in (("XYZ", 100, 1), ("SIS", 50, 0.5), ("FAR", 20, 0.0 if n % 2 else 0.7))
)
QUOTES = "instrument_id transact_time seq bid_px ask_px\n" + "\n".join(
    f"XYZ {at} {n} {mid - 0.01:.2f} {mid + 0.01:.2f}"
    for n, (at, mid) in enumerate([("14:29:00", 100), ("14:30:20", 101), ("14:45:00", 100)])
)
FILLS = "exec_id account_id instrument_id side last_qty last_px currency liquidity transact_time\n"


def fill(exec_id, name, side, qty, at, *, account="A1", liquidity="taker", px="100"):
    return f"{exec_id} {account} {name} {side} {qty} {px} USD {liquidity} {at}"


HELD = fill("H", "XYZC", "buy", 100, "10:00:00", px="5")  # 100 calls: 5,000 shares' worth
PUSH = [fill("P1", "XYZ", "buy", 250, "14:30:00"), fill("P2", "XYZ", "buy", 250, "14:30:15", px="101")]
HARVEST = fill("S", "XYZC", "sell", 60, "14:30:40", px="6")
BACK = fill("U", "XYZ", "sell", 400, "14:36:00")
FLOW = (HELD, *PUSH, HARVEST, BACK)


def given(*lines, quotes=QUOTES):
    return tables(
        executions=FILLS + "\n".join(lines),
        accounts=ACCOUNTS,
        instruments=NAMES,
        prices=PRICES,
        quotes=quotes,
    )


def test_shares_pushed_up_to_sell_calls_are_alerted_with_both_instruments():
    (found,) = alerts(CrossProduct, given(*FLOW))
    assert found["instrument_ids"] == ["XYZ", "XYZC"]
    assert found["exec_ids"] == ["P1", "P2", "S"]
    values = {m["name"]: m["value"] for m in found["metrics"]}
    assert values["exposure"] == 10.0
    assert values["undone"] == 0.8
    assert found["story"][4] == "5. 80% of the push was undone within 10 minutes."


@pytest.mark.parametrize(("why", "lines"), {
    "a delta hedge: the same numbers with the position reversed": [
        HELD.replace(" buy ", " sell "), *PUSH, HARVEST.replace(" sell ", " buy "), BACK],
    "puts held, which lose when the share rises": [line.replace("XYZC", "XYZP") for line in FLOW],
    "nothing held before": [*PUSH, HARVEST, BACK],
    "the position grows further": [HELD, *PUSH, HARVEST.replace(" sell ", " buy "), BACK],
    "never undone": [HELD, *PUSH, HARVEST],
    "a passive purchase": [line.replace(" taker ", " maker ") for line in FLOW],
    "a market maker": [line.replace(" A1 ", " M1 ") for line in FLOW],
    "an unrelated name": [line.replace("XYZC", "FAR") for line in FLOW],
    "an hour apart": [HELD, *PUSH, HARVEST.replace("14:30:40", "15:30:40"), BACK],
}.items())  # fmt: skip
def test_look_alikes_are_left_alone(why, lines):
    assert alerts(CrossProduct, given(*lines)) == [], why


def test_a_name_that_moves_with_it_is_related_without_any_contract():
    flow = [
        line.replace("XYZC", "SIS").replace(" 100 5 ", " 4000 50 ").replace(" 60 6 ", " 3000 50 ")
        for line in FLOW
    ]
    (found,) = alerts(CrossProduct, given(*flow))
    assert found["instrument_ids"] == ["XYZ", "SIS"]
    assert "beta" in found["story"][2]


@pytest.mark.parametrize(("held", "n"), [(30, 1), (29, 0)])
def test_the_position_must_be_worth_three_pushes(held, n):
    flow = [HELD.replace(" 100 5 ", f" {held} 5 "), *PUSH, HARVEST.replace(" 60 6 ", " 20 6 "), BACK]
    assert len(alerts(CrossProduct, given(*flow))) == n


@pytest.mark.parametrize(("back", "n"), [(250, 1), (249, 0)])
def test_half_of_the_push_must_be_undone(back, n):
    assert len(alerts(CrossProduct, given(HELD, *PUSH, HARVEST, BACK.replace(" 400 ", f" {back} ")))) == n


@pytest.mark.parametrize(("at", "n"), [("14:40:15", 1), ("14:40:16", 0)])
def test_it_must_be_undone_within_ten_minutes(at, n):
    assert len(alerts(CrossProduct, given(HELD, *PUSH, HARVEST, BACK.replace("14:36:00", at)))) == n


@pytest.mark.parametrize(("qty", "n"), [(177, 1), (176, 0)])
def test_the_push_must_be_a_fair_part_of_a_minutes_volume(qty, n):
    flow = [HELD, fill("P1", "XYZ", "buy", qty, "14:30:00"), HARVEST, BACK]
    assert len(alerts(CrossProduct, given(*flow))) == n


def test_a_price_that_did_not_move_was_not_pushed():
    assert alerts(CrossProduct, given(*FLOW, quotes=QUOTES.replace("100.99 101.01", "100.01 100.03"))) == []


def test_linked_accounts_that_share_the_work_are_one_actor():
    flow = [
        line.replace(" A1 ", " L1 ") if n % 2 else line.replace(" A1 ", " L2 ") for n, line in enumerate(FLOW)
    ]
    (found,) = alerts(CrossProduct, given(*flow))
    assert found["actor_group"] == "link:G"


def test_no_quotes_are_a_gap():
    assert "No quotes to look at." in gaps(CrossProduct, {})


# What test_kit_complete.py holds this detector to.
FALLEN = QUOTES.replace("100.99 101.01", "98.99 99.01")


def by_history():
    """The harvest in a name that only moves with the one pushed."""
    swaps = (("XYZC", "SIS"), (" 100 5 ", " 4000 50 "), (" 60 6 ", " 3000 50 "))
    lines = list(FLOW)
    for old, new in swaps:
        lines = [line.replace(old, new) for line in lines]
    return given(*lines)


def loosely_tied():
    """The same where part of the other name's moves are its own."""
    own = "instrument_id date close volume\n" + "\n".join(
        f"{name} 2026-{10 + n // 28:02}-{1 + n % 28:02} {level + step * (n % 3) + noise * (n % 2)} 390000"
        for n in range(46)
        for name, level, step, noise in (("XYZ", 100, 1, 0), ("SIS", 50, 0.6, 0.15))
    )
    return by_history() | tables(prices=own)


KIT = Kit(
    CrossProduct,
    lambda: given(*FLOW),
    (test_look_alikes_are_left_alone,),
    {
        "share": Edge(0.333, 0.334),
        "sigmas": Edge(13.5, 13.53),
        "window": Edge(25, 24),
        "exposure": Edge(9.99, 10.01),
        "unwind": Edge(0.8, 0.81),
        "unwind_seconds": Edge(345, 344),
        "beta": Edge(0.999, 1.001, scene=by_history),
        "r2": Edge(0.967, 0.97, scene=loosely_tied),
        "sessions": Edge(91, 92, scene=by_history),
    },
    changes={"buys for sells": Near(lambda _: mirrored(given(*FLOW, quotes=FALLEN)), by=2.0)},
)
