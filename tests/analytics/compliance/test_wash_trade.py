"""Wash trade: what it must see, what it must leave alone, what must not change its mind."""

import pytest

from analytics.compliance.detectors.wash_trade import WashTrade, WashTradeParameters
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

ACCOUNTS = """
account_id  kind    base_currency  owner_id  link_group
A1          house   USD            O1        -
A2          house   USD            O1        -
L1          client  USD            O2        G
L2          client  USD            O3        G
X1          client  USD            O4        -
X2          client  USD            O5        -
"""
WASH = """
exec_id  account_id  trader_id  instrument_id  side  last_qty  last_px  transact_time  match_id  venue
E1       A1          T1         AAPL           buy   100       190.10   14:30:00       M1        XNAS
E2       A2          T2         AAPL           sell  100       190.10   14:30:00       M1        XNAS
E3       X1          T3         AAPL           buy   100       190.10   14:31:00       M2        XNAS
E4       X2          T4         AAPL           sell  100       190.10   14:31:00       M2        XNAS
E5       L1          T5         MSFT           sell  500       410.00   15:00:00       M3        XNAS
E6       L2          T6         MSFT           buy   500       410.00   15:00:00       M3        XNAS
E7       L2          T6         MSFT           sell  500       410.00   15:04:59       M4        XNAS
E8       L1          T5         MSFT           buy   500       410.00   15:04:59       M4        XNAS
"""


def given(executions: str = WASH, **more: str):
    return tables(executions=executions, accounts=ACCOUNTS, **more)


def test_trades_within_an_owner_and_within_a_link_group_are_alerted_with_their_executions():
    found = alerts(WashTrade, given())
    assert sorted((a["actor_group"], a["instrument_ids"], a["exec_ids"], a["score"]) for a in found) == [
        ("link:G", ["MSFT"], ["E5", "E6", "E7", "E8"], 70.0),
        ("owner:O1", ["AAPL"], ["E1", "E2"], 60.0),
    ]


def test_an_account_that_trades_with_itself_is_alerted_without_any_account_data():
    text = """
    exec_id  account_id  instrument_id  side  last_qty  last_px  transact_time  match_id
    E1       A1          AAPL           buy   100       190.10   14:30:00       M1
    E2       A1          AAPL           sell  100       190.10   14:30:00       M1
    """
    (found,) = alerts(WashTrade, tables(executions=text))
    assert (found["severity"], found["actors"]) == ("medium", [{"kind": "account", "id": "A1"}])
    assert found["story"][0].startswith("1. At 14:30:00 UTC on 2026-11-20, account A1 stood on both sides")


@pytest.mark.parametrize(
    ("why", "text"),
    {
        "a market maker flat against many owners": """
            exec_id  account_id  instrument_id  side  last_qty  last_px  transact_time  match_id
            E1       A1          AAPL           buy   100       190.10   14:30:00       M1
            E2       X1          AAPL           sell  100       190.10   14:30:00       M1
            E3       A1          AAPL           sell  100       190.10   14:31:00       M2
            E4       X2          AAPL           buy   100       190.10   14:31:00       M2
            """,
        "a documented cross of two owners, both as agent": """
            exec_id  account_id  instrument_id  side  last_qty  last_px  transact_time  match_id  capacity
            E1       L1          AAPL           buy   100       190.10   14:30:00       M1        agency
            E2       L2          AAPL           sell  100       190.10   14:30:00       M1        agency
            """,
        "the same trader closing with another counterparty": """
            exec_id  account_id  trader_id  instrument_id  side  last_qty  last_px  transact_time  match_id
            E1       A1          T1         AAPL           buy   100       190.10   14:30:00       M1
            E2       A1          T1         AAPL           sell  100       190.10   14:30:01       M2
            """,
        "a match number that another venue uses too": """
            exec_id  account_id  instrument_id  side  last_qty  last_px  transact_time  match_id  venue
            E1       A1          AAPL           buy   100       190.10   14:30:00       1         XNAS
            E2       A2          AAPL           sell  100       190.10   14:30:00       1         XNYS
            """,
        "a match number that comes again on another day": """
            exec_id  account_id  instrument_id  side  last_qty  last_px  transact_time         match_id  venue
            E1       A1          AAPL           buy   100       190.10   2026-11-19T14:30:00Z  1         XNAS
            E2       A2          AAPL           sell  100       190.10   2026-11-20T14:30:00Z  1         XNAS
            """,
        "no match number at all": """
            exec_id  account_id  instrument_id  side  last_qty  last_px  transact_time
            E1       A1          AAPL           buy   100       190.10   14:30:00
            E2       A2          AAPL           sell  100       190.10   14:30:00
            """,
    }.items(),
)
def test_innocent_flow_is_left_alone(why, text):
    assert alerts(WashTrade, given(text)) == [], why


def test_one_owner_as_agent_on_both_sides_is_still_alerted():
    text = """
    exec_id  account_id  instrument_id  side  last_qty  last_px  transact_time  match_id  capacity
    E1       A1          AAPL           buy   100       190.10   14:30:00       M1        agency
    E2       A2          AAPL           sell  100       190.10   14:30:00       M1        agency
    """
    assert len(alerts(WashTrade, given(text))) == 1
    split = WashTradeParameters(exempt_agency_cross=False)
    assert len(alerts(WashTrade, given(text.replace("A1 ", "L1 ").replace("A2 ", "L2 ")), split)) == 1


@pytest.mark.parametrize(("second", "episodes"), [("14:34:59.999999", 1), ("14:35:00", 2)])
def test_episodes_merge_below_five_minutes_and_part_at_five(second, episodes):
    text = f"""
    exec_id  account_id  instrument_id  side  last_qty  last_px  transact_time  match_id
    E1       A1          AAPL           buy   100       190.10   14:30:00       M1
    E2       A2          AAPL           sell  100       190.10   14:30:00       M1
    E3       A1          AAPL           buy   100       190.10   {second}       M2
    E4       A2          AAPL           sell  100       190.10   {second}       M2
    """
    found = alerts(WashTrade, given(text))
    assert [len(a["exec_ids"]) for a in found] == [4 // episodes] * episodes
    assert len({a["alert_id"] for a in found}) == episodes


def test_the_score_grows_with_the_share_of_usual_volume_and_is_full_at_five_percent():
    days = "\n".join(f"AAPL 2026-11-{d:02} 190 {{volume}}" for d in range(9, 14))
    prices = "instrument_id date close volume\n" + days
    scores = [
        alerts(WashTrade, given(WASH.split("E3", maxsplit=1)[0], prices=prices.format(volume=v)))[0]["score"]
        for v in (1_000_000, 4_000, 2_000)
    ]
    assert scores == [60.08, 80.0, 100.0]


@pytest.mark.parametrize("change", [
    lambda g: shuffled(g, 1), lambda g: shuffled(g, 2), lambda g: scaled(g, 10), renamed, mirrored,
    lambda g: shifted(g, hours=3), lambda g: shifted(g, days=40),
])  # fmt: skip
def test_the_verdict_does_not_depend_on_order_price_level_names_clock_or_side(change):
    assert verdict(alerts(WashTrade, change(given()))) == verdict(alerts(WashTrade, given()))


def test_the_same_rows_in_another_order_give_the_same_ids_and_words():
    once, again = alerts(WashTrade, given()), alerts(WashTrade, shuffled(given(), 3))
    assert once == again


def test_no_executions_are_reported_as_a_gap_not_as_silence():
    assert gaps(WashTrade, {}) == ["No executions to look at."]
    assert gaps(WashTrade, given()) == []
