"""The real server on a small demo home, and a real browser in front of it."""

import shutil
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import pytest

from tests.journeys import _server
from tests.journeys._visit import PASSWORD, Visit, well
from tests.journeys._windows import Windows
from tests.once import copy_of

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
def server(tmp_path_factory: pytest.TempPathFactory, windows: Windows) -> Iterator[_server.Server]:
    """Serve the small demo as its operator would; after the last journey it stops cleanly when told."""
    home = tmp_path_factory.mktemp("journeys") / "home"
    copy_of("demo", _server.seed_home, home, tmp_path_factory)
    running = _server.start(home)
    try:
        yield running
        windows.close()
        assert running.stop() == 0
        assert not running.complaints(), "\n".join(running.complaints())
    finally:
        running.end()


@pytest.fixture(scope="session")
def windows(browser: Any) -> Iterator[Windows]:
    """Return the windows that journeys share, one after the other."""
    made = Windows(browser)
    yield made
    made.close()


def session_of(browser: Any, base: str, email: str) -> list[Any]:
    """Return the cookies of a new session."""
    context = browser.new_context()
    form = {"email": email, "password": PASSWORD}
    answer = context.request.post(f"{base}/sign-in", form=form, headers={"Origin": base})
    assert answer.ok, answer.text()[:500]
    cookies = context.cookies()
    context.close()
    return list(cookies)


@pytest.fixture(scope="session")
def signed_in(server: _server.Server, browser: Any) -> Callable[[str], list[Any]]:
    """Return ``signed_in(role)``: the cookies of one session per role, opened when first needed."""
    return cache(lambda role: session_of(browser, server.base, email_of(role)))


def email_of(role: str, organisation: str = "halyard") -> str:
    """Return who signs in as ``role`` at a demo organisation."""
    return f"{'pm' if role == 'portfolio_manager' else role}@{organisation}.demo"


@pytest.fixture
def visit(
    windows: Windows, server: _server.Server, signed_in: Callable[[str], list[Any]]
) -> Iterator[Callable[..., Visit]]:
    """Return ``visit(role, size="desk", theme="dark")``: a window, signed in; for None in nobody's name.

    After the test no window may have complained on its console, nor asked another host for anything.
    """
    opened: list[Visit] = []

    def open_window(role: str | None, size: str = "desk", theme: str = "dark") -> Visit:
        cookies = signed_in(role) if role else []
        opened.append(windows.open(server.base, cookies, size=size, theme=theme))
        return opened[-1]

    yield open_window
    for window in opened:
        windows.give_back(window)
    well(opened)
