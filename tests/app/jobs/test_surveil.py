"""Surveillance end to end: found once, pinned, reproducible, audited, and never two firms at once."""

from dataclasses import replace
from datetime import UTC, date, datetime

import polars as pl
import pytest
from sqlalchemy import func, select

from analytics.compliance import detectors
from analytics.compliance.detector import Detector
from app.actions import parameters
from app.errors import Invalid, NotFound
from app.jobs.surveil import reproduce, surveil
from app.storage.records.alerts import Alert
from app.storage.records.audit import AuditEntry
from app.storage.records.counters import version_of
from app.storage.records.ledger import LakePin
from app.storage.records.lists import ListEntry
from app.storage.records.surveillance import DetectorRun
from tests.app._world import context_of, land

ACCOUNTS = """
account_id  kind   base_currency  owner_id  desk
A1          house  USD            O1        D1
A2          house  USD            O1        D1
"""
WASH = """
exec_id  order_id  account_id  trader_id  instrument_id  side  last_qty  last_px  currency  transact_time  match_id
E1       O1        A1          T1         AAPL           buy   100       190.10   USD       14:30:00       M1
E2       O2        A2          T2         AAPL           sell  100       190.10   USD       14:30:00       M1
"""
ORDERS = """
order_id  event_seq  event_type  instrument_id  account_id  trader_id  side  limit_px  order_qty  transact_time
O1        1          new         AAPL           A1          T1         buy   190.10    100        14:29:00
O2        2          new         AAPL           A2          T2         sell  190.10    100        14:29:30
"""
LATER = """
exec_id  order_id  account_id  trader_id  instrument_id  side  last_qty  last_px  currency  transact_time  match_id
E3       O3        A1          T1         AAPL           buy   100       190.10   USD       14:31:00       M2
E4       O4        A2          T2         AAPL           sell  100       190.10   USD       14:31:00       M2
"""


@pytest.fixture
def firm(tmp_path, sqlite_database):
    context = context_of(tmp_path, sqlite_database)
    land(context, "acme", accounts=ACCOUNTS, executions=WASH, order_events=ORDERS)
    with sqlite_database.session("acme", write=True) as session:
        at = datetime(2026, 11, 20, 14, 29, 15, tzinfo=UTC)
        session.add(ListEntry(kind="restricted", instrument_id="AAPL", valid_from=at, created_by="u_c"))
    return context


def stored(context, kind=Alert, org="acme") -> list:
    with context.database.session(org) as session:
        return list(session.scalars(select(kind)))


def test_findings_land_once_with_their_ground_and_an_audit_entry(firm):
    said = surveil(firm, "acme", cause="test", detectors=["wash_trade", "restricted_list"])
    assert (said["alerts"], said["new"], said["failed"]) == (2, 2, {})
    found = {alert.detector: alert for alert in stored(firm)}
    assert set(found) == {"wash_trade", "restricted_list"}
    wash = found["wash_trade"]
    assert wash.evidence == {
        "order_ids": ["O1", "O2"], "exec_ids": ["E1", "E2"], "message_ids": [], "post_ids": [], "event_seqs": [],
    }  # fmt: skip
    assert {n: v for n, v in wash.data_versions.items() if v != "-"} == {"executions": "1", "accounts": "1"}
    assert found["restricted_list"].evidence["order_ids"] == ["O2"]
    with firm.database.session("acme") as session:
        assert (
            session.scalar(
                select(func.count()).select_from(AuditEntry).where(AuditEntry.action == "alert.found")
            )
            == 2
        )
        assert version_of(session, "acme", "alerts") == 1
    assert {(pin.dataset, pin.version) for pin in stored(firm, LakePin)} >= {
        ("executions", 1),
        ("accounts", 1),
    }


def test_a_second_run_changes_nothing_and_keeps_what_people_did(firm):
    surveil(firm, "acme", cause="test")
    with firm.database.session("acme", write=True) as session:
        session.scalars(select(Alert).where(Alert.detector == "wash_trade")).one().status = "assigned"
    before = {alert.alert_id: (alert.status, alert.created_at, alert.score) for alert in stored(firm)}
    assert surveil(firm, "acme", cause="again")["new"] == 0
    assert {alert.alert_id: (alert.status, alert.created_at, alert.score) for alert in stored(firm)} == before
    with firm.database.session("acme") as session:
        assert version_of(session, "acme", "alerts") == 1
    assert {run.cause for run in stored(firm, DetectorRun)} == {"again"}


