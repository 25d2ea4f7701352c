"""Supervision: what no alert names is drawn at random, read by people who are not in it, and counted."""

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select

from analytics.compliance.sampling import drawn
from app.actions import supervision as acting
from app.desk import Desk
from app.errors import Conflict, Forbidden, Invalid, NotFound
from app.queries import casework, supervision
from app.queries._line import own_line
from app.scope import Identity, Scope
from app.storage.records.alerts import Alert
from app.storage.records.audit import AuditEntry
from app.storage.records.cases import Case
from tests.app._casework import ANN, KEY, LEO, NINA, NONE, WHY, trail, with_alert, with_people
from tests.app._world import context_of, land

DAY = date(2026, 11, 20)
PEOPLE = """
person_id  name  manager_id
nina       Nina  boss
boss       Boss  .
tom        Tom   .
"""
MESSAGES = """
message_id  transact_time         channel  sender_id  recipient_ids  text
M1          2026-11-20T09:00:00Z  chat     tom        uma            lunch
M2          2026-11-20T10:00:00Z  chat     uma        tom            later
M3          2026-11-20T11:00:00Z  mail     tom        nina           hello
M4          2026-11-20T12:00:00Z  chat     boss       tom            plan
M5          2026-11-20T13:00:00Z  chat     tom        uma            alerted
M6          2026-11-10T13:00:00Z  chat     tom        uma            earlier
"""


@pytest.fixture
def firm(tmp_path, sqlite_database):
    context = context_of(tmp_path, sqlite_database)
    land(context, "acme", messages=MESSAGES, people=PEOPLE)
    with_people(sqlite_database)
    with_alert(sqlite_database, "named", evidence={"message_ids": ["M5"]})
    return context


def desk(firm, who=LEO):
    return Desk(firm.lake, firm.database, who, Scope(), firm.cache)


def draw(firm, who=LEO, *, size=50, reason="routine", rationale=WHY, **period):
    return acting.draw(firm.database, who, supervision.population(desk(firm, who), **period), size=size,
                       reason=reason, rationale=rationale)  # fmt: skip


def item(firm, message, who=LEO):
    rows = supervision.queue(desk(firm, who), state=None)["rows"]
    return next(row["id"] for row in rows if row["message_id"] == message)


def read(firm, message, who=LEO):
    return acting.reviewed(firm.database, who, item(firm, message), line=own_line(desk(firm, who)))


def raised(firm, message, who=LEO, *, to="alert", rationale=WHY, **more):
    name = item(firm, message)
    said = supervision.message_of(desk(firm, who), name)
    return acting.escalate(
        firm.database, who, name, said, to=to, rationale=rationale, line=own_line(desk(firm, who)), **more
    )


def test_a_sample_holds_what_no_alert_names_and_says_how_it_came_about(firm):
    made = draw(firm, size=3)
    assert (made.start, made.end) == (date(2026, 11, 14), DAY)  # the last week that has messages
    assert (made.population, made.alerted, made.before, made.size) == (5, 1, 0, 3)
    rows = supervision.queue(desk(firm))["rows"]
    assert [row["message_id"] for row in rows] == drawn(["M1", "M2", "M3", "M4"], seed=made.seed, size=3)
    assert all(row["text"] for row in rows)
    assert trail(firm.database, made.id) == ["supervision.draw"]
    again = draw(firm, size=50)
    assert (again.before, again.size) == (3, 1)  # nothing is drawn twice
    with pytest.raises(Conflict, match="left"):
        draw(firm)
    assert draw(firm, start=date(2026, 11, 1), end=date(2026, 11, 12)).size == 1


def test_a_plan_says_what_there_is_and_how_many_to_draw(firm):
    found = supervision.plan(desk(firm), channel="chat")
    assert (found["messages"], found["alerted"], found["eligible"], found["senders"]) == (4, 1, 3, 3)
    assert found["channels"] == ["chat", "mail"]
    assert [one["size"] for one in found["sizes"]] == [3, 3, 3, 3]
    with pytest.raises(Invalid, match="channel"):
        supervision.plan(desk(firm), channel="fax")
    with pytest.raises(Invalid, match="period"):
        supervision.plan(desk(firm), start=DAY, end=date(2026, 1, 1))


@pytest.mark.parametrize("bad", [{"size": 0}, {"size": 1001}, {"reason": "whim"}, {"rationale": "short"}])
def test_a_draw_that_does_not_fit_is_told_why(firm, bad):
    with pytest.raises(Invalid):
        draw(firm, **bad)


def test_what_is_read_is_counted_and_bounds_what_was_overlooked(firm):
    assert supervision.figures(desk(firm))["reasons"]["at_most"] == "no sample has been drawn"
    draw(firm)
    assert supervision.figures(desk(firm))["at_most"] is None
    read(firm, "M1")
    raised(firm, "M2")
    found = supervision.figures(desk(firm))
    assert (found["open"], found["reviewed"], found["escalated"], found["drawn"]) == (2, 1, 1, 4)
    assert (found["read"], found["coverage"]) == (0.5, 0.5)
    assert (found["people"], found["people_read"], found["messages"]) == (3, 2, 5)
    assert 0.9 < found["at_most"] < 1
    (sample,) = supervision.samples(desk(firm))
    assert sample["counts"] == {"open": 2, "reviewed": 1, "escalated": 1}
    assert (sample["coverage"], sample["at_most"]) == (0.5, found["at_most"])
    with pytest.raises(Conflict, match="Leo settled it"):
        read(firm, "M1")


