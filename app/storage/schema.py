"""The schema of the records: brought up to date at start, checked before anything is served."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection
from sqlalchemy.exc import InterfaceError, OperationalError

from app.errors import BadSettings, Unavailable
from app.storage.database import Database

_FOLDER = Path(__file__).parent / "migrations"
_LOCK = 0x71_64_65_63_6B  # any number nobody else uses for advisory locks in this database


def upgrade(database: Database) -> None:
    """Bring the records to the schema of this release; safe to run again after a kill, and by two at once.

    All steps run in one transaction that holds the write lock, so a killed upgrade leaves the old schema.

    Raises:
        BadSettings: If the records were written by a newer release.
        Unavailable: If the database does not answer.
    """
    with _connection(database) as connection:
        if _current(connection) == _head():
            return
        connection.rollback()
        if database.sqlite:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
        _refuse_unknown(_current(connection))
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        connection.commit()


def check(database: Database) -> None:
    """Refuse a schema that is not this release's.

    Raises:
        BadSettings: Saying what to do.
        Unavailable: If the database does not answer.
    """
    with _connection(database) as connection:
        current = _current(connection)
    if current != _head():
        _refuse_unknown(current)
        raise BadSettings(
            f"The records have schema {current or 'none'}, this release needs {_head()}: "
            "run `python app.py init` first."
        )


def exists(database: Database) -> bool:
    """Return whether the database has a schema at all."""
    with _connection(database) as connection:
        return _current(connection) is not None


def _refuse_unknown(current: str | None) -> None:
    if current is not None and current not in _known():
        raise BadSettings(
            f"The records have schema {current}, which this release does not know: "
            "they were written by a newer release. Install that one."
        )


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    return config


@cache
def _known() -> frozenset[str]:
    scripts = ScriptDirectory.from_config(_config())
    return frozenset(script.revision for script in scripts.walk_revisions())


@cache
def _head() -> str:
    """Return the newest schema of this copy; asked by every check of readiness, and it reads every script."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    if head is None:
        raise BadSettings("This copy of Quarterdeck has no migrations: install it again.")
    return head


def _current(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


@contextmanager
def _connection(database: Database) -> Iterator[Connection]:
    try:
        with database.engine.connect() as connection:
            yield connection
    except (OperationalError, InterfaceError) as error:
        raise Unavailable("The records database does not answer.", retry_after=5) from error
