"""The cost method: who may choose it, what is written down, what derives keep."""

import json

import pytest
from sqlalchemy import select

from app.actions import costing as action
from app.actions import orgs
from app.errors import Forbidden, Invalid, NotFound
from app.scope import Identity
from app.storage.records.audit import AuditEntry
from app.storage.records.costing import RECORDS, costing, note_kept
from app.storage.records.counters import versions_of
from app.storage.records.people import Organisation


def actor(role: str, org: str = "acme", **more) -> Identity:
    return Identity(org, f"u_{role}", role.title(), role, **more)


def read(database, org="acme"):
    with database.session(org) as session:
        return costing(session, org)


def test_average_cost_is_the_default(database, admin):
    found = read(database)
    assert (found.asked, found.kept, found.pending, found.averaged) == ("average", "average", False, ())
    assert found.as_convention() == {"cost_method": "average", "cost_method_title": "Average cost"}


@pytest.mark.parametrize("role", ["risk", "admin"])
def test_risk_and_admin_choose_and_it_is_written_down(database, admin, role):
    found = action.set_method(database, actor(role), "fifo")
    assert (found.asked, found.kept, found.pending) == ("fifo", "average", True)
    assert "being worked out" in found.as_convention()["note"]
    with database.session("acme") as session:
        entry = session.scalars(
            select(AuditEntry).where(AuditEntry.action == "organisation.cost_method")
        ).one()
    assert json.loads(entry.before) == {"cost_method": "average"}
    assert json.loads(entry.after) == {"cost_method": "fifo"}
    assert versions_of(database, "acme")[RECORDS] == 1


def test_choosing_what_stands_changes_nothing(database, admin):
    action.set_method(database, actor("risk"), "average")
    assert RECORDS not in versions_of(database, "acme")


@pytest.mark.parametrize("role", ["trader", "portfolio_manager", "compliance", "auditor"])
def test_others_may_not(database, admin, role):
    with pytest.raises(Forbidden):
        action.set_method(database, actor(role), "fifo")
    assert read(database).asked == "average"


def test_a_key_that_may_only_read_may_not(database, admin):
    with pytest.raises(Forbidden):
        action.set_method(database, actor("risk", scopes=frozenset({"read"})), "fifo")


def test_an_unknown_method_is_refused_by_name(database, admin):
    with pytest.raises(Invalid) as caught:
        action.set_method(database, actor("risk"), "hifo")
    assert "average, fifo, lifo" in caught.value.errors[0].message


def test_a_firm_that_is_not_there_has_no_method(database, admin):
    with pytest.raises(NotFound):
        action.set_method(database, actor("risk", "nobody"), "fifo")


def test_another_firm_keeps_its_own(database, admin, stranger):
    action.set_method(database, actor("risk"), "lifo")
    assert read(database, "zenith").asked == "average"


def test_what_a_derive_kept_is_told_with_the_positions_lots_could_not_hold(database, admin):
    action.set_method(database, actor("risk"), "fifo")
    averaged = [("A1", f"COIN{n:02d}") for n in range(25)]
    with database.session("acme", write=True) as session:
        note_kept(session, "acme", method="fifo", averaged=averaged)
    found = read(database)
    assert (found.kept, found.pending, found.averaged_count, len(found.averaged)) == ("fifo", False, 25, 20)
    told = found.as_convention()
    assert told["averaged_positions"] == 25
    assert "A1 COIN00" in told["note"]
    assert "22 more" in told["note"]
    before = versions_of(database, "acme")[RECORDS]
    with database.session("acme", write=True) as session:
        note_kept(session, "acme", method="fifo", averaged=averaged)
    assert versions_of(database, "acme")[RECORDS] == before


def test_replacing_the_settings_keeps_how_the_book_is_kept(database, admin):
    action.set_method(database, actor("risk"), "fifo")
    with database.session("acme", write=True) as session:
        note_kept(session, "acme", method="fifo", averaged=[])
    before = read(database)
    orgs.set_settings(database, admin, {"notice": "hello", "cost_method": "lifo", "costing": {}})
    assert read(database) == before
    orgs.set_settings(database, admin, {})
    with database.session(None) as session:
        assert set(session.get(Organisation, "acme").settings) == {"cost_method", "costing"}


def test_other_settings_of_the_firm_stay(database, admin):
    orgs.set_settings(database, admin, {"notice": "hello"})
    action.set_method(database, actor("risk"), "fifo")
    with database.session(None) as session:
        assert session.get(Organisation, "acme").settings == {"notice": "hello", "cost_method": "fifo"}
