"""Tables: AG Grid for many rows, plain tables for few. Numbers right, nulls an en dash."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import dash_ag_grid as dag
from dash import html

from components.formats import MISSING, Shown, day, known, moment, number
from components.safe import safe_url

THEME = {"function": "qdGridTheme(themeQuartz)"}
BLOCK = 100  # rows a scroll asks for
_TEXT_FILTER = {"filter": "agTextColumnFilter", "filterParams": {"maxNumConditions": 1, "buttons": ["reset"]}}
_NUMBER_FILTER = {
    "filter": "agNumberColumnFilter",
    "filterParams": {"maxNumConditions": 1, "buttons": ["reset"]},
}


def plain(value: Any) -> Any:
    """Return a value the browser's JSON knows: decimals as floats, instants as ISO text."""
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, float):
        return known(value)
    if isinstance(value, (list, tuple)):
        return ", ".join(str(item) for item in value)
    if isinstance(value, Mapping):
        return str(dict(value))
    return value


def records(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return rows for a grid."""
    # What starts with "_" is for the page's own scripts, and sent as it is.
    return [
        {name: value if name.startswith("_") else plain(value) for name, value in row.items()} for row in rows
    ]


def column(
    field: str, title: str, kind: str = "text", *, width: int | None = None, **more: Any
) -> dict[str, Any]:
    """Declare a grid column.

    Args:
        field: Name in the rows.
        title: Heading.
        kind: text, words, mono, link, number, whole, money, signed, quantity, price, percent, bps, time, stamp,
            minute, date, severity, score, side, state.
        width: Pixels; columns without one share what is left.
        more: Further AG Grid column properties. ``phone`` is the place on phones, and its width: (0, 64); columns
            without it are kept out of view there once one of the grid's has it. ``desk``: left out on tablets too.
    """
    fits = {name: more.pop(name) for name in ("phone", "desk") if name in more}
    made: dict[str, Any] = {"field": field, "headerName": title, "headerTooltip": title}
    made |= {"width": width, "suppressSizeToFit": True} if width else {"flex": 1, "minWidth": 110}
    made |= _KINDS[kind]
    return made | more | ({"context": fits} if fits else {})


def _format(call: str) -> dict[str, Any]:
    return {"valueFormatter": {"function": call}}


_RIGHT = {"type": "rightAligned"}
_KINDS: dict[str, dict[str, Any]] = {
    "text": {**_TEXT_FILTER, "tooltipField": None},
    "words": {**_TEXT_FILTER, **_format("qdWords(params.value)")},
    "mono": {**_TEXT_FILTER, "cellClass": "mono"},
    "link": {**_TEXT_FILTER, "cellRenderer": "QdLink", "cellRendererParams": {"mono": True}},
    "number": {**_RIGHT, **_NUMBER_FILTER, **_format("qdNumber(params.value, 2, false)")},
    "whole": {**_RIGHT, **_NUMBER_FILTER, **_format("qdNumber(params.value, 0, false)")},
    "money": {**_RIGHT, **_NUMBER_FILTER, **_format("qdNumber(params.value, 0, false)")},
    "signed": {
        **_RIGHT,
        **_NUMBER_FILTER,
        **_format("qdNumber(params.value, 0, true)"),
        "cellRenderer": "QdSigned",
    },
    "quantity": {**_RIGHT, **_NUMBER_FILTER, **_format("qdQuantity(params.value, false)")},
    "price": {**_RIGHT, **_NUMBER_FILTER, **_format("qdPrice(params.value)")},
    "percent": {**_RIGHT, **_NUMBER_FILTER, **_format("qdPercent(params.value, false)")},
    "bps": {**_RIGHT, **_NUMBER_FILTER, **_format("qdNumber(params.value, 1, false)")},
    "time": {**_format("qdTime(params.value)"), "cellClass": "mono", "filter": False},
    "stamp": {**_format("qdStamp(params.value)"), "cellClass": "mono", "filter": False},
    "minute": {**_format("qdMinute(params.value)"), "cellClass": "mono", "filter": False},
    "date": {**_format("qdMinute(params.value).slice(0, 10)"), "filter": False},
    "severity": {"cellRenderer": "QdSeverity", **_TEXT_FILTER},
    "score": {**_RIGHT, **_NUMBER_FILTER, "cellRenderer": "QdScore"},
    "side": {"cellRenderer": "QdSide", **_TEXT_FILTER},
    "state": {"cellRenderer": "QdState", **_TEXT_FILTER},
}
_KINDS["text"] = {name: value for name, value in _KINDS["text"].items() if name != "tooltipField"}


def grid(
    name: str | dict[str, str],
    columns: Sequence[dict[str, Any]],
    *,
    height: int,
    rows: Sequence[Mapping[str, Any]] | None = None,
    empty: str = "No rows",
    opens: bool = False,
    keyed: bool = False,
    chooses: bool = False,
    filters: bool = False,
    sort: str = "",
    filter_model: Mapping[str, Any] | None = None,
    label: str = "",
) -> html.Div:
    """Draw a grid.

    Args:
        name: Component id.
        columns: From ``column``.
        height: Pixels with rows as high as on a desk; where fingers need higher ones the grid is higher as well.
        rows: All rows; None leaves the rows to a callback that answers ``getRowsRequest`` block by block.
        empty: Shown where there is no row.
        opens: Whether a click on a row goes somewhere (rows carry ``_open`` or ``_set``).
        keyed: Whether rows carry ``_id``, which ``cellClicked`` tells of.
        chooses: Whether several rows are chosen with boxes.
        filters: Whether a row of filter boxes stands below the heads.
        sort: Initial sort, ``-column`` for largest first.
        filter_model: Initial filters.
        label: What the grid holds, for people who listen.
    """
    wanted = {
        part.removeprefix("-"): ("desc" if part.startswith("-") else "asc", at)
        for at, part in enumerate(filter(None, sort.split(",")))
    }
    placed = [
        {**one, "sort": wanted[one["field"]][0], "sortIndex": wanted[one["field"]][1]}
        if one["field"] in wanted
        else one
        for one in columns
    ]
    if not filters:
        placed = [{k: v for k, v in one.items() if k not in {"filter", "filterParams"}} for one in placed]
    options: dict[str, Any] = {
        "theme": THEME,
        "headerHeight": 30,
        "suppressCellFocus": False,
        "enableCellTextSelection": True,
        "tooltipShowDelay": 400,
        "animateRows": False,
        "suppressColumnMoveAnimation": True,
        "localeText": {"noRowsToShow": empty},
    }
    if opens:
        options["rowSelection"] = {"mode": "singleRow", "checkboxes": False, "enableClickSelection": True}
    more: dict[str, Any] = {}
    if any("context" in one for one in columns):
        more["eventListeners"] = {
            event: ["qdFitColumns(params)"]
            for event in ("modelUpdated", "viewportChanged", "gridSizeChanged")
        }
    if keyed:
        more["getRowId"] = "params.data._id"
    if chooses:
        options["rowSelection"] = {
            "mode": "multiRow",
            "checkboxes": True,
            "headerCheckbox": False,
            "enableClickSelection": False,
        }
    if rows is None:
        options |= {
            "cacheBlockSize": BLOCK,
            "maxBlocksInCache": 20,
            "rowBuffer": 10,
            "blockLoadDebounceMillis": 80,
        }
        more["rowModelType"] = "infinite"
        # Infinite rows have no overlay of their own while loading; the grid shows blank rows instead.
    else:
        more["rowData"] = records(rows)
    if filter_model:
        more["filterModel"] = dict(filter_model)
    # Rows are as high as the theme says (40_grid.css): as many of them stay in view where they are higher.
    tall = f"min(calc({height}px + {(height - 30) // 30} * (var(--qd-row) - 30px)), max({height}px, 70vh))"
    made = dag.AgGrid(
        id=name,
        columnDefs=placed,
        defaultColDef={
            "sortable": True,
            "resizable": True,
            "suppressHeaderMenuButton": True,
            "suppressMovable": True,
            "floatingFilter": filters,
            **({} if filters else {"filter": False}),
        },
        dashGridOptions=options,
        className="",
        style={"height": tall, "width": "100%"},
        dangerously_allow_code=False,
        **more,
    )
    kind = "agwrap rows-link" if opens else "agwrap"
    # The grid's code comes later than the page: the height is kept, so that nothing jumps when it is drawn.
    kept = {"minHeight": tall}
    return html.Div(made, className=kind, role="region", style=kept, **{"aria-label": label or "Table"})


def cell(value: Any) -> str:
    """Return any value as text for a plain table."""
    if value is None or value == "":
        return MISSING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, date):
        return day(value)
    if isinstance(value, (int, float, Decimal)):
        found = known(value)
        return MISSING if found is None else Shown(number(found, 0 if found == int(found) else 2), value)
    # Words that carry a value keep it.
    return value if isinstance(value, str) else str(plain(value))


def table(
    heads: Sequence[str],
    rows: Iterable[Sequence[Any]],
    *,
    numeric: Sequence[int] = (),
    wrap: Sequence[int] = (),
    meant: Sequence[int] = (),
    label: str = "",
) -> html.Div:
    """Draw a small table; cells are text or components.

    Args:
        heads: Column titles.
        rows: One sequence per row.
        numeric: Columns set right.
        wrap: Columns that may break lines.
        meant: Rows that the address names.
        label: What it holds.
    """

    def kind(place: int) -> str:
        return "n num" if place in numeric else "wrap" if place in wrap else ""

    head = html.Tr([html.Th(title, className=kind(place), scope="col") for place, title in enumerate(heads)])
    body = [
        html.Tr(
            [
                html.Td(value if hasattr(value, "to_plotly_json") else cell(value), className=kind(place))
                for place, value in enumerate(row)
            ],
            **({"aria-current": "true"} if at in meant else {}),
        )
        for at, row in enumerate(rows)
    ]
    made = html.Table(
        [html.Thead(head), html.Tbody(body)], className="tbl", **{"aria-label": label or "Table"}
    )
    return html.Div(made, className="tbl-wrap", tabIndex=0)


def link(words: Any, href: str | None, *, mono: bool = False, carry: bool = True) -> html.A | html.Span:
    """Draw a link when its address is safe, else the words alone."""
    target = safe_url(href)
    kind = "mono" if mono else ""
    if target is None:
        return html.Span(words, className=kind)
    if not target.startswith("/"):
        return html.A(words, href=target, className=kind, target="_blank", rel="noopener noreferrer")
    return html.A(words, href=target, className=kind, **({"data-carry": "1"} if carry else {}))


def facts(pairs: Iterable[tuple[str, Any]]) -> html.Dl:
    """Draw names and values."""
    parts: list[Any] = []
    for name, value in pairs:
        parts.append(html.Dt(name))
        parts.append(
            html.Dd(value if hasattr(value, "to_plotly_json") or isinstance(value, list) else cell(value))
        )
    return html.Dl(parts, className="facts")
