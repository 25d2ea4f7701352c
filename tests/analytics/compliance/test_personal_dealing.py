"""Personal dealing: each rule on both sides of its bound, and what the rules leave out."""

from datetime import UTC, datetime

import pytest

from analytics.compliance.detectors.personal_dealing import PersonalDealing, PersonalDealingParameters
from tests.analytics.compliance._declared import Edge, Kit, Waived
from tests.analytics.compliance._kit import (
    alerts,
    gaps,
    lists,
    mirrored,
    renamed,
    scaled,
    shifted,
    shuffled,
    tables,
    verdict,
)  # fmt: skip

ACCOUNTS = """
account_id  kind      base_currency  owner_id  link_group  pad    desk
P1          personal  USD            ann       -           true   D1
P2          personal  USD            spouse    ann-fam     true   D1
P3          personal  USD            child     ann-fam     true   D1
M1          personal  USD            ann       -           false  D1
C1          client    USD            pension   -           -      D1
"""
NAMES = """
instrument_id  symbol  asset_class  currency  issuer  underlying_id
AAPL           AAPL    equity       USD       Apple   -
AAPLC          AAPLC   option       USD       -       AAPL
SPIX           SPIX    fund         USD       -       -
"""
APPROVED = (
    "preclearance_id person_id account_id instrument_id side quantity status valid_from valid_to waives\n"
)
YES = "A1 ann P1 AAPL buy 100 approved 2026-11-20T14:00:00Z 2026-11-20T15:00:00Z -"
OTHER = "A9 bob - MSFT buy 100 approved 2026-11-20T14:00:00Z 2026-11-20T15:00:00Z -"
FILLS = "exec_id order_id account_id trader_id desk instrument_id side last_qty last_px currency transact_time strategy\n"


def trade(exec_id="E1", account="P1", *, side="buy", qty=100, at="14:30:00", name="AAPL", strategy="-"):
    return f"{exec_id} O{exec_id} {account} ann D1 {name} {side} {qty} 190 USD {at} {strategy}"


def given(*lines: str, approvals=(YES,), **more: str):
    return tables(
        executions=FILLS + "\n".join(lines), accounts=ACCOUNTS, instruments=NAMES,
        preclearances=APPROVED + "\n".join([*approvals, OTHER]), **more,
    )  # fmt: skip


def rules(found: list[dict]) -> list[str]:
    return [
        line.split("Rule broken: ")[1].split(",")[0].split(" (")[0].rstrip(".")
        for one in found
        for line in one["story"]
        if "Rule broken" in line
    ]


def test_a_trade_without_an_approval_is_alerted_with_its_person_and_execution():
    (found,) = alerts(PersonalDealing, given(trade(), approvals=()))
    assert (found["severity"], found["score"], found["exec_ids"]) == ("high", 70.0, ["E1"])
    assert {"kind": "person", "id": "ann"} in found["actors"]
    assert found["story"][0] == (
        "1. At 14:30:00 UTC on 2026-11-20, ann bought 100 units of AAPL in P1, which personal dealing rules cover."
    )


@pytest.mark.parametrize(
    ("at", "n"), [("13:59:59.999999", 1), ("14:00:00", 0), ("14:59:59.999999", 0), ("15:00:00", 1)]
)
def test_an_approval_covers_its_first_instant_and_not_its_last(at, n):
    found = alerts(PersonalDealing, given(trade(at=at)))
    assert rules(found) == ["the approval did not cover that time"] * n


@pytest.mark.parametrize(("qty", "n"), [(100, 0), (101, 1)])
def test_an_approval_covers_its_quantity_over_all_trades(qty, n):
    found = alerts(PersonalDealing, given(trade(qty=60), trade("E2", qty=qty - 60, at="14:40:00")))
    assert rules(found) == ["more was traded than approved by 1%"] * n


def test_two_approvals_at_once_add_up():
    more = YES.replace("A1", "A2").replace(" 100 ", " 50 ")
    assert alerts(PersonalDealing, given(trade(qty=150), approvals=(YES, more))) == []


@pytest.mark.parametrize(("qty", "lapsed", "n"), [(100, "14:30", 0), (101, "14:30", 1), (100, "14:15", 1)])
def test_what_was_traded_on_an_approval_lapsed_since_uses_up_nothing_of_the_one_in_force(qty, lapsed, n):
    # Fifty were bought at 14:20: on the second approval, unless that had lapsed before.
    more = YES.replace("A1", "A2").replace(" 100 ", " 50 ").replace("15:00", lapsed)
    found = alerts(
        PersonalDealing,
        given(trade(qty=50, at="14:20:00"), trade("E2", qty=qty, at="14:40:00"), approvals=(YES, more)),
    )
    assert [said.startswith("more was traded than approved") for said in rules(found)] == [True] * n


