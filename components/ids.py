"""Component ids: ``at("overview-master", "net-pnl") == "overview-master--net-pnl"``."""

URL = "url"  # the one dcc.Location that callbacks read
THEME = "theme"  # dcc.Store: "dark" or "light"
DATA = "data-version"  # dcc.Store: changes when any table or record set does


def at(page: str, part: str, *more: str) -> str:
    """Return the id, unique in the app, of a page's part.

    Args:
        page: ``Page.key``.
        part: Usually a card's name.
        more: Parts of the part.
    """
    return "--".join((page, part, *more))
