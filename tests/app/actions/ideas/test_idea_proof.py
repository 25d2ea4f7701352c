"""Ideas against their trail: which tampering is found."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from app.actions import audit as trail
from app.actions import idea_proof, ideas, orgs
from app.actions._roles import console
from app.scope import Identity
from app.storage.anchors import Anchors
from app.storage.records import audit
from app.storage.records.ideas import Idea, IdeaScore, IdeaVersion
from tests.app.actions.ideas._ideas import KNOWN, SAID, posted, sealed
from tests.app.actions.test_audit import attack, rewrite, rows
from tests.app.conftest import SECRET


# --- tampering -------------------------------------------------------------------------------------
def faults(database):
    report = idea_proof.verify(database, "acme")
    assert not report.ok
    return {(fault.idea_id, fault.what) for fault in report.faults}


def test_untouched_ideas_hold(database, jane, clock):
    names = sealed(database, jane, clock)
    report = idea_proof.verify(database, "acme")
    assert (report.ok, report.ideas, report.sealed, report.open) == (True, 3, 3, 0)
    proof = idea_proof.prove(database, "acme", names[1])
    assert (proof.ok, proof.anchored) == (True, True)
    assert proof.entry is not None
    assert len(proof.hash) == 64


def test_a_loser_whose_rows_are_removed_is_named(database, jane, clock):
    names = sealed(database, jane, clock)
    for table, column in (("idea_versions", "idea_id"), ("ideas", "id")):
        attack(database, f"DELETE FROM {table} WHERE {column} = :i", i=names[1])
    assert {name for name, _ in faults(database)} == {names[1]}
    assert trail.verify(database, "acme").ok  # it is the rows that were tampered with


def test_a_loser_removed_with_its_entries_breaks_the_trail(database, jane, clock):
    names = sealed(database, jane, clock)
    attack(database, "DELETE FROM ideas WHERE id = :i", i=names[1])
    attack(database, "DELETE FROM idea_versions WHERE idea_id = :i", i=names[1])
    attack(database, "DELETE FROM audit_entries WHERE object_id = :i", i=names[1])
    assert not trail.verify(database, "acme").ok


def test_a_chain_cut_at_its_end_and_made_consistent_is_found_by_the_anchors(database, jane, clock):
    names = sealed(database, jane, clock)
    kept = [entry for entry in rows(database, "acme") if entry["object_id"] != names[2]]
    rewrite(database, "acme", kept)
    attack(database, "DELETE FROM ideas WHERE id = :i", i=names[2])
    attack(database, "DELETE FROM idea_versions WHERE idea_id = :i", i=names[2])
    report = trail.verify(database, "acme")
    assert not report.ok


def test_a_reordered_chain_is_found(database, jane, clock):
    sealed(database, jane, clock)
    entries = rows(database, "acme")
    entries[-1], entries[-2] = entries[-2], entries[-1]
    rewrite(database, "acme", entries)
    assert not trail.verify(database, "acme").ok


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE idea_versions SET content = replace(content, '\"long\"', '\"short\"') WHERE idea_id = :i",
        "UPDATE idea_versions SET content = replace(content, '\"0.6\"', '\"0.9\"') WHERE idea_id = :i",
        "UPDATE ideas SET author_id = 'omar' WHERE id = :i",
        "UPDATE ideas SET seal_entry = 1 WHERE id = :i",
        "UPDATE ideas SET seal_entry = NULL WHERE id = :i",
        "UPDATE ideas SET seeded = TRUE WHERE id = :i",
        "UPDATE ideas SET retracted_at = posted_at WHERE id = :i",
        "UPDATE ideas SET hidden_at = posted_at WHERE id = :i",
        "DELETE FROM idea_versions WHERE idea_id = :i",
        "UPDATE idea_versions SET number = 2 WHERE idea_id = :i",
    ],
)
def test_a_changed_row_is_named(database, jane, clock, change):
    names = sealed(database, jane, clock)
    attack(database, change, i=names[0])
    assert {name for name, _ in faults(database)} == {names[0]}
    assert not idea_proof.prove(database, "acme", names[0]).ok
    assert idea_proof.prove(database, "acme", names[1]).ok


LOST = {
    "state": "stop", "entry_date": date(2026, 11, 3), "entry": 100.1, "exit_date": date(2026, 11, 9), "exit": 95.0,
    "gross": -0.1 / 3, "net": -0.0343, "won": False, "brier": 0.36,
}  # fmt: skip


def scored(database, name):
    row = LOST | {"idea_id": name, "org": "acme"}
    with database.session("acme", write=True) as session:
        session.add(IdeaScore(**row))
        ideas.put_on_record(session, "acme", [row])


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE idea_scores SET net = 0.5 WHERE idea_id = :i",
        "UPDATE idea_scores SET won = TRUE WHERE idea_id = :i",
        "UPDATE idea_scores SET state = 'void' WHERE idea_id = :i",
        "DELETE FROM idea_scores WHERE idea_id = :i",
    ],
)
def test_what_came_of_a_loser_is_not_changed_unseen(database, jane, clock, change):
    names = sealed(database, jane, clock)
    scored(database, names[0])
    assert idea_proof.verify(database, "acme").ok
    attack(database, change, i=names[0])
    assert faults(database) == {(names[0], "what came of it is not what was put on record")}
    assert not idea_proof.prove(database, "acme", names[0]).ok
    assert idea_proof.prove(database, "acme", names[1]).ok


def test_an_outcome_nobody_put_on_record_is_named(database, jane, clock):
    names = sealed(database, jane, clock)
    scored(database, names[0])
    with database.session("acme", write=True) as session:
        session.add(IdeaScore(**LOST | {"idea_id": names[1], "org": "acme", "won": True, "net": 0.4}))
    assert faults(database) == {(names[1], "what is kept as having come of it was never put on record")}


def test_an_idea_moved_back_in_time_is_named(database, jane, clock):
    names = sealed(database, jane, clock)
    with database.session("acme", write=True) as session:
        found = session.get(Idea, names[0])
        found.posted_at -= timedelta(days=3)
        found.sealed_at -= timedelta(days=3)
        session.get(IdeaVersion, (names[0], 1)).at -= timedelta(days=3)
    assert {name for name, _ in faults(database)} == {names[0]}


def test_a_version_slipped_in_after_the_seal_is_not_read_and_is_named(database, jane, clock):
    names = sealed(database, jane, clock)
    with database.session("acme", write=True) as session:
        found = session.get(Idea, names[0])
        first = session.get(IdeaVersion, (names[0], 1))
        late = first.content.replace('"long"', '"short"')
        session.add(IdeaVersion(org="acme", idea_id=names[0], number=2, at=found.sealed_at, content=late))
    with database.session("acme") as session:
        assert ideas.latest(session, session.get(Idea, names[0])).number == 1
    assert {name for name, _ in faults(database)} == {names[0]}


def test_a_winner_put_in_later_without_an_entry_is_named(database, jane, clock):
    names = sealed(database, jane, clock)
    with database.session("acme", write=True) as session:
        model = session.get(Idea, names[0])
        forged = Idea(
            org="acme", id="idea_forged", author_id="jane", author_user="u_jane", author_name="Jane", seeded=False,
            posted_at=model.posted_at, sealed_at=model.sealed_at,
        )  # fmt: skip
        first = session.get(IdeaVersion, (names[0], 1))
        session.add_all(
            [forged, IdeaVersion(org="acme", idea_id=forged.id, number=1, at=first.at, content=first.content)]
        )
    assert faults(database) == {("idea_forged", "it was never put forward: the trail has no entry of it")}


def test_a_winner_put_in_later_with_an_entry_dated_back_is_named(database, jane, clock):
    sealed(database, jane, clock)
    past = ideas.now() - timedelta(days=2)
    with database.session("acme", write=True) as session:
        forged = Idea(
            org="acme", id="idea_forged", author_id="jane", author_user="u_jane", author_name="Jane", seeded=False,
            posted_at=past, sealed_at=past + timedelta(minutes=15),
        )  # fmt: skip
        content = ideas._content(SAID, KNOWN)
        session.add_all(
            [forged, IdeaVersion(org="acme", idea_id=forged.id, number=1, at=past, content=content)]
        )
        after = {
            "author_id": "jane", "at": past, "posted_at": past, "sealed_at": forged.sealed_at, "seeded": False,
            "version": 1, "content": ideas.json.loads(content),
        }  # fmt: skip
        audit.record(
            session,
            actor=jane,
            action="idea.post",
            object_kind="idea",
            object_id=forged.id,
            after=after,
            moment=past,
        )
    assert any(
        "before the one it follows" in what for name, what in faults(database) if name == "idea_forged"
    )


def test_one_tampered_entry_breaks_the_proof_of_its_idea(database, jane, clock):
    names = sealed(database, jane, clock)
    attack(
        database,
        "UPDATE audit_entries SET actor_name = 'x' WHERE object_id = :i AND action = 'idea.seal'",
        i=names[0],
    )
    assert not idea_proof.prove(database, "acme", names[0]).ok
    assert not trail.verify(database, "acme").ok


@pytest.mark.postgres
def test_seals_and_their_proof_are_the_same_on_the_server_database(postgres_database, tmp_path, monkeypatch):
    database = postgres_database
    Anchors(tmp_path / "anchors", SECRET).watch(database)
    orgs.create(database, console("acme"), slug="acme", name="Acme Capital")
    jane = Identity("acme", "u_jane", "Jane", "trader", person_id="jane")
    first, second = posted(database, jane), posted(database, jane, replace(SAID, horizon=9))
    real = ideas.now
    for module in (ideas, audit):
        monkeypatch.setattr(module, "now", lambda: real() + timedelta(minutes=16))
    assert ideas.seal(database, "acme") == [first.id, second.id]
    assert idea_proof.verify(database, "acme").ok
    attack(database, "DELETE FROM ideas WHERE id = :i", i=second.id)
    assert {name for name, _ in faults(database)} == {second.id}
