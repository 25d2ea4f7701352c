"""Limits are measured on every import: history kept, breaches followed, one alert for each."""

from datetime import date, timedelta
from decimal import Decimal

import polars as pl
import pytest
from sqlalchemy import func, select

from app.actions import limits as definitions
from app.jobs.limits import monitor
from app.jobs.refresh import refresh
from app.jobs.surveil import reproduce
from app.queries import limits
from app.scope import Identity
from app.storage.records import counters
from app.storage.records._base import now
from app.storage.records.alerts import Alert
from app.storage.records.audit import AuditEntry
from app.storage.records.limits import LimitBreach, LimitUse
from tests.app._world import context_of, desk_of, land
from tests.app.queries._firm import FIRM

RISK = Identity("acme", "u_risk", "Risk", "risk")
HEAD = "account_id  date  currency  cash  market_value  nav  gross_exposure  net_exposure  pnl  flow\n"
FIRST = date(2026, 11, 2)


@pytest.fixture
def firm(tmp_path, sqlite_database):
    return context_of(tmp_path, sqlite_database)


def closes(context, *gross, replace=True):
    """Put a book on record with these gross exposures, one session each."""
    rows = [
        f"A1  {FIRST + timedelta(days=i)}  USD  0  {value}  1000  {value}  {value}  0  0"
        for i, value in enumerate(gross)
    ]
    from analytics.datasets import DAILY_NAV
    from tests.conftest import parse_table

    frame = parse_table(HEAD + "\n".join(rows), DAILY_NAV).collect()
    frame = frame.with_columns(
        ingest_time=pl.lit(now(), pl.Datetime("us", "UTC")), import_id=pl.lit("x"), raw_id=pl.lit("x"),
        dq_flags=pl.lit([], pl.List(pl.String)),
    ).select(list(DAILY_NAV.schema))  # fmt: skip
    with context.lake.writing("acme") as writer, context.database.session("acme", write=True) as session:
        writer.publish([writer.replace(DAILY_NAV, frame, cause="test")], session)


def bound(context, value=100, **more):
    fields = {"valid_from": date(2026, 1, 1), "measure": "gross_exposure", "name": "Gross"} | more
    return definitions.add(context.database, RISK, value=Decimal(value), **fields)


def breaches(context):
    with context.database.session("acme") as session:
        return list(session.scalars(select(LimitBreach).order_by(LimitBreach.opened)))


def alerts(context):
    with context.database.session("acme") as session:
        return list(session.scalars(select(Alert).where(Alert.detector == "limit_breach")))


def count(context, model):
    with context.database.session("acme") as session:
        return session.scalar(select(func.count()).select_from(model))


def test_the_past_is_measured_and_kept_with_its_ground(firm):
    closes(firm, 50, 80, 100)
    limit = bound(firm)
    said = monitor(firm, "acme", cause="test")
    assert (said["limits"], said["opened"], said["alerts"]) == (1, 0, 0)
    with firm.database.session("acme") as session:
        kept = list(session.scalars(select(LimitUse).order_by(LimitUse.day)))
    assert [(one.value, one.utilisation) for one in kept] == [(50, 0.5), (80, 0.8), (100, 1.0)]
    assert kept[0].data_versions["daily_nav"] == firm.lake.version("acme", limits.READS[2])
    rows = limits.history(desk_of(firm, role="risk"), limit.id)["rows"]
    assert [row["utilisation"] for row in rows] == [0.5, 0.8, 1.0]


def test_measuring_twice_changes_nothing(firm):
    closes(firm, 50, 120)
    bound(firm)
    monitor(firm, "acme", cause="test")
    before = [count(firm, model) for model in (LimitUse, LimitBreach, Alert, AuditEntry)]
    with firm.database.session("acme") as session:
        versions = [
            counters.version_of(session, "acme", name) for name in ("limit_uses", "limit_breaches", "alerts")
        ]
    again = monitor(firm, "acme", cause="test")
    assert (again["opened"], again["closed"], again["alerts"], again["breached"]) == (0, 0, 0, 1)
    assert [count(firm, model) for model in (LimitUse, LimitBreach, Alert, AuditEntry)] == before
    with firm.database.session("acme") as session:
        after = [
            counters.version_of(session, "acme", name) for name in ("limit_uses", "limit_breaches", "alerts")
        ]
    assert after == versions


