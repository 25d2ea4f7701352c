"""P&L in a browser: one truth on page, overview, positions and REST; clicks narrow; the method is chosen."""

import pytest

pytestmark = pytest.mark.journey

GRID = "trading-pnl--groups--grid"
TILES = {
    "net-pnl": "net_pnl",
    "realised-pnl": "realised_pnl",
    "unrealised-change": "unrealised_change",
    "income": "income",
    "costs": "costs",
    "residual": "residual",
}
PARTS = ("price", "new_trades", "carry", "fx", "fees", "residual")


def test_the_strip_is_rests_and_the_overviews_and_the_book_adds_up(visit):
    window = visit("risk")
    window.go("/trading/pnl")
    assert window.wrong() == []
    assert set(window.states().values()) == {"ready"}
    said = window.rest("/api/trading/pnl")["data"]
    tiles = window.kpis()
    assert {tile: said["figures"][name] for tile, name in TILES.items()} == {
        tile: tiles[tile] for tile in TILES
    }
    overview = window.rest("/api/analytics/overview")["data"]["trading"]
    assert tiles["net-pnl"] == overview["net_pnl"]
    assert tiles["realised-pnl"] == overview["realised_pnl"]
    proof = window.rest("/api/trading/pnl/identity")["data"]
    assert tiles["identity"] == proof["holds"] / proof["checked"] == 1
    assert f"{proof['holds']:,} of {proof['checked']:,} position days to the cent" in window.text()


@pytest.mark.parametrize("group", ["desk", "trader", "strategy", "account", "instrument", "venue", "day"])
def test_every_group_is_rests_and_sums_to_the_total(visit, group):
    window = visit("risk")
    window.go(f"/trading/pnl?group={group}")
    window.drawn("groups")
    shown = window.rows(GRID)
    said = window.rest("/api/trading/pnl/explain", group_by=group)["data"]
    assert [row["label"] for row in shown] == [row["label"] for row in said["rows"]]
    for mine, theirs in zip(shown, said["rows"], strict=True):
        for part in ("pnl", *PARTS):
            assert mine[part] == pytest.approx(theirs[part], abs=0.005)
    rest = said["rest"] or dict.fromkeys(("pnl", *PARTS), 0)
    for part in ("pnl", *PARTS):
        assert sum(row[part] for row in said["rows"]) + rest[part] == pytest.approx(
            said["total"][part], abs=0.005
        )
    assert sum(said["total"][part] for part in PARTS) == pytest.approx(said["total"]["pnl"], abs=0.005)


def test_a_row_narrows_the_view_and_a_day_too(visit):
    window = visit("risk")
    window.go("/trading/pnl")
    window.drawn("groups")
    desk = window.rows(GRID)[0]
    window.page.click("[data-card=groups] .ag-center-cols-container .ag-row[row-index='0'] .ag-cell")
    window.page.wait_for_selector("[data-context=desk]")
    window.settle()
    assert window.kpis()["net-pnl"] == pytest.approx(desk["pnl"], abs=0.005)
    cell = window.page.locator("[data-set-day]").last
    day = cell.get_attribute("data-set-day")
    cell.click()
    window.page.wait_for_selector(f"[data-set-day='{day}'][aria-pressed=true]")
    window.settle()
    said = window.rest("/api/trading/pnl", **{"from": day, "to": day, "desk": desk["group"]})["data"]
    assert window.kpis()["net-pnl"] == said["figures"]["net_pnl"]
    window.page.click(f"[data-set-day='{day}']")
    window.page.wait_for_selector(f"[data-set-day='{day}'][aria-pressed=false]")
    window.settle()
    assert window.kpis()["net-pnl"] == pytest.approx(desk["pnl"], abs=0.005)


def test_lots_change_with_the_method_and_the_position(visit):
    window = visit("risk")
    window.go("/trading/pnl?lots=fifo")
    window.drawn("lots")
    shown = window.rows("trading-pnl--lots--grid")
    said = window.rest("/api/trading/pnl/lots", method="fifo")["data"]
    assert [row["cost"] for row in shown] == [row["cost"] for row in said["open"]]
    assert sum(row["quantity"] for row in shown) == pytest.approx(said["quantity"])
    other = said["choices"][1]
    window.go(f"/trading/pnl?lots=lifo&position={other['account_id']}%7C{other['instrument_id']}")
    assert f"in {other['account_id']}" in window.page.inner_text("[data-card=lots]")


def test_a_trader_in_the_view_leaves_trades_and_a_reason_for_the_rest(visit):
    window = visit("risk")
    window.go("/trading/pnl?group=trader")
    trader = window.rest("/api/trading/pnl/explain", group_by="trader")["data"]["rows"][0]
    window.go(f"/trading/pnl?group=trader&trader={trader['group']}")
    assert window.wrong() == []
    assert window.kpis()["net-pnl"] is None
    assert window.states()["explain"] == "empty"
    assert window.states()["groups"] == "ready"
    assert window.rows(GRID)[0]["pnl"] == pytest.approx(trader["pnl"], abs=0.005)


def test_only_risk_is_offered_another_cost_method(visit):
    window = visit("portfolio_manager")
    window.go("/trading/pnl")
    words = window.page.inner_text("[data-card=method]")
    assert "may change it" in words
    assert "Use this" not in words


@pytest.mark.parametrize("size", ["small", "tablet", "phone"])
@pytest.mark.parametrize("theme", ["dark", "light"])
def test_nothing_overflows(visit, size, theme):
    window = visit("risk", size, theme)
    window.go("/trading/pnl?group=instrument")
    assert window.wrong() == []


def test_choosing_a_method_changes_the_split_and_not_the_total(visit):
    window = visit("risk")
    window.go("/trading/pnl")
    before = window.kpis()
    try:
        choose(window, "fifo")
        window.go("/trading/pnl")
        after = window.kpis()
        assert after["net-pnl"] == pytest.approx(before["net-pnl"], abs=0.005)
        assert after["realised-pnl"] != pytest.approx(before["realised-pnl"], abs=0.005)
        assert after["identity"] == 1
    finally:
        choose(window, "average")
    window.go("/trading/pnl")
    assert window.kpis() == before


def choose(window, method):
    """Press the button of ``method`` and wait until the book stands by it."""
    place = ["average", "fifo", "lifo"].index(method)
    window.page.click(f"[data-card=method] .methods li:nth-child({place + 1}) button")
    for _ in range(300):
        kept = window.rest("/api/trading/pnl")["data"]["convention"]
        if kept == {"cost_method": method, "cost_method_title": kept["cost_method_title"]}:
            return
        window.page.wait_for_timeout(200)
    raise AssertionError(f"{method} was not taken up: {kept}")
