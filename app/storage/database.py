"""The records' database: SQLite in the home folder, PostgreSQL by setting."""

import re
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

from sqlalchemy import ClauseElement, Engine, Table, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import IntegrityError, InterfaceError, OperationalError
from sqlalchemy.orm import ORMExecuteState, Session, sessionmaker, with_loader_criteria
from sqlalchemy.sql import visitors

from app.errors import Conflict, Forbidden, Unavailable
from app.storage.records._base import OrgScoped

_OF_ROW = re.compile(r"org(_m\d+)?")


class Database:
    """Sessions on the records, bound to one organisation or, by name, to the installation."""

    def __init__(self, url: str) -> None:
        self.url = make_url(url)
        self.engine: Engine = _sqlite(url) if self.url.get_backend_name() == "sqlite" else _server(url)
        self._session = sessionmaker(self.engine, expire_on_commit=False)

    @property
    def sqlite(self) -> bool:
        """Whether the records are in a SQLite file."""
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def session(self, org: str | None, *, write: bool = False) -> Iterator[Session]:
        """Open a transaction that sees one organisation's records only.

        Args:
            org: The organisation's slug; None for installation-wide work (sign-in, operator, workers).
            write: Take the write lock at once (SQLite), so that a read-then-write cannot interleave.

        Raises:
            Conflict: When two writers make the same record at the same moment.
            Unavailable: When the database cannot be reached.
        """
        session = self._session(info={"org": org, "write": write})
        try:
            with session.begin():
                yield session
        except IntegrityError as error:
            # Checks before a write name what is taken; this is left for two writers at the same moment.
            raise Conflict("Somebody else wrote the same record at this moment: try again.") from error
        except (OperationalError, InterfaceError) as error:
            raise Unavailable("The records database does not answer.", retry_after=5) from error
        finally:
            session.close()

    def close(self) -> None:
        """Return all connections."""
        self.engine.dispose()


@event.listens_for(Session, "do_orm_execute")
def _narrow(state: ORMExecuteState) -> None:
    """Narrow every statement of a bound session to its organisation."""
    org = state.session.info.get("org")
    if org is None:
        return
    if not state.is_orm_statement:
        _refuse_tables(state)
    if state.is_insert or state.is_update:
        _refuse_foreign(state, org)
    if not state.is_column_load and not state.is_relationship_load:
        state.statement = state.statement.options(
            with_loader_criteria(OrgScoped, lambda cls: cls.org == org, include_aliases=True)
        )


def _refuse_tables(state: ORMExecuteState) -> None:
    """Refuse statements on bare tables: only those on models are narrowed."""
    for element in visitors.iterate(cast("ClauseElement", state.statement)):
        if isinstance(element, Table) and "org" in element.columns:
            raise Forbidden(f"Ask the model of {element.name}, not its table: it would not be narrowed.")


def _refuse_foreign(state: ORMExecuteState, org: str) -> None:
    """Refuse statements that would put a row into another organisation; a flush is checked below."""
    mapper = state.bind_mapper
    if mapper is None or not issubclass(mapper.class_, OrgScoped):
        return
    if isinstance(state.parameters, list):
        named = [row.get("org") for row in state.parameters]
        named = [value for value in named if value is not None or state.is_insert]
    else:
        # SQLAlchemy names the values of one row `org`, of several rows `org_m0`, `org_m1`, ...
        statement = cast("ClauseElement", state.statement)
        given = dict(statement.compile(dialect=state.session.get_bind().dialect).params)
        given.update(cast("dict[str, Any]", state.parameters or {}))
        named = [value for name, value in given.items() if _OF_ROW.fullmatch(name) and value is not None]
    if any(value != org for value in named) or (state.is_insert and not named):
        raise Forbidden("A record of another organisation cannot be written here.")


@event.listens_for(Session, "before_flush")
def _stamp(session: Session, *_: Any) -> None:
    """Give new records the session's organisation; refuse a foreign one."""
    org = session.info.get("org")
    if org is None:
        return
    for record in session.new:
        if isinstance(record, OrgScoped) and record.org is None:
            record.org = org
    for record in (*session.new, *session.dirty, *session.deleted):
        if isinstance(record, OrgScoped) and record.org != org:
            raise Forbidden("A record of another organisation cannot be written here.")


@event.listens_for(Session, "after_begin")
def _begin(session: Session, _: Any, connection: Any) -> None:
    if connection.dialect.name == "sqlite":
        # pysqlite's own BEGIN is deferred: two readers that both turn into writers would deadlock.
        connection.exec_driver_sql("BEGIN IMMEDIATE" if session.info.get("write") else "BEGIN")


def _sqlite(url: str) -> Engine:
    path = make_url(url).database
    if path and path != ":memory:":
        Path(path).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    engine = create_engine(url, connect_args={"timeout": 30, "check_same_thread": False})

    @event.listens_for(engine, "connect")
    def _pragmas(connection: Any, _: Any) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves
        cursor = connection.cursor()
        # FULL: an acknowledged import or audit row survives a power cut, not only a crash.
        for pragma in ("busy_timeout=30000", "synchronous=FULL", "foreign_keys=ON"):
            cursor.execute(f"PRAGMA {pragma}")
        _write_ahead(cursor)
        cursor.close()

    return engine


def _write_ahead(cursor: Any) -> None:
    """Have a new file keep a write-ahead log; of processes that start together, only one can change it."""
    until = time.monotonic() + 30
    while True:
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError:  # the busy time-out does not cover this change
            if time.monotonic() > until:
                raise
            time.sleep(0.02)
        else:
            return


def _server(url: str) -> Engine:
    return create_engine(url, pool_pre_ping=True, pool_size=10, max_overflow=20, pool_timeout=10)