@pytest.mark.parametrize("change", [
    ("approved", "denied"), ("approved", "pending"), (" buy ", " sell "), (" P1 ", " P9 "), ("AAPL", "MSFT"),
    ("ann P1", "bob -"),
])  # fmt: skip
def test_an_approval_of_something_else_is_none(change):
    found = alerts(PersonalDealing, given(trade(), approvals=(YES.replace(*change),)))
    assert rules(found) == ["no approval was asked for"]


def test_an_approval_of_the_person_covers_any_account_of_theirs_and_either_side():
    general = "A1 ann - AAPL - - approved 2026-11-20T14:00:00Z 2026-11-20T15:00:00Z -"
    assert alerts(PersonalDealing, given(trade(qty=9999, side="sell"), approvals=(general,))) == []


@pytest.mark.parametrize(("why", "lines"), {
    "a client's trade": [trade(account="C1")],
    "an account managed at discretion": [trade(account="M1")],
    "a fund": [trade(name="SPIX")],
    "a reinvested dividend": [trade(strategy="dividend_reinvestment")],
    "an account nobody knows": [trade(account="X1")],
}.items())  # fmt: skip
def test_what_the_rules_leave_out_is_left_alone(why, lines):
    assert alerts(PersonalDealing, given(*lines, approvals=())) == [], why


def held(sold: str, waives="-"):
    bought = YES.replace("2026-11-20", "2026-10-21").replace("A1", "A0")
    sell = f"A2 ann P1 AAPL sell 100 approved 2026-11-01T00:00:00Z 2026-12-01T00:00:00Z {waives}"
    return given(
        trade("E0", at="2026-10-21T14:30:00Z"), trade(side="sell", at=sold), approvals=(bought, sell)
    )


@pytest.mark.parametrize(("sold", "n"), [("2026-11-20T14:29:59Z", 1), ("2026-11-20T14:30:00Z", 0)])
def test_thirty_days_must_lie_between_opposite_trades(sold, n):
    assert rules(alerts(PersonalDealing, held(sold))) == ["it was closed again too soon"] * n


def test_the_holding_period_can_be_lifted_by_the_approval():
    assert alerts(PersonalDealing, held("2026-11-01T14:30:00Z", waives="holding_period")) == []


@pytest.mark.parametrize(
    ("subject", "kind", "n"),
    [(None, "restricted", 1), ("ann", "insider", 1), ("bob", "insider", 0), (None, "watch", 0)],
)
def test_a_listed_name_is_barred_even_with_an_approval_and_the_watch_list_stays_silent(subject, kind, n):
    entry = {
        "instrument_id": "AAPL", "valid_from": datetime(2026, 11, 20, 14, 30, tzinfo=UTC), "list_type": kind,
        "subject_kind": "person" if subject else "firm", "subject_id": subject,
    }  # fmt: skip
    found = alerts(PersonalDealing, given(trade()) | lists(entry))
    assert [(a["score"], a["severity"]) for a in found] == [(95.0, "critical")] * n


def test_calls_on_a_listed_name_are_barred_too():
    entry = {"instrument_id": "AAPL", "valid_from": datetime(2026, 11, 20, 14, 30, tzinfo=UTC)}
    approved = YES.replace("AAPL", "AAPLC")
    assert len(alerts(PersonalDealing, given(trade(name="AAPLC"), approvals=(approved,)) | lists(entry))) == 1


ORDERS = (
    "order_id event_seq event_type instrument_id account_id trader_id desk side order_qty last_qty last_px "
    "transact_time received_time\n"
    "C 1 new AAPL C1 bob D1 {side} 5000 - - 2026-11-25T15:00:00Z {received}\n"
    "C 2 fill AAPL C1 bob D1 {side} 5000 5000 191 2026-11-25T15:05:00Z -"
)


@pytest.mark.parametrize(("received", "side", "rule"), [
    ("2026-11-25T14:30:00Z", "buy", ["the desk's client traded the same way shortly after"]),
    ("2026-11-25T14:30:01Z", "buy", []),
    ("2026-11-25T14:30:00Z", "sell", []),
])  # fmt: skip
def test_a_trade_up_to_five_days_before_a_block_of_the_desk_is_near(received, side, rule):
    blocks = ORDERS.format(received=received, side=side)
    strict = PersonalDealingParameters(trust_approval=False)
    assert rules(alerts(PersonalDealing, given(trade(), order_events=blocks), strict)) == rule
    assert alerts(PersonalDealing, given(trade(), order_events=blocks)) == []


