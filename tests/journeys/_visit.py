"""One person's window on the running server, which keeps what a user would not forgive."""

import time
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Error

SIZES = {"desk": (1440, 900), "small": (1024, 768), "tablet": (820, 1180), "phone": (390, 844)}
PASSWORD = "quarterdeck-demo"
LOADED_MS = 45_000  # most of it for machines that do other things too
_STATES = """() => Object.fromEntries([...document.querySelectorAll("[data-page] [data-card]")]
    .map((card) => [card.dataset.card, card.dataset.state]))"""
_CHIPS = """() => Object.fromEntries([...document.querySelectorAll("[data-context]")]
    .map((chip) => [chip.dataset.context, chip.querySelector(".va").innerText]))"""
_VALUES = """(kind) => Object.fromEntries([...document.querySelectorAll(`[data-page] [data-${kind}]`)]
    .map((mark) => [mark.dataset[kind], mark.dataset.value]))"""

# Cells so narrow that their longest word would stand letter under letter: a letter takes some seven pixels.
_SPLIT = """() => [...document.querySelectorAll("[data-page] :is(td, th)")]
    .filter((cell) => cell.offsetParent && cell.clientWidth)
    .filter((cell) => cell.clientWidth < 3 * Math.max(...cell.innerText.split(/[\\s-]+/).map((word) => word.length)))
    .map((cell) => cell.innerText.trim().slice(0, 30))"""

# Whether the page stands, and if not, what it waits for. It must have nothing to do for some turns of its own
# loop, so that a slow machine is given as many of them as a fast one; time by the clock says nothing there.
_WAITS_FOR = """async (page) => {
    const QUIET = 4;
    const turn = () => Promise.race([
        new Promise((go) => requestAnimationFrame(() => setTimeout(go, 20))),
        new Promise((go) => setTimeout(go, 150)),
    ]);
    const reason = () => {
        if (!document.querySelector(page)) return page;
        const cards = [...document.querySelectorAll("[data-page] [data-state=loading]")];
        if (cards.length) return cards.map((card) => card.dataset.card || card.className).join();
        if (!document.getElementById("react-entry-point")) return null;
        if (!window.store) return "dash";
        const { stored, completed, ...queues } = window.store.getState().callbacks;
        const busy = Object.values(queues).flat().map((one) => one.callback.output);
        return busy.length ? busy.join() : null;
    };
    let quiet = 0, why = null;
    for (let turns = 0; turns < 60; turns += 1) {
        why = reason();
        quiet = why === null ? quiet + 1 : 0;
        if (quiet === QUIET) return null;
        await turn();
    }
    return why || "rest";
}"""

# The rows of a grid: null while it has none, or while some that it shows are still being fetched.
_ROWS = """async (where) => {
    const root = document.querySelector(where + " .ag-root-wrapper");
    const grid = root && root.closest("[id]");
    if (!grid || !window.dash_ag_grid) return null;
    const api = await Promise.race([
        dash_ag_grid.getApiAsync(grid.id), new Promise((go) => setTimeout(() => go(null), 500)),
    ]);
    if (!api || api.isDestroyed()) return null;
    const rows = [];
    for (let at = 0; at < api.getDisplayedRowCount(); at += 1) {
        const row = api.getDisplayedRowAtIndex(at);
        if (row && row.data) rows.push(row.data);
        else if (at <= api.getLastDisplayedRowIndex()) return null;
    }
    return rows.length ? rows : null;
}"""


