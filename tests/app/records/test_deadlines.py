"""Deadlines: alerts of before they had one get it, new ones by the organisation's own calendar, reopened ones anew."""

from datetime import UTC, datetime, timedelta

import pytest
from alembic import command
from sqlalchemy import text

from analytics.compliance.deadlines import ALERT_DAYS
from app.actions import alert_workflow
from app.actions.alerts import record_findings
from app.desk import Desk
from app.queries import casework
from app.scope import Scope
from app.storage import schema
from app.storage.database import Database
from app.storage.records.people import Organisation
from tests.app._casework import FREE, NINA, NONE, ORG, WHY, alert, case, opened, with_alert, with_people

FOUND = "2026-11-20 14:30:00.000000"  # a Friday
OPEN = {"critical": "new", "high": "in_review", "medium": "reopened", "low": "assigned", "odd": "triaged"}
CLOSED = (
    "closed_no_issue",
    "closed_false_positive",
    "no_action",
    "near_miss",
    "breach_internal",
    "closed",
    "suppressed",
)
_ADD = (
    "INSERT INTO alerts (org, alert_id, detector, detector_version, parameters_version, title, severity, score, status, "
    "version, actors, instrument_ids, evidence, metrics, story, regulation, data_versions, due_at, created_at, updated_at) "
    "VALUES ('acme', :name, 'wash_trade', '1', 'p', '', :severity, 1, :status, 1, '[]', '[]', '{}', '[]', '[]', '[]', '{}', "
    ":due, :found, :found)"
)


@pytest.fixture
def before(tmp_path):
    """Return records of revision 0008 with alerts in every state, none of them due."""
    database = Database(f"sqlite:///{tmp_path}/old.db")
    _to(database, "0008")
    with database.engine.begin() as connection:
        for severity, status in OPEN.items():
            _add(connection, severity, severity, status)
        for status in CLOSED:
            _add(connection, status, "high", status)
        _add(connection, "held", "high", "new", due="2026-11-21 00:00:00.000000")
    return database


def _to(database, revision, way=command.upgrade):
    with database.engine.connect() as connection:
        config = schema._config()
        config.attributes["connection"] = connection
        way(config, revision)
        connection.commit()


def _add(connection, name, severity, status, *, due=None):
    connection.execute(
        text(_ADD), {"name": name, "severity": severity, "status": status, "due": due, "found": FOUND}
    )


def _due(database):
    with database.engine.connect() as connection:
        rows = connection.execute(text("SELECT alert_id, due_at FROM alerts ORDER BY alert_id")).all()
    return {name: str(due)[:16] if due else None for name, due in rows}


def test_open_alerts_of_before_become_due_weekdays_after_they_were_found(before):
    schema.upgrade(before)
    due = _due(before)
    assert {name: due[name] for name in OPEN} == {
        "critical": "2026-11-23 14:30", "high": "2026-11-23 14:30", "medium": "2026-11-25 14:30",
        "low": "2026-12-04 14:30", "odd": "2026-12-04 14:30",
    }  # fmt: skip
    assert {name: due[name] for name in CLOSED} == dict.fromkeys(CLOSED)
    assert due["held"] == "2026-11-21 00:00"  # it had one


def test_the_way_back_keeps_alerts_and_deadlines(before):
    schema.upgrade(before)
    due = _due(before)
    _to(before, "0008", command.downgrade)
    assert _due(before) == due
    schema.upgrade(before)
    assert _due(before) == due
    schema.check(before)


# --- by the organisation's calendar ------------------------------------------------------------------
def calendar(database, org=ORG, **settings):
    with database.session(None, write=True) as session:
        session.merge(Organisation(slug=org, name=org, name_key=org, settings=settings))


def found(database, at, severity="high", name="one"):
    finding = {
        "alert_id": name, "detector": "wash_trade", "detector_version": "1", "parameters_version": "p", "severity": severity,
        "score": 80.0, "actors": [], "actor_group": name, "instrument_ids": ["AAPL"], "window_start": at, "window_end": at,
        "metrics": [], "story": [], "regulation": [], "order_ids": [], "exec_ids": [], "message_ids": [], "post_ids": [],
        "event_seqs": [],
    }  # fmt: skip
    with database.session(ORG, write=True) as session:
        record_findings(session, ORG, [finding], actor=NINA, titles={"wash_trade": "Wash"},
                        data_versions={"wash_trade": {}}, at=at)  # fmt: skip
    return alert(database, name).due_at


