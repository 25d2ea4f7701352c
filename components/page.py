"""What a page says about itself: the rail, the palette, the door and the next steps read it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from dash import html

from components.states import link_button, state

TRADING_ROLES = frozenset({"trader", "portfolio_manager", "risk", "compliance", "auditor"})
SURVEILLANCE_ROLES = frozenset({"compliance", "auditor"})
ADMIN_ROLES = frozenset({"admin"})
OPERATIONS_ROLES = TRADING_ROLES | {"admin", "operator"}

# Slug to title and icon, in the order of the rail. The overview stands alone above them.
SECTIONS: dict[str, tuple[str, str]] = {
    "trading": ("Trading", "arrow-left-right"),
    "portfolio": ("Portfolio", "pie-chart"),
    "compliance": ("Compliance", "shield-check"),
    "social": ("Social", "chat-square-text"),
    "intelligence": ("Intelligence", "cpu"),
    "operations": ("Operations", "activity"),
}

# Context types in the order of the context bar: title and icon.
CONTEXT: dict[str, tuple[str, str]] = {
    "desk": ("Desk", "people"),
    "account": ("Account", "wallet2"),
    "trader": ("Trader", "person"),
    "instrument": ("Instrument", "graph-up"),
    "order": ("Order", "receipt"),
    "alert": ("Alert", "bell"),
    "post": ("Post", "chat-square-text"),
}
DATES = ("from", "to", "as_of")


@dataclass(frozen=True)
class Step:
    """A usual next step from a page.

    ``fact`` names a number of the page's facts shown on the step; a step whose fact is zero is left out. ``thread`` is
    a context type: the step leads to the thread about the one thing of that type that the view names, and is left out
    where it names none or several.
    """

    label: str
    path: str
    why: str
    fact: str | None = None
    thread: str | None = None

    def leads_to(self, view: Mapping[str, Sequence[str]]) -> str | None:
        """Return the address in a view (context type to the ids it names); None where there is no such way."""
        if self.thread is None:
            return self.path
        named = view.get(self.thread) or ()
        return f"{self.path}?{urlencode({'about': f'{self.thread}:{named[0]}'})}" if len(named) == 1 else None


@dataclass(frozen=True)
class Page:
    """One page of the application."""

    path: str
    section: str
    name: str
    title: str
    description: str
    order: int = 0
    icon: str = ""
    path_template: str | None = None  # a page with a variable path has no entry in the rail
    roles: frozenset[str] = field(default=TRADING_ROLES)
    accepts: tuple[str, ...] = ()  # context types the page filters on
    offers: tuple[str, ...] = ()  # context types its rows and points emit
    next: tuple[Step, ...] = ()

    @property
    def key(self) -> str:
        """What ``data-page`` says: section and name."""
        return f"{self.section}-{self.name}"

    @property
    def in_rail(self) -> bool:
        """Whether the rail lists the page."""
        return self.path_template is None and self.section in {"overview", *SECTIONS}

    def allows(self, role: str) -> bool:
        """Whether people of ``role`` may open the page."""
        return role in self.roles


TALK_OF_ACCOUNT = Step("Talk about it", "/social/feed", "The thread on this account", thread="account")


def guarded(
    page: Page,
    layout: Callable[..., Any],
    role: Callable[[], str],
    turned_away: Callable[[Page, Mapping[str, Any]], None] | None = None,
) -> Callable[..., Any]:
    """Return ``layout`` behind the page's door.

    Args:
        page: Whose roles may open it.
        layout: The page's own; it is given ``role`` whatever the address says.
        role: Asks for the role of who sent this request.
        turned_away: Told of everybody who may not open it, with what the address names.
    """

    def show(**given: Any) -> Any:
        mine = role()
        if not page.allows(mine):
            if turned_away is not None:
                turned_away(page, given)
            return _closed(page, mine)
        return layout(**(given | {"role": mine}))

    return show


def _closed(page: Page, role: str) -> html.Div:
    way_on = "/operations/health" if role in OPERATIONS_ROLES - TRADING_ROLES else "/"
    body = state(
        "shield-lock",
        f"{page.title} is not open to your role",
        f"You are signed in as {role.replace('_', ' ')}. An administrator of your organisation can grant another role.",
        link_button("Go to a page that is", way_on, primary=True),
        page=True,
    )
    return html.Div(
        html.Section(body, className="card", **{"data-card": "door", "data-state": "denied"}),
        className="page",
        **{"data-page": page.key},
    )
