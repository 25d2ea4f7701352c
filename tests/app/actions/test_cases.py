"""A case goes from its alerts to an end that two people agree on; what is closed stays as it is."""

import pytest

from analytics.compliance.checklists import checklist
from app.actions import audit as proof
from app.actions import (
    case_access,
    case_checklist,
    case_notes,
    case_reports,
    case_review,
    case_steps,
    cases,
    orgs,
)
from app.actions._roles import console
from app.errors import Conflict, Forbidden, Invalid, NotFound
from app.scope import ROLES, Identity, Line
from app.storage.records.cases import CaseNote
from tests.app._casework import (
    ANN,
    FREE,
    KEY,
    LEO,
    NINA,
    NONE,
    ORG,
    WHY,
    alert,
    case,
    opened,
    trail,
    with_alert,
    with_people,
)


def version(database, name):
    return case(database, name).version


def tick(database, name, *, actor=NINA):
    for item in case(database, name).checklist:
        if item["mandatory"]:
            case_checklist.mark(database, actor, name, key=item["key"], state="done", comment="seen", line=NONE,
                                version=version(database, name))  # fmt: skip


def go(database, name, to, *, actor=NINA, **more):
    more = {"version": version(database, name)} | more
    return case_steps.transition(database, actor, name, to=to, line=NONE, **more)


def closed(database, *, outcome="no_action", reason="hedge"):
    name = opened(database).id
    tick(database, name)
    go(database, name, outcome, reason=reason, rationale=WHY)
    go(database, name, "closed", reason="decided", rationale=WHY)
    case_review.review(database, LEO, name, decision="approve", line=NONE)
    return name


def test_an_alert_becomes_a_case_with_its_people_its_checks_and_a_deadline(database):
    made = opened(database)
    found = case(database, made.id)
    assert (found.number, found.abuse_type, found.severity, found.status, found.level) == (
        1, "wash_trade", "low", "investigation", "l2",
    )  # fmt: skip
    assert found.actors == [{"kind": "trader", "id": "tom"}]
    assert [item["key"] for item in found.checklist] == [item.key for item in checklist("wash_trade")]
    assert found.due_at > found.created_at
    assert (alert(database).status, alert(database).case_id) == ("escalated", made.id)
    assert trail(database, made.id) == ["case.open"]
    assert proof.verify(database, ORG).ok
    second = cases.open_case(
        database, LEO, line=NONE, title="Seen on the desk", rationale=WHY, kind="conflict"
    )
    assert (second.number, second.abuse_type) == (2, "conflict")


def test_further_alerts_join_and_one_that_is_with_a_case_does_not(sqlite_database):
    name = opened(sqlite_database).id
    with_alert(sqlite_database, "alert-4", instrument_ids=["MSFT"], actors=(("account", "A9"),))
    cases.add_alerts(sqlite_database, LEO, name, ["alert-4"], line=NONE, rationale=WHY)
    found = case(sqlite_database, name)
    assert found.instrument_ids == ["AAPL", "MSFT"]
    assert {one["id"] for one in found.actors} == {"tom", "A9"}
    with pytest.raises(Conflict, match="escalated"):
        cases.add_alerts(sqlite_database, LEO, name, [FREE], line=NONE, rationale=WHY)
    with pytest.raises(NotFound):
        cases.add_alerts(sqlite_database, LEO, name, ["unknown"], line=NONE, rationale=WHY)
    assert case(sqlite_database, name).version == found.version


def test_open_checks_block_the_end_and_a_check_set_aside_needs_a_word(sqlite_database):
    name = opened(sqlite_database).id
    with pytest.raises(Conflict, match="mandatory checks are open"):
        go(sqlite_database, name, "no_action", reason="hedge", rationale=WHY)
    tick(sqlite_database, name)
    item = case(sqlite_database, name).checklist[0]
    assert (item["state"], item["by_name"], item["comment"]) == ("done", "Nina", "seen")
    v = version(sqlite_database, name)
    for bad in ({"state": "not_applicable"}, {"state": "maybe"}):
        with pytest.raises(Invalid):
            case_checklist.mark(sqlite_database, NINA, name, key="owners", line=NONE, version=v, **bad)
    with pytest.raises(NotFound):
        case_checklist.mark(sqlite_database, NINA, name, key="nothing", state="done", line=NONE, version=v)
    with pytest.raises(Conflict, match="Somebody changed it"):
        case_checklist.mark(sqlite_database, LEO, name, key="owners", state="open", line=NONE, version=v - 1)
    go(sqlite_database, name, "no_action", reason="hedge", rationale=WHY)
    assert case(sqlite_database, name).outcome == "no_action"


