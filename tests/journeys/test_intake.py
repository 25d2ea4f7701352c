"""A file on its way in: what is set aside is named, what fits lands, and nothing lands twice."""

import itertools
import json
import re

import pytest

pytestmark = pytest.mark.journey

PAGE = "operations-pipeline"
_names = itertools.count(1)

PRICES = """instrument_id,date,close,currency
JOURNEY-A,2026-11-18,10.50,USD
JOURNEY-A,2026-11-19,ten,USD
JOURNEY-A,2026-11-20,10.75,USD
JOURNEY-A,2026-02-30,10.80,USD
,2026-11-20,1,USD
"""
FOREIGN = """Ref;Booked;Paper;Way;Pieces;Rate;Ccy;Book
J-1;20/11/2026 14:30:00;JPM;B;100;153,25;USD;JRN-1
J-2;20/11/2026 14:31:00;MSFT;S;50;233,40;USD;JRN-1
J-3;20/11/2026 14:32:00;MSFT;S;many;233,50;USD;JRN-1
"""


@pytest.fixture
def pipeline(visit):
    """Return a window on the pipeline page, as somebody who may import for the whole firm."""
    window = visit("compliance")
    window.go("/operations/pipeline")
    return window


def choose(window, tmp_path, text, name):
    """Choose a file with ``text`` in the upload box."""
    path = tmp_path / name
    path.write_text(text)
    with window.page.expect_file_chooser() as chooser:
        window.page.click("#upload-drop")
    chooser.value.set_files(path)
    window.page.wait_for_selector("#upload-send:not([disabled])")
    window.settle(PAGE)


def send(window, button="#upload-send"):
    """Send the chosen file; return (records, accepted, set aside, known) as the page says, and its words."""
    old = window.page.query_selector("[data-card=result] .banner")
    window.page.click(button)
    if old:
        old.wait_for_element_state("hidden")
    window.page.wait_for_selector("[data-card=result] .banner")
    window.settle(PAGE)
    said = window.page.inner_text("[data-card=result]")
    counts = re.search(r"([\d,]+) records?\. ([\d,]+) accepted, ([\d,]+) set aside, ([\d,]+) known", said)
    return tuple(int(n.replace(",", "")) for n in counts.groups()) if counts else None, said


def rejects(window):
    """Return the table of what was set aside: (line, column, value, code)."""
    rows = window.page.locator("[data-card=result] table[aria-label='Records set aside'] tbody tr")
    cells = [row.locator("td").all_inner_texts() for row in rows.all()]
    return [(line, column, value, code) for line, column, value, _, code in cells]


def test_a_file_with_errors_lands_in_part_says_why_and_never_twice(pipeline, tmp_path):
    window = pipeline
    choose(window, tmp_path, PRICES, "journey-prices.csv")
    assert window.page.input_value("#upload-dataset") == "prices"
    counts, said = send(window, "#upload-check")
    assert counts == (5, 2, 3, 0)
    assert "Nothing was stored" in said
    counts, said = send(window)
    assert counts == (5, 2, 3, 0)
    assert "Nothing was stored" not in said
    shown = rejects(window)
    assert {(line, column, value) for line, column, value, _ in shown} >= {
        ("3", "close", "ten"),
        ("5", "date", "2026-02-30"),
    }
    assert {line for line, *_ in shown} == {"3", "5", "6"}
    assert all(code for *_, code in shown)
    counts, said = send(window)
    assert counts == (5, 0, 3, 2)
    landed = window.page.locator("[data-card=imports] button", has_text="journey-prices.csv")
    first = landed.last.get_attribute("data-value")
    landed.last.click()
    window.page.wait_for_selector("[data-card=import][data-state=ready]")
    window.settle(PAGE)
    detail = window.page.inner_text("[data-card=import]")
    assert "2 accepted + 3 set aside + 0 known = 5" in detail
    assert f"import={first}" in window.page.url
    assert window.wrong() == []


def test_an_unknown_file_is_read_through_a_mapping_made_on_the_page(pipeline, tmp_path):
    window, page = pipeline, pipeline.page
    name = f"journey-broker-{next(_names)}"
    choose(window, tmp_path, FOREIGN, "blotter-of-a-stranger.csv")
    page.click("#upload-map")
    page.wait_for_selector("#wizard:not([hidden]) #wizard-columns table")
    window.settle(PAGE)
    page.select_option("#wizard-dataset", "executions")
    window.settle(PAGE)
    for column, header in {
        "exec_id": "Ref", "transact_time": "Booked", "instrument_id": "Paper", "side": "Way",
        "last_qty": "Pieces", "last_px": "Rate", "currency": "Ccy", "account_id": "Book",
    }.items():  # fmt: skip
        page.locator(f"select[id*='\"{column}\"'][id*='source']").select_option(header)
        window.settle(PAGE)
    page.select_option("#wizard-decimal", ",")
    window.settle(PAGE)
    for field, words in (("#wizard-formats", "%d/%m/%Y %H:%M:%S"), ("#wizard-zone", "Europe/London")):
        page.fill(field, words)
        page.press(field, "Tab")
        window.settle(PAGE)
    page.click("#wizard summary:has-text('JSON')")
    spec = json.loads(page.input_value("#wizard-json"))
    spec["rules"][0]["columns"]["side"]["values"] = {"B": "buy", "S": "sell"}
    page.fill("#wizard-json", json.dumps(spec))
    page.click("#wizard-apply")
    window.settle(PAGE)
    preview = page.inner_text("#wizard-rows")
    assert "Nothing is stored yet" in preview
    assert "153.25" in preview
    assert "many" in preview
    page.fill("#wizard-name", name)
    page.click("#wizard-save")
    page.wait_for_selector("#wizard-said:has-text('Saved as')")
    window.settle(PAGE)
    assert page.input_value("#upload-mapping") == name
    counts, said = send(window)
    assert counts == (3, 2, 1, 0), said
    assert [(line, value) for line, _, value, _ in rejects(window)] == [("4", "many")]
    landed = window.rest("/api/trading/executions", account="JRN-1")["data"]
    assert {(row["exec_id"], row["side"], float(row["last_px"])) for row in landed} == {
        ("J-1", "buy", 153.25),
        ("J-2", "sell", 233.4),
    }
    window.go("/trading/blotter?account=JRN-1")
    window.drawn()
    assert {row["exec_id"] for row in window.rows("trading-blotter--blotter--grid")} == {"J-1", "J-2"}


def test_a_file_that_is_nothing_is_refused_in_words(pipeline, tmp_path):
    window = pipeline
    window.forgive("status of 4")
    choose(window, tmp_path, "\x00\x01\x02 this is no table", "odd.csv")
    _, said = send(window)
    assert "Nothing was stored" in said
    assert window.wrong() == []


def test_an_auditor_sees_imports_but_no_upload_box(visit):
    window = visit("auditor")
    window.go("/operations/pipeline")
    assert "upload" not in window.states()
    assert window.states()["imports"] == "ready"
