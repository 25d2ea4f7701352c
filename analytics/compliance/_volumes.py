"""Own against market volume: standing fills by group, and what the market did in the same five minutes."""

from collections.abc import Sequence

import polars as pl

from analytics.compliance._features import account_groups
from analytics.compliance.detector import Tables
from analytics.text import formatted

BUYS = ("buy", "buy_cover")
BUCKET = "5m"
BUCKET_NS = 300 * 10**9
# Where market volume comes from, best first. Own executions stand in only where nothing else covers the day.
TAPE, BARS = "tape", "bars"
_RANK = {TAPE: 0, BARS: 1}
_FINER = {"1m": 0, "5m": 1}
_FLOAT = pl.Float64


def bought(side: str = "side") -> pl.Expr:
    """Tell whether a side word buys."""
    return pl.col(side).is_in(BUYS)


def actors(tables: Tables) -> pl.LazyFrame:
    """Return account_id, owner_id, related (the group) and account_kind, one row an account."""
    kinds = tables["accounts"].select("account_id", account_kind="kind").unique("account_id", keep="any")
    return account_groups(tables).join(kinds, on="account_id", how="left")


def own_fills(tables: Tables, *columns: str) -> pl.LazyFrame:
    """Return the executions that stand, with who is behind them.

    A correction replaces what it corrects and a bust removes it. Columns: exec_id, account_id,
    instrument_id, transact_time, transact_time_ns, ``buys``, ``qty`` and ``px`` (floats), ``day`` (trade date,
    else the day in UTC), actor_group, owner_id, account_kind (null where unknown), and the ``columns`` asked
    for beside them.
    """
    executions = tables["executions"]
    # Almost every execution has one version, so only the few that have more are looked up.
    later = executions.filter(pl.col("version") > 1).group_by("exec_id").agg(latest=pl.col("version").max())
    return (
        executions.join(later, on="exec_id", how="left")
        .filter(
            pl.col("version").fill_null(1) >= pl.col("latest").fill_null(1),
            pl.col("exec_status").ne_missing("busted"),
        )
        .select(
            "exec_id",
            "account_id",
            "instrument_id",
            "transact_time",
            "transact_time_ns",
            *columns,
            buys=bought(),
            qty=pl.col("last_qty").cast(_FLOAT),
            px=pl.col("last_px").cast(_FLOAT),
            day=pl.coalesce("trade_date", pl.col("transact_time").dt.date()),
        )
        .join(actors(tables), on="account_id", how="left")
        .with_columns(actor_group=pl.coalesce("related", formatted("account:{}", pl.col("account_id"))))
    )


def market_buckets(tables: Tables) -> pl.LazyFrame:
    """Return what the market did, in pieces of five minutes.

    Columns: instrument_id, bucket (its start), day, volume, trades (null where not counted), open, high, low,
    close, vwap, and ``source``: the tape; else bars of a minute or five; else, for a day that neither covers,
    the organisation's own executions, which understate the market.
    """
    traded = (
        tables["tape"]
        .select(
            "instrument_id",
            "transact_time_ns",
            "seq",
            bucket=pl.col("transact_time").dt.truncate(BUCKET),
            px=pl.col("last_px").cast(_FLOAT),
            qty=pl.col("last_qty").cast(_FLOAT),
        )
        .group_by("instrument_id", "bucket")
        .agg(**_from_trades(pl.struct("transact_time_ns", "seq")))
        .with_columns(source=pl.lit(TAPE))
    )
    finer = pl.col("freq").replace_strict(_FINER, default=None, return_dtype=pl.Int8)
    fine = tables["bars"].with_columns(finer=finer).filter(pl.col("finer").is_not_null())
    volume = pl.col("volume").cast(_FLOAT).fill_null(0.0)
    typical = pl.coalesce("vwap", "close").cast(_FLOAT)
    charted = (
        fine.filter(pl.col("finer") == pl.col("finer").min().over("instrument_id"))
        .group_by("instrument_id", bucket=pl.col("bar_start").dt.truncate(BUCKET))
        .agg(
            volume=volume.sum(),
            trades=pl.col("trades").sum().cast(_FLOAT),
            open=pl.coalesce("open", "close").cast(_FLOAT).sort_by("bar_start").first(),
            high=pl.coalesce("high", "close").cast(_FLOAT).max(),
            low=pl.coalesce("low", "close").cast(_FLOAT).min(),
            close=pl.col("close").cast(_FLOAT).sort_by("bar_start").last(),
            vwap=(typical * volume).sum() / volume.sum(),
            source=pl.lit(BARS),
        )
    )
    market = pl.concat([traded, charted], how="diagonal").with_columns(day=pl.col("bucket").dt.date())
    best = pl.col("source").replace_strict(_RANK, return_dtype=pl.Int8)
    return market.filter(best == best.min().over("instrument_id", "day"))


def _from_trades(order: pl.Expr) -> dict[str, pl.Expr]:
    return {
        "volume": pl.col("qty").sum(),
        "trades": pl.len().cast(_FLOAT),
        "open": pl.col("px").sort_by(order).first(),
        "high": pl.col("px").max(),
        "low": pl.col("px").min(),
        "close": pl.col("px").sort_by(order).last(),
        "vwap": (pl.col("px") * pl.col("qty")).sum() / pl.col("qty").sum(),
    }


