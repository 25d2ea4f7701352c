"""What an order will cost against its arrival price, and how wide that may be."""

from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np
import polars as pl

from analytics.conventions import BASIS_POINTS
from analytics.models._base import Floats, Model, Tables, Walk
from analytics.models._reasons import occluded
from analytics.models._spreads import COLUMNS as SPREAD_COLUMNS
from analytics.models._spreads import DAILY_SPREADS
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
    "duration": "time from the first fill to the last",
    "spread": "quoted spread of the instrument, the last day it was known",
}
_NAMED = {
    "venue": "venue", "strategy": "strategy", "desk": "desk", "instrument_id": "instrument", "ord_type": "order type",
}  # fmt: skip
_IMPACT = list(FEATURES).index("impact")
_CLIP = 500.0  # bp: beyond it a price is a mistake or another currency
_PRIOR = 50.0  # orders that the overall median counts as, where a venue has few
_TREES, _LEAVES, _LEAST = 80, 12, 200
_LOW, _HIGH, _WIDE_TREES = 0.1, 0.9, 30  # of the range
_HELD_OUT = 0.25  # of the training days, the last ones: where the weight of the venue's own median is chosen
_WEIGHTS = np.linspace(0.0, 1.0, 11)
_SEED = 0
_OLD = 5  # days after which a spread says nothing of today's
_STEPS = 25  # of the law's fit


