"""The risk page says what REST says, keeps its view in the address, and narrows on a press."""

from functools import cache

import pytest

from app.actions import orgs, users
from app.actions._roles import console
from tests.app.queries._traded import found_firm
from tests.journeys import _server
from tests.journeys._visit import PASSWORD, well
from tests.journeys.conftest import session_of
from tests.world import open_context

pytestmark = pytest.mark.journey

PATH = "/portfolio/risk"
CARDS = {"kpis", "backtest", "verdicts", "parts", "factors", "stress", "correlation", "drawdown", "methods"}
TILES = {
    "var": "var_99_1d",
    "es": "es_975_1d",
    "stressed-var": "stressed_var_99_1d",
    "exceptions": "exceptions",
    "beta": "beta",
    "leverage": "leverage",
    "drawdown": "drawdown",
}


@pytest.fixture(scope="module")
def base(tmp_path_factory, windows):
    """Serve a firm with a history long enough for every figure; the small demo has too few sessions."""
    home = tmp_path_factory.mktemp("risk")
    context = open_context(home)
    orgs.create(context.database, console("acme"), slug="acme", name="Acme Capital")
    for role, desks in (("risk", None), ("trader", ["D1"])):
        users.create(
            context.database, console("acme"), email=f"{role}@acme.example", name=role.title(), role=role, desks=desks,
            password=PASSWORD,
        )  # fmt: skip
    found_firm(context, sessions=330)
    context.database.close()
    running = _server.start(home)
    try:
        yield running.base
        windows.close()
        assert running.stop() == 0
        assert running.complaints() == []
    finally:
        running.end()


@pytest.fixture(scope="module")
def cookies(browser, base):
    """Return ``cookies(role)``: those of one session per role."""
    return cache(lambda role: session_of(browser, base, f"{role}@acme.example"))


@pytest.fixture
def visit(windows, base, cookies):
    """Return ``visit(role, size="desk")``: a window of the firm; after the test its console must be empty."""
    opened = []

    def open_window(role, size="desk"):
        opened.append(windows.open(base, cookies(role), size=size, theme="light"))
        return opened[-1]

    yield open_window
    for window in opened:
        windows.give_back(window)
    well(opened)


def assert_tiles_equal(window, **query):
    said = window.rest("/api/portfolio/risk/summary", **query)["data"]
    assert window.kpis() == {tile: said[name] for tile, name in TILES.items()}
    return said


@pytest.mark.parametrize("size", ["desk", "phone"])
def test_the_page_is_filled_and_its_figures_are_those_of_rest(visit, size):
    window = visit("risk", size=size)
    window.go(PATH)
    assert set(window.states()) == CARDS
    assert set(window.states().values()) <= {"ready", "empty"}
    said = assert_tiles_equal(window)
    assert said["var_99_1d"] > 0
    assert said["var_99_1d"] == window.rest("/api/portfolio/risk")["data"]["metrics"][0]["value"]
    assert window.wrong() == []


def test_the_method_is_part_of_the_address_and_of_every_figure(visit):
    window = visit("risk")
    window.go(PATH)
    window.page.click("[data-card=backtest] [data-set=method][data-value=ewma]")
    window.page.wait_for_url("**method=ewma**")
    window.settle()
    said = assert_tiles_equal(window, method="ewma")
    judged = window.rest("/api/portfolio/risk/backtest", method="ewma")["data"]
    assert said["exceptions"] == judged["metrics"][0]["value"]
    words = window.page.inner_text("[data-card=verdicts]")
    for test in judged["tests"]:
        assert test["result"] in words
    window.page.reload()
    window.settle()
    assert_tiles_equal(window, method="ewma")
    assert window.wrong() == []


def test_a_press_on_a_part_narrows_the_page_to_its_instrument(visit):
    window = visit("risk")
    window.go(PATH)
    parts = window.rest("/api/portfolio/risk/parts")["data"]
    assert sum(row["component"] for row in parts["rows"]) == pytest.approx(parts["total"])
    first = parts["rows"][0]["instrument_id"]
    window.page.click(f"[data-card=parts] [data-toggle-context=instrument][data-value='{first}']")
    window.page.wait_for_url(f"**instrument={first}**")
    window.settle()
    said = assert_tiles_equal(window, instrument=first)
    assert said["var_99_1d"] != parts["total"]
    assert said["drawdown"] is None
    assert window.wrong() == []


def test_a_trader_sees_the_risk_of_the_own_desk(visit):
    mine, whole = visit("trader"), visit("risk")
    mine.go(PATH)
    whole.go(PATH)
    assert mine.kpis()["var"] != whole.kpis()["var"]
    assert_tiles_equal(mine)
    assert mine.wrong() == []
