"""Limits are set by risk, on record, and taken out of force without being forgotten."""

from dataclasses import replace
from decimal import Decimal

import pytest
from sqlalchemy import select

from app.actions import limits
from app.errors import Forbidden, Invalid, NotFound
from app.storage.records import counters
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
