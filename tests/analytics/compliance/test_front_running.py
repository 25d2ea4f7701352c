"""Front running: who knew, when, who gained, and the trades that only look like it."""

import pytest

from analytics.compliance.detectors.front_running import FrontRunning, FrontRunningParameters
from tests.analytics.compliance._declared import Edge, Kit, upside_down
from tests.analytics.compliance._kit import (
    alerts,
    gaps,
    tables,
)  # fmt: skip

ACCOUNTS = """
account_id  kind      base_currency  owner_id  link_group
C1          client    USD            pension   -
P1          personal  USD            T1        -
P2          personal  USD            T9        -
P3          personal  USD            spouse    fam
P4          personal  USD            child     fam
H1          house     USD            firm      -
M1          mm        USD            firm      -
"""
HEADER = (
    "order_id event_seq event_type instrument_id account_id trader_id desk side order_qty last_qty last_px "
    "liquidity capacity transact_time received_time parent_order_id\n"
)
QUOTES = "instrument_id transact_time seq bid_px ask_px\n" + "\n".join(
    f"{name} 14:{n:02}:00 {n} {100 + n / 50 - 0.01} {100 + n / 50 + 0.01}"
    for name in ("AAPL", "AAPLC")
    for n in range(10, 60)
)
NAMES = """
instrument_id  symbol  asset_class  currency  underlying_id  put_call  multiplier
AAPL           AAPL    equity       USD       -              -         1
AAPLC          AAPLC   option       USD       AAPL           call      100
"""


def done(order, account, trader, *, side="buy", qty=100, px="100", at="14:11:00", fill=None, received="-",
         desk="D1", liquidity="taker", capacity="principal", instrument="AAPL", parent="-"):  # fmt: skip
    seq = int(at.replace(":", "").split(".")[0])
    new = f"{order} {seq} new {instrument} {account} {trader} {desk} {side} {qty} - - - {capacity} {at} {received} {parent}"
    got = (
        f"{order} {seq + 1} fill {instrument} {account} {trader} {desk} {side} {qty} {qty} {px} {liquidity} "
        f"{capacity} {fill or at} - {parent}"
    )
    return f"{new}\n{got}"


CLIENT = done("C", "C1", "T1", qty=1000, px="100.4", at="14:15:00", fill="14:30:00", received="14:10:00")
AHEAD = done("A", "P1", "T1", px="100.2", at="14:11:00")
OUT = done("X", "P1", "T1", side="sell", px="100.8", at="14:40:00")


def given(*lines: str, quotes=QUOTES, accounts=ACCOUNTS, **more: str):
    return tables(
        order_events=HEADER + "\n".join(lines), accounts=accounts, quotes=quotes, instruments=NAMES, **more
    )


def test_a_private_purchase_between_receipt_and_entry_of_the_clients_order_is_alerted():
    (found,) = alerts(FrontRunning, given(CLIENT, AHEAD, OUT))
    assert (found["severity"], found["actor_group"]) == ("critical", "owner:T1")
    assert found["order_ids"] == ["A", "C", "X"]
    assert {"kind": "account", "id": "P1"} in found["actors"]
    assert found["story"][0].startswith(
        "1. The order C of client account C1 over 1,000 units of AAPL was known from 14:10"
    )
    assert found["story"][1].startswith("2. 60.0 seconds later trader T1 bought 100 units of AAPL for P1")
    assert found["story"][3] == "4. It was sold again at 100.8000, a gain of 60.00 or 30.0 spreads."
    assert {m["name"] for m in found["metrics"]} == {"lead_time", "knowledge", "gain", "entry_luck"}


