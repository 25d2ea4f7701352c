"""Addresses of our own style sheets and scripts, for the pages that Dash does not draw."""

import functools
from html import escape
from pathlib import Path

ASSETS = Path(__file__).resolve().parents[2] / "assets"


@functools.cache
def head_links() -> str:
    """Return the tags for every vendored style sheet, in the shell's order, and for the theme script."""
    sheets = [f'<link rel="stylesheet" href="{_address(path)}">' for path in sorted(ASSETS.rglob("*.css"))]
    # The theme is chosen before anything is drawn, hence not deferred.
    scripts = [f'<script src="{_address(path)}"></script>' for path in sorted(ASSETS.glob("*/*theme*.js"))]
    icon = '<link rel="icon" type="image/svg+xml" href="/assets/favicon.svg">'
    return "".join([*sheets, *scripts, icon])


@functools.cache
def mark() -> str:
    """Return the brand's mark as inline SVG, hidden from readers: the name stands beside it."""
    path = ASSETS / "mark.svg"
    drawn = path.read_text(encoding="utf-8") if path.exists() else "<svg></svg>"
    return drawn.replace("<svg ", '<svg aria-hidden="true" ', 1)


def _address(path: Path) -> str:
    # As Dash writes them: the time of change in the address lets browsers keep the file for a year.
    return escape(f"/assets/{path.relative_to(ASSETS).as_posix()}?m={path.stat().st_mtime}")
