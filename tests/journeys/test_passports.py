"""Why two tools differ: the passport of a figure, read and closed by keyboard."""

import pytest

pytestmark = pytest.mark.journey


def opened(window, path, tile):
    """Open a tile's passport by keyboard and return the panel."""
    window.go(path)
    window.page.locator(f"[data-kpi={tile}] .ppl").focus()
    window.page.keyboard.press("Enter")
    panel = window.page.locator(".offcanvas.passport.show")
    panel.get_by_text("Data versions").wait_for()
    return panel


def closed(window, panel, tile):
    window.page.keyboard.press("Escape")
    panel.wait_for(state="detached")
    window.page.locator(f"[data-kpi={tile}] .ppl:focus").wait_for()


def test_slippage_tells_how_other_houses_would_read_it(visit):
    window = visit("risk")
    panel = opened(window, "/trading/execution-quality", "slippage")
    rows = panel.locator("table[aria-label='Other readings'] tbody tr")
    shown = float(window.page.locator("[data-kpi=slippage]").get_attribute("data-value"))
    first = rows.first.inner_text()
    assert first.startswith("Ours: weighted by notional")
    assert f"{shown:.4f}".lstrip("-") in first
    words = panel.inner_text()
    for part in ("every order counts the same", "median", "sign turned", "positive is a cost"):
        assert part in words, part
    closed(window, panel, "slippage")


def test_a_value_at_risk_that_is_not_known_says_why_and_what_it_would_be(visit):
    # The small demo has too few sessions for a tail of 1 %.
    window = visit("risk")
    panel = opened(window, "/portfolio/risk", "var")
    words = panel.inner_text()
    for part in ("are needed", "The loss not exceeded with confidence", "historical simulation", "type 7"):
        assert part in words, part
    closed(window, panel, "var")