@pytest.mark.parametrize(
    ("settings", "at", "due"),
    [
        ({}, "2026-11-20T14:30", "2026-11-23T14:30"),
        # Friday evening in London is Saturday in Tokyo: it counts from Monday's first minute there.
        ({"zone": "Asia/Tokyo"}, "2026-11-20T18:00", "2026-11-23T15:00"),
        # The clocks of New York change that Sunday: ten in the morning stays ten in the morning.
        ({"zone": "America/New_York"}, "2026-10-30T14:00", "2026-11-02T15:00"),
        ({"holidays": ["2026-11-23"]}, "2026-11-20T14:30", "2026-11-24T14:30"),
        # Found on a holiday that a weekend follows.
        ({"holidays": ["2026-11-20"]}, "2026-11-20T14:30", "2026-11-24T00:00"),
        # Thanksgiving, in the exchange's calendar and in the organisation's zone.
        ({"calendar": "XNYS", "zone": "America/New_York"}, "2026-11-25T20:00", "2026-11-27T20:00"),
    ],
)  # fmt: skip
def test_an_alert_is_due_by_its_organisations_days_holidays_and_clock(sqlite_database, settings, at, due):
    calendar(sqlite_database, **settings)
    moment = datetime.fromisoformat(f"{at}+00:00")
    assert found(sqlite_database, moment) == datetime.fromisoformat(f"{due}+00:00")


def test_the_graver_the_sooner(sqlite_database):
    monday = datetime(2026, 11, 16, 9, tzinfo=UTC)
    days = {level: (found(sqlite_database, monday, level, level) - monday).days for level in ALERT_DAYS}
    assert days == {"critical": 1, "high": 1, "medium": 3, "low": 14}


def test_another_organisations_holidays_do_not_count(sqlite_database):
    calendar(sqlite_database)
    calendar(sqlite_database, "zenith", holidays=["2026-11-23"])
    assert found(sqlite_database, datetime(2026, 11, 20, 9, tzinfo=UTC)).day == 23


def test_what_is_late_is_told_until_it_is_closed(tmp_path, sqlite_database):
    from tests.app._world import context_of

    with_people(sqlite_database)
    late, now = datetime(2026, 11, 1, tzinfo=UTC), datetime.now(UTC)
    with_alert(sqlite_database, "late", due_at=late)
    with_alert(sqlite_database, "ended", due_at=late, status="closed_no_issue", closed_at=late)
    with_alert(sqlite_database, "soon", due_at=now + timedelta(hours=1))
    with_alert(sqlite_database, "never", due_at=None)
    context = context_of(tmp_path, sqlite_database)
    desk = Desk(context.lake, context.database, NINA, Scope(), context.cache)
    told = {name: casework.alert_work(desk, name)["overdue"] for name in ("late", "ended", "soon", "never")}
    assert told == {"late": True, "ended": False, "soon": False, "never": False}


def test_a_case_has_its_own_days_of_the_same_calendar(sqlite_database):
    off = [(datetime.now(UTC) + timedelta(days=n)).date().isoformat() for n in range(1, 29)]
    calendar(sqlite_database, holidays=off)
    with_people(sqlite_database)
    made = case(sqlite_database, opened(sqlite_database).id)
    assert made.severity == "low"
    assert (
        timedelta(days=28 + 26) <= made.due_at - made.created_at <= timedelta(days=28 + 30)
    )  # twenty business days


def test_one_that_is_opened_again_is_due_by_the_calendar_of_now(sqlite_database):
    with_people(sqlite_database)
    with_alert(sqlite_database, due_at=None, status="closed_no_issue", reason="hedge")
    off = [(datetime.now(UTC) + timedelta(days=n)).date().isoformat() for n in range(1, 29)]
    calendar(sqlite_database, holidays=off)
    alert_workflow.transition(
        sqlite_database, NINA, FREE, to="reopened", line=NONE, reason="quality_review", rationale=WHY
    )
    assert alert(sqlite_database).due_at - datetime.now(UTC) > timedelta(days=28 + 11)  # ten business days
