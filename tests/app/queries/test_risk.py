"""Risk of a book with a history: methods, back-test, parts, factors, correlations, drawdown."""

import shutil

import numpy as np
import pytest

from analytics.portfolio.risk import value_at_risk
from analytics.portfolio.var import METHODS
from app.errors import Invalid
from app.queries import portfolio, risk, risk_backtest, risk_structure
from app.queries._evenings import course
from app.scope import Scope
from app.storage.database import Database
from tests.app._world import context_of, desk_of
from tests.app.queries._traded import closes, found_firm, weekdays

SIZES = np.array([100.0, 200.0, 50.0, -80.0])


@pytest.fixture(scope="module")
def traded(module_database, tmp_path_factory):
    context = context_of(tmp_path_factory.mktemp("traded"), module_database)
    found_firm(context)
    return context


@pytest.fixture
def other(empty_sqlite, tmp_path):
    """Return ``other(**how)``: a firm of its own."""
    shutil.copy(empty_sqlite, tmp_path / "records.db")
    database = Database(f"sqlite:///{tmp_path / 'records.db'}")

    def made(**how):
        context = context_of(tmp_path / "home", database)
        found_firm(context, **how)
        return desk_of(context)

    yield made
    database.close()


def levels():
    return closes(380).round(6)


def test_the_course_of_the_book_is_what_prices_and_trades_say(traded):
    book = course(desk_of(traded))
    assert book.dates == tuple(weekdays(380)[1:])
    assert book.values == pytest.approx(levels()[1:] * SIZES)
    assert book.realised == pytest.approx((np.diff(levels(), axis=0) * SIZES).sum(axis=1), abs=1e-5)


def test_the_back_test_sets_each_day_against_the_evening_before(traded):
    found = risk_backtest.backtest(desk_of(traded), sessions=250)
    rows = found["rows"].to_dicts()
    last, price = rows[-1], levels()
    returns = price[1:] / price[:-1] - 1
    assert len(rows) == 250
    assert (last["made"], last["date"]) == tuple(weekdays(380)[-2:])
    # The evening of the 379th session knows the 378 returns up to it.
    assert last["var"] == pytest.approx(value_at_risk(returns[:378] @ (price[378] * SIZES), confidence=0.99))
    earned = pytest.approx(float((price[379] - price[378]) @ SIZES), abs=1e-5)
    assert last["pnl"] == earned
    assert last["hypothetical"] == earned
    hits = [row["date"] for row in rows if row["pnl"] < -row["var"]]
    assert [row["date"] for row in found["exceptions"]] == hits[::-1]
    assert found["metrics"][0]["value"] == len(hits) == found["zone"]["exceptions"]
    assert found["metrics"][1]["value"] == pytest.approx(2.5)


def test_every_test_of_the_model_has_a_number_and_a_word(traded):
    tests = risk_backtest.backtest(desk_of(traded))["tests"]
    assert [test["name"] for test in tests] == [
        "kupiec_pof", "christoffersen_independence", "conditional_coverage", "acerbi_szekely_z2",
        "pit_uniformity", "volatility_bias",
    ]  # fmt: skip
    for test in tests:
        assert test["result"] == risk_backtest.result(test["p_value"])
        assert (test["value"] is None) == bool(test["reason"])


@pytest.mark.parametrize(
    ("p_value", "word"),
    [(0.05, "holds"), (0.049, "watch"), (0.01, "watch"), (0.009, "fails"), (None, "unknown")],
)
def test_a_p_value_has_a_word(p_value, word):
    assert risk_backtest.result(p_value) == word


def test_the_table_holds_every_method_and_the_worker_owes_the_filtered_one(traded):
    found = risk.report(desk_of(traded))
    cells = {(r["name"], r["convention"]["method"], r["convention"]["confidence"], r["convention"]["days"]): r
             for r in found["table"]}  # fmt: skip
    assert len(cells) == len(found["table"]) == 2 * len(METHODS) * 2 * 2
    for (_, method, _, _), cell in cells.items():
        if method == "filtered_historical":
            assert cell["value"] is None
            assert cell["reason"].startswith("It has not been fitted yet.")
        else:
            assert cell["value"] > 0
    asked = cells["value_at_risk", "historical", 0.99, 1]
    assert asked["value"] == found["var_99_1d"] == found["metrics"][0]["value"]
    assert asked["low"] < asked["value"] < asked["high"]


