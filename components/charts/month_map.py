"""A calendar of monthly returns: a row a year, a column a month, and the year's total."""

from collections.abc import Sequence
from typing import Any

from dash import html

from components.formats import MISSING, known, number, plural
from components.theme import Theme

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_LONG = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
    "November", "December",
)  # fmt: skip


def month_map(
    rows: Sequence[dict[str, Any]], *, look: Theme, chosen: tuple[str, str] | None = None
) -> html.Div:
    """Draw the calendar; a click on a month narrows the view to it, another lets go.

    Args:
        rows: ``year``, ``month`` (0: the year), ``return`` (fraction), ``periods``.
        look: Theme.
        chosen: First and last day of the view, to mark the month it is.
    """
    held = {(row["year"], row["month"]): row for row in rows}
    months = [abs(v) for row in rows if row["month"] and (v := known(row["return"])) is not None]
    limit = max([*months, 0.001])
    years = sorted({row["year"] for row in rows}, reverse=True)
    whole = max(
        [*(abs(v) for row in rows if not row["month"] and (v := known(row["return"])) is not None), 0.001]
    )
    body = [
        html.Tr(
            [
                html.Th(str(year), scope="row"),
                *(
                    html.Td(
                        _month(year, month, held.get((year, month)), limit=limit, look=look, chosen=chosen)
                    )
                    for month in range(1, 13)
                ),
                html.Td(_cell(held.get((year, 0)), whole, look, f"{year}", kind="year")),
            ]
        )
        for year in years
    ]
    heads = [
        html.Th("", scope="col"),
        *(html.Th(m, scope="col") for m in MONTHS),
        html.Th("Year", scope="col"),
    ]
    made = html.Table(
        [html.Thead(html.Tr(heads)), html.Tbody(body)],
        className="months",
        **{"aria-label": "Returns by month, per cent"},
    )
    return html.Div(made, className="tbl-wrap", tabIndex=0)


def _month(
    year: int,
    month: int,
    row: dict[str, Any] | None,
    *,
    limit: float,
    look: Theme,
    chosen: tuple[str, str] | None,
) -> Any:
    name = f"{_LONG[month - 1]} {year}"
    if row is None or known(row["return"]) is None:
        return html.Span(MISSING, className="mo none", title=f"{name}: no return")
    first, last = days_of(year, month)
    pressed = chosen == (first, last)
    made = _cell(row, limit, look, name)
    return html.Button(
        made.children,
        type="button",
        className="mo",
        style=made.style,
        title=made.title,
        **{
            "data-from": "" if pressed else first,
            "data-to": "" if pressed else last,
            "data-span": "1",
            "aria-pressed": "true" if pressed else "false",
            "aria-label": f"{name} {made.children}%",
        },
    )


def _cell(row: dict[str, Any] | None, limit: float, look: Theme, name: str, *, kind: str = "") -> html.Span:
    value = known(row["return"]) if row else None
    if row is None or value is None:
        return html.Span(MISSING, className=f"mo none {kind}".strip())
    ground = look.gain_loss(value, limit)
    return html.Span(
        number(value * 100, 1, plus=True),
        className=f"mo {kind}".strip(),
        style={"backgroundColor": ground, "color": ink(ground)},
        title=f"{name}: {number(value * 100, 2, plus=True)}%, {plural(row['periods'], 'session')}",
    )


def days_of(year: int, month: int) -> tuple[str, str]:
    """Return the first and last day of a month as ISO text."""
    from calendar import monthrange

    return f"{year}-{month:02d}-01", f"{year}-{month:02d}-{monthrange(year, month)[1]:02d}"


def ink(ground: str) -> str:
    """Return black or white, whichever reads better on a colour (WCAG relative luminance)."""

    def part(at: int) -> float:
        value = int(ground[at : at + 2], 16) / 255
        return value / 12.92 if value <= 0.03928 else float(((value + 0.055) / 1.055) ** 2.4)

    light = 0.2126 * part(1) + 0.7152 * part(3) + 0.0722 * part(5)
    return "#0A0D11" if (light + 0.05) / 0.055 > 1.05 / (light + 0.05) else "#FFFFFF"
