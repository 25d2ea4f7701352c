"""Every model: no look into the future, no skill on noise, the same twice; and what skill means."""

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from analytics.models._base import all_models, by_fold, card, diebold_mariano, folds, skill, walk_forward
from analytics.models.volatility import Volatility

MODELS = all_models()
DAYS = 420


def prices(
    seed: int = 0, *, days: int = DAYS, names: int = 6, clustered: bool = True
) -> dict[str, pl.DataFrame]:
    """Return daily prices; with ``clustered`` their variance is a persistent process of three speeds."""
    rng = np.random.default_rng(seed)
    rows = []
    common = np.zeros(days)
    for day in range(1, days):
        common[day] = 0.97 * common[day - 1] + 0.25 * rng.normal()
    for name in range(names):
        own = np.zeros(days)
        for day in range(1, days):
            own[day] = 0.6 * own[day - 1] + 0.5 * rng.normal()
        swing = 0.012 * np.exp((common + own) / 2) if clustered else np.full(days, 0.012)
        close = 100 * np.exp(np.cumsum(swing * rng.normal(size=days)))
        for day in range(days):
            at = date(2024, 1, 1) + timedelta(days=day)
            rows.append((f"N{name}", at, "raw", close[day] * 1.01, close[day] * 0.99, close[day]))
    columns = ["instrument_id", "date", "adj_basis", "high", "low", "close"]
    return {"prices": pl.DataFrame(rows, schema=columns, orient="row")}


def until(tables, day: date):
    return {name: frame.filter(pl.col("date") <= day) for name, frame in tables.items()}


@pytest.mark.parametrize("kind", MODELS.values(), ids=MODELS)
@pytest.mark.parametrize("cut", [60, 250, 400])
def test_cutting_the_data_after_a_day_changes_no_prediction_up_to_it(kind, cut):
    tables, day = prices(), date(2024, 1, 1) + timedelta(days=cut)
    model = kind()
    inputs = [c for c in model.features(tables).columns if c != "target"]
    whole = model.features(tables).filter(pl.col("date") <= day).select(inputs)
    short = model.features(until(tables, day)).select(inputs)
    key = ["instrument_id", "date"]
    assert short.sort(key).equals(whole.sort(key))
    fitted = kind().fit(model.features(tables).drop_nulls())
    assert np.array_equal(fitted.predict(short.sort(key)), fitted.predict(whole.sort(key)))


@pytest.mark.parametrize("kind", MODELS.values(), ids=MODELS)
def test_a_target_is_not_known_before_its_horizon_has_passed(kind):
    rows = kind().features(prices())
    open_days = rows.filter(pl.col("target").is_null())["date"].n_unique()
    assert open_days == kind.horizon


@pytest.mark.parametrize("kind", MODELS.values(), ids=MODELS)
def test_shuffled_targets_give_no_skill(kind):
    model = kind()
    rows = model.features(prices(3)).drop_nulls()
    order = np.random.default_rng(1).permutation(rows.height)
    mixed = rows.with_columns(target=rows["target"].gather(order))
    # The baseline is mixed away too, so the honest yardstick is the mean of what was known before.
    found = walk_forward(model, mixed)
    mean = walk_forward(model, mixed.with_columns(pl.lit(0.0).alias(c) for c in inputs_of(rows)))
    yardstick = found.with_columns(baseline=mean["predicted"])
    measured = skill(model, yardstick)
    assert measured.value < 0.005
    assert not measured.shown


def inputs_of(rows: pl.DataFrame) -> list[str]:
    return [c for c in rows.columns if c not in ("instrument_id", "date", "target", "baseline")]


@pytest.mark.parametrize("kind", MODELS.values(), ids=MODELS)
def test_training_twice_and_on_shuffled_rows_predicts_the_same(kind):
    tables = prices(4)
    mixed = {name: frame.sample(fraction=1.0, shuffle=True, seed=5) for name, frame in tables.items()}
    once, twice, other = (walk_forward(kind(), kind().features(given)) for given in (tables, tables, mixed))
    assert once.equals(twice)
    assert np.allclose(once["predicted"], other["predicted"], rtol=1e-9, atol=0)


@pytest.mark.parametrize("kind", MODELS.values(), ids=MODELS)
def test_a_stored_state_predicts_the_same_and_every_prediction_has_three_reasons(kind):
    rows = kind().features(prices(2)).drop_nulls()
    fitted = kind().fit(rows)
    again = kind().load(fitted.state())
    assert np.array_equal(again.predict(rows), fitted.predict(rows))
    assert {len(reasons) for reasons in fitted.reasons(rows.head(20))} == {3}


def test_it_beats_the_baseline_where_variance_has_several_speeds_and_says_so():
    found = skill(
        Volatility(), walk_forward(Volatility(), Volatility().features(prices(11, days=900, names=8)))
    )
    assert found.shown
    assert found.p < 0.05
    assert found.low < found.value < found.high


def test_too_few_days_give_no_record():
    tested = walk_forward(Volatility(), Volatility().features(prices(days=200)))
    assert skill(Volatility(), tested).as_dict() == {
        "value": None, "low": None, "high": None, "p": None, "n": 0, "loss": None, "baseline_loss": None,
        "shown": False,
    }  # fmt: skip


def test_qlike_is_zero_at_the_truth_and_positive_elsewhere():
    one = np.array([1.0, 1.0, 1.0])
    assert Volatility().loss(one, np.array([1.0, 2.0, 0.5])).tolist() == pytest.approx(
        [0.0, 0.5 + np.log(2) - 1, 2 - np.log(2) - 1]
    )


def test_the_baseline_is_the_fading_average_by_hand():
    tables = prices(days=60, names=1)
    close = tables["prices"]["close"].to_numpy()
    squares = np.diff(np.log(close)) ** 2
    by_hand = squares[0]
    for square in squares[1:]:
        by_hand = 0.94 * by_hand + 0.06 * square
    rows = Volatility().features(tables)
    # Days quieter than a hundredth of the average are lifted to it, which moves the average a little.
    assert rows["baseline"][-1] == pytest.approx(by_hand, rel=0.01)


def test_folds_leave_out_the_horizon_and_the_embargo():
    found = list(folds(300, horizon=5, first=250, width=21, embargo=5))
    assert [(f.train_end, f.test_start, f.test_end) for f in found] == [
        (240, 250, 271),
        (261, 271, 292),
        (282, 292, 300),
    ]


def test_diebold_mariano_is_uniform_on_noise_and_small_on_a_difference():
    rng = np.random.default_rng(0)
    p = [diebold_mariano(rng.normal(size=300), lags=5) for _ in range(300)]
    assert 0.01 <= np.mean(np.array(p) < 0.05) <= 0.11
    assert diebold_mariano(rng.normal(0.5, 1, 300), lags=5) < 1e-6
    assert diebold_mariano(np.zeros(50), lags=5) == 1.0


@pytest.mark.parametrize("kind", MODELS.values(), ids=MODELS)
def test_the_card_says_all_that_must_be_known(kind):
    model = kind()
    tested = walk_forward(model, model.features(prices()))
    made = card(model, skill(model, tested), tested)
    for name in (
        "purpose",
        "inputs",
        "target",
        "horizon",
        "baseline",
        "metric",
        "references",
        "limits",
        "folds",
    ):
        assert made[name], name
    assert sum(fold["n"] for fold in by_fold(model, tested)) == tested["date"].n_unique()
