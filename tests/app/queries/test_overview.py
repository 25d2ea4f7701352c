"""The overview: every field, finite or null with a reason, whoever asks."""

import json
import math
from datetime import date

import pytest

from app.queries.overview import overview
from app.scope import Scope
from app.storage.records.lists import Limit
from tests.app._world import context_of, desk_of, land
from tests.app.queries._firm import FIRM

# CONTRACT section 5.
FIELDS = {
    "trading": {
        "orders", "executions", "notional", "net_pnl", "realised_pnl", "unrealised_pnl", "commission",
        "slippage_bp", "fill_rate", "order_to_trade",
    },
    "portfolio": {
        "nav", "gross_exposure", "net_exposure", "leverage", "var_99_1d", "es_975_1d", "var_limit_used",
        "total_return", "annualised_volatility", "sharpe_ratio", "max_drawdown", "top_positions",
    },
    "compliance": {"alerts_open", "cases_open", "cases_overdue", "limit_breaches", "coverage"},
    "social": {"posts", "authors", "sentiment", "attention", "ideas_open", "idea_hit_rate"},
    "intelligence": {"insights", "models_ok", "models_silent", "regime"},
}  # fmt: skip


def complete(found: dict) -> dict:
    """Assert that every field is there, finite or null with a reason, and return what was found."""
    json.dumps(found, allow_nan=False)
    for section, names in FIELDS.items():
        assert names <= set(found[section]), section
        for name, value in found[section].items():
            if value is None:
                assert found["reasons"][f"{section}.{name}"]
            elif isinstance(value, float):
                assert math.isfinite(value)
    return found


@pytest.mark.parametrize("cached", [False, True])
def test_every_figure_by_hand(firm, cached):
    found = complete(overview(desk_of(firm, cached=cached)))
    trading, portfolio = found["trading"], found["portfolio"]
    assert trading == {
        "orders": 2,
        "executions": 3,
        "notional": pytest.approx(19010 + 7644 + 2000 * 1.2),
        # The 18th, the 19th in both accounts, the 20th.
        "net_pnl": pytest.approx(-11.5 + (40 * 1.1 + 60 * 2 - 1.5) + (10 - 1.5) * 1.2 + 60),
        "realised_pnl": pytest.approx(40),
        "unrealised_pnl": pytest.approx(60 * 2.9 + 10 * 1.2),
        "commission": pytest.approx(3 + 1.5 * 1.2),
        "slippage_bp": pytest.approx((19010 * 1e4 * 0.1 / 190 + 7644 * 1e4 * (1 - 191.1 / 191.2)) / 26654),
        "fill_rate": pytest.approx(140 / 180),
        "order_to_trade": pytest.approx(0.5),
    }
    assert portfolio["nav"] == pytest.approx(100_000 + 60_000 + trading["net_pnl"])
    assert portfolio["gross_exposure"] == pytest.approx(60 * 193 + 10 * 201 * 1.2)
    assert portfolio["leverage"] == pytest.approx(portfolio["gross_exposure"] / portfolio["nav"])
    assert [row["symbol"] for row in portfolio["top_positions"]] == ["AAPL", "SAP"]
    assert found["period"] == {"from": "2026-11-18", "to": "2026-11-20", "sessions": 3}
    assert found["reasons"]["portfolio.var_99_1d"].startswith("Only 1 sessions have a return")


def test_an_organisation_without_data_has_reasons_only(firm):
    found = complete(overview(desk_of(firm, org="zenith")))
    assert found["trading"]["executions"] == 0
    assert found["portfolio"]["nav"] is None
    assert found["portfolio"]["top_positions"] == []
    assert found["period"] == {"from": None, "to": None, "sessions": 0}


def test_dates_narrow_flows_and_move_the_day_of_states(firm):
    day = Scope(start=date(2026, 11, 18), end=date(2026, 11, 18))
    found = complete(overview(desk_of(firm, scope=day)))
    assert found["trading"]["executions"] == 1
    assert found["trading"]["net_pnl"] == pytest.approx(-11.5)
    assert found["portfolio"]["nav"] == pytest.approx(100_000 + 55_000 - 11.5)


