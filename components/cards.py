"""Cards, the slots that wait for them, and the page they stand on."""

from collections.abc import Sequence
from typing import Any, Literal

from dash import dcc, html

from components.ids import at
from components.page import Page
from components.states import bones, hidden, icon

WHOLE = 40  # letters up to which a part of a footer is never broken
CardState = Literal["ready", "loading", "empty", "stale", "error", "denied"]


def card(
    name: str,
    title: str,
    body: Any,
    *,
    state: CardState = "ready",
    sub: Any = None,
    badge: Any = None,
    tools: Sequence[Any] = (),
    footer: Any = None,
    legend: Any = None,
    as_table: Any = None,
    export: str | None = None,
    age: str | None = None,
    fit: Literal["", "pad", "flush"] = "",
) -> html.Section:
    """Draw a card.

    Args:
        name: What ``data-card`` says.
        title: A short heading; findings go into the body or the label of the plot.
        body: What the card is about.
        state: What ``data-state`` says.
        sub: Quiet words beside the title.
        badge: A tag beside the title.
        tools: Controls at the right of the head.
        footer: A line below, or a list of its parts.
        legend: What the colours mean, above a plot.
        as_table: The figures of a plot as a table, offered in the card's menu.
        export: Where the card's table can be had as a file, offered there too.
        age: How old the shown figures are, when they are stale.
        fit: Padding of the body: small, ``pad`` for words, ``flush`` for grids and lists.
    """
    stale = html.Span([icon("clock-history"), f"{age} old"], className="tag high") if age else None
    menu = _menu(title, as_table, export)
    head = html.Div(
        [
            html.H2(title),
            badge,
            html.Span(sub, className="sub trunc xs-hide") if sub else None,
            html.Div([stale, *tools, menu], className="tools"),
        ],
        className="card-head",
    )
    parts = [head]
    if legend is not None:
        parts.append(html.Div(legend, className="px-2"))
    parts.append(html.Div(body, className=f"card-main {fit}".strip()))
    if footer is not None:
        shown = footer if isinstance(footer, list) else [footer]
        # Words as elements, so that the last part of several is the one pushed right.
        words = [
            html.Span(part, className="whole" if len(part) <= WHOLE else None)
            if isinstance(part, str)
            else part
            for part in shown
        ]
        parts.append(html.Div(words, className="card-foot"))
    more = {"data-card": name, "data-state": state}
    if state == "loading":
        more |= {"aria-busy": "true"}
    return html.Section(parts, className="card", **more)


def _menu(title: str, as_table: Any, export: str | None) -> html.Details | None:
    """Draw what a card offers beside what it shows: its figures as a table, and as a file."""
    if as_table is None and export is None:
        return None
    joint = "&" if export and "?" in export else "?"
    ways = [
        html.A(
            [icon("download"), f" Export {words}", hidden(f" of {title}")],
            href=f"{export}{joint}format={kind}",
            download="",
            className="btn btn-sm btn-outline-secondary",
            **{"data-export": kind},
        )
        for kind, words in (("csv", "CSV"), ("xlsx", "Excel"))
        if export is not None
    ]
    said = f"{title} as a table" if as_table is not None else f"More of {title}"
    return html.Details(
        [
            html.Summary(html.Span([icon("three-dots"), hidden(said)], className="iconbtn sm")),
            html.Div(
                [html.Div(ways, className="exports") if ways else None, as_table],
                className="panel as-table" if as_table is not None else "panel",
            ),
        ],
        className="qd-menu",
    )


def slot(
    page: Page,
    name: str,
    title: str,
    *,
    span: str = "span-12",
    height: int | None = None,
    skeleton: Literal["bars", "rows"] = "bars",
) -> html.Div:
    """Reserve a card's place; a callback on ``at(page.key, name)`` fills it.

    Args:
        page: The page it stands on.
        name: Name of the card.
        title: Shown while loading too.
        span: Class names that place it in the twelve columns.
        height: Least height in pixels, so that nothing jumps when the card arrives.
        skeleton: What it will be like.
    """
    waiting = card(name, title, bones(skeleton), state="loading")
    style = {"minHeight": f"{height}px"} if height else {}
    return html.Div(
        [
            html.Div(waiting, id=at(page.key, name), className="slot h-100"),
            dcc.Store(id=at(page.key, name, "retry")),
            dcc.Store(id=at(page.key, name, "key")),
        ],
        className=f"slot {span}",
        style=style,
    )


def strip_slot(page: Page, tiles: int = 7) -> html.Div:
    """Reserve the place of a page's strip of ``tiles`` key figures; ``callbacks._strip`` fills it."""
    bone = html.Span(className="sk", style={"width": "60%", "height": "12px"})
    waiting = html.Section(
        [html.Div([bone], className="kpi") for _ in range(tiles)],
        className=f"kpis k{tiles}",
        **{"aria-busy": "true", "aria-label": "Key figures, loading"},
    )
    return html.Div(
        [
            html.Div(waiting, id=at(page.key, "kpis"), **{"data-card": "kpis", "data-state": "loading"}),
            dcc.Store(id=at(page.key, "kpis", "retry")),
            dcc.Store(id=at(page.key, "kpis", "key")),
        ]
    )


def page_body(page: Page, *parts: Any, title: Any = None, meta: Any = None) -> html.Div:
    """Lay out a page: head with title and next steps, then its parts."""
    head = html.Div(
        [
            html.H1(title or page.title),
            html.Span(meta if meta is not None else page.description, className="meta"),
            html.Div(id=at(page.key, "next"), className="next", role="group", **{"aria-label": "Next steps"}),
        ],
        className="pagehead",
    )
    return html.Div([head, *parts], className="page", **{"data-page": page.key})


def grid(*cards: Any) -> html.Div:
    """Stand cards in twelve columns."""
    return html.Div(list(cards), className="grid12")


def legend(*entries: tuple[str, str, str]) -> html.Div:
    """Say what colours mean: (shape ``ln|ds|sq|dot|dia|cross|ring|band``, class name of the colour, words)."""
    spans = [
        html.Span(
            [html.I(className=shape, **{"aria-hidden": "true"}), html.Span(words, className="t2")],
            className=colour,
        )
        for shape, colour, words in entries
    ]
    return html.Div(spans, className="legend")


def segment(
    label: str, key: str, options: Sequence[tuple[str, str]], chosen: str, *, default: str | None = None
) -> html.Div:
    """Draw one-of-several as links that write ``key`` into the address.

    Args:
        label: What is being chosen, for people who listen.
        key: Name in the query string; the default leaves it out.
        options: (value, words).
        chosen: The current value.
        default: What holds where the query string does not say; the first option when None.
    """
    default = options[0][0] if default is None else default
    buttons = [
        html.Button(
            words,
            type="button",
            **{
                "data-set": key,
                "data-value": "" if value == default else value,
                "aria-pressed": "true" if value == chosen else "false",
            },
        )
        for value, words in options
    ]
    return html.Div(buttons, className="seg", role="group", **{"aria-label": label})