def test_other_confidences_and_horizons_are_answered_too(traded):
    found = risk.report(desk_of(traded), method="parametric", confidence=0.9, horizon=5)["metrics"]
    assert [metric["convention"]["days"] for metric in found] == [5, 5]
    assert found[0]["value"] < found[1]["value"]
    unkept = risk.report(desk_of(traded), method="filtered_historical", confidence=0.9)["metrics"]
    assert [metric["reason"] for metric in unkept] == [
        "It is kept at 95 and 99 %, over 1 and 10 sessions only."
    ] * 2


@pytest.mark.parametrize("how", [{"method": "guess"}, {"confidence": 0.4}, {"horizon": 0}])
def test_what_is_not_offered_is_refused(traded, how):
    with pytest.raises(Invalid):
        risk.report(desk_of(traded), **how)


def test_the_parts_sum_to_the_value_at_risk_and_the_hedge_takes_away(traded):
    found = risk.parts(desk_of(traded))
    rows = {row["instrument_id"]: row for row in found["rows"].to_dicts()}
    assert found["total"] == pytest.approx(portfolio.risk(desk_of(traded))["var_99_1d"])
    assert sum(row["component"] for row in rows.values()) == pytest.approx(found["total"], rel=1e-12)
    assert sum(row["share"] for row in rows.values()) == pytest.approx(1)
    assert rows["IDX"]["component"] < 0 < rows["BBB"]["component"]
    assert found["rows"]["instrument_id"][-1] == "IDX"
    without = portfolio.risk(desk_of(traded, scope=Scope(instrument=("AAA", "BBB", "CCC"))))["var_99_1d"]
    assert rows["IDX"]["incremental"] == pytest.approx(found["total"] - without)


def test_the_stressed_window_is_the_worst_one_on_record(traded):
    found = risk.stressed(desk_of(traded))
    price = levels()
    pnl = (price[1:] / price[:-1] - 1) @ (price[-1] * SIZES)
    tails = [-np.quantile(pnl[n : n + 250], 0.01) for n in range(379 - 249)]
    assert found["value"] == pytest.approx(max(tails))
    assert found["from"] == weekdays(380)[1 + int(np.argmax(tails))]
    assert found["value"] >= -np.quantile(pnl[-250:], 0.01)


def test_beta_is_the_sum_of_the_holdings_betas_over_nav(traded):
    found = risk.beta(desk_of(traded))
    price = levels()
    moves = (price[1:] / price[:-1] - 1)[-250:]
    betas = [np.cov(moves[:, n], moves[:, 3])[0, 1] / np.var(moves[:, 3], ddof=1) for n in range(4)]
    nav = portfolio.totals(desk_of(traded))[0]["nav"]
    assert found["value"] == pytest.approx(float(price[-1] * SIZES @ betas) / nav)
    assert found["course"][-2] == found["before"]
    assert found["benchmark"] == "MKT"


def test_factors_split_the_variance_and_tell_now_from_before(traded):
    found = risk_structure.factors(desk_of(traded))
    assert sum(row["share"] for row in found["variance"]) == pytest.approx(1)
    rows = {row["factor"]: row for row in found["rows"]}
    assert rows["market"]["exposure"] > 0
    assert {"market", "sector:Tech"} <= set(rows)
    assert found["per"] == "nav"
    alone = risk_structure.factors(desk_of(traded, scope=Scope(instrument=("AAA",))))
    assert alone["per"] == "gross"


@pytest.mark.parametrize("window", ["60", "250", "stress"])
def test_correlations_are_those_of_the_window(traded, window):
    found = risk_structure.correlation(desk_of(traded), window=window)
    matrix = np.array(found["matrix"], dtype=float)
    assert matrix == pytest.approx(matrix.T)
    assert sorted(found["instruments"]) == ["AAA", "BBB", "CCC", "IDX"]
    if window != "stress":
        price = levels()
        moves = (price[1:] / price[:-1] - 1)[-int(window) :]
        place = [("AAA", "BBB", "CCC", "IDX").index(name) for name in found["instruments"]]
        assert matrix == pytest.approx(np.corrcoef(moves[:, place].T), abs=1e-9)


