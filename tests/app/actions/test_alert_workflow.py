"""An alert goes the way the workflow has, by people it does not concern, and every step is on record."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from analytics.compliance.workflow import ALERT_STEPS, CLOSINGS
from app.actions import alert_workflow as work
from app.actions import audit as proof
from app.errors import Conflict, Forbidden, Invalid, NotFound
from app.scope import ROLES, Identity, Line
from app.storage.records.counters import version_of
from app.storage.records.workflow import Review, WorkflowStep
from tests.app._casework import (
    DRAWN,
    FREE,
    KEY,
    LEO,
    NINA,
    NONE,
    ORG,
    WHY,
    alert,
    trail,
    with_alert,
    with_people,
)

CLOSE = {"to": "closed_no_issue", "reason": "hedge", "rationale": WHY}


def moved(database, to, *, actor=NINA, name=FREE, **more):
    return work.transition(database, actor, name, to=to, line=NONE, **more)


def steps(database, name=FREE):
    query = (
        select(WorkflowStep).where(WorkflowStep.object_id == name).order_by(WorkflowStep.at, WorkflowStep.id)
    )
    with database.session(ORG) as session:
        return {(row.from_state, row.to_state) for row in session.scalars(query)}


def test_the_whole_way_step_by_step_each_one_audited(database):
    with_people(database)
    with_alert(database)
    for to in ("triaged", "assigned", "in_review"):
        moved(database, to)
    moved(database, "info_requested", reason="ask_desk", rationale=WHY)
    moved(database, "in_review")
    assert moved(database, **CLOSE) is None
    found = alert(database)
    assert (found.status, found.reason, found.assignee, found.version) == (
        "closed_no_issue",
        "hedge",
        "u_nina",
        7,
    )
    assert found.closed_at is not None
    assert trail(database, FREE) == ["alert.transition"] * 6
    assert ("in_review", "closed_no_issue") in steps(database)
    moved(database, "reopened", reason="new_facts", rationale=WHY)
    assert (alert(database).status, alert(database).closed_at, alert(database).reason) == (
        "reopened",
        None,
        None,
    )
    assert proof.verify(database, ORG).ok
    with database.session(ORG) as session:
        assert version_of(session, ORG, "alerts") == 7


def test_who_decides_at_once_has_taken_and_reviewed_it_on_record(sqlite_database):
    with_alert(sqlite_database)
    moved(sqlite_database, **CLOSE, through=True)
    assert steps(sqlite_database) == {
        ("new", "assigned"),
        ("assigned", "in_review"),
        ("in_review", "closed_no_issue"),
    }


@pytest.mark.parametrize(("name", "severity"), [(FREE, "high"), (FREE, "critical"), (DRAWN, "low")])
def test_high_and_sampled_closings_wait_for_a_second_person(database, name, severity):
    with_alert(database, name, severity=severity)
    waits = moved(database, **CLOSE, through=True, name=name)
    assert waits is not None
    assert alert(database, name).status == "in_review"
    for act in (
        lambda: moved(database, **CLOSE, name=name),
        lambda: moved(database, "info_requested", name=name),
    ):
        with pytest.raises(Conflict, match="waits for a second person"):
            act()
    for same in (NINA, Identity(ORG, "u_other", "Nina again", "compliance", person_id="nina")):
        with pytest.raises(Forbidden, match="second person"):
            work.review(database, same, name, decision="approve", line=NONE)
    with pytest.raises(Forbidden, match="a key is nobody"):
        work.review(database, KEY, name, decision="approve", line=NONE)
    work.review(database, LEO, name, decision="approve", line=NONE)
    assert (alert(database, name).status, alert(database, name).reason) == ("closed_no_issue", "hedge")
    with database.session(ORG) as session:
        review = session.scalar(select(Review))
    assert (review.decision, review.decided_by, review.why) == (
        "approved", "u_leo", "sample" if severity == "low" else "severity",
    )  # fmt: skip
    assert (
        trail(database, name, action="alert.refused") == ["alert.refused"] * 4
    )  # a key does not get that far


def test_a_closing_is_sent_back_with_a_word_why(sqlite_database):
    with_alert(sqlite_database, severity="high")
    moved(sqlite_database, **CLOSE, through=True)
    with pytest.raises(Invalid):
        work.review(sqlite_database, LEO, FREE, decision="return", line=NONE)
    work.review(
        sqlite_database, LEO, FREE, decision="return", comment="The hedge is of another book.", line=NONE
    )
    assert alert(sqlite_database).status == "in_review"
    assert moved(sqlite_database, **CLOSE) is not None  # and can be asked for again


def test_a_key_may_sort_but_not_decide(sqlite_database):
    with_alert(sqlite_database)
    moved(sqlite_database, "triaged", actor=KEY)
    moved(sqlite_database, "assigned", actor=KEY)
    moved(sqlite_database, "in_review", actor=KEY)
    with pytest.raises(Forbidden, match="a key is nobody"):
        moved(sqlite_database, **CLOSE, actor=KEY)
    assert alert(sqlite_database).status == "in_review"


@pytest.mark.parametrize("role", [role for role in ROLES if role != "compliance"])
def test_no_other_role_moves_an_alert(sqlite_database, role):
    with_alert(sqlite_database)
    who = Identity(ORG, "u_x", "X", role)
    for act in (
        lambda: moved(sqlite_database, "triaged", actor=who),
        lambda: work.assign(sqlite_database, who, FREE, line=NONE),
        lambda: work.review(sqlite_database, who, FREE, decision="approve", line=NONE),
    ):
        with pytest.raises(Forbidden):
            act()
    assert alert(sqlite_database).status == "new"


def test_nobody_acts_on_himself_or_his_line_and_the_subject_learns_nothing(sqlite_database):
    with_alert(sqlite_database, actors=(("trader", "nina"),))
    with_alert(sqlite_database, "alert-4", actors=(("account", "A7"),))
    own, boss = Line(own=frozenset({"nina"})), Line(others=frozenset({"A7", "tom"}))
    with pytest.raises(NotFound, match="There is no such alert"):
        work.transition(sqlite_database, NINA, FREE, to="triaged", line=own)
    with pytest.raises(Forbidden, match="reporting line"):
        work.transition(sqlite_database, NINA, "alert-4", to="triaged", line=boss)
    with pytest.raises(Forbidden, match="reporting line"):
        work.assign(sqlite_database, NINA, "alert-4", line=boss)
    assert {alert(sqlite_database, name).status for name in (FREE, "alert-4")} == {"new"}
    assert trail(sqlite_database, FREE) == ["alert.refused"]
    assert trail(sqlite_database, "alert-4") == ["alert.refused"] * 2


def test_work_is_given_to_people_of_compliance_whom_it_does_not_concern(sqlite_database):
    with_people(sqlite_database)
    with_alert(sqlite_database, actors=(("trader", "leo"),))
    for nobody in ("u_leo", "u_ann", "u_unknown"):
        with pytest.raises(Invalid):
            work.assign(sqlite_database, NINA, FREE, assignee=nobody, line=NONE)
    with_alert(sqlite_database, "alert-4")
    work.assign(sqlite_database, NINA, "alert-4", assignee="u_leo", line=NONE)
    work.assign(sqlite_database, NINA, "alert-4", line=NONE)
    assert (alert(sqlite_database, "alert-4").assignee, alert(sqlite_database, "alert-4").status) == (
        "u_nina",
        "assigned",
    )


def test_who_saw_an_older_state_overwrites_nothing(sqlite_database):
    with_alert(sqlite_database)
    seen = alert(sqlite_database).version
    moved(sqlite_database, "triaged", version=seen)
    with pytest.raises(Conflict, match="Somebody changed it"):
        moved(sqlite_database, "assigned", version=seen)
    assert alert(sqlite_database).status == "triaged"


@pytest.mark.parametrize(("more", "field"), [
    ({"reason": None}, "reason"), ({"reason": "data_error"}, "reason"), ({"reason": "nothing"}, "reason"),
    ({"rationale": "too short"}, "rationale"), ({"rationale": None}, "rationale"),
    ({"rationale": "x" * 19 + "\0"}, "rationale"), ({"rationale": " " * 50}, "rationale"),
])  # fmt: skip
def test_a_closing_needs_a_fitting_reason_and_words(sqlite_database, more, field):
    with_alert(sqlite_database)
    with pytest.raises(Invalid) as error:
        moved(sqlite_database, **(CLOSE | more), through=True)
    assert [one.field for one in error.value.errors] == [field]
    assert alert(sqlite_database).status == "new"  # the steps before it are undone with it


def test_a_new_look_has_a_new_deadline(sqlite_database):
    with_alert(sqlite_database, due_at=None)
    moved(sqlite_database, **CLOSE, through=True)
    moved(sqlite_database, "reopened", reason="quality_review", rationale=WHY)
    due = alert(sqlite_database).due_at
    assert due - alert(sqlite_database).updated_at > timedelta(days=10)  # ten business days


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25, deadline=None)
@given(st.sampled_from(sorted(ALERT_STEPS)), st.sampled_from([*ALERT_STEPS, "nothing", ""]))
def test_any_step_the_workflow_lacks_is_refused_and_changes_nothing(sqlite_database, here, there):
    from sqlalchemy import delete

    from app.storage.records.alerts import Alert

    with sqlite_database.session(ORG, write=True) as session:
        session.execute(delete(Alert))
    with_alert(sqlite_database, status=here)
    legal = there in ALERT_STEPS[here] and there != "escalated"
    reason = {"closed_no_issue": "hedge", "closed_false_positive": "data_error", "info_requested": "ask_desk",
              "reopened": "new_facts"}.get(there)  # fmt: skip
    before = alert(sqlite_database)
    kept = {c.key: getattr(before, c.key) for c in Alert.__table__.columns}
    taken = len(trail(sqlite_database, FREE, action="alert.transition"))
    try:
        moved(sqlite_database, there, reason=reason, rationale=WHY)
    except (Conflict, Invalid):
        assert not legal
        after = alert(sqlite_database)
        assert {c.key: getattr(after, c.key) for c in Alert.__table__.columns} == kept
        assert len(trail(sqlite_database, FREE, action="alert.transition")) == taken
    else:
        assert legal
        assert alert(sqlite_database).status == there
        assert (alert(sqlite_database).closed_at is not None) == (there in CLOSINGS)