def test_research_bars_the_day_before_and_after():
    news = "news_id published_time instrument_ids headline event_type\nN1 2026-11-21T14:{}Z AAPL Initiation research"
    strict = PersonalDealingParameters(trust_approval=False)
    near = [
        alerts(PersonalDealing, given(trade(), news=news.format(at)), strict) for at in ("30:00", "30:01")
    ]
    assert [len(found) for found in near] == [1, 0]


def test_without_any_approval_on_record_approvals_are_a_gap_and_other_rules_still_hold():
    none = tables(executions=FILLS + trade(), accounts=ACCOUNTS, instruments=NAMES)
    assert alerts(PersonalDealing, none) == []
    assert gaps(PersonalDealing, none) == ["Private trades were made, but no approvals are on record at all."]
    turned = tables(
        executions=FILLS + trade() + "\n" + trade("E2", side="sell", at="15:30:00"), accounts=ACCOUNTS
    )
    assert rules(alerts(PersonalDealing, turned)) == ["it was closed again too soon"]


def test_linked_household_accounts_make_one_alert():
    lines = [trade("E1", "P2", qty=50), trade("E2", "P3", qty=50)]
    (found,) = alerts(PersonalDealing, given(*lines, approvals=()))
    assert (found["actor_group"], found["exec_ids"]) == ("link:ann-fam", ["E1", "E2"])


def test_no_executions_are_a_gap():
    assert sorted(gaps(PersonalDealing, {})) == ["No accounts to look at.", "No executions to look at."]


@pytest.mark.parametrize("change", [
    lambda g: shuffled(g, 1), lambda g: scaled(g, 10), mirrored, lambda g: shifted(g, hours=2),
    lambda g: shifted(g, days=40),
])  # fmt: skip
def test_the_verdict_does_not_depend_on_order_price_level_clock_or_side(change):
    base = given(trade(), trade("E2", qty=30, at="14:50:00"), trade("E3", "P2", at="15:30:00"))
    assert verdict(alerts(PersonalDealing, change(base))) == verdict(alerts(PersonalDealing, base))


def test_the_verdict_does_not_depend_on_names():
    base = given(trade(at="16:00:00"), approvals=())
    assert verdict(alerts(PersonalDealing, renamed(base))) == verdict(alerts(PersonalDealing, base))


# What test_kit_complete.py holds this detector to.
def before_a_block():
    """A private trade five days before a large client order of the desk the same way."""
    return given(trade(), order_events=ORDERS.format(received="2026-11-25T14:30:00Z", side="buy"))


def near_research():
    news = "news_id published_time instrument_ids headline event_type\nN1 2026-11-21T14:30:00Z AAPL Initiation research"
    return given(trade(), news=news)


def among_blocks():
    """The same where the desk had thirty client orders of 500 to 15,000 units in another name."""
    others = "".join(
        f"\nB{n} 1 new MSFT C1 bob D1 buy {500 * (n + 1)} - - 2026-11-01T15:{n:02}:00Z 2026-11-01T15:{n:02}:00Z"
        f"\nB{n} 2 fill MSFT C1 bob D1 buy {500 * (n + 1)} {500 * (n + 1)} 191 2026-11-01T15:{n:02}:30Z -"
        for n in range(30)
    )
    return given(trade(), order_events=ORDERS.format(received="2026-11-25T14:30:00Z", side="buy") + others)


KIT = Kit(
    PersonalDealing,
    lambda: given(
        trade(), trade("E2", qty=30, at="14:50:00"), trade("E3", "P2", at="15:30:00"), approvals=()
    ),
    (test_what_the_rules_leave_out_is_left_alone,),
    {
        "holding_days": Edge(20.1, 20.0, scene=lambda: held("2026-11-10T14:30:00Z")),
        "proximity_days": Edge(5.0, 4.99, scene=before_a_block, others={"trust_approval": False}),
        "blackout_days": Edge(1.0, 0.99, scene=near_research, others={"trust_approval": False}),
        "block_percentile": Edge(0.333, 0.334, scene=among_blocks, others={"trust_approval": False}),
        "block_history": Edge(32, 31, scene=among_blocks, others={"trust_approval": False}),
        "trust_approval": Edge(found=False, missed=True, scene=before_a_block),
        "approval_memory": Waived(
            "It tells an approval that did not cover the time from none at all; both are told."
        ),
        "funds": Edge(found=True, missed=False, scene=lambda: given(trade(name="SPIX"), approvals=())),
    },
)
