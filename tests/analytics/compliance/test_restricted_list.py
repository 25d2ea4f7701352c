"""Restricted list: who is covered, from which instant to which, and what is left alone."""

from datetime import UTC, datetime

import pytest

from analytics.compliance.detectors.restricted_list import RestrictedList, RestrictedListParameters
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

HEADER = "order_id  event_seq  event_type  instrument_id  account_id  trader_id  desk  side  limit_px  order_qty  transact_time\n"
INSTRUMENTS = """
instrument_id  symbol  asset_class  currency  issuer  underlying_id
AAPL           AAPL    equity       USD       Apple   -
AAPLC200       AAPLC   option       USD       -       AAPL
AAPLB          AAPLB   bond         USD       Apple   -
MSFT           MSFT    equity       USD       Micro   -
"""
FROM = datetime(2026, 11, 20, 14, 30, tzinfo=UTC)
TO = datetime(2026, 11, 20, 16, 0, tzinfo=UTC)


def given(*lines: str, entries=({"instrument_id": "AAPL", "valid_from": FROM, "valid_to": TO},), **more: str):
    return tables(order_events=HEADER + "\n".join(lines), instruments=INSTRUMENTS, **more) | lists(*entries)


def order(at: str, *, kind="new", instrument="AAPL", trader="T1", desk="D1", order_id="O1", seq=1) -> str:
    return f"{order_id} {seq} {kind} {instrument} A1 {trader} {desk} buy 190 100 {at}"


@pytest.mark.parametrize(("at", "n"), [
    ("14:29:59.999999", 0), ("14:30:00", 1), ("15:59:59.999999", 1), ("16:00:00", 0),
])  # fmt: skip
def test_the_listing_counts_from_its_first_instant_up_to_but_not_at_its_last(at, n):
    assert len(alerts(RestrictedList, given(order(at)))) == n


def test_an_order_after_the_listing_is_critical_and_says_why():
    (found,) = alerts(RestrictedList, given(order("14:30:01")))
    assert (found["severity"], found["score"], found["order_ids"], found["event_seqs"]) == (
        "critical",
        90.0,
        ["O1"],
        [1],
    )
    assert {"kind": "trader", "id": "T1"} in found["actors"]
    assert found["story"][0] == "1. AAPL was put on the restricted list at 2026-11-20 14:30:00 UTC."


@pytest.mark.parametrize(("why", "lines"), {
    "a resting order placed before, filled and cancelled after": [
        order("14:00:00"), order("14:45:00", kind="fill", seq=2), order("14:50:00", kind="cancel", seq=3)],
    "another instrument of another issuer": [order("14:45:00", instrument="MSFT")],
    "an order that only acknowledges": [order("14:45:00", kind="ack")],
}.items())  # fmt: skip
def test_innocent_flow_is_left_alone(why, lines):
    assert alerts(RestrictedList, given(*lines)) == [], why


def test_an_older_order_amended_after_the_listing_weighs_a_little_less():
    (found,) = alerts(RestrictedList, given(order("14:00:00"), order("14:45:00", kind="replace", seq=2)))
    assert (found["score"], found["severity"], found["event_seqs"]) == (80.0, "high", [2])


@pytest.mark.parametrize("instrument", ["AAPLC200", "AAPLB"])
def test_derivatives_and_the_issuers_other_instruments_are_covered_unless_switched_off(instrument):
    flow = given(order("14:45:00", instrument=instrument))
    (found,) = alerts(RestrictedList, flow)
    assert found["instrument_ids"] == [instrument, "AAPL"]
    narrow = RestrictedListParameters(derivatives=False, issuer_family=False)
    assert alerts(RestrictedList, flow, narrow) == []


