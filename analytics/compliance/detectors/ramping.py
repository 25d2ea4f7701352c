"""Ramping: one group trades a price up or down, step by step."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from analytics.compliance._features import with_baseline
from analytics.compliance._grades import blend, grade, who
from analytics.compliance._spans import MINUTE_NS, merged_spans, settled, steadied
from analytics.compliance._volumes import (
    covered,
    market_buckets,
    over_windows,
    own_fills,
    session_edges,
    share_of,
    uncovered,
    with_market_move,
)
from analytics.compliance.alerts import Metric, Told, listed
from analytics.compliance.detector import Detector, Tables
from analytics.compliance.parameters import Parameters, parameter

_PAUSE_NS = 6 * MINUTE_NS  # ends a run
_LONGEST_NS = 60 * MINUTE_NS
_SESSION = 390.0
_FALLBACK_SIGMA = 0.02
_EDGE = pl.duration(minutes=5)  # belongs to marking the open and the close
_BENEFIT = pl.duration(minutes=30)


@dataclass(frozen=True)
class RampingParameters(Parameters):
    """Thresholds of ramping."""

    fills: int = parameter(
        8, unit="fills", low=3, high=200, rationale="Three steps up happen by chance every day."
    )
    upticks: float = parameter(
        0.7,
        unit="fraction of steps",
        low=0.5,
        high=1.0,
        rationale="A price that wanders goes the group's way half the time.",
    )
    trend: float = parameter(
        0.7,
        unit="rank correlation",
        low=0.3,
        high=1.0,
        rationale="Price and own volume must rise together over the whole episode, not in one jump.",
    )
    share: float = parameter(
        0.1,
        unit="fraction of market volume",
        low=0.01,
        high=1.0,
        rationale="A smaller part of the market follows a price rather than making it. A fifth of it, as is often "
        "set, misses one of eight on days used for tuning and spares hardly an alert.",
    )
    move: float = parameter(
        3.0,
        unit="standard deviations",
        low=0.5,
        high=20,
        rationale="Beyond the market's own move, an instrument goes this far in as many minutes in one case of "
        "seven hundred.",
    )
    minutes: float = parameter(
        2.0, unit="minutes", low=0, high=60, rationale="One order through several levels is no ramp."
    )
    base_score: float = parameter(
        50.0, unit="score", low=0, high=100, rationale="Steps, share and move together deserve a look."
    )


class Ramping(Detector):
    """Fills of one group and side at ever higher (or lower) prices, a fair part of the market, and a move.

    A run ends with a pause of six minutes, after an hour, or within five minutes of the open and the
    close, which other detectors look at. The move is from the group's first print to the farthest, less the median move of all
    instruments, in standard deviations of as many minutes. A later trade the other way at the price reached
    raises the score. Market makers are left out. Linear: sorts and groupings of the busy groups' fills.
    """

    name = "ramping"
    code = "D09"
    title = "Suspected price ramping"
    version = "1.0.0"
    description = "Trades at ever higher or lower prices that carry the price along."
    regulation = ("MAR Art. 16(2), Reg. 2016/957", "SGX Rule 3.11")
    inputs = ("executions",)
    helpful = ("bars", "tape", "accounts", "prices", "instruments")
    false_positives = (
        "An execution algorithm that buys through a rally",
        "Buy-back programmes",
        "Names so thin that any trade is a fifth of the day",
    )
    Params = RampingParameters

    def blind_spots(self, tables: Tables, params: RampingParameters) -> list[pl.LazyFrame]:
        """Return a gap if nothing tells the market's volume."""
        reason = "No tape and no bars of a minute or five: the share of the market is not known."
        return [uncovered(tables, reason=reason)]

    def episodes(self, tables: Tables, params: RampingParameters) -> pl.LazyFrame:
        """Return runs of fills that carried the price."""
        market = settled(market_buckets(tables))
        fills = covered(own_fills(tables, "order_id", "trader_id"), market)
        fills = fills.filter(pl.col("account_kind").ne_missing("mm"))
        trading = _between_edges(fills, session_edges(tables, market))
        # By group, so that splitting does not help; by account, so that a busy group does not hide one.
        levels = [
            _runs(trading, [*who_, "actor_group", "instrument_id", "buys", "market_day"], params)
            for who_ in ((), ("account_id",))
        ]
        runs = settled(
            pl.concat(levels, how="diagonal")
            .sort("actor_group", "instrument_id", "buys", "first_ns", "last_ns", "fills")
            .with_row_index("row")
        )
        measured = over_windows(runs, market, start="window_start", end="window_end")
        measured = with_market_move(measured, market, start="window_start", end="window_end")
        measured = with_baseline(measured.with_columns(day=pl.col("window_start").dt.date()), tables)
        minutes = pl.max_horizontal(
            (pl.col("window_end") - pl.col("window_start")).dt.total_seconds() / 60, pl.lit(5.0)
        )
        sigma = pl.col("sigma").fill_null(_FALLBACK_SIGMA) * (minutes / _SESSION).sqrt()
        sign = pl.when("buys").then(1.0).otherwise(-1.0)
        hits = settled(
            measured.with_columns(
                share=share_of("own_qty", "market_volume"),
                moves=sign * (pl.col("move") - pl.col("index_move")) / sigma,
            ).filter(pl.col("share") >= params.share, pl.col("moves") >= params.move)
        )
        keys = ["actor_group", "instrument_id", "buys"]
        merged = merged_spans(
            hits,
            keys,
            told=(
                *("fills", "upticks", "trend", "own_qty", "share", "move", "moves", "index_move"),
                *("market_volume", "market_source", "first_px", "last_px", "sigma"),
            ),
            best=("moves", "share", "first_ns"),
        )
        return steadied(_with_benefit(merged, fills))

    def tell(self, episode: Mapping[str, Any], params: RampingParameters) -> Told:
        """Score by move, share, steadiness, and whether the price reached was used."""
        share, move, used = episode["share"], episode["moves"], episode["benefit"] or 0.0
        up = episode["buys"]
        score = blend(
            params.base_score,
            (3, grade(move, params.move, 4 * params.move)),
            (2, grade(share, params.share, 5 * params.share)),
            (1, grade(episode["trend"], params.trend, 1.0)),
            (1, grade(episode["upticks"], params.upticks, 1.0)),
            (2, grade(used, 0.0, 0.8)),
        )
        story = [
            (
                f"From {episode['window_start']:%H:%M:%S} to {episode['window_end']:%H:%M:%S} UTC on "
                f"{episode['window_start']:%Y-%m-%d}, {who(episode['accounts'])} {'bought' if up else 'sold'} "
                f"{episode['own_qty']:,.0f} {episode['instrument_id']} in {episode['fills']} fills."
            ),
            (
                f"{episode['upticks']:.0%} of the steps between them went {'up' if up else 'down'}, from "
                f"{episode['first_px']:,.4f} to {episode['last_px']:,.4f}."
            ),
            (
                f"They were {share:.0%} of what the market traded (from {episode['market_source']}); "
                f"{params.share:.0%} alerts."
            ),
            (
                f"The price moved {episode['move']:+.2%} while the market moved {episode['index_move']:+.2%}: "
                f"{move:.1f} standard deviations."
            ),
            f"Within half an hour {used:.0%} of it was {'sold' if up else 'bought back'}."
            if used > 0
            else "Nothing was traded the other way within half an hour.",
            "Suspected ramping: check for a parent order or a buy-back programme, and who gains by the price.",
        ]
        if episode["sigma"] is None:
            story.insert(
                4, f"The instrument's usual swing is not known; {_FALLBACK_SIGMA:.0%} a day stands in for it."
            )
        return Told(
            score=score,
            metrics=[
                Metric("fills", float(episode["fills"]), float(params.fills), "fills"),
                Metric("upticks", episode["upticks"], params.upticks, "fraction of steps"),
                Metric("trend", episode["trend"], params.trend, "rank correlation"),
                Metric("share", share, params.share, "fraction of market volume"),
                Metric("move", move, params.move, "standard deviations"),
                Metric("benefit", used, None, "fraction of own quantity"),
            ],
            story=story,
            actors=[("account", a) for a in episode["accounts"]]
            + [("trader", t) for t in episode["traders"]],
            order_ids=episode["order_ids"],
            exec_ids=episode["exec_ids"],
        )


