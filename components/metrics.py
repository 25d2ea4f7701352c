"""Measures as a table: value, its interval, how many observations; each name opens its passport."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from dash import html

from analytics.definitions import title
from components.formats import MISSING, known, number, percent
from components.passport import passport_link
from components.tables import table


def metric(value: Any, unit: str) -> str:
    """Return a measure in its unit: fractions as per cent."""
    return percent(value) if unit == "fraction" else number(value, 0 if unit in _WHOLE else 2)


_HEADS = ("Measure", "Value", "95% interval", "n")
_WHOLE = frozenset({"count", "days", "periods", "currency"})


def fine(value: Any, unit: str) -> str:
    """Return a measure with the digits a table has room for: fractions with two decimals."""
    found = known(value)
    return f"{number(found * 100, 2)}%" if unit == "fraction" and found is not None else metric(value, unit)


def metrics(
    rows: Sequence[Mapping[str, Any]],
    *,
    label: str,
    of: str = "performance",
    names: Mapping[str, str] | None = None,
    columns: int = 1,
) -> html.Div:
    """Draw measures: name, value, unit, low, high, n, convention, reason.

    Args:
        rows: The records.
        label: What the table holds.
        of: Module of queries whose ``PASSPORTS`` answer for them (components/passport.py).
        names: Words for names that do not read well by themselves.
        columns: Tables side by side, where there is room.
    """
    often = Counter(row["name"] for row in rows)
    cells = []
    for row in rows:
        shown: Any = fine(row["value"], row["unit"])
        if shown == MISSING:
            shown = html.Span(MISSING, title=row.get("reason") or "It is not known.")
        between = MISSING
        if known(row.get("low")) is not None and known(row.get("high")) is not None:
            between = f"{fine(row['low'], row['unit'])} to {fine(row['high'], row['unit'])}"
        pick = _telling(row, rows) if often[row["name"]] > 1 else {}
        named = (names or {}).get(row["name"]) or title(row["name"])
        told = ", ".join(str(value) for value in pick.values())
        link = passport_link(row["name"], f"{named}, {told}" if told else named, of=of, **pick)
        cells.append([link, shown, between, row["n"]])
    size = -(-len(cells) // columns) or 1
    made = [
        table(_HEADS, cells[start : start + size], numeric=(1, 2, 3), label=label)
        for start in range(0, max(len(cells), 1), size)
    ]
    return made[0] if len(made) == 1 else html.Div(made, className="side-by-side")


def _telling(row: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the parts of a record's convention that tell it from others of its name."""
    conventions = [other.get("convention") or {} for other in rows if other["name"] == row["name"]]
    mine = row.get("convention") or {}
    return {
        key: value for key, value in mine.items() if any(str(c.get(key)) != str(value) for c in conventions)
    }
