"""Unusual P&L: a day's trades gained far more than the account's own past and its peers' day explain."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from analytics.compliance._features import daily_closes, with_baseline, with_group
from analytics.compliance._grades import blend, grade
from analytics.compliance.alerts import Metric, Told, listed, sequence
from analytics.compliance.detector import GAP_SCHEMA, Detector, Tables
from analytics.compliance.parameters import Parameters, parameter

_MAD_TO_SD = 1.4826
_ROUND_TRIP = 0.25  # of the turnover, at the least, is taken for exposed


@dataclass(frozen=True)
class UnusualPnlParameters(Parameters):
    """How unusual, against what, and from how much."""

    risk: float = parameter(
        1.5,
        unit="times the risk taken",
        low=0.1,
        high=50,
        rationale="Within a day names go half their usual way; being right by chance comes to half of one.",
    )
    own: float = parameter(
        3.0,
        unit="standard deviations",
        low=1,
        high=50,
        rationale="Days have fat tails even in this measure: alone three are not rare, in several names at once they are.",
    )
    peers: float = parameter(
        1.25,
        unit="robust standard deviations",
        low=0,
        high=50,
        rationale="A day that moves everybody singles out nobody.",
    )
    half_life: int = parameter(
        60, unit="days with trades", low=5, high=500, rationale="A weighted memory of about 120 days."
    )
    history: int = parameter(
        30, unit="days with trades", low=10, high=500, rationale="Fewer say nothing of what is usual."
    )
    fellows: int = parameter(
        5, unit="accounts", low=3, high=100, rationale="Peers on the same day; with fewer they are not asked."
    )
    names: float = parameter(
        3.0,
        unit="instruments of equal weight",
        low=1,
        high=100,
        rationale="One name that ran is luck; the gain must come from several at once.",
    )
    money: float = parameter(
        25_000.0,
        unit="currency",
        low=0,
        high=1e9,
        rationale="Small books have large deviations and small harm.",
    )


class UnusualPnl(Detector):
    """A day on which an account's trades gained far more than usual.

    Rule: the gain of a day's trades, valued at the close of that day, over the risk taken (what the usual moves
    of the names traded come to, had each gone its own way) is at least ``risk``, and ``own`` deviations above the
    account's own past days (exponentially weighted), and the gain at least ``money``, spread over names as evenly as
    over ``names`` of equal weight; and the same measure of the others on the same day leaves at least ``peers`` robust deviations, so
    that a wild market does not name everybody. A trader's house accounts are looked at together as well, for a
    day that is dealt over several is none of them's. Market makers are compared with their own past alike.
    """

    name = "unusual_pnl"
    code = "D23"
    title = "Unusual trading gain"
    version = "1.1.0"
    description = "A day's trades gained far more than the account's past and its peers' day explain."
    regulation = ("MAR Art. 16(2), Reg. 2016/957",)
    inputs = ("executions", "prices")
    helpful = ("accounts", "instruments")
    false_positives = (
        "A mark or a close that is wrong",
        "A change in how much an account may risk",
        "Skill or luck on a day with large moves",
    )
    Params = UnusualPnlParameters

    def episodes(self, tables: Tables, params: UnusualPnlParameters) -> pl.LazyFrame:
        """Return account-days that stand out against their own past and against the day."""
        days = _days(tables, params)
        hits = days.filter(
            (pl.col("z") >= params.own)
            & (pl.col("edge") >= params.risk)
            & (pl.col("spread_over") >= params.names)
            & (pl.col("gain") >= params.money)
            & (pl.col("before") >= params.history)
            & (pl.col("beyond_peers").is_null() | (pl.col("beyond_peers") >= params.peers))
        )
        fills = (
            _units(_fills(tables), tables)
            .join(_once(hits, tables), on=["unit", "day"], how="inner")
            .sort("transact_time_ns", "exec_id")
        )
        told = (
            "gain", "edge", "risk", "usual", "spread", "z", "beyond_peers", "before", "notional", "names",
            "spread_over",
        )  # fmt: skip
        best = pl.col("instrument_id").sort_by("made", "instrument_id").last()
        together = pl.col("unit").str.starts_with("trader:")
        return (
            with_group(fills, tables)
            .with_columns(actor_group=pl.when(together).then("unit").otherwise("actor_group"))
            .group_by("actor_group", "unit", "day", maintain_order=True)
            .agg(
                *(pl.col(name).first() for name in told),
                window_start=pl.col("transact_time").min(),
                window_end=pl.col("transact_time").max(),
                first_seq=sequence().sort_by("transact_time_ns", "exec_id").first(),
                last_seq=sequence().sort_by("transact_time_ns", "exec_id").last(),
                instrument_id=best,
                won=(pl.col("made") > 0).mean(),
                accounts=listed("account_id"),
                traders=pl.col("trader_id").drop_nulls().unique().sort(),
                exec_ids=pl.col("exec_id")
                .sort_by("made", "exec_id", descending=[True, False])
                .head(50)
                .sort(),
                order_ids=listed("order_id"),
            )
        )

    def blind_spots(self, tables: Tables, params: UnusualPnlParameters) -> list[pl.LazyFrame]:
        """Return trades in instruments without a close on the day."""
        return [
            _fills(tables)
            .filter(pl.col("made").is_null())
            .group_by("instrument_id")
            .agg(missing=pl.len().cast(pl.UInt32))
            .with_columns(reason=pl.lit("No close is known to value some trades by."))
            .select(*GAP_SCHEMA)
        ]

    def tell(self, episode: Mapping[str, Any], params: UnusualPnlParameters) -> Told:
        """Grade both comparisons and the share of trades that won."""
        score = blend(
            45.0,
            (30, grade(episode["edge"], params.risk, 2.5 * params.risk)),
            (20, grade(episode["z"], params.own, 4 * params.own)),
            (30, grade(episode["beyond_peers"], params.peers, 5 * params.peers)),
            (20, grade(episode["won"], 0.5, 1.0)),
        )
        metrics = [
            Metric("gain", episode["gain"], params.money, "currency"),
            Metric("gain_to_risk", episode["edge"], params.risk, "times the risk taken"),
            Metric("own_deviations", episode["z"], params.own, "standard deviations"),
            Metric("peer_deviations", episode["beyond_peers"], params.peers, "robust standard deviations"),
            Metric("spread_over", episode["spread_over"], params.names, "instruments of equal weight"),
            Metric("won", episode["won"], None, "fraction of trades"),
        ]
        accounts = episode["accounts"]
        who = f"account{'s' * (len(accounts) > 1)} {', '.join(accounts[:5])}"
        story = [
            (
                f"On {episode['day']:%Y-%m-%d}, what {who} traded ({episode['notional']:,.0f} in "
                f"{episode['names']} names) was worth {episode['gain']:,.0f} more at the close than was paid."
            ),
            f"The usual moves of those names put {episode['risk']:,.0f} at risk: the gain is {episode['edge']:.1f} times that.",
            (
                f"Over {episode['before']} earlier days with trades the mean of that ratio was {episode['usual']:.2f} and its "
                f"deviation {episode['spread']:.2f}: {episode['z']:.1f} deviations."
            ),
        ]
        if episode["beyond_peers"] is not None:
            story.append(
                f"Against the other accounts' same day it stands {episode['beyond_peers']:.1f} robust deviations apart."
            )
        story += [
            f"{episode['won']:.0%} of the trades gained; most was made in {episode['instrument_id']}.",
            "Suspected only: check marks and late bookings first, then what was known when.",
        ]
        actors = [("account", one) for one in accounts] + [("trader", one) for one in episode["traders"]]
        return Told(
            score=score,
            metrics=metrics,
            story=story,
            actors=actors,
            order_ids=episode["order_ids"],
            exec_ids=episode["exec_ids"],
        )


def _fills(tables: Tables) -> pl.LazyFrame:
    """Return fills with their day and what each made by the close of it; null without a close."""
    size = (
        tables["instruments"]
        .group_by("instrument_id")
        .agg(multiplier=pl.col("multiplier").first().cast(pl.Float64))
    )
    closes = daily_closes(tables).select("instrument_id", day="date", close="close")
    sign = pl.when(pl.col("side").is_in(["buy", "buy_cover"])).then(1.0).otherwise(-1.0)
    value = pl.col("qty") * pl.col("px") * pl.col("multiplier").fill_null(1.0)
    return (
        tables["executions"]
        .select(
            "exec_id", "order_id", "account_id", "trader_id", "instrument_id", "side", "transact_time", "transact_time_ns",
            qty=pl.col("last_qty").cast(pl.Float64), px=pl.col("last_px").cast(pl.Float64),
            day=pl.coalesce("trade_date", pl.col("transact_time").dt.date()),
        )
        .join(closes, on=["instrument_id", "day"], how="left")
        .join(size, on="instrument_id", how="left")
        .with_columns(value=value, made=sign * (pl.col("close") / pl.col("px") - 1) * value)
    )  # fmt: skip


def _units(fills: pl.LazyFrame, tables: Tables) -> pl.LazyFrame:
    """Return fills with ``unit``: by account, and by trader where one trades several house accounts."""
    house = tables["accounts"].filter(pl.col("kind") == "house").select("account_id").unique()
    own = fills.join(house, on="account_id", how="semi").filter(pl.col("trader_id").is_not_null())
    several = (
        own.group_by("trader_id")
        .agg(held=pl.col("account_id").n_unique())
        .filter(pl.col("held") > 1)
        .select("trader_id")
    )
    together = own.join(several, on="trader_id", how="semi")
    return pl.concat(
        [
            fills.with_columns(unit=pl.format("account:{}", "account_id")),
            together.with_columns(unit=pl.format("trader:{}", "trader_id")),
        ]
    )


def _once(hits: pl.LazyFrame, tables: Tables) -> pl.LazyFrame:
    """Leave a trader's day out where one of his accounts says it alone."""
    whose = tables["executions"].select(
        day=pl.coalesce("trade_date", pl.col("transact_time").dt.date()),
        unit=pl.format("account:{}", "account_id"), other=pl.format("trader:{}", "trader_id"),
    )  # fmt: skip
    said = hits.select("unit", "day").join(whose.unique(), on=["unit", "day"], how="inner")
    return hits.join(said.select("day", unit="other").unique(), on=["unit", "day"], how="anti")


