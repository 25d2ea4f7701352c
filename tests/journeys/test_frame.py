"""The frame in a real browser: sizes, themes, context, links, back, sign out."""

import pytest

from tests.journeys.conftest import SIZES

pytestmark = pytest.mark.journey


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("theme", ["dark", "light"])
def test_the_overview_fits_every_size_in_both_themes(visit, size, theme):
    window = visit("compliance", size=size, theme=theme)
    assert window.page.evaluate("document.documentElement.dataset.bsTheme") == theme
    assert not window.overflows()
    states = window.states()
    assert set(states.values()) <= {"ready", "empty"}
    assert {"kpis", "net-pnl", "insights", "exposure", "venues", "alerts", "executions", "health"} <= set(
        states
    )


@pytest.mark.parametrize("role", ["trader", "compliance", "admin"])
def test_every_entry_of_the_rail_opens_a_page_without_an_error(visit, role):
    window = visit(role)
    paths = [link.get_attribute("data-nav") for link in window.page.query_selector_all("[data-nav]")]
    assert paths
    for path in paths:
        window.go(path)
        assert window.page.query_selector("[data-page] h1").inner_text()
        assert "error" not in window.states().values(), path
        assert "door" not in window.states(), path
        assert not window.overflows(), path


def test_a_trader_sees_no_trace_of_surveillance(visit):
    window = visit("trader")
    text = window.page.inner_text("body")
    assert "alert" not in text.lower()
    assert window.page.query_selector("[data-nav^='/compliance']") is None
    assert window.page.query_selector("[data-kpi=open-alerts]") is None


def test_a_click_on_a_tile_narrows_the_page_and_back_widens_it(visit):
    window = visit("compliance")
    tile = window.page.query_selector_all("[data-card=exposure] g.slice")[-1]
    box = tile.bounding_box()
    window.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    window.page.wait_for_selector("[data-context=instrument]")
    window.settle()
    assert "instrument=HRB-" in window.page.url
    window.page.go_back()
    window.page.wait_for_selector("[data-context=instrument]", state="detached")
    assert "instrument=" not in window.page.url


def test_the_context_travels_with_links_and_a_pasted_address_shows_the_same_view(visit):
    window = visit("compliance")
    window.go("/?instrument=HRB-AAA&from=2026-11-01")
    assert window.chips()["instrument"] == "HRBA"
    window.page.click("[data-nav='/trading/blotter']")
    window.page.wait_for_selector("[data-page=trading-blotter]")
    window.settle()
    assert "instrument=HRB-AAA" in window.page.url
    assert "from=2026-11-01" in window.page.url
    other = visit("compliance")
    other.page.goto(window.page.url)
    other.settle()
    assert other.chips() == window.chips()


def test_a_row_of_the_blotter_opens_the_life_of_its_order(visit):
    window = visit("compliance")
    window.go("/trading/blotter")
    window.page.wait_for_selector(".ag-center-cols-container .ag-row")
    window.page.click(".ag-center-cols-container .ag-row >> nth=0")
    window.page.wait_for_selector("[data-card=order]")
    window.settle()
    assert "order=HRB-O" in window.page.url
    assert window.states()["order"] == "ready"
    window.page.click("[data-card=order] [data-clear=order]")
    window.page.wait_for_selector("[data-card=order]", state="detached")
    assert "order=" not in window.page.url


def test_sort_and_filters_of_the_blotter_live_in_the_address(visit):
    window = visit("compliance")
    window.go("/trading/blotter")
    window.page.wait_for_selector(".ag-center-cols-container .ag-row")
    window.page.click(".ag-header-cell[col-id=last_px] .ag-header-cell-label")
    window.page.wait_for_url("**sort=last_px**")
    window.page.reload()
    window.settle()
    window.page.wait_for_selector(".ag-header-cell[col-id=last_px][aria-sort=ascending]")


def test_the_theme_turns_figures_too(visit):
    window = visit("compliance", theme="dark")
    line = "[data-card=net-pnl] .js-plotly-plot .hoverlayer"
    window.page.wait_for_selector(line, state="attached")
    before = window.page.evaluate(
        "document.querySelector('[data-card=exposure] .js-plotly-plot').layout.template.layout.font.color"
    )
    window.page.click(".qd-bar [data-act=theme]")
    window.page.wait_for_timeout(1500)
    window.settle()
    after = window.page.evaluate(
        "document.querySelector('[data-card=exposure] .js-plotly-plot').layout.template.layout.font.color"
    )
    assert (before, after) == ("#AAB4C2", "#465262")


def test_signing_out_ends_the_session(visit):
    window = visit("trader")
    window.page.click(".qd-menu > summary")
    window.page.click(".qd-menu form button")
    window.page.wait_for_url("**/sign-in?signed-out=1")
    window.page.goto(f"{window.base}/trading/blotter")
    window.page.wait_for_url("**/sign-in?next=**")