def test_an_alert_is_the_same_when_computed_again_from_its_pinned_versions(firm):
    surveil(firm, "acme", cause="test")
    land(firm, "acme", executions=LATER)
    for alert in stored(firm):
        again = reproduce(firm, "acme", alert.alert_id)
        assert (again["identical"], again["differences"]) == (True, {})
    with firm.database.session("acme", write=True) as session:
        session.scalars(select(Alert).where(Alert.detector == "wash_trade")).one().score = 1.0
    changed = next(alert for alert in stored(firm) if alert.detector == "wash_trade")
    assert reproduce(firm, "acme", changed.alert_id)["differences"]["score"] == [1.0, 60.0]


def test_lists_changed_after_the_alert_do_not_change_its_reproduction(firm):
    surveil(firm, "acme", cause="test")
    with firm.database.session("acme", write=True) as session:
        session.scalars(select(ListEntry)).one().valid_to = datetime(2026, 11, 20, 14, 29, 20, tzinfo=UTC)
    (alert,) = [a for a in stored(firm) if a.detector == "restricted_list"]
    assert reproduce(firm, "acme", alert.alert_id)["identical"]
    assert surveil(firm, "acme", cause="test")["detectors"]["restricted_list"]["alerts"] == 0


def test_dates_and_names_narrow_a_run_and_unknown_names_are_refused(firm):
    assert surveil(firm, "acme", cause="test", start=date(2026, 11, 21))["alerts"] == 0
    assert surveil(firm, "acme", cause="test", end=date(2026, 11, 19))["alerts"] == 0
    said = surveil(firm, "acme", cause="test", detectors=["wash_trade"])
    assert list(said["detectors"]) == ["wash_trade"]
    with pytest.raises(Invalid, match="no detector 'nothing'"):
        surveil(firm, "acme", cause="test", detectors=["nothing"])


def test_another_firm_sees_and_reproduces_nothing_of_it(firm):
    surveil(firm, "acme", cause="test")
    (first, *_) = stored(firm)
    assert surveil(firm, "zenith", cause="test")["alerts"] == 0
    assert stored(firm, org="zenith") == []
    with pytest.raises(NotFound):
        reproduce(firm, "zenith", first.alert_id)


def _panics(tables):
    raise pl.exceptions.PanicException("assertion failed: i < self.len()")


@pytest.mark.parametrize(
    "breaks",
    [lambda tables: tables["executions"].select(pl.col("no_such_column")), _panics],
    ids=["fails", "panics"],
)
def test_a_detector_that_fails_is_noted_and_the_others_look(firm, monkeypatch, breaks):
    def broken(self, tables, params):
        return breaks(tables)

    monkeypatch.setattr("analytics.compliance.detectors.wash_trade.WashTrade.episodes", broken)
    said = surveil(firm, "acme", cause="test")
    assert set(said["failed"]) == {"wash_trade"}
    assert [alert.detector for alert in stored(firm)] == ["restricted_list"]
    states = {run.detector: run.state for run in stored(firm, DetectorRun)}
    assert states["wash_trade"] == "failed"


def test_every_detector_says_what_it_rests_on():
    from analytics.registry import subclasses

    for name, kind in subclasses(detectors, Detector).items():
        assert kind.regulation, name
        assert kind.false_positives, name
        assert all(row["rationale"] for row in kind.Params.describe()), name


def test_approved_thresholds_are_used_and_an_older_alert_still_reproduces(firm, admin):
    author = replace(admin, org="acme", role="compliance", user_id="u_author")
    surveil(firm, "acme", cause="test", detectors=["wash_trade"])
    parameters.propose(
        firm.database,
        author,
        detector="wash_trade",
        values={"base_score": 50.0},
        rationale="One cross is no pattern.",
    )
    surveil(firm, "acme", cause="test", detectors=["wash_trade"])
    assert len(stored(firm)) == 1
    parameters.approve(firm.database, replace(author, user_id="u_second"), detector="wash_trade", version=1)
    surveil(firm, "acme", cause="test", detectors=["wash_trade"])
    (alert,) = stored(firm)  # the same episode, never a second alert
    assert (alert.score, alert.state) == (50.0, 2)
    for state in (1, 2):
        assert reproduce(firm, "acme", alert.alert_id, state=state)["identical"]
