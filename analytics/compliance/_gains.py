"""What fills made by the close of their day, by account and by trader; and gains that prices alone do not explain.

All gains are in the currency of the instrument, positive = the account is better off.
"""

from typing import Any

import polars as pl

from analytics.compliance._features import daily_closes, with_baseline, with_group
from analytics.compliance._gain_rules import UnusualPnlParameters
from analytics.compliance._products import direction
from analytics.compliance._spans import settled
from analytics.compliance.alerts import listed, sequence
from analytics.compliance.detector import Tables
from analytics.trading.fills import current

HOUR_NS = 3600 * 10**9
_FRESH_NS = 600 * 10**9  # after which a quote says nothing of the market
_SESSION_NS = 6.5 * HOUR_NS
_KEPT = (
    *("exec_id", "order_id", "account_id", "trader_id", "instrument_id", "side", "transact_time"),
    *("transact_time_ns", "ingest_time", "liquidity"),
)


def valued(rows: pl.LazyFrame, tables: Tables) -> pl.LazyFrame:
    """Return fills with ``day``, ``qty``, ``px``, ``value`` and ``made`` by the close of the day; null without one.

    Args:
        rows: Of executions, in any version.
        tables: instruments (contract size) and prices.
    """
    size = (
        tables["instruments"]
        .group_by("instrument_id")
        .agg(multiplier=pl.col("multiplier").first().cast(pl.Float64))
    )
    closes = daily_closes(tables).select("instrument_id", day="date", close="close")
    value = pl.col("qty") * pl.col("px") * pl.col("multiplier").fill_null(1.0)
    return (
        rows.with_columns(
            qty=pl.col("last_qty").cast(pl.Float64),
            px=pl.col("last_px").cast(pl.Float64),
            day=pl.coalesce("trade_date", pl.col("transact_time").dt.date()),
        )
        .join(closes, on=["instrument_id", "day"], how="left")
        .join(size, on="instrument_id", how="left")
        .with_columns(value=value, made=direction() * (pl.col("close") / pl.col("px") - 1) * value)
    )


def standing(tables: Tables) -> pl.LazyFrame:
    """Return the valued fills as they stand: corrections applied, busts left out."""
    return valued(current(tables["executions"]), tables).select(
        *_KEPT, "day", "qty", "px", "close", "value", "made"
    )


def off_market(fills: pl.LazyFrame, tables: Tables, rules: UnusualPnlParameters) -> pl.LazyFrame:
    """Return group-days of an instrument with fills better than any mid of their moment.

    A fill counts where it beats both the mid before and the mid after it by more than ``off_market`` quoted
    spreads and by more than ``off_sigmas`` deviations of what the price does between the two quotes; fills in
    auctions do not, nor does a day on which others were filled beyond the quotes as well. Columns: those of an episode, ``spreads`` (the most), ``gain`` against the mid, ``count``.
    """
    quotes = (
        tables["quotes"]
        .filter((pl.col("bid_px") > 0) & (pl.col("ask_px") >= pl.col("bid_px")))
        .select(
            "instrument_id", "transact_time_ns", "seq", at="transact_time_ns",
            mid=((pl.col("bid_px") + pl.col("ask_px")) / 2).cast(pl.Float64),
            spread=(pl.col("ask_px") - pl.col("bid_px")).cast(pl.Float64),
        )
        .sort("transact_time_ns", "seq")
        .drop("seq")
    )  # fmt: skip
    rows = fills.filter(pl.col("liquidity").ne_missing("auction")).sort("transact_time_ns", "exec_id")
    by: dict[str, Any] = {
        "on": "transact_time_ns", "by": "instrument_id", "check_sortedness": False, "tolerance": _FRESH_NS,
    }  # fmt: skip
    seen = rows.join_asof(quotes, strategy="backward", **by).join_asof(
        quotes, strategy="forward", suffix="_next", allow_exact_matches=False, **by
    )
    low, high = pl.min_horizontal("mid", "mid_next"), pl.max_horizontal("mid", "mid_next")
    wide = pl.max_horizontal("spread", "spread_next")
    beyond = pl.max_horizontal(low - pl.col("px"), pl.col("px") - high)
    outside = with_group(
        seen.with_columns(
            wide=wide, away=beyond, nearest=pl.when(pl.col("px") < low).then(low).otherwise(high)
        )
        .with_columns(ours=(pl.col("px") < pl.col("nearest")) == (direction() > 0))
        .filter((pl.col("wide") > 0) & (pl.col("away") > rules.off_market * pl.col("wide"))),
        tables,
    )
    far = _alone(settled(outside))
    idle = (pl.col("at_next") - pl.col("at")).fill_null(_FRESH_NS) / _SESSION_NS
    noise = rules.off_sigmas * pl.col("sigma").fill_null(0.0) * idle.sqrt()
    gain = pl.col("away") * pl.col("value") / pl.col("px")
    return (
        with_baseline(far.drop("close"), tables)
        .filter(pl.col("away") / pl.col("nearest") > noise)
        .with_columns(gain=gain, spreads=pl.col("away") / pl.col("wide"))
        .group_by("actor_group", "trader_id", "instrument_id", "day")
        .agg(
            pl.col("gain").sum().round(6),
            pl.col("spreads").max().round(6),
            count=pl.len().cast(pl.Int64),
            **_told(),
        )
        .filter(pl.col("gain") >= rules.off_money)
        .with_columns(kind=pl.lit("off_market"))
    )