class Visit:
    """A window: everything it complains of is kept until the test ends."""

    def __init__(self, page: Any, base: str) -> None:
        self.page = page
        self.base = base
        self.complaints: list[str] = []
        self.hosts: set[str] = set()
        self.forgiven: tuple[str, ...] = ()
        self._asking: set[Any] = set()  # what is under way and may change the page
        page.set_default_timeout(LOADED_MS)
        self._hears = {
            "console": self._said,
            "pageerror": self._failed,
            "request": self._asked,
            "requestfinished": self._answered,
            "requestfailed": self._answered,
        }
        for what, heard in self._hears.items():
            page.on(what, heard)

    def leave(self) -> None:
        """Hear nothing any more: the window is somebody else's."""
        for what, heard in self._hears.items():
            self.page.remove_listener(what, heard)

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

    def _failed(self, error: Any) -> None:
        self.complaints.append(str(error))

    def _asked(self, request: Any) -> None:
        self.hosts.add(urlsplit(request.url).netloc)
        if request.resource_type in {"document", "script", "fetch", "xhr"}:
            self._asking.add(request)

    def _answered(self, request: Any) -> None:
        self._asking.discard(request)

    # --- what a person does --------------------------------------------------------------------------
    def sign_in(self, email: str, password: str = PASSWORD) -> None:
        self.page.goto(f"{self.base}/sign-in")
        self.enter(email, password)
        self.page.wait_for_selector("#shell [data-page]")
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
        """Wait until the page (called ``name``) stands: no card waits, nothing is under way, no callback is due."""
        until = time.monotonic() + LOADED_MS / 1000
        page = f"[data-page='{name}']" if name else "[data-page]"
        why: object = None
        while time.monotonic() < until:
            try:
                why = self.page.evaluate(_WAITS_FOR, page)
            except Error as gone:  # the document was left while it was looked at
                if self.page.is_closed():
                    raise
                why = str(gone)
                self.page.wait_for_timeout(50)
                continue
            if why is None and not self._asking:
                return
        raise AssertionError(f"still waits for {why}, {[(r.url, r.post_data) for r in self._asking]}")

    def follow(self, path: str) -> None:
        """Go to ``path`` as a link does, without a reload."""
        here = urlsplit(self.page.url).path
        before = self.page.get_attribute("[data-page]", "data-page")
        self.page.evaluate("(path) => qd.go(path)", path)
        if urlsplit(path).path != here:
            self.page.wait_for_selector(f"[data-page]:not([data-page='{before}'])")
        self.settle()

    def press_last_tile(self) -> None:
        """Press the smallest tile of the overview's treemap: a leaf, an instrument."""
        tile = self.page.locator("[data-card=exposure] g.slice").last
        # Its own centre: a click on the group itself may be caught by the words upon it.
        for _ in range(5):
            tile.scroll_into_view_if_needed()
            box = tile.bounding_box()
            if box:  # None: the chart was drawn anew between the two
                break
        self.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        self.page.wait_for_selector("[data-context=instrument]")
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
        within = f"[data-card={card}]" if card else "[data-page]"
        self._held(within)
        self.page.wait_for_selector(f"{within} .ag-center-cols-container .ag-row:not(.ag-row-loading)")

    def kpis(self) -> dict[str, float | None]:
        """Return tile to its raw number; None where it has none."""
        return self.values("kpi")

    def values(self, kind: str) -> dict[str, float | None]:
        """Return what ``data-<kind>`` names to its raw number; None where it has none."""
        found = dict(self.page.evaluate(_VALUES, kind))
        return {name: float(value) if value else None for name, value in found.items()}

    def rows(self, grid: str) -> list[dict[str, Any]]:
        """Return the rows that a grid holds, as the page was given them; waits until it has some."""
        return self._held(f"[id='{grid}']")

    def _held(self, where: str) -> list[dict[str, Any]]:
        until = time.monotonic() + LOADED_MS / 1000
        while time.monotonic() < until:
            rows = self.page.evaluate(_ROWS, where)
            if rows is not None:
                return list(rows)
            self.page.wait_for_timeout(50)
        raise AssertionError(f"no rows came to {where}")

    def nav(self) -> list[str]:
        """Return the paths that the rail offers."""
        return list(
            self.page.evaluate("[...document.querySelectorAll('[data-nav]')].map((a) => a.dataset.nav)")
        )

    def overflows(self) -> bool:
        """Whether the page scrolls sideways, also when its charts have been given the time to follow."""
        for _ in range(20):
            width, seen = self.page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
            if width <= seen:
                return False
            self.page.wait_for_timeout(100)
        return True

    def text(self) -> str:
        """Return every word of the page, folded away ones too."""
        return str(self.page.evaluate("document.body.textContent"))

    def wrong(self) -> list[str]:
        """Return what no page may show: a failed or closed card, sideways scrolling, words cut to letters, no title."""
        found = [f"{card}: {state}" for card, state in self.states().items() if state in {"error", "denied"}]
        if self.overflows():
            found.append("scrolls sideways")
        if split := self.page.evaluate(_SPLIT):
            found.append(f"cells too narrow for their words: {split[:3]}")
        if not self.page.inner_text("[data-page] h1").strip():
            found.append("has no title")
        return found

    # --- what scripts see ----------------------------------------------------------------------------
    def rest(self, path: str, **query: Any) -> Mapping[str, Any]:
        """Ask REST with the session of this window; returns the whole answer."""
        answer = self.page.context.request.get(self.base + path, params=query or None)
        assert answer.ok, f"{path}: {answer.status} {answer.text()[:300]}"
        return dict(answer.json())


def well(windows: Sequence[Visit]) -> None:
    """Check that no window complained on its console, nor asked another host for anything."""
    for window in windows:
        assert window.unforgiven() == []
        assert {host.rpartition(":")[0] for host in window.hosts if host} <= {"127.0.0.1"}


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
