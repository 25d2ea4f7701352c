"""Backup and restore: everything comes back, or nothing is touched."""

import gzip

import pytest

from app.actions import audit as trail
from app.actions import keys, users
from app.errors import Invalid
from app.storage import backup, schema
from app.storage.anchors import Anchors
from app.storage.collect import collect
from app.storage.database import Database
from app.storage.lake import Lake
from tests.app._world import DATASETS, context_of, land
from tests.app.conftest import PASSWORD, SECRET

TRADES = """
exec_id  account_id  instrument_id  side  last_qty  last_px  currency  transact_time
E1       A1          AAPL           buy   100       190.10   USD       14:30:00
E2       A1          AAPL           sell  40        190.30   USD       14:31:00
"""


@pytest.fixture
def home(tmp_path):
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


@pytest.fixture
def filled(database, admin, home):
    """Return a database and a lake in which `acme` has a user, a key and two executions."""
    Anchors(home / "anchors", SECRET).watch(database)
    users.create(database, admin, email="jane@acme.com", name="Jane", role="admin", password=PASSWORD)
    context = context_of(home, database)
    land(context, "acme", executions=TRADES)
    (home / "artifacts" / "acme").mkdir(parents=True)
    (home / "artifacts" / "acme" / "model.json").write_text("{}")
    (home / "earlier.tar.gz").write_text("not to be taken again")
    return database, context.lake


def test_a_backup_restores_records_tables_anchors_and_artefacts(filled, admin, home, tmp_path):
    database, lake = filled
    _, key = keys.create(database, admin, name="script", role="trader")
    file = tmp_path / "backup.tar.gz"
    taken = backup.take(database, lake, home, file)
    keys.create(database, admin, name="made after the backup", role="trader")

    target = tmp_path / "restored"
    back = Database(f"sqlite:///{target}/records.db")
    assert backup.restore(back, target, file) == taken
    schema.check(back)
    Anchors(target / "anchors", SECRET).watch(back)
    report = trail.verify(back, "acme")
    assert (report.ok, report.entries, report.anchored) == (True, 3, 3)
    assert keys.find_key(back, key).org == "acme"
    assert [found["name"] for found in keys.every(back, admin)] == ["script"]
    rows = collect(Lake(str(target / "lake"), back).scan("acme", DATASETS["executions"]))
    assert rows["exec_id"].sort().to_list() == ["E1", "E2"]
    assert (target / "artifacts" / "acme" / "model.json").read_text() == "{}"
    assert not (target / "earlier.tar.gz").exists()
    assert oct(file.stat().st_mode)[-3:] == "600"


@pytest.mark.postgres
def test_a_backup_moves_from_sqlite_to_postgres(sqlite_database, postgres_database, tmp_path, home):
    from app.actions import orgs
    from app.actions._roles import console

    Anchors(home / "anchors", SECRET).watch(sqlite_database)
    orgs.create(sqlite_database, console("acme"), slug="acme", name="Acme Capital")
    lake = Lake(str(home / "lake"), sqlite_database)
    lake.pin("acme", DATASETS["executions"], 0, "report r1")
    backup.take(sqlite_database, lake, home, tmp_path / "b.tar.gz")
    backup.restore(postgres_database, tmp_path / "restored", tmp_path / "b.tar.gz")
    Anchors(tmp_path / "restored" / "anchors", SECRET).watch(postgres_database)
    assert trail.verify(postgres_database, "acme").ok
    # A number that PostgreSQL gives out next must not be one that came with the backup.
    Lake(str(tmp_path / "restored" / "lake"), postgres_database).pin(
        "acme", DATASETS["executions"], 0, "report r2"
    )


def test_a_used_home_is_left_alone(filled, home, tmp_path):
    database, lake = filled
    backup.take(database, lake, home, tmp_path / "b.tar.gz")
    before = sorted(p.relative_to(home) for p in home.rglob("*"))
    with pytest.raises(Invalid, match="not empty"):
        backup.restore(database, home, tmp_path / "b.tar.gz")
    with pytest.raises(Invalid, match="not empty"):
        backup.restore(database, tmp_path / "other", tmp_path / "b.tar.gz")
    assert sorted(p.relative_to(home) for p in home.rglob("*")) == before


def test_an_existing_file_is_not_overwritten(filled, home, tmp_path):
    (tmp_path / "b.tar.gz").write_text("something else")
    with pytest.raises(Invalid, match="exists already"):
        backup.take(*filled, home, tmp_path / "b.tar.gz")
    assert (tmp_path / "b.tar.gz").read_text() == "something else"


@pytest.mark.parametrize("damage", ["cut", "changed", "no backup"])
def test_a_damaged_backup_is_refused_and_nothing_is_restored(filled, home, tmp_path, damage):
    file = tmp_path / "b.tar.gz"
    backup.take(*filled, home, file)
    raw = file.read_bytes()
    if damage == "cut":
        file.write_bytes(raw[: len(raw) // 2])
    elif damage == "changed":
        plain = gzip.decompress(raw)
        assert plain.count(b'"seq": 2,') == 1
        file.write_bytes(gzip.compress(plain.replace(b'"seq": 2,', b'"seq": 7,')))
    else:
        file.write_bytes(b"hello")
    target = tmp_path / "restored"
    back = Database(f"sqlite:///{target}/records.db")
    with pytest.raises(Invalid, match=r"damaged|no whole backup"):
        backup.restore(back, target, file)
    assert not schema.exists(back)
    assert [p for p in target.rglob("*") if p.is_file() and not p.name.startswith("records.db")] == []
