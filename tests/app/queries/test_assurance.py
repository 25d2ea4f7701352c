"""Which place is seen, which feed flows: of one firm, for those who watch."""

from datetime import timedelta

import pytest

from app.errors import Forbidden
from app.jobs.surveil import surveil
from app.queries import assurance
from app.storage.records import counters
from app.storage.records._base import now
from app.storage.records.surveillance import CanaryRun
from tests.app._world import context_of, desk_of, land

INSTRUMENTS = """
instrument_id  symbol  asset_class  currency  mic
AAPL           AAPL    equity       USD       XNAS
BTC            BTC     crypto       USD       XCRY
"""
ACCOUNTS = """
account_id  kind   base_currency  owner_id  desk
A1          house  USD            O1        D1
"""
TRADES = """
exec_id  order_id  account_id  trader_id  instrument_id  side  last_qty  last_px  currency  venue  transact_time
E1       O1        A1          T1         AAPL           buy   100       190.10   USD       XNAS   14:30:00
E2       O2        A1          T1         BTC            buy   1         190.10   USD       XCRY   14:31:00
"""
ORDERS = """
order_id  event_seq  event_type  instrument_id  account_id  trader_id  side  limit_px  order_qty  venue  transact_time
O1        1          new         AAPL           A1          T1         buy   190.10    100        XNAS   14:29:00
"""


@pytest.fixture
def firm(tmp_path, sqlite_database):
    context = context_of(tmp_path, sqlite_database)
    land(context, "acme", instruments=INSTRUMENTS, accounts=ACCOUNTS, executions=TRADES, order_events=ORDERS)
    surveil(context, "acme", cause="test", detectors=["wash_trade", "restricted_list"])
    return context


def cells(found, name):
    row = next(row for row in found["rows"] if row["detector"] == name)
    places = [(place["asset_class"], place["venue"]) for place in found["places"]]
    return dict(zip(places, row["cells"], strict=True))


def test_a_place_whose_orders_never_came_is_a_blind_spot_of_who_needs_them(firm):
    found = assurance.matrix(desk_of(firm))
    assert cells(found, "restricted_list")["equity", "XNAS"]["state"] == "covered"
    assert cells(found, "restricted_list")["crypto", "XCRY"] == {
        "state": "blind",
        "missing": ["order_events"],
    }
    assert cells(found, "wash_trade")["crypto", "XCRY"]["state"] == "covered"
    assert cells(found, "fat_finger")["equity", "XNAS"]["state"] == "off"


def test_little_history_is_not_judged_and_a_feed_that_never_came_is_named(firm):
    volumes = {row["detector"]: row["state"] for row in assurance.volumes(desk_of(firm))}
    assert (volumes["wash_trade"], volumes["fat_finger"]) == ("unknown", "off")
    feeds = {row["dataset"]: row for row in assurance.feeds(desk_of(firm))}
    assert (feeds["executions"]["last"], feeds["executions"]["state"]) == (2, "unknown")
    assert feeds["news"]["state"] == "never"


def test_nothing_at_all_is_an_answer(firm):
    empty = desk_of(firm, "zenith")
    assert assurance.matrix(empty)["places"] == []
    assert {row["state"] for row in assurance.feeds(empty)} == {"never"}
    assert {row["day"] for row in assurance.volumes(empty)} == {None}


@pytest.mark.parametrize("role", ["trader", "portfolio_manager", "risk", "admin"])
def test_who_does_not_watch_is_not_told(firm, role):
    for ask in (assurance.matrix, assurance.volumes, assurance.feeds):
        with pytest.raises(Forbidden):
            ask(desk_of(firm, role=role))


def test_canaries_are_told_of_the_own_firm_and_those_that_stayed_away_are_late(firm):
    assert assurance.canaries(desk_of(firm))["state"] == "never"
    with firm.database.session("acme", write=True) as session:
        session.add(CanaryRun(org="acme", state="silent", answered=["wash_trade"], silent=["layering"]))
        counters.bump(session, "acme", "canary_runs")
    found = assurance.canaries(desk_of(firm))
    assert (found["state"], [(row["detector"], row["answered"]) for row in found["rows"]]) == (
        "silent",
        [("layering", False), ("wash_trade", True)],
    )
    assert assurance.canaries(desk_of(firm, "zenith"))["state"] == "never"
    with firm.database.session("acme", write=True) as session:
        session.merge(CanaryRun(org="acme", state="ok", ran_at=now() - timedelta(days=3)))
        counters.bump(session, "acme", "canary_runs")
    assert assurance.canaries(desk_of(firm))["state"] == "late"
    with pytest.raises(Forbidden):
        assurance.canaries(desk_of(firm, role="trader"))
