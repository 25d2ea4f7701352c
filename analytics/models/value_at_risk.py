"""Tomorrow's value at risk of each book: its own history replayed at tomorrow's volatility."""

from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np
import polars as pl

from analytics.models._base import Floats, Model, Tables, Walk
from analytics.models._replays import measured
from analytics.portfolio.var_backtest import (
    Verdict,
    acerbi_szekely,
    basel_zone,
    christoffersen_coverage,
    christoffersen_independence,
    kupiec,
)

BOOKS = "books"  # pseudo-table: app/jobs/_table_books.py
LEVELS = (0.95, 0.99)
ES_LEVEL = 0.975
DECAYS = (0.9, 0.94, 0.97, 0.985)
NAMES = ("var_95", "var_99", "es_975", "var_975", "es_95", "es_99")
LEAST = 60  # sessions replayed below which nothing is said
_BURN = 20  # sessions that only warm the filter up


class ValueAtRisk(Model):
    """Filtered historical simulation: past shocks of the holdings, each over its own volatility, at tomorrow's.

    An evening's holdings are replayed over the sessions known then. Each replayed P&L is divided by the
    volatility that was to be expected of its session (exponentially weighted), and the shocks are brought to
    the volatility expected of the next session. How fast volatility fades is the one thing that is fitted: on
    past evenings, by the tail losses it is judged by.
    """

    name = "value_at_risk"
    title = "Value at risk, next session"
    version = "1.1.0"
    purpose = "What the organisation, a desk or an account may lose in the next session; feeds limits."
    kind = "interval"
    unit = "base currency"
    inputs: ClassVar[Mapping[str, tuple[str, ...]]] = {BOOKS: ("book", "date", "replay", "realised")}
    keys = ("book", "date")
    target_name = "P&L of the next session, after costs"
    horizon = 1
    baseline_name = "plain historical simulation over the same sessions"
    metric = (
        "tick-loss skill at 95 and 99 %: 1 - loss / loss of the baseline; Kupiec, Christoffersen, Basel, ES"
    )
    references = (
        "Hull and White, Incorporating volatility updating into the historical simulation method, 1998",
        "Barone-Adesi, Giannopoulos and Vosper, VaR without correlations for portfolios of derivative securities, 1999",
        "Kupiec, Techniques for verifying the accuracy of risk measurement models, 1995",
        "Christoffersen, Evaluating interval forecasts, 1998",
        "Acerbi and Szekely, Backtesting expected shortfall, 2014",
        "Basel Committee, Supervisory framework for the use of backtesting, 1996",
    )
    limits = (
        "Positions are those of the evening: what is built and sold within the day is not in it",
        "Losses beyond everything replayed, in units of volatility, are not in it",
        "Fewer than 60 sessions of prices give no figure",
    )
    # A book's replay holds up to 500 sessions before its first evening, so that 60 evenings suffice to choose.
    walk = Walk(first=60, width=21)
    bands: ClassVar[Mapping[float, tuple[str, str]]] = {0.95: ("q05", "top"), 0.99: ("q01", "top")}
    page = "/portfolio/risk"
    owner = "Risk"

    def features(self, tables: Tables) -> pl.DataFrame:
        """Return one row per book and evening: tails by decay (``var_95_0.94`` ...) and of the plain replay."""
        table = tables[BOOKS].sort("book", "date")
        known = table.filter(pl.col("replay").list.len() >= LEAST)
        figures = measured(known["replay"], len(NAMES) * (len(DECAYS) + 1) + 1, _of_one_length)
        names = [
            *(f"{name}_{decay}" for decay in DECAYS for name in NAMES),
            *(f"plain_{name}" for name in NAMES),
            "size",
        ]
        columns = pl.DataFrame(figures, schema=dict.fromkeys(names, pl.Float64))
        ahead = table.select("book", "date", target=pl.col("realised").shift(-1).over("book"))
        rows = pl.concat([known.select("book", "date"), columns], how="horizontal")
        rows = rows.filter(pl.col("size") > 0)
        return rows.join(ahead, on=["book", "date"], how="left", maintain_order="left").with_columns(
            baseline=-pl.col("plain_var_99"),
            target=pl.col("target").fill_nan(None),
            stretch=pl.col(f"var_99_{DECAYS[1]}") / pl.col("size"),
        )

    def drivers(self, rows: pl.DataFrame) -> list[str]:
        """Watch how far the tail reaches in deviations of the holdings; money changes by trading."""
        return ["stretch"]

    def fit(self, rows: pl.DataFrame) -> Self:
        """Choose the decay with the smallest tail losses."""
        target, size = rows["target"].to_numpy(), rows["size"].to_numpy()
        losses = [float(ticks(target, self._at(rows, decay), size).mean()) for decay in DECAYS]
        self.decay_ = DECAYS[int(np.argmin(losses))]
        self.losses_ = losses
        return self

    def predict(self, rows: pl.DataFrame) -> Floats:
        """Return ``NAMES``, VaR 95 first, ES 99 last, (n, 6): positive = loss, in base currency."""
        return self._at(rows, self.decay_)

    def judge(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Return the judged rows with ``NAMES`` (positive = loss) and the bands' ends."""
        said, plain = self.predict(rows), rows.select(f"plain_{name}" for name in NAMES).to_numpy()
        target, size = rows["target"].to_numpy(), rows["size"].to_numpy()
        return rows.select("book", "date", "target").with_columns(
            pl.Series("predicted", -said[:, 1]),
            rows["baseline"],
            pl.Series("loss", ticks(target, said, size)),
            pl.Series("baseline_loss", ticks(target, plain, size)),
            *(pl.Series(name, said[:, place]) for place, name in enumerate(NAMES)),
            *(rows[f"plain_{name}"] for name in NAMES),
            q05=pl.Series(-said[:, 0]),
            q01=pl.Series(-said[:, 1]),
            top=pl.lit(float("inf")),
        )

    def latest(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Return the figures of each book's last evening, and the plain ones."""
        now = rows.filter(pl.col("date") == pl.col("date").max())
        said = self.predict(now)
        return now.select(
            "book",
            "date",
            pl.Series("predicted", -said[:, 1], dtype=pl.Float64),
            "baseline",
            *(pl.Series(name, said[:, place], dtype=pl.Float64) for place, name in enumerate(NAMES)),
            *(f"plain_{name}" for name in NAMES),
        )

    def calibration(self, tested: pl.DataFrame) -> dict[str, Any]:
        """Return coverage, and the supervisors' back-tests of each book at 99 % (ES at 97.5 %)."""
        books = {name: _backtest(own) for (name,), own in tested.group_by("book", maintain_order=True)}
        return super().calibration(tested) | {"backtests": dict(sorted(books.items()))}

    def state(self) -> dict[str, Any]:
        """Return the decay and the losses it was chosen by."""
        return {"decay": self.decay_, "decays": list(DECAYS), "losses": self.losses_}

    @classmethod
    def restore(cls, state: Mapping[str, Any]) -> Self:
        """Return the model that ``state`` described."""
        if list(state["decays"]) != list(DECAYS):
            raise ValueError("the state has other decays than this code")
        model = cls()
        model.decay_, model.losses_ = state["decay"], list(state["losses"])
        return model

    def reasons(self, rows: pl.DataFrame) -> list[list[dict[str, Any]]]:
        """Return what VaR 99 is made of: the plain figure, what volatility adds, how far the tail reaches."""
        said, found = self.predict(rows), []
        plain, usual = rows["plain_var_99"].to_numpy(), rows["size"].to_numpy()
        for own, base, size in zip(said, plain, usual, strict=True):
            found.append(
                [
                    _why("plain_var_99", "the worst sessions of the history as they were", base),
                    _why("volatility", "volatility now against then", own[1] - base),
                    _why("tail", "expected shortfall beyond it", own[2] - own[1])
                    if own[2] > own[1]
                    else _why("size", "one standard deviation of the holdings", size),
                ]
            )
        return found

    def _at(self, rows: pl.DataFrame, decay: float) -> Floats:
        found: Floats = rows.select(f"{name}_{decay}" for name in NAMES).to_numpy()
        return found


def ticks(target: Floats, figures: Floats, size: Floats) -> Floats:
    """Return each row's tick loss at 5 and 1 %, averaged, in standard deviations of the holdings."""
    total = np.zeros(len(target))
    for place, level in enumerate(LEVELS):
        missed = target + figures[:, place]
        total += np.where(missed < 0, -level * missed, (1 - level) * missed) / len(LEVELS)
    return total / size


def _of_one_length(pnl: Floats) -> Floats:
    """Return the figures of evenings (m, n), (m, 31)."""
    size = np.std(pnl, axis=1, keepdims=True)
    said = [ahead * _figures(shocks) for shocks, ahead in (_filtered(pnl, decay) for decay in DECAYS)]
    # Where nothing is held there is nothing to bring to a volatility; such evenings have no size and are left out.
    figures: Floats = np.where(size > 0, np.hstack(said), 0.0)
    return np.hstack([figures, _figures(pnl), size])


def _figures(samples: Floats) -> Floats:
    """Return ``NAMES`` of samples (m, n), (m, 6): as ``value_at_risk`` and ``expected_shortfall`` define them."""
    worst = np.sort(samples, axis=1)
    levels = [1 - level for level in (*LEVELS, ES_LEVEL)]
    var_95, var_99, var_975 = -np.quantile(worst, levels, axis=1)
    es_975, es_95, es_99 = (_shortfall(worst, level) for level in (ES_LEVEL, *LEVELS))
    return np.column_stack([var_95, var_99, es_975, var_975, es_95, es_99])


def _shortfall(worst: Floats, level: float) -> Floats:
    """Return the mean of the worst ``1 - level`` of sorted samples (m, n), (m,): positive = loss."""
    share: float = (1 - level) * worst.shape[1]
    whole = int(np.floor(share + 1e-9))
    tail = worst[:, :whole].sum(axis=1) + (share - whole) * worst[:, whole]
    found: Floats = -tail / share
    return found


def _filtered(pnl: Floats, decay: float) -> tuple[Floats, Floats]:
    """Return the shocks (P&L over the volatility expected of its session), and the next session's volatility (m, 1)."""
    from scipy.signal import lfilter

    squares = pnl**2
    mean: Floats = np.mean(squares, axis=1, keepdims=True)
    begin: Floats = np.mean(squares[:, :_BURN], axis=1, keepdims=True)
    first: Floats = np.where(begin > 0, begin, mean)
    after, _ = lfilter([1 - decay], [1.0, -decay], squares, axis=1, zi=decay * first)
    expected = np.sqrt(np.maximum(np.hstack([first, after]), 1e-4 * mean))
    expected[expected == 0] = 1.0
    shocks: Floats = (pnl / expected[:, :-1])[:, _BURN:]
    return shocks, expected[:, -1:]


def _backtest(rows: pl.DataFrame) -> dict[str, Any]:
    own = rows.sort("date").drop_nulls(["target", "var_99"])
    pnl, var = own["target"].to_numpy(), own["var_99"].to_numpy()
    hits = pnl < -var
    n, count = len(hits), int(hits.sum())
    zone = basel_zone(count, n, confidence=0.99)
    tests = (
        kupiec(count, n, confidence=0.99),
        christoffersen_independence(hits),
        christoffersen_coverage(hits, confidence=0.99),
    )
    tail, shortfall = own["var_975"].to_numpy(), own["es_975"].to_numpy()
    severity = acerbi_szekely(pnl, tail, shortfall, confidence=ES_LEVEL, draws=2_000)
    return {
        "n": n,
        "exceptions": count,
        "expected": round(0.01 * n, 2),
        "plain_exceptions": int((pnl < -own["plain_var_99"].to_numpy()).sum()),
        "zone": zone.zone if zone is not None else None,
        "tests": [_told(verdict) for verdict in (*tests, severity)],
    }


def _told(verdict: Verdict) -> dict[str, Any]:
    return {
        "name": verdict.test,
        "p_value": None if verdict.p_value is None else round(verdict.p_value, 6),
        "rejected": verdict.rejected,
        "reason": verdict.reason,
    }


def _why(feature: str, words: str, value: float) -> dict[str, Any]:
    return {"feature": feature, "words": words, "contribution": float(value), "unit": "base currency"}
