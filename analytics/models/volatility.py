"""Tomorrow's variance, and next week's, of each instrument from its daily prices."""

from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np
import polars as pl

from analytics.models._base import Floats, Model, Tables

DECAY = 0.94
WINDOWS = {"day": 1, "week": 5, "month": 22}
_BASIS = {"split_div": 0, "split": 1, "raw": 2}
_FLOOR = 1e-12  # of any variance, so that logarithms exist for a price that never moves
_QUIET = 0.01  # of the fading average: a day without a tick is quiet, not infinitely calm
_STEPS, _ENOUGH = 40, 1e-6  # of the fit
FEATURES = ("log_day", "log_week", "log_month", "log_decayed", "log_market", "log_range", "fall")
_WORDS = {
    "log_day": "yesterday's swing",
    "log_week": "the last week's swing",
    "log_month": "the last month's swing",
    "log_decayed": "the slowly fading average",
    "log_market": "the market's last week",
    "log_range": "high to low of the last week",
    "fall": "yesterday's fall",
}


class Volatility(Model):
    """Linear heterogeneous autoregression (HAR) on log variance, pooled over instruments.

    The target is the mean squared log return of the next ``horizon`` sessions, a proxy of realised
    variance. Features are log means of squared returns over a day, a week and a month, a fading average,
    the market's week, the high-low range where it is known, and yesterday's fall. Fitted to the very loss
    it is judged by.
    """

    name = "volatility"
    title = "Volatility, next session"
    version = "1.0.0"
    purpose = "How much each instrument is likely to move in the next session; feeds risk and position size."
    unit = "variance per session"
    inputs: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "prices": ("instrument_id", "date", "adj_basis", "high", "low", "close")
    }
    page = "/intelligence/forecasts"
    target_name = "squared log return of the next session (realised variance proxy)"
    horizon = 1
    baseline_name = "EWMA with decay 0.94"
    metric = "QLIKE skill: 1 - loss / loss of the baseline"
    references = (
        "Corsi, A simple approximate long-memory model of realized volatility, 2009",
        "Patton, Volatility forecast comparison using imperfect volatility proxies, 2011",
        "Diebold and Mariano, Comparing predictive accuracy, 1995",
        "RiskMetrics Technical Document, 1996",
    )
    limits = (
        "The proxy is noisy: daily squared returns, not intraday ones",
        "One equation for all instruments; a new one needs a month of prices",
        "Scheduled events (earnings, elections) are not known to it",
    )
    _parameters: ClassVar[tuple[str, ...]] = ("ridge",)

    def __init__(self, *, ridge: float = 1.0) -> None:
        self.ridge = ridge

    def features(self, tables: Tables) -> pl.DataFrame:
        """Return one row per instrument and session, see ``Model.features``; variances per session."""
        prices = _adjusted(tables["prices"])
        change = (pl.col("close") / pl.col("close").shift(1)).log().over("instrument_id")
        own = "instrument_id"
        rows = prices.with_columns(change=change).with_columns(
            square=pl.max_horizontal(
                pl.col("change") ** 2, pl.when(pl.col("change").is_not_null()).then(_FLOOR)
            ),
            range=(pl.col("high") / pl.col("low")).log() ** 2 / (4 * np.log(2)),
        )
        known = pl.col("square").ewm_mean(alpha=1 - DECAY, adjust=False, ignore_nulls=True).shift(1).over(own)
        rows = rows.with_columns(square=pl.max_horizontal("square", _QUIET * known))
        rows = rows.with_columns(market=pl.col("square").mean().over("date"))
        mean = {name: pl.col("square").rolling_mean(days).over(own) for name, days in WINDOWS.items()}
        fading = pl.col("square").ewm_mean(alpha=1 - DECAY, adjust=False, ignore_nulls=True).over(own)
        rows = rows.with_columns(
            baseline=fading,
            log_day=mean["day"].log(),
            log_week=mean["week"].log(),
            log_month=mean["month"].log(),
            log_decayed=fading.log(),
            log_market=pl.col("market").rolling_mean(WINDOWS["week"]).over(own).log(),
            # Where no high and low are known, the week's own swing stands in for the range.
            log_range=pl.coalesce(
                pl.max_horizontal(
                    pl.col("range").rolling_mean(WINDOWS["week"]).over(own), pl.lit(_FLOOR)
                ).log(),
                mean["week"].log(),
            ),
            fall=pl.min_horizontal(pl.col("change"), pl.lit(0.0)).abs() / fading.sqrt(),
            target=pl.col("square").rolling_mean(self.horizon).shift(-self.horizon).over(own),
        )
        warm = pl.col("change").is_not_null().cum_sum().over(own) >= WINDOWS["month"]
        return rows.filter(warm).select("instrument_id", "date", *FEATURES, "baseline", "target")

    def fit(self, rows: pl.DataFrame) -> Self:
        """Fit by minimising QLIKE itself: a gamma regression with log link, ridge on the slopes."""
        X, y = rows.select(FEATURES).to_numpy(), rows["target"].to_numpy()
        self.mean_, self.scale_ = X.mean(axis=0), X.std(axis=0)
        self.scale_ = np.where(self.scale_ > 0, self.scale_, 1.0)
        Z = np.column_stack([np.ones(len(X)), (X - self.mean_) / self.scale_])
        penalty = np.diag([0.0, *[self.ridge] * len(FEATURES)])
        # With a log link a gamma regression weighs all rows alike, so one factorisation serves all steps.
        solve = np.linalg.solve(Z.T @ Z + penalty, Z.T)
        beta = solve @ np.log(y)
        beta[0] += np.log(np.mean(y / np.exp(Z @ beta)))
        for count in range(_STEPS):
            eta = Z @ beta
            # A step is cut short where a few days are far above what is expected of them.
            step = solve @ np.clip(y * np.exp(-eta) - 1, -1.0, 20.0) - np.linalg.solve(
                Z.T @ Z + penalty, penalty @ beta
            )
            beta = beta + (step if count < 10 else step / 2)
            if float(np.abs(step).max()) < _ENOUGH:
                break
        self.intercept_, self.coef_ = float(beta[0]), beta[1:]
        return self

    def predict(self, rows: pl.DataFrame) -> Floats:
        """Return the expected variance per session."""
        Z = (rows.select(FEATURES).to_numpy() - self.mean_) / self.scale_
        found: Floats = np.exp(self.intercept_ + Z @ self.coef_)
        return found

    def loss(self, target: Floats, predicted: Floats) -> Floats:
        """Return QLIKE: target/forecast - ln(target/forecast) - 1, zero when they are equal."""
        ratio = target / predicted
        found: Floats = ratio - np.log(ratio) - 1
        return found

    def state(self) -> dict[str, Any]:
        """Return parameters and coefficients."""
        return {
            "parameters": {"ridge": self.ridge, "horizon": self.horizon},
            "features": list(FEATURES),
            "mean": [float(v) for v in self.mean_],
            "scale": [float(v) for v in self.scale_],
            "coef": [float(v) for v in self.coef_],
            "intercept": self.intercept_,
        }

    @classmethod
    def restore(cls, state: Mapping[str, Any]) -> Self:
        """Return the model that ``state`` described."""
        if list(state["features"]) != list(FEATURES):
            raise ValueError("the state has other features than this code")
        model = cls(ridge=state["parameters"]["ridge"])
        model.mean_, model.scale_ = np.array(state["mean"]), np.array(state["scale"])
        model.coef_, model.intercept_ = np.array(state["coef"]), state["intercept"]
        return model

    def reasons(self, rows: pl.DataFrame) -> list[list[dict[str, Any]]]:
        """Return the three largest contributions of each row, in per cent of the typical variance."""
        Z = (rows.select(FEATURES).to_numpy() - self.mean_) / self.scale_
        found = []
        for parts in Z * self.coef_:
            top = np.argsort(-np.abs(parts), kind="stable")[:3]
            found.append(
                [
                    {
                        "feature": FEATURES[i],
                        "words": _WORDS[FEATURES[i]],
                        "contribution": float(np.expm1(parts[i])),
                        "unit": "fraction of the typical variance",
                    }
                    for i in top
                ]
            )
        return found


class WeeklyVolatility(Volatility):
    """The same equation for the mean variance of the next five sessions."""

    name = "volatility_5d"
    title = "Volatility, next five sessions"
    purpose = "How much each instrument is likely to move over the next week; feeds risk and hedging."
    target_name = "mean squared log return of the next five sessions (realised variance proxy)"
    horizon = 5


def _adjusted(prices: pl.DataFrame) -> pl.DataFrame:
    """Return one close per instrument and day on one basis: the most adjusted the instrument has."""
    rows = prices.filter(pl.col("close") > 0).with_columns(
        basis=pl.col("adj_basis").replace_strict(_BASIS, default=3),
        **{name: pl.col(name).cast(pl.Float64) for name in ("high", "low", "close")},
    )
    # Mixing bases within an instrument would show every split as a crash.
    best = rows.filter(pl.col("basis") == pl.col("basis").min().over("instrument_id"))
    return best.unique(["instrument_id", "date"], keep="any").sort("instrument_id", "date")
