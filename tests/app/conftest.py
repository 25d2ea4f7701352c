"""A records database for every test that asks for one, on SQLite and on PostgreSQL."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from app.actions import orgs, users
from app.actions._roles import console
from app.scope import Identity
from app.storage import schema
from app.storage.anchors import Anchors
from app.storage.database import Database
from app.storage.records._base import Base

SECRET = "a secret that only this test knows"
PASSWORD = "seven-brass-lanterns"


@pytest.fixture(scope="session")
def empty_sqlite(tmp_path_factory) -> Path:
    """Return a SQLite file with the schema in it, to be copied."""
    path = tmp_path_factory.mktemp("template") / "records.db"
    made = Database(f"sqlite:///{path}")
    schema.upgrade(made)
    with made.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    made.close()
    return path


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """Start a PostgreSQL cluster of its own for this session and return its URL."""
    binaries = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not binaries:
        why = "PostgreSQL is not installed: apt-get install postgresql"
        pytest.fail(why) if os.environ.get("CI") == "true" else pytest.skip(why)
    folder = Path(tempfile.mkdtemp(prefix="quarterdeck-pg-"))
    as_user: list[str] = []
    if os.geteuid() == 0:  # PostgreSQL refuses to run as root
        account = pwd.getpwnam("postgres")
        os.chown(folder, account.pw_uid, account.pw_gid)
        as_user = ["runuser", "-u", "postgres", "--"]
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]

    def run(program: str, *args: str) -> None:
        command = [*as_user, str(binaries[-1] / program), *args]
        subprocess.run(
            command, check=True, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT, timeout=90
        )

    try:
        run("initdb", "-D", str(folder / "data"), "-U", "quarterdeck", "-A", "trust", "-E", "UTF8", "-N")
        options = f"-p {port} -h 127.0.0.1 -k {folder} -F -c full_page_writes=off -c timezone=Asia/Tokyo"
        run("pg_ctl", "-D", str(folder / "data"), "-l", str(folder / "log"), "-w", "-o", options, "start")
        yield f"postgresql+psycopg://quarterdeck@127.0.0.1:{port}/postgres"
        run("pg_ctl", "-D", str(folder / "data"), "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres(postgres_url) -> Iterator[Database]:
    """Return the cluster's database with the schema in it."""
    made = Database(postgres_url)
    schema.upgrade(made)
    yield made
    made.close()


@pytest.fixture
def sqlite_database(empty_sqlite, tmp_path) -> Iterator[Database]:
    """Return an empty records database in a file."""
    path = tmp_path / "records.db"
    shutil.copy(empty_sqlite, path)
    made = Database(f"sqlite:///{path}")
    yield made
    made.close()


@pytest.fixture
def postgres_database(postgres) -> Database:
    """Return an empty records database on the session's cluster."""
    tables = ", ".join(f'"{table.name}"' for table in Base.metadata.sorted_tables)
    with postgres.engine.begin() as connection:
        connection.execute(text(f"TRUNCATE {tables}"))
    return postgres


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database(request, tmp_path) -> Database:
    """Return an empty records database whose audit heads are anchored under ``tmp_path / "anchors"``."""
    made = request.getfixturevalue(f"{request.param}_database")
    Anchors(tmp_path / "anchors", SECRET).watch(made)
    return made


@pytest.fixture
def admin(database) -> Identity:
    """Return who administers the firm `acme`, which is made."""
    orgs.create(database, console("acme"), slug="acme", name="Acme Capital")
    return console("acme")


@pytest.fixture
def stranger(database) -> Identity:
    """Return who administers another firm, `zenith`, which is made."""
    orgs.create(database, console("zenith"), slug="zenith", name="Zenith Partners")
    return console("zenith")


@pytest.fixture
def jane(database, admin) -> Identity:
    """Return Jane, an admin of `acme` who signs in with PASSWORD."""
    made = users.create(database, admin, email="jane@acme.com", name="Jane", role="admin", password=PASSWORD)
    return Identity("acme", made.id, "Jane", "admin")