def test_who_asks_to_close_does_not_agree_to_it_and_the_alerts_end_with_the_case(database):
    name = opened(database).id
    tick(database, name)
    go(database, name, "near_miss", reason="below_reasonable_suspicion", rationale=WHY)
    go(database, name, "closed", reason="decided", rationale=WHY)
    assert case(database, name).status == "near_miss"
    with pytest.raises(Forbidden, match="second person"):
        case_review.review(database, NINA, name, decision="approve", line=NONE)
    with pytest.raises(Conflict, match="waits for a second person"):
        go(database, name, "investigation")
    case_review.review(database, LEO, name, decision="return", comment="Read the messages too.", line=NONE)
    assert case(database, name).status == "near_miss"
    go(database, name, "closed", reason="decided", rationale=WHY)
    case_review.review(database, LEO, name, decision="approve", line=NONE)
    assert (case(database, name).status, case(database, name).outcome) == ("closed", "near_miss")
    assert (alert(database).status, alert(database).reason) == ("near_miss", "below_reasonable_suspicion")
    assert alert(database).closed_at is not None
    assert trail(database, name, action="case.refused") == ["case.refused"] * 2
    assert proof.verify(database, ORG).ok


def test_a_closed_case_is_as_it_is_until_it_is_opened_again(database):
    name = closed(database)
    before, at = case(database, name), version(database, name)
    for act in (
        lambda: go(database, name, "investigation"),
        lambda: go(database, name, "no_action", reason="hedge", rationale=WHY),
        lambda: case_notes.write(database, NINA, name, text="One more word", line=NONE),
        lambda: case_checklist.mark(database, NINA, name, key="owners", state="open", line=NONE, version=at),
        lambda: case_steps.escalate(database, NINA, name, to="lead", rationale=WHY, line=NONE, version=at),
        lambda: case_access.restrict(database, NINA, name, restricted=True, people=[], line=NONE, version=at),
        lambda: case_reports.suspect(database, NINA, name, line=NONE, version=at),
        lambda: case_reports.write(database, NINA, name, given={"narrative": "x"}, line=NONE, version=at),
        lambda: cases.take(database, LEO, name, line=NONE, version=at),
    ):
        with pytest.raises(Conflict, match="closed"):
            act()
    assert version(database, name) == at
    assert case(database, name).checklist == before.checklist
    assert trail(database, name, action="case.refused") == ["case.refused"] * 9
    go(database, name, "reopened", reason="new_facts", rationale=WHY)
    assert (case(database, name).status, alert(database).status) == ("reopened", "escalated")


def test_an_older_view_changes_nothing(sqlite_database):
    name = opened(sqlite_database).id
    seen = version(sqlite_database, name)
    cases.take(sqlite_database, LEO, name, line=NONE, version=seen)
    for act in (
        lambda: go(sqlite_database, name, "info_requested", reason="ask_desk", rationale=WHY, version=seen),
        lambda: cases.take(sqlite_database, NINA, name, line=NONE, version=seen),
    ):
        with pytest.raises(Conflict, match="Somebody changed it"):
            act()
    assert (case(sqlite_database, name).owner, version(sqlite_database, name)) == ("u_leo", seen + 1)


def test_notes_are_added_to_and_never_changed(database):
    name = opened(database).id
    first = case_notes.write(database, NINA, name, text="Both accounts\nare his.", line=NONE,
                             evidence=[{"kind": "order", "id": "O1"}])  # fmt: skip
    again = case_notes.write(
        database, NINA, name, text="One account is his.", line=NONE, note_id=first.note_id, replaces=1
    )
    assert (again.note_id, again.version) == (first.note_id, 2)
    with pytest.raises(Conflict, match="version 2 stands there"):
        case_notes.write(database, NINA, name, text="Late.", line=NONE, note_id=first.note_id, replaces=1)
    with pytest.raises(Forbidden, match="somebody else's note"):
        case_notes.write(database, LEO, name, text="No.", line=NONE, note_id=first.note_id, replaces=2)
    with pytest.raises(NotFound):
        case_notes.write(database, LEO, name, text="No.", line=NONE, note_id="note_unknown", replaces=1)
    with database.session(ORG) as session:
        kept = {(row.version, row.text) for row in session.query(CaseNote)}
    assert kept == {(1, "Both accounts\nare his."), (2, "One account is his.")}


@pytest.mark.parametrize("more", [{"text": ""}, {"text": "x\0"}, {"kind": "poem"}, {"evidence": [{"kind": "x", "id": "1"}]},
                                  {"evidence": [{"kind": "order", "id": ""}]}])  # fmt: skip
def test_a_note_that_does_not_fit_is_refused(sqlite_database, more):
    name = opened(sqlite_database).id
    with pytest.raises(Invalid):
        case_notes.write(sqlite_database, NINA, name, line=NONE, **({"text": "Words."} | more))


