"""Attention: who is talked about more than usual, and by how much."""

from collections.abc import Mapping, Sequence
from typing import Any

from dash import html

from components.feed import tone_tag
from components.formats import MISSING, known, number
from components.states import icon
from components.tables import table

UNUSUAL = 2.0  # z-score from which a day stands out


def attention_table(
    rows: Sequence[Mapping[str, Any]], *, symbols: Mapping[str, str], chosen: Sequence[str]
) -> html.Div:
    """Draw mentions of the last day against what is usual.

    Args:
        rows: Columns of ``app.queries.social.attention``.
        symbols: Instrument id to symbol.
        chosen: Instruments the view is narrowed to.
    """
    # The bar is what is above usual: a quiet day has none, and only what stands out fills it.
    most = max((z for row in rows if (z := known(row["z"])) is not None), default=0.0)
    most = max(most, UNUSUAL)
    cells = [
        [
            html.Button(
                symbols.get(row["instrument_id"], row["instrument_id"]),
                type="button",
                className="lk",
                title="Narrow the view to this instrument",
                **{
                    "data-toggle-context": "instrument",
                    "data-value": row["instrument_id"],
                    "aria-pressed": "true" if row["instrument_id"] in chosen else "false",
                },
            ),
            number(row["mentions"]),
            html.Span(number(row["usual"], 1), title=f"Mean of {row['n']} comparable days"),
            _z(row["z"], most, int(row["n"])),
            tone_tag(row["sentiment"]) or html.Span(MISSING, title="No post of the day has a known tone"),
        ]
        for row in rows
    ]
    heads = ["Instrument", "Posts", "Usual", "z-score", "Tone"]
    return table(heads, cells, numeric=(1, 2), label="Attention")


def _z(value: Any, most: float, days: int) -> html.Span:
    z = known(value)
    if z is None:
        return html.Span(MISSING, title=f"Only {days} comparable days; five are needed")
    unusual = z >= UNUSUAL
    bar = html.Span(
        html.B(style={"width": f"{min(max(z, 0.0) / most, 1) * 100:.0f}%"}),
        className=f"track inline {'high' if unusual else ''}".strip(),
    )
    mark = icon("exclamation-triangle", "high", label="unusual") if unusual else None
    return html.Span([bar, html.Span(number(z, 1, plus=True), className="num"), mark], className="zbar")
