"""The control room's lists and the mappings."""

from datetime import UTC, datetime, timedelta

import pytest

from app.actions import audit as trail
from app.actions import lists, mappings
from app.errors import Forbidden, Invalid, NotFound
from app.scope import ROLES, Identity
from app.storage.records.counters import version_of

CLEO = Identity("acme", "u_c", "Cleo", "compliance")
STRANGER = Identity("zenith", "u_z", "Zed", "compliance")
START = datetime(2026, 11, 20, tzinfo=UTC)


def version(database, name, org="acme"):
    with database.session(org) as session:
        return version_of(session, org, name)


def test_an_entry_holds_from_its_start_until_its_end(database):
    made = lists.add(
        database,
        CLEO,
        kind="restricted",
        instrument_id="AAPL",
        valid_from=START,
        valid_to=START + timedelta(days=2),
    )
    valid = [bool(lists.every(database, CLEO, at=START + timedelta(hours=h))) for h in (-1, 0, 47, 48)]
    assert valid == [False, True, True, False]
    assert [entry.id for entry in lists.every(database, CLEO, kind="restricted")] == [made.id]
    assert lists.every(database, CLEO, kind="watch") == []


def test_a_removed_entry_stays_on_record(database):
    made = lists.add(database, CLEO, kind="watch", instrument_id="AAPL", valid_from=START)
    lists.remove(database, CLEO, made.id)
    (entry,) = lists.every(database, CLEO)
    assert entry.valid_to > entry.valid_from
    assert entry.removed_by == "u_c"
    with pytest.raises(NotFound):
        lists.remove(database, CLEO, made.id)
    assert [e["action"] for e in trail.entries(database, CLEO)] == ["list.remove", "list.add"]
    assert version(database, "lists") == 2


@pytest.mark.parametrize("role", [role for role in ROLES if role != "compliance"])
def test_only_compliance_keeps_lists_and_others_see_the_restricted_one_only(database, role):
    actor = Identity("acme", "u_x", "X", role)
    lists.add(database, CLEO, kind="restricted", instrument_id="AAPL")
    lists.add(database, CLEO, kind="insider", person_id="P1")
    with pytest.raises(Forbidden):
        lists.add(database, actor, kind="watch", instrument_id="AAPL")
    assert len(lists.every(database, actor, kind="restricted")) == 1
    if role != "auditor":
        for kind in ("watch", "insider", None):
            with pytest.raises(Forbidden):
                lists.every(database, actor, kind=kind)


def test_a_stranger_sees_and_ends_nothing(database):
    made = lists.add(database, CLEO, kind="watch", instrument_id="AAPL")
    assert lists.every(database, STRANGER) == []
    with pytest.raises(NotFound):
        lists.remove(database, STRANGER, made.id)
    assert lists.every(database, CLEO)[0].valid_to is None


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("kind", {"kind": "grey", "instrument_id": "A"}),
        ("person_id", {"kind": "insider", "instrument_id": "A"}),
        ("instrument_id", {"kind": "watch"}),
        ("valid_to", {"kind": "watch", "instrument_id": "A", "valid_from": START, "valid_to": START}),
    ],
)
def test_an_entry_that_does_not_fit_is_refused(database, field, values):
    with pytest.raises(Invalid) as refused:
        lists.add(database, CLEO, **values)
    assert [error.field for error in refused.value.errors] == [field]


def test_a_changed_mapping_is_a_new_version_and_the_same_one_is_not(database):
    first = mappings.save(database, CLEO, "broker", {"columns": {"Ticker": "instrument_id"}})
    assert mappings.save(database, CLEO, "broker", {"columns": {"Ticker": "instrument_id"}}) == first
    second = mappings.save(database, CLEO, "broker", {"columns": {"Symbol": "instrument_id"}})
    assert (first.version, second.version) == (1, 2)
    assert mappings.get(database, CLEO, "broker") == second
    assert mappings.get(database, CLEO, "broker", version=1) == first
    assert mappings.every(database, CLEO) == [second]
    assert version(database, "mappings") == 2


def test_a_stranger_finds_no_mapping(database):
    mappings.save(database, CLEO, "broker", {})
    with pytest.raises(NotFound):
        mappings.get(database, STRANGER, "broker")
    assert mappings.every(database, STRANGER) == []


def test_an_auditor_saves_no_mapping(database):
    with pytest.raises(Forbidden):
        mappings.save(database, Identity("acme", "u_a", "A", "auditor"), "broker", {})
