"""A report on paper: the same tables and facts as the other files, set by weasyprint."""

import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from html import escape
from typing import Any

from weasyprint import HTML

from app.gateway.sheets import Table, field, text

MISSING = "–"
MOST_COLUMNS = 14  # of one table on a sheet of paper
_STYLE = """
@page { size: A4 landscape; margin: 14mm 12mm 16mm; @bottom-right { content: counter(page) " / " counter(pages); font: 8pt sans-serif; color: #465262; } }
body { font: 8pt sans-serif; color: #11161D; }
h1 { margin: 0 0 2mm; font-size: 14pt; } h2 { margin: 6mm 0 2mm; font-size: 10pt; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .6mm 4mm; margin: 0; }
dt { color: #465262; } dd { margin: 0; }
table { width: 100%; border-collapse: separate; border-spacing: 0; table-layout: fixed; } thead { display: table-header-group; }
th { padding: 1mm 1.5mm; border-bottom: .4mm solid #84909F; color: #465262; font-weight: 600; text-align: left; overflow-wrap: break-word; }
td { padding: .8mm 1.5mm; border-bottom: .2mm solid #E2E6EC; overflow: hidden; overflow-wrap: break-word; }
.n { text-align: right; font-variant-numeric: tabular-nums; }
"""


def pdf(tables: Sequence[Table], about: Sequence[tuple[str, str]]) -> bytes:
    """Return the tables as a PDF with what it says of itself on top."""
    made: bytes = HTML(string=page_of(tables, about), url_fetcher=_nothing_fetched).write_pdf()
    return made


def page_of(tables: Sequence[Table], about: Sequence[tuple[str, str]]) -> str:
    """Return the page that is printed."""
    wide = [table for table in tables if len(table.heads) > MOST_COLUMNS]
    told = f"The first {MOST_COLUMNS} columns of {', '.join(table.title for table in wide)}; the other files hold all."
    about = [*about, ("Columns", told)] if wide else about
    tables = [_narrow(table) for table in tables]
    facts = "".join(f"<dt>{escape(name)}</dt><dd>{escape(words)}</dd>" for name, words in about)
    parts = "".join(_pdf_table(table) for table in tables)
    title = escape(tables[0].title)
    return (
        f"<!doctype html><html lang='en'><head><meta charset='utf-8'><title>{title}</title>"
        f"<style>{_STYLE}</style></head><body><h1>{title}</h1><dl>{facts}</dl>{parts}</body></html>"
    )


def _narrow(table: Table) -> Table:
    rows = [row[:MOST_COLUMNS] for row in table.rows]
    return replace(table, heads=table.heads[:MOST_COLUMNS], rows=rows, units=table.units[:MOST_COLUMNS])


def _nothing_fetched(url: str, *_: Any, **__: Any) -> Any:
    raise ValueError(f"A report fetches nothing: {url[:80]}")


def _pdf_table(table: Table) -> str:
    numbers = [
        any(isinstance(row[place], int | float | Decimal) for row in table.rows)
        for place in range(len(table.heads))
    ]
    classes = [" class='n'" if number else "" for number in numbers]
    head = "".join(
        f"<th{kind}>{escape(words.replace('_', ' '))}</th>"
        for words, kind in zip(table.titles, classes, strict=True)
    )
    body = "".join(
        "<tr>"
        + "".join(f"<td{kind}>{escape(_read(value))}</td>" for value, kind in zip(row, classes, strict=True))
        + "</tr>"
        for row in table.rows
    )
    return f"<h2>{escape(table.title)}</h2><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _read(value: Any) -> str:
    """Return a value as a person reads it on paper."""
    if value is None:
        return MISSING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float | Decimal):
        if not math.isfinite(value):
            return MISSING
        if isinstance(value, int):
            return f"{value:,}"
        found = float(value)
        return f"{found:,.6g}" if -1 < found < 1 else f"{found:,.2f}"
    return field(value) if isinstance(value, date) else text(value)
