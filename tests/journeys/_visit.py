"""One person's window on the running server, which keeps what a user would not forgive."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

SIZES = {"desk": (1440, 900), "small": (1024, 768), "tablet": (820, 1180), "phone": (390, 844)}
PASSWORD = "quarterdeck-demo"
LOADED_MS = 45_000  # most of it for machines that do other things too
_STATES = """() => Object.fromEntries([...document.querySelectorAll("[data-page] [data-card]")]
    .map((card) => [card.dataset.card, card.dataset.state]))"""
_CHIPS = """() => Object.fromEntries([...document.querySelectorAll("[data-context]")]
    .map((chip) => [chip.dataset.context, chip.querySelector(".va").innerText]))"""
_KPIS = """() => Object.fromEntries([...document.querySelectorAll("[data-page] [data-kpi]")]
    .map((tile) => [tile.dataset.kpi, tile.dataset.value]))"""

_ROWS = """async (id) => {
    const api = await dash_ag_grid.getApiAsync(id);
    const rows = [];
    for (let at = 0; at < api.getDisplayedRowCount(); at += 1) {
        const row = api.getDisplayedRowAtIndex(at);
        if (row && row.data) rows.push(row.data);
    }
    return rows;
}"""


class Visit:
    """A window: everything it complains of is kept until the test ends."""

    def __init__(self, page: Any, base: str) -> None:
        self.page = page
        self.base = base
        self.complaints: list[str] = []
        self.hosts: set[str] = set()
        self.forgiven: tuple[str, ...] = ()
        self._asking: set[Any] = set()
        page.set_default_timeout(LOADED_MS)
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", self._asked)
        page.on("requestfinished", self._answered)
        page.on("requestfailed", self._answered)

    # --- what it notices ---------------------------------------------------------------------------
    def forgive(self, *words: str) -> None:
        """Expect complaints with these words from here on: the test provokes them."""
        self.forgiven += words

    def unforgiven(self) -> list[str]:
        """Return the complaints that the test did not provoke."""
        return [said for said in self.complaints if not any(words in said for words in self.forgiven)]

    def _said(self, message: Any) -> None:
        if message.type in {"error", "warning"}:
            self.complaints.append(f"{message.text} ({message.location.get('url', '')})")

    def _asked(self, request: Any) -> None:
        self.hosts.add(urlsplit(request.url).netloc)
        if "/_dash-update-component" in request.url:
            self._asking.add(request)

    def _answered(self, request: Any) -> None:
        self._asking.discard(request)

    # --- what a person does --------------------------------------------------------------------------
    def sign_in(self, email: str, password: str = PASSWORD) -> None:
        self.page.goto(f"{self.base}/sign-in")
        self.enter(email, password)
        self.settle()

    def enter(self, email: str, password: str = PASSWORD) -> None:
        """Fill the sign-in form that is on the screen."""
        self.page.fill("#email", email)
        self.page.fill("#password", password)
        self.page.click("form button[type=submit]")

    def go(self, path: str) -> None:
        self.page.goto(self.base + path)
        self.settle()

    def settle(self, name: str | None = None) -> None:
        """Wait until the page (called ``name``) stands, no card waits and no callback is under way."""
        self.page.wait_for_selector(f"[data-page='{name}']" if name else "[data-page]")
        quiet = 0
        for _ in range(LOADED_MS // 50):
            busy = self._asking or self.page.query_selector("[data-page] [data-state=loading]")
            quiet = 0 if busy else quiet + 1
            if quiet == 4:
                return
            self.page.wait_for_timeout(50)
        waiting = [card for card, state in self.states().items() if state == "loading"]
        raise AssertionError(f"still loading: {waiting}, {[r.post_data for r in self._asking]}")

    def follow(self, path: str) -> None:
        """Go to ``path`` as a link does, without a reload."""
        here = urlsplit(self.page.url).path
        before = self.page.get_attribute("[data-page]", "data-page")
        self.page.evaluate("(path) => qd.go(path)", path)
        if urlsplit(path).path != here:
            self.page.wait_for_selector(f"[data-page]:not([data-page='{before}'])")
        self.settle()

    def resize(self, size: str) -> None:
        """Draw the window to one of ``SIZES``."""
        width, height = SIZES[size]
        self.page.set_viewport_size({"width": width, "height": height})
        self.settle()

    # --- what a person sees --------------------------------------------------------------------------
    def states(self) -> dict[str, str]:
        """Return card to state."""
        return dict(self.page.evaluate(_STATES))

    def chips(self) -> dict[str, str]:
        """Return context type to what its chip says."""
        return dict(self.page.evaluate(_CHIPS))

    def drawn(self, card: str | None = None) -> None:
        """Wait until a grid (of ``card``) shows rows that it has been given, not places kept for them."""
        within = f"[data-card={card}] " if card else ""
        self.page.wait_for_selector(f"{within}.ag-center-cols-container .ag-row:not(.ag-row-loading)")

    def kpis(self) -> dict[str, float | None]:
        """Return tile to its raw number; None where it has none."""
        found = dict(self.page.evaluate(_KPIS))
        return {name: float(value) if value else None for name, value in found.items()}

    def rows(self, grid: str) -> list[dict[str, Any]]:
        """Return the rows that a grid holds, as the page was given them."""
        return list(self.page.evaluate(_ROWS, grid))

    def nav(self) -> list[str]:
        """Return the paths that the rail offers."""
        return list(
            self.page.evaluate("[...document.querySelectorAll('[data-nav]')].map((a) => a.dataset.nav)")
        )

    def overflows(self) -> bool:
        """Whether the page scrolls sideways."""
        width, seen = self.page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
        return bool(width > seen)

    def text(self) -> str:
        """Return every word of the page, folded away ones too."""
        return str(self.page.evaluate("document.body.textContent"))

    def wrong(self) -> list[str]:
        """Return what no page may show: a failed or closed card, sideways scrolling, no title."""
        found = [f"{card}: {state}" for card, state in self.states().items() if state in {"error", "denied"}]
        if self.overflows():
            found.append("scrolls sideways")
        if not self.page.inner_text("[data-page] h1").strip():
            found.append("has no title")
        return found

    # --- what scripts see ----------------------------------------------------------------------------
    def rest(self, path: str, **query: Any) -> Mapping[str, Any]:
        """Ask REST with the session of this window; returns the whole answer."""
        answer = self.page.context.request.get(self.base + path, params=query or None)
        assert answer.ok, f"{path}: {answer.status} {answer.text()[:300]}"
        return dict(answer.json())


def walk(window: Visit, paths: Sequence[str], sizes: Sequence[str] = ()) -> dict[str, list[str]]:
    """Go through pages as links do, without a reload; return what is wrong with each.

    ``sizes``: each page is looked at in these too, one after the other, as a window is drawn larger or smaller.
    """
    found = {}
    for path in paths:
        window.follow(path)
        if wrong := window.wrong():
            found[path] = wrong
        for size in sizes:
            window.resize(size)
            if wrong := window.wrong():
                found[f"{path} ({size})"] = wrong
    return found
