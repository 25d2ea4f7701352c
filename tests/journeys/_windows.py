"""Windows that are used again: what a browser keeps of files is kept, what it keeps of people is not."""

from typing import Any

from tests.journeys._visit import SIZES, Visit


class Windows:
    """Browser windows, each with cookies and storage of its own.

    A new one has to fetch and translate some ten megabytes of scripts before it shows anything. One that is free
    again has them, as the browser of somebody who came before; it is emptied of everything else.
    """

    def __init__(self, browser: Any) -> None:
        self._browser = browser
        self._free: list[Any] = []

    def open(self, base: str, cookies: list[Any], *, size: str, theme: str) -> Visit:
        """Return a window on ``base`` with ``cookies``, drawn to ``size``."""
        page = self._free.pop() if self._free else self.new(size, theme)
        page.context.clear_cookies()
        page.context.add_cookies(cookies)
        width, height = SIZES[size]
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme=theme, reduced_motion="reduce")
        return Visit(page, base)

    def new(self, size: str, theme: str) -> Any:
        """Return a page of a browser that nobody has used, with nothing in it."""
        width, height = SIZES[size]
        context = self._browser.new_context(
            viewport={"width": width, "height": height}, color_scheme=theme, reduced_motion="reduce"
        )
        return context.new_page()

    def give_back(self, window: Visit) -> None:
        """Leave the site, empty the window and keep it for the next."""
        page = window.page
        for other in page.context.pages:
            if other != page:
                other.close()
        page.unroute_all(behavior="ignoreErrors")
        # A page of the same origin that runs nothing: what is emptied here stays empty.
        page.goto(f"{window.base}/livez")
        window.leave()
        page.evaluate("() => { localStorage.clear(); sessionStorage.clear(); }")
        page.context.clear_cookies()
        self._free.append(page)

    def close(self) -> None:
        """Close what is free, with its connections: before a server stops."""
        while self._free:
            self._free.pop().context.close()