def _alone(outside: pl.LazyFrame) -> pl.LazyFrame:
    """Return fills to the account's favour, in names and days in which nobody else was filled off the quotes.

    Where several were, either way, the quotes are wrong and not the fills. Who stood on the other side of such a
    fill is no witness: it has the same instant and price.
    """
    trade = ["instrument_id", "transact_time_ns", "px"]
    ours = outside.filter("ours")
    others = outside.filter(~pl.col("ours")).join(ours, on=trade, how="anti")
    seen = ["instrument_id", "day"]
    people = pl.struct("actor_group", "trader_id").n_unique()
    many = pl.concat([ours, others]).group_by(seen).agg(people=people).filter(pl.col("people") > 1)
    return ours.join(many, on=seen, how="anti")


def booked_late(fills: pl.LazyFrame, tables: Tables, rules: UnusualPnlParameters) -> pl.LazyFrame:
    """Return group-days whose trades came in long after those of everybody else, and after it was known how they did.

    Late is what came in ``late`` hours after it happened and after the middle one of that day's trades; a day
    on which more than ``late_share`` of all came late had a late feed. Raised where the late trades of a group
    gained or lost ``late_money`` by the close of their day. Columns: those of an episode, ``gain``, ``hours``
    (the longest), ``count``.
    """
    known = fills.filter(pl.col("ingest_time").is_not_null())
    came = pl.col("ingest_time").dt.epoch("ns")
    wait = int(rules.late * HOUR_NS)
    usual = came.cast(pl.Float64).median().over("day")
    marked = known.with_columns(delay=came - pl.col("transact_time_ns")).with_columns(
        tardy=(pl.col("delay") > wait) & (came > usual + wait)
    )
    late = marked.with_columns(share=pl.col("tardy").mean().over("day")).filter(
        pl.col("tardy") & (pl.col("share") <= rules.late_share)
    )
    return (
        with_group(late, tables)
        .group_by("actor_group", "trader_id", "day")
        .agg(
            gain=pl.col("made").sum().round(6),
            hours=(pl.col("delay").max() / HOUR_NS).round(6),
            count=pl.len().cast(pl.Int64),
            instrument_id=_main_name(),
            **_told(),
        )
        .filter(pl.col("gain").abs() >= rules.late_money)
        .with_columns(kind=pl.lit("late"))
    )


def reversed_later(fills: pl.LazyFrame, tables: Tables, rules: UnusualPnlParameters) -> pl.LazyFrame:
    """Return group-days whose gain was changed on a later day, by corrections and busts.

    The change is what the trades are worth at the close of their own day in their last version, less what they
    were in their first; only versions known to be of a later day count. Raised where it is at least
    ``reversed_money`` either way, and ``reversed_usual`` times what the group's trades usually make a day.
    Columns: those of an episode, ``gain`` (before), ``change``, ``usual``, ``days`` (until the last), ``count``.
    """
    change = (pl.col("exec_status") != "new") | (pl.col("version") > 1)
    root = pl.when(pl.col("exec_status") != "new").then(pl.coalesce("exec_ref_id", "exec_id"))
    all_of = tables["executions"].with_columns(root=root.otherwise("exec_id"))
    touched = all_of.filter(change).select("root").unique()
    versions = (
        valued(all_of.join(touched, on="root", how="semi"), tables)
        .sort("root", "version", "transact_time_ns", "exec_id")
        .with_columns(
            worth=pl.when(pl.col("exec_status") == "busted").then(0.0).otherwise("made"),
            told_on=pl.max_horizontal("transact_time", "ingest_time").dt.date(),
        )
    )
    first = ("day", "transact_time", "transact_time_ns", "order_id", "account_id", "trader_id")
    trades = (
        versions.group_by("root", maintain_order=True)
        .agg(
            *(pl.col(name).first() for name in (*first, "instrument_id", "side", "ingest_time")),
            before=pl.col("worth").first(),
            after=pl.col("worth").last(),
            changed_on=pl.col("told_on").last(),
            entered_on=pl.col("told_on").first(),
            versions=pl.len(),
        )
        .filter((pl.col("versions") > 1) & (pl.col("changed_on") > pl.max_horizontal("entered_on", "day")))
        .with_columns(made=pl.col("before"), exec_id="root")
    )
    habit = (
        with_group(fills, tables)
        .group_by("actor_group", "trader_id", "day")
        .agg(made=pl.col("made").sum())
        .group_by("actor_group", "trader_id")
        .agg(usual=pl.col("made").abs().median().round(6))
    )
    keys = ["actor_group", "trader_id"]
    return (
        with_group(trades, tables)
        .group_by(*keys, "day")
        .agg(
            gain=pl.col("before").sum().round(6),
            change=(pl.col("after") - pl.col("before")).sum().round(6),
            days=(pl.col("changed_on").max() - pl.col("day").first()).dt.total_days(),
            count=pl.len().cast(pl.Int64),
            instrument_id=_main_name(),
            **_told(),
        )
        .join(habit, on=keys, how="left", nulls_equal=True)
        .filter(
            pl.col("change").abs()
            >= pl.max_horizontal(
                pl.lit(rules.reversed_money), rules.reversed_usual * pl.col("usual").fill_null(0.0)
            )
        )
        .with_columns(kind=pl.lit("reversed"))
    )


def _main_name() -> pl.Expr:
    return pl.col("instrument_id").sort_by(pl.col("made").abs(), "instrument_id", nulls_last=False).last()


def _told() -> dict[str, pl.Expr]:
    order = ("transact_time_ns", "exec_id")
    return {
        "window_start": pl.col("transact_time").min(),
        "window_end": pl.col("transact_time").max(),
        "first_seq": sequence().sort_by(*order).first(),
        "last_seq": sequence().sort_by(*order).last(),
        "accounts": listed("account_id"),
        "traders": listed("trader_id"),
        "exec_ids": listed("exec_id"),
        "order_ids": listed("order_id"),
    }
