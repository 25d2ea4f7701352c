"""What an order will cost against its arrival price, and how wide that may be."""

from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np
import polars as pl

from analytics.conventions import BASIS_POINTS
from analytics.models._base import Floats, Model, Tables, Walk
from analytics.models._reasons import occluded
from analytics.models._state import pack, unpack
from analytics.trading.expected_cost import expected_cost_bp, market_norms

FEATURES: dict[str, str] = {
    "impact": "volatility times the square root of the share of a day's volume",
    "log_share": "share of a day's volume",
    "volatility": "volatility of the instrument",
    "log_money": "size in money",
    "hour": "hour of the day",
    "buying": "side",
    "wait": "time from decision to the first fill",
}
_NAMED = {"venue": "venue", "strategy": "strategy", "desk": "desk", "instrument_id": "instrument"}
_CLIP = 500.0  # bp: beyond it a price is a mistake or another currency
_PRIOR = 50.0  # orders that the overall median counts as, where a venue has few
_TREES, _LEAVES, _LEAST = 80, 12, 200
_STEPS = 25  # of the law's fit


class ExecutionCost(Model):
    """The square-root law and boosting on what it leaves.

    Law: a constant and a coefficient of volatility times the square root of the share of a day's volume, fitted
    to the least absolute error. Boosting learns the residual from size, volatility, hour, side, waiting time and
    the usual residual of venue, strategy, desk and instrument in training. The baseline in every test is the law
    alone with the coefficients of the same training days; the median cost of the venue is a further one.
    """

    name = "execution_cost"
    title = "Execution cost"
    version = "1.0.0"
    purpose = "What an order of this size, now and here, is likely to cost against its arrival price."
    unit = "basis points of the arrival price, positive = cost"
    inputs: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "executions": (
            "exec_id", "order_id", "instrument_id", "side", "last_qty", "last_px", "transact_time", "venue",
            "strategy", "desk", "arrival_px", "decision_time",
        ),
        "prices": ("instrument_id", "date", "adj_basis", "close", "volume"),
    }  # fmt: skip
    keys = ("order_id", "date")
    target_name = "slippage of the order's fills against its arrival price"
    horizon = 0
    baseline_name = "square-root law alone, fitted on the same days"
    rivals: ClassVar[Mapping[str, str]] = {"venue": "median cost of the venue"}
    metric = "MAE skill: 1 - mean absolute error / that of the baseline"
    references = (
        "Torre, BARRA market impact model handbook, 1997",
        "Toth et al., Anomalous price impact and the critical nature of liquidity, 2011",
        "Almgren, Thum, Hauptmann and Li, Direct estimation of equity market impact, 2005",
    )
    limits = (
        "Of what was filled: what was not done has no cost here",
        "Executions without an order are taken for orders of their own",
        "Waiting time is known once the first fill has come: before it, say what is usual",
        "Prices move while an order works; most of one order's cost is that, and nobody knows it before",
    )
    # Costs come every day by the hundred: a quarter is enough to begin with, a month is a test.
    walk = Walk(first=60, width=21, embargo=1, least=40)
    sessions = 300
    page = "/trading/execution-quality"
    owner = "Trading"

    def features(self, tables: Tables) -> pl.DataFrame:
        """Return order_id, date, ``FEATURES``, venue, strategy, desk, instrument_id, baseline (the law's prior), target."""
        fills = tables["executions"].filter(pl.col("arrival_px") > 0)
        sign = pl.when(pl.col("side").str.starts_with("buy")).then(1.0).otherwise(-1.0)
        money = pl.col("last_qty").cast(pl.Float64) * pl.col("last_px").cast(pl.Float64)
        orders = (
            fills.with_columns(order_id=pl.coalesce("order_id", "exec_id"), sign=sign, money=money)
            .sort("transact_time", "exec_id")
            .group_by("order_id", maintain_order=True)
            .agg(
                date=pl.col("transact_time").last().dt.date(),
                at=pl.col("transact_time").first(),
                decided=pl.col("decision_time").first(),
                arrival=pl.col("arrival_px").first().cast(pl.Float64),
                sign=pl.col("sign").first(),
                filled_qty=pl.col("last_qty").cast(pl.Float64).sum(),
                money=pl.col("money").sum(),
                **{name: pl.col(name).first() for name in _NAMED},
            )
        )
        norms = market_norms(tables["prices"].lazy()).collect()
        orders = orders.join(norms, on=["instrument_id", "date"], how="left", maintain_order="left")
        average = pl.col("money") / pl.col("filled_qty")
        share = pl.col("filled_qty") / pl.col("adv")
        usable = (pl.col("adv") > 0) & (pl.col("volatility") > 0)
        return (
            orders.with_columns(quoted_spread_bp=pl.lit(None, pl.Float64))
            .with_columns(
                target=(pl.col("sign") * (average / pl.col("arrival") - 1) * BASIS_POINTS).clip(-_CLIP, _CLIP),
                baseline=expected_cost_bp(),
                impact=pl.when(usable).then(pl.col("volatility") * share.sqrt() * BASIS_POINTS),
                log_share=pl.when(usable).then(share.log()),
                log_money=pl.col("money").clip(lower_bound=1.0).log(),
                hour=pl.col("at").dt.hour().cast(pl.Float64) + pl.col("at").dt.minute() / 60,
                buying=(pl.col("sign") > 0).cast(pl.Float64),
                wait=(pl.col("at") - pl.col("decided")).dt.total_seconds().clip(lower_bound=0).cast(pl.Float64).log1p(),
            )
            .with_columns(pl.col(list(_NAMED)).fill_null(""))
            .select("order_id", "date", *FEATURES, *_NAMED, "baseline", "target")
            .sort("date", "order_id")
        )  # fmt: skip

    def known(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Return orders whose share of volume is known: without it there is no law."""
        return rows.drop_nulls(["impact", "target"])

    def drivers(self, rows: pl.DataFrame) -> list[str]:
        """Watch the numbers; hours and sides are what they are."""
        return ["impact", "log_share", "volatility", "log_money", "wait"]

    def loss(self, target: Floats, predicted: Floats) -> Floats:
        """Return the absolute error, basis points."""
        found: Floats = np.abs(target - predicted)
        return found

    def fit(self, rows: pl.DataFrame) -> Self:
        """Fit the law, the usual residuals by name, and the boosting on what is left."""
        from sklearn.ensemble import HistGradientBoostingRegressor

        y = rows["target"].to_numpy().astype(np.float64)
        self.law_ = _least_absolute(rows["impact"].to_numpy(), y)
        left = y - self._by_law(rows)
        scored = rows.with_columns(left=pl.Series(left))
        self.usual_ = {name: _medians(scored, name, "left") for name in _NAMED}
        self.venue_ = _medians(rows, "venue", "target")
        self.typical_ = float(np.median(y))
        x = self._matrix(rows)
        self.centre_ = np.nan_to_num(np.nanmedian(x, axis=0))
        self.boosted_ = HistGradientBoostingRegressor(
            loss="absolute_error", max_iter=_TREES, max_leaf_nodes=_LEAVES, min_samples_leaf=min(_LEAST, max(5, len(y) // 20)),
            learning_rate=0.06, l2_regularization=1.0, early_stopping=False, random_state=0,
        ).fit(x, left)  # fmt: skip
        return self

    def predict(self, rows: pl.DataFrame) -> Floats:
        """Return the expected cost in basis points."""
        if not rows.height:
            return np.empty(0)
        found: Floats = self._by_law(rows) + self.boosted_.predict(self._matrix(rows))
        return found

    def judge(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Return the default columns with the fitted law as the baseline, and ``loss_venue``."""
        target, law = rows["target"].to_numpy().astype(np.float64), self._by_law(rows)
        judged = super().judge(rows)
        venue = (
            rows["venue"]
            .replace_strict(self.venue_, default=self.typical_, return_dtype=pl.Float64)
            .to_numpy()
        )
        return judged.with_columns(
            baseline=pl.Series(law, dtype=pl.Float64),
            baseline_loss=pl.Series(self.loss(target, law), dtype=pl.Float64),
            loss_venue=pl.Series(self.loss(target, venue), dtype=pl.Float64),
        )

    def calibration(self, tested: pl.DataFrame) -> dict[str, Any]:
        """Return, by tenth of what was expected, the mean expected and the median and mean cost that came (bp)."""
        rows = tested.sort("predicted").with_row_index("at")
        tenth = (pl.col("at") * 10 // max(tested.height, 1)).cast(pl.Int64)
        bins = rows.group_by(tenth=tenth).agg(
            said=pl.col("predicted").mean(),
            seen=pl.col("target").median(),
            mean=pl.col("target").mean(),
            n=pl.len(),
        )
        return {
            "kind": "deciles", "n": tested.height,
            "bins": [{k: round(v, 4) if isinstance(v, float) else v for k, v in row.items()}
                     for row in bins.sort("tenth").iter_rows(named=True)],
        }  # fmt: skip

    def latest(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Return what the orders of the last day should have cost: keys, predicted, baseline (the fitted law), target."""
        now = self.known(rows.filter(pl.col("date") == pl.col("date").max()))
        return now.select(
            *self.keys,
            pl.Series("predicted", self.predict(now), dtype=pl.Float64),
            pl.Series("baseline", self._by_law(now), dtype=pl.Float64),
            "target",
        )

    def reasons(self, rows: pl.DataFrame) -> list[list[dict[str, Any]]]:
        """Return the three features that move each expectation most, in basis points."""
        words = FEATURES | {f"usual_{name}": f"the usual cost of the {said}" for name, said in _NAMED.items()}
        at = list(FEATURES).index("impact")
        constant, coefficient = self.law_

        def cost(x: Floats) -> Floats:
            found: Floats = constant + coefficient * x[:, at] + self.boosted_.predict(x)
            return found

        return occluded(cost, self._matrix(rows), self.centre_, words, unit="basis points")

    def state(self) -> dict[str, Any]:
        """Return the law, the usual residuals by name and the trees."""
        return {
            "version": self.version, "law": list(self.law_), "usual": self.usual_, "venue": self.venue_,
            "typical": self.typical_, "centre": self.centre_.tolist(), "boosted": pack(self.boosted_),
        }  # fmt: skip

    @classmethod
    def restore(cls, state: Mapping[str, Any]) -> Self:
        """Take up what ``state`` gave."""
        made = cls.begun(state)
        made.law_ = (float(state["law"][0]), float(state["law"][1]))
        made.usual_, made.venue_ = dict(state["usual"]), dict(state["venue"])
        made.typical_, made.centre_ = state["typical"], np.array(state["centre"])
        made.boosted_ = unpack(state["boosted"])
        return made

    def _by_law(self, rows: pl.DataFrame) -> Floats:
        constant, coefficient = self.law_
        found: Floats = constant + coefficient * rows["impact"].to_numpy().astype(np.float64)
        return found

    def _matrix(self, rows: pl.DataFrame) -> Floats:
        usual = [
            pl.col(name)
            .replace_strict(self.usual_[name], default=0.0, return_dtype=pl.Float64)
            .alias(f"usual_{name}")
            for name in _NAMED
        ]
        return np.asarray(rows.select(*FEATURES, *usual).to_numpy(), dtype=np.float64)


def _least_absolute(x: Floats, y: Floats) -> tuple[float, float]:
    """Return constant and coefficient (not below 0) of the least absolute error, by reweighted least squares."""
    x = np.asarray(x, dtype=np.float64)
    design = np.column_stack([np.ones_like(x), x])
    weight: Floats = np.ones_like(y)
    beta: Floats = np.zeros(2)
    for _ in range(_STEPS):
        scaled = design * weight[:, None]
        beta = np.asarray(np.linalg.lstsq(scaled.T @ design, scaled.T @ y, rcond=None)[0], dtype=np.float64)
        weight = 1 / np.maximum(np.abs(y - design @ beta), 0.05)
    if beta[1] < 0:
        return float(np.median(y)), 0.0
    return float(beta[0]), float(beta[1])


def _medians(rows: pl.DataFrame, name: str, value: str) -> dict[str, float]:
    """Return the median by name, drawn towards that of all where there are few rows."""
    middle = rows[value].median()
    centre = float(middle) if isinstance(middle, int | float) else 0.0
    by = rows.group_by(name).agg(m=pl.col(value).median(), n=pl.len()).sort(name)
    return {
        str(key): (n * m + _PRIOR * centre) / (n + _PRIOR)
        for key, m, n in by.select(name, "m", "n").iter_rows()
    }
