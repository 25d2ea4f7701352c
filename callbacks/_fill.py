"""Filling a card: ask a question, draw the answer; whatever goes wrong becomes the card's state."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeVar
from urllib.parse import parse_qsl, quote, urlencode

from dash import ClientsideFunction, Dash, Input, Output, State, html, no_update
from flask import Flask

from app.errors import Forbidden, Invalid, NotFound, QuarterdeckError, Unauthorised
from app.gateway.auth import current_desk
from app.gateway.errors import request_id
from app.gateway.staleness import oldest_s
from components.cards import CardState, card
from components.formats import age
from components.ids import DATA, THEME, URL, at
from components.sheets import has_table
from components.states import denied, empty, error
from components.theme import Theme, theme

log = logging.getLogger(__name__)
Answer = TypeVar("Answer")
_FILTERS = ("account", "desk", "trader", "instrument")


@dataclass(frozen=True)
class View:
    """What a drawing needs to know beside the answer."""

    look: Theme
    scope: Any  # app.scope.Scope
    currency: str
    role: str

    def state(self, name: str, default: str = "") -> str:
        """Return the page's own parameter from the address."""
        return str(self.scope.extra.get(name, default))


@dataclass(frozen=True)
class Drawn:
    """A card's content."""

    body: Any
    state: CardState = "ready"
    sub: Any = None
    badge: Any = None
    tools: tuple[Any, ...] = ()
    footer: Any = None
    legend: Any = None
    as_table: Any = None
    age: str | None = None
    fit: Literal["", "pad", "flush"] = ""


# All rows of a grid that asks for them block by block: of a desk and a greatest number, the rows and how many
# there are in all.
Rows = Callable[[Any, int], tuple[list[dict[str, Any]], int]]


@dataclass(frozen=True)
class Filled:
    """A card that ``fill`` fills, so that its table can be exported."""

    title: str
    ask: Callable[..., Any]
    draw: Callable[[Any, View], Drawn]
    about: bool
    rows: Rows | None


def filled(server: Flask) -> dict[tuple[str, str], Filled]:
    """Return every card of an application by page and name."""
    found: dict[tuple[str, str], Filled] = server.extensions.setdefault("quarterdeck_cards", {})
    return found


def nothing(view: View, fact: str, otherwise: str, *actions: Any, **more: Any) -> Drawn:
    """Draw the empty state: it names the filters that emptied it, or says what is missing.

    Args:
        view: Whose scope may have narrowed the answer to nothing.
        fact: What there is none of.
        otherwise: Why, when no filter is set.
        actions: Ways on.
        more: Further fields of ``Drawn``.
    """
    scope = view.scope
    held = [(name, getattr(scope, name)) for name in _FILTERS if getattr(scope, name)]
    words = [f"{name} {', '.join(values)}" for name, values in held]
    if scope.start or scope.end:
        words.append(f"dates {scope.start or 'start'} to {scope.end or 'now'}")
    if not words:
        return Drawn(empty(fact, otherwise, *actions), "empty", **more)
    names = ",".join([name for name, _ in held] + (["from", "to"] if scope.start or scope.end else []))
    clear = html.Button(
        "Clear these filters",
        type="button",
        className="btn btn-sm btn-outline-secondary",
        **{"data-clear": names},
    )
    return Drawn(empty(fact, f"The view is narrowed to {'; '.join(words)}.", clear), "empty", **more)


def failed(problem: Exception, *, retry: str) -> Drawn:
    """Turn an error into a card's state."""
    if isinstance(problem, Forbidden | Unauthorised):
        return Drawn(denied(problem.detail), "denied")
    if isinstance(problem, NotFound):
        return Drawn(
            empty("There is no such thing here", problem.detail, icon_name="question-circle"), "empty"
        )
    if isinstance(problem, Invalid):
        named = "; ".join(f"{e.field} {e.message}" for e in problem.errors) or problem.detail
        clear = html.A("Open the page without it", href="?", className="btn btn-sm btn-outline-secondary")
        return Drawn(
            empty(
                "The address does not fit", f"{named[:1].upper()}{named[1:]}.", clear, icon_name="link-45deg"
            ),
            "error",
        )
    if isinstance(problem, QuarterdeckError):
        log.warning("card unavailable: %s", problem.detail)
        return Drawn(
            error(f"{problem.detail} The rest of the page is fine.", _reference(), retry=retry), "error"
        )
    log.error("card failed", exc_info=problem)
    return Drawn(
        error("Something went wrong on our side. The rest of the page is fine.", _reference(), retry=retry),
        "error",
    )


def _reference() -> str:
    return request_id().rpartition(":")[2]


