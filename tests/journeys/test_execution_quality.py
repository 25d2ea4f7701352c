"""Execution quality: tiles as scripts get them, a click that narrows every card, an order behind its cost."""

from urllib.parse import parse_qs, urlsplit

import pytest

pytestmark = pytest.mark.journey
PATH = "/trading/execution-quality"
GRID = "trading-execution-quality--outliers--grid"
TILES = {
    "slippage": "slippage_bp",
    "shortfall": "implementation_shortfall_bp",
    "effective-spread": "effective_spread_bp",
    "realised-spread": "realised_spread_bp",
    "fill-rate": "fill_rate",
    "participation": "participation",
    "reversion": "reversion_bp",
}


def assert_tiles_equal(window, **query):
    told = {one["name"]: one["value"] for one in window.rest("/api/trading/tca", **query)["data"]["summary"]}
    assert window.kpis() == {tile: told[name] for tile, name in TILES.items()}


def query_of(window) -> dict[str, list[str]]:
    return parse_qs(urlsplit(window.page.url).query)


@pytest.mark.parametrize("size", ["desk", "tablet", "phone"])
def test_every_card_is_filled_with_the_numbers_of_rest(visit, size):
    window = visit("trader", size=size)
    window.go(PATH)
    assert set(window.states().values()) <= {"ready", "empty"}
    assert window.states()["league"] == "ready"
    assert_tiles_equal(window)
    assert window.wrong() == []


def test_a_venue_and_a_trader_narrow_every_card_and_let_go_again(visit):
    window = visit("risk")
    window.go(PATH)
    before = window.kpis()
    venue = window.page.inner_text("[data-card=league] button[data-set=venue]")
    window.page.click("[data-card=league] button[data-set=venue]")
    window.settle()
    assert query_of(window)["venue"] == [venue]
    assert_tiles_equal(window, venue=venue)
    assert window.kpis() != before
    assert "not filtered by venue" in window.page.inner_text("[data-card=league]")
    window.page.click("[data-card=filters] [data-set=venue][aria-pressed=true]")
    window.settle()
    assert window.kpis() == before
    window.page.click("[data-card=league] [data-set=group_by][data-value=trader]")
    window.settle()
    window.page.click("[data-card=league] button[data-toggle-context=trader]")
    window.settle()
    assert window.chips()["trader"]
    assert "not filtered by trader" in window.page.inner_text("[data-card=league]")
    assert_tiles_equal(window, trader=query_of(window)["trader"][0])


def test_an_order_off_its_expected_cost_opens_with_the_context_kept(visit):
    window = visit("risk")
    window.go(f"{PATH}?desk=client-execution&algo=vwap")  # such orders have events, and so a page
    row = window.rows(GRID)[0]
    window.page.click(f"[data-card=outliers] a:has-text('{row['order_id']}')")
    window.settle("trading-order")
    assert urlsplit(window.page.url).path == row["_open"]
    assert query_of(window)["desk"] == ["client-execution"]
    window.page.go_back()
    window.settle("trading-execution-quality")
    assert query_of(window)["desk"] == ["client-execution"]