@pytest.mark.parametrize(("entry", "n"), [
    ({"list_type": "insider", "subject_kind": "person", "subject_id": "T1"}, 1),
    ({"list_type": "insider", "subject_kind": "person", "subject_id": "T2"}, 0),
    ({"subject_kind": "desk", "subject_id": "D1"}, 1),
    ({"subject_kind": "desk", "subject_id": "D2"}, 0),
    ({"list_type": "watch"}, 1),
])  # fmt: skip
def test_an_entry_covers_the_person_or_desk_it_names_and_no_other(entry, n):
    full = {"instrument_id": "AAPL", "valid_from": FROM} | entry
    assert len(alerts(RestrictedList, given(order("14:45:00"), entries=(full,)))) == n


def test_a_derivative_of_the_issuers_other_instrument_is_covered():
    (found,) = alerts(
        RestrictedList,
        given(
            order("14:45:00", instrument="AAPLC200"),
            entries=({"instrument_id": "AAPLB", "valid_from": FROM},),
        ),
    )
    assert found["instrument_ids"] == ["AAPLC200", "AAPLB"]


@pytest.mark.parametrize(("owner", "n"), [("T9", 1), ("T8", 0)])
def test_an_insiders_own_account_is_covered_whoever_trades_it(owner, n):
    accounts = f"account_id kind base_currency owner_id\nA1 personal USD {owner}"
    entry = {"instrument_id": "AAPL", "valid_from": FROM, "list_type": "insider", "subject_kind": "person",
             "subject_id": "T9"}  # fmt: skip
    found = alerts(RestrictedList, given(order("14:45:00"), entries=(entry,), accounts=accounts))
    assert len(found) == n


def test_an_entry_without_end_or_instrument_is_open_or_ignored():
    late = order("2027-03-01T10:00:00Z")
    assert (
        len(alerts(RestrictedList, given(late, entries=({"instrument_id": "AAPL", "valid_from": FROM},))))
        == 1
    )
    assert alerts(RestrictedList, given(late, entries=({"instrument_id": None, "valid_from": FROM},))) == []


FLOW = (
    order("14:45:00"),
    order("14:46:00", order_id="O2", seq=2),
    order("15:30:00", order_id="O3", seq=3, trader="T2"),
)


@pytest.mark.parametrize("change", [
    lambda g: shuffled(g, 1), lambda g: scaled(g, 10), renamed, mirrored, lambda g: shifted(g, hours=5),
])  # fmt: skip
def test_the_verdict_does_not_depend_on_order_price_level_names_clock_or_side(change):
    base = given(
        *FLOW,
        entries=({"instrument_id": "AAPL", "valid_from": FROM, "subject_kind": "desk", "subject_id": "D1"},),
    )
    wide = given(*FLOW)
    assert verdict(alerts(RestrictedList, change(wide))) == verdict(alerts(RestrictedList, wide))
    assert len(alerts(RestrictedList, base)) == 2


def test_executions_without_an_order_in_a_listed_instrument_are_reported_as_not_judged():
    fills = """
    exec_id  order_id  account_id  instrument_id  side  last_qty  last_px  transact_time
    E1       -         A1          AAPL           buy   100       190      14:45:00
    """
    found = gaps(RestrictedList, given(order("10:00:00"), executions=fills))
    assert found == ["Executions in a listed instrument have no order on record to judge by."]


def test_empty_lists_are_a_gap_because_an_unmaintained_list_looks_the_same():
    assert gaps(RestrictedList, given(order("14:45:00"), entries=())) == ["No list entries to look at."]


# What test_kit_complete.py holds this detector to.
KIT = Kit(
    RestrictedList,
    lambda: given(*FLOW),
    (test_innocent_flow_is_left_alone,),
    {
        "derivatives": Edge(
            found=True, missed=False, scene=lambda: given(order("14:45:00", instrument="AAPLC200"))
        ),
        "issuer_family": Edge(
            found=True, missed=False, scene=lambda: given(order("14:45:00", instrument="AAPLB"))
        ),
        "restricted_score": Waived("It is the score itself: a breach of a list is told whatever it weighs."),
        "insider_score": Waived("It is the score itself: a breach of a list is told whatever it weighs."),
        "watch_score": Waived("It is the score itself: a breach of a list is told whatever it weighs."),
        "amend_discount": Waived("It lowers the score of an amended order, which is told all the same."),
    },
)
