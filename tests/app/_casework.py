"""People of compliance, alerts and cases on record, for tests of what is decided about them."""

from datetime import UTC, datetime

from sqlalchemy import select

from app.actions import cases
from app.scope import Identity, Line
from app.storage.records.alerts import Alert
from app.storage.records.audit import AuditEntry
from app.storage.records.cases import Case
from app.storage.records.people import User

ORG = "acme"
NINA = Identity(ORG, "u_nina", "Nina", "compliance", person_id="nina")
LEO = Identity(ORG, "u_leo", "Leo", "compliance", person_id="leo")
ANN = Identity(ORG, "u_ann", "Ann", "auditor")
KEY = Identity(ORG, "k_script", "Script", "compliance")
NONE = Line()
WHY = "Looked at orders, fills and messages of the day."
AT = datetime(2026, 11, 20, 14, 30, tzinfo=UTC)
FREE, DRAWN = (
    "alert-3",
    "alert-7",
)  # of low severity: the first is closed by one person, the second is sampled


def with_people(database):
    with database.session(ORG, write=True) as session:
        for who in (NINA, LEO, ANN):
            session.add(User(id=who.user_id, org=ORG, email=f"{who.user_id}@acme.com", name=who.name, role=who.role,
                             person_id=who.person_id, desks=None, preferences={}))  # fmt: skip
    return database


def with_alert(database, name=FREE, *, severity="low", actors=(("trader", "tom"),), **more):
    fields = {
        "detector": "wash_trade", "title": f"Wash trade {name}", "score": 30.0, "instrument_ids": ["AAPL"],
        "window_start": AT, "window_end": AT, "created_at": AT, "actor_group": "O1", "story": ["Bought and sold."],
    } | more  # fmt: skip
    with database.session(ORG, write=True) as session:
        session.add(Alert(org=ORG, alert_id=name, detector_version="1", parameters_version="p", severity=severity,
                          actors=[{"kind": kind, "id": who} for kind, who in actors], **fields))  # fmt: skip
    return name


def alert(database, name=FREE):
    with database.session(ORG) as session:
        return session.scalar(select(Alert).where(Alert.alert_id == name))


def case(database, name):
    with database.session(ORG) as session:
        return session.scalar(select(Case).where(Case.id == name))


def opened(database, actor=NINA, **more):
    more = {"alert_ids": [with_alert(database)]} | more if "title" not in more else more
    return cases.open_case(database, actor, line=NONE, rationale=WHY, **more)


def trail(database, name, *, action=None):
    query = select(AuditEntry).where(AuditEntry.object_id == name).order_by(AuditEntry.seq)
    with database.session(ORG) as session:
        return [row.action for row in session.scalars(query) if action in {None, row.action}]
