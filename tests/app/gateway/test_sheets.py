"""Files of tables: every digit, no formula, and what the file says of itself."""

import csv
import io
import zipfile
from datetime import UTC, date, datetime
from decimal import Decimal
from xml.etree import ElementTree as ET

import polars as pl
import pytest

from app.gateway import sheets
from app.gateway.sheets import Table, write
from app.gateway.sheets_pdf import page_of

ABOUT = [("Organisation", "Acme, =Capital"), ("View", 'x "y"; +1\n=2')]
ROWS = [
    ["=1+1", Decimal("1.100000000000"), -2.5, True, date(2026, 11, 20)],
    [" @x", Decimal(0), float("nan"), None, datetime(2026, 11, 20, 14, 30, tzinfo=UTC)],
    ["-1 to +2", Decimal("123456789012345.678901"), 1e-9, False, None],
]
TABLE = Table("T", ("Name", "Price", "+Share", "Flag", "When"), ROWS, ("", "USD", "fraction", "", ""))


def lines(body: bytes) -> tuple[list[str], list[list[str]]]:
    text = body.decode()
    told = [line for line in text.splitlines() if line.startswith("#")]
    rest = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    return told, list(csv.reader(io.StringIO(rest)))


def book(body: bytes) -> tuple[list[str], list[list[list]]]:
    """Return the names of the sheets of an Excel file and their cells."""
    space = {"x": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}
    parts = zipfile.ZipFile(io.BytesIO(body))
    words = ["".join(one.itertext()) for one in ET.fromstring(parts.read("xl/sharedStrings.xml"))]
    names = [one.get("name") for one in ET.fromstring(parts.read("xl/workbook.xml")).find("x:sheets", space)]
    pages = []
    for number in range(1, len(names) + 1):
        page = ET.fromstring(parts.read(f"xl/worksheets/sheet{number}.xml"))
        rows = []
        for row in page.iterfind(".//x:row", space):
            cells: dict[int, object] = {}
            for cell in row:
                value = cell.find("x:v", space).text
                kind = cell.get("t")
                made = words[int(value)] if kind == "s" else value == "1" if kind == "b" else float(value)
                cells[ord(cell.get("r")[0]) - ord("A")] = made
            rows.append([cells.get(place) for place in range(len(rows[0]) if rows else max(cells) + 1)])
        pages.append(rows)
    return names, pages


def test_a_csv_keeps_every_digit_and_holds_no_formula():
    told, rows = lines(write("csv", [TABLE], ABOUT))
    assert rows[0] == ["Name", "Price (USD)", "'+Share (fraction)", "Flag", "When"]
    assert rows[1] == ["'=1+1", "1.1", "-2.5", "true", "2026-11-20"]
    assert rows[2] == ["' @x", "0", "", "", "2026-11-20T14:30:00Z"]
    assert rows[3] == ["'-1 to +2", "123456789012345.678901", "1e-09", "false", ""]
    # One line a fact, and nothing in it that a spreadsheet would split.
    assert told == ["# Organisation: Acme =Capital", "# View: x y +1 =2"]


def test_a_csv_reads_back_with_its_remarks_skipped():
    frame = pl.read_csv(write("csv", [TABLE], ABOUT), comment_prefix="#")
    assert frame.shape == (3, 5)
    assert frame["'+Share (fraction)"].to_list() == [-2.5, None, 1e-9]


def test_several_tables_stand_apart_with_their_names():
    body = write("csv", [TABLE, Table("Second", ("A",), [[1]], ("",))], []).decode()
    assert body.count("# T\n") == body.count("# Second\n") == 1
    assert body.endswith("# Second\nA\n1\n")


def test_an_excel_file_holds_numbers_and_text_and_says_what_it_is():
    body = write("xlsx", [TABLE, Table("T", ("A",), [[1]], ("",))], ABOUT)
    names, pages = book(body)
    assert names == ["T", "T 2", "About"]
    assert pages[0][1:] == [
        ["=1+1", 1.1, -2.5, True, 46346.0],
        [" @x", 0.0, None, None, pytest.approx(46346 + 14.5 / 24)],
        ["-1 to +2", pytest.approx(123456789012345.678901), 1e-9, False, None],
    ]
    assert pages[2][0] == ["Organisation", "Acme, =Capital"]
    assert b"<f>" not in zipfile.ZipFile(io.BytesIO(body)).read("xl/worksheets/sheet1.xml")


def test_more_rows_than_a_file_takes_are_cut_and_it_says_so(monkeypatch):
    monkeypatch.setitem(sheets.LIMITS, "csv", 2)
    told, rows = lines(write("csv", [TABLE], []))
    assert len(rows) == 3
    assert told == ["# Note on T: Cut to the first 2 of 3 rows."]


def test_a_pdf_is_made_without_fetching_anything():
    hostile = Table("<img src=http://example.invalid/x>", ("A",), [["<script>"], [1234.5], [None]], ("",))
    body = write("pdf", [hostile], ABOUT)
    assert body.startswith(b"%PDF-")
    assert len(body) > 2000


def test_a_table_too_wide_for_paper_says_where_the_rest_is():
    wide = Table("Wide", tuple("abcdefghijklmnop"), [list(range(16))], ("",) * 16)
    page = page_of([wide], ABOUT)
    assert "The first 14 columns of Wide; the other files hold all." in page
    assert "<th class='n'>n</th>" in page
    assert "<th class='n'>o</th>" not in page
    assert "&lt;b&gt;" in page_of([Table("<b>", ("a",), [["x"]], ("",))], ABOUT)
