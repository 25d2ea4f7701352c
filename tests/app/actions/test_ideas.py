"""Ideas: what may be changed and by whom, and which tampering is found."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from app.actions import audit as trail
from app.actions import idea_proof, ideas, orgs
from app.actions._roles import console
from app.actions.ideas import Known, Said
from app.errors import Conflict, Forbidden, Invalid, NotFound
from app.scope import Identity
from app.storage.anchors import Anchors
from app.storage.records import audit
from app.storage.records.ideas import Idea, IdeaVersion
from tests.app.actions.test_audit import attack, rewrite, rows
from tests.app.conftest import SECRET

SAID = Said(
    "AAPL",
    "long",
    20,
    Decimal("0.6"),
    "Margins turn this year, and few expect it.",
    Decimal(120),
    Decimal(90),
)
KNOWN = Known(close=100.0, close_date="2026-11-20")


@pytest.fixture
def database(sqlite_database, tmp_path):
    """Return an empty records database with its anchors; the last test asks PostgreSQL the same."""
    Anchors(tmp_path / "anchors", SECRET).watch(sqlite_database)
    return sqlite_database


@pytest.fixture
def jane(database, admin):
    return Identity("acme", "u_jane", "Jane", "trader", person_id="jane")


@pytest.fixture
def omar():
    return Identity("acme", "u_omar", "Omar", "trader", person_id="omar")


@pytest.fixture
def clock(monkeypatch):
    """Let the server's clock be moved on: ``clock(minutes)``."""
    real = ideas.now

    def move(minutes):
        for module in (ideas, audit):
            monkeypatch.setattr(module, "now", lambda: real() + timedelta(minutes=minutes))

    return move


def posted(database, actor, said=SAID):
    return ideas.post(database, actor, said, known=KNOWN)[0]


def sealed(database, actor, clock, number=3):
    made = [posted(database, actor, replace(SAID, horizon=10 + i)) for i in range(number)]
    clock(16)
    assert len(ideas.seal(database, "acme")) == number
    return [one.id for one in made]


# --- fifteen minutes -------------------------------------------------------------------------------
def test_an_idea_is_changed_for_a_quarter_of_an_hour_and_each_edit_is_a_version(database, jane, clock):
    made = posted(database, jane)
    clock(14)
    version = ideas.edit(database, jane, made.id, replace(SAID, horizon=30), known=KNOWN)
    assert version.number == 2
    assert made.sealed_at - made.posted_at == timedelta(minutes=15)
    with database.session("acme") as session:
        first = session.get(IdeaVersion, (made.id, 1))
    assert '"horizon":20' in first.content


def test_after_a_quarter_of_an_hour_an_edit_is_refused_and_the_attempt_is_on_record(database, jane, clock):
    made = posted(database, jane)
    clock(15.01)
    with pytest.raises(Conflict, match="sealed"):
        ideas.edit(database, jane, made.id, replace(SAID, horizon=30), known=KNOWN)
    assert rows(database, "acme")[-1]["action"] == "idea.refused"
    ideas.seal(database, "acme")
    assert idea_proof.verify(database, "acme").ok


def test_the_seal_is_of_what_was_there_at_the_minute_however_late_the_job_runs(database, jane, clock):
    made = posted(database, jane)
    clock(10)
    ideas.edit(database, jane, made.id, replace(SAID, horizon=30), known=KNOWN)
    clock(600)
    assert ideas.seal(database, "acme") == [made.id]
    assert ideas.seal(database, "acme") == []
    entry = rows(database, "acme")[-1]
    assert (entry["action"], '"horizon":30' in entry["after"], '"version":2' in entry["after"]) == (
        "idea.seal",
        True,
        True,
    )


def test_nobody_changes_or_takes_back_the_idea_of_somebody_else(database, jane, omar):
    made = posted(database, jane)
    with pytest.raises(Forbidden, match="somebody else"):
        ideas.edit(database, omar, made.id, replace(SAID, horizon=5), known=KNOWN)
    with pytest.raises(Forbidden, match="somebody else"):
        ideas.retract(database, omar, made.id, why="I do not like it")
    assert [entry["action"] for entry in rows(database, "acme")[-2:]] == ["idea.refused"] * 2


def test_a_stranger_finds_no_such_idea(database, jane, stranger):
    made = posted(database, jane)
    foreign = Identity("zenith", "u_jane", "Jane", "trader", person_id="jane")
    control = replace(foreign, role="compliance")
    for act in (
        lambda: ideas.find(database, foreign, made.id),
        lambda: ideas.edit(database, foreign, made.id, replace(SAID, horizon=5), known=KNOWN),
        lambda: ideas.retract(database, foreign, made.id, why="x"),
        lambda: ideas.set_hidden(database, control, made.id, hidden=True, why="x"),
        lambda: idea_proof.prove(database, "zenith", made.id),
    ):
        with pytest.raises(NotFound):
            act()
    assert idea_proof.verify(database, "zenith").ideas == 0
    assert all(entry["object_kind"] != "idea" for entry in rows(database, "zenith"))


