"""A suspicion has its instant, a decision either way has reasons, and two people."""

from datetime import timedelta

import pytest

from app.actions import case_reports as reports
from app.actions import case_review
from app.errors import Conflict, Forbidden, Invalid
from app.storage.records._base import now
from tests.app._casework import KEY, LEO, NINA, NONE, WHY, case, opened, trail
from tests.app.actions.test_cases import go, tick, version


def suspected(database, **more):
    name = opened(database, **more).id
    reports.suspect(database, NINA, name, line=NONE, version=version(database, name))
    return name


def decided(database, name, *, submit, actor=NINA):
    return reports.decide(
        database, actor, name, submit=submit, reasons=WHY, line=NONE, version=version(database, name)
    )


def test_from_the_suspicion_on_a_decision_is_due_within_a_business_day(sqlite_database):
    name = suspected(sqlite_database)
    found = case(sqlite_database, name)
    assert found.due_at - found.suspicion_at <= timedelta(days=4)
    with pytest.raises(Conflict, match="not set twice"):
        reports.suspect(sqlite_database, NINA, name, line=NONE, version=version(sqlite_database, name))
    other = opened(sqlite_database, title="Other").id
    with pytest.raises(Invalid):
        reports.suspect(sqlite_database, NINA, other, line=NONE, version=1, at=now() + timedelta(hours=1))


def test_yes_is_drafted_approved_by_another_person_submitted_and_closed(database):
    name = suspected(database)
    decided(database, name, submit=True)
    assert case(database, name).status == "stor_draft"
    with pytest.raises(Conflict, match="tells no story"):
        case_review.review(database, LEO, name, decision="approve", line=NONE)
    reports.write(
        database,
        NINA,
        name,
        given={"narrative": "He bought\nfrom himself."},
        line=NONE,
        version=version(database, name),
    )
    for who in (NINA, KEY):
        with pytest.raises(Forbidden):
            case_review.review(database, who, name, decision="approve", line=NONE)
    with pytest.raises(Conflict, match="waits"):
        go(database, name, "investigation")
    case_review.review(database, LEO, name, decision="approve", line=NONE)
    found = case(database, name)
    assert (found.status, found.decision["approved_name"]) == ("stor_approved", "Leo")
    with pytest.raises(Conflict, match="not rewritten"):
        reports.write(
            database, NINA, name, given={"narrative": "No."}, line=NONE, version=version(database, name)
        )
    with pytest.raises(Invalid):
        go(database, name, "stor_submitted", reason="reported", rationale=WHY)
    go(database, name, "stor_submitted", reason="reported", rationale=WHY, reference="BF-2026-77")
    with pytest.raises(Conflict, match="mandatory checks"):
        go(database, name, "closed", reason="decided", rationale=WHY)
    tick(database, name)
    go(database, name, "closed", reason="decided", rationale=WHY)
    case_review.review(database, LEO, name, decision="approve", line=NONE)
    assert (case(database, name).status, case(database, name).submitted_ref) == ("closed", "BF-2026-77")
    assert "case.decision_approved" in trail(database, name)


def test_no_needs_reasons_and_a_second_person_before_the_case_may_end(sqlite_database):
    name = suspected(sqlite_database)
    tick(sqlite_database, name)
    end = {"reason": "below_reasonable_suspicion", "rationale": WHY}
    with pytest.raises(Conflict, match="two people must first decide"):
        go(sqlite_database, name, "near_miss", **end)
    with pytest.raises(Invalid):
        reports.decide(
            sqlite_database,
            NINA,
            name,
            submit=False,
            reasons="no",
            line=NONE,
            version=version(sqlite_database, name),
        )
    decided(sqlite_database, name, submit=False)
    case_review.review(sqlite_database, LEO, name, decision="return", comment="Ask the desk.", line=NONE)
    assert case(sqlite_database, name).decision is None
    decided(sqlite_database, name, submit=False)
    case_review.review(sqlite_database, LEO, name, decision="approve", line=NONE)
    go(sqlite_database, name, "near_miss", **end)
    assert case(sqlite_database, name).outcome == "near_miss"


def test_without_a_suspicion_nothing_is_decided(sqlite_database):
    name = opened(sqlite_database).id
    with pytest.raises(Conflict, match="when the suspicion was formed"):
        decided(sqlite_database, name, submit=True)
    with pytest.raises(Conflict, match="No decision"):
        case_review.review(sqlite_database, LEO, name, decision="approve", line=NONE)
    with pytest.raises(Invalid, match="no such part"):
        reports.write(sqlite_database, NINA, name, given={"verdict": "guilty"}, line=NONE, version=1)
    with pytest.raises(Invalid, match="no such step"):
        go(sqlite_database, name, "stor_approved")
