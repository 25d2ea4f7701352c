"""The address is the view: filter, drill, paste, go back, come back."""

from urllib.parse import parse_qs, urlsplit

import pytest

pytestmark = pytest.mark.journey


def query(window):
    """Return the address's parameters."""
    return {name: values[0] for name, values in parse_qs(urlsplit(window.page.url).query).items()}


def without_age(kpis):
    """Return the tiles but the one that grows while one looks."""
    return {name: value for name, value in kpis.items() if name != "data-freshness"}


def open_first_order(window):
    """Click the first row of the blotter and wait for its order's life."""
    window.drawn()
    window.page.click(".ag-center-cols-container .ag-row[row-index='0'] [col-id=symbol]")
    window.page.wait_for_selector("[data-card=order]")
    window.settle()


def test_a_tile_narrows_every_card_and_back_and_forward_replay_it(visit):
    window = visit("compliance")
    window.go("/")
    whole = window.kpis()
    window.press_last_tile()
    narrowed = window.kpis()
    chosen = query(window)["instrument"]
    assert window.chips()["instrument"] == chosen
    assert narrowed["gross-exposure"] < whole["gross-exposure"]
    assert narrowed["net-pnl"] != whole["net-pnl"]
    said = window.rest("/api/analytics/overview", instrument=chosen)["data"]
    assert narrowed["gross-exposure"] == said["portfolio"]["gross_exposure"]
    window.page.go_back()
    window.page.wait_for_selector("[data-context=instrument]", state="detached")
    window.settle()
    assert without_age(window.kpis()) == without_age(whole)
    window.page.go_forward()
    window.page.wait_for_selector("[data-context=instrument]")
    window.settle()
    assert query(window) == {"instrument": chosen}
    assert without_age(window.kpis()) == without_age(narrowed)


def test_the_cross_of_a_chip_widens_the_view_again(visit):
    window = visit("trader")
    window.go("/?instrument=JPM")
    assert window.chips()["instrument"] == "JPM"
    window.page.click("[data-clear=instrument]")
    window.page.wait_for_selector("[data-context=instrument]", state="detached")
    window.settle()
    assert query(window) == {}


def test_a_value_picked_in_a_dialog_narrows_the_view(visit):
    window = visit("compliance")
    window.go("/trading/blotter")
    window.page.click("[data-pick=trader]")
    window.page.click(".modal.show #context-values")
    option = window.page.locator(".dash-options-list-option, .VirtualizedSelectOption").first
    option.click()
    window.page.keyboard.press("Escape")
    window.page.click("[data-act=pick-apply]")
    window.page.wait_for_selector("[data-context=trader]")
    window.settle()
    rows = window.rows("trading-blotter--blotter--grid")
    assert {row["trader_id"] for row in rows} == {query(window)["trader"]}


def test_an_executions_row_opens_its_orders_life_in_which_every_fill_stands(visit):
    window = visit("compliance")
    window.go("/trading/blotter")
    window.drawn()
    open_first_order(window)
    order = query(window)["order"]
    said = window.rest(f"/api/trading/orders/{order}")["data"]
    life = window.page.inner_text("[data-card=order]")
    assert order in life
    assert window.page.locator("[data-card=order] ol.timeline > li").count() == len(said["events"])
    assert window.states()["order"] == "ready"
    window.page.click("[data-card=order] [data-clear=order]")
    window.page.wait_for_selector("[data-card=order]", state="detached")
    window.settle()
    assert "order" not in query(window)


def test_a_pasted_address_shows_the_same_view_in_another_browser(visit):
    mine = visit("compliance")
    mine.go("/trading/blotter?instrument=JPM&view=executions&sort=-transact_time")
    mine.drawn()
    open_first_order(mine)
    theirs = visit("compliance")
    theirs.page.goto(mine.page.url)
    theirs.settle()
    theirs.drawn()
    theirs.settle()
    assert theirs.chips() == mine.chips()
    assert theirs.states() == mine.states()
    assert theirs.page.inner_text("[data-card=order]") == mine.page.inner_text("[data-card=order]")
    grid = "trading-blotter--blotter--grid"
    shown = [row["exec_id"] for row in theirs.rows(grid)]
    assert shown == [row["exec_id"] for row in mine.rows(grid)]
    assert len(shown) > 1


def test_context_and_a_pages_own_state_survive_a_walk_through_the_pages(visit):
    window = visit("compliance")
    window.go("/?instrument=JPM&from=2026-01-01&group=country")
    first = window.kpis()
    for path, name in (
        ("/trading/blotter", "trading-blotter"),
        ("/portfolio/positions", "portfolio-positions"),
    ):
        window.page.click(f"[data-nav='{path}']")
        window.settle(name)
        assert query(window) == {"instrument": "JPM", "from": "2026-01-01"}
        assert window.chips()["instrument"] == "JPM"
    window.page.click("[data-nav='/']")
    window.settle("overview-master")
    assert query(window) == {"instrument": "JPM", "from": "2026-01-01", "group": "country"}
    assert without_age(window.kpis()) == without_age(first)
    for name in ("portfolio-positions", "trading-blotter", "overview-master"):
        window.page.go_back()
        window.settle(name)
        assert query(window)["instrument"] == "JPM"


def test_a_date_range_is_part_of_the_address_and_bounds_the_numbers(visit):
    window = visit("trader")
    window.go("/")
    last = window.rest("/api/analytics/overview")["data"]["period"]["to"]
    window.page.click("[data-act=dates]")
    window.page.fill("#date-from", last)
    window.page.fill("#date-to", last)
    window.page.click("[data-act=dates-apply]")
    window.page.wait_for_url(f"**from={last}**")
    window.page.wait_for_selector(".modal.show", state="detached")
    window.settle()
    assert query(window) == {"from": last, "to": last}
    said = window.rest("/api/analytics/overview", **{"from": last, "to": last})["data"]
    assert said["period"]["sessions"] == 1
    assert window.kpis()["net-pnl"] == said["trading"]["net_pnl"]
    assert window.wrong() == []


def test_the_theme_turns_figures_and_is_remembered(visit):
    window = visit("compliance", theme="dark")
    window.go("/")
    font = "document.querySelector('[data-card=exposure] .js-plotly-plot').layout.template.layout.font.color"
    figure = window.page.locator("[data-card=exposure] .js-plotly-plot .main-svg").first
    figure.wait_for()
    assert window.page.evaluate(font) == "#AAB4C2"
    with window.page.expect_request("**/_dash-update-component*"):
        window.page.click(".qd-bar [data-act=theme]")
    window.settle()
    assert window.page.evaluate(font) == "#465262"
    window.page.reload()
    window.settle()
    figure.wait_for()
    assert window.page.evaluate("document.documentElement.dataset.bsTheme") == "light"
    assert window.page.evaluate(font) == "#465262"


def test_sort_and_filters_of_the_blotter_live_in_the_address(visit):
    window = visit("compliance")
    window.go("/trading/blotter")
    window.drawn()
    window.page.click(".ag-header-cell[col-id=last_px] .ag-header-cell-label")
    window.page.wait_for_url("**sort=last_px**")
    window.page.reload()
    window.settle()
    window.page.wait_for_selector(".ag-header-cell[col-id=last_px][aria-sort=ascending]")
    window.drawn()
    prices = [float(row["last_px"]) for row in window.rows("trading-blotter--blotter--grid")]
    assert prices == sorted(prices)