@pytest.mark.parametrize(("why", "lines"), {
    "bought before the client called": [CLIENT, AHEAD.replace("14:11:00", "14:08:59"), OUT],
    "bought after the client was done": [CLIENT, done("A", "P1", "T1", px="100.2", at="14:30:01"), OUT],
    "the other way": [CLIENT, AHEAD.replace(" buy ", " sell "), OUT.replace(" sell ", " buy ")],
    "a stranger on another desk": [
        CLIENT, done("A", "H1", "T5", px="100.2", desk="D5"),
        done("X", "H1", "T5", side="sell", px="100.8", at="14:40:00", desk="D5")],
    "a maker's quote that was hit": [
        CLIENT, done("A", "M1", "T2", px="100.2", liquidity="maker"),
        done("X", "M1", "T2", side="sell", px="100.8", at="14:40:00", liquidity="maker")],
    "riskless principal": [CLIENT, done("A", "H1", "T1", px="100.2", capacity="riskless"),
                           done("X", "H1", "T1", side="sell", px="100.8", at="14:40:00")],
    "a slice of a programme decided before": [
        CLIENT,
        "B 1 new AAPL H1 T1 D1 buy 100 - - - principal 14:00:00 - -",
        done("A", "H1", "T1", px="100.2", parent="B"),
        done("X", "H1", "T1", side="sell", px="100.8", at="14:40:00")],
    "worse than the client": [CLIENT, AHEAD.replace("100.2", "100.5"), OUT],
    "no gain": [CLIENT, AHEAD, OUT.replace("100.8", "100.21")],
    "never closed": [CLIENT, AHEAD],
    "as large as the client's": [CLIENT, AHEAD.replace(" 100 ", " 400 "), OUT],
    "another client": [CLIENT, AHEAD.replace("P1", "C9"), OUT.replace("P1", "C9")],
    "the hedge of calls just sold": [
        CLIENT, done("H", "P1", "T1", side="sell", qty=2, px="3", at="14:10:30", instrument="AAPLC"), AHEAD, OUT],
}.items())  # fmt: skip
def test_look_alikes_are_left_alone(why, lines):
    assert alerts(FrontRunning, given(*lines)) == [], why


def test_the_same_numbers_with_the_hedge_the_other_way_are_no_hedge():
    calls = done("H", "P1", "T1", side="buy", qty=2, px="3", at="14:10:30", instrument="AAPLC")
    assert len(alerts(FrontRunning, given(CLIENT, calls, AHEAD, OUT))) == 1


def test_calls_bought_ahead_of_a_clients_shares_are_seen():
    calls = done("A", "P1", "T1", qty=1, px="3", instrument="AAPLC")
    out = done("X", "P1", "T1", side="sell", qty=1, px="5", at="14:40:00", instrument="AAPLC")
    (found,) = alerts(FrontRunning, given(CLIENT, calls, out))
    assert found["instrument_ids"] == ["AAPLC", "AAPL"]


SAID = "message_id transact_time sender_id recipient_ids text instrument_ids\nM1 {at} T1 {to} hint AAPL"


@pytest.mark.parametrize(("at", "n"), [("14:09:00", 1), ("14:09:30", 0), ("14:15:00", 0), ("13:39:59", 0)])
def test_a_message_sets_the_moment_to_the_second_and_makes_a_stranger_one_who_knew(at, n):
    early = done("A", "P2", "T9", px="100.2", at="14:09:20", desk="D9")
    out = done("X", "P2", "T9", side="sell", px="100.8", at="14:40:00", desk="D9")
    found = alerts(FrontRunning, given(CLIENT, early, out, messages=SAID.format(at=at, to="T9")))
    assert len(found) == n
    assert [a["message_ids"] for a in found] == [["M1"]] * n


def test_a_message_to_somebody_else_tells_nothing():
    early = done("A", "P2", "T9", px="100.2", at="14:11:00", desk="D9")
    out = done("X", "P2", "T9", side="sell", px="100.8", at="14:40:00", desk="D9")
    said = SAID.format(at="14:09:00", to="T8")
    assert alerts(FrontRunning, given(CLIENT, early, out, messages=said)) == []


@pytest.mark.parametrize(
    ("at", "n"), [("14:09:00", 1), ("14:08:59.999999", 0), ("14:29:59.999999", 1), ("14:30:00", 0)]
)
def test_the_window_runs_from_a_minute_before_receipt_to_the_clients_last_fill(at, n):
    ahead = done("A", "P1", "T1", px="99", at=at)
    assert len(alerts(FrontRunning, given(CLIENT, ahead, OUT))) == n


@pytest.mark.parametrize(("px", "n"), [("100.23", 1), ("100.21", 0)])
def test_a_gain_counts_from_a_spread_upwards(px, n):
    assert len(alerts(FrontRunning, given(CLIENT, AHEAD, OUT.replace("100.8", px)))) == n


@pytest.mark.parametrize(("qty", "n"), [(333, 1), (335, 0)])
def test_the_client_must_be_three_times_as_large(qty, n):
    ahead, out = (line.replace(" 100 ", f" {qty} ") for line in (AHEAD, OUT))
    assert len(alerts(FrontRunning, given(CLIENT, ahead, out))) == n