@pytest.mark.parametrize(
    ("actor", "why"),
    [
        ({"user_id": "k_1"}, "a key is nobody"),
        ({"role": "auditor"}, "reads only"),
        ({"role": "admin"}, "administers"),
        ({"scopes": frozenset({"read"})}, "may only read"),
    ],
)
def test_only_people_who_may_write_put_ideas_forward(database, jane, actor, why):
    with pytest.raises(Forbidden):
        posted(database, replace(jane, **actor))


def test_a_restricted_instrument_is_refused_in_neutral_words_and_the_attempt_is_on_record(database, jane):
    with pytest.raises(Forbidden) as caught:
        ideas.post(database, jane, SAID, known=replace(KNOWN, closed=True))
    assert "list" not in caught.value.detail.lower()
    assert "restrict" not in caught.value.detail.lower()
    entry = rows(database, "acme")[-1]
    assert (entry["action"], entry["object_kind"], entry["object_id"]) == ("idea.refused", "idea", "AAPL")
    # Of surveillance: an admin does not read who tried what.
    assert all(e["object_kind"] != "idea" for e in trail.entries(database, replace(jane, role="admin")))


def test_an_edit_into_a_restricted_instrument_is_refused(database, jane):
    made = posted(database, jane)
    with pytest.raises(Forbidden, match="closed to ideas"):
        ideas.edit(
            database, jane, made.id, replace(SAID, instrument_id="MSFT"), known=replace(KNOWN, closed=True)
        )


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"direction": "up"}, "direction"),
        ({"horizon": 0}, "horizon"),
        ({"horizon": 253}, "horizon"),
        ({"probability": Decimal(1)}, "probability"),
        ({"probability": Decimal("NaN")}, "probability"),
        ({"target": Decimal("-1")}, "target"),
        ({"target": Decimal(99)}, "target"),
        ({"stop": Decimal(101)}, "stop"),
        ({"direction": "short"}, "target"),
        ({"thesis": "too short"}, "thesis"),
        ({"thesis": "\u202e" + "x" * 30}, "thesis"),
        ({"context": "//evil.example"}, "context"),
        ({"context": "javascript:alert(1)"}, "context"),
        ({"context": "https://evil.example/"}, "context"),
    ],
)
def test_what_does_not_fit_is_named(database, jane, change, field):
    with pytest.raises(Invalid) as caught:
        posted(database, jane, replace(SAID, **change))
    assert field in {error.field for error in caught.value.errors}


def test_the_same_words_again_are_no_edit(database, jane):
    made = posted(database, jane)
    with pytest.raises(Conflict, match="Nothing has changed"):
        ideas.edit(database, jane, made.id, SAID, known=KNOWN)


# --- marks -----------------------------------------------------------------------------------------
def test_taking_back_is_a_mark_and_the_idea_is_sealed_all_the_same(database, jane, clock):
    made = posted(database, jane)
    ideas.retract(database, jane, made.id, why="The order book turned.")
    with pytest.raises(Conflict):
        ideas.retract(database, jane, made.id, why="again")
    with pytest.raises(Conflict, match="taken back"):
        ideas.edit(database, jane, made.id, replace(SAID, horizon=5), known=KNOWN)
    clock(16)
    assert ideas.seal(database, "acme") == [made.id]
    assert idea_proof.verify(database, "acme").ok


def test_compliance_hides_and_shows_and_nobody_else_does(database, jane):
    made = posted(database, jane)
    control = Identity("acme", "u_cleo", "Cleo", "compliance")
    for actor in (jane, replace(control, user_id="k_1"), replace(control, role="risk")):
        with pytest.raises(Forbidden):
            ideas.set_hidden(database, actor, made.id, hidden=True, why="Names a client.")
    assert (
        ideas.set_hidden(database, control, made.id, hidden=True, why="Names a client.").hidden_at is not None
    )
    with pytest.raises(Conflict):
        ideas.set_hidden(database, control, made.id, hidden=True, why="Names a client.")
    assert idea_proof.verify(database, "acme").ok
    ideas.set_hidden(database, control, made.id, hidden=False, why="It does not.")
    assert idea_proof.verify(database, "acme").ok


# --- the demo's clock ------------------------------------------------------------------------------
def test_another_clock_counts_only_while_a_demo_is_made(database, jane):
    def past():
        return ideas.now() - timedelta(days=30)

    with pytest.raises(Forbidden, match="server"):
        ideas.post(database, jane, SAID, known=KNOWN, clock=past)
    orgs.create(database, console("demo"), slug="demo", name="Demo", demo=True)
    actor = replace(jane, org="demo")
    made, _ = ideas.post(database, actor, SAID, known=KNOWN, clock=past)
    assert made.seeded
    ideas.seal(database, "demo")
    assert idea_proof.verify(database, "demo").ok
    orgs.set_settings(database, console("demo"), {"demo": {"complete": True}})
    with pytest.raises(Forbidden, match="server"):
        ideas.post(database, actor, SAID, known=KNOWN, clock=past)


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


def test_no_route_and_no_page_hands_the_actions_a_clock():
    from tests.test_architecture import sources

    users = [
        path
        for path in sources("app/api", "app/gateway", "app/queries", "app/jobs", "callbacks", "pages")
        if "clock=" in path.read_text()
    ]
    assert users == []


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
