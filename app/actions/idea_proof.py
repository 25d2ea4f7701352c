"""Whether ideas are what they were when they were sealed: rows held against the audit trail.

The trail proves itself (``app.actions.audit.verify``: hashes, links, anchors outside the database). Here every
version, seal and mark of every idea must have its entry, every entry its row, and every time must fit: an idea
that was changed, removed, put in later or dated back is named.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from app.actions.ideas import KIND, OUTCOME, SCORED, outcome
from app.errors import NotFound
from app.storage.anchors import Anchors
from app.storage.database import Database
from app.storage.records.audit import AuditEntry, digest, genesis, stamp
from app.storage.records.ideas import EDITABLE, Idea, IdeaScore, IdeaVersion
from app.storage.records.people import Organisation

SLACK = timedelta(seconds=60)  # between the moment an idea carries and that of its entry or anchor
_BACK = "entry {} of the trail is dated {}, before the one it follows"
_HASHED = (*AuditEntry.__table__.columns.keys(),)


@dataclass(frozen=True)
class Fault:
    """What does not hold of one idea."""

    idea_id: str
    what: str


@dataclass(frozen=True)
class IdeaReport:
    """What a verification of all ideas found."""

    org: str
    ok: bool
    ideas: int
    sealed: int  # with their seal in the trail
    open: int  # whose quarter of an hour, or whose seal, is still to come
    seeded: int  # made with the demo's clock
    faults: tuple[Fault, ...] = field(default=())


@dataclass(frozen=True)
class Proof:
    """What holds of one idea. ``checks`` are (name, holds, what was found)."""

    idea_id: str
    ok: bool
    sealed_at: datetime
    entry: int | None  # number of its seal in the trail
    hash: str | None
    previous: str | None
    anchored: bool
    checks: tuple[tuple[str, bool, str], ...]


def verify(database: Database, org: str) -> IdeaReport:
    """Hold every idea of an organisation against the trail.

    It says nothing of the trail itself: ``audit verify`` does both.
    """
    faults: list[Fault] = []
    with database.session(org) as session:
        demo = bool(session.scalar(select(Organisation.demo).where(Organisation.slug == org)))
        ideas = {one.id: one for one in session.scalars(select(Idea).order_by(Idea.posted_at, Idea.id))}
        versions: dict[str, list[IdeaVersion]] = {}
        for version in session.scalars(select(IdeaVersion).order_by(IdeaVersion.idea_id, IdeaVersion.number)):
            versions.setdefault(version.idea_id, []).append(version)
        entries: dict[str, list[AuditEntry]] = {}
        for entry in _entries(session):
            entries.setdefault(entry.object_id, []).append(entry)
        scores = {one.idea_id: one for one in session.scalars(select(IdeaScore))}
        late = _dated_back(session)
    noted = any(entry.action == SCORED for told in entries.values() for entry in told)
    for name in sorted({*ideas, *versions, *entries, *scores}):
        told = entries.get(name, [])
        found = [*_against(ideas.get(name), versions.get(name, ()), told, demo)]
        found += _scored(scores.get(name), told, noted=noted)
        found += [_BACK.format(one.seq, one.time) for one in told if one.seq in late]
        faults += [Fault(name, what) for what in found]
    sealed = sum(one.seal_entry is not None for one in ideas.values())
    seeded = sum(one.seeded for one in ideas.values())
    return IdeaReport(org, not faults, len(ideas), sealed, len(ideas) - sealed, seeded, tuple(faults))


def prove(database: Database, org: str, idea_id: str) -> Proof:
    """Prove one idea: its own entries and links, their anchors, and that its rows are what they say.

    Raises:
        NotFound: If there is no such idea.
    """
    with database.session(org) as session:
        demo = bool(session.scalar(select(Organisation.demo).where(Organisation.slug == org)))
        idea = session.get(Idea, idea_id)
        if idea is None or idea.org != org:
            raise NotFound("There is no such idea.")
        versions = list(
            session.scalars(
                select(IdeaVersion).where(IdeaVersion.idea_id == idea_id).order_by(IdeaVersion.number)
            )
        )
        entries = list(_entries(session, idea_id))
        broken = [entry.seq for entry in entries if not _holds(session, entry)]
        late = _dated_back(session, idea_id)
        score = session.get(IdeaScore, idea_id)
        first = select(AuditEntry.seq).where(AuditEntry.action == SCORED).limit(1)
        noted = session.scalar(first) is not None
    anchored, said = _anchored(database, org, entries)
    faults = [*_against(idea, versions, entries, demo), *_scored(score, entries, noted=noted)]
    faults += [_BACK.format(entry.seq, entry.time) for entry in entries if entry.seq in late]
    seal = next((entry for entry in entries if entry.action == "idea.seal"), None)
    checks = (
        ("entries", not broken, _entry_words(broken, entries)),
        ("anchor", anchored is not False, said),
        (
            "rows",
            not faults,
            "; ".join(faults) or "every version, the seal, every mark and what came of it fit their entries",
        ),
    )
    return Proof(
        idea_id, all(ok for _, ok, _ in checks), idea.sealed_at, seal.seq if seal else None,
        seal.hash if seal else None, seal.prev_hash if seal else None, bool(anchored), checks,
    )  # fmt: skip


# --- one idea --------------------------------------------------------------------------------------
def _entries(session: Session, idea_id: str | None = None) -> Iterator[AuditEntry]:
    query = select(AuditEntry).where(AuditEntry.object_kind == KIND, AuditEntry.action != "idea.refused")
    if idea_id is not None:
        query = query.where(AuditEntry.object_id == idea_id)
    yield from session.scalars(query.order_by(AuditEntry.seq))


def _against(
    idea: Idea | None, versions: Sequence[IdeaVersion], entries: Sequence[AuditEntry], demo: bool
) -> Iterator[str]:
    """Yield what does not fit between an idea's rows and its entries."""
    if idea is None:
        yield "the trail holds it and its row is gone" if entries else "versions without an idea"
        return
    said = [(entry, json.loads(entry.after or "{}")) for entry in entries]
    made = [(entry, after) for entry, after in said if entry.action in {"idea.post", "idea.edit"}]
    if not made:
        yield "it was never put forward: the trail has no entry of it"
        return
    yield from _moments(idea, made, demo)
    if [after["version"] for _, after in made] != [version.number for version in versions]:
        yield "its versions are not those of the trail"
        return
    for version, (_, after) in zip(versions, made, strict=True):
        if json.loads(version.content) != after["content"] or stamp(version.at) != after["at"]:
            yield f"version {version.number} was changed"
    yield from _seal(idea, versions, [pair for pair in said if pair[0].action == "idea.seal"])
    yield from _marks(idea, entries)


