"""Wires the export of any card's table: the same question again, its answer as a file."""

from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlencode

import dash
from dash import Dash
from flask import Response, g, request

from app.errors import FieldError, Forbidden, Invalid, NotFound
from app.gateway.auth import current_identity
from app.gateway.export import kind_of, send
from app.gateway.sheets import LIMITS, Table
from callbacks._fill import Filled, asked_about, filled, look_at
from components.page import Page
from components.sheets import Sheet, endless, sheets

PATH = "/export/table/<page>/<card>"
WHOLE = "whole"  # a page's own parameter: show every row of a long list
OWN = frozenset({"format", "about"})  # everything else is the page's own query string


def register(app: Dash) -> None:
    """Attach the route to the server of ``app``."""
    server = app.server

    def export_table(page: str, card: str) -> Response:
        """Answer the table of a card under the view of the query string."""
        found = filled(server).get((page, card))
        shown = next((entry["page"] for entry in dash.page_registry.values() if _key(entry) == page), None)
        if found is None or shown is None:
            raise NotFound("There is no such table.")
        if g.get("credential") != "session":
            raise Forbidden("Tables of pages are exported from the page; scripts ask /api/export.")
        if not shown.allows(current_identity().role):
            raise Forbidden
        kind = kind_of(request.args.get("format"))
        desk, made = _tables(found, kind)
        title = f"{shown.title}: {found.title}"
        return send(
            desk, kind, [_table(one) for one in made], title=title, name=f"{page}/{card}", what="table"
        )

    server.add_url_rule(PATH, "export_table", export_table, methods=["GET"])


def _key(entry: dict[str, Any]) -> str | None:
    page = entry.get("page")
    return page.key if isinstance(page, Page) else None


def _tables(found: Filled, kind: str) -> tuple[Any, list[Sheet]]:
    """Ask the card's question and return its tables as values, with the desk that was asked."""
    pairs = parse_qsl(request.query_string.decode("utf-8", "replace"), keep_blank_values=True)
    search = urlencode([pair for pair in pairs if pair[0] not in OWN])
    desk, view = look_at(search, None)
    ask = asked_about(found.ask, request.args.get("about")) if found.about else found.ask
    # A file holds what a card shows on request only: every row.
    whole = replace(view, scope=replace(view.scope, extra={**view.scope.extra, WHOLE: "1"}))
    drawn = found.draw(ask(desk), whole)
    columns = endless(drawn.body, title=found.title) if found.rows is not None else None
    if found.rows is not None and columns is not None:
        rows, total = found.rows(desk, LIMITS[kind])
        note = f"The first {len(rows):,} of {total:,} rows." if total > len(rows) else ""
        return desk, [columns.sheet(rows, note=note)]
    made = sheets(drawn.body, drawn.as_table, title=found.title)
    if not made:
        said = FieldError("card", "shows no table in this view")
        raise Invalid("There is nothing to export in this view.", errors=[said])
    return desk, made


def _table(sheet: Sheet) -> Table:
    return Table(sheet.title, sheet.heads, sheet.rows, sheet.units, sheet.note)
