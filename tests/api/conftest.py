"""An installation of two firms on SQLite, for the tests of the REST surface."""

import pytest

from tests.tenancy.conftest import Installation, build


@pytest.fixture(scope="session")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """Return an installation of two firms."""
    return build(tmp_path_factory.mktemp("api"), tmp_path_factory)