def _moments(idea: Idea, made: Sequence[tuple[AuditEntry, Mapping[str, Any]]], demo: bool) -> Iterator[str]:
    first = made[0][1]
    own = (idea.author_id, stamp(idea.posted_at), stamp(idea.sealed_at), idea.seeded)
    if own != (first["author_id"], first["posted_at"], first["sealed_at"], first["seeded"]):
        yield "its author or its times were changed"
    if idea.sealed_at - idea.posted_at != EDITABLE:
        yield "it was not sealed a quarter of an hour after it was put forward"
    if idea.seeded and not demo:
        yield "it was made with the demo's clock in a firm that is no demo"
    for entry, after in made:
        if not idea.seeded and abs(_time(entry.time) - _time(after["at"])) > SLACK:
            yield f"it was dated back: entry {entry.seq} of the trail was written at {entry.time}"
        if not after["at"] < first["sealed_at"]:
            yield f"version {after['version']} was made after it was sealed"


def _seal(
    idea: Idea, versions: Sequence[IdeaVersion], seals: Sequence[tuple[AuditEntry, Mapping[str, Any]]]
) -> Iterator[str]:
    if [entry.seq for entry, _ in seals] != ([] if idea.seal_entry is None else [idea.seal_entry]):
        yield "its seal is not the one of the trail"
        return
    for entry, after in seals:
        if after["content"] != json.loads(versions[-1].content) or after["version"] != versions[-1].number:
            yield f"it is not what was sealed in entry {entry.seq}"
        if entry.time < stamp(idea.sealed_at):
            yield "it was sealed before its time"


