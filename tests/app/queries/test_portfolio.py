"""Holdings, exposure, net asset value, risk and reconciliation of a desk."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from app.errors import Invalid
from app.jobs.derive import derive
from app.queries import portfolio, search
from app.scope import Scope
from tests.app._world import context_of, desk_of, land
from tests.app.queries._firm import FIRM


def test_positions_stand_beside_what_the_broker_says(firm):
    rows = portfolio.positions(desk_of(firm))
    columns = ("account_id", "symbol", "quantity", "market_value", "broker_quantity", "difference")
    assert rows.select(columns).rows() == [
        ("A1", "AAPL", 60, 11580, 60, 0),
        ("A2", "SAP", 10, 2412, 11, -1),
    ]
    assert rows["weight"].sum() == pytest.approx(1)
    assert rows["price_date"].to_list() == [date(2026, 11, 20), date(2026, 11, 19)]


def test_positions_of_an_earlier_day(firm):
    rows = portfolio.positions(desk_of(firm, scope=Scope(end=date(2026, 11, 18))))
    assert rows.select("symbol", "quantity", "market_value", "broker_quantity").rows() == [
        ("AAPL", 100, 19000, None)
    ]


@pytest.mark.parametrize(
    ("group", "expected"),
    [
        ("instrument", ["AAPL", "XETR:SAP"]), ("sector", ["Tech", None]), ("currency", ["USD", "EUR"]),
        ("desk", ["D1", "D2"]), ("country", [None]), ("asset_class", ["equity"]), ("account", ["A1", "A2"]),
    ],
)  # fmt: skip
def test_exposure_by_any_group_sums_to_the_whole(firm, group, expected):
    found = portfolio.exposure(desk_of(firm), group_by=group)
    assert found["rows"]["group"].to_list() == expected
    assert float(found["rows"]["gross"].sum()) == pytest.approx(found["total"]["gross_exposure"]) == 13992
    assert found["rows"]["weight"].sum() == pytest.approx(1)
    assert found["date"] == date(2026, 11, 20)


def test_exposure_is_not_grouped_by_anything_else(firm):
    with pytest.raises(Invalid):
        portfolio.exposure(desk_of(firm), group_by="quantity")


def test_net_asset_value_by_session_with_returns(firm):
    found = portfolio.nav_series(desk_of(firm))
    rows = found["rows"]
    assert rows["nav"].to_list() == pytest.approx([154_988.5, 160_161.2, 160_221.2])
    assert rows["flow"].to_list() == [155_000, 0, 0]
    assert rows["pnl"].to_list() == pytest.approx([-11.5, 5172.7, 60])
    first, second, third = -11.5 / 155_000, 160_161.2 / 154_988.5 - 1, 60 / 160_161.2
    assert rows["return"].to_list() == pytest.approx([first, second, third])
    assert rows["drawdown"].to_list() == pytest.approx([first, 0, 0])
    assert found["reasons"] == {}


def test_performance_states_value_interval_n_and_convention(firm):
    found = portfolio.performance(desk_of(firm))
    by_name = {metric["name"]: metric for metric in found["metrics"]}
    whole = (1 - 11.5 / 155_000) * 160_221.2 / 154_988.5 - 1
    assert by_name["total_return"]["value"] == pytest.approx(whole)
    assert by_name["total_return"]["n"] == 3
    sharpe = by_name["sharpe_ratio"]
    assert sharpe["low"] < sharpe["value"] < sharpe["high"]
    assert by_name["annualised_return"]["value"] is None
    assert by_name["annualised_return"]["reason"] == "needs a year (252 periods)"
    assert by_name["beta"]["n"] == 3
    assert found["benchmark"] == "SPX"


def test_a_tail_needs_a_history(firm):
    found = portfolio.risk(desk_of(firm))
    assert found["var_99_1d"] is None
    assert found["reasons"]["var_99_1d"].endswith("(XETR:SAP has 1); 100 are needed.") or found["n"] < 100


def test_a_foreign_holding_also_moves_with_its_rate(tmp_path, sqlite_database):
    context = context_of(tmp_path, sqlite_database)
    days = [date(2026, 1, 1) + timedelta(n) for n in range(121)]
    land(
        context,
        "acme",
        accounts=FIRM["accounts"],
        instruments=FIRM["instruments"],
        executions="\n".join(FIRM["executions"].splitlines()[i] for i in (1, 4)).replace(
            "2026-11-19", "2026-01-01"
        ),
        prices="instrument_id date close currency\n" + "\n".join(f"XETR:SAP {day} 200 EUR" for day in days),
        fx_rates="date from_currency to_currency rate\n"
        + "\n".join(f"{day} EUR USD {1.25 if n % 2 else 1}" for n, day in enumerate(days)),
    )
    derive(context, "acme", cause="test")
    found = portfolio.risk(desk_of(context))
    # 2,000 EUR at a rate of 1; half of the days it fell by a fifth.
    assert found["n"] == 120 - 1
    assert found["var_99_1d"] == found["es_975_1d"] == pytest.approx(400)
    own = portfolio.risk(desk_of(context, scope=Scope(currency="EUR")))
    assert own["var_99_1d"] == 0


def test_holdings_are_reconciled_with_the_broker(firm):
    found = portfolio.reconciliation(desk_of(firm))
    assert found["counts"] == {"matched": 1, "quantity_break": 1}
    assert found["rows"].select("symbol", "difference", "state").rows() == [
        ("SAP", Decimal(-1), "quantity_break"), ("AAPL", 0, "matched"),
    ]  # fmt: skip
    assert found["tolerance"] == 1e-6


def test_nothing_held_answers_in_shape(firm):
    desk = desk_of(firm, org="zenith")
    assert portfolio.positions(desk).is_empty()
    assert portfolio.exposure(desk)["rows"].is_empty()
    assert portfolio.nav_series(desk)["rows"].is_empty()
    assert portfolio.risk(desk)["var_99_1d"] is None
    assert all(
        metric["value"] is None and metric["reason"] for metric in portfolio.performance(desk)["metrics"]
    )
    assert portfolio.reconciliation(desk)["reasons"]["rows"]


def test_search_finds_exact_before_leading_before_inside(firm):
    hits = search.search(desk_of(firm), " aap ")
    assert [(hit["kind"], hit["id"], hit["href"]) for hit in hits] == [
        ("instrument", "AAPL", "/portfolio/positions?instrument=AAPL")
    ]
    assert [hit["id"] for hit in search.search(desk_of(firm), "o1")] == ["O1"]
    assert [hit["href"] for hit in search.search(desk_of(firm), "sap")] == [
        "/portfolio/positions?instrument=XETR%3ASAP"
    ]
    assert search.search(desk_of(firm), "  ") == []
    assert search.search(desk_of(firm), "\ud800") == []
    assert search.search(desk_of(firm), "'; drop table --%_\0") == []


def test_search_shows_nobody_else_s_accounts_people_or_orders(firm):
    mine = desk_of(firm, role="trader", desks=("D2",))
    assert {hit["id"] for hit in search.search(mine, "o")} == {"T2", "A2"}
    assert search.search(mine, "o1") == []
    assert search.search(desk_of(firm, org="zenith"), "aapl") == []
