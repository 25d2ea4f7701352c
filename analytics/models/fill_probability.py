"""How likely a resting order is filled within a minute."""

from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np
import polars as pl

from analytics.models._base import Floats, Model, Tables, Walk
from analytics.models._learn import SEED, Blend, top_reasons
from analytics.trading.expected_cost import market_norms
from analytics.trading.resting import order_moves

SECONDS = 60
FEATURES: dict[str, str] = {
    "distance": "distance from the own side's touch, in spreads (below 0: inside)",
    "size": "size against what is shown at the touch",
    "imbalance": "how much more is shown on the own side",
    "spread": "spread in basis points",
    "volatility": "volatility of the instrument",
    "hour": "hour of the day",
    "buying": "side",
}
_STALE = "5m"  # a quote older than this says nothing of the touch
_EVENTS = (
    "order_id", "event_seq", "event_type", "transact_time", "transact_time_ns", "instrument_id", "side", "ord_type",
    "time_in_force", "limit_px", "order_qty", "last_qty", "last_px",
)  # fmt: skip
_MOST = 60_000  # orders learnt from: the latest ones, beyond which more change little
_REACH = 20.0  # spreads beyond which an order is simply far


class FillProbability(Model):
    """Boosting and a regularised logistic regression, calibrated, on the book at the moment an order is entered.

    Orders with a limit that rest (not through the other side's touch, not to be done at once) are taken as they
    are entered; the target is whether anything of them is filled within sixty seconds. The baseline in every
    test is a logistic regression on the distance alone, fitted on the same training days.
    """

    name = "fill_probability"
    title = "Fill probability, one minute"
    version = "1.0.0"
    purpose = (
        "How likely a resting order is filled within a minute of being entered; for choosing where to rest."
    )
    kind = "probability"
    unit = "probability"
    inputs: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "order_events": _EVENTS,
        "quotes": ("instrument_id", "transact_time", "seq", "bid_px", "bid_qty", "ask_px", "ask_qty"),
        "prices": ("instrument_id", "date", "adj_basis", "close", "volume"),
    }
    keys = ("order_id", "date")
    target_name = "something of the order was filled within 60 seconds"
    horizon = 0
    baseline_name = "logistic regression on the distance to the touch alone"
    metric = "Brier skill: 1 - Brier score / that of the baseline"
    references = (
        "Lo, MacKinlay and Zhang, Econometric models of limit-order executions, 2002",
        "Platt, Probabilistic outputs for support vector machines, 1999",
    )
    limits = (
        "An order withdrawn before the minute is over counts as not filled: it is the chance as orders are handled here",
        "The queue ahead is not known: what is shown at the touch stands in for it",
        "Orders without a quote of the last five minutes are not judged",
    )
    # Quotes are kept for weeks rather than years: eight days by the thousand are enough to begin with.
    walk = Walk(first=8, width=4, embargo=1, least=8)
    sessions = 120
    seeds: ClassVar[Mapping[str, int]] = {"trees": SEED}
    owner = "Trading"

    def features(self, tables: Tables) -> pl.DataFrame:
        """Return order_id, date, ``FEATURES``, baseline (null: fitted with the model) and target, one row per resting order."""
        events = tables["order_events"]
        moves = order_moves(events.lazy()).select("key", "time", "kind", "side", "px", "qty").collect()
        entered = moves.filter(pl.col("kind") == "new").unique("key", keep="first", maintain_order=True)
        fills = moves.filter(pl.col("kind") == "fill").group_by("key").agg(filled=pl.col("time").min())
        at_once = pl.col("time_in_force").is_in(["ioc", "fok", "opg", "cls"]) | (
            pl.col("ord_type") == "market"
        )
        names = (
            events.filter((pl.col("event_type") == "new") & ~at_once.fill_null(value=False))
            .select("instrument_id", key="order_id")
            .unique("key", keep="first", maintain_order=True)
        )
        orders = entered.join(names, on="key", how="inner", maintain_order="left").filter(pl.col("px") > 0)
        floats = [pl.col(name).cast(pl.Float64) for name in ("bid_px", "bid_qty", "ask_px", "ask_qty")]
        quotes = (
            tables["quotes"]
            .filter((pl.col("bid_px") > 0) & (pl.col("ask_px") > pl.col("bid_px")))
            .sort("transact_time", "seq")
            .select("instrument_id", *floats, time="transact_time")
        )
        seen = orders.sort("time", "key").join_asof(
            quotes,
            on="time",
            by="instrument_id",
            strategy="backward",
            tolerance=_STALE,
            check_sortedness=False,
        )
        norms = market_norms(tables["prices"].lazy()).select("instrument_id", "date", "volatility").collect()
        buying, px = pl.col("side") > 0, pl.col("px").cast(pl.Float64)
        width = pl.col("ask_px") - pl.col("bid_px")
        away = pl.when(buying).then(pl.col("bid_px") - px).otherwise(px - pl.col("ask_px")) / width
        own, other = pl.col("bid_qty"), pl.col("ask_qty")
        tilt = pl.when(buying).then(own - other).otherwise(other - own) / (own + other)
        touch = pl.when(buying).then(own).otherwise(other)
        within = (pl.col("filled") - pl.col("time")).dt.total_microseconds() <= SECONDS * 1_000_000
        return (
            seen.drop_nulls("bid_px")
            .join(fills, on="key", how="left", maintain_order="left")
            .with_columns(date=pl.col("time").dt.date())
            .join(norms, on=["instrument_id", "date"], how="left", maintain_order="left")
            .with_columns(
                distance=away.clip(-1.0, _REACH),
                size=pl.when(touch > 0).then((pl.col("qty").cast(pl.Float64) / touch).log1p()),
                imbalance=tilt.fill_nan(None),
                spread=(width / (pl.col("ask_px") + pl.col("bid_px")) * 2e4).log(),
                hour=pl.col("time").dt.hour().cast(pl.Float64) + pl.col("time").dt.minute() / 60,
                buying=buying.cast(pl.Float64),
                baseline=pl.lit(None, pl.Float64),
                target=within.fill_null(value=False).cast(pl.Float64),
            )
            .filter(pl.col("distance") > -1.0)
            .select("date", *FEATURES, "baseline", "target", order_id="key")
            .select("order_id", "date", *FEATURES, "baseline", "target")
            .sort("date", "order_id")
        )  # fmt: skip

    def known(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Return all orders: a number that is not known is no reason to leave one out."""
        return rows.drop_nulls("target")

    def drivers(self, rows: pl.DataFrame) -> list[str]:
        """Watch the book and the orders; hours and sides are what they are."""
        return ["distance", "size", "imbalance", "spread", "volatility"]

    def fit(self, rows: pl.DataFrame) -> Self:
        """Fit the blend, and the logistic regression on the distance alone that it is compared with."""
        from sklearn.linear_model import LogisticRegression

        latest = rows.tail(_MOST)
        self.share_ = float((latest["target"].sum() + 1) / (latest.height + 2))
        self.blend_ = self.plain_ = None
        if latest["target"].n_unique() == 2:
            self.blend_ = Blend(list(FEATURES), strength=1.0, trees=80, leaves=12, least=30).fit(latest)
            x, y = latest.select("distance").to_numpy(), latest["target"].to_numpy()
            plain = LogisticRegression(C=1e3).fit(x, y)
            self.plain_ = (float(plain.intercept_[0]), float(plain.coef_[0, 0]))
        return self

    def predict(self, rows: pl.DataFrame) -> Floats:
        """Return the probability that something of each order is filled within the minute."""
        return np.full(rows.height, self.share_) if self.blend_ is None else self.blend_.chance(rows)

    def judge(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Return the default columns with the logistic regression on the distance as the baseline."""
        plain = self._plain(rows)
        return super().judge(rows.with_columns(baseline=pl.Series(plain, dtype=pl.Float64)))

    def latest(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Return the orders of the last day: keys, predicted and baseline, as they were entered."""
        now = rows.filter(pl.col("date") == pl.col("date").max())
        return now.select(
            *self.keys,
            pl.Series("predicted", self.predict(now), dtype=pl.Float64),
            pl.Series("baseline", self._plain(now), dtype=pl.Float64),
        )

    def reasons(self, rows: pl.DataFrame) -> list[list[dict[str, Any]]]:
        """Return the three features that move each probability most, in log odds from a typical order."""
        parts = np.zeros((rows.height, len(FEATURES))) if self.blend_ is None else self.blend_.parts(rows)
        return top_reasons(parts, list(FEATURES), FEATURES, unit="log odds")

    def state(self) -> dict[str, Any]:
        """Return the share filled, the blend and the plain regression."""
        return {
            "version": self.version, "share": self.share_, "plain": self.plain_,
            "blend": None if self.blend_ is None else self.blend_.state(),
        }  # fmt: skip

    @classmethod
    def restore(cls, state: Mapping[str, Any]) -> Self:
        """Take up what ``state`` gave."""
        made = cls.begun(state)
        made.share_ = state["share"]
        made.plain_ = None if state["plain"] is None else (state["plain"][0], state["plain"][1])
        made.blend_ = None if state["blend"] is None else Blend.restore(state["blend"])
        return made

    def _plain(self, rows: pl.DataFrame) -> Floats:
        if self.plain_ is None:
            return np.full(rows.height, self.share_)
        constant, slope = self.plain_
        found: Floats = 1 / (1 + np.exp(-(constant + slope * rows["distance"].to_numpy().astype(np.float64))))
        return found