def _days(tables: Tables, params: UnusualPnlParameters) -> pl.LazyFrame:
    sign = pl.when(pl.col("side").is_in(["buy", "buy_cover"])).then(1.0).otherwise(-1.0)
    names = (
        _units(_fills(tables).filter(pl.col("made").is_not_null()), tables)
        .group_by("unit", "instrument_id", "day")
        .agg(made=pl.col("made").sum(), net=(sign * pl.col("value")).sum(), gross=pl.col("value").sum())
    )
    # Who buys and sells at once takes some risk in between.
    exposed = pl.max_horizontal(pl.col("net").abs(), _ROUND_TRIP * pl.col("gross")) * pl.col("sigma")
    days = (
        with_baseline(names, tables)
        .filter(pl.col("sigma") > 0)
        .group_by("unit", "day")
        .agg(
            gain=pl.col("made").sum().round(6),
            notional=pl.col("gross").sum(),
            risk=(exposed**2).sum().sqrt(),
            names=pl.col("instrument_id").n_unique().cast(pl.Int64),
            # As many names of equal weight would be as little of one name's doing.
            spread_over=(pl.col("made").abs().sum() ** 2 / (pl.col("made") ** 2).sum()).round(6),
        )
        .filter(pl.col("risk") > 0)
        .with_columns(
            edge=(pl.col("gain") / pl.col("risk")).round(6),
            together=pl.col("unit").str.starts_with("trader:"),
        )
        .sort("unit", "day")
    )
    weight: dict[str, Any] = {"half_life": params.half_life, "min_samples": params.history}
    days = days.with_columns(
        usual=pl.col("edge").ewm_mean(**weight).shift(1).over("unit"),
        spread=pl.col("edge").ewm_std(**weight).shift(1).over("unit"),
        before=pl.int_range(pl.len()).over("unit"),
    )
    days = days.with_columns(
        z=pl.when(pl.col("spread") > 0).then(((pl.col("edge") - pl.col("usual")) / pl.col("spread")).round(6))
    )
    # Where everybody is far off, being a little farther says little. The day itself: how far the account is from what everybody saw.
    middle = pl.col("z").median().over("together", "day")
    scatter = (pl.col("z") - pl.col("z").median().over("together", "day")).abs().median().over(
        "together", "day"
    ) * _MAD_TO_SD
    asked = pl.col("z").count().over("together", "day") >= params.fellows
    beyond = (pl.col("z") - middle) / pl.max_horizontal(scatter, 0.5 * middle.abs(), pl.lit(1.0))
    return days.with_columns(beyond_peers=pl.when(asked).then(beyond.round(6)))
