"""Value at risk by filtered historical simulation: what it says, and how it is judged."""

import numpy as np
import polars as pl
import pytest

from analytics.models._skill import skill
from analytics.models._walk import walk_forward
from analytics.models.value_at_risk import DECAYS, ValueAtRisk, ticks
from analytics.portfolio.risk import expected_shortfall, value_at_risk
from tests.analytics.models._tables_value_at_risk import books


def one_evening(replay) -> pl.DataFrame:
    table = books(1)["books"].head(1).with_columns(replay=pl.Series([list(replay)]))
    return ValueAtRisk().features({"books": table})


def test_at_constant_volatility_it_is_the_plain_figure_and_after_a_storm_it_is_larger():
    rng = np.random.default_rng(3)
    calm = rng.choice([-1.0, 1.0], 300)
    rows = one_evening(calm)
    assert rows["var_99_0.94"][0] == pytest.approx(rows["plain_var_99"][0], rel=1e-9)
    storm = one_evening(np.concatenate([rng.normal(size=280), 5 * rng.normal(size=20)]))
    lull = one_evening(np.concatenate([5 * rng.normal(size=20), rng.normal(size=280)]))
    assert storm["var_99_0.94"][0] > 1.5 * storm["plain_var_99"][0]
    assert lull["var_99_0.94"][0] < lull["plain_var_99"][0]


def test_its_figures_are_those_of_the_rest_of_the_product():
    sample = np.random.default_rng(5).standard_t(4, size=317)
    rows = one_evening(sample)
    for name, of in (("var_95", value_at_risk), ("var_99", value_at_risk), ("es_975", expected_shortfall)):
        confidence = float(name[-2:]) / 100 if len(name) == 6 and name[-3] == "_" else 0.975
        assert rows[f"plain_{name}"][0] == pytest.approx(of(sample, confidence=confidence), rel=1e-12)


def test_evenings_with_too_little_history_or_without_holdings_say_nothing():
    assert one_evening(np.ones(59)).height == 0
    assert one_evening(np.zeros(100)).height == 0


def test_it_beats_the_plain_history_where_volatility_moves_and_is_backtested_by_book():
    model = ValueAtRisk()
    tested = walk_forward(model, model.features(books(7, days=700, replayed=250)))
    found = skill(model, tested)
    assert found.shown
    assert model.decay_ in DECAYS
    told = model.calibration(tested)
    held = {band["nominal"]: band["held"] for band in told["bands"]}
    assert held[0.95] == pytest.approx(0.95, abs=0.02)
    assert list(told["backtests"]) == ["desk/a", "organisation"]
    book = told["backtests"]["organisation"]
    assert [test["name"] for test in book["tests"]] == [
        "kupiec_pof", "christoffersen_independence", "conditional_coverage", "acerbi_szekely_z2",
    ]  # fmt: skip
    assert (book["n"], book["zone"]) == (tested.filter(pl.col("book") == "organisation").height, "green")


def test_tick_loss_is_least_at_the_true_quantiles():
    pnl = np.random.default_rng(0).normal(size=200_000)

    def loss(a: float, b: float) -> float:
        figures = np.column_stack([np.full(len(pnl), a), np.full(len(pnl), b)])
        return float(ticks(pnl, figures, np.ones(len(pnl))).mean())

    best = loss(1.645, 2.326)
    assert best < min(loss(1.4, 2.326), loss(1.9, 2.326), loss(1.645, 2.0), loss(1.645, 2.7))
