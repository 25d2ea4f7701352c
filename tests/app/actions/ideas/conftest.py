"""What the tests of ideas share: a database with its anchors, two people, a clock that can be moved on."""

from datetime import timedelta

import pytest

from app.actions import _clock, ideas
from app.scope import Identity
from app.storage.anchors import Anchors
from app.storage.records import audit
from tests.app.conftest import SECRET


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
        for module in (ideas, _clock, audit):
            monkeypatch.setattr(module, "now", lambda: real() + timedelta(minutes=minutes))

    return move
