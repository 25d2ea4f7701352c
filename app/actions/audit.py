"""The trail, read and proven. Entries are written by the actions themselves (``records.audit.record``)."""

import hmac
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from typing import Any, TextIO

import orjson
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.errors import Forbidden
from app.scope import Identity
from app.storage.anchors import Anchor, Anchors
from app.storage.database import Database
from app.storage.records._base import now
from app.storage.records.audit import HASHED, AuditEntry, canonical, digest, genesis, head_of, stamp

READERS = frozenset({"compliance", "auditor", "admin"})
SURVEILLANCE = (
    "alert",
    "case",
    "suppression",
    "supervision",
    "list_entry",
    "parameter_set",
    "idea",
)  # not for admins
_COLUMNS = (*HASHED, "hash")
_SORTED = sorted(HASHED)
_PROVEN = (*_SORTED, "hash")
_SEQ, _PREVIOUS, _HASH = (_PROVEN.index(name) for name in ("seq", "prev_hash", "hash"))


@dataclass(frozen=True)
class AuditReport:
    """What a verification found. ``first_bad`` is the number of the first entry that does not hold."""

    org: str
    ok: bool
    entries: int
    first_bad: int | None
    reason: str
    head: str
    anchors: int
    anchored: int  # number of the newest anchored entry


def verify(database: Database, org: str) -> AuditReport:
    """Prove the trail of an organisation: every entry, the head, and every anchor outside the database.

    Found are edited, deleted, inserted, reordered and foreign entries, a cut tail, an older copy put
    back, and a chain rewritten as a whole. Without anchors (``Anchors.watch``) the last three are not.
    """
    anchors = Anchors.of(database)
    try:
        signed = list(anchors.read(org)) if anchors is not None else []
    except ValueError as error:
        return AuditReport(org, False, 0, 1, f"{error}", "", 0, 0)
    expected: dict[int, Anchor] = {}
    for anchor in signed:  # the first one counts: an old copy that went on from there disagrees with it
        expected.setdefault(anchor.seq, anchor)
    seq, previous = 0, genesis(org)
    first_bad, reason = None, "every entry holds"
    with database.session(None) as session:
        head = head_of(session, org)
        for row in _tuples(session, org, _PROVEN):
            seq += 1
            if fault := _fault(row, seq, previous, expected.get(seq)):
                first_bad, reason = seq, fault
                break
            previous = row[_HASH]
    if first_bad is None:
        first_bad, reason = _end(seq, previous, head, signed, reason)
    return AuditReport(
        org, first_bad is None, seq, first_bad, reason, previous, len(signed), max(expected, default=0)
    )


def export(database: Database, org: str, file: TextIO) -> int:
    """Write the trail as NDJSON, a line an entry and the signed head last; return the number of entries."""
    anchors = Anchors.of(database)
    count, last = 0, genesis(org)
    with database.session(None) as session:
        for row in _rows(session, org):
            file.write(canonical(row) + "\n")  # what is hashed, with the hash put in: fast to prove
            count, last = row["seq"], row["hash"]
    moment = stamp(now())
    head = anchors.sign(org, count, last, moment) if anchors else Anchor(org, count, last, moment, "")
    about = "prove this file with docs/tools/audit_verify.py FILE [--anchors FILE] [--key-file FILE]"
    file.write(json.dumps({"head": asdict(head), "about": about}) + "\n")
    return count


