"""A plan from a figure on the risk page to a file of orders; a shock of one's own; a link that is the plan."""

from urllib.parse import parse_qs, urlsplit

import pytest

pytestmark = pytest.mark.journey


def query(window):
    return {name: values[0] for name, values in parse_qs(urlsplit(window.page.url).query).items()}


def test_a_target_written_into_the_grid_becomes_orders_in_a_file(visit):
    window = visit("risk")
    window.go("/portfolio/what-if")
    assert window.wrong() == []
    before = window.kpis()
    assert before["turnover"] == 0
    cell = window.page.locator("[data-card=targets] .ag-row[row-index='0'] [col-id=target_pct]")
    cell.click()
    window.page.keyboard.press("Control+a")
    window.page.keyboard.type("1")
    window.page.keyboard.press("Enter")
    window.page.wait_for_selector("#orders-export")
    window.settle()
    chosen, weight = query(window)["targets"].rsplit(":", 1)
    assert float(weight) == pytest.approx(0.01)
    said = window.rest("/api/portfolio/what-if", targets=query(window)["targets"])["data"]
    then = {row["name"]: row["after"] for row in said["measures"]}
    shown = window.kpis()
    assert shown["var"] == pytest.approx(then["var_99_1d"])
    assert shown["volatility"] == pytest.approx(then["volatility"])
    assert shown["turnover"] == pytest.approx(said["trading"]["turnover"])
    assert shown["cost"] == pytest.approx(said["trading"]["cost"])
    with window.page.expect_download() as caught:
        window.page.click("#orders-export")
    lines = caught.value.path().read_text().splitlines()
    assert len(lines) == 1 + len(said["orders"])
    assert all(f",{chosen}," in line for line in lines[1:])
    # The address is the plan: pasted in another window it shows the same.
    other = visit("portfolio_manager")
    other.go(urlsplit(window.page.url).path + "?" + urlsplit(window.page.url).query)
    assert query(other)["targets"] == query(window)["targets"]
    window.page.click("[data-card=targets] [data-clear=targets]")
    window.settle()
    assert window.kpis() == before


def test_optimised_weights_are_tested_and_taken_over(visit):
    window = visit("risk")
    window.go("/portfolio/what-if")
    assert window.states()["record"] == "empty"
    window.page.click("[data-act=what-if-optimise]")
    window.page.wait_for_selector("[data-card=record][data-state=ready]", timeout=120_000)
    window.settle()
    assert window.wrong() == []
    assert query(window)["objective"] == "minimum_variance"
    words = window.page.inner_text("[data-card=optimise]")
    assert "out of sample" in words
    window.page.click("[data-card=optimise] [data-set=targets]")
    window.settle()
    assert window.kpis()["turnover"] > 0
    assert window.states()["orders"] == "ready"
    window.page.go_back()
    window.settle()
    assert window.kpis()["turnover"] == 0


def test_a_trader_plans_by_hand_and_optimises_nothing(visit):
    window = visit("trader")
    window.go("/portfolio/what-if")
    assert window.wrong() == []
    assert window.states()["optimise"] == "empty"
    assert window.page.query_selector("#orders-export") is None
    assert window.page.query_selector("#plan-keep") is None


def test_a_shock_of_ones_own_is_shown_and_kept(visit):
    window = visit("risk")
    window.go("/portfolio/risk")
    window.page.click("[data-card=stress] .qd-menu summary >> nth=0")
    window.page.fill("#stress-move-0", "-15")
    window.page.click("[data-act=stress-show]")
    window.page.wait_for_selector("[data-card=stress] [data-clear=scenario]")
    window.settle()
    assert query(window)["shocks"] == "factor:market:-0.15"
    window.page.click("[data-card=stress] .qd-menu summary >> nth=0")
    window.page.fill("#stress-name", "Fifteen down")
    window.page.click("#stress-keep")
    window.page.wait_for_selector("[data-card=stress] #stress-said, [data-card=stress]")
    window.settle()
    kept = [row for row in window.rest("/api/portfolio/stress")["data"]["scenarios"] if row["kind"] == "own"]
    assert [row["name"] for row in kept] == ["Fifteen down"]
    window.page.click("[data-card=stress] [data-clear=scenario]")
    window.settle()
    assert "Fifteen down" in window.page.inner_text("[data-card=stress]")
