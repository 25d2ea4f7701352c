"""The first minute: sign in, see the dashboard filled, and find the numbers that scripts get."""

from datetime import UTC, datetime

import pytest

from tests.journeys.conftest import email_of

pytestmark = pytest.mark.journey

KPIS = {
    "net-pnl": ("trading", "net_pnl"),
    "gross-exposure": ("portfolio", "gross_exposure"),
    "var": ("portfolio", "var_99_1d"),
    "slippage": ("trading", "slippage_bp"),
    "fill-rate": ("trading", "fill_rate"),
    "social-attention": ("social", "posts"),
}
CARDS = {"kpis", "net-pnl", "insights", "exposure", "venues", "posts", "executions", "health"}
TILES = {"net-pnl", "gross-exposure", "var", "slippage", "social-attention", "data-freshness"}


def assert_tiles_equal(window, **query):
    """Compare every tile of the overview with what REST answers in the same session."""
    said = window.rest("/api/analytics/overview", **query)["data"]
    shown = window.kpis()
    own = {name: (said[section][field]) for name, (section, field) in KPIS.items() if name in shown}
    if "open-alerts" in shown:
        own["open-alerts"] = sum(said["compliance"]["alerts_open"].values())
    shown.pop("data-freshness")  # an age: it grows while one looks
    assert shown == own


@pytest.mark.parametrize("size", ["desk", "tablet"])
@pytest.mark.parametrize("role", ["trader", "compliance"])
def test_signing_in_leads_to_a_filled_dashboard_with_the_numbers_of_rest(visit, role, size):
    window = visit(None, size=size)
    window.sign_in(email_of(role))
    own = CARDS | {"alerts"} if role == "compliance" else CARDS
    states = window.states()
    assert set(states) == own
    assert set(states.values()) <= {"ready", "empty"}
    assert states["kpis"] == states["net-pnl"] == states["exposure"] == states["executions"] == "ready"
    assert set(window.kpis()) == TILES | {"open-alerts" if role == "compliance" else "fill-rate"}
    assert_tiles_equal(window)
    assert window.wrong() == []


def test_a_trader_sees_the_numbers_of_the_own_desk_only(visit):
    mine, all_of_them = visit("trader"), visit("compliance")
    mine.go("/")
    all_of_them.go("/")
    assert 0 < mine.kpis()["gross-exposure"] < all_of_them.kpis()["gross-exposure"]


def test_two_firms_see_their_own_numbers(visit):
    one, other = visit("compliance"), visit(None)
    one.go("/")
    other.sign_in(email_of("compliance", "meridian"))
    assert "Meridian Partners" in other.page.inner_text(".qd-org")
    assert one.kpis()["net-pnl"] != other.kpis()["net-pnl"]
    assert_tiles_equal(other)


def test_the_median_source_is_as_old_as_the_last_sessions_prices(visit):
    window = visit("compliance")
    window.go("/")
    last = window.rest("/api/analytics/overview")["data"]["period"]["to"]
    midnight = datetime.fromisoformat(last).replace(tzinfo=UTC)
    age = (datetime.now(UTC) - midnight).total_seconds()
    assert window.kpis()["data-freshness"] == pytest.approx(age, abs=120)


@pytest.mark.parametrize("query", [{"instrument": "JPM"}, {"desk": "client-execution"}, {"currency": "EUR"}])
def test_a_narrowed_overview_agrees_with_a_narrowed_answer(visit, query):
    window = visit("compliance")
    window.go("/")
    before = window.kpis()
    window.go("/?" + "&".join(f"{name}={value}" for name, value in query.items()))
    assert_tiles_equal(window, **query)
    assert window.kpis()["gross-exposure"] != before["gross-exposure"]


def test_the_latest_executions_are_those_of_rest(visit):
    window = visit("trader")
    window.go("/")
    shown = window.rows("overview-master--executions--grid")
    said = window.rest("/api/trading/executions", limit=len(shown))["data"]
    assert [row["order_id"] for row in shown] == [row["order_id"] for row in said]
    assert_rows_equal(shown, said, ("last_qty", "last_px", "notional", "slippage_bp"))


def test_the_blotter_is_the_answer_of_rest_row_by_row(visit):
    window = visit("compliance")
    window.go("/trading/blotter")
    window.drawn()
    shown = window.rows("trading-blotter--blotter--grid")[:50]
    said = window.rest("/api/trading/executions", limit=50)["data"]
    assert [row["exec_id"] for row in shown] == [row["exec_id"] for row in said]
    assert_rows_equal(
        shown, said, ("last_qty", "last_px", "notional", "commission", "slippage_bp", "transact_time")
    )


def test_positions_and_their_strip_are_the_answers_of_rest(visit):
    window = visit("compliance")
    window.go("/portfolio/positions")
    window.drawn("positions")
    shown = window.rows("portfolio-positions--positions--grid")
    said = window.rest("/api/portfolio/positions", limit=1000)["data"]
    assert [(row["account_id"], row["instrument_id"]) for row in shown] == [
        (row["account_id"], row["instrument_id"]) for row in said
    ]
    assert_rows_equal(shown, said, ("quantity", "avg_cost", "market_px", "market_value", "weight", "pnl"))
    held = window.rest("/api/analytics/overview")["data"]["portfolio"]
    assert window.kpis() == {
        "nav": held["nav"],
        "gross-exposure": held["gross_exposure"],
        "leverage": held["leverage"],
        "var": held["var_99_1d"],
        "total-return": held["total_return"],
        "sharpe": held["sharpe_ratio"],
        "max-drawdown": held["max_drawdown"],
    }


def assert_rows_equal(shown, said, fields):
    """Compare the grid's rows with REST's; decimals and times may be spelled differently."""

    def plain(value):
        if isinstance(value, str) and value[:4].isdigit() and "T" in value:
            return datetime.fromisoformat(value)
        return None if value is None else float(value)

    for mine, theirs in zip(shown, said, strict=True):
        assert {f: plain(mine[f]) for f in fields} == {f: plain(theirs[f]) for f in fields}
