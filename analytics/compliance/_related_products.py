"""Instruments that move together: derivatives with what they rest on, and pairs that history ties."""

import numpy as np
import polars as pl

from analytics.compliance._features import daily_closes
from analytics.compliance.detector import Tables

PAIR_SCHEMA = {"shown_id": pl.String(), "filled_id": pl.String(), "with_it": pl.Boolean(), "why": pl.String()}


def related_pairs(
    tables: Tables, *, r_squared: float, beta: float, sessions: int, least: int = 60
) -> pl.LazyFrame:
    """Return which instrument (``shown_id``) moves which other one (``filled_id``).

    ``with_it`` tells whether the other one rises with it; ``why`` is ``derivative`` or ``history``. History is
    the last ``sessions`` days that both have a close of, at least ``least``; put options go against what
    they rest on. Both directions are listed.
    """
    return pl.concat([_derivatives(tables), _by_history(tables, r_squared, beta, sessions, least)]).unique(
        ["shown_id", "filled_id"], keep="first", maintain_order=True
    )


def _derivatives(tables: Tables) -> pl.LazyFrame:
    own = tables["instruments"].filter(pl.col("underlying_id").is_not_null())
    down = own.select(
        shown_id="underlying_id",
        filled_id="instrument_id",
        with_it=(pl.col("put_call") != "put").fill_null(value=True),
        why=pl.lit("derivative"),
    )
    up = down.select(shown_id="filled_id", filled_id="shown_id", with_it="with_it", why="why")
    return pl.concat([down, up])


def _by_history(tables: Tables, r_squared: float, beta: float, sessions: int, least: int) -> pl.LazyFrame:
    # Only names with orders can be shown or filled: a large universe of prices stays out.
    named = tables["order_events"].select("instrument_id").unique()
    wide = (
        daily_closes(tables)
        .join(named, on="instrument_id", how="semi")
        .collect(engine="streaming")
        .pivot("instrument_id", index="date", values="close")
        .sort("date")
        .tail(sessions + 1)
    )
    names = sorted(set(wide.columns) - {"date"})
    if len(names) < 2 or wide.height <= least:
        return pl.LazyFrame(schema=PAIR_SCHEMA)
    full = wide.select(names).drop_nulls() if wide.select(names).null_count().sum_horizontal()[0] else wide
    known = full if full.height > least else wide.select(
        [name for name in names if wide[name].null_count() == 0]
    )  # fmt: skip
    names = sorted(set(known.columns) - {"date"})
    change = np.diff(np.log(known.select(names).to_numpy().astype(np.float64)), axis=0)
    spread = change.std(axis=0)
    alive = spread > 0
    names = [name for name, moves in zip(names, alive, strict=True) if moves]
    if len(names) < 2 or len(change) < least:
        return pl.LazyFrame(schema=PAIR_SCHEMA)
    together = np.corrcoef(change[:, alive].T)
    slope = together * spread[alive][None, :] / spread[alive][:, None]  # of the column on the row
    shown, filled = np.nonzero((together**2 >= r_squared) & (np.abs(slope) >= beta))
    rows = [
        (names[a], names[b], bool(together[a, b] > 0), "history")
        for a, b in zip(shown, filled, strict=True)
        if a != b
    ]
    return pl.LazyFrame(rows, schema=PAIR_SCHEMA, orient="row")
