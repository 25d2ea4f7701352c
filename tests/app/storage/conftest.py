"""A lake on the records database of the test."""

import pytest

from app.storage.lake import Lake


@pytest.fixture
def lake(database, tmp_path):
    """Return an empty lake, on SQLite and on PostgreSQL."""
    return Lake(str(tmp_path / "lake"), database)


@pytest.fixture
def local(sqlite_database, tmp_path):
    """Return an empty lake on SQLite only, where the records database makes no difference."""
    return Lake(str(tmp_path / "lake"), sqlite_database)
