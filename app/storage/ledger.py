"""Questions to the ledger: which version of a table is published, and since when."""

import json
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import Select, bindparam, delete, func, select, text
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.orm import Session

from app.errors import Unavailable
from app.storage.database import Database
from app.storage.delta import Commit
from app.storage.records._base import now
from app.storage.records.ledger import LakeCommit, LakeFinding, LakePin, LakeTable

if TYPE_CHECKING:
    from app.storage.recovery import Finding


@dataclass(frozen=True)
class Head:
    """The published state of one table."""

    version: int = -1
    sha256: str = ""
    rows: int = 0
    live_seq: int = 0
    last_ingest: datetime | None = None


@dataclass(frozen=True)
class Entry:
    """One published commit, without its bytes."""

    version: int
    kind: str
    published: datetime
    rows: int
    sha256: str
    size: int


_HEAD = (LakeTable.version, LakeTable.sha256, LakeTable.rows, LakeTable.live_seq, LakeTable.last_ingest)
_HEADS = select(LakeTable.dataset, *_HEAD).where(LakeTable.org == bindparam("asked"))
_ENTRY = (
    LakeCommit.version,
    LakeCommit.kind,
    LakeCommit.published,
    LakeCommit.rows,
    LakeCommit.sha256,
    LakeCommit.size,
)


class Ledger:
    """The ledger of one installation."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def heads(self, org: str) -> dict[str, Head]:
        """Return data set name to head, for all tables of ``org``, in one small query."""
        # Plain columns on a connection: a third of the cost of the same through a session.
        try:
            with self._database.engine.connect() as connection:
                return {row[0]: Head(*row[1:]) for row in connection.execute(_HEADS, {"asked": org})}
        except (OperationalError, InterfaceError) as error:
            raise Unavailable("The records database does not answer.", retry_after=5) from error

    def settled_head(self, org: str, dataset: str) -> Head | None:
        """Return the head of a table once no transaction that may change it is under way.

        A writer may have died with its COMMIT on the way to the server: only after that is settled can
        the tail of a log be called unpublished.
        """
        if self._database.sqlite:  # a dead process has no transaction there
            return self.heads(org).get(dataset)
        asked = select(*_HEAD).where(LakeTable.org == org, LakeTable.dataset == dataset)
        with self._database.session(org, write=True) as session:
            session.execute(text("SET LOCAL lock_timeout = '15s'"))
            session.execute(text("LOCK TABLE lake_tables IN SHARE ROW EXCLUSIVE MODE"))
            row = session.execute(asked).first()
            return Head(*row) if row else None

    def orgs(self) -> set[str]:
        """Return the organisations that have a table."""
        with self._database.session(None) as session:
            return set(session.scalars(select(LakeTable.org).distinct()))

    def entries(self, org: str, dataset: str) -> list[Entry]:
        """Return all published commits of a table, oldest first."""
        with self._database.session(org) as session:
            return [Entry(*row) for row in session.execute(_commits(org, dataset))]

    def entry(self, org: str, dataset: str, version: int) -> Entry | None:
        """Return one published commit."""
        with self._database.session(org) as session:
            row = session.execute(_commits(org, dataset).where(LakeCommit.version == version)).first()
            return Entry(*row) if row else None

    def entry_at(self, org: str, dataset: str, instant: datetime) -> Entry | None:
        """Return the commit that was current at ``instant``."""
        asked = _commits(org, dataset, newest_first=True).where(LakeCommit.published <= instant)
        with self._database.session(org) as session:
            row = session.execute(asked.limit(1)).first()
            return Entry(*row) if row else None

    def is_replaced(self, org: str, dataset: str) -> bool:
        """Tell whether the table is replaced as a whole, so that its rows do not carry its history."""
        asked = select(func.count()).where(
            LakeCommit.org == org, LakeCommit.dataset == dataset, LakeCommit.kind == "replace"
        )
        with self._database.session(org) as session:
            return bool(session.scalar(asked))

    def content(self, org: str, dataset: str, version: int) -> bytes | None:
        """Return the bytes of a published commit's log file."""
        asked = select(LakeCommit.content).where(
            LakeCommit.org == org, LakeCommit.dataset == dataset, LakeCommit.version == version
        )
        with self._database.session(org) as session:
            found = session.scalar(asked)
        return None if found is None else zlib.decompress(found)

    def digests(self, org: str, dataset: str) -> dict[str, str]:
        """Return path to SHA-256 of every data file a published commit added."""
        asked = select(LakeCommit.files).where(LakeCommit.org == org, LakeCommit.dataset == dataset)
        with self._database.session(org) as session:
            return {
                path: digest for text in session.scalars(asked) for path, digest in json.loads(text).items()
            }

    def history(self, org: str, dataset: str) -> Iterator[tuple[int, datetime, bytes]]:
        """Yield version, instant of publishing and log file of every published commit, oldest first."""
        columns = (LakeCommit.version, LakeCommit.published, LakeCommit.content)
        asked = select(*columns).where(LakeCommit.org == org, LakeCommit.dataset == dataset)
        with self._database.session(org) as session:
            for version, published, content in session.execute(asked.order_by(LakeCommit.version)):
                yield version, published, zlib.decompress(content)

    def pins(self, org: str, dataset: str) -> set[int]:
        """Return the versions something points at."""
        asked = select(LakePin.version).where(LakePin.org == org, LakePin.dataset == dataset)
        with self._database.session(org) as session:
            return set(session.scalars(asked))

    def pin(self, org: str, dataset: str, version: int, reason: str) -> None:
        """Remember that ``reason`` points at a version."""
        pin = {"org": org, "dataset": dataset, "version": version, "reason": reason}
        with self._database.session(org, write=True) as session:
            if session.scalar(select(LakePin.id).filter_by(**pin)) is None:
                session.add(LakePin(**pin))

    def record(self, org: str, found: Iterable["Finding"], *, checked: str | None = None) -> None:
        """Keep findings; one that stands already is kept once.

        Args:
            org: The organisation.
            found: What a check found.
            checked: The table that was checked as a whole: older findings about it are settled.
        """
        found = list(found)
        standing = select(LakeFinding).where(LakeFinding.org == org, LakeFinding.healed.is_(False))
        if not found and checked is None:
            return
        with self._database.session(org, write=True) as session:
            known = {(one.dataset, one.kind, one.detail): one for one in session.scalars(standing)}
            now_wrong = {(one.dataset, one.kind, one.detail[:400]) for one in found if not one.healed}
            for key, record in known.items():
                if record.dataset == checked and key not in now_wrong:
                    record.healed = True
            for one in found:
                if one.healed or (one.dataset, one.kind, one.detail[:400]) not in known:
                    session.add(
                        LakeFinding(
                            org=org,
                            dataset=one.dataset,
                            kind=one.kind,
                            detail=one.detail[:400],
                            healed=one.healed,
                        )
                    )

    def findings(self, org: str, *, limit: int = 200) -> list[tuple[str, str, str, bool]]:
        """Return data set, kind, detail and whether it was mended, newest first."""
        columns = (LakeFinding.dataset, LakeFinding.kind, LakeFinding.detail, LakeFinding.healed)
        asked = select(*columns).where(LakeFinding.org == org).order_by(LakeFinding.id.desc()).limit(limit)
        with self._database.session(org) as session:
            return [(table, kind, detail, healed) for table, kind, detail, healed in session.execute(asked)]

    def forget(self, org: str) -> None:
        """Delete everything the ledger holds about ``org``."""
        with self._database.session(org, write=True) as session:
            for model in (LakeTable, LakeCommit, LakePin, LakeFinding):
                session.execute(delete(model).where(model.org == org))


