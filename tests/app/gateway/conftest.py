"""Fixtures of the gateway's tests."""

import pytest

from app.config import Settings
from tests.app.gateway.kit import build


@pytest.fixture
def settings(tmp_path):
    """Return settings with a home of their own."""
    return Settings(home=tmp_path / "home", secret_key="k" * 20 + "3fX!" * 5)


@pytest.fixture
def house(settings):
    """Return the app behind its gate."""
    return build(settings)
