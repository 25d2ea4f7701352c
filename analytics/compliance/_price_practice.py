"""How far through the market limits are usually sent, and which prices their orders reached.

A limit far through the market is how many a market order is sent: it trades at the touch, and the limit is there
for the case that nothing is. Where that is the practice, the distance alone is nobody's slip.
"""

from collections.abc import Mapping
from typing import Any, Protocol

import polars as pl

from analytics.compliance._order_references import BUYS
from analytics.compliance._spans import settled
from analytics.compliance.alerts import Metric
from analytics.compliance.detector import Tables
from analytics.text import formatted

_MEMORY = "30d"
_EVER = "36500d"


class Practice(Protocol):
    """From when a distance is a practice, and how much farther is none any more."""

    @property
    def practice_share(self) -> float: ...
    @property
    def practice_actors(self) -> int: ...
    @property
    def practice_multiple(self) -> float: ...


def beyond_practice(far: pl.LazyFrame, tables: Tables, params: Practice) -> pl.LazyFrame:
    """Keep limits beyond what is usual in their instrument, and those whose orders traded beyond the collar.

    It is a practice where, in the thirty days before, at least ``practice_share`` of the filled orders of the
    instrument had a limit beyond the collar, from ``practice_actors`` traders or more so far; then only limits
    beyond ``practice_multiple`` times their middle distance are kept. What an order reached is its worst fill.
    Linear in the fills of the instruments concerned.

    Args:
        far: Limits beyond the collar: order_id, event_seq, instrument_id, account_id, trader_id, side,
            order_qty, transact_time, ``reference``, ``away`` and ``band`` (fractions of the reference, both above 0).
        tables: order_events.
        params: Thresholds.

    Returns:
        The rows with ``bound`` (fraction: the collar, or more where it is a practice), ``reached`` (the worst
        fill, signed like ``away``; null without one), ``excess`` (1 and more: how far beyond) and ``harmless``
        (whether the whole order was done within the collar).
    """
    known = settled(far)
    fills = settled(
        tables["order_events"]
        .filter((pl.col("event_type") == "fill") & (pl.col("last_px") > 0))
        .join(known.select("instrument_id").unique(), on="instrument_id", how="semi")
        .group_by("instrument_id", "order_id")
        .agg(
            transact_time=pl.col("transact_time").min(),
            lowest=pl.col("last_px").min().cast(pl.Float64),
            highest=pl.col("last_px").max().cast(pl.Float64),
            done=pl.col("last_qty").sum().cast(pl.Float64),
        )
    )
    buys = pl.col("side").is_in(BUYS)
    away = pl.when(buys).then(pl.col("highest") / pl.col("reference") - 1)
    usual = pl.when("practised").then(params.practice_multiple * pl.col("usual"))
    worst = fills.select("order_id", "lowest", "highest", "done")
    whole = pl.col("done") >= pl.col("order_qty").cast(pl.Float64) * (1 - 1e-9)
    return (
        _practised(known, fills, params)
        .join(worst, on="order_id", how="left")
        .with_columns(
            reached=away.otherwise(1 - pl.col("lowest") / pl.col("reference")),
            bound=pl.max_horizontal("band", usual),
        )
        .with_columns(
            excess=pl.max_horizontal(pl.col("away") / pl.col("bound"), pl.col("reached") / pl.col("band"))
        )
        .filter(pl.col("excess") > 1)
        .with_columns(harmless=(whole & (pl.col("reached") <= pl.col("band"))).fill_null(value=False))
    )


def _practised(far: pl.LazyFrame, fills: pl.LazyFrame, params: Practice) -> pl.LazyFrame:
    """Add ``practised`` and ``usual``, the middle distance of the limits before; of strictly earlier ones only."""
    name = "instrument_id"
    actor = pl.coalesce(
        formatted("trader:{}", pl.col("trader_id")), formatted("account:{}", pl.col("account_id"))
    )
    marked = far.sort("transact_time", "event_seq", "order_id").with_columns(
        sent=pl.lit(1.0), fresh=pl.struct(name, actor).is_first_distinct().cast(pl.Float64)
    )
    done = fills.select(name, "transact_time", filled=pl.lit(1.0))
    both = pl.concat([marked, done], how="diagonal").sort("transact_time")

    def before(of: pl.Expr, window: str = _MEMORY) -> pl.Expr:
        total = of.fill_null(0.0).rolling_sum_by("transact_time", window_size=window, closed="left")
        return total.over(name).fill_null(0.0)

    middle = pl.col("away").rolling_median_by("transact_time", window_size=_MEMORY, closed="left").over(name)
    enough = before(pl.col("sent")) >= params.practice_share * before(pl.col("filled"))
    several = before(pl.col("fresh"), _EVER) >= params.practice_actors
    return (
        both.with_columns(usual=middle, practised=enough & several)
        .filter(pl.col("sent").is_not_null())
        .drop("sent", "fresh", "filled")
    )


def price_score(episode: Mapping[str, Any]) -> float:
    """Return 50 at the bound to 100 at four times that; 40 to 70 where the whole order was done within the collar."""
    further = min(1.0, (float(episode["beyond"]) - 1) / 3)
    return 40 + 30 * further if episode["harmless"] else 50 + 50 * further


def price_told(episode: Mapping[str, Any]) -> tuple[list[Metric], list[str]]:
    """Return the figures and sentences of the limit that stood out most: ``episode`` has the columns above."""
    away, band, bound, reached = (episode[name] for name in ("away", "band", "bound", "reached"))
    through = "above" if episode["side"] in BUYS else "below"
    metrics = [Metric("price_deviation", away, bound, "fraction of the reference")]
    story = [
        (
            f"A {episode['side']} limit stood {away:.1%} {through} the {episode['reference_kind']} of "
            f"{episode['reference']:,.4f}; the collar is {band:.1%}."
        )
    ]
    if bound > band:
        story.append(f"Limits up to {bound:.1%} through the market are not unusual in this instrument.")
    if reached is not None:
        metrics.append(Metric("price_reached", reached, band, "fraction of the reference"))
        verdict = "beyond the collar" if reached > band else "within the collar"
        story.append(f"It traded up to {max(0.0, reached):.1%} {through} that price, {verdict}.")
    return metrics, story
