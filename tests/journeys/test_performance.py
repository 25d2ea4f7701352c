"""The performance page: figures as scripts get them, months that narrow the view, passports behind names."""

import pytest

pytestmark = pytest.mark.journey

HOME = "/portfolio/performance"
TILES = {
    "total-return": "total_return", "annualised-return": "annualised_return", "volatility": "annualised_volatility",
    "sharpe": "sharpe_ratio", "max-drawdown": "max_drawdown", "beta": "beta",
    "information-ratio": "information_ratio",
}  # fmt: skip


def test_the_tiles_are_the_figures_of_the_interface_under_any_terms(visit):
    window = visit("risk")
    for query in (
        {},
        {"frequency": "monthly", "risk_free": "0.002", "costs": "gross"},
        {"benchmark": "none"},
    ):
        window.go(HOME + "?" + "&".join(f"{k}={v}" for k, v in query.items()))
        said = window.rest("/api/portfolio/performance", **query)["data"]
        values = {row["name"]: row["value"] for row in said["metrics"]}
        shown = window.kpis()
        assert shown == {kpi: pytest.approx(values[name]) if values[name] is not None else None
                         for kpi, name in TILES.items()}  # fmt: skip
        assert window.wrong() == []


def test_a_month_narrows_the_view_and_lets_go(visit):
    window = visit("portfolio_manager")
    window.go(HOME)
    whole = window.kpis()
    month = window.page.locator("button.mo").first
    first = month.get_attribute("data-from")
    month.click()
    window.settle()
    assert f"from={first}" in window.page.url
    assert window.kpis() != whole
    assert window.page.locator("button.mo[aria-pressed=true]").count() == 1
    window.page.locator("button.mo[aria-pressed=true]").click()
    window.settle()
    assert "from=" not in window.page.url
    assert window.kpis() == whole


def test_rates_begin_afresh_with_another_frequency(visit):
    window = visit("risk")
    window.go(HOME)
    window.page.fill("#portfolio-performance--risk_free", "0.01")
    window.page.keyboard.press("Enter")
    window.page.keyboard.press("Tab")
    window.page.wait_for_url("**risk_free=0.0001**")
    window.settle()
    lower = window.kpis()["sharpe"]
    window.page.click("[data-set=frequency][data-value=monthly]")
    window.settle()
    assert "risk_free" not in window.page.url
    assert "frequency=monthly" in window.page.url
    window.page.select_option("#portfolio-performance--benchmark", "none")
    window.page.wait_for_url("**benchmark=none**")
    window.settle()
    assert window.kpis()["beta"] is None
    assert window.kpis()["sharpe"] != lower


def test_a_name_opens_its_passport_by_keyboard_and_closes_again(visit):
    window = visit("risk")
    window.go(HOME)
    name = window.page.locator("[data-kpi=sharpe] .ppl")
    name.focus()
    window.page.keyboard.press("Enter")
    panel = window.page.locator(".offcanvas.passport.show")
    panel.wait_for()
    panel.get_by_text("Read by other houses").wait_for()
    words = panel.inner_text()
    assert words.startswith("Sharpe ratio")
    assert "mean(r - rf) / sd(r - rf)" in words
    assert "Data versions" in words
    assert "PerformanceAnalytics" in words
    window.page.keyboard.press("Escape")
    panel.wait_for(state="detached")
    window.page.locator("[data-kpi=sharpe] .ppl:focus").wait_for()


def test_figures_of_other_pages_have_passports_too(visit):
    window = visit("risk")
    window.go("/")
    window.page.click("[data-kpi=var] .ppl")
    panel = window.page.locator(".offcanvas.passport.show")
    panel.get_by_text("Taken with").wait_for()
    assert "historical simulation" in panel.inner_text()
    assert window.page.url.rstrip("/") == window.base  # the tile is a link, its name is not


@pytest.mark.parametrize("size", ["phone", "tablet"])
def test_the_page_fits_small_screens(visit, size):
    window = visit("risk", size=size)
    window.go(HOME)
    assert window.wrong() == []
