"""One question's way: dashboard, instrument, orders, one order's cost, its account's risk; and all the way back."""

from urllib.parse import parse_qs, urlsplit

import pytest

pytestmark = pytest.mark.journey


def query(window):
    """Return the address's parameters."""
    return {name: values[0] for name, values in parse_qs(urlsplit(window.page.url).query).items()}


def test_from_the_dashboard_to_one_orders_cost_and_its_accounts_risk_and_back(visit):
    window = visit("risk")
    page = window.page
    window.go("/")
    window.press_last_tile()
    name = query(window)["instrument"]
    dashboard = window.kpis()["gross-exposure"]

    page.click("[data-nav='/trading/blotter']")
    window.settle("trading-blotter")
    page.click("[data-set=view][data-value=orders]")
    page.wait_for_url("**view=orders**")
    window.settle()
    window.drawn()
    page.click(".ag-center-cols-container .ag-row[row-index='0'] [col-id=symbol]")
    page.wait_for_selector("[data-card=order] a[href^='/trading/orders/']")
    window.settle()
    blotter = query(window)
    assert blotter["instrument"] == name

    page.click("[data-card=order] a[href^='/trading/orders/']")
    window.settle("trading-order")
    order = urlsplit(page.url).path.rpartition("/")[2]
    assert order == blotter["order"]
    assert query(window)["instrument"] == name
    told = window.rest(f"/api/trading/tca/{order}")["data"]
    assert told["order"]["instrument_id"] == name
    assert window.kpis()["shortfall"] == pytest.approx(told["shortfall"]["total"]["value"])

    page.click("[data-next='/portfolio/risk']")
    window.settle("portfolio-risk")
    assert query(window)["account"] == told["order"]["account_id"]
    assert query(window)["instrument"] == name
    assert set(window.chips()) >= {"account", "instrument"}
    said = window.rest("/api/portfolio/risk/summary", account=query(window)["account"], instrument=name)[
        "data"
    ]
    assert window.kpis()["var"] == said["var_99_1d"]
    assert window.kpis()["leverage"] == said["leverage"]
    assert window.wrong() == []

    for at in ("trading-order", "trading-blotter"):
        page.go_back()
        window.settle(at)
        assert query(window)["instrument"] == name
    assert query(window) == blotter
    for _ in range(4):
        if urlsplit(page.url).path == "/":
            break
        page.go_back()
        window.settle()
    window.settle("overview-master")
    assert query(window)["instrument"] == name
    assert window.kpis()["gross-exposure"] == dashboard
