"""Keys lead somewhere, and a sheet names them."""

import pytest

pytestmark = pytest.mark.journey


def test_the_sheet_names_the_keys_and_they_lead_there(visit):
    window = visit("risk")
    page = window.page
    window.go("/")
    page.keyboard.press("?")
    sheet = page.locator("dialog.keysheet[open]")
    shown = dict(
        zip(sheet.locator("dt").all_inner_texts(), sheet.locator("dd").all_inner_texts(), strict=True)
    )
    assert shown["G R"] == "Risk"
    assert shown["Ctrl K"].startswith("Search")
    assert "Alerts" not in shown.values()  # not this role's
    page.keyboard.press("Escape")
    sheet.wait_for(state="hidden")
    page.keyboard.press("g")
    page.keyboard.press("r")
    window.settle("portfolio-risk")
    assert window.wrong() == []