def publish(
    session: Session, org: str, dataset: str, commits: Iterable[Commit], *, live_seq: int | None = None
) -> None:
    """Make ``commits`` (oldest first) the head of a table, in the caller's transaction."""
    instant = now()
    # Locking the head row makes recovery wait for a transaction whose process has died.
    head = session.get(LakeTable, (org, dataset), with_for_update=True)
    if head is None:
        head = LakeTable(org=org, dataset=dataset, version=-1, sha256="", rows=0, live_seq=0)
        session.add(head)
    for commit in commits:
        session.add(_record(org, dataset, commit, instant))
        head.version, head.sha256, head.rows = commit.version, commit.sha256, commit.total
    head.last_ingest = instant
    if live_seq is not None:
        head.live_seq = live_seq
    session.flush()


def _record(org: str, dataset: str, commit: Commit, instant: datetime) -> LakeCommit:
    return LakeCommit(
        org=org,
        dataset=dataset,
        version=commit.version,
        kind=commit.kind,
        import_id=commit.import_id[:120],
        published=instant,
        rows=commit.total,
        sha256=commit.sha256,
        size=len(commit.content),
        content=zlib.compress(commit.content),
        files=json.dumps(commit.files),
    )


def _commits(
    org: str, dataset: str, *, newest_first: bool = False
) -> Select[int, str, datetime, int, str, int]:
    order = LakeCommit.version.desc() if newest_first else LakeCommit.version
    return select(*_ENTRY).where(LakeCommit.org == org, LakeCommit.dataset == dataset).order_by(order)