def test_a_drawdown_knows_highs_from_before_its_window(traded):
    whole = risk_structure.underwater(desk_of(traded), years="all")
    year = risk_structure.underwater(desk_of(traded), years="1")
    assert whole["rows"].tail(252).rows() == year["rows"].rows()
    assert whole["worst"]["depth"][0] == pytest.approx(whole["rows"]["drawdown"].min())
    with pytest.raises(Invalid):
        risk_structure.underwater(desk_of(traded), years="5")


def test_the_key_figures_are_those_of_the_questions(traded):
    desk = desk_of(traded)
    values, reasons = risk.kpis(desk)
    assert values["var_99_1d"] == portfolio.risk(desk)["var_99_1d"]
    assert values["exceptions"] == risk_backtest.backtest(desk)["zone"]["exceptions"]
    assert values["beta"] == risk.beta(desk)["value"]
    assert values["leverage"] == portfolio.totals(desk)[0]["leverage"]
    assert values["drawdown"] == risk_structure.underwater(desk)["now"]
    assert values["var_99_1d_limit"] is None
    assert "var_99_1d" not in reasons


def everything(desk):
    """Ask every question of risk; returns the reasons given."""
    values, reasons = risk.kpis(desk)
    judged = {method: risk_backtest.backtest(desk, method=method) for method in METHODS}
    found = [risk.parts(desk)["reasons"], risk_structure.factors(desk)["reasons"],
             risk_structure.correlation(desk)["reasons"], risk_structure.underwater(desk)["reasons"]]  # fmt: skip
    numbers = [value for value in values.values() if isinstance(value, float)]
    numbers += [
        v
        for one in judged.values()
        for row in one["rows"].to_dicts()
        for v in row.values()
        if isinstance(v, float)
    ]
    numbers += [cell["value"] for cell in risk.report(desk)["table"] if cell["value"] is not None]
    assert np.isfinite(numbers).all()
    return reasons, [judged["historical"]["reasons"], *found]


def test_before_anything_is_known_every_question_says_so(traded):
    reasons, others = everything(desk_of(traded, org="zenith"))
    assert {"var_99_1d", "exceptions", "beta", "stressed_var_99_1d", "drawdown"} <= set(reasons)
    assert all(reasons.values())
    assert all(one for one in others)


def test_by_trader_nothing_is_claimed(traded):
    reasons, others = everything(desk_of(traded, scope=Scope(trader=("T1",))))
    assert "by account, not by trader" in reasons["exceptions"]
    assert all(one for one in others)


def test_prices_that_never_move_give_zero_risk_and_no_tests(other):
    desk = other(sessions=300, flat=True)
    everything(desk)
    assert portfolio.risk(desk)["var_99_1d"] == 0
    assert risk_backtest.backtest(desk)["zone"]["exceptions"] == 0
    assert risk.beta(desk)["value"] is None
    assert risk_structure.correlation(desk)["matrix"][0][1] is None


def test_one_observation_is_a_reason_everywhere(other):
    reasons, others = everything(other(sessions=2))
    assert (
        reasons["exceptions"].endswith("needs 100 observations, has 0.") or "judged" in reasons["exceptions"]
    )
    assert others[1]["rows"].startswith("Only 1 sessions have a return")


def test_a_short_history_is_a_reason(other):
    desk = other(sessions=60)
    reasons, _ = everything(desk)
    assert "60" in reasons["stressed_var_99_1d"] or "59" in reasons["stressed_var_99_1d"]
    assert risk_backtest.backtest(desk)["zone"] is None


def test_a_delisted_holding_keeps_its_last_price_and_stops_moving(other):
    desk = other(sessions=300, until={"CCC": 200})
    everything(desk)
    book = course(desk)
    place = book.instruments.index("CCC")
    assert book.returns[-50:, place] == pytest.approx(0)
    assert book.now[place] == pytest.approx(closes(300).round(6)[199, 2] * 50)
