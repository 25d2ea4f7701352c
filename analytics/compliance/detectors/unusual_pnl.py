"""Unusual P&L: gains that the risk taken, the prices of the moment or the account's own record do not explain."""

from collections.abc import Mapping
from typing import Any

import polars as pl

from analytics.compliance._features import with_baseline, with_group
from analytics.compliance._gain_habits import jumped, shocks_met
from analytics.compliance._gain_rules import UnusualPnlParameters
from analytics.compliance._gain_stories import TELLERS
from analytics.compliance._gain_units import alone, foremost, is_joined, joined, once, units
from analytics.compliance._gains import booked_late, off_market, reversed_later, standing
from analytics.compliance._products import direction
from analytics.compliance._spans import settled, steadied
from analytics.compliance.alerts import Told, listed, sequence
from analytics.compliance.detector import GAP_SCHEMA, Detector, Tables
from analytics.text import formatted

_MAD_TO_SD = 1.4826
_ROUND_TRIP = 0.25  # of the turnover, at the least, is taken for exposed


class UnusualPnl(Detector):
    """Gains that risk, prices or the record do not explain.

    Rule (day): the gain of a day's trades, valued at the close of that day, over the risk taken (what the usual moves
    of the names traded come to, had each gone its own way) is at least ``risk``, and ``own`` deviations above the
    account's own past days (exponentially weighted), and the gain at least ``money``, spread over names as evenly as
    over ``names`` of equal weight; and the same measure of the others on the same day leaves at least ``peers`` robust deviations, so
    that a wild market does not name everybody. A trader's house accounts are looked at together as well, for a
    day that is dealt over several is none of them's; so is each with what he does in new accounts, which have no
    past of their own. Market makers are compared with their own past alike.
    (price) fills better than the mids before and after them by more than ``off_market`` spreads, worth
    ``off_money``. (late) trades that came in ``late`` hours after the day's others, with ``late_money`` won or
    lost by then. (change) corrections and busts of a later day that change a day's gain by ``reversed_money``
    and ``reversed_usual`` times the usual. (record) the Sharpe ratio of ``recent`` days beyond that of all
    before by ``jump`` standard errors. (jumps) on the right side of price jumps far more often than of
    ordinary days, by the binomial law.
    """

    name = "unusual_pnl"
    code = "D23"
    title = "Unusual trading gain"
    version = "1.3.0"
    description = (
        "Gains that the risk taken, the prices of the moment or the account's own record do not explain."
    )
    regulation = ("MAR Art. 16(2), Reg. 2016/957",)
    inputs = ("executions", "prices")
    helpful = ("accounts", "instruments", "quotes")
    in_window = False
    false_positives = (
        "A mark or a close that is wrong",
        "A change in how much an account may risk",
        "Skill or luck on a day with large moves",
        "Negotiated blocks away from the market, and corrections that undo an honest mistake",
        "A new strategy, or one that waits for news that is announced",
    )
    Params = UnusualPnlParameters

    def episodes(self, tables: Tables, params: UnusualPnlParameters) -> pl.LazyFrame:
        """Return what stands out, a row each with its ``kind``: a day, a price, a booking, a change, a record, jumps."""
        fills = settled(standing(tables))
        of_units = units(fills, tables)
        of_new = joined(fills, tables, history=params.history)
        every = settled(pl.concat([of_units, of_new], how="diagonal"))
        names = _names(of_units)
        looked = settled(_days(_names(every), tables, params))
        days = looked.filter(~is_joined())
        hits = once(foremost(_hits(looked, params), of_new), every, "day")
        found = [
            _told(every, hits, tables, kind="day"),
            off_market(fills, tables, params),
            booked_late(fills, tables, params),
            reversed_later(fills, tables, params),
            _told(of_units, once(jumped(days, params), of_units), tables, kind="record"),
            _told(of_units, once(shocks_met(names, tables, params), of_units), tables, kind="shocks"),
        ]
        whole = pl.concat([steadied(part.drop("cells", strict=False)) for part in found], how="diagonal")
        # One group's kinds may rest on the same fills; each is an alert of its own.
        named = formatted("{}|{}", "first_seq", "kind")
        return whole.with_columns(
            first_seq=pl.when(pl.col("kind") == "day").then("first_seq").otherwise(named)
        )

    def blind_spots(self, tables: Tables, params: UnusualPnlParameters) -> list[pl.LazyFrame]:
        """Return trades in instruments without a close on the day."""
        return [
            standing(tables)
            .filter(pl.col("made").is_null())
            .group_by("instrument_id")
            .agg(missing=pl.len().cast(pl.UInt32))
            .with_columns(reason=pl.lit("No close is known to value some trades by."))
            .select(*GAP_SCHEMA)
        ]

    def tell(self, episode: Mapping[str, Any], params: UnusualPnlParameters) -> Told:
        """Grade and tell what stands out, each kind in its own words."""
        return TELLERS[episode["kind"]](episode, params)


