"""Gains as a habit: a record that became too good at once, and jumps of prices that were met too often."""

from typing import Any

import numpy as np
import polars as pl

from analytics.compliance._features import daily_closes
from analytics.compliance._gain_rules import UnusualPnlParameters
from analytics.compliance.detector import Tables
from analytics.trading.league import q_values

_HISTORY = 20  # sessions whose deviation makes a jump
_LEAST_NAMES = 5  # in which a day's middle move is one of the market
_YEAR = 252


def jumped(days: pl.LazyFrame, rules: UnusualPnlParameters) -> pl.LazyFrame:
    """Return stretches in which a unit's last ``recent`` days were far better than all before.

    Args:
        days: unit, day, gain and edge (gain over risk), a row per unit and day with trades.
        rules: Thresholds.

    Returns:
        unit, ``since`` and ``day`` (first and last of the stretch), ``gain`` of the last ``recent`` days,
        ``sharpe`` and ``earlier`` (a year, of edge) and ``z``: their difference over its standard error,
        (1 + S^2 / 2) / n each (Lo, 2002), less the middle one of all units that day where it is above 0; all at
        the best end of the stretch.
    """
    n, edge = rules.recent, pl.col("edge")
    count = pl.int_range(1, pl.len() + 1).over("unit")
    total, squares = edge.cum_sum().over("unit"), (edge**2).cum_sum().over("unit")
    counted = days.sort("unit", "day").with_columns(
        before=count - n, total=total.shift(n).over("unit"), squares=squares.shift(n).over("unit"),
        now=edge.rolling_mean(n).over("unit"), spread=edge.rolling_std(n).over("unit"),
        won=pl.col("gain").rolling_sum(n).over("unit"), since=pl.col("day").shift(n - 1).over("unit"),
    )  # fmt: skip
    mean = pl.col("total") / pl.col("before")
    variance = (pl.col("squares") - pl.col("before") * mean**2) / (pl.col("before") - 1)
    old, new = mean / variance.sqrt(), pl.col("now") / pl.col("spread")
    judged = (
        counted.filter((pl.col("before") >= rules.record) & (pl.col("spread") > 1e-12))
        .with_columns(old=pl.when(variance > 1e-12).then(old), new=new)
        .with_columns(
            z=((pl.col("new") - pl.col("old"))
               / ((1 + pl.col("new") ** 2 / 2) / n + (1 + pl.col("old") ** 2 / 2) / pl.col("before")).sqrt()).round(6)
        )
    )  # fmt: skip
    # A time that is good to everybody singles out nobody.
    middle = pl.col("z").median().over("day").clip(lower_bound=0.0)
    asked = pl.col("z").count().over("day") >= _LEAST_NAMES
    judged = judged.with_columns(beyond=(pl.col("z") - pl.when(asked).then(middle).otherwise(0.0)).round(6))
    above = (
        (pl.col("beyond") >= rules.jump)
        & (pl.col("new") * _YEAR**0.5 >= rules.sharpe)
        & (pl.col("won") >= rules.jump_money)
    ).fill_null(value=False)
    runs = judged.with_columns(above=above).with_columns(
        run=(~pl.col("above")).cast(pl.Int32).cum_sum().over("unit")
    )
    best = {"gain": "won", "sharpe": "new", "earlier": "old", "z": "beyond"}
    return (
        runs.filter("above")
        .group_by("unit", "run")
        .agg(
            pl.col("since").min(),
            pl.col("day").max(),
            **{name: pl.col(column).sort_by("beyond", "day").last() for name, column in best.items()},
        )
        .with_columns(pl.col("sharpe", "earlier") * _YEAR**0.5)
        .drop("run")
    )


def shocks_met(names: pl.LazyFrame, tables: Tables, rules: UnusualPnlParameters) -> pl.LazyFrame:
    """Return units that stood on the right side of price jumps far more often than of ordinary days.

    A jump is a day's move of an instrument, less the middle move of that day, of at least ``shock`` deviations of
    its last sessions and ``least_move``. It was met where what the unit traded that day and the session before made
    ``met`` of the move on all it traded. The base is how often the unit met the ordinary days of the names it
    trades in the same sense, days without a trade included: who trades seldom meets seldom by chance.

    Args:
        names: unit, instrument_id, day, made (by that close), net and gross (value).
        tables: prices.
        rules: Thresholds.

    Returns:
        unit, ``jumps`` and ``hits`` of its names and span, ``base``, ``p`` (binomial, one-sided), ``q`` (Benjamini
        and Hochberg over units with enough), ``since`` and ``day`` (first and last jump met), ``gain`` in them, and
        ``cells``: instrument_id and day of the jumps met.
    """
    return pl.defer(lambda: _met(names, tables, rules), schema=_MET)


