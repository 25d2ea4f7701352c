"""/api/export: reports as files, with what they rest on written into them."""

from flask import Response
from pydantic import BaseModel, Field

from app.api._schema import PROBLEMS, ScopeQuery, Word
from app.errors import NotFound
from app.gateway.auth import current_desk
from app.gateway.export import kind_of, send
from app.gateway.resource import resource
from app.gateway.sheets import LIMITS, TYPES, Table
from app.queries.reports import REPORTS

blueprint = resource("export", tag="Export")


class ReportPath(BaseModel):
    """One report."""

    report: Word = Field(description=", ".join(REPORTS))


class ReportQuery(ScopeQuery):
    """Which rows, in which file."""

    format: Word = Field("csv", description=", ".join(TYPES))


@blueprint.get(
    "/<report>",
    summary="A report as CSV, Excel or PDF",
    responses={200: {"content": {kind.partition(";")[0]: {} for kind in TYPES.values()}}, **PROBLEMS},
)
def export(path: ReportPath, query: ReportQuery) -> Response:
    """Answer a file: the report's tables, the view, the data versions, who took it and when."""
    desk = current_desk(own=frozenset({"format"}))
    report = REPORTS.get(path.report)
    if report is None:
        raise NotFound("There is no such report.")
    kind = kind_of(query.format, allowed=tuple(TYPES))
    tables = []
    for title, rows, total in report.parts(desk, LIMITS[kind]):
        note = f"The first {rows.height:,} of {total:,} rows." if total > rows.height else ""
        tables.append(Table(title, tuple(rows.columns), rows.rows(), ("",) * rows.width, note))
    return send(desk, kind, tables, title=report.title, name=path.report, what="report")