def _hits(days: pl.LazyFrame, params: UnusualPnlParameters) -> pl.LazyFrame:
    """Return days far above the account's own and the others' of that day."""
    return days.filter(
        (pl.col("z") >= params.own)
        & (pl.col("edge") >= params.risk)
        & (pl.col("spread_over") >= params.names)
        & (pl.col("gain") >= params.money)
        & (pl.col("before") >= params.history)
        & (pl.col("beyond_peers").is_null() | (pl.col("beyond_peers") >= params.peers))
    ).with_columns(since="day")


def _told(fills: pl.LazyFrame, hits: pl.LazyFrame, tables: Tables, *, kind: str) -> pl.LazyFrame:
    """Return one row per unit and stretch of days, with the figures of ``hits`` and the evidence of its fills.

    Args:
        fills: As ``units`` of ``_gain_units``.
        hits: unit, ``since`` and ``day`` (first and last), and figures; with ``cells`` only those fills count.
        tables: accounts.
        kind: Of the episode.
    """
    whole = settled(hits.with_row_index("hit"))
    figures = [name for name in whole.collect_schema() if name not in {"unit", "day", "since", "cells"}]
    part = fills.join(
        whole.select("unit", "since", until="day", **{name: name for name in figures}), on="unit", how="inner"
    )
    part = part.filter(pl.col("day").is_between(pl.col("since"), pl.col("until")))
    if "cells" in whole.collect_schema():
        cells = whole.select("hit", "cells").explode("cells").unnest("cells")
        part = part.join(cells, on=["hit", "instrument_id", "day"], how="semi")
    best = pl.col("instrument_id").sort_by("made", "instrument_id").last()
    together = pl.col("unit").str.starts_with("trader:")
    return (
        with_group(part.sort("transact_time_ns", "exec_id"), tables)
        .with_columns(actor_group=pl.when(together).then("unit").otherwise("actor_group"))
        .group_by("actor_group", "unit", "hit", maintain_order=True)
        .agg(
            *(pl.col(name).first() for name in figures if name != "hit"),
            since=pl.col("since").first(),
            day=pl.col("until").first(),
            window_start=pl.col("transact_time").min(),
            window_end=pl.col("transact_time").max(),
            first_seq=sequence().sort_by("transact_time_ns", "exec_id").first(),
            last_seq=sequence().sort_by("transact_time_ns", "exec_id").last(),
            instrument_id=best,
            won=(pl.col("made") > 0).mean(),
            accounts=listed("account_id"),
            traders=pl.col("trader_id").drop_nulls().unique().sort(),
            exec_ids=pl.col("exec_id").sort_by("made", "exec_id", descending=[True, False]).head(50).sort(),
            order_ids=listed("order_id"),
        )
        .drop("hit")
        .with_columns(kind=pl.lit(kind))
    )


def _names(fills: pl.LazyFrame) -> pl.LazyFrame:
    """Return what a unit's fills of a day and instrument made, and their value net and gross."""
    return (
        fills.filter(pl.col("made").is_not_null())
        .group_by("unit", "instrument_id", "day")
        .agg(
            made=pl.col("made").sum(),
            net=(direction() * pl.col("value")).sum(),
            gross=pl.col("value").sum(),
        )
    )


def _days(names: pl.LazyFrame, tables: Tables, params: UnusualPnlParameters) -> pl.LazyFrame:
    """Return each unit's days: gain, risk, their ratio ``edge``, and how far that is from its own and others'."""
    # Who buys and sells at once takes some risk in between.
    exposed = pl.max_horizontal(pl.col("net").abs(), _ROUND_TRIP * pl.col("gross")) * pl.col("sigma")
    days = (
        with_baseline(names, tables)
        .filter(pl.col("sigma") > 0)
        .group_by("unit", "day")
        .agg(
            gain=pl.col("made").sum().round(6),
            notional=pl.col("gross").sum().round(6),
            risk=(exposed**2).sum().sqrt(),
            names=pl.col("instrument_id").n_unique().cast(pl.Int64),
            # As many names of equal weight would be as little of one name's doing.
            spread_over=(pl.col("made").abs().sum() ** 2 / (pl.col("made") ** 2).sum()).round(6),
        )
        .filter(pl.col("risk") > 0)
        .with_columns(
            edge=(pl.col("gain") / pl.col("risk")).round(6),
            together=~(alone() | is_joined()),
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
    # An account is nobody's peer a second time for being looked at together with new ones.
    peers = pl.when(~is_joined()).then("z")
    middle = peers.median().over("together", "day")
    scatter = (peers - middle).abs().median().over("together", "day") * _MAD_TO_SD
    asked = peers.count().over("together", "day") >= params.fellows
    beyond = (pl.col("z") - middle) / pl.max_horizontal(scatter, 0.5 * middle.abs(), pl.lit(1.0))
    return days.with_columns(beyond_peers=pl.when(asked).then(beyond.round(6)))
