"""Limits are set by risk, on record, and taken out of force without being forgotten."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import select

from app.actions import limits
from app.errors import Forbidden, Invalid, NotFound
from app.storage.records import counters
from app.storage.records._base import now
from app.storage.records.audit import AuditEntry
from app.storage.records.lists import Limit


@pytest.fixture
def risk(admin):
    return replace(admin, role="risk")


def test_a_limit_warns_at_four_fifths_and_is_on_record(database, risk):
    made = limits.add(database, risk, name="Gross", measure="gross_exposure", value=Decimal(100), unit="USD")
    with database.session(risk.org) as session:
        kept = session.get_one(Limit, made.id)
        entry = session.scalars(select(AuditEntry).where(AuditEntry.object_id == made.id)).one()
        assert (kept.value, kept.warn_at, kept.subject_id) == (Decimal(100), Decimal(80), None)
        assert (entry.action, entry.actor_id) == ("limit.add", risk.user_id)
        assert counters.version_of(session, risk.org, "limits") == 1


def test_a_removed_limit_is_out_of_force_and_kept(database, risk):
    made = limits.add(database, risk, name="Gross", measure="gross_exposure", value=Decimal(100))
    limits.retire(database, risk, made.id)
    with database.session(risk.org) as session:
        assert session.get_one(Limit, made.id).disabled
    with pytest.raises(NotFound):
        limits.retire(database, risk, made.id)


def test_a_stranger_finds_no_limit(database, risk, stranger):
    made = limits.add(database, risk, name="Gross", measure="gross_exposure", value=Decimal(100))
    with pytest.raises(NotFound):
        limits.retire(database, replace(stranger, role="risk"), made.id)


@pytest.mark.parametrize("role", ["trader", "compliance", "auditor", "admin"])
def test_only_risk_sets_limits(database, risk, role):
    with pytest.raises(Forbidden):
        limits.add(database, replace(risk, role=role), name="x", measure="leverage", value=Decimal(2))


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("value", {"value": Decimal(0)}),
        ("value", {"value": Decimal("NaN")}),
        ("subject_kind", {"value": Decimal(1), "subject_kind": "planet", "subject_id": "x"}),
        ("subject_id", {"value": Decimal(1), "subject_kind": "desk"}),
        ("warn_at", {"value": Decimal(1), "warn_at": Decimal(2)}),
    ],
)
def test_what_does_not_fit_names_its_field(database, risk, field, values):
    with pytest.raises(Invalid) as refused:
        limits.add(database, risk, name="x", measure="leverage", **values)
    assert [error.field for error in refused.value.errors] == [field]


def test_a_limit_holds_from_today_unless_it_says_otherwise(database, risk):
    made = limits.add(database, risk, name="x", measure="leverage", value=Decimal(2))
    assert (made.valid_from, made.valid_to) == (now().date(), None)
    until = limits.add(
        database, risk, name="x", measure="leverage", value=Decimal(2),
        valid_from=date(2026, 1, 1), valid_to=date(2026, 1, 1),
    )  # fmt: skip
    days = (date(2025, 12, 31), date(2026, 1, 1), date(2026, 1, 2))
    assert [until.holds(day) for day in days] == [False, True, False]


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("measure", {"measure": "luck"}),
        ("subject_kind", {"measure": "leverage", "subject_kind": "trader", "subject_id": "t"}),
        ("valid_to", {"valid_from": date(2026, 1, 2), "valid_to": date(2026, 1, 1)}),
        ("value", {"value": Decimal("1e-13")}),
        ("value", {"value": Decimal("1e24")}),
        ("value", {"value": Decimal("Infinity")}),
        ("warn_at", {"warn_at": Decimal("NaN")}),
    ],
)
def test_what_cannot_be_measured_or_kept_is_refused(database, risk, field, values):
    with pytest.raises(Invalid) as refused:
        limits.add(database, risk, **({"name": "x", "measure": "leverage", "value": Decimal(1)} | values))
    assert [error.field for error in refused.value.errors] == [field]


def test_a_retired_limit_ends_today_or_when_it_ended(database, risk):
    open_end = limits.add(database, risk, name="x", measure="leverage", value=Decimal(2))
    over = limits.add(
        database, risk, name="y", measure="leverage", value=Decimal(2),
        valid_from=date(2026, 1, 1), valid_to=date(2026, 2, 1),
    )  # fmt: skip
    assert limits.retire(database, risk, open_end.id).valid_to == now().date()
    assert limits.retire(database, risk, over.id).valid_to == date(2026, 2, 1)
