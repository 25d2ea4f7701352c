"""A firm with its book derived, and desks of it."""

import pytest

from app.jobs.derive import derive
from tests.app._world import context_of, land
from tests.app.queries._firm import FIRM


@pytest.fixture(scope="module")
def module_database(empty_sqlite, tmp_path_factory):
    """Return an empty records database for one module."""
    import shutil

    from app.storage.database import Database

    path = tmp_path_factory.mktemp("records") / "records.db"
    shutil.copy(empty_sqlite, path)
    made = Database(f"sqlite:///{path}")
    yield made
    made.close()


@pytest.fixture(scope="module")
def firm(module_database, tmp_path_factory):
    """Return the stores of an installation with the firm `acme` and its derived book."""
    context = context_of(tmp_path_factory.mktemp("home"), module_database)
    land(context, "acme", **FIRM)
    derive(context, "acme", cause="test")
    return context