def test_a_growing_breach_stays_one_with_one_alert_until_it_is_over(firm):
    bound(firm, hard=True)
    closes(firm, 50, 120)
    monitor(firm, "acme", cause="test")
    closes(firm, 50, 120, 150)
    monitor(firm, "acme", cause="test")
    (breach,), (alert,) = breaches(firm), alerts(firm)
    assert (breach.opened, breach.last_day) == (FIRST + timedelta(1), FIRST + timedelta(2))
    assert (breach.peak, breach.current, breach.closed) == (150, 150, None)
    assert (alert.alert_id, alert.severity) == (breach.alert_id, "high")
    assert alert.title == "Limit passed: Gross"
    assert "USD 120" in alert.story[0]
    closes(firm, 50, 120, 150, 100)
    said = monitor(firm, "acme", cause="test")
    (breach,) = breaches(firm)
    assert (said["closed"], breach.closed, breach.closed_why) == (1, FIRST + timedelta(3), "within the limit")
    closes(firm, 50, 120, 150, 100, 101)
    assert monitor(firm, "acme", cause="test")["alerts"] == 1
    assert len(breaches(firm)) == len(alerts(firm)) == 2


def test_an_alert_is_found_again_from_its_pinned_tables(firm):
    bound(firm)
    closes(firm, 50, 120)
    monitor(firm, "acme", cause="test")
    closes(firm, 50, 130, 150)
    (alert,) = alerts(firm)
    assert reproduce(firm, "acme", alert.alert_id)["identical"]


def test_figures_that_are_corrected_later_leave_the_breach_on_record_as_restated(firm):
    bound(firm)
    closes(firm, 50, 120)
    monitor(firm, "acme", cause="test")
    closes(firm, 50, 90)
    monitor(firm, "acme", cause="test")
    (breach,) = breaches(firm)
    assert breach.closed_why == "restated"
    assert limits.breaches(desk_of(firm, role="risk")) == []
    closes(firm, 50, 120)
    monitor(firm, "acme", cause="test")
    (breach,) = breaches(firm)
    assert (breach.closed, len(alerts(firm))) == (None, 1)


def test_a_start_that_moves_keeps_the_breach(firm):
    bound(firm)
    closes(firm, 50, 90, 120)
    monitor(firm, "acme", cause="test")
    closes(firm, 50, 110, 120)
    monitor(firm, "acme", cause="test")
    (breach,) = breaches(firm)
    assert (breach.opened, len(alerts(firm))) == (FIRST + timedelta(2), 1)


def test_a_retired_limit_closes_what_lasts(firm):
    limit = bound(firm)
    closes(firm, 120)
    monitor(firm, "acme", cause="test")
    definitions.retire(firm.database, RISK, limit.id)
    monitor(firm, "acme", cause="test")
    (breach,) = breaches(firm)
    assert breach.closed_why == "retired"
    assert limits.measured(desk_of(firm, role="risk")) == []


def test_what_was_above_before_the_limit_came_into_force_is_no_breach_of_it(firm):
    closes(firm, 120, 120, 120)
    bound(firm, valid_from=FIRST + timedelta(1), valid_to=FIRST + timedelta(1))
    monitor(firm, "acme", cause="test")
    (breach,) = breaches(firm)
    assert (breach.opened, breach.last_day, breach.closed_why) == (
        FIRST + timedelta(1), FIRST + timedelta(1), "out of force",
    )  # fmt: skip
    assert count(firm, LimitUse) == 3


def test_a_limit_set_today_meets_the_last_close(firm):
    closes(firm, 120)
    bound(firm, valid_from=None)
    assert monitor(firm, "acme", cause="test")["opened"] == 1


def test_a_session_without_a_value_keeps_a_breach_open(firm):
    bound(firm)
    closes(firm, 120, "-")
    monitor(firm, "acme", cause="test")
    (breach,) = breaches(firm)
    assert (breach.closed, breach.last_day) == (None, FIRST)


def test_with_no_data_and_no_limits_there_is_nothing_to_do(firm):
    assert monitor(firm, "acme", cause="test")["limits"] == 0
    bound(firm)
    said = monitor(firm, "acme", cause="test")
    assert (said["limits"], said["breached"]) == (1, 0)
    assert count(firm, LimitUse) == 0


def test_an_import_measures_limits(firm):
    land(firm, "acme", **FIRM)
    bound(firm, 1, measure="order_notional", name="Order")
    said = refresh(firm, "acme")
    assert said["limits"]["opened"] == 1
    (breach,) = breaches(firm)
    assert (breach.driver, breach.peak) == ("O1", pytest.approx(19_010))
    (alert,) = alerts(firm)
    assert alert.evidence["order_ids"] == ["O1"]


def test_one_firms_limits_leave_another_firms_alone(firm):
    closes(firm, 120)
    bound(firm)
    assert monitor(firm, "zenith", cause="test")["limits"] == 0
    assert monitor(firm, "acme", cause="test")["opened"] == 1
    assert limits.breaches(desk_of(firm, "zenith", role="risk")) == []
