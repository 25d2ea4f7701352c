"""Take the README's screenshots from the full demo: ``python -m tools.screenshots`` (``make snapshots``).

Makes the demo in a temporary home, or reads the one that ``--home`` names, starts the real server and
photographs the overview as its compliance officer sees it.
"""

import argparse
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tests.journeys import _server
from tests.journeys._visit import SIZES, Visit
from tests.journeys.conftest import FLAGS, chromium_path, email_of

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "images"
SHOTS = (("dark", "desk"), ("light", "desk"), ("dark", "phone"))


def take(browser: Browser, base: str, *, theme: str, size: str) -> Path:
    """Photograph the overview and return the picture's path."""
    width, height = SIZES[size]
    context = browser.new_context(
        viewport={"width": width, "height": height}, color_scheme=theme, reduced_motion="reduce"
    )
    window = Visit(context.new_page(), base)
    window.sign_in(email_of("compliance"))
    window.page.wait_for_selector("[data-card=net-pnl] .js-plotly-plot .main-svg")
    if window.wrong() or window.unforgiven():
        raise SystemExit(f"{theme} {size}: {window.wrong()} {window.unforgiven()}")
    window.page.wait_for_timeout(1500)
    path = FOLDER / f"dashboard-{theme}-{width}.png"
    window.page.screenshot(path=path)
    context.close()
    return path


def main() -> None:
    """Take them all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, help="a home folder that holds the full demo already")
    args = parser.parse_args()
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="quarterdeck-shots-") as folder:
        home = args.home or Path(folder)
        if args.home is None:
            _server.seed_home(home, "full")
        server = _server.start(home)
        try:
            with sync_playwright() as driver:
                browser = driver.chromium.launch(executable_path=chromium_path(), args=FLAGS)
                for theme, size in SHOTS:
                    print(take(browser, server.base, theme=theme, size=size))  # noqa: T201
                browser.close()
        finally:
            server.stop()


if __name__ == "__main__":
    main()
