"""A running server with one small firm, and a real browser that notices what users would not forgive."""

import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from werkzeug.serving import make_server

from tests.world import found, open_context

PASSWORD = "a long phrase for journeys"
SIZES = {"desk": (1440, 900), "small": (1024, 768), "tablet": (820, 1180), "phone": (390, 844)}
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


class Visit:
    """One person's browser window on the running server."""

    def __init__(self, page: Any, base: str) -> None:
        self.page = page
        self.base = base
        self.complaints: list[str] = []
        self.hosts: set[str] = set()
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", lambda request: self.hosts.add(urlsplit(request.url).netloc))

    def _said(self, message: Any) -> None:
        if message.type in {"error", "warning"}:
            self.complaints.append(message.text)

    def sign_in(self, email: str) -> None:
        self.page.goto(f"{self.base}/sign-in")
        self.page.fill("#email", email)
        self.page.fill("#password", PASSWORD)
        self.page.click("form button[type=submit]")
        self.settle()

    def go(self, path: str) -> None:
        self.page.goto(self.base + path)
        self.settle()

    def settle(self) -> None:
        """Wait until a page stands and none of its cards waits."""
        self.page.wait_for_selector("[data-page]", timeout=20_000)
        for _ in range(200):
            self.page.wait_for_timeout(100)
            if self.page.query_selector("[data-state=loading]") is None:
                return
        waiting = [c.get_attribute("data-card") for c in self.page.query_selector_all("[data-state=loading]")]
        raise AssertionError(f"still loading: {waiting}")

    def states(self) -> dict[str, str]:
        """Return card to state."""
        cards = self.page.query_selector_all("[data-page] [data-card]")
        return {card.get_attribute("data-card"): card.get_attribute("data-state") for card in cards}

    def chips(self) -> dict[str, str]:
        """Return context type to what its chip says."""
        return {
            chip.get_attribute("data-context"): chip.query_selector(".va").inner_text()
            for chip in self.page.query_selector_all("[data-context]")
        }

    def overflows(self) -> bool:
        """Whether the page scrolls sideways."""
        width, seen = self.page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
        return width > seen


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Any]]:
    """Serve one small firm on a free port; yields its address and the firm."""
    from app.factory import create_app
    from app.jobs.refresh import refresh

    home: Path = tmp_path_factory.mktemp("journeys")
    files = tmp_path_factory.mktemp("files")
    context = open_context(home)
    firm = found(context, "harbour", "HRB", files, password=PASSWORD)
    refresh(context, firm.slug)
    server = make_server("127.0.0.1", 0, create_app(context=context).server, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", firm
    server.shutdown()
    thread.join(10)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """Start Debian's Chromium."""
    sync_api = pytest.importorskip("playwright.sync_api")
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("Chromium is not installed: make test installs it")
    with sync_api.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium: Any, served: tuple[str, Any]) -> Iterator[Any]:
    """Return ``visit(role, size="desk", theme="dark")``: a signed-in window.

    After the test: no console complaint, no request to another host.
    """
    windows: list[tuple[Any, Visit]] = []

    def open_window(role: str | None, size: str = "desk", theme: str = "dark") -> Visit:
        width, height = SIZES[size]
        context = chromium.new_context(viewport={"width": width, "height": height}, color_scheme=theme)
        made = Visit(context.new_page(), served[0])
        windows.append((context, made))
        if role is not None:
            made.sign_in(f"{role}@{served[1].slug}.example")
        return made

    yield open_window
    for context, made in windows:
        context.close()
        assert made.complaints == []
        assert {host.rpartition(":")[0] for host in made.hosts if host} <= {"127.0.0.1"}
