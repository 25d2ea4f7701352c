"""Momentum ignition: a position, a burst that sets off a move, and the way out into it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from analytics.compliance._features import with_baseline
from analytics.compliance._grades import blend, grade, who
from analytics.compliance._spans import MINUTE_NS, merged_spans, settled, steadied
from analytics.compliance._volumes import covered, market_buckets, over_windows, own_fills, uncovered
from analytics.compliance.alerts import Metric, Told, listed
from analytics.compliance.detector import Detector, Tables
from analytics.compliance.parameters import Parameters, parameter

_KEYS = ["actor_group", "instrument_id", "buys", "market_day"]
_PAUSE_NS = 10 * 10**9  # ends a burst
_BUCKET_SECONDS = 300.0
_BUILD_NS = 10 * MINUTE_NS
_EXIT_NS = 5 * MINUTE_NS
_SESSION = 390.0
_FALLBACK_SIGMA = 0.02


@dataclass(frozen=True)
class MomentumIgnitionParameters(Parameters):
    """Thresholds of momentum ignition."""

    fills: int = parameter(3, unit="fills", low=2, high=100, rationale="One order that takes is not a burst.")
    longest: float = parameter(
        60.0, unit="seconds", low=1, high=300, rationale="A burst is over before others have thought."
    )
    share: float = parameter(
        0.3,
        unit="fraction of market volume",
        low=0.05,
        high=1.0,
        rationale="Who starts a move is a good part of what trades while it starts.",
    )
    move: float = parameter(
        4.0,
        unit="standard deviations",
        low=1,
        high=50,
        rationale="Against the usual swing of half a minute, a move nobody takes for noise.",
    )
    exit: float = parameter(
        0.5,
        unit="fraction of position",
        low=0.1,
        high=1.0,
        rationale="Who keeps most of what he bought wanted it; half of it sold into the move was the purpose.",
    )
    gain: float = parameter(
        2.0,
        unit="basis points",
        low=0,
        high=100,
        rationale="About a spread in a liquid name: less than that pays for nothing.",
    )
    base_score: float = parameter(
        50.0, unit="score", low=0, high=100, rationale="Burst, move and exit together deserve a look."
    )


class MomentumIgnition(Detector):
    """A burst of taking that moves the price, out of which the same group leaves the other way at a gain.

    Burst: own fills that took liquidity, less than ten seconds apart, a share of the market's volume over as
    long (the five-minute volume in proportion), moving the group's own prints by multiples of the instrument's
    half-minute swing. Exit: within five minutes at least half of the position, what was built to the same side in
    the ten minutes before included, is closed at a better average price. Market makers are left out. Linear:
    sorts of the takers' fills; builds and exits are looked up for bursts only.
    """

    name = "momentum_ignition"
    code = "D08"
    title = "Suspected momentum ignition"
    version = "1.1.0"
    description = "A burst of trades that sets off a move, and an exit into the move it set off."
    regulation = ("MAR Art. 16(2), Reg. 2016/957", "MAR Annex I")
    inputs = ("executions",)
    helpful = ("bars", "tape", "accounts", "prices")
    false_positives = (
        "A large order that sweeps the book and is kept",
        "News that everybody trades on at once",
        "A client's stop order, executed as it was given",
    )
    Params = MomentumIgnitionParameters

    def blind_spots(self, tables: Tables, params: MomentumIgnitionParameters) -> list[pl.LazyFrame]:
        """Return a gap if nothing tells the market's volume."""
        reason = "No tape and no bars of a minute or five: the share of a burst is not known."
        return [uncovered(tables, reason=reason)]

    def episodes(self, tables: Tables, params: MomentumIgnitionParameters) -> pl.LazyFrame:
        """Return bursts with their way out."""
        market = settled(market_buckets(tables))
        fills = covered(own_fills(tables, "order_id", "trader_id", "liquidity"), market)
        fills = fills.filter(pl.col("account_kind").ne_missing("mm"))
        bursts = settled(_bursts(fills, params))
        measured = over_windows(bursts, market, start="window_start", end="window_end")
        measured = with_baseline(measured.with_columns(day=pl.col("window_start").dt.date()), tables)
        sigma = pl.col("sigma").fill_null(_FALLBACK_SIGMA) * (0.5 / _SESSION) ** 0.5
        # The bucket's volume in proportion: bars know no seconds. Half a minute at least, as volume is lumpy.
        part = pl.max_horizontal("seconds", pl.lit(30.0)) / _BUCKET_SECONDS / pl.col("buckets")
        hits = settled(
            measured.with_columns(around=part * pl.col("market_volume"), moves=pl.col("move") / sigma)
            .with_columns(share=pl.col("own_qty") / pl.max_horizontal("own_qty", "around"))
            .filter(pl.col("share") >= params.share, pl.col("moves") >= params.move)
        )
        found = settled(
            _around(hits, fills).filter(
                pl.col("out_qty") >= params.exit * (pl.col("own_qty") + pl.col("built_qty")),
                pl.col("gain") >= params.gain,
            )
        )
        keys = ["actor_group", "instrument_id"]
        merged = merged_spans(
            found,
            keys,
            told=(
                *("buys", "fills", "seconds", "own_qty", "built_qty", "out_qty", "share", "move"),
                *("moves", "gain", "first_px", "far_px", "market_source", "sigma"),
            ),
            best=("moves", "first_ns"),
            bursts=pl.len(),
        )
        return steadied(merged)

    def tell(self, episode: Mapping[str, Any], params: MomentumIgnitionParameters) -> Told:
        """Score by move, share, how completely the group left and what it gained."""
        up, bursts = episode["buys"], episode["bursts"]
        taken = episode["own_qty"] + episode["built_qty"]
        left = min(1.0, episode["out_qty"] / taken)
        score = blend(
            params.base_score,
            (2, grade(episode["moves"], params.move, 4 * params.move)),
            (1, grade(episode["share"], params.share, 1.0)),
            (2, grade(left, params.exit, 1.0)),
            (1, grade(episode["gain"], params.gain, 15 * params.gain)),
            (1, grade(episode["built_qty"] / episode["own_qty"], 0.0, 1.0)),
        ) + 5 * (bursts - 1)
        story = [
            (
                f"Build: in the ten minutes before, {who(episode['accounts'])} {'bought' if up else 'sold'} "
                f"{episode['built_qty']:,.0f} {episode['instrument_id']}."
            )
            if episode["built_qty"]
            else f"Build: {who(episode['accounts'])} came without a position of the last ten minutes.",
            (
                f"Ignite: from {episode['window_start']:%H:%M:%S} UTC on {episode['window_start']:%Y-%m-%d}, "
                f"{episode['own_qty']:,.0f} in {episode['fills']} fills within {episode['seconds']:.0f} seconds, "
                f"{episode['share']:.0%} of what the market trades in that time (from "
                f"{episode['market_source']})."
            ),
            (
                f"Move: from {episode['first_px']:,.4f} to {episode['far_px']:,.4f}, {episode['move']:.2%} its way, "
                f"{episode['moves']:.1f} times the usual swing of half a minute."
            ),
            (
                f"Exit: within five minutes {left:.0%} was {'sold' if up else 'bought back'}, "
                f"{episode['gain']:.1f} basis points better than it was {'bought' if up else 'sold'}."
            ),
            "Suspected momentum ignition: check for news, a client's order, and whether others followed.",
        ]
        if episode["sigma"] is None:
            story.insert(
                3, f"The instrument's usual swing is not known; {_FALLBACK_SIGMA:.0%} a day stands in for it."
            )
        if bursts > 1:
            story.insert(-1, f"It happened {bursts} times within this episode.")
        return Told(
            score=score,
            metrics=[
                Metric("move", episode["moves"], params.move, "standard deviations"),
                Metric("share", episode["share"], params.share, "fraction of market volume"),
                Metric("exit", left, params.exit, "fraction of position"),
                Metric("gain", episode["gain"], params.gain, "basis points"),
                Metric("fills", float(episode["fills"]), float(params.fills), "fills"),
            ],
            story=story,
            actors=[("account", a) for a in episode["accounts"]]
            + [("trader", t) for t in episode["traders"]],
            order_ids=episode["order_ids"],
            exec_ids=episode["exec_ids"],
        )


