"""The spine of all models: folds, the test of Diebold and Mariano, skill, calibration, drift, safe states."""

import base64
import io
import pickle
from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import FunctionTransformer

from analytics.models._base import Walk
from analytics.models._calibration import coverage, reliability
from analytics.models._skill import diebold_mariano, skill
from analytics.models._state import pack, unpack
from analytics.models._walk import Fold, folds
from analytics.models.volatility import Volatility

START = date(2025, 1, 1)


def test_folds_leave_out_the_horizon_and_the_embargo():
    found = list(folds(300, horizon=5, walk=Walk()))
    assert found == [Fold(0, 240, 250, 271), Fold(0, 261, 271, 292), Fold(0, 282, 292, 300)]


def test_a_span_limits_how_much_is_trained_on_and_folds_without_training_are_left_out():
    found = list(folds(30, horizon=1, walk=Walk(first=5, width=10, embargo=5, span=10)))
    assert found == [Fold(0, 9, 15, 25), Fold(9, 19, 25, 30)]


def test_diebold_mariano_is_uniform_on_noise_and_small_on_a_difference():
    rng = np.random.default_rng(0)
    p = [diebold_mariano(rng.normal(size=300), lags=5) for _ in range(300)]
    assert 0.01 <= np.mean(np.array(p) < 0.05) <= 0.11
    assert diebold_mariano(rng.normal(0.5, 1, 300), lags=5) < 1e-6
    assert diebold_mariano(np.zeros(50), lags=5) == 1.0


def record(days: int, loss, base) -> pl.DataFrame:
    dates = [START + timedelta(days=i) for i in range(days)]
    return pl.DataFrame({"date": dates, "fold": [0] * days, "loss": loss, "baseline_loss": base})


def test_skill_is_a_fraction_of_the_baselines_loss_or_a_difference_in_its_unit():
    class Bits(Volatility):
        skill_unit = "bits"

    rng = np.random.default_rng(1)
    base = rng.normal(-2, 0.1, 200)
    found = skill(Bits(), record(200, base - 0.5, base))
    assert (found.value, found.unit, found.shown) == (pytest.approx(0.5), "bits", True)
    assert skill(Volatility(), record(200, np.full(200, 0.8), np.ones(200))).value == pytest.approx(0.2)


def test_a_baseline_that_never_errs_gives_no_record_instead_of_infinities():
    found = skill(Volatility(), record(60, np.ones(60), np.zeros(60)))
    assert (found.value, found.shown, found.n) == (None, False, 60)


def test_reliability_is_zero_error_where_what_is_said_comes_true_and_large_where_not():
    rng = np.random.default_rng(2)
    said = rng.uniform(size=20_000)
    seen = (rng.uniform(size=20_000) < said).astype(float)
    honest = reliability(pl.DataFrame({"predicted": said, "target": seen}))
    proud = reliability(pl.DataFrame({"predicted": np.clip(2 * said - 0.5, 0, 1), "target": seen}))
    assert honest["ece"] < 0.02 < 0.1 < proud["ece"]
    assert honest["brier"] == pytest.approx(1 / 6, abs=0.01)
    assert sum(b["n"] for b in honest["bins"]) == 20_000
    assert reliability(pl.DataFrame({"predicted": [], "target": []}))["ece"] is None


def test_coverage_counts_what_a_band_held_by_month():
    rows = pl.DataFrame(
        {
            "date": [date(2025, 1, 1), date(2025, 1, 2), date(2025, 2, 3), date(2025, 2, 4)],
            "target": [0.0, 2.0, 0.5, -0.5],
            "low": [-1.0] * 4,
            "high": [1.0] * 4,
        }
    )
    (band,) = coverage(rows, {0.9: ("low", "high")})["bands"]
    assert (band["held"], band["n"], band["days"]) == (0.75, 4, 4)
    assert band["months"] == [
        {"month": "2025-01", "held": 0.5, "n": 2},
        {"month": "2025-02", "held": 1.0, "n": 2},
    ]


def test_an_estimator_comes_back_the_same_and_nothing_else_comes_back_at_all():
    X = np.random.default_rng(0).normal(size=(300, 3))
    for fitted in (
        HistGradientBoostingRegressor(max_iter=5, random_state=0).fit(X, X[:, 0]),
        LogisticRegression().fit(X, X[:, 0] > 0),
    ):
        assert np.array_equal(unpack(pack(fitted)).predict(X), fitted.predict(X))
    with pytest.raises(ValueError, match="not on the list"):
        pack(FunctionTransformer(func=skill))
    for text in ("not base64!", base64.b64encode(pickle.dumps({"a": 1})).decode()):
        with pytest.raises(ValueError, match="no estimator"):
            unpack(text)


def test_a_state_with_a_type_that_is_not_trusted_is_refused():
    import skops.io

    data = skops.io.dumps(FunctionTransformer(func=skill))
    assert io.BytesIO(data).read(2) == b"PK"
    with pytest.raises(ValueError, match="no estimator"):
        unpack(base64.b64encode(data).decode())
