"""Tables as files: CSV, Excel and PDF, each saying whose it is, of which data and when it was made."""

import csv
import io
import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

MOST_ROWS = 50_000  # of one table, CSV
MOST_EXCEL = 20_000  # Excel files are made in memory, cell by cell
MOST_PDF = 200
TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pdf": "application/pdf",
}
LIMITS = {"csv": MOST_ROWS, "xlsx": MOST_EXCEL, "pdf": MOST_PDF}
# What a spreadsheet takes for a formula, also behind blanks.
_FORMULA = re.compile(r"\s*[=+\-@\t\r]")
_EXCEL = {"fraction": "0.0%"}


@dataclass(frozen=True)
class Table:
    """A table as values: numbers, dates, instants, texts, None."""

    title: str
    heads: tuple[str, ...]
    rows: Sequence[Sequence[Any]]
    units: tuple[str, ...]
    note: str = ""

    @property
    def titles(self) -> list[str]:
        """Heads with their units."""
        return [
            f"{head} ({unit})" if unit else head for head, unit in zip(self.heads, self.units, strict=True)
        ]

    def cut(self, most: int) -> "Table":
        """Return the first ``most`` rows, with a note where that is not all."""
        if len(self.rows) <= most:
            return self
        note = f"{self.note} Cut to the first {most:,} of {len(self.rows):,} rows.".strip()
        return Table(self.title, self.heads, self.rows[:most], self.units, note)


def write(kind: str, tables: Sequence[Table], about: Sequence[tuple[str, str]]) -> bytes:
    """Return the tables as a file.

    Args:
        kind: csv, xlsx or pdf.
        tables: At least one.
        about: What the file says of itself: name and words.
    """
    cut = [table.cut(LIMITS[kind]) for table in tables]
    facts = [*about, *((f"Note on {table.title}", table.note) for table in cut if table.note)]
    if kind == "pdf":
        from app.gateway.sheets_pdf import pdf  # weasyprint takes a second to load, and few ask

        return pdf(cut, facts)
    return _xlsx(cut, facts) if kind == "xlsx" else _csv(cut, facts)


# --- CSV ---------------------------------------------------------------------------------------------
def _csv(tables: Sequence[Table], about: Sequence[tuple[str, str]]) -> bytes:
    out = io.StringIO()
    for name, words in about:
        out.write(f"# {_remark(name)}: {_remark(words)}\n")
    lines = csv.writer(out, lineterminator="\n")
    for place, table in enumerate(tables):
        if len(tables) > 1:
            out.write(f"{'' if place == 0 else chr(10)}# {_remark(table.title)}\n")
        lines.writerow([_guarded(head) for head in table.titles])
        lines.writerows([field(value) for value in row] for row in table.rows)
    return out.getvalue().encode()


def _remark(words: str) -> str:
    # No comma or quote: a spreadsheet would cut the line there and might read the rest as a formula.
    return re.sub(r"[\s,;\"]+", " ", words).strip()


def field(value: Any) -> str:
    """Return a value as a CSV file holds it: every digit, ISO times, no formula."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return format(value.normalize(), "f") if value else "0"
    if isinstance(value, float):
        return repr(value) if math.isfinite(value) else ""
    if isinstance(value, int):
        return str(value)
    if isinstance(value, datetime):
        return _instant(value)
    if isinstance(value, date):
        return value.isoformat()
    return _guarded(text(value))


def _guarded(words: str) -> str:
    """Return text that no spreadsheet takes for a formula."""
    return f"'{words}" if _FORMULA.match(words) else words


def text(value: Any) -> str:
    """Return a text or a list of them."""
    if isinstance(value, list | tuple):
        return ", ".join(text(item) for item in value)
    if isinstance(value, dict):
        return json.dumps(value, default=str)
    return str(value).replace("\0", "")


def _instant(value: datetime) -> str:
    aware = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    return aware.isoformat().replace("+00:00", "Z")


# --- Excel -------------------------------------------------------------------------------------------
def _xlsx(tables: Sequence[Table], about: Sequence[tuple[str, str]]) -> bytes:
    import xlsxwriter  # takes a while, and few ask

    out = io.BytesIO()
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "nan_inf_to_errors": False,
    }
    with xlsxwriter.Workbook(out, options) as book:
        bold = book.add_format({"bold": True})
        formats = {
            "day": book.add_format({"num_format": "yyyy-mm-dd"}),
            "instant": book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss.000"}),
            **{unit: book.add_format({"num_format": shape}) for unit, shape in _EXCEL.items()},
        }
        used: set[str] = set()
        for table in tables:
            page = book.add_worksheet(_sheet_name(table.title, used))
            for column, head in enumerate(table.titles):
                page.write_string(0, column, head, bold)
                page.set_column(column, column, max(10, min(40, len(head) + 2)))
            page.freeze_panes(1, 0)
            if table.rows:
                page.autofilter(0, 0, len(table.rows), len(table.heads) - 1)
            for line, row in enumerate(table.rows, start=1):
                for column, value in enumerate(row):
                    _put(page, (line, column), value, formats, table.units[column])
        told = book.add_worksheet(_sheet_name("About", used))
        told.set_column(0, 0, 22)
        told.set_column(1, 1, 90)
        for line, (name, words) in enumerate(about):
            told.write_string(line, 0, name, bold)
            told.write_string(line, 1, words)
    return out.getvalue()


def _sheet_name(title: str, used: set[str]) -> str:
    base = re.sub(r"[\[\]:*?/\\']", " ", title).strip()[:28] or "Table"
    name, count = base, 1
    while name.lower() in used:
        count += 1
        name = f"{base} {count}"
    used.add(name.lower())
    return name


def _put(page: Any, place: tuple[int, int], value: Any, formats: dict[str, Any], unit: str) -> None:
    line, column = place
    if value is None:
        return
    if isinstance(value, bool):
        page.write_boolean(line, column, value)
    elif isinstance(value, int | float | Decimal):
        if math.isfinite(value):
            page.write_number(line, column, float(value), formats.get(unit))
    elif isinstance(value, datetime):
        naive = value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
        page.write_datetime(line, column, naive, formats["instant"])
    elif isinstance(value, date):
        page.write_datetime(line, column, datetime(value.year, value.month, value.day), formats["day"])  # noqa: DTZ001
    else:
        page.write_string(line, column, text(value)[:32_000])