def over_windows(
    windows: pl.LazyFrame, market: pl.LazyFrame, *, start: str, end: str, prefix: str = "market"
) -> pl.LazyFrame:
    """Add what the market did between two instants of each row, buckets taken whole.

    Adds ``<prefix>_volume``, ``<prefix>_trades``, ``<prefix>_vwap`` and ``<prefix>_source``, null where no
    bucket overlaps. ``windows`` must have a unique ``row`` number, an instrument_id, and be few: the join is
    by day.
    """
    spans = windows.select("row", "instrument_id", start, end, day=pl.col(start).dt.date())
    inside = (
        spans.join(market, on=["instrument_id", "day"], how="inner")
        .filter(pl.col("bucket") >= pl.col(start).dt.truncate(BUCKET), pl.col("bucket") < pl.col(end))
        .group_by("row")
        .agg(
            pl.col("volume").sum().alias(f"{prefix}_volume"),
            pl.col("trades").sum().alias(f"{prefix}_trades"),
            ((pl.col("vwap") * pl.col("volume")).sum() / pl.col("volume").sum()).alias(f"{prefix}_vwap"),
            pl.col("source").first().alias(f"{prefix}_source"),
        )
    )
    return windows.join(inside, on="row", how="left")


def session_edges(tables: Tables, market: pl.LazyFrame) -> pl.LazyFrame:
    """Return instrument_id, day, opens and closes (instants) of each finished session.

    The hours are those in which instruments of the same listing venue traded that day. A last day that ends
    earlier than the one before may still be running and is left out.
    """
    places = tables["instruments"].select("instrument_id", "mic").unique("instrument_id", keep="any")
    placed = market.select("instrument_id", "bucket", "day").join(places, on="instrument_id", how="left")
    length = pl.duration(seconds=BUCKET_NS // 10**9)
    hours = (
        placed.group_by(pl.col("mic").fill_null(""), "day")
        .agg(opens=pl.col("bucket").min(), closes=pl.col("bucket").max() + length)
        .sort("mic", "day")
    )
    clock = pl.col("closes").dt.time()
    running = pl.col("day").shift(-1).is_null() & (clock < clock.shift(1))
    finished = hours.filter(~running.over("mic").fill_null(value=False))
    names = placed.select("instrument_id", pl.col("mic").fill_null(""), "day").unique()
    return names.join(finished, on=["mic", "day"], how="inner").select(
        "instrument_id", "day", "opens", "closes"
    )


def market_moves(market: pl.LazyFrame) -> pl.LazyFrame:
    """Return bucket and ``index``: the running sum of the median log return of all instruments, sorted.

    With fewer than five instruments in a bucket there is no market to speak of and the step is zero.
    """
    step = (pl.col("close") / pl.col("open")).log()
    return (
        market.group_by("bucket")
        .agg(step=pl.when(pl.len() >= 5).then(step.median()).otherwise(0.0))
        .sort("bucket")
        .select("bucket", index=pl.col("step").fill_null(0.0).cum_sum())
    )


def with_market_move(
    rows: pl.LazyFrame, market: pl.LazyFrame, *, start: str, end: str, name: str = "index_move"
) -> pl.LazyFrame:
    """Add the market's own log move between two instants: zero where it is not known."""
    index = market_moves(market)
    out = rows
    for place, column in (("_from", start), ("_to", end)):
        out = (
            out.sort(column)
            .join_asof(
                index.rename({"index": place}), left_on=column, right_on="bucket", check_sortedness=False
            )
            .drop("bucket", strict=False)
        )
    return out.with_columns((pl.col("_to") - pl.col("_from")).fill_null(0.0).alias(name)).drop("_from", "_to")


def share_of(own: str, market: str) -> pl.Expr:
    """Return own volume as a fraction of the market's, which holds at least the own; null if unknown."""
    return pl.col(own) / pl.max_horizontal(own, market).replace(0.0, None)


def uncovered(tables: Tables, *, reason: str, columns: Sequence[str] = ("tape", "bars")) -> pl.LazyFrame:
    """Return one gap row if executions exist and none of the market tables has a row."""
    fills = tables["executions"].select(missing=pl.len()).filter(pl.col("missing") > 0)
    rows = pl.concat([tables[name].select(rows=pl.len()) for name in columns]).select(pl.col("rows").sum())
    return (
        fills.join(rows, how="cross")
        .filter(pl.col("rows") == 0)
        .select(reason=pl.lit(reason), instrument_id=pl.lit(None, pl.String), missing=pl.col("missing"))
    )


def covered(fills: pl.LazyFrame, market: pl.LazyFrame) -> pl.LazyFrame:
    """Keep the fills of instruments and days of which the market is known."""
    days = market.select("instrument_id", market_day="day").unique()
    return fills.with_columns(market_day=pl.col("transact_time").dt.date()).join(
        days, on=["instrument_id", "market_day"], how="semi"
    )