@pytest.mark.parametrize("role", [role for role in ROLES if role != "compliance"])
def test_no_other_role_opens_or_changes_a_case(sqlite_database, role):
    name = opened(sqlite_database).id
    who, v = Identity(ORG, "u_x", "X", role), version(sqlite_database, name)
    with_alert(sqlite_database, "alert-4")
    for act in (
        lambda: cases.open_case(sqlite_database, who, line=NONE, alert_ids=["alert-4"], rationale=WHY),
        lambda: cases.take(sqlite_database, who, name, line=NONE),
        lambda: go(sqlite_database, name, "no_action", actor=who),
        lambda: case_notes.write(sqlite_database, who, name, text="Words.", line=NONE),
        lambda: case_review.review(sqlite_database, who, name, decision="approve", line=NONE),
        lambda: case_reports.decide(
            sqlite_database, who, name, submit=False, reasons=WHY, line=NONE, version=v
        ),
    ):
        with pytest.raises(Forbidden):
            act()
    assert version(sqlite_database, name) == v
    assert alert(sqlite_database, "alert-4").status == "new"


def test_the_subject_learns_nothing_and_his_line_does_not_act(sqlite_database):
    name = opened(sqlite_database).id
    own, line = Line(own=frozenset({"tom"})), Line(others=frozenset({"tom"}))
    with pytest.raises(NotFound, match="There is no such case"):
        case_notes.write(sqlite_database, LEO, name, text="Not me.", line=own)
    with pytest.raises(Forbidden, match="reporting line"):
        case_notes.write(sqlite_database, LEO, name, text="Not my boss.", line=line)
    with pytest.raises(Forbidden, match="reporting line"):
        cases.open_case(
            sqlite_database,
            LEO,
            line=line,
            title="T",
            rationale=WHY,
            actors=[{"kind": "trader", "id": "tom"}],
        )
    assert trail(sqlite_database, name, action="case.refused") == ["case.refused"] * 2


def test_a_restricted_case_is_there_for_listed_people_only(sqlite_database):
    with_people(sqlite_database)
    name = opened(sqlite_database, restricted=True).id
    with pytest.raises(NotFound, match="There is no such case"):
        cases.take(sqlite_database, LEO, name, line=NONE)
    with pytest.raises(Invalid):
        case_access.restrict(sqlite_database, NINA, name, restricted=True, people=["u_ann"], line=NONE,
                             version=version(sqlite_database, name))  # fmt: skip
    case_access.restrict(sqlite_database, NINA, name, restricted=True, people=["u_leo"], line=NONE,
                         version=version(sqlite_database, name))  # fmt: skip
    cases.take(sqlite_database, LEO, name, line=NONE)
    assert case(sqlite_database, name).owner == "u_leo"


def test_a_look_is_noted_once_in_a_quarter_of_an_hour_and_by_person(sqlite_database):
    name = opened(sqlite_database).id
    for who in (NINA, NINA, ANN, NINA):
        case_access.looked_at(sqlite_database, who, "case", name, what="case")
    case_access.looked_at(sqlite_database, NINA, "case", name, what="messages")
    assert trail(sqlite_database, name, action="case.read") == ["case.read"] * 3


def test_it_goes_up_one_level_at_a_time_and_waits_there_for_an_owner(sqlite_database):
    name = opened(sqlite_database).id
    for to in ("legal", "l2", "nowhere"):
        with pytest.raises(Conflict):
            case_steps.escalate(sqlite_database, NINA, name, to=to, rationale=WHY, line=NONE,
                                version=version(sqlite_database, name))  # fmt: skip
    for to in ("lead", "legal"):
        case_steps.escalate(sqlite_database, NINA, name, to=to, rationale=WHY, line=NONE,
                            version=version(sqlite_database, name))  # fmt: skip
    assert (case(sqlite_database, name).level, case(sqlite_database, name).owner) == ("legal", None)


def test_records_on_legal_hold_are_not_deleted(sqlite_database):
    orgs.create(sqlite_database, console(ORG), slug=ORG, name="Acme")
    name = closed(sqlite_database)  # a closed case can be held too
    case_access.hold(sqlite_database, NINA, name, on=True, rationale="Asked for by court.", line=NONE,
                     version=version(sqlite_database, name))  # fmt: skip
    operator = Identity("", "console", "op", "operator")
    with pytest.raises(Conflict, match="legal hold by case C-0001"):
        orgs.delete(sqlite_database, operator, ORG)
    case_access.hold(sqlite_database, NINA, name, on=False, rationale="Released by court.", line=NONE,
                     version=version(sqlite_database, name))  # fmt: skip
    assert orgs.delete(sqlite_database, operator, ORG)["cases"] == 1


def test_a_key_notes_but_does_not_decide(sqlite_database):
    name = opened(sqlite_database).id
    case_notes.write(sqlite_database, KEY, name, text="Found by a script.", line=NONE, kind="search")
    with pytest.raises(Forbidden, match="a key is nobody"):
        go(sqlite_database, name, "info_requested", actor=KEY, reason="ask_desk", rationale=WHY)
