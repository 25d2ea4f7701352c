"""Taking a table out: from a card's menu and with a key, as the screen has it narrowed, equal to REST."""

import csv
import io
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.journey
MENU = "[data-card={card}] details.qd-menu summary"
LINK = "[data-card={card}] a[data-export={kind}]"


def rows_of(path: Path) -> tuple[list[str], list[dict[str, str]]]:
    """Return what a CSV says of itself, and its rows."""
    lines = path.read_text().splitlines()
    told = [line for line in lines if line.startswith("#")]
    return told, list(
        csv.DictReader(io.StringIO("\n".join(line for line in lines if not line.startswith("#"))))
    )


def taken(window, card: str, kind: str) -> Path:
    """Open a card's menu, choose a file and return it."""
    window.page.click(MENU.format(card=card))
    with window.page.expect_download() as waiting:
        window.page.click(LINK.format(card=card, kind=kind))
    assert waiting.value.suggested_filename.endswith(f".{kind}")
    return Path(waiting.value.path())


def test_the_blotter_leaves_as_it_is_narrowed_and_sorted(visit):
    window = visit("risk")
    window.go("/trading/blotter")
    account = window.rest("/api/trading/executions", limit=1)["data"][0]["account_id"]
    window.go(f"/trading/blotter?account={account}&sort=-last_qty,exec_id")
    told, rows = rows_of(taken(window, "blotter", "csv"))
    answered = window.rest("/api/trading/executions", account=account, sort="-last_qty,exec_id", limit=1000)[
        "data"
    ]
    assert [row["Execution"] for row in rows[:1000]] == [row["exec_id"] for row in answered]
    assert [float(row["Price"]) for row in rows[:1000]] == [float(row["last_px"]) for row in answered]
    assert any(line.startswith("# View:") and account in line for line in told)
    assert any(line.startswith("# Organisation: Halyard Capital") for line in told)
    assert any(line.startswith("# Exported by:") for line in told)


def test_a_card_as_an_excel_file_says_what_it_is(visit):
    window = visit("risk")
    window.go("/portfolio/positions")
    book = zipfile.ZipFile(taken(window, "positions", "xlsx"))
    names = book.read("xl/workbook.xml").decode()
    assert 'name="Positions"' in names
    assert 'name="About"' in names
    assert "Halyard Capital" in book.read("xl/sharedStrings.xml").decode()


def test_a_key_takes_the_table_at_hand(visit):
    window = visit("risk")
    window.go("/portfolio/positions")
    with window.page.expect_download() as waiting:
        window.page.keyboard.press("Control+e")
    told, rows = rows_of(Path(waiting.value.path()))
    assert rows
    assert any(line.startswith("# Table: Positions:") for line in told)


def test_an_orders_fills_leave_with_every_digit(visit):
    window = visit("risk")
    executions = window_rows(window)
    order = next(row["order_id"] for row in executions if row["order_id"])
    window.go(f"/trading/orders/{order}")
    _, rows = rows_of(taken(window, "fills", "csv"))
    answered = window.rest(f"/api/trading/tca/{order}")["data"]["fills"]
    assert [row["Execution"] for row in rows] == [row["exec_id"] for row in answered]
    assert [float(row["bps vs arrival"]) for row in rows] == pytest.approx(
        [row["slippage_bp"] for row in answered]
    )


def window_rows(window) -> list[dict]:
    """Return some executions, newest first."""
    return window.rest("/api/trading/executions", limit=500)["data"]


def test_a_refusal_is_said_and_nothing_is_saved(visit):
    window = visit("risk")
    window.go("/trading/blotter")
    window.forgive("403", "Failed to load resource")
    window.page.route("**/export/table/**", lambda route: route.fulfill(status=429, body="no"))
    window.page.click(MENU.format(card="blotter"))
    window.page.click(LINK.format(card="blotter", kind="csv"))
    window.page.wait_for_selector("#toasts .note")
    assert "Too many exports" in window.page.inner_text("#toasts")
