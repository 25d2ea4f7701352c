"""The check before a trade: each bound from both sides, and what is not known is not let through."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from analytics.compliance.pre_trade import Bound, Clearance, Listing, Proposed, Reference, Sent, check

NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
ORDER = Proposed("A1", "AAPL", "buy", 100, 100.0, NOW)
MID = Reference(100.0, "mid", NOW - timedelta(minutes=1), spread=0.02, daily_sigma=0.01, adv=10_000)


def outcome(name, order=ORDER, **given):
    answer = check(order, **{"reference": MID, **given})
    return next(one.outcome for one in answer.checks if one.name == name)


def test_an_order_like_any_other_passes_with_a_reason_for_each_check():
    answer = check(ORDER, reference=MID)
    assert answer.outcome == "pass"
    assert [one.name for one in answer.checks] == [
        "price", "size", "limit", "list", "duplicate", "preclearance", "party",
    ]  # fmt: skip
    assert all(one.reason for one in answer.checks)


@pytest.mark.parametrize(("side", "price", "expected"), [
    ("buy", 105.0, "pass"), ("buy", 105.01, "block"), ("sell", 95.0, "pass"), ("sell", 94.99, "block"),
    ("buy", 10.0, "pass"), ("sell", 1000.0, "pass"), ("sell_short", 94.99, "block"), ("buy_cover", 106, "block"),
])  # fmt: skip
def test_only_the_aggressive_side_of_the_collar_blocks(side, price, expected):
    assert outcome("price", replace(ORDER, side=side, price=price)) == expected


def test_a_wide_or_lively_market_widens_the_collar():
    high = replace(ORDER, price=110.0)
    assert outcome("price", high) == "block"
    assert outcome("price", high, reference=replace(MID, spread=2.1)) == "pass"
    assert outcome("price", high, reference=replace(MID, daily_sigma=0.4)) == "pass"
    assert outcome("price", high, reference=replace(MID, kind="close")) == "pass"


@pytest.mark.parametrize(("kind", "age", "expected"), [
    ("mid", timedelta(minutes=10), "pass"), ("mid", timedelta(minutes=10, microseconds=1), "unknown"),
    ("close", timedelta(days=7), "pass"), ("close", timedelta(days=7, seconds=1), "unknown"),
])  # fmt: skip
def test_a_stale_reference_is_unknown_and_blocks(kind, age, expected):
    old = replace(MID, kind=kind, at=NOW - age)
    assert outcome("price", reference=old) == expected
    assert check(ORDER, reference=old).outcome == ("pass" if expected == "pass" else "block")
    assert check(ORDER, reference=Reference()).outcome == "block"


@pytest.mark.parametrize(("quantity", "expected"), [(1000, "pass"), (1001, "block")])
def test_a_tenth_of_usual_volume_is_the_most(quantity, expected):
    assert outcome("size", replace(ORDER, quantity=quantity)) == expected
    assert outcome("size", reference=replace(MID, adv=None)) == "warn"


@pytest.mark.parametrize(("bound", "expected"), [
    (Bound("N", "order_notional", 10_000), "pass"), (Bound("N", "order_notional", 9_999), "block"),
    (Bound("N", "order_notional", 9_999, hard=False), "warn"),
    (Bound("Q", "order_qty", 120, warn_at=100), "warn"), (Bound("Q", "order_qty", 120, warn_at=101), "pass"),
    (Bound("P", "position", 500, used=400), "pass"), (Bound("P", "position", 500, used=401), "block"),
    (Bound("P", "position", 500, used=-800), "pass"),  # buys back some of a short that is too large
])  # fmt: skip
def test_a_limit_blocks_or_warns_above_and_passes_at_it(bound, expected):
    assert outcome("limit", bounds=[bound]) == expected


def test_a_contract_counts_with_its_size_and_an_order_without_price_at_the_reference():
    bound = Bound("N", "order_notional", 10_000)
    assert outcome("limit", replace(ORDER, multiplier=50), bounds=[bound]) == "block"
    assert outcome("limit", replace(ORDER, price=None), bounds=[bound]) == "pass"
    assert outcome("limit", replace(ORDER, price=None), bounds=[bound], reference=Reference()) == "unknown"


def test_a_restricted_name_blocks():
    assert outcome("list", listings=[Listing("AAPL", "restricted")]) == "block"


@pytest.mark.parametrize(
    ("before", "age", "expected"), [(1, 0.5, "pass"), (2, 1.0, "block"), (2, 1.001, "pass")]
)
def test_a_third_equal_order_within_a_second_blocks(before, age, expected):
    sent = Sent("A1", "AAPL", "buy", 100, 100.0, NOW - timedelta(seconds=age))
    assert outcome("duplicate", sent=[sent] * before) == expected
    assert outcome("duplicate", sent=[replace(sent, quantity=99)] * before) == "pass"


@pytest.mark.parametrize(("found", "outcome"), [
    (Clearance(), "pass"),
    (Clearance(needed=True), "block"),
    (Clearance(needed=True, approved=True), "pass"),
    (Clearance(needed=True, approved=True, left=ORDER.quantity), "pass"),
    (Clearance(needed=True, approved=True, left=ORDER.quantity - 1), "block"),
])  # fmt: skip
def test_a_private_trade_needs_an_approval_that_still_holds_its_quantity(found, outcome):
    answer = check(ORDER, reference=MID, clearance=found)
    assert {one.name: one.outcome for one in answer.checks}["preclearance"] == outcome
    assert answer.outcome == outcome


def test_an_account_closed_by_compliance_is_blocked_without_saying_why():
    answer = check(ORDER, reference=MID, blocked=True)
    (party,) = [one for one in answer.checks if one.name == "party"]
    assert (answer.outcome, party.reason) == ("block", "The account is closed to trading. Ask compliance.")