class ExecutionCost(Model):
    """The square-root law and boosting on what it leaves.

    Law: a constant and a coefficient of volatility times the square root of the share of a day's volume, fitted
    to the least absolute error. Boosting learns the residual from size, volatility, spread, hour, side, waiting
    time, duration and the usual residual of venue, strategy, desk, order type and instrument in training. What they
    say is averaged with the median cost of the venue: its largest weight that is within a standard error of the best on
    the last quarter of the training days. Two more boosters give the range that four of five orders stay in. The baseline in every
    test is the law alone with the coefficients of the same training days; the median cost of the venue is a further one.
    """

    name = "execution_cost"
    title = "Execution cost"
    version = "1.1.0"
    purpose = "What an order of this size, now and here, is likely to cost against its arrival price."
    unit = "basis points of the arrival price, positive = cost"
    inputs: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "executions": (
            "exec_id", "order_id", "instrument_id", "side", "last_qty", "last_px", "transact_time", "venue",
            "strategy", "desk", "arrival_px", "decision_time",
        ),
        "prices": ("instrument_id", "date", "adj_basis", "close", "volume"),
        "order_events": ("order_id", "event_type", "ord_type", "transact_time"),
        DAILY_SPREADS: SPREAD_COLUMNS,
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
        "Breiman, Friedman, Olshen and Stone, Classification and regression trees, 1984 (one standard error)",
        "Romano, Patterson and Candès, Conformalized quantile regression, 2019",
    )
    limits = (
        "Of what was filled: what was not done has no cost here",
        "Executions without an order are taken for orders of their own",
        "Waiting time and duration are known once fills have come: before, say what is usual or planned",
        "Order types and spreads are known only where order events and quotes are imported",
        "Prices move while an order works; most of one order's cost is that, and nobody knows it before",
    )
    # Costs come every day by the hundred: a quarter is enough to begin with, two months are a test.
    walk = Walk(first=60, width=42, embargo=1, least=40)
    sessions = 300
    bands: ClassVar[Mapping[float, tuple[str, str]]] = {0.8: ("low", "high")}
    seeds: ClassVar[Mapping[str, int]] = {"trees": _SEED}
    owner = "Trading"

    def features(self, tables: Tables) -> pl.DataFrame:
        """Return order_id, date, ``FEATURES``, venue, strategy, desk, instrument_id, baseline (the law's prior), target."""
        fills = tables["executions"].filter(pl.col("arrival_px") > 0)
        named = [name for name in _NAMED if name != "ord_type"]
        sign = pl.when(pl.col("side").str.starts_with("buy")).then(1.0).otherwise(-1.0)
        money = pl.col("last_qty").cast(pl.Float64) * pl.col("last_px").cast(pl.Float64)
        orders = (
            fills.with_columns(order_id=pl.coalesce("order_id", "exec_id"), sign=sign, money=money)
            .sort("transact_time", "exec_id")
            .group_by("order_id", maintain_order=True)
            .agg(
                date=pl.col("transact_time").last().dt.date(),
                at=pl.col("transact_time").first(),
                took=(pl.col("transact_time").last() - pl.col("transact_time").first()).dt.total_seconds(),
                decided=pl.col("decision_time").first(),
                arrival=pl.col("arrival_px").first().cast(pl.Float64),
                sign=pl.col("sign").first(),
                filled_qty=pl.col("last_qty").cast(pl.Float64).sum(),
                money=pl.col("money").sum(),
                **{name: pl.col(name).first() for name in named},
            )
        )
        norms = market_norms(tables["prices"].lazy()).collect()
        orders = orders.join(norms, on=["instrument_id", "date"], how="left", maintain_order="left")
        orders = _with_spread(_with_type(orders, tables.get("order_events")), tables.get(DAILY_SPREADS))
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
                duration=pl.col("took").cast(pl.Float64).log1p(),
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
        return ["impact", "log_share", "volatility", "log_money", "wait", "duration"]

    def loss(self, target: Floats, predicted: Floats) -> Floats:
        """Return the absolute error, basis points."""
        found: Floats = np.abs(target - predicted)
        return found

    def fit(self, rows: pl.DataFrame) -> Self:
        """Fit law, residuals and range on all rows, and the weight of the venue's median on the last quarter of days."""
        day = (rows["date"].rank("dense") - 1).to_numpy()
        cut = (1 - _HELD_OUT) * (day.max() + 1) if len(day) else 0
        before, after = rows.filter(pl.Series(day < cut)), rows.filter(pl.Series(day >= cut))
        held_out = min(before.height, after.height) >= _LEAST
        self._fit(before if held_out else rows)
        x, y = self._matrix(before if held_out else rows), (before if held_out else rows)["target"].to_numpy()
        self.wide_ = [_grown(x, y, trees=_WIDE_TREES, quantile=q) for q in (_LOW, _HIGH)]
        self.weight_, self.wider_ = 0.0, [0.0, 0.0]
        if held_out:
            x, y = self._matrix(after), after["target"].to_numpy().astype(np.float64)
            self.weight_ = self._weighed(x, y, after["date"].rank("dense").to_numpy() - 1)
            # What they missed by on days they had not seen (conformalised quantile regression, side by side).
            self.wider_ = [
                float(np.quantile(y - one.predict(x), q))
                for one, q in zip(self.wide_, (_LOW, _HIGH), strict=True)
            ]
            self._fit(rows)
        x = self._matrix(rows)
        self.centre_ = np.nan_to_num(np.nanmedian(np.where(np.isnan(x).all(axis=0), 0.0, x), axis=0))
        return self

    def predict(self, rows: pl.DataFrame) -> Floats:
        """Return the expected cost in basis points."""
        return self._cost(self._matrix(rows)) if rows.height else np.empty(0)

    def judge(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Return the default columns with the fitted law as the baseline, ``low``, ``high`` and ``loss_venue``."""
        target, law = rows["target"].to_numpy().astype(np.float64), self._by_law(rows)
        judged = super().judge(rows)
        venue = self._matrix(rows)[:, -1]
        return judged.with_columns(
            baseline=pl.Series(law, dtype=pl.Float64),
            baseline_loss=pl.Series(self.loss(target, law), dtype=pl.Float64),
            loss_venue=pl.Series(self.loss(target, venue), dtype=pl.Float64),
            **self._range(rows),
        )

    def calibration(self, tested: pl.DataFrame) -> dict[str, Any]:
        """Return coverage of the range and, by tenth of what was expected, the mean expected and the median and mean that came (bp)."""
        rows = tested.sort("predicted").with_row_index("at")
        tenth = (pl.col("at") * 10 // max(tested.height, 1)).cast(pl.Int64)
        bins = rows.group_by(tenth=tenth).agg(
            said=pl.col("predicted").mean(),
            seen=pl.col("target").median(),
            mean=pl.col("target").mean(),
            n=pl.len(),
        )
        return {
            **super().calibration(tested), "kind": "deciles", "n": tested.height,
            "bins": [{k: round(v, 4) if isinstance(v, float) else v for k, v in row.items()}
                     for row in bins.sort("tenth").iter_rows(named=True)],
        }  # fmt: skip

    def latest(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Return what the orders of the last day should have cost: keys, predicted, baseline (the fitted law), target, low, high."""
        now = self.known(rows.filter(pl.col("date") == pl.col("date").max()))
        return now.select(
            *self.keys,
            pl.Series("predicted", self.predict(now), dtype=pl.Float64),
            pl.Series("baseline", self._by_law(now), dtype=pl.Float64),
            "target",
            **self._range(now),
        )

    def reasons(self, rows: pl.DataFrame) -> list[list[dict[str, Any]]]:
        """Return the three features that move each expectation most, in basis points."""
        words = FEATURES | {f"usual_{name}": f"the usual cost of the {said}" for name, said in _NAMED.items()}
        return occluded(
            self._cost, self._matrix(rows), self.centre_, words | {"at_venue": "the venue's own median cost"}, unit="basis points",
        )  # fmt: skip

    def state(self) -> dict[str, Any]:
        """Return the law, the usual residuals by name and the trees."""
        return {
            "version": self.version, "law": list(self.law_), "usual": self.usual_, "venue": self.venue_,
            "typical": self.typical_, "centre": self.centre_.tolist(), "boosted": pack(self.boosted_),
            "weight": self.weight_, "wide": [pack(one) for one in self.wide_], "wider": self.wider_,
        }  # fmt: skip

    @classmethod
    def restore(cls, state: Mapping[str, Any]) -> Self:
        """Take up what ``state`` gave."""
        made = cls.begun(state)
        made.law_ = (float(state["law"][0]), float(state["law"][1]))
        made.usual_, made.venue_ = dict(state["usual"]), dict(state["venue"])
        made.typical_, made.centre_ = state["typical"], np.array(state["centre"])
        made.boosted_, made.weight_ = unpack(state["boosted"]), float(state["weight"])
        made.wide_, made.wider_ = [unpack(one) for one in state["wide"]], list(state["wider"])
        return made

    # --- parts ---------------------------------------------------------------------------------------
    def _fit(self, rows: pl.DataFrame) -> None:
        """Fit the law, the usual residuals by name, the venues' medians and the boosting on what the law leaves."""
        y = rows["target"].to_numpy().astype(np.float64)
        self.law_ = _least_absolute(rows["impact"].to_numpy(), y)
        left = y - self._by_law(rows)
        scored = rows.with_columns(left=pl.Series(left))
        self.usual_ = {name: _medians(scored, name, "left") for name in _NAMED}
        self.venue_ = _medians(rows, "venue", "target")
        self.typical_ = float(np.median(y))
        self.boosted_ = _grown(self._matrix(rows), left, trees=_TREES, quantile=None)

    def _weighed(self, x: Floats, y: Floats, day: Floats) -> float:
        """Return the largest weight of the venue's median that is within one standard error of the best."""
        index, own, venue = day.astype(np.int64), self._learnt(x), x[:, -1]
        n = np.bincount(index)
        losses = np.stack(
            [np.bincount(index, weights=np.abs(y - (1 - w) * own - w * venue)) / n for w in _WEIGHTS]
        )
        more = losses - losses[int(np.argmin(losses.mean(axis=1)))]
        error = more.std(axis=1) / np.sqrt(len(n))
        return float(_WEIGHTS[more.mean(axis=1) <= error].max())

    def _learnt(self, x: Floats) -> Floats:
        """Return the law and the boosting together."""
        constant, coefficient = self.law_
        found: Floats = constant + coefficient * x[:, _IMPACT] + self.boosted_.predict(x)
        return found

    def _cost(self, x: Floats) -> Floats:
        found: Floats = (1 - self.weight_) * self._learnt(x) + self.weight_ * x[:, -1]
        return found

    def _range(self, rows: pl.DataFrame) -> dict[str, pl.Series]:
        """Return ``low`` and ``high``: the tenth and the ninetieth percentile of what such an order costs."""
        ends = np.empty((2, 0))
        if rows.height:
            x = self._matrix(rows)
            ends = np.sort(
                [one.predict(x) + by for one, by in zip(self.wide_, self.wider_, strict=True)], axis=0
            )
        return {
            name: pl.Series(end, dtype=pl.Float64) for name, end in zip(("low", "high"), ends, strict=True)
        }

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
        venue = pl.col("venue").replace_strict(self.venue_, default=self.typical_, return_dtype=pl.Float64)
        columns = rows.select(*FEATURES, *usual, at_venue=venue)
        return np.asarray(columns.to_numpy(), dtype=np.float64)


def _with_type(orders: pl.DataFrame, events: pl.DataFrame | None) -> pl.DataFrame:
    """Return orders with ``ord_type`` as entered, empty where no event says it."""
    if events is None:
        return orders.with_columns(ord_type=pl.lit(""))
    entered = events.filter(pl.col("event_type") == "new").sort("order_id", "transact_time", "ord_type")
    types = entered.unique("order_id", keep="first", maintain_order=True).select("order_id", "ord_type")
    return orders.join(types, on="order_id", how="left", maintain_order="left")


def _with_spread(orders: pl.DataFrame, spreads: pl.DataFrame | None) -> pl.DataFrame:
    """Return orders with ``spread``: log of the instrument's quoted spread of the last day before with quotes."""
    if spreads is None or spreads.is_empty():
        return orders.with_columns(spread=pl.lit(None, pl.Float64))
    # A day's spread is known when it is over, so it counts from the next day on.
    known = spreads.select(
        "instrument_id",
        pl.col("date").dt.offset_by("1d"),
        spread=pl.col("spread_bp").clip(lower_bound=1e-3).log(),
    ).sort("date", "instrument_id")
    at = orders.with_row_index("_at").sort("date", "instrument_id")
    found = at.join_asof(
        known,
        on="date",
        by="instrument_id",
        strategy="backward",
        tolerance=f"{_OLD}d",
        check_sortedness=False,
    )
    return found.sort("_at").drop("_at")


def _grown(x: Floats, y: Floats, *, trees: int, quantile: float | None) -> Any:
    from sklearn.ensemble import HistGradientBoostingRegressor

    # The booster has no bins for a number that is never known.
    x = np.where(np.isnan(x).all(axis=0), 0.0, x)
    return HistGradientBoostingRegressor(
        loss="absolute_error" if quantile is None else "quantile", quantile=quantile, max_iter=trees,
        max_leaf_nodes=_LEAVES, min_samples_leaf=min(_LEAST, max(5, len(y) // 20)), learning_rate=0.06,
        l2_regularization=1.0, early_stopping=False, random_state=_SEED,
    ).fit(x, y)  # fmt: skip


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
