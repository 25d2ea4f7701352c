"""Filling a page's strip of key figures, whose place is ``components.cards.strip_slot``.

    fill_strip(app, PAGE, ask=portfolio.kpis, draw=_strip)

``ask`` takes the desk, ``draw`` the answer and the view and returns ``components.kpi.strip([tile(...), ...])``.
What goes wrong becomes the strip's own state, as with cards.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from dash import Dash, Input, Output, State, html, no_update

from app.gateway.staleness import oldest_s
from callbacks._fill import View, _without, asked_about, failed, look_at
from components.formats import age
from components.ids import DATA, THEME, URL, at

Answer = TypeVar("Answer")
NAME = "kpis"


def fill_strip(
    app: Dash,
    page: str,
    *,
    ask: Callable[..., Answer],
    draw: Callable[[Answer, View], Any],
    ignores: tuple[str, ...] = (),
    about: bool = False,
) -> None:
    """Fill a page's strip whenever the address, the theme or the data change.

    Args:
        app: The application.
        page: ``Page.key``; its layout holds ``strip_slot(PAGE)``.
        ask: A question, of a desk; with ``about`` also of the thing that the page's path names.
        draw: From the answer and the view to a ``strip``.
        ignores: Parts of the address that do not matter to it: when only they changed, it stays.
        about: As ``callbacks._fill.fill``.
    """
    retry, held_key = at(page, NAME, "retry"), at(page, NAME, "key")
    named = [Input(at(page, "id"), "data")] if about else []

    @app.callback(
        Output(at(page, NAME), "children"),
        Output(at(page, NAME), "data-state"),
        Output(held_key, "data"),
        *named,
        Input(URL, "search"),
        Input(THEME, "data"),
        Input(retry, "data"),
        Input(DATA, "data"),
        State(held_key, "data"),
    )
    def show(*given: Any) -> tuple[Any, Any, Any]:
        subject = given[0] if about else None
        search, theme, again, data, held = given[1:] if about else given
        asked = "|".join([str(subject), _without(search, ignores), str(theme), str(again)])
        key = f"{asked}|{data}"
        if key == held:
            return no_update, no_update, no_update
        if held == f"{asked}|None":
            # The first beat only names the version that the strip was just drawn from.
            return no_update, no_update, key
        question = asked_about(ask, subject) if about else ask
        return *strip_of(search, theme, ask=question, draw=draw, retry=retry), key


def strip_of(
    search: str | None,
    theme: str | None,
    *,
    ask: Callable[[Any], Answer],
    draw: Callable[[Answer, View], Any],
    retry: str,
) -> tuple[Any, str]:
    """Ask and draw; return the strip and its state. Errors become the state."""
    try:
        desk, view = look_at(search, theme)
        drawn = draw(ask(desk), view)
    except Exception as problem:  # noqa: BLE001 - the strip fails alone, its state says why
        told = failed(problem, retry=retry)
        return html.Section(told.body, className="card"), told.state
    late = oldest_s()
    if late is None:
        return drawn, "ready"
    old = html.Span(f"Figures of {age(late)} ago", className="tag high")
    return [drawn, html.Div(old, className="mt-1")], "stale"
