"""Keys hold until they are revoked; firms look like no other and leave nothing behind."""

from dataclasses import replace

import pytest
from sqlalchemy import select, text

from app.actions import audit as trail
from app.actions import keys, orgs, users
from app.actions._roles import console
from app.errors import Conflict, Forbidden, Invalid, NotFound
from app.scope import ROLES, Identity
from app.storage.anchors import Anchors
from app.storage.records.people import User
from tests.app.actions.test_people import make


# --- keys ------------------------------------------------------------------------------------------
def test_a_key_is_shown_once_and_kept_as_a_hash(database, jane):
    made, plain = keys.create(
        database, jane, name="script", role="trader", scopes=["read", "ingest"], desks=["rates"], expires=7
    )
    assert keys.KEY.fullmatch(plain)
    assert plain not in str(vars(made))
    found = keys.find_key(database, plain)
    assert found == Identity(
        "acme",
        made.id,
        "script",
        "trader",
        ("rates",),
        frozenset({"read", "ingest"}),
        org_name="Acme Capital",
    )
    assert "hash" not in keys.every(database, jane)[0]


def test_only_the_whole_key_holds(database, jane):
    _, plain = keys.create(database, jane, name="script", role="trader")
    for other in (
        "",
        plain[:-1],
        plain + "\0",
        plain.swapcase(),
        plain[:-1] + "١",
        "qd_" + "x" * 43,
        plain + "\n",
    ):
        assert keys.find_key(database, other) is None


def test_a_revoked_or_expired_key_stops_at_once(database, jane):
    made, plain = keys.create(database, jane, name="script", role="trader", expires=1)
    with database.session(None, write=True) as session:
        session.execute(
            text("UPDATE api_keys SET expires_at = :past"), {"past": "2020-01-01 00:00:00.000000+00:00"}
        )
    assert keys.find_key(database, plain) is None
    made, plain = keys.create(database, jane, name="script", role="trader")
    assert keys.find_key(database, plain) is not None
    keys.revoke(database, jane, made.id)
    assert keys.find_key(database, plain) is None


def test_a_stranger_finds_no_key(database, jane, stranger):
    made, _ = keys.create(database, jane, name="script", role="trader")
    with pytest.raises(NotFound, match=r"^There is no such key\.$"):
        keys.revoke(database, stranger, made.id)
    assert keys.every(database, stranger) == []


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("role", {"role": "operator"}),
        ("role", {"role": "king"}),
        ("scope", {"scopes": ["all"]}),
        ("scope", {"scopes": []}),
        ("scope", {"scopes": ["read:"]}),
        ("expires", {"expires": 0}),
        ("name", {"name": "\0"}),
    ],
)
def test_a_key_that_does_not_fit_is_refused(database, jane, field, values):
    with pytest.raises(Invalid) as refused:
        keys.create(database, jane, **{"name": "k", "role": "trader"} | values)
    assert [error.field for error in refused.value.errors] == [field]


# --- firms -----------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "slug", ["a", "-ab", "Acme", "acme capital", "a" * 63, "äcme", "../x", "", "api", "acme\n"]
)
def test_slugs_that_do_not_fit_are_refused(database, slug):
    with pytest.raises(Invalid):
        orgs.create(database, console("x"), slug=slug, name="A firm")


@pytest.mark.parametrize(
    ("slug", "name"), [("acme", "Other"), ("other", "ACME capital"), ("other", "Acme Ｃapital")]
)
def test_a_firm_that_looks_like_another_is_refused(database, admin, slug, name):
    with pytest.raises(Conflict):
        orgs.create(database, console("x"), slug=slug, name=name)


def test_only_operators_make_and_remove_firms(database, jane):
    for role in ROLES[:-1]:
        actor = replace(jane, role=role)
        for act in (
            lambda actor=actor: orgs.create(database, actor, slug="mine", name="Mine"),
            lambda actor=actor: orgs.delete(database, actor, "acme"),
            lambda actor=actor: orgs.set_disabled(database, actor, "acme", disabled=True),
        ):
            with pytest.raises(Forbidden):
                act()


def test_nothing_of_a_deleted_firm_stays_but_a_tombstone(database, jane, admin, stranger, tmp_path):
    make(database, stranger)
    keys.create(database, jane, name="zebrafinch-key", role="trader")
    users.create(database, admin, email="zebrafinch@acme.com", name="Zebrafinch", role="trader")
    folder = tmp_path / "artifacts" / "acme"
    folder.mkdir(parents=True)
    (folder / "model").write_text("zebrafinch")
    orgs.delete(database, admin, "acme", folders=[folder])
    with database.session(None) as session:
        for model in orgs.scoped_models():
            assert session.scalars(select(model).where(model.org == "acme")).all() == [], model
        assert [user.org for user in session.scalars(select(User))] == ["zenith"]
    with pytest.raises(NotFound):
        orgs.find(database, "acme")
    database.close()
    found = [p for p in tmp_path.rglob("*") if p.is_file() and b"zebrafinch" in p.read_bytes().lower()]
    assert found == []
    assert not Anchors.of(database).path("acme").exists()
    tombstone = trail.entries(database, Identity("_installation", "u_1", "X", "auditor"))
    assert [(entry["action"], entry["object_id"]) for entry in tombstone] == [("organisation.delete", "acme")]
    assert trail.verify(database, "zenith").ok
    orgs.create(database, admin, slug="acme", name="Acme Capital")
    assert trail.verify(database, "acme").ok
