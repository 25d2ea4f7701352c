"""States, reasons, checklists and deadlines: what a regulator would ask of them."""

from datetime import UTC, date, datetime, timedelta

import pytest

from analytics.compliance.checklists import ABUSE_TYPES, abuse_type, checklist
from analytics.compliance.deadlines import Calendar, calendar_of
from analytics.compliance.reasons import REASONS, fitting, needed
from analytics.compliance.workflow import ALERT_STEPS, CASE_STEPS, checked_why, sampled

FRIDAY = datetime(2026, 11, 20, 15, 30, tzinfo=UTC)


@pytest.mark.parametrize("steps", [ALERT_STEPS, CASE_STEPS])
def test_every_state_is_reached_and_every_step_leads_to_a_state(steps):
    start = next(iter(steps))
    reached, waiting = {start}, [start]
    while waiting:
        for state in steps[waiting.pop()]:
            if state not in reached:
                reached.add(state)
                waiting.append(state)
    outside = {
        "no_action",
        "near_miss",
        "breach_internal",
        "closed",
        "suppressed",
    }  # an alert ends so with its case
    assert set(steps) - reached <= (outside if steps is ALERT_STEPS else set())
    assert all(after in steps for states in steps.values() for after in states)


def test_there_are_reasons_for_every_step_that_needs_one():
    assert len(REASONS) >= 25
    for steps in (ALERT_STEPS, CASE_STEPS):
        for state in {after for states in steps.values() for after in states}:
            assert not needed(state) or fitting(state), state


def test_a_tenth_of_closings_is_sampled_whoever_closes_and_all_high_ones_are_checked():
    ids = [f"alert-{n}" for n in range(5_000)]
    share = sum(sampled(one) for one in ids) / len(ids)
    assert 0.085 < share < 0.115
    assert [sampled(one) for one in ids] == [sampled(one) for one in ids]
    free = next(one for one in ids if not sampled(one))
    drawn = next(one for one in ids if sampled(one))
    assert [checked_why(free, s) for s in ("low", "medium", "high", "critical")] == [
        None,
        None,
        "severity",
        "severity",
    ]
    assert checked_why(drawn, "low") == "sample"


def test_every_kind_of_abuse_has_mandatory_checks_with_names_of_their_own():
    for kind in ABUSE_TYPES:
        items = checklist(kind)
        assert sum(item.mandatory for item in items) >= 9
        assert len({item.key for item in items}) == len(items)
    assert abuse_type("wash_trade") == "wash_trade"
    assert abuse_type("nobody_knows") == "other"


@pytest.mark.parametrize(
    ("days", "expected"), [(0, FRIDAY), (1, FRIDAY + timedelta(days=3)), (3, FRIDAY + timedelta(days=5))]
)
def test_a_weekend_does_not_count(days, expected):
    assert Calendar().due(FRIDAY, days) == expected


def test_what_comes_in_on_a_saturday_counts_from_monday():
    assert Calendar().due(FRIDAY + timedelta(days=1), 1) == datetime(2026, 11, 24, tzinfo=UTC)


def test_the_day_is_the_one_of_the_organisations_zone():
    late = datetime(2026, 11, 20, 23, 30, tzinfo=UTC)  # already Saturday in Tokyo, still Friday in New York
    assert Calendar("Asia/Tokyo").due(late, 1) == datetime(2026, 11, 23, 15, tzinfo=UTC)
    assert Calendar("America/New_York").due(late, 1) == datetime(2026, 11, 23, 23, 30, tzinfo=UTC)


def test_a_deadline_keeps_its_local_hour_when_clocks_change():
    friday = datetime(2026, 10, 30, 14, tzinfo=UTC)  # 10:00 in New York, summer time until Sunday
    assert Calendar("America/New_York").due(friday, 1) == datetime(2026, 11, 2, 15, tzinfo=UTC)


def test_holidays_of_the_organisation_and_of_its_exchange_do_not_count():
    wednesday = datetime(2026, 11, 25, 12, tzinfo=UTC)
    own = Calendar(holidays=frozenset({date(2026, 11, 26)}))
    assert own.due(wednesday, 1).date() == date(2026, 11, 27)
    assert calendar_of({"calendar": "XNYS"}).due(wednesday, 1).date() == date(2026, 11, 27)  # Thanksgiving


@pytest.mark.parametrize(
    "settings", [{}, {"zone": "Mars/Olympus"}, {"calendar": "NONE"}, {"zone": None, "holidays": None}]
)
def test_settings_nobody_can_read_leave_a_clock_that_runs(settings):
    assert calendar_of(settings) == Calendar()
