"""What a case and an alert offer follows from their state and from who looks."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from components.alert_decision import decision as alert_decision
from components.case_decision import decision
from components.cases import board, checklist, notes
from components.casework import due

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def a_case(**more):
    return {
        "case_id": "case_1", "ref": "C-0001", "title": "<b>Wash</b>", "status": "investigation", "level": "l2", "severity": "high",
        "owner": "u_nina", "owner_name": "Nina", "due_at": NOW + timedelta(days=2), "version": 3, "suspicion_at": None, "decision": None,
        "submitted_ref": None, "may_act": True, "restricted": False, "legal_hold": False, "alerts": 1, "reviews": [],
        "checklist": [{"key": "owners", "text": "Owners", "mandatory": True, "state": "open"}],
        "next": [{"state": "no_action", "reasons": [{"code": "hedge", "text": "Hedge"}]}, {"state": "info_requested", "reasons": []}],
    } | more  # fmt: skip


def posts(parts):
    """Return where the forms and buttons of some parts post to, and with what."""
    found = []

    def walk(node):
        if isinstance(node, (list, tuple)):
            for one in node:
                walk(one)
        elif hasattr(node, "to_plotly_json"):
            props = node.to_plotly_json()["props"]
            if "data-post" in props:
                found.append((props["data-post"].rpartition("/")[2], json.loads(props["data-json"])))
            walk(props.get("children"))

    walk(parts)
    return found


def test_open_checks_leave_no_way_to_an_end():
    assert ("transition", {"to": "no_action", "version": 3}) not in posts(
        decision(a_case(), NOW, user="u_nina", people=[])
    )
    done = a_case(checklist=[{"key": "owners", "text": "Owners", "mandatory": True, "state": "done"}])
    assert ("transition", {"to": "no_action", "version": 3}) in posts(
        decision(done, NOW, user="u_nina", people=[])
    )


def test_who_decided_is_not_offered_to_agree():
    waits = {"decision": "pending", "object_kind": "stor", "requested_by": "u_nina", "requested_name": "Nina",
             "to_state": "stor_approved", "rationale": "Because."}  # fmt: skip
    case = a_case(reviews=[waits])
    assert ("review", {"decision": "approve"}) not in posts(decision(case, NOW, user="u_nina", people=[]))
    assert ("review", {"decision": "approve"}) in posts(decision(case, NOW, user="u_leo", people=[]))
    assert posts(decision(a_case(may_act=False, reviews=[waits]), NOW, user="u_ann", people=[])) == []


def test_who_only_reads_is_offered_nothing():
    assert posts(decision(a_case(may_act=False), NOW, user="u_ann", people=[])) == []
    assert posts(checklist(a_case(), may=False)) == []
    work = {
        "alert_id": "a1",
        "status": "new",
        "assignee": None,
        "due_at": None,
        "waits": None,
        "may_act": False,
        "steps": [],
        "version": 1,
        "state": 1,
        "gone_at": None,
    }
    assert posts(alert_decision(work, NOW, user="u_ann", people={}, reasons=[], case_id=None)) == []


def test_an_alert_is_taken_escalated_or_closed_with_a_reason():
    work = {
        "alert_id": "a1",
        "status": "new",
        "assignee": None,
        "due_at": NOW,
        "waits": None,
        "may_act": True,
        "steps": [],
        "version": 1,
        "state": 1,
        "gone_at": None,
    }
    offered = posts(alert_decision(work, NOW, user="u_nina", people={}, reasons=[], case_id=None))
    assert ("assign", {"version": 1}) in offered
    assert {body.get("to") for _, body in offered} == {
        None,
        "escalated",
        "closed_no_issue",
        "closed_false_positive",
    }
    over = posts(
        alert_decision(
            work | {"status": "closed_no_issue"}, NOW, user="u_nina", people={}, reasons=[], case_id=None
        )
    )
    assert over == [("transition", {"to": "reopened"})]
    grown = {
        "status": "reopened",
        "state": 3,
        "gone_at": NOW,
        "steps": [{"reason": None, "rationale": "It grew."}],
    }
    drawn = alert_decision(work | grown, NOW, user="u_nina", people={}, reasons=[], case_id=None)
    said = str(drawn)
    assert all(words in said for words in ("grown 2 times", "no look finds it any more", "It grew."))


@pytest.mark.parametrize(
    ("hours", "words", "tone"),
    [(-2, "2 h overdue", "crit"), (2, "due in 2 h", "high"), (72, "due in 3 d", "")],
)
def test_a_deadline_says_how_long(hours, words, tone):
    drawn = due(NOW + timedelta(hours=hours), NOW)
    assert drawn.children[1] == words
    assert drawn.className == f"tag {tone}".strip()


def test_the_board_has_every_case_once_and_notes_keep_their_versions():
    rows = [
        a_case(case_id=f"case_{n}", status=status)
        for n, status in enumerate(("investigation", "near_miss", "stor_draft", "closed"))
    ]
    columns = [len(column.children[1].children) for column in board(rows, NOW).children]
    assert columns == [1, 1, 1, 1]
    note = {"note_id": "n", "version": 2, "kind": "note", "text": "Second", "evidence": [], "author": "u_nina", "author_name": "Nina",
            "created_at": NOW, "earlier": [{"version": 1, "text": "First", "created_at": NOW}]}  # fmt: skip
    assert "First" in str(notes(a_case(notes=[note]), author="u_nina", may=True))