def _bursts(fills: pl.LazyFrame, params: MomentumIgnitionParameters) -> pl.LazyFrame:
    taking = fills.filter(pl.col("liquidity").fill_null("taker") == "taker")
    busy = taking.group_by(_KEYS).len().filter(pl.col("len") >= params.fills).select(_KEYS)
    sign = pl.when("buys").then(1.0).otherwise(-1.0)
    ns = pl.col("transact_time_ns")
    paused = (ns.diff() >= _PAUSE_NS).over(_KEYS).fill_null(value=False)
    return (
        taking.join(busy, on=_KEYS, how="semi")
        .sort(*_KEYS, "transact_time_ns", "exec_id")
        .with_columns(burst=paused)
        .with_columns(burst=pl.col("burst").cast(pl.Int32).cum_sum().over(_KEYS))
        .group_by(*_KEYS, "burst")
        .agg(
            fills=pl.len(),
            own_qty=pl.col("qty").sum(),
            worth=(pl.col("qty") * pl.col("px")).sum(),
            first_px=pl.col("px").sort_by("transact_time_ns", "exec_id").first(),
            far_px=sign.first() * (sign * pl.col("px")).max(),
            first_ns=ns.min(),
            last_ns=ns.max(),
            window_start=pl.col("transact_time").min(),
            window_end=pl.col("transact_time").max(),
        )
        .with_columns(
            move=pl.when("buys").then(1.0).otherwise(-1.0) * (pl.col("far_px") / pl.col("first_px")).log(),
            seconds=(pl.col("last_ns") - pl.col("first_ns")) / 1e9,
            buckets=1
            + (
                pl.col("last_ns") // int(_BUCKET_SECONDS * 1e9)
                - pl.col("first_ns") // int(_BUCKET_SECONDS * 1e9)
            ),
        )
        .filter(
            pl.col("fills") >= params.fills,
            pl.col("seconds") <= params.longest,
            pl.col("move") > 0,
        )
        .sort(*_KEYS, "burst")
        .with_row_index("row")
    )


