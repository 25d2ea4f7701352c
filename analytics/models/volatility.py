"""The variance of the next session, week and month of each instrument, from its daily prices."""

from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np
import polars as pl
from sklearn.ensemble import HistGradientBoostingRegressor

from analytics.models._base import Floats, Model, Tables, Walk
from analytics.models._reasons import occluded
from analytics.models._state import pack, unpack
from analytics.models._swings import FEATURES, PRICES, WORDS, garch_variance, swings

SEED = 0
_STEPS, _ENOUGH = 40, 1e-6  # of the fit
_HELD_OUT = 0.25  # of the training days, the last ones: where the blend is chosen
_WEIGHTS = np.linspace(0.0, 1.0, 11)  # of the trees
_FAR = 8.0  # standard deviations from training beyond which a feature counts as this far
_LEAST = 1_000  # rows held out below which the trees have no say


class Volatility(Model):
    """A heterogeneous autoregression (HAR) on log variance and boosted trees, pooled and blended.

    The target is the mean squared log return of the next ``horizon`` sessions, a proxy of realised
    variance. Both are fitted to QLIKE, the loss they are judged by: a gamma regression with log link and
    boosted trees with the gamma's deviance. The weight of each is the one that would have been best on the
    last quarter of the training days, forecast from those before.
    """

    name = "volatility"
    title = "Volatility, next session"
    version = "2.1.0"
    purpose = "How much each instrument is likely to move in the next session; feeds risk and position size."
    unit = "variance per session"
    inputs: ClassVar[Mapping[str, tuple[str, ...]]] = {"prices": PRICES}
    target_name = "squared log return of the next session (realised variance proxy)"
    horizon = 1
    baseline_name = "EWMA with decay 0.94"
    rivals: ClassVar[Mapping[str, str]] = {"garch": "GARCH(1,1), refitted every 250 sessions"}
    metric = "QLIKE skill: 1 - loss / loss of the baseline"
    references = (
        "Corsi, A simple approximate long-memory model of realized volatility, 2009",
        "Bollerslev, Generalized autoregressive conditional heteroskedasticity, 1986",
        "Patton, Volatility forecast comparison using imperfect volatility proxies, 2011",
        "Diebold and Mariano, Comparing predictive accuracy, 1995",
        "Barndorff-Nielsen and Shephard, Power and bipower variation with stochastic volatility and jumps, 2004",
        "RiskMetrics Technical Document, 1996",
    )
    limits = (
        "The proxy is noisy: daily squared returns, not intraday ones",
        "One equation for all instruments; a new one needs a quarter of prices",
        "Scheduled events (earnings, elections) are not known to it",
    )
    walk = Walk(first=250, width=63)
    seeds: ClassVar[Mapping[str, int]] = {"trees": SEED}
    page = "/intelligence/forecasts"
    owner = "Risk"
    columns: ClassVar[tuple[str, ...]] = FEATURES  # of ``features`` that it learns from
    words: ClassVar[Mapping[str, str]] = WORDS

    def __init__(self, *, ridge: float = 1.0, trees: int = 60) -> None:
        self.ridge, self.trees = ridge, trees

    def features(self, tables: Tables) -> pl.DataFrame:
        """Return one row per instrument and session, see ``Model.features``; variances per session."""
        rows = swings(tables["prices"])
        own = "instrument_id"
        # GARCH is only compared with: it is no feature, and null nowhere.
        return rows.select(
            own,
            "date",
            *FEATURES,
            baseline="fading",
            garch=garch_variance(rows, horizon=self.horizon),
            target=pl.col("square").rolling_mean(self.horizon).shift(-self.horizon).over(own),
        )

    def drivers(self, rows: pl.DataFrame) -> list[str]:
        """Watch the features, not the rival."""
        return list(self.columns)

    def fit(self, rows: pl.DataFrame) -> Self:
        """Fit both on all rows, and their weights on the last quarter of the days."""
        day = (rows["date"].rank("dense") - 1).to_numpy()
        cut = int((1 - _HELD_OUT) * (day.max() + 1)) if len(day) else 0
        X, y = rows.select(self.columns).to_numpy(), rows["target"].to_numpy()
        before, after = day < cut - self.horizon, day >= cut
        self.weight_ = 0.0
        if self.trees and after.sum() >= _LEAST:
            self._fit(X[before], y[before])
            linear, boosted = self._both(X[after])
            losses = [
                float(self.loss(y[after], np.exp((1 - w) * linear + w * boosted)).mean()) for w in _WEIGHTS
            ]
            self.weight_ = float(_WEIGHTS[int(np.argmin(losses))])
        self._fit(X, y)
        return self

    def predict(self, rows: pl.DataFrame) -> Floats:
        """Return the expected variance per session."""
        return self._predict(rows.select(self.columns).to_numpy())

    def loss(self, target: Floats, predicted: Floats) -> Floats:
        """Return QLIKE: target/forecast - ln(target/forecast) - 1, zero when they are equal."""
        ratio = target / predicted
        found: Floats = ratio - np.log(ratio) - 1
        return found

    def judge(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Return the judged rows and the losses of GARCH, NaN where it was not fitted."""
        other = self.loss(rows["target"].to_numpy(), rows["garch"].to_numpy())
        return super().judge(rows).with_columns(loss_garch=pl.Series(other, dtype=pl.Float64))

    def state(self) -> dict[str, Any]:
        """Return parameters, coefficients, trees and the weight of the trees."""
        return {
            "parameters": {"ridge": self.ridge, "trees": self.trees},
            "features": list(self.columns),
            "mean": [float(v) for v in self.mean_],
            "scale": [float(v) for v in self.scale_],
            "coef": [float(v) for v in self.coef_],
            "intercept": self.intercept_,
            "weight": self.weight_,
            "boosted": pack(self.boosted_) if self.weight_ > 0 else None,
        }

    @classmethod
    def restore(cls, state: Mapping[str, Any]) -> Self:
        """Return the model that ``state`` described."""
        if list(state["features"]) != list(cls.columns):
            raise ValueError("the state has other features than this code")
        model = cls(**state["parameters"])
        model.mean_, model.scale_ = np.array(state["mean"]), np.array(state["scale"])
        model.coef_, model.intercept_ = np.array(state["coef"]), state["intercept"]
        model.weight_ = state["weight"]
        model.boosted_ = unpack(state["boosted"]) if state["boosted"] else None
        return model

    def reasons(self, rows: pl.DataFrame) -> list[list[dict[str, Any]]]:
        """Return the three features that moved each forecast most from that of a usual day, as a fraction."""
        return occluded(
            lambda X: np.log(self._predict(X)),
            rows.select(self.columns).to_numpy(),
            self.mean_,
            self.words,
            unit="fraction of the variance",
            as_fraction=True,
        )

    # --- the two models ------------------------------------------------------------------------------
    def _fit(self, X: Floats, y: Floats) -> None:
        self._fit_linear(X, y)
        self.boosted_ = None
        if not self.trees:
            return
        self.boosted_ = HistGradientBoostingRegressor(
            loss="gamma",
            max_iter=self.trees,
            learning_rate=0.08,
            max_leaf_nodes=8,
            min_samples_leaf=max(20, len(X) // 200),
            l2_regularization=1.0,
            early_stopping=False,
            random_state=SEED,
        ).fit(X, y)

    def _fit_linear(self, X: Floats, y: Floats) -> None:
        """Minimise QLIKE itself: a gamma regression with log link, ridge on the slopes."""
        self.mean_, self.scale_ = X.mean(axis=0), X.std(axis=0)
        self.scale_ = np.where(self.scale_ > 0, self.scale_, 1.0)
        Z = np.column_stack([np.ones(len(X)), self._standard(X)])
        penalty = np.diag([0.0, *[self.ridge] * X.shape[1]])
        # With a log link a gamma regression weighs all rows alike, so one factorisation serves all steps.
        normal = Z.T @ Z + penalty
        solve = np.linalg.solve(normal, Z.T)
        beta = solve @ np.log(y)
        beta[0] += np.log(np.mean(y / np.exp(Z @ beta)))
        for count in range(_STEPS):
            eta = Z @ beta
            # A step is cut short where a few days are far above what is expected of them.
            step = solve @ np.clip(y * np.exp(-eta) - 1, -1.0, 20.0) - np.linalg.solve(normal, penalty @ beta)
            beta = beta + (step if count < 10 else step / 2)
            if float(np.abs(step).max()) < _ENOUGH:
                break
        self.intercept_, self.coef_ = float(beta[0]), beta[1:]

    def _linear(self, X: Floats) -> Floats:
        """Return the log of the linear forecast."""
        found: Floats = self.intercept_ + self._standard(X) @ self.coef_
        return found

    def _standard(self, X: Floats) -> Floats:
        found: Floats = np.clip((X - self.mean_) / self.scale_, -_FAR, _FAR)
        return found

    def _both(self, X: Floats) -> tuple[Floats, Floats]:
        """Return the logs of both forecasts."""
        linear = self._linear(X)
        if self.boosted_ is None:
            return linear, linear
        return linear, np.log(self.boosted_.predict(X))

    def _predict(self, X: Floats) -> Floats:
        if self.weight_ == 0.0:
            return np.exp(self._linear(X))
        linear, boosted = self._both(X)
        return np.exp((1 - self.weight_) * linear + self.weight_ * boosted)


class WeeklyVolatility(Volatility):
    """The same for the mean variance of the next five sessions."""

    name = "volatility_5d"
    title = "Volatility, next five sessions"
    purpose = "How much each instrument is likely to move over the next week; feeds risk and hedging."
    target_name = "mean squared log return of the next five sessions (realised variance proxy)"
    horizon = 5


class MonthlyVolatility(Volatility):
    """The same for the mean variance of the next 21 sessions."""

    name = "volatility_21d"
    title = "Volatility, next 21 sessions"
    purpose = "How much each instrument is likely to move over the next month; feeds limits and hedging."
    target_name = "mean squared log return of the next 21 sessions (realised variance proxy)"
    horizon = 21
