"""From the blotter to one order's cost and on to its account's risk: same figures as REST, context kept."""

from urllib.parse import parse_qs, urlsplit

import pytest

pytestmark = pytest.mark.journey
GRID = "trading-blotter--blotter--grid"


def worked(window) -> str:
    """Return an order that others were cut from and that traded."""
    rows = window.rest("/api/trading/executions", limit=1000)["data"]
    orders = window.rest("/api/trading/orders", limit=1000)["data"]
    parents = {one["order_id"]: one["parent_order_id"] for one in orders}
    return next(p for row in rows if (p := parents.get(row["order_id"])))


def test_the_page_and_rest_tell_the_same_cost(visit):
    window = visit("risk")
    order = worked(window)
    window.go(f"/trading/orders/{order}")
    found = window.rest(f"/api/trading/tca/{order}")["data"]
    assert window.wrong() == []
    kpis = window.kpis()
    assert kpis["shortfall"] == pytest.approx(found["shortfall"]["total"]["value"])
    named = {one["name"]: one["value"] for one in (*found["benchmarks"], *found["measures"])}
    assert kpis["arrival"] == pytest.approx(named["arrival"])
    assert kpis["average-price"] == pytest.approx(named["average_price"])
    assert kpis["fill-rate"] == pytest.approx(named["fill_rate"])
    assert kpis["cost-z"] == pytest.approx(named["cost_z"])
    cost = found["shortfall"]
    assert sum(float(part["amount"]) for part in cost["parts"]) == pytest.approx(
        float(cost["total"]["amount"])
    )
    assert window.states()["life"] == window.states()["cost"] == "ready"
    assert window.rows("trading-order--fills--grid")[0]["exec_id"] == found["fills"][0]["exec_id"]
    assert order in window.page.inner_text("[data-card=facts]")


def test_from_the_blotter_to_the_order_and_to_its_accounts_risk_and_back(visit):
    window = visit("risk")
    order = worked(window)
    told = window.rest(f"/api/trading/tca/{order}")["data"]["order"]
    instrument, account = told["instrument_id"], told["account_id"]
    window.go(f"/trading/blotter?view=orders&instrument={instrument}&order={order}")
    window.page.click("[data-card=order] a[href^='/trading/orders/']")
    window.settle("trading-order")
    assert parse_qs(urlsplit(window.page.url).query)["instrument"] == [instrument]
    step = window.page.get_attribute("[data-next='/portfolio/risk']", "href")
    carried = parse_qs(urlsplit(step).query)
    assert (carried["account"], carried["instrument"]) == ([account], [instrument])
    window.page.go_back()
    window.settle("trading-blotter")
    assert parse_qs(urlsplit(window.page.url).query)["order"] == [order]


def test_who_may_not_see_the_order_is_told_the_same_as_of_none(visit):
    window = visit("risk")
    order = worked(window)
    stranger = visit(None)
    stranger.sign_in("risk@meridian.demo")
    said = set()
    for name in (order, "no-such-order"):
        stranger.go(f"/trading/orders/{name}")
        assert stranger.states()["kpis"] == "empty"
        said.add(stranger.page.inner_text("[data-page]"))
        assert stranger.page.context.request.get(f"{stranger.base}/api/trading/tca/{name}").status == 404
    assert len(said) == 1
    assert order not in said.pop()


def test_only_compliance_reads_of_alerts_on_it(visit):
    window = visit("compliance")
    alerts = window.rest("/api/compliance/alerts", limit=100)["data"]
    rows = alerts["rows"] if isinstance(alerts, dict) else alerts
    order = next(a["evidence"]["order_ids"][0] for a in rows if a["evidence"].get("order_ids"))
    window.go(f"/trading/orders/{order}")
    assert window.states()["alerts"] == "ready"
    trader = visit("risk")
    trader.go(f"/trading/orders/{order}")
    assert trader.wrong() == []
    assert "alerts" not in trader.states()
    assert "lert" not in trader.page.inner_text("[data-page]")


@pytest.mark.parametrize("size", ["phone", "tablet"])
def test_it_fits_on_smaller_screens(visit, size):
    window = visit("risk", size, "light")
    window.go(f"/trading/orders/{worked(window)}")
    assert window.wrong() == []
