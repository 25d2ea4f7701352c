"""Wash trade: what it must see, what it must leave alone, what must not change its mind."""

import pytest

from analytics.compliance.detectors.wash_trade import WashTrade, WashTradeParameters
from tests.analytics.compliance._declared import Edge, Kit, Waived
from tests.analytics.compliance._kit import CHANGES, alerts, gaps, shuffled, tables, verdict

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
            exec_id  account_id  instrument_id  side  last_qty  last_px  transact_time  match_id  capacity  ext
            E1       L1          AAPL           buy   100       190.10   14:30:00       M1        agency    [["548","X1"]]
            E2       L2          AAPL           sell  100       190.10   14:30:00       M1        agency    [["548","X1"]]
            """,
        "a cross of two owners, both as agent, booked as one": """
            exec_id  account_id  instrument_id  side  last_qty  last_px  transact_time  match_id  capacity  strategy
            E1       L1          AAPL           buy   100       190.10   14:30:00       M1        agency    cross
            E2       L2          AAPL           sell  100       190.10   14:30:00       M1        agency    cross
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
        "a bust": """
            exec_id  account_id  instrument_id  side  last_qty  last_px  transact_time  match_id  exec_status
            E1       A1          AAPL           buy   100       190.10   14:30:00       M1        busted
            E2       A2          AAPL           sell  100       190.10   14:30:00       M1        new
            """,
        "no match number, two venues": """
            exec_id  account_id  instrument_id  side  last_qty  last_px  transact_time  venue
            E1       A1          AAPL           buy   100       190.10   14:30:00       XNAS
            E2       A2          AAPL           sell  100       190.10   14:30:00       XNYS
            """,
        "no match number, both waited in the book": """
            exec_id  account_id  instrument_id  side  last_qty  last_px  transact_time  liquidity
            E1       A1          AAPL           buy   100       190.10   14:30:00       maker
            E2       A2          AAPL           sell  100       190.10   14:30:00       maker
            """,
        "an hour of day trading that earns a spread": """
            exec_id  account_id  instrument_id  side  last_qty  last_px  transact_time
            E1       A1          AAPL           buy   100       190.10   14:05:00
            E2       A2          AAPL           sell  100       190.30   14:15:00
            E3       A1          AAPL           buy   100       190.10   14:25:00
            E4       A2          AAPL           sell  100       190.30   14:35:00
            """,
    }.items(),
)
def test_innocent_flow_is_left_alone(why, text):
    assert alerts(WashTrade, given(text)) == [], why


def test_agents_on_both_sides_are_alerted_unless_the_owners_differ_and_a_record_says_cross():
    text = """
    exec_id  account_id  instrument_id  side  last_qty  last_px  transact_time  match_id  capacity  strategy
    E1       A1          AAPL           buy   100       190.10   14:30:00       M1        agency    cross
    E2       A2          AAPL           sell  100       190.10   14:30:00       M1        agency    cross
    """
    assert len(alerts(WashTrade, given(text))) == 1
    linked = text.replace("A1 ", "L1 ").replace("A2 ", "L2 ")
    assert alerts(WashTrade, given(linked)) == []
    assert len(alerts(WashTrade, given(linked.replace("cross", "alpha")))) == 1
    assert len(alerts(WashTrade, given(linked), WashTradeParameters(exempt_agency_cross=False))) == 1


FIT = """
exec_id  account_id  instrument_id  side  last_qty  last_px  transact_time  venue  liquidity
E1       A1          AAPL           buy   100       190.10   14:30:00.0     XNAS   maker
E2       A2          AAPL           sell  {qty}     {px}     {time}         XNAS   taker
"""
TICKS = "instrument_id symbol asset_class currency tick_size\nAAPL AAPL equity USD 0.01"


