"""Stop triggering: who pushed the price to a client's stop, who knew of it, and stops that merely went."""

import pytest

from analytics.compliance.checklists import abuse_type
from analytics.compliance.detectors.stop_triggering import StopTriggering, StopTriggeringParameters
from tests.analytics.compliance._declared import Edge, Kit, upside_down
from tests.analytics.compliance._kit import alerts, gaps, tables

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
    "order_id event_seq event_type ord_type instrument_id account_id trader_id desk side stop_px order_qty "
    "last_qty last_px exec_id liquidity capacity transact_time received_time parent_order_id\n"
)
QUOTES = """
instrument_id  transact_time  seq  bid_px  bid_qty  ask_px  ask_qty
AAPL           14:00:00       1    99.99   100      100.01  100
AAPL           14:30:20       2    99.89   100      99.91   100
AAPL           14:30:31       3    99.78   100      99.80   100
"""
SAID = "message_id transact_time sender_id recipient_ids text instrument_ids\nM1 {at} T1 {to} hint AAPL"


def waiting(*, px="99.80", side="sell", kind="stop", at="13:30:00", received="13:29:00", went="14:30:30",
            account="C1", event="trigger", trader="T1"):  # fmt: skip
    """Return a client's order that waits for a price, and the moment it went."""
    who = f"AAPL {account} {trader} D1 {side}"
    lines = [f"C 1 new {kind} {who} {px} 1000 - - - - agency {at} {received} -"]
    if event == "trigger":
        lines.append(f"C 2 trigger {kind} {who} {px} 1000 - - - - agency {went} - -")
    if went:
        lines.append(f"C 3 fill {kind} {who} {px} 1000 1000 99.78 EC taker agency {went} - -")
    return "\n".join(lines)


def traded(order, at, px, *, qty=100, side="sell", account="P1", trader="T1", desk="D1", role="taker",
           capacity="principal", entered=None, kind="limit", stop="-", parent="-"):  # fmt: skip
    """Return an own order and its only fill."""
    who = f"{kind} AAPL {account} {trader} {desk} {side} {stop} {qty}"
    new = f"{order} 1 new {who} - - - - {capacity} {entered or at} - {parent}"
    return f"{new}\n{order} 2 fill {who} {qty} {px} E{order} {role} {capacity} {at} - {parent}"


def push(**more):
    """Return three sales within twenty seconds, down to the stop."""
    pieces = (("A1", "14:30:10", "99.97"), ("A2", "14:30:20", "99.88"), ("A3", "14:30:30", "99.80"))
    return [traded(order, at, px, **more) for order, at, px in pieces]


def cover(**more):
    return traded("X1", "14:31:00", "99.70", qty=300, **{"side": "buy"} | more)


def given(*lines, quotes=QUOTES, **more: str):
    return tables(order_events=HEADER + "\n".join(lines), accounts=ACCOUNTS, quotes=quotes, **more)


def whole(**more):
    return given(waiting(), *push(**more), cover(**more))


def test_a_push_to_a_stop_the_trader_watches_is_told_with_what_it_took():
    (found,) = alerts(StopTriggering, whole())
    assert (found["severity"], found["actor_group"]) == ("high", "owner:T1")
    assert found["order_ids"] == ["A1", "A2", "A3", "C", "X1"]
    assert found["exec_ids"] == ["EA1", "EA2", "EA3"]
    assert found["story"][0] == (
        "1. The stop order C of client account C1 over 1,000 units of AAPL waited at 99.8000, known from 13:29:00 "
        "UTC on 2026-11-20; the market stood 10.0 spreads away."
    )
    assert found["story"][1] == (
        "2. Trader T1 sold 300 units for P1, 3.0 times what was shown at the touch, and took the price down from "
        "100.0000 to 99.8000."
    )
    assert found["story"][2].startswith("3. The order was triggered 20.0 seconds after")
    assert found["story"][4] == "5. It was bought again at 99.7000, a gain of 55.00 or 9.2 spreads."
    # 40 for the trader, two thirds of 20 for the time, 3 of 10 times the touch, 9.2 of 10 spreads.
    assert found["score"] == pytest.approx(40 + 20 * 2 / 3 + 20 * 0.3 + 20 * 55 / 60, abs=0.01)
    assert abuse_type("stop_triggering") == "front_running"


LOOK_ALIKES = {
    "sold when the stop had gone": [
        waiting(), *(line.replace("14:30:", "14:31:") for line in push()), cover().replace("14:31", "14:32")],
    "bought while it fell": [waiting(), *push(side="buy"), cover(side="sell")],
    "a maker whose bids were hit": [waiting(), *push(account="M1", role="maker"), cover(account="M1")],
    "another desk, which knew nothing": [
        waiting(), *push(account="H1", trader="T5", desk="D5"), cover(account="H1", trader="T5", desk="D5")],
    "riskless principal": [
        waiting(), *push(account="H1", capacity="riskless"), cover(account="H1", capacity="riskless")],
    "for another client": [waiting(), *push(account="C9"), cover(account="C9")],
    "decided before the stop was given": [waiting(), *push(entered="13:28:00"), cover()],
    "slices of a programme decided before": [
        waiting(), "B 1 new limit AAPL P1 T1 D1 sell - 300 - - - - principal 13:00:00 - -",
        *push(parent="B"), cover()],
    "a stop of one's own at the same price": [waiting(), *push(kind="stop", stop="99.80"), cover()],
    "less than was shown": [waiting(), *push(qty=60), cover()],
    "the market fell, one sale on the way": [waiting(), traded("A1", "14:30:10", "99.97", qty=300), cover()],
    "a stop within the noise": [waiting(px="99.97"), *push(), cover()],
    "a stop that never went": [waiting(went=None, event=None), *push(), cover()],
    "a stop lifted before": [
        waiting(), "C 9 replace stop AAPL C1 T1 D1 sell 99.97 1000 - - - - agency 14:29:00 - -", *push(), cover()],
    "a limit order of the client": [waiting(px="-", kind="limit"), *push(), cover()],
}  # fmt: skip