_MET: dict[str, Any] = {
    "unit": pl.String, "jumps": pl.Int64, "hits": pl.Int64, "base": pl.Float64, "p": pl.Float64, "q": pl.Float64,
    "since": pl.Date, "day": pl.Date, "gain": pl.Float64,
    "cells": pl.List(pl.Struct({"instrument_id": pl.String, "day": pl.Date})),
}  # fmt: skip


def _met(names: pl.LazyFrame, tables: Tables, rules: UnusualPnlParameters) -> pl.DataFrame:
    from scipy.special import bdtrc  # takes a moment to import

    moves = _moves(tables, rules).collect()
    nothing = pl.DataFrame(schema=_MET)
    if not moves["jump"].any():
        return nothing
    traded = names.select("unit", "instrument_id", "day", "made", "net", "gross").collect()
    steps = moves.select("instrument_id", "day", "before", "r", "jump").lazy()
    held = traded.lazy()
    # What was traded on the day, and what the session before it left open.
    same = held.join(steps, on=["instrument_id", "day"], how="inner").select(
        "unit", "instrument_id", "day", "r", "jump", "gross", gain="made"
    )
    left = held.rename({"day": "before"}).join(steps, on=["instrument_id", "before"], how="inner").select(
        "unit", "instrument_id", "day", "r", "jump", "gross", gain=pl.col("net") * pl.col("r")
    )  # fmt: skip
    cells = (
        pl.concat([same, left])
        .group_by("unit", "instrument_id", "day")
        .agg(pl.col("r", "jump").first(), pl.col("gross", "gain").sum())
        .with_columns(hit=pl.col("gain") >= rules.met * pl.col("r").abs() * pl.col("gross"))
        .with_columns(hit=pl.col("hit") & (pl.col("gain") > 0))
    )
    # Whoever has stopped trading still met no jump since.
    spans = held.group_by("unit").agg(first=pl.col("day").min(), last=pl.lit(traded["day"].max()))
    asked = (
        held.select("unit", "instrument_id").unique().join(spans, on="unit")
        .join(steps, on="instrument_id", how="inner")
        .filter(pl.col("day").is_between(pl.col("first"), pl.col("last")))
        .group_by("unit")
        .agg(jumps=pl.col("jump").sum().cast(pl.Int64), days=(~pl.col("jump")).sum().cast(pl.Int64))
    )  # fmt: skip
    hits = cells.filter("hit").sort("day", "instrument_id").group_by("unit").agg(
        hits=pl.col("jump").sum().cast(pl.Int64),
        usual=(~pl.col("jump")).sum().cast(pl.Int64),
        since=pl.col("day").filter("jump").min(),
        day=pl.col("day").filter("jump").max(),
        dates=pl.col("day").filter("jump").n_unique(),
        gain=pl.col("gain").filter("jump").sum().round(6),
        cells=pl.struct("instrument_id", "day").filter("jump"),
    )  # fmt: skip
    found = asked.join(hits, on="unit", how="inner").filter(pl.col("dates") >= rules.shocks).sort("unit")
    judged = found.with_columns(base=(pl.col("usual") + 1) / (pl.col("days") + 2)).collect()
    if judged.is_empty():
        return nothing
    p = bdtrc(judged["hits"].to_numpy() - 1, judged["jumps"].to_numpy(), judged["base"].to_numpy())
    p = np.maximum(p, 1e-300)
    return (
        judged.with_columns(p=pl.Series(p), q=pl.Series(q_values(p)))
        .filter(pl.col("q") < rules.shock_q)
        .select(*_MET)
    )


def _moves(tables: Tables, rules: UnusualPnlParameters) -> pl.LazyFrame:
    """Return each session's move ``r`` of each instrument, the session ``before``, and whether it was a jump."""
    closes = daily_closes(tables).sort("instrument_id", "date")
    moved = closes.with_columns(
        r=(pl.col("close") / pl.col("close").shift(1) - 1).over("instrument_id"),
        before=pl.col("date").shift(1).over("instrument_id"),
    )
    usual = pl.col("r").shift(1).rolling_std(_HISTORY, min_samples=_HISTORY // 2).over("instrument_id")
    middle = pl.when(pl.col("r").count().over("date") >= _LEAST_NAMES).then(pl.col("r").median().over("date"))
    own = (pl.col("r") - middle.fill_null(0.0)).abs()
    jump = (own >= rules.shock * usual) & (own >= rules.least_move)
    return moved.select(
        "instrument_id", "before", "r", day="date", jump=jump.fill_null(value=False)
    ).filter(pl.col("r").is_not_null())  # fmt: skip