def _around(hits: pl.LazyFrame, fills: pl.LazyFrame) -> pl.LazyFrame:
    # What the group did in the same name from ten minutes before a burst to five minutes after it.
    spans = hits.select(
        *("row", "actor_group", "instrument_id", "market_day", "first_ns", "last_ns"), side="buys"
    )
    near = (
        spans.join(fills.drop("day"), on=["actor_group", "instrument_id", "market_day"], how="inner")
        .filter(
            pl.col("transact_time_ns") >= pl.col("first_ns") - _BUILD_NS,
            pl.col("transact_time_ns") <= pl.col("last_ns") + _EXIT_NS,
        )
        .with_columns(same=pl.col("buys") == pl.col("side"))
        .with_columns(
            build=pl.col("same") & (pl.col("transact_time_ns") < pl.col("first_ns")),
            out=~pl.col("same") & (pl.col("transact_time_ns") > pl.col("last_ns")),
            inside=pl.col("same") & pl.col("transact_time_ns").is_between("first_ns", "last_ns"),
        )
        # Only accounts that burst or leave built for it: the rest of a large group buys for reasons of its own.
        .with_columns(part=(pl.col("out") | pl.col("inside")).any().over("row", "account_id"))
        .with_columns(build=pl.col("build") & pl.col("part"))
        .filter(pl.col("build") | pl.col("out") | pl.col("inside"))
    )
    qty, worth = pl.col("qty"), pl.col("qty") * pl.col("px")
    phases = near.group_by("row").agg(
        built_qty=qty.filter("build").sum(),
        built_worth=worth.filter("build").sum(),
        out_qty=qty.filter("out").sum(),
        out_px=worth.filter("out").sum() / qty.filter("out").sum(),
        window_start=pl.col("transact_time").min(),
        window_end=pl.col("transact_time").max(),
        exec_ids=listed("exec_id"),
        order_ids=listed("order_id"),
        accounts=listed("account_id"),
        traders=listed("trader_id"),
    )
    paid = (pl.col("worth") + pl.col("built_worth")) / (pl.col("own_qty") + pl.col("built_qty"))
    sign = pl.when("buys").then(1.0).otherwise(-1.0)
    return (
        hits.drop("window_start", "window_end")
        .join(phases, on="row", how="inner")
        .with_columns(gain=sign * (pl.col("out_px") / paid).log() * 1e4)
    )
