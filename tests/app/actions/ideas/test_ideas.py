"""Ideas: what may be changed and by whom, and which tampering is found."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from app.actions import audit as trail
from app.actions import idea_proof, ideas, orgs
from app.actions._roles import console
from app.errors import Conflict, Forbidden, Invalid, NotFound
from app.scope import Identity
from app.storage.records.ideas import IdeaVersion
from tests.app.actions.ideas._ideas import KNOWN, SAID, posted
from tests.app.actions.test_audit import rows


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


def test_no_route_and_no_page_hands_the_actions_a_clock():
    from tests.test_architecture import sources

    users = [
        path
        for path in sources("app/api", "app/gateway", "app/queries", "app/jobs", "callbacks", "pages")
        if "clock=" in path.read_text()
    ]
    assert users == []