def test_a_weekend_stands_where_friday_ended(firm):
    weekend = Scope(start=date(2026, 11, 21), end=date(2026, 11, 22))
    found = complete(overview(desk_of(firm, scope=weekend)))
    assert found["trading"]["executions"] == 0
    assert found["portfolio"]["gross_exposure"] == pytest.approx(60 * 193 + 10 * 201 * 1.2)
    assert found["portfolio"]["nav"] == pytest.approx(160_221.2)
    assert found["reasons"]["portfolio.total_return"] == "No net asset value is known in this period."


def test_a_desk_sees_its_own_accounts_only(firm):
    found = complete(overview(desk_of(firm, role="trader", desks=("D1",))))
    assert found["trading"]["executions"] == 2
    assert found["portfolio"]["nav"] == pytest.approx(100_000 + 211)
    assert [row["symbol"] for row in found["portfolio"]["top_positions"]] == ["AAPL"]


def test_pnl_is_not_told_by_trader_or_instrument_where_it_is_not_kept_so(firm):
    by_trader = complete(overview(desk_of(firm, scope=Scope(trader=("T1",)))))
    assert by_trader["trading"]["executions"] == 2
    assert by_trader["trading"]["net_pnl"] is None
    assert by_trader["portfolio"]["nav"] is None
    by_instrument = complete(overview(desk_of(firm, scope=Scope(instrument=("AAPL",)))))
    assert by_instrument["trading"]["net_pnl"] == pytest.approx(211)
    assert by_instrument["portfolio"]["gross_exposure"] == pytest.approx(60 * 193)
    assert by_instrument["portfolio"]["nav"] is None


def test_a_currency_without_a_rate_leaves_money_unknown(firm):
    found = complete(overview(desk_of(firm, scope=Scope(currency="CHF"))))
    assert found["trading"]["notional"] is None
    assert found["reasons"]["trading.notional"] == "No rate from EUR, USD to CHF is known."
    assert found["trading"]["fill_rate"] is not None


def test_amounts_are_converted_into_the_currency_asked_for(firm):
    found = complete(overview(desk_of(firm, scope=Scope(currency="EUR"))))
    assert found["trading"]["commission"] == pytest.approx(1.5 / 1.1 + 1.5 / 1.2 + 1.5)
    assert found["portfolio"]["gross_exposure"] == pytest.approx(60 * 193 / 1.2 + 2010)


def test_one_execution_of_something_nobody_priced(tmp_path, sqlite_database):
    from app.jobs.derive import derive

    context = context_of(tmp_path, sqlite_database)
    land(context, "acme", executions="\n".join(FIRM["executions"].splitlines()[:3]))
    derive(context, "acme", cause="test")
    found = complete(overview(desk_of(context)))
    assert found["trading"]["realised_pnl"] == 0
    assert found["reasons"]["trading.orders"] == "No order event is known in this period."
    assert found["reasons"]["trading.net_pnl"] == "No price is known yet for AAPL."
    assert found["reasons"]["portfolio.nav"].startswith("A1: No deposit")


def test_the_share_of_the_limit_needs_a_limit_and_a_tail(tmp_path, sqlite_database):
    from app.jobs.derive import derive
    from app.storage.records import counters

    context = context_of(tmp_path, sqlite_database)
    days = [date(2026, 1, 1).toordinal() + n for n in range(150)]
    prices = "instrument_id date close currency\n" + "\n".join(
        f"AAPL {date.fromordinal(day)} {190 + (7 * n) % 11} USD" for n, day in enumerate(days)
    )
    executions = "\n".join(FIRM["executions"].splitlines()[:3]).replace("2026-11-18", "2026-01-01")
    land(
        context,
        "acme",
        accounts=FIRM["accounts"],
        instruments=FIRM["instruments"],
        executions=executions,
        prices=prices,
    )
    derive(context, "acme", cause="test")
    before = complete(overview(desk_of(context)))
    assert before["portfolio"]["var_99_1d"] > 0
    assert before["portfolio"]["es_975_1d"] > 0
    assert before["reasons"]["portfolio.var_limit_used"] == "No limit on value at risk has been set."
    with sqlite_database.session("acme", write=True) as session:
        session.add(Limit(name="VaR", measure="var_99_1d", value=2000, created_by="u"))
        counters.bump(session, "acme", "limits")
    after = complete(overview(desk_of(context)))
    assert after["portfolio"]["var_limit_used"] == pytest.approx(before["portfolio"]["var_99_1d"] / 2000)