def _marks(idea: Idea, entries: Sequence[AuditEntry]) -> Iterator[str]:
    actions = [entry.action for entry in entries]
    hidden = actions.count("idea.hide") > actions.count("idea.show")
    for name, marked, on_record in (
        ("taken back", idea.retracted_at is not None, "idea.retract" in actions),
        ("hidden", idea.hidden_at is not None, hidden),
    ):
        if marked != on_record:
            yield f"that it {'is' if marked else 'was'} {name} does not fit the trail"


def _scored(score: IdeaScore | None, entries: Sequence[AuditEntry], *, noted: bool) -> Iterator[str]:
    """Yield what does not fit between what came of an idea and its entry; ``noted``: the trail keeps outcomes."""
    said = [json.loads(entry.after or "{}")["outcome"] for entry in entries if entry.action == SCORED]
    if not said:
        if noted and score is not None:
            yield "what is kept as having come of it was never put on record"
    elif (
        score is None or outcome({name: getattr(score, name) for name in OUTCOME}) != said[0] or len(said) > 1
    ):
        yield "what came of it is not what was put on record"


def _dated_back(session: Session, idea_id: str | None = None) -> frozenset[int]:
    """Return the numbers of entries about ideas that are older than the entry before them."""
    before = aliased(AuditEntry)
    query = (
        select(AuditEntry.seq, AuditEntry.time, before.time)
        .join(before, (before.org == AuditEntry.org) & (before.seq == AuditEntry.seq - 1))
        .where(AuditEntry.object_kind == KIND)
    )
    if idea_id is not None:
        query = query.where(AuditEntry.object_id == idea_id)
    return frozenset(seq for seq, own, last in session.execute(query) if _time(own) + SLACK < _time(last))


# --- the trail around it ---------------------------------------------------------------------------
def _holds(session: Session, entry: AuditEntry) -> bool:
    """Whether an entry has its own hash and follows the one before it."""
    if digest({name: getattr(entry, name) for name in _HASHED}) != entry.hash:
        return False
    before = session.scalar(select(AuditEntry.hash).where(AuditEntry.seq == entry.seq - 1))
    return entry.prev_hash == (before if entry.seq > 1 else genesis(entry.org))


def _anchored(database: Database, org: str, entries: Sequence[AuditEntry]) -> tuple[bool | None, str]:
    """Return whether anchors outside the database cover the entries; None where none is kept, and words."""
    anchors = Anchors.of(database)
    if anchors is None:
        return None, "this installation keeps no anchors"
    try:
        signed = list(anchors.read(org))
    except ValueError as error:
        return False, str(error)
    own = {entry.seq: entry for entry in entries}
    for anchor in signed:
        if anchor.seq in own and anchor.hash != own[anchor.seq].hash:
            return False, f"entry {anchor.seq} is not the one that was anchored at {anchor.time}"
    newest = max((anchor.seq for anchor in signed), default=0)
    last = max(own, default=0)
    if last > newest:
        return False, f"entry {last} is not anchored"
    for entry in entries:
        covering = min((one for one in signed if one.seq >= entry.seq), key=lambda one: one.seq)
        if _time(covering.time) - _time(entry.time) > SLACK:
            # A process that was killed leaves its last entry to the anchor of the next start.
            return None, f"entry {entry.seq} of {entry.time} was anchored late, at {covering.time}"
    return True, f"anchored outside the database up to entry {newest}"


def _entry_words(broken: Sequence[int], entries: Sequence[AuditEntry]) -> str:
    if broken:
        return f"entry {broken[0]} of the trail does not hold"
    return f"{len(entries)} entries of the trail hold and follow those before them"


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)
