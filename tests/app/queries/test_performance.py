"""Performance from the lake to the answer: the book's figures, the edges, and why methods differ."""

import math
from datetime import date
from decimal import Decimal

import numpy as np
import pytest

from app.errors import Invalid, NotFound
from app.jobs.derive import derive
from app.queries import passports, performance
from app.scope import Scope
from tests.analytics.portfolio._bacon import BENCHMARK, PORTFOLIO
from tests.app._world import context_of, desk_of, land

ENDS = [date(2023 + m // 12, m % 12 + 1, 28) for m in range(24)]
OPENED = date(2022, 12, 28)
ACCOUNT = "account_id kind base_currency desk benchmark_id\nA1 house USD D1 {benchmark}"
THING = "instrument_id symbol name asset_class currency\nAAPL AAPL Apple equity USD"


def fund(tmp_path, database, *, returns, benchmark=(), flows=(), fee="0", days=None, named="-"):
    """Land one account that puts 1,000,000 into one share whose price makes ``returns``, and derive it."""
    context = context_of(tmp_path, database)
    days = days or ENDS[: len(returns)]
    price, prices = Decimal(100), [(OPENED, Decimal(100))]
    for day, r in zip(days, returns, strict=True):
        price = price * (1 + Decimal(str(r)))
        prices.append((day, price))
    tables = {
        "accounts": ACCOUNT.format(benchmark=named),
        "instruments": THING,
        "executions": (
            "exec_id order_id account_id trader_id instrument_id side last_qty last_px currency transact_time commission\n"
            f"E1 O1 A1 T1 AAPL buy 10000 100 USD {OPENED}T14:30:00 {fee}"
        ),
        "prices": "instrument_id date close currency\n"
        + "\n".join(f"AAPL {d} {p:.12f} USD" for d, p in prices),
        "cash_flows": "account_id flow_id date kind amount currency\n"
        + "\n".join(
            f"A1 F{n} {day} {'deposit' if amount > 0 else 'withdrawal'} {amount} USD"
            for n, (day, amount) in enumerate([(OPENED, 1_000_000), *flows])
        ),
    }
    if len(benchmark):
        level, rows = Decimal(1000), [(OPENED, Decimal(1000))]
        for day, r in zip(days, benchmark, strict=True):
            level *= 1 + Decimal(str(r))
            rows.append((day, level))
        tables["benchmarks"] = "benchmark_id date level\n" + "\n".join(f"SPX {d} {v:.12f}" for d, v in rows)
    land(context, "acme", **tables)
    derive(context, "acme", cause="test")
    return context


def asked(context, start=ENDS[0], **extra):
    return desk_of(context, scope=Scope(start=start, extra=extra))


def by_name(answer):
    return {row["name"]: row for row in answer["metrics"]}


def every_number(value):
    if isinstance(value, float):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from every_number(one)
    elif isinstance(value, (list, tuple)):
        for one in value:
            yield from every_number(one)
    elif hasattr(value, "to_dicts"):
        yield from every_number(value.to_dicts())


@pytest.fixture(scope="module")
def book(module_database, tmp_path_factory):
    return fund(
        tmp_path_factory.mktemp("home"), module_database, returns=PORTFOLIO, benchmark=BENCHMARK, named="SPX"
    )


def test_the_book_s_figures_come_through_the_whole_path(book):
    found = performance.performance(asked(book, frequency="monthly", mar="0.005"))
    table = by_name(found)
    assert {row["n"] for row in found["metrics"]} == {24}
    for name, expected in {
        "annualised_return": 0.10367829, "sharpe_ratio": 0.78832025, "beta": 0.99885021,
        "max_drawdown": -0.14467296, "omega_ratio": 1.29179331,
    }.items():  # fmt: skip
        assert table[name]["value"] == pytest.approx(expected, abs=5e-8), name
    assert len(found["metrics"]) == 40
    assert found["benchmark"] == "SPX"


def test_every_figure_says_under_what_it_was_taken(book):
    table = by_name(performance.performance(asked(book, frequency="monthly", risk_free="0.001")))
    assert table["sharpe_ratio"]["convention"] | {"standard_error": "opdyke"} == {
        "mean": "arithmetic", "risk_free": 0.001, "standard_error": "opdyke", "ddof": 1, "periods_per_year": 12,
        "frequency": "monthly", "costs": "net", "flow_timing": "start", "weighting": "time",
    }  # fmt: skip
    assert table["beta"]["convention"]["benchmark"] == "SPX"


def test_one_return_a_month_is_the_same_by_day_and_by_month(book):
    daily, monthly = (
        by_name(performance.performance(asked(book, frequency=f))) for f in ("daily", "monthly")
    )
    assert daily["total_return"]["value"] == pytest.approx(monthly["total_return"]["value"], rel=1e-12)
    assert monthly["annualised_return"]["value"] is not None
    assert daily["annualised_return"]["reason"] == "needs a year (252 periods)"


def test_readings_begin_with_the_figure_that_is_shown(book):
    for extra in ({}, {"frequency": "monthly", "mar": "0.005", "risk_free": "0.002"}):
        desk = asked(book, **extra)
        for row in performance.performance(desk)["metrics"]:
            readings = performance.readings(desk, row["name"])
            if readings:
                shown = row["value"]
                ours = readings[0]["value"]
                assert (ours is None) == (shown is None), row["name"]
                assert shown is None or ours == pytest.approx(shown, rel=1e-12), row["name"]


def test_the_first_day_of_a_period_is_earned_on_what_was_there_before(book):
    one = performance.returns(asked(book, start=ENDS[5]), performance.Terms())
    assert one["rows"]["return"].to_numpy() == pytest.approx(PORTFOLIO[5:], abs=1e-9)


def test_falls_months_spread_and_course_speak_of_the_same_returns(book):
    desk = asked(book, frequency="monthly")
    table = by_name(performance.performance(desk))
    assert performance.drawdowns(desk)["rows"]["depth"][0] == table["max_drawdown"]["value"]
    course = performance.course(desk)["rows"]
    assert course["index"][-1] / 100 - 1 == pytest.approx(table["total_return"]["value"])
    assert course["benchmark_index"][-1] / 100 == pytest.approx(float(np.prod(1 + BENCHMARK)))
    months = performance.months(desk)["rows"]
    assert months.filter(months["month"] > 0)["return"].to_numpy() == pytest.approx(PORTFOLIO, abs=1e-9)
    spread = performance.distribution(desk)
    assert spread["rows"]["count"].sum() == spread["n"] == 24
    last = performance.rolling(desk, window="year")["rows"].to_dicts()[-1]
    assert last["sharpe"] == pytest.approx(
        PORTFOLIO[12:].mean() / PORTFOLIO[12:].std(ddof=1) * 12**0.5, rel=1e-6
    )
    assert last["beta"] == pytest.approx(
        np.cov(PORTFOLIO[12:], BENCHMARK[12:])[0, 1] / BENCHMARK[12:].var(ddof=1), rel=1e-6
    )


def test_a_rolling_sharpe_ratio_is_over_the_risk_free_rate(book):
    last = performance.rolling(asked(book, frequency="monthly", risk_free="0.002"), window="year")["rows"][
        "sharpe"
    ][-1]
    excess = PORTFOLIO[12:] - 0.002
    assert last == pytest.approx(excess.mean() / excess.std(ddof=1) * 12**0.5, rel=1e-6)


def test_without_flows_the_three_methods_agree(book):
    found = performance.money_weighted(asked(book))
    twr, dietz, irr = (row["period"] for row in found["rows"])
    assert twr == pytest.approx(dietz) == pytest.approx(irr)
    assert "the methods agree" in found["why"]


def test_money_before_a_good_month_weighs_more(tmp_path, sqlite_database):
    # 1,000,000 loses a tenth; then 900,000 more comes, uninvested: the second month's gain is halved.
    context = fund(tmp_path, sqlite_database, returns=[-0.1, 0.2], flows=[(ENDS[1], 900_000)], days=ENDS[:2])
    found = performance.money_weighted(asked(context))
    twr, dietz, irr = (row["period"] for row in found["rows"])
    assert twr == pytest.approx(0.9 * 1.1 - 1)
    days = (ENDS[1] - ENDS[0]).days + 1
    assert dietz == pytest.approx(80_000 / (1_000_000 + 900_000 * 1 / days))
    assert irr == pytest.approx(dietz, abs=0.005)
    assert found["why"].startswith("Money moved (1 flow, 90.0% of the opening value in on balance).")
    assert found["rows"][0]["annual_reason"] == f"needs a year, has {days} days"


def test_gross_adds_back_what_was_paid(tmp_path, sqlite_database):
    context = fund(tmp_path, sqlite_database, returns=[0.01, 0.02, -0.01], fee="5000")
    rows = {r["name"]: r for r in performance.gross_and_net(asked(context, start=None))["rows"]}
    assert rows["total_return"]["gross"] - rows["total_return"]["net"] > 0.004
    gross = performance.returns(asked(context, start=None), performance.Terms(costs="gross"))["rows"][
        "return"
    ]
    assert gross[0] == pytest.approx(0.0)
    net = performance.returns(asked(context, start=None), performance.Terms())["rows"]["return"]
    assert net[0] == pytest.approx(-0.005)


@pytest.mark.parametrize(
    "case",
    [
        {"returns": []}, {"returns": [0.01]}, {"returns": [0.0] * 14}, {"returns": [-0.02] * 14},
        {"returns": [0.01, -0.999999999999, 0.1]}, {"returns": [0.01] * 3, "benchmark": [0.0] * 3},
        {"returns": [0.01] * 4, "flows": [(ENDS[1], -5_000_000)]},
        {"returns": [0.01] * 4, "flows": [(ENDS[1], 50_000_000)]},
    ],
    ids=["nothing after", "one", "flat", "all losses", "ruin", "flat benchmark", "more out than there is", "flood"],
)  # fmt: skip
def test_edges_are_declared_and_finite(tmp_path, sqlite_database, case):
    context = fund(tmp_path, sqlite_database, **case)
    for start, frequency in ((None, "daily"), (ENDS[0], "weekly"), (ENDS[0], "monthly")):
        desk = asked(context, start=start, frequency=frequency)
        found = performance.report(desk)
        found["series"] = performance.course(desk)["rows"]
        found["rolling"] = performance.rolling(desk, window="quarter")
        assert all(math.isfinite(number) for number in every_number(found))
        assert all(row["reason"] for row in found["metrics"] if row["value"] is None)
        assert len(found["metrics"]) == 40


def test_money_taken_out_beyond_what_is_there_leaves_the_days_after_without_a_return(
    tmp_path, sqlite_database
):
    context = fund(tmp_path, sqlite_database, returns=[0.01] * 4, flows=[(ENDS[1], -5_000_000)])
    found = performance.performance(asked(context))
    assert found["left_out"] == 3
    weighted = performance.money_weighted(asked(context))
    assert weighted["rows"][0]["period"] == pytest.approx(0.01)


def test_nothing_known_is_said_in_every_part(book):
    desk = desk_of(book, org="zenith")
    found = performance.report(desk)
    assert {row["value"] for row in found["metrics"]} == {None}
    reasons = {row["reason"] for row in found["metrics"]}
    assert reasons == {"No net asset value is known in this period.", "No benchmark is known."}
    assert found["money_weighted"]["why"] == "No net asset value is known in this period."
    assert performance.rolling(desk)["reasons"]["rows"]


def test_a_trader_s_view_has_no_performance_and_says_why(book):
    found = performance.performance(desk_of(book, scope=Scope(trader=("T1",))))
    assert found["metrics"][0]["reason"] == "Positions and P&L are kept by account, not by trader."


def test_no_benchmark_can_be_asked_for(book):
    found = performance.performance(asked(book, benchmark="none"))
    assert found["benchmark"] is None
    assert by_name(found)["beta"]["reason"] == "No benchmark is chosen."
    assert by_name(found)["total_return"]["value"] is not None


@pytest.mark.parametrize(
    ("extra", "field"),
    [
        ({"frequency": "hourly"}, "frequency"), ({"risk_free": "much"}, "risk_free"), ({"mar": "nan"}, "mar"),
        ({"risk_free": "0.5"}, "risk_free"), ({"costs": "some"}, "costs"), ({"benchmark": "MOON"}, "benchmark"),
    ],
)  # fmt: skip
def test_terms_that_do_not_fit_are_named(book, extra, field):
    with pytest.raises(Invalid) as refused:
        performance.performance(asked(book, **extra))
    assert [error.field for error in refused.value.errors] == [field]


def test_a_window_that_does_not_exist_is_refused(book):
    with pytest.raises(Invalid):
        performance.rolling(asked(book), window="decade")


def test_a_passport_tells_definition_value_readings_and_versions(book):
    found = passports.passport(asked(book, frequency="monthly"), "performance:sharpe_ratio")
    assert found["title"] == "Sharpe ratio"
    assert found["definition"]["formula"].startswith("mean(r - rf) / sd(r - rf)")
    assert found["record"]["value"] == found["readings"][0]["value"] == pytest.approx(0.78832025, abs=5e-8)
    assert found["record"]["low"] < found["record"]["value"] < found["record"]["high"]
    assert len(found["readings"]) > 2
    assert set(found["versions"]) >= {"daily_nav", "benchmarks"}
    assert found["period"]["from"] == ENDS[0].isoformat()


def test_a_passport_picks_among_records_of_one_name(book, monkeypatch):
    both = [
        {
            "name": "value_at_risk",
            "value": v,
            "unit": "currency",
            "n": 9,
            "convention": {"method": m, "days": 1},
        }
        for v, m in ((1.0, "historical"), (2.0, "ewma"))
    ]
    subject = passports.Subject(records=lambda _: both)
    monkeypatch.setattr(passports, "subjects", lambda: {"tail": subject})
    found = passports.passport(asked(book), "tail:value_at_risk?method=ewma&days=1")
    assert found["record"]["value"] == 2.0
    assert found["definition"]["parameters"]["method"]


def test_a_measure_nobody_knows_has_no_passport(book):
    with pytest.raises(NotFound):
        passports.passport(asked(book), "performance:luck")
    declared_elsewhere = passports.passport(asked(book), "nowhere:hhi")
    assert declared_elsewhere["record"] is None
    assert declared_elsewhere["definition"]["formula"]
