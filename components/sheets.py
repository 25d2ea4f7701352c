"""What a drawn card shows in tables, as values: what an export writes."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

import dash_ag_grid as dag
from dash import html

from components.formats import MISSING, Shown

_UNITS = (("qdPercent", "fraction"),)
_MOMENTS = ("qdTime", "qdStamp", "qdMinute")


@dataclass(frozen=True)
class Sheet:
    """A table as values: numbers, dates, instants, texts, None."""

    title: str
    heads: tuple[str, ...]
    rows: Sequence[Sequence[Any]]
    units: tuple[str, ...]  # of each column; empty where it has none
    note: str = ""


@dataclass(frozen=True)
class Columns:
    """The columns of a grid whose rows come from a question of their own."""

    title: str
    fields: tuple[str, ...]
    heads: tuple[str, ...]
    units: tuple[str, ...]

    def sheet(self, rows: Iterable[Mapping[str, Any]], *, note: str = "") -> Sheet:
        """Return the rows under these columns."""
        return Sheet(
            self.title,
            self.heads,
            [[row.get(name) for name in self.fields] for row in rows],
            self.units,
            note,
        )


def has_table(*parts: Any) -> bool:
    """Whether there is a table or grid among the parts of a card."""
    return any(isinstance(part, html.Table | dag.AgGrid) for part in _walk(list(parts)))


def endless(part: Any, *, title: str) -> Columns | None:
    """Return the columns of a grid that asks for its rows block by block, None without one."""
    for found in _walk(part):
        if isinstance(found, dag.AgGrid) and getattr(found, "rowModelType", "") == "infinite":
            return _columns(found, title)
    return None


def sheets(body: Any, as_table: Any, *, title: str) -> list[Sheet]:
    """Return the tables of a card.

    Args:
        body: Its body; the rows of a grid in it count first.
        as_table: The figures of a plot as a table; they count before tables in the body.
        title: Of a table that has no name of its own.
    """
    grids = [part for part in _walk(body) if isinstance(part, dag.AgGrid)]
    found = [_grid(part, title) for part in grids if getattr(part, "rowData", None) is not None]
    if found:
        return found
    shown = body if as_table is None else as_table
    return [_table(part, title) for part in _walk(shown) if isinstance(part, html.Table)]


def _walk(part: Any) -> Iterator[Any]:
    waiting = [part]
    while waiting:
        one = waiting.pop()
        if isinstance(one, list | tuple):
            waiting.extend(reversed(one))
        elif hasattr(one, "to_plotly_json"):
            yield one
            children = getattr(one, "children", None)
            if children is not None:
                waiting.append(children)


# --- grids -------------------------------------------------------------------------------------------
def _columns(found: Any, title: str) -> Columns:
    shown = [one for one in found.columnDefs if one.get("field") and not one.get("hide")]
    return Columns(
        title,
        tuple(str(one["field"]) for one in shown),
        tuple(str(one.get("headerName") or one["field"]) for one in shown),
        tuple(_unit(one) for one in shown),
    )


def _formatter(one: Mapping[str, Any]) -> str:
    made = one.get("valueFormatter")
    return str(made.get("function", "")) if isinstance(made, Mapping) else ""


def _unit(one: Mapping[str, Any]) -> str:
    call = _formatter(one)
    return next((unit for name, unit in _UNITS if call.startswith(name)), "")


def _grid(found: Any, title: str) -> Sheet:
    shown = _columns(found, title)
    moments = {one["field"] for one in found.columnDefs if _formatter(one).startswith(_MOMENTS)}
    rows = [
        {name: _moment(row.get(name)) if name in moments else row.get(name) for name in shown.fields}
        for row in found.rowData
    ]
    return shown.sheet(rows)


def _moment(value: Any) -> Any:
    # Instants travel to the grid as text.
    if not isinstance(value, str):
        return value
    try:
        return date.fromisoformat(value) if len(value) == 10 else datetime.fromisoformat(value)
    except ValueError:
        return value


# --- plain tables --------------------------------------------------------------------------------------
def _table(found: html.Table, title: str) -> Sheet:
    lines = [[_cell(cell) for cell in _cells(row)] for row in _walk(found) if isinstance(row, html.Tr)]
    heads, rows = ([str(value or "") for value, _ in lines[0]], lines[1:]) if lines else ([], [])
    label = getattr(found, "aria-label", None)
    named = str(label) if label and label != "Table" else title
    width = len(heads)
    made = Sheet(named, tuple(heads), [[value for value, _ in row][:width] for row in rows], ("",) * width)
    for place in reversed(range(width)):
        units = [row[place][1] if place < len(row) else "" for row in rows]
        known = {
            unit
            for unit, row in zip(units, rows, strict=True)
            if place < len(row) and row[place][0] is not None
        }
        if len(known) == 1:
            made = replace(made, units=(*made.units[:place], known.pop(), *made.units[place + 1 :]))
        elif len(known) > 1:
            made = _with_units(made, place, units)
    return made


def _with_units(made: Sheet, place: int, units: Sequence[str]) -> Sheet:
    """Return the sheet with a column that says the unit of each value in the column before it."""
    after = place + 1
    return replace(
        made,
        heads=(*made.heads[:after], f"{made.heads[place]} unit", *made.heads[after:]),
        rows=[[*row[:after], unit, *row[after:]] for row, unit in zip(made.rows, units, strict=True)],
        units=(*made.units[:after], "", *made.units[after:]),
    )


def _cells(row: html.Tr) -> list[Any]:
    children = row.children
    return list(children) if isinstance(children, list | tuple) else [children]


def _cell(cell: Any) -> tuple[Any, str]:
    children = getattr(cell, "children", None)
    # Words that are only heard explain those that are seen; they count where a cell has no others.
    texts = list(_texts(children, heard=False)) or list(_texts(children, heard=True))
    if len(texts) == 1 and isinstance(texts[0], Shown):
        return texts[0].raw, texts[0].unit
    if len(texts) == 1 and not isinstance(texts[0], str):
        return texts[0], ""
    said = " ".join(str(text).strip() for text in texts if str(text).strip())
    return (None if said in {"", MISSING} else said), ""


def _texts(part: Any, *, heard: bool) -> Iterator[Any]:
    if isinstance(part, list | tuple):
        for one in part:
            yield from _texts(one, heard=heard)
    elif hasattr(part, "to_plotly_json"):
        if heard or getattr(part, "className", "") != "visually-hidden":
            yield from _texts(getattr(part, "children", None), heard=heard)
    elif part is not None and part != "":
        yield part