@pytest.mark.parametrize("why", LOOK_ALIKES)
def test_look_alikes_are_left_alone(why):
    assert alerts(StopTriggering, given(*LOOK_ALIKES[why])) == []


def test_a_sale_that_waits_above_is_triggered_by_buying():
    up = "instrument_id transact_time seq bid_px bid_qty ask_px ask_qty\nAAPL 14:00:00 1 99.99 100 100.01 100"
    pieces = (("A1", "14:30:10", "100.03"), ("A2", "14:30:20", "100.12"), ("A3", "14:30:30", "100.20"))
    rising = [traded(order, at, px, side="buy") for order, at, px in pieces]
    out = traded("X1", "14:31:00", "100.30", qty=300)
    (found,) = alerts(
        StopTriggering, given(waiting(px="100.20", kind="take_profit"), *rising, out, quotes=up)
    )
    assert "The take-profit order C" in found["story"][0]
    assert alerts(StopTriggering, given(waiting(px="100.20"), *rising, out, quotes=up)) == []


def test_without_a_record_of_the_trigger_the_first_fill_tells():
    assert len(alerts(StopTriggering, given(waiting(event=None), *push(), cover()))) == 1


@pytest.mark.parametrize(("at", "to", "n"), [
    ("14:00:00", "T9", 1), ("14:00:00", "T8", 0), ("14:30:10", "T9", 0), ("13:28:59", "T9", 0),
])  # fmt: skip
def test_a_message_between_the_order_and_the_push_makes_a_stranger_one_who_knew(at, to, n):
    stranger = {"account": "P2", "trader": "T9", "desk": "D9"}
    rows = given(waiting(), *push(**stranger), cover(**stranger), messages=SAID.format(at=at, to=to))
    found = alerts(StopTriggering, rows)
    assert [one["message_ids"] for one in found] == [["M1"]] * n


def test_a_desk_colleague_knows_less_than_the_trader():
    mate = {"account": "H1", "trader": "T5", "capacity": "principal"}
    (less,), (more,) = alerts(StopTriggering, whole(**mate)), alerts(StopTriggering, whole())
    assert less["score"] == pytest.approx(more["score"] - 15)
    assert less["actor_group"] == "trader:T5"


def test_several_stops_taken_by_one_push_are_one_alert():
    second = waiting(px="99.86", went="14:30:25").replace("C ", "D ", 1).replace("\nC ", "\nD ")
    (found,) = alerts(StopTriggering, given(waiting(), second, *push(), cover()))
    assert "2 client orders were triggered that way." in " ".join(found["story"])
    assert {"C", "D"} <= set(found["order_ids"])


def test_linked_accounts_that_share_the_push_are_one_actor():
    spread = [line.replace("P1", ("P3", "P4")[n % 2]) for n, line in enumerate(push())]
    (found,) = alerts(StopTriggering, given(waiting(), *spread, cover(account="P3")))
    assert (found["actor_group"], found["order_ids"][:3]) == ("link:fam", ["A1", "A2", "A3"])


def test_what_it_cannot_see_is_said():
    bare = given(waiting(px="-"), *push(), cover())
    assert "Client stop orders carry no stop price; they were not judged." in gaps(StopTriggering, bare)
    none = given(waiting(px="-", kind="limit"), *push())
    assert "No stop or take-profit order of a client is on record; none could be judged." in gaps(
        StopTriggering, none
    )
    early = QUOTES.replace("14:00:00", "14:30:11")
    assert "No quote before own trades at a client's stop; who moved the price was not judged." in gaps(
        StopTriggering, given(waiting(), *push(), quotes=early)
    )
    unsaid = given(waiting(), *push(role="-"), cover())
    assert alerts(StopTriggering, unsaid) == []
    assert any("do not say whether they were aggressive" in one for one in gaps(StopTriggering, unsaid))
    assert gaps(StopTriggering, whole()) == []


def test_thresholds_out_of_range_are_refused():
    with pytest.raises(ValueError, match="window must lie between"):
        StopTriggeringParameters(window=0.5)


# What test_kit_complete.py holds this detector to.
def told_at_two():
    """A stranger who was told half an hour and ten seconds before his first sale."""
    stranger = {"account": "P2", "trader": "T9", "desk": "D9"}
    told = SAID.format(at="14:00:00", to="T9")
    return given(waiting(), *push(**stranger), cover(**stranger), messages=told)


KIT = Kit(
    StopTriggering,
    whole,
    (test_look_alikes_are_left_alone,),
    {
        "window": Edge(20.0, 19.9, others={"taken": 2.5}),
        "distance": Edge(10.0, 10.1),
        "reach": Edge(1.0, 1.01),
        "taken": Edge(3.0, 3.01),
        "message_lead": Edge(1810.0, 1809.0, scene=told_at_two),
        "exit_window": Edge(30.0, 29.9, others={"min_score": 70.0}),
        "min_score": Edge(77.6, 77.7),
    },
    changes={"buys for sells": upside_down},
)
