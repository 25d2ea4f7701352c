"""The real server on a small demo home, and a real browser in front of it."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.journeys import _server
from tests.journeys._visit import PASSWORD, SIZES, Visit

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def chromium_path() -> str:
    """Return where the system's Chromium is."""
    path = shutil.which("chromium")
    assert path, "Chromium is not installed: make services installs it"
    return path


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Start the system's Chromium with nothing that talks to others."""
    return browser_type_launch_args | {"executable_path": chromium_path(), "args": FLAGS}


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[_server.Server]:
    """Serve the small demo as its operator would; after the last journey it stops cleanly when told."""
    home: Path = tmp_path_factory.mktemp("journeys")
    _server.seed_home(home)
    running = _server.start(home)
    try:
        yield running
        assert running.stop() == 0
        assert running.complaints() == []
    finally:
        running.process.kill()


@pytest.fixture(scope="session")
def signed_in(server: _server.Server, browser: Any) -> Callable[[str], Any]:
    """Return ``signed_in(role)``: the cookies of one session per role, opened when first needed."""
    kept: dict[str, Any] = {}

    def cookies(role: str) -> Any:
        if role not in kept:
            context = browser.new_context()
            form = {"email": email_of(role), "password": PASSWORD}
            answer = context.request.post(
                f"{server.base}/sign-in", form=form, headers={"Origin": server.base}
            )
            assert answer.ok, answer.text()[:500]
            kept[role] = context.storage_state()
            context.close()
        return kept[role]

    return cookies


def email_of(role: str, organisation: str = "halyard") -> str:
    """Return who signs in as ``role`` at a demo organisation."""
    return f"{'pm' if role == 'portfolio_manager' else role}@{organisation}.demo"


@pytest.fixture
def visit(browser: Any, server: _server.Server, signed_in: Callable[[str], Any]) -> Iterator[Any]:
    """Return ``visit(role, size="desk", theme="dark")``: a window, signed in unless ``role`` is None.

    After the test no window may have complained on its console, nor asked another host for anything.
    """
    windows: list[tuple[Any, Visit]] = []

    def open_window(role: str | None, size: str = "desk", theme: str = "dark") -> Visit:
        width, height = SIZES[size]
        context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme=theme,
            reduced_motion="reduce",
            storage_state=signed_in(role) if role else None,
        )
        made = Visit(context.new_page(), server.base)
        windows.append((context, made))
        return made

    yield open_window
    for context, _ in windows:
        context.close()
    for _, made in windows:
        assert made.unforgiven() == []
        assert {host.rpartition(":")[0] for host in made.hosts if host} <= {"127.0.0.1"}