def entries(
    database: Database,
    actor: Identity,
    *,
    object_kind: str | None = None,
    object_id: str | None = None,
    before_seq: int | None = None,
    limit: int = 100,
    without: frozenset[str] = frozenset(),
) -> list[dict[str, Any]]:
    """Return entries of the actor's organisation, newest first; of one object on request.

    Args:
        database: The records.
        actor: Compliance, auditor or admin.
        object_kind: Only what was done to objects of this kind.
        object_id: Only what was done to this one.
        before_seq: Only entries older than this number: the next page.
        limit: At most so many.
        without: Ids of alerts and cases that the actor must not read of.

    Raises:
        Forbidden: For other roles. An admin sees no entry of surveillance.
    """
    query = _readable(select(AuditEntry), actor, without)
    query = query.order_by(AuditEntry.seq.desc()).limit(min(limit, 1000))
    if object_kind is not None:
        query = query.where(AuditEntry.object_kind == object_kind)
    if object_id is not None:
        query = query.where(AuditEntry.object_id == object_id)
    if before_seq is not None:
        query = query.where(AuditEntry.seq < before_seq)
    with database.session(actor.org) as session:
        return [{name: getattr(row, name) for name in _COLUMNS} for row in session.scalars(query)]


def kinds(database: Database, actor: Identity, *, without: frozenset[str] = frozenset()) -> dict[str, int]:
    """Return the kinds of things acted on, with the number of entries the actor may read of each.

    Raises:
        Forbidden: As ``entries``.
    """
    counted = select(AuditEntry.object_kind, func.count().label("entries")).group_by(AuditEntry.object_kind)
    with database.session(actor.org) as session:
        found = session.execute(_readable(counted, actor, without))
        return {row.object_kind: row.entries for row in found}


# --- steps -----------------------------------------------------------------------------------------
def _readable(query: Any, actor: Identity, without: frozenset[str]) -> Any:
    if actor.role not in READERS:
        raise Forbidden("The audit trail is read by compliance, auditors and admins.")
    if actor.role == "admin":
        query = query.where(AuditEntry.object_kind.not_in(SURVEILLANCE))
    if without:
        query = query.where(
            AuditEntry.object_kind.not_in(("alert", "case", "supervision"))
            | AuditEntry.object_id.not_in(sorted(without))
        )
    return query


def _rows(session: Session, org: str) -> Iterator[dict[str, Any]]:
    for row in _tuples(session, org, _COLUMNS):
        yield dict(zip(_COLUMNS, row, strict=True))


def _tuples(session: Session, org: str, columns: Sequence[str]) -> Iterator[Any]:
    chosen = [getattr(AuditEntry, name) for name in columns]
    query = select(*chosen).where(AuditEntry.org == org).order_by(AuditEntry.seq)
    # On the connection, not through the session: no entry becomes an object, and there may be millions.
    yield from session.connection().execute(query, execution_options={"yield_per": 5000})


def _fault(row: Sequence[Any], seq: int, previous: str, anchor: Anchor | None) -> str | None:
    """Return what is wrong with an entry, its columns in the order of ``_PROVEN``; None if nothing."""
    if row[_SEQ] != seq:
        return f"entry {seq} is missing"
    if row[_PREVIOUS] != previous:
        return f"entry {seq} does not follow the entry before it"
    if not hmac.compare_digest(_digest(row), row[_HASH]):
        return f"entry {seq} was changed"
    if anchor is not None and anchor.hash != row[_HASH]:
        return f"entry {seq} is not the one that was anchored at {anchor.time}: the chain was rewritten"
    return None


def _digest(row: Sequence[Any]) -> str:
    """Return what ``digest`` does of the same entry: of text, numbers and nulls in order it is the same JSON."""
    try:
        text = orjson.dumps(dict(zip(_SORTED, row, strict=False)))
    except orjson.JSONEncodeError:  # a number or a text that no entry is written with
        return digest(dict(zip(_SORTED, row, strict=False)))
    return sha256(text).hexdigest()


def _end(
    seq: int, last: str, head: tuple[int, str], signed: list[Anchor], fine: str
) -> tuple[int | None, str]:
    newest = max((anchor.seq for anchor in signed), default=0)
    if newest > seq:
        return seq + 1, f"entries {seq + 1} to {newest} were anchored and are missing"
    if head[0] > seq:
        return seq + 1, f"entries {seq + 1} to {head[0]} are missing"
    if head != (seq, last):
        return seq, "the chain does not end where its head says"
    return None, fine