def test_an_escalation_raises_an_alert_or_opens_a_case_at_once(firm):
    draw(firm)
    one = raised(firm, "M1", severity="high", versions={"messages": "1"})
    with firm.database.session("acme") as session:
        alert = session.scalar(select(Alert).where(Alert.alert_id == one.alert_id))
    assert (alert.detector, alert.severity, alert.status, alert.due_at is not None) == (
        "supervision",
        "high",
        "new",
        True,
    )
    assert alert.evidence["message_ids"] == ["M1"]
    assert alert.actors == [{"kind": "trader", "id": "tom"}]
    assert WHY in alert.story
    two = raised(firm, "M2", to="case")
    with firm.database.session("acme") as session:
        case = session.scalar(select(Case).where(Case.id == two.case_id))
        second = session.scalar(select(Alert).where(Alert.alert_id == two.alert_id))
    assert (case.abuse_type, second.status, second.case_id) == ("communications", "escalated", case.id)
    assert trail(firm.database, two.id) == ["supervision.escalated", "supervision.case"]
    for bad in ({"to": "court"}, {"severity": "huge"}, {"rationale": "no"}):
        with pytest.raises(Invalid):
            raised(firm, "M4", **bad)


@pytest.mark.parametrize("where", ["record_findings", "opened", "_settle"])
def test_an_escalation_that_breaks_off_leaves_nothing_in_half(firm, monkeypatch, where):
    draw(firm)
    before, done = item(firm, "M2"), getattr(acting, where)

    def breaks(*args, **more):
        done(*args, **more)  # what it does is done when the power goes
        raise KeyboardInterrupt

    monkeypatch.setattr(acting, where, breaks)
    with pytest.raises(KeyboardInterrupt):
        raised(firm, "M2", to="case")
    with firm.database.session("acme") as session:
        assert list(session.scalars(select(Case))) == []
        assert list(session.scalars(select(Alert.alert_id))) == ["named"]
        assert session.scalar(select(AuditEntry).where(AuditEntry.action.like("case.%"))) is None
    assert trail(firm.database, before) == []
    monkeypatch.undo()
    two = raised(firm, "M2", to="case")
    assert (two.state, case_number(firm, two.case_id)) == ("escalated", 1)


def case_number(firm, name):
    with firm.database.session("acme") as session:
        return session.scalar(select(Case.number).where(Case.id == name))


def test_nobody_reads_or_settles_what_he_or_his_line_wrote(firm):
    draw(firm)
    own, plan = item(firm, "M3"), item(firm, "M4")
    hers = supervision.queue(desk(firm, NINA))
    assert {row["message_id"]: row["may_act"] for row in hers["rows"]} == {
        "M1": True,
        "M2": True,
        "M4": False,
    }
    assert hers["own"] == 1
    line = own_line(desk(firm, NINA))
    with pytest.raises(NotFound, match="no such message"):
        acting.reviewed(firm.database, NINA, own, line=line)
    with pytest.raises(NotFound):
        supervision.message_of(desk(firm, NINA), own)
    with pytest.raises(Forbidden, match="reporting line"):
        acting.reviewed(firm.database, NINA, plan, line=line)
    assert trail(firm.database, own) == ["supervision.refused"]


def test_who_is_not_of_compliance_is_refused(firm):
    draw(firm)
    name = item(firm, "M1")
    assert [row["may_act"] for row in supervision.queue(desk(firm, ANN))["rows"]] == [False] * 4
    for who in (ANN, Identity("acme", "u_tom", "Tom", "trader")):
        with pytest.raises(Forbidden):
            acting.reviewed(firm.database, who, name, line=NONE)
    for question in (supervision.queue, supervision.figures, supervision.samples, supervision.plan):
        with pytest.raises(Forbidden):
            question(desk(firm, Identity("acme", "u_tom", "Tom", "trader")))
    with pytest.raises(Forbidden, match="person"):
        draw(firm, KEY)
    stranger = desk(firm, Identity("zenith", "u_z", "Zed", "compliance"))
    assert supervision.queue(stranger, state=None)["total"] == 0
    with pytest.raises(NotFound):
        acting.reviewed(firm.database, stranger.identity, name, line=NONE)
    with firm.database.session("acme") as session:
        assert session.scalar(select(AuditEntry).where(AuditEntry.action == "supervision.reviewed")) is None


def test_a_message_that_is_gone_is_said_to_be(firm):
    other = acting.Message("gone", datetime(2026, 11, 20, tzinfo=UTC), ("tom",))
    acting.draw(
        firm.database,
        LEO,
        acting.Population(DAY, DAY, None, [other], frozenset()),
        size=1,
        reason="risk",
        rationale=WHY,
    )
    (row,) = supervision.queue(desk(firm))["rows"]
    assert row["text"] is None
    with pytest.raises(NotFound, match="not in the tables"):
        supervision.message_of(desk(firm), row["id"])


def test_the_trail_hides_what_was_said_of_ones_own_messages(firm):
    draw(firm)
    own = item(firm, "M3")
    assert own in casework.hidden_objects(desk(firm, NINA))
    assert own not in casework.hidden_objects(desk(firm, LEO))