def test_orders_that_are_small_for_the_desk_are_not_worth_running_ahead_of():
    usual = [
        done(f"U{n}", "C1", "T1", qty=5000, px="100.4", at=f"13:{n:02}:00", received=f"13:{n:02}:00")
        for n in range(30)
    ]
    assert alerts(FrontRunning, given(CLIENT, AHEAD, OUT, *usual)) == []
    wide = FrontRunningParameters(desk_percentile=0.0)
    assert len(alerts(FrontRunning, given(CLIENT, AHEAD, OUT, *usual), wide)) == 1


def test_a_desk_colleague_knows_less_than_the_trader_and_time_tells():
    mate = given(
        CLIENT,
        done("A", "H1", "T5", px="100.2"),
        done("X", "H1", "T5", side="sell", px="100.8", at="14:40:00"),
    )
    late = given(CLIENT, done("A", "P1", "T1", px="100.2", at="14:25:00"), OUT)
    full = given(CLIENT, AHEAD, OUT)
    scores = [alerts(FrontRunning, one)[0]["score"] for one in (mate, late, full)]
    assert scores[0] < scores[2]
    assert scores[1] < scores[2]


def test_splitting_over_linked_accounts_is_still_one_alert():
    half = AHEAD.replace(" 100 ", " 50 ")
    lines = [
        half.replace("P1", "P3"), half.replace("P1", "P4").replace("A ", "B ", 1).replace("\nA ", "\nB "),
        OUT.replace("P1", "P3"),
    ]  # fmt: skip
    (found,) = alerts(FrontRunning, given(CLIENT, *lines))
    assert (found["actor_group"], found["order_ids"]) == ("link:fam", ["A", "B", "C", "X"])


def test_a_client_order_without_time_of_receipt_is_a_gap_judged_from_its_entry():
    blank = CLIENT.replace("14:15:00 14:10:00", "14:15:00 -")
    assert alerts(FrontRunning, given(blank, AHEAD, OUT)) == []
    assert "Client orders carry no time of receipt; their entry was used." in gaps(
        FrontRunning, given(blank, AHEAD, OUT)
    )


def test_no_orders_are_a_gap():
    assert "No order events to look at." in gaps(FrontRunning, {})


# What test_kit_complete.py holds this detector to.
def desk_of_thirty():
    """Client orders of one desk from 100 to 3,000 units."""
    return [
        done(f"U{n}", "C1", "T1", qty=100 * (n + 1), px="100.4", at=f"13:{n:02}:00", received=f"13:{n:02}:00")
        for n in range(30)
    ]


def half_a_minute_early():
    return given(CLIENT, done("A", "P1", "T1", px="99", at="14:09:30"), OUT)


def told_early():
    """A stranger who was told twenty-five minutes before the order was received."""
    own = done("A", "P2", "T9", px="100.2", at="14:09:20", desk="D9")
    out = done("X", "P2", "T9", side="sell", px="100.8", at="14:40:00", desk="D9")
    return given(CLIENT, own, out, messages=SAID.format(at="13:45:00", to="T9"))


def hedge():
    """Shares bought thirty seconds after calls were sold."""
    calls = done("H", "P1", "T1", side="sell", qty=2, px="3", at="14:10:30", instrument="AAPLC")
    return given(CLIENT, calls, AHEAD, OUT)


KIT = Kit(
    FrontRunning,
    lambda: given(CLIENT, AHEAD, OUT),
    (test_look_alikes_are_left_alone,),
    {
        "desk_percentile": Edge(0.333, 0.3345, scene=lambda: given(CLIENT, AHEAD, OUT, *desk_of_thirty())),
        "desk_history": Edge(32, 31, scene=lambda: given(CLIENT, AHEAD, OUT, *desk_of_thirty())),
        "size_multiple": Edge(10.0, 10.1),
        "clock_tolerance": Edge(30.0, 29.9, scene=half_a_minute_early),
        "message_lead": Edge(1500.0, 1499.0, scene=told_early),
        "exit_window": Edge(1740.0, 1739.0),
        "longest_order": Edge(1200.0, 1199.0),
        "hedge_window": Edge(29.0, 30.0, scene=hedge),
        "lead_scale": Edge(600.0, 590.0, others={"min_score": 98.5}),
        "min_score": Edge(98.4, 98.6),
    },
    changes={"buys for sells": upside_down},
)