def look_at(search: str | None, theme_name: str | None) -> tuple[Any, View]:
    """Return the desk of who asks and the view of the address."""
    desk = current_desk(search or "")
    identity = desk.identity
    view = View(theme(theme_name), desk.scope, desk.scope.currency or identity.currency, identity.role)
    return desk, view


def fill(
    app: Dash,
    page: str,
    name: str,
    title: str,
    *,
    ask: Callable[..., Answer],
    draw: Callable[[Answer, View], Drawn],
    live: bool = True,
    ignores: tuple[str, ...] = (),
    about: bool = False,
    rows: Rows | None = None,
) -> None:
    """Fill a card whenever the address, the theme or the data change.

    Args:
        app: The application.
        page: ``Page.key``.
        name: Name of the card, as its slot has it.
        title: Its heading.
        ask: A question, of a desk; with ``about`` also of the thing that the page's path names.
        draw: From the answer and the view to the card's content.
        live: Ask again when any table has a new version.
        ignores: Parts of the address that do not matter to the card: when only they changed, it stays.
        about: The page has a variable path and holds what it names in a store called ``id``.
        rows: For a grid that asks for its rows block by block: all of them, for an export.
    """
    filled(app.server)[page, name] = Filled(title, ask, draw, about, rows)
    retry = at(page, name, "retry")
    inputs = [Input(URL, "search"), Input(THEME, "data"), Input(retry, "data")]
    if about:
        inputs.insert(2, Input(at(page, "id"), "data"))
    if live:
        inputs.append(Input(DATA, "data"))

    @app.callback(
        Output(at(page, name), "children"),
        Output(at(page, name, "key"), "data"),
        *inputs,
        State(at(page, name, "key"), "data"),
    )
    def show(search: str | None, theme_name: str | None, *rest: Any) -> Any:
        *others, held = rest
        key = "|".join([_without(search, ignores), str(theme_name), *map(str, others)])
        if key == held:
            return no_update, no_update
        if live and held == f"{key.rpartition('|')[0]}|None":
            # The first beat only names the version that the card was just drawn from.
            return no_update, key
        asked = asked_about(ask, rest[0]) if about else ask
        place = f"/export/table/{page}/{name}" + (f"?about={quote(str(rest[0]))}" if about else "")
        return card_of(name, title, search, theme_name, ask=asked, draw=draw, retry=retry, export=place), key


def asked_about(ask: Callable[..., Answer], named: Any) -> Callable[[Any], Answer]:
    """Return the question about what the page's path names, whatever was sent for it."""

    def asked(desk: Any) -> Answer:
        if not isinstance(named, str) or not 0 < len(named) <= 200 or not named.isprintable():
            raise NotFound("There is no such thing.")
        return ask(desk, named)

    return asked


def opens(app: Dash, grid: str) -> None:
    """Let a chosen row of ``grid`` open what it names in ``_open`` or ``_set``."""
    app.clientside_callback(
        ClientsideFunction("qd", "openRow"),
        Output("toast", "clear_data", allow_duplicate=True),
        Input(grid, "selectedRows"),
        prevent_initial_call=True,
    )


def _without(search: str | None, ignored: tuple[str, ...]) -> str:
    pairs = parse_qsl((search or "").lstrip("?"), keep_blank_values=True)
    return urlencode([pair for pair in pairs if pair[0] not in ignored])


def card_of(
    name: str,
    title: str,
    search: str | None,
    theme_name: str | None,
    *,
    ask: Callable[[Any], Answer],
    draw: Callable[[Answer, View], Drawn],
    retry: str,
    export: str | None = None,
) -> Any:
    """Ask, draw and frame; errors become the card's state.

    ``export`` is where the card's table can be had as a file; a card without a table does not offer it.
    """
    try:
        desk, view = look_at(search, theme_name)
        drawn = draw(ask(desk), view)
        late = oldest_s()
        if late is not None and drawn.state == "ready":
            drawn = replace(drawn, state="stale", age=age(late))
    except Exception as problem:  # noqa: BLE001 - one card fails alone, its state says why
        drawn = failed(problem, retry=retry)
    if drawn.state not in {"ready", "stale"} or not has_table(drawn.body, drawn.as_table):
        export = None
    return card(
        name,
        title,
        drawn.body,
        state=drawn.state,
        sub=drawn.sub,
        badge=drawn.badge,
        tools=drawn.tools,
        footer=drawn.footer,
        legend=drawn.legend,
        as_table=drawn.as_table,
        export=export,
        age=drawn.age,
        fit=drawn.fit,
    )


__all__ = [
    "Drawn",
    "View",
    "asked_about",
    "card_of",
    "failed",
    "fill",
    "filled",
    "look_at",
    "nothing",
    "opens",
]