@pytest.mark.parametrize(
    ("qty", "px", "time", "hit"),
    [
        ("100", "190.10", "14:30:00.5", 1),
        ("90", "190.11", "14:30:01.0", 1),
        ("89", "190.11", "14:30:01.0", 0),
        ("90", "190.12", "14:30:01.0", 0),
        ("90", "190.11", "14:30:01.000001", 0),
    ],
)
def test_legs_without_a_match_number_fit_within_a_second_a_tick_and_a_tenth(qty, px, time, hit):
    rows = given(FIT.format(qty=qty, px=px, time=time), instruments=TICKS)
    assert [a["exec_ids"] for a in alerts(WashTrade, rows)] == [["E1", "E2"]] * hit


NET = """
exec_id  account_id  instrument_id  side  last_qty  last_px  transact_time
E1       L1          AAPL           buy   500       190.10   14:05:00
E2       L2          AAPL           sell  300       190.10   14:15:00
E3       L2          AAPL           sell  {last}    190.10   14:25:00
E4       L1          AAPL           buy   100       190.10   14:35:00
"""


@pytest.mark.parametrize(("last", "hit"), [(300, 1), (289, 1), (287, 0)])
def test_linked_accounts_whose_fills_cancel_out_to_one_percent_are_alerted(last, hit):
    found = alerts(WashTrade, given(NET.format(last=last)))
    assert [len(a["exec_ids"]) for a in found] == [4] * hit
    assert all("until nothing was left" in a["story"][0] for a in found)


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


@pytest.mark.parametrize("change", CHANGES, ids=CHANGES)
@pytest.mark.parametrize(
    "rows", [WASH, FIT.format(qty=100, px=190.1, time="14:30:00.5"), NET.format(last=300)]
)
def test_the_verdict_does_not_depend_on_order_price_level_names_accounts_clock_or_side(change, rows):
    assert verdict(alerts(WashTrade, CHANGES[change](given(rows)))) == verdict(alerts(WashTrade, given(rows)))


def test_the_same_rows_in_another_order_give_the_same_ids_and_words():
    once, again = alerts(WashTrade, given()), alerts(WashTrade, shuffled(given(), 3))
    assert once == again


def test_no_executions_are_reported_as_a_gap_not_as_silence():
    assert gaps(WashTrade, {}) == ["No executions to look at."]
    assert gaps(WashTrade, given()) == []


# What test_kit_complete.py holds this detector to.
def agency_cross():
    text = """
    exec_id  account_id  trader_id  instrument_id  side  last_qty  last_px  transact_time  match_id  capacity  strategy
    E1       L1          T1         AAPL           buy   100       190.10   14:30:00       M1        agency    cross
    E2       L2          T2         AAPL           sell  100       190.10   14:30:00       M1        agency    cross
    """
    return given(text)


def fitting():
    return given(FIT.format(qty=95, px="190.105", time="14:30:00.5"), instruments=TICKS)


def nearly_one_price():
    """Bought at 190.10 and sold at 190.12, until nothing is left."""
    return given(
        NET.format(last=300)
        .replace("sell  300       190.10", "sell  300       190.12")
        .replace("sell  300    190.10", "sell  300    190.12")
    )


KIT = Kit(
    WashTrade,
    given,
    (test_innocent_flow_is_left_alone,),
    {
        "base_score": Waived(
            "It sets how high the score begins; whether there is an alert does not hang on it."
        ),
        "repeat_score": Waived(
            "It sets what each repetition adds to the score, not whether there is an alert."
        ),
        "volume_share": Waived(
            "The share of usual volume grades the score; a wash of one share is told as well."
        ),
        "exempt_agency_cross": Edge(found=False, missed=True, scene=agency_cross),
        "fit_seconds": Edge(0.5, 0.49, scene=fitting),
        "fit_ticks": Edge(0.5, 0.49, scene=fitting),
        "fit_quantity": Edge(0.95, 0.96, scene=fitting),
        "net_fraction": Edge(0.0042, 0.0041, scene=lambda: given(NET.format(last=295))),
        "net_price": Edge(1.06, 1.05, scene=nearly_one_price),
        "net_legs": Edge(4, 5, scene=lambda: given(NET.format(last=300))),
    },
)
