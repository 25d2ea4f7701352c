"""Every page there is, in four sizes and both themes: no failed card, no complaint, no sideways scroll."""

import pytest

from tests.journeys._visit import SIZES, walk

pytestmark = pytest.mark.journey


# Two roles that see, between them, every page but the administrator's. One walk begins on a large window, the
# other on a phone; every page is drawn to the other sizes before the next.
@pytest.mark.parametrize(
    ("theme", "role", "sizes"), [("dark", "compliance", [*SIZES]), ("light", "risk", [*SIZES][::-1])]
)
def test_every_page_is_well(visit, sizes, theme, role):
    window = visit(role, size=sizes[0], theme=theme)
    window.go("/")
    assert window.page.evaluate("document.documentElement.dataset.bsTheme") == theme
    order = window.rest("/api/trading/executions", limit=1)["data"][0]["order_id"]
    more = [f"/trading/blotter?order={order}", "/trading/blotter?view=orders", f"/trading/orders/{order}"]
    if role == "compliance":
        alert = window.rest("/api/compliance/alerts", limit=1)["data"][0]["alert_id"]
        more.append(f"/compliance/alerts/{alert}")
    others = [*sizes[1:], sizes[0]]
    assert walk(window, [*window.nav(), *more], others) == {}
    boss = visit("admin", size=sizes[0], theme=theme)
    boss.go("/")
    assert walk(boss, ["/operations/admin"], others) == {}


def test_a_phone_has_its_bar_and_the_way_to_every_page(visit):
    window = visit("compliance", size="phone")
    page = window.page
    window.go("/")
    bar = page.locator(".qd-bottom")
    box = bar.bounding_box()
    assert box["y"] + box["height"] == pytest.approx(844, abs=1)
    assert page.locator(".qd-rail").is_hidden()
    bar.locator("[data-nav-short='/trading/blotter']").click()
    window.settle("trading-blotter")
    bar.locator("[data-act=more]").click()
    menu = page.locator(".offcanvas.show .qd-more")
    menu.locator("[data-nav-more='/operations/health']").click()
    window.settle("operations-health")
    page.wait_for_selector(".offcanvas", state="detached")
    assert window.wrong() == []


def test_an_address_that_leads_nowhere_says_so(visit):
    window = visit("trader")
    window.forgive("404")
    window.go("/trading/nowhere")
    assert window.states() == {"nothing": "empty"}
