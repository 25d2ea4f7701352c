"""Behaviour: a trader's day unlike his peers' and his own, whatever it may mean."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from analytics.compliance._grades import blend, grade
from analytics.compliance.alerts import Metric, Told, listed, sequence
from analytics.compliance.detector import GAP_SCHEMA, Detector, Tables
from analytics.compliance.parameters import Parameters, parameter

Floats = npt.NDArray[np.float64]
FEATURES = {
    "orders": "orders entered",
    "names": "instruments",
    "median_size": "median order, in currency",
    "cancelled": "share of orders cancelled",
    "filled": "share of quantity filled",
    "buying": "share of orders to buy",
    "taking": "share of fills that took",
    "messages": "messages per order",
    "hour": "mean hour of the day",
}
_MAD_TO_SD = 1.4826
_CLIP = 50.0  # robust deviations beyond which more says nothing
_NEIGHBOURS = 10
_BLOCK = 500  # rows compared with all others at a time
_CEILING = 69.0  # odd is no offence: a lead, never graver than medium


@dataclass(frozen=True)
class BehaviourParameters(Parameters):
    """How much history, how rare, how far."""

    days: int = parameter(
        10,
        unit="days of the trader",
        low=5,
        high=250,
        rationale="A fortnight is the least that shows a habit.",
    )
    rows: int = parameter(
        100, unit="trader-days in all", low=30, high=100_000, rationale="Ranks among fewer are noise."
    )
    rank: float = parameter(
        0.99,
        unit="mean rank of three methods",
        low=0.5,
        high=1.0,
        rationale="All three must find it among the oddest in a hundred.",
    )
    deviations: float = parameter(
        6.0,
        unit="robust deviations",
        low=2,
        high=50,
        rationale="Something must be plainly odd, not everything a little.",
    )
    trees: int = parameter(
        100, unit="trees", low=20, high=1000, rationale="As in the method's first paper; more change little."
    )
    seed: int = parameter(7, unit="number", low=0, high=2**31 - 1, rationale="The same forest every time.")


class Behaviour(Detector):
    """A trader's day that three methods agree is unlike any other.

    Rule: each trader's day is described by counts, sizes, shares and times of his orders, each scaled by the
    median and median deviation of his peers' days (his desk, where it has enough) and of his own. An isolation
    forest, empirical tail probabilities (ECOD) and the distance to the nearest days rank all days; raised
    where the mean rank reaches ``rank`` and at least one feature is ``deviations`` away. The tail
    probabilities are sums over features, so each feature's part is the reason given. Too little history: it
    abstains and says so. It names no offence, never scores above medium and closes nothing.
    """

    name = "behaviour"
    code = "D27"
    title = "Unusual trading behaviour"
    version = "1.0.0"
    description = "A trader's day was unlike his own and his peers', whatever the reason."
    regulation = ("MAR Art. 16(2), Reg. 2016/957",)
    inputs = ("order_events",)
    helpful = ("executions",)
    false_positives = (
        "New joiners and people who cover for others",
        "Thin days around holidays, and days of corporate actions",
        "A new mandate, algorithm or venue",
    )
    Params = BehaviourParameters

    def episodes(self, tables: Tables, params: BehaviourParameters) -> pl.LazyFrame:
        """Return the odd trader-days."""
        return pl.defer(lambda: _odd(tables, params), schema=_EPISODES)

    def blind_spots(self, tables: Tables, params: BehaviourParameters) -> list[pl.LazyFrame]:
        """Return the orders of traders with too few days to judge."""
        known = tables["order_events"].filter(
            (pl.col("event_type") == "new") & pl.col("trader_id").is_not_null()
        )
        days = known.group_by("trader_id").agg(
            days=pl.col("transact_time").dt.date().n_unique(), orders=pl.len().cast(pl.UInt32)
        )
        few = (pl.col("days") < params.days) | (pl.col("days").sum() < params.rows)
        return [
            days.filter(few)
            .select(missing=pl.col("orders").sum().cast(pl.UInt32))
            .filter(pl.col("missing") > 0)
            .with_columns(
                reason=pl.lit("Some traders have too few days on record to say what is usual."),
                instrument_id=pl.lit(None, pl.String),
            )
            .select(*GAP_SCHEMA)
        ]

    def tell(self, episode: Mapping[str, Any], params: BehaviourParameters) -> Told:
        """Name the features that make the day odd, most first."""
        reasons = sorted(episode["reasons"], key=lambda one: (-one["part"], one["name"]))[:4]
        metrics = [Metric("mean_rank", episode["rank"], params.rank, "fraction of days")]
        metrics += [
            Metric(one["name"], one["value"], one["usual"], f"{one['part']:.0%} of the reason")
            for one in reasons
        ]
        story = [
            (
                f"On {episode['day']:%Y-%m-%d}, trader {episode['trader_id']} behaved unlike all but {1 - episode['rank']:.1%} "
                f"of {episode['compared']:,} trader-days."
            ),
        ]
        story += [
            f"{FEATURES[one['name']].capitalize()}: {one['value']:,.4g} where {one['usual']:,.4g} is usual "
            f"({one['z']:+.1f} robust deviations)."
            for one in reasons
        ]
        story.append("This names no offence: it is a reason to look, and to say what it was.")
        worst = max(abs(one["z"]) for one in reasons)
        score = min(
            _CEILING,
            blend(
                35.0,
                (60, grade(episode["rank"], params.rank, 1.0)),
                (40, grade(worst, params.deviations, _CLIP)),
            ),
        )
        return Told(
            score=score, metrics=metrics, story=story, actors=[("trader", episode["trader_id"])],
            order_ids=episode["order_ids"], instrument_ids=episode["names_traded"],
        )  # fmt: skip


_FLOAT = pl.Float64
_EPISODES: dict[str, Any] = {
    "actor_group": pl.String, "instrument_id": pl.String, "window_start": pl.Datetime("us", "UTC"),
    "window_end": pl.Datetime("us", "UTC"), "first_seq": pl.String, "last_seq": pl.String, "trader_id": pl.String,
    "day": pl.Date, "rank": pl.Float64, "compared": pl.Int64, "order_ids": pl.List(pl.String),
    "names_traded": pl.List(pl.String),
    "reasons": pl.List(pl.Struct({"name": pl.String, "value": pl.Float64, "usual": pl.Float64, "z": pl.Float64, "part": pl.Float64})),
}  # fmt: skip


def trader_days(events: pl.LazyFrame) -> pl.LazyFrame:
    """Return one row per trader and day with its features, sorted; see ``FEATURES``."""
    kind, entered = pl.col("event_type"), pl.col("event_type") == "new"
    qty, price = pl.col("order_qty").cast(_FLOAT), pl.coalesce("limit_px", "last_px").cast(_FLOAT)
    fills, keys = kind == "fill", ["trader_id", "day"]
    theirs = events.filter(pl.col("trader_id").is_not_null()).with_columns(
        day=pl.col("transact_time").dt.date()
    )
    hour = pl.col("transact_time_ns") % (86_400 * 10**9) / 3.6e12
    # Sums alone stream. What needs all values of a group at once is asked of few columns or few rows.
    sums = theirs.group_by(keys).agg(
        desk=pl.col("desk").min(),
        orders=entered.sum().cast(_FLOAT),
        cancels=(kind == "cancel").sum(),
        sent=kind.is_in(["new", "replace", "cancel"]).sum(),
        done=pl.when(fills).then(pl.col("last_qty").cast(_FLOAT)).sum(),
        wanted=pl.when(entered).then(qty).sum(),
        buying=pl.when(entered).then(pl.col("side").is_in(["buy", "buy_cover"])).mean(),
        taking=pl.when(fills).then(pl.col("liquidity") == "taker").mean(),
        hour=pl.when(entered).then(hour).mean(),
    )
    names = theirs.select(*keys, "instrument_id").unique().group_by(keys).agg(names=pl.len().cast(_FLOAT))
    sizes = theirs.filter(entered).select(*keys, size=qty * price).group_by(keys).agg(
        median_size=pl.col("size").median()
    )  # fmt: skip
    return (
        sums.filter(pl.col("orders") > 0)
        .join(names, on=keys, how="left")
        .join(sizes, on=keys, how="left")
        .with_columns(
            cancelled=pl.col("cancels") / pl.col("orders"),
            filled=pl.col("done") / pl.col("wanted"),
            messages=pl.col("sent") / pl.col("orders"),
        )
        .select(*keys, "desk", *(pl.col(name).cast(_FLOAT).round(9) for name in FEATURES))
        .sort("trader_id", "day")
    )


def scaled(days: pl.DataFrame, *, least: int) -> Floats:
    """Return the features in robust deviations from peers' and own days, whichever is nearer; clipped.

    Counts and sizes are compared by ratio. A day that is odd for the desk and ordinary for the trader, or the
    reverse, is not odd. The trader's desk counts as his peers where it has ``least`` days, else everybody.
    """
    logs = ("orders", "names", "median_size", "messages")
    rows = days.with_columns(pl.col(*logs).clip(lower_bound=1e-9).log(), desk=pl.col("desk").fill_null(""))
    rows = rows.with_columns(desk=pl.when(pl.len().over("desk") >= least).then("desk").otherwise(pl.lit("")))
    out = []
    for name in FEATURES:
        column = pl.col(name)
        floor = 0.1 if name in logs else 0.5 if name == "hour" else 0.05
        away = []
        for group in ("desk", "trader_id"):
            middle = column.median().over(group)
            spread = ((column - column.median().over(group)).abs().median().over(group) * _MAD_TO_SD).clip(
                lower_bound=floor
            )
            away.append((column - middle) / spread)
        nearer = pl.when(away[0].abs() <= away[1].abs()).then(away[0]).otherwise(away[1])
        out.append(nearer.fill_null(0.0).fill_nan(0.0).clip(-_CLIP, _CLIP).alias(name))
    return rows.select(out).to_numpy()


def ecod(x: Floats) -> Floats:
    """Return each feature's part in each row's oddness: -log of its smaller empirical tail, rows x features."""
    n = x.shape[0]
    ordered = np.sort(x, axis=0)
    parts = np.empty_like(x)
    for column in range(x.shape[1]):
        low = np.searchsorted(ordered[:, column], x[:, column], side="right") / n
        high = 1 - np.searchsorted(ordered[:, column], x[:, column], side="left") / n
        parts[:, column] = -np.log(np.minimum(1.0, 2 * np.minimum(low, high)))
    return parts


def nearest(x: Floats) -> Floats:
    """Return the mean distance of each row to its nearest others, in deviations (logarithmic beyond one)."""
    squeezed = np.sign(x) * np.log1p(np.abs(x))
    count = min(_NEIGHBOURS, x.shape[0] - 1)
    found = np.empty(x.shape[0])
    norms = (squeezed**2).sum(axis=1)
    for at in range(0, x.shape[0], _BLOCK):
        part = squeezed[at : at + _BLOCK]
        square = norms[at : at + _BLOCK, None] + norms[None, :] - 2 * part @ squeezed.T
        near = np.partition(np.maximum(square, 0.0), count, axis=1)[:, : count + 1]
        found[at : at + _BLOCK] = np.sqrt(near).sum(axis=1) / count
    return found


def mean_rank(x: Floats, *, trees: int, seed: int) -> Floats:
    """Return the mean rank (0..1, odd is high) of each row by isolation forest, ECOD and nearest neighbours."""
    from sklearn.ensemble import (
        IsolationForest,
    )  # a second to import; only where there is history to learn from

    forest = IsolationForest(n_estimators=trees, random_state=seed).fit(x)
    scores = (-forest.score_samples(x), ecod(x).sum(axis=1), nearest(x))
    mean: Floats = np.mean([_ranks(np.round(score, 9)) for score in scores], axis=0)
    return mean


def _ranks(score: Floats) -> Floats:
    ordered = np.sort(score)
    return np.searchsorted(ordered, score, side="right") / score.size


def _odd(tables: Tables, params: BehaviourParameters) -> pl.DataFrame:
    days = trader_days(tables["order_events"]).collect(engine="streaming").sort("trader_id", "day")
    enough = days.filter(pl.len().over("trader_id") >= params.days)
    if enough.height < params.rows:
        return pl.DataFrame(schema=_EPISODES)
    # Rows in an order that hangs on what was done and not on names, for the forest draws by position.
    enough = enough.sort("day", *FEATURES, "trader_id", nulls_last=True)
    x = scaled(enough, least=params.rows)
    rank = np.round(mean_rank(x, trees=params.trees, seed=params.seed), 6)
    hit = np.nonzero((rank >= params.rank) & (np.abs(x).max(axis=1) >= params.deviations))[0]
    parts = ecod(x)
    usual = {name: float(enough[name].median() or 0.0) for name in FEATURES}  # type: ignore[arg-type]
    rows = []
    for at in hit.tolist():
        row = enough.row(at, named=True)
        whole = float(parts[at].sum()) or 1.0
        reasons = [
            {"name": name, "value": row[name], "usual": usual[name], "z": round(float(x[at, n]), 4),
             "part": round(float(parts[at, n]) / whole, 6)}
            for n, name in enumerate(FEATURES) if row[name] is not None
        ]  # fmt: skip
        rows.append(
            {"trader_id": row["trader_id"], "day": row["day"], "rank": float(rank[at]), "reasons": reasons}
        )
    if not rows:
        return pl.DataFrame(schema=_EPISODES)
    found = pl.DataFrame(
        rows, schema={name: _EPISODES[name] for name in ("trader_id", "day", "rank", "reasons")}
    )
    return _evidence(found, tables, compared=enough.height)


def _evidence(found: pl.DataFrame, tables: Tables, *, compared: int) -> pl.DataFrame:
    events = tables["order_events"].with_columns(day=pl.col("transact_time").dt.date())
    spans = (
        events.join(found.lazy().select("trader_id", "day"), on=["trader_id", "day"], how="semi")
        .sort("transact_time_ns", "event_seq", "order_id")
        .group_by("trader_id", "day", maintain_order=True)
        .agg(
            window_start=pl.col("transact_time").min(),
            window_end=pl.col("transact_time").max(),
            first_seq=sequence(seq="event_seq").first(),
            last_seq=sequence(seq="event_seq").last(),
            order_ids=listed("order_id"),
            names_traded=listed("instrument_id"),
        )
        .collect(engine="streaming")
    )
    return (
        found.join(spans, on=["trader_id", "day"], how="inner")
        .with_columns(
            actor_group=pl.format("trader:{}", pl.col("trader_id")),
            instrument_id=pl.lit(None, pl.String),
            compared=pl.lit(compared, pl.Int64),
        )
        .select(*_EPISODES)
    )