def _between_edges(fills: pl.LazyFrame, edges: pl.LazyFrame) -> pl.LazyFrame:
    hours = edges.select("instrument_id", "opens", "closes", market_day="day")
    known = fills.join(hours, on=["instrument_id", "market_day"], how="left")
    inside = pl.col("transact_time").is_between(
        pl.col("opens") + _EDGE, pl.col("closes") - _EDGE, closed="left"
    )
    return known.filter(inside.fill_null(value=True)).drop("opens", "closes")


def _runs(fills: pl.LazyFrame, keys: list[str], params: RampingParameters) -> pl.LazyFrame:
    # One row per run of fills without a pause: how steadily price went along with time.
    busy = fills.group_by(keys).len().filter(pl.col("len") >= params.fills).select(keys)
    sign = pl.when("buys").then(1.0).otherwise(-1.0)
    ordered = fills.join(busy, on=keys, how="semi").sort(*keys, "transact_time_ns", "exec_id")
    ns = pl.col("transact_time_ns")
    paused = (ns.diff() >= _PAUSE_NS).over(keys).fill_null(value=False)
    grouped = [*keys, "run", "hour"]
    rank = pl.int_range(1, pl.len() + 1).cast(pl.Float64)
    return (
        ordered.with_columns(run=paused)
        .with_columns(run=pl.col("run").cast(pl.Int32).cum_sum().over(keys))
        .with_columns(hour=(ns - ns.min().over(*keys, "run")) // _LONGEST_NS)
        .with_columns(step=(sign * pl.col("px").diff()).over(grouped))
        .group_by(grouped)
        .agg(
            fills=pl.len(),
            ups=(pl.col("step") > 0).sum(),
            steps=(pl.col("step") != 0).sum(),
            trend=pl.corr(rank, (sign * pl.col("px")).rank()),
            own_qty=pl.col("qty").sum(),
            first_px=pl.col("px").first(),
            # The price reached: the last one may be another trader's of the same group.
            last_px=sign.first() * (sign * pl.col("px")).max(),
            first_ns=ns.min(),
            last_ns=ns.max(),
            window_start=pl.col("transact_time").min(),
            window_end=pl.col("transact_time").max(),
            spread_ns=ns.filter(pl.col("step") > 0).quantile(0.75)
            - ns.filter(pl.col("step") > 0).quantile(0.25),
            exec_ids=listed("exec_id"),
            order_ids=listed("order_id"),
            accounts=pl.col("account_id").unique().sort(),
            traders=listed("trader_id"),
        )
        .with_columns(
            upticks=pl.col("ups") / pl.col("steps"), move=(pl.col("last_px") / pl.col("first_px")).log()
        )
        .filter(
            pl.col("fills") >= params.fills,
            # A fill at the price of the one before is no step.
            pl.col("ups") + 1 >= params.upticks * params.fills,
            pl.col("upticks") >= params.upticks,
            pl.col("trend") >= params.trend,
            # Half of the steps within a minute is a jump, whatever came before or after it.
            pl.col("spread_ns") >= params.minutes / 2 * MINUTE_NS,
        )
        .select(
            *("actor_group", "instrument_id", "buys", "fills", "upticks", "trend", "own_qty", "first_px"),
            *("last_px", "move", "first_ns", "last_ns", "window_start", "window_end", "exec_ids"),
            *("order_ids", "accounts", "traders"),
        )
    )


def _with_benefit(rows: pl.LazyFrame, fills: pl.LazyFrame) -> pl.LazyFrame:
    # How much of what was traded went the other way soon after.
    numbered = settled(
        rows.sort("actor_group", "instrument_id", "buys", "window_start").with_row_index("row")
    )
    later = (
        numbered.select("row", "actor_group", "instrument_id", "buys", "window_end", "own_qty")
        .join(
            fills.select("actor_group", "instrument_id", "transact_time", "qty", other="buys"),
            on=["actor_group", "instrument_id"],
            how="inner",
        )
        .filter(
            pl.col("other") != pl.col("buys"),
            pl.col("transact_time") > pl.col("window_end"),
            pl.col("transact_time") <= pl.col("window_end") + _BENEFIT,
        )
        .group_by("row")
        .agg(benefit=pl.col("qty").sum() / pl.col("own_qty").first())
    )
    return numbered.join(later, on="row", how="left")
