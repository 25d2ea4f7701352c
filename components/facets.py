"""Facets: the values of a field with how many rows each would leave; a click narrows the view or widens it."""

from collections.abc import Mapping, Sequence
from typing import Any

from dash import html

from components.formats import number, words
from components.severity import SEVERITIES
from components.states import hidden, icon

SHOWN = 10  # values of one facet that stand open; the rest unfolds


def facet(
    label: str,
    key: str,
    counts: Mapping[str, int],
    chosen: Sequence[str],
    *,
    order: Sequence[str] = (),
    names: Mapping[str, str] | None = None,
    many: bool = True,
) -> html.Div:
    """Draw one facet as a row of buttons that write ``key`` into the address.

    Args:
        label: What the values are of.
        key: Name in the query string.
        counts: Value to number of rows.
        chosen: Values the view is narrowed to now.
        order: Values in the order to show; the rest follow by count.
        names: Value to words, where they are not the value itself.
        many: Whether several can be chosen at once (a comma list).
    """
    known = {value: counts.get(value, 0) for value in (*counts, *chosen)}
    ranked = sorted(
        known, key=lambda value: (order.index(value) if value in order else len(order), -known[value])
    )
    buttons = [
        _button(key, value, known[value], chosen, words_of=(names or {}).get(value), many=many)
        for value in ranked
        if known[value] or value in chosen
    ]
    # What is chosen is never put away.
    first = [
        one
        for place, one in enumerate(buttons)
        if place < SHOWN or one.to_plotly_json()["props"]["aria-pressed"] == "true"
    ]
    rest = [one for one in buttons if one not in first] if len(buttons) > SHOWN + 2 else []
    if rest:
        more = html.Details(
            [html.Summary(f"{number(len(rest))} more"), html.Div(rest)], className="facet-more"
        )
        buttons = [*first, more]
    return html.Div(
        [html.Span(label, className="facet-l"), *buttons],
        className="facet",
        role="group",
        **{"aria-label": label},
    )


def facets(*groups: html.Div) -> html.Div:
    """Stand facets in rows; one without any value takes no room."""
    return html.Div([group for group in groups if len(group.children) > 1], className="facets")


def _button(
    key: str, value: str, count: int, chosen: Sequence[str], *, words_of: str | None, many: bool
) -> html.Button:
    held = value in chosen
    rest = [one for one in chosen if one != value] if many else []
    following = rest if held else [*rest, value]
    parts: list[Any] = []
    if value in SEVERITIES:
        shape, tone, _ = SEVERITIES[value]
        parts.append(icon(shape, tone))
    parts.append(html.Span(words_of or words(value)))
    parts.append(html.Span([number(count), hidden(" rows")], className="n num"))
    return html.Button(
        parts,
        type="button",
        className="facet-v",
        **{"data-set": key, "data-value": ",".join(following), "aria-pressed": "true" if held else "false"},
    )
