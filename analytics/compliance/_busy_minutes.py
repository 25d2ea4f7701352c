"""The busiest minutes of a group of accounts in one instrument, in numbers."""

import numpy as np
import polars as pl

from analytics.compliance._conduct import Feature
from analytics.compliance._features import account_groups
from analytics.compliance._odd_reasons import REASONS, far_enough, odd_rows, reasons
from analytics.compliance._oddness import mean_rank
from analytics.compliance._shared import computed
from analytics.compliance._unlike import CLIP, Unlike, unlike
from analytics.compliance.detector import Tables, empty_table
from analytics.text import formatted

MINUTE_NS = 60 * 10**9
_MOST = 2_000  # busy minutes that are enough to tell the odd ones
_SPREAD = 11400714819323198485  # an odd number that spreads neighbouring minutes over all others
_OWN = 5  # busy minutes that make a group's own habit
_APART = 5  # minutes between two odd ones that make them two episodes
_BUYS = ("buy", "buy_cover")
CELL = ["actor_group", "instrument_id", "minute"]

MINUTE: dict[str, Feature] = {
    "minute_messages": Feature("messages in the minute", "messages", "activity", 0.25, ratio=True),
    "minute_size": Feature("mean order", "of currency", "size", 0.25, ratio=True),
    "minute_cancelled": Feature("cancels per order", "cancels", "outcome", 0.1),
    "minute_amended": Feature("amendments per order", "amendments", "amending", 0.1),
    "minute_filled": Feature("fills per order", "fills", "filling", 0.1),
    "minute_buying": Feature("orders to buy", "of orders", "side", 0.1),
    "minute_taking": Feature("fills that took liquidity", "of fills", "aggression", 0.1),
    "minute_levels": Feature("different prices", "prices", "levels", 0.25, ratio=True),
}


def busy_minutes(tables: Tables, *, least: int) -> pl.DataFrame:
    """Return the minutes in which a group entered most orders in an instrument: ``MINUTE``, sorted by ``CELL``.

    A minute counts where it holds at least ``least`` new orders; where more than some 2,000 do, the busiest of them.
    Columns: actor_group, instrument_id, minute (since 1970) and the
    numbers, null where the minute has not got one (no fill).
    """
    groups = account_groups(
        {"accounts": tables["accounts"] if "accounts" in tables else empty_table("accounts")}
    )
    related = groups.drop_nulls("related").select("account_id", "related").collect()
    events = tables["order_events"].filter(pl.col("account_id").is_not_null())
    # One number for account, name and minute: far cheaper to group by than the three.
    account = pl.col("account_id").hash(1)
    cell = account ^ (pl.col("instrument_id").hash(2) * 3) ^ (_minute().cast(pl.UInt64) * _SPREAD)
    entered = events.filter(pl.col("event_type") == "new")
    sizes = computed(entered.group_by(cell=cell).agg(n=pl.len(), account=account.first()))
    shared = sizes.with_columns(cell=pl.col("cell") ^ pl.col("account") ^ _group(related), own="cell")
    sizes = shared.group_by("cell").agg(pl.col("n").sum())
    floor = float(least)
    if sizes.height > _MOST:
        floor = max(floor, float(sizes["n"].quantile(1 - _MOST / sizes.height, "higher") or 0) + 1)
    busy = shared.join(sizes.filter(pl.col("n") >= floor), on="cell", how="semi")["own"]
    if busy.is_empty():
        return _numbers(events.clear(), related).collect()
    return computed(_numbers(events.filter(cell.is_in(busy.implode())), related))


def _minute() -> pl.Expr:
    return pl.col("transact_time_ns") // MINUTE_NS


def _group(related: pl.DataFrame) -> pl.Expr:
    """Return a number for the group of ``account``; who shares it with nobody keeps his own."""
    tied = related.filter(pl.len().over("related") > 1)
    if tied.is_empty():
        return pl.col("account")
    numbers = tied.select(account=pl.col("account_id").hash(1), group=pl.col("related").hash(1))
    return pl.col("account").replace(numbers["account"], numbers["group"])


def _numbers(events: pl.LazyFrame, related: pl.DataFrame) -> pl.LazyFrame:
    kind = pl.col("event_type")
    entered, fill = kind == "new", kind == "fill"
    value = pl.col("order_qty").cast(pl.Float64) * pl.coalesce("limit_px", "stop_px", "last_px").cast(
        pl.Float64
    )
    sides = pl.col("side").is_in(_BUYS)
    group = pl.coalesce("related", formatted("account:{}", "account_id"))
    return (
        events.join(related.lazy(), on="account_id", how="left")
        .group_by(actor_group=group, instrument_id="instrument_id", minute=_minute())
        .agg(
            minute_messages=pl.len().cast(pl.Float64),
            orders=entered.sum(),
            minute_size=value.filter(entered).mean(),
            cancels=(kind == "cancel").sum(),
            amends=(kind == "replace").sum(),
            fills=fill.sum(),
            minute_buying=sides.filter(entered).mean(),
            minute_taking=(pl.col("liquidity") == "taker").filter(fill).mean(),
            minute_levels=pl.col("limit_px").n_unique().cast(pl.Float64),
        )
        .with_columns(
            minute_cancelled=pl.col("cancels") / pl.max_horizontal("orders", pl.lit(1)),
            minute_amended=pl.col("amends") / pl.max_horizontal("orders", pl.lit(1)),
            minute_filled=pl.col("fills") / pl.max_horizontal("orders", pl.lit(1)),
        )
        .select(*CELL, *(pl.col(name).cast(pl.Float64).fill_nan(None).round(9) for name in MINUTE))
        .sort(CELL)
    )


def odd_minutes(
    minutes: pl.DataFrame, *, rank: float, deviations: float, agreement: float, trees: int, seed: int
) -> pl.DataFrame:
    """Return the odd ones among busy minutes: ``CELL``, rank, kinds, strength and reasons; neighbours merged.

    Each is measured against the group's other busy minutes, where it has five of them, and against everybody's.
    Odd minutes of a group in a name less than five minutes apart are one episode, told by its oddest: ``minute`` is
    that one, ``from`` and ``to`` the first and the last.
    """
    values = minutes.drop(CELL)
    order = values.select(pl.struct(pl.all()).arg_sort()).to_series()  # by what was done, not by names
    rows = minutes[order].rename({"actor_group": "trader_id", "minute": "day"})
    rows = rows.with_columns(desk=pl.lit(None, pl.String))
    far = unlike(rows, least=rows.height + 1, features=MINUTE)
    few = (rows.select(pl.len().over("trader_id") < _OWN).to_series()).to_numpy()
    joint = np.where(few[:, None], np.round(np.clip(far.peers, -CLIP, CLIP), 9), far.joint)
    far = Unlike(far.own, far.peers, far.usual_own, far.usual_peers, joint, far.moved)
    # Whoever is plainly odd in nothing is not odd at any rank, and ranks are what costs.
    if far_enough(far, deviations=deviations, agreement=agreement, features=MINUTE).any():
        rank_of = np.round(mean_rank(joint, trees=trees, seed=seed), 6)
    else:
        rank_of = np.zeros(rows.height)
    odd = odd_rows(far, rank_of, least_rank=rank, deviations=deviations, agreement=agreement, features=MINUTE)
    taken = rows[odd["at"]]
    told = [
        reasons(row, far, at, agreement=agreement, features=MINUTE)
        for at, row in zip(odd["at"].to_list(), taken.iter_rows(named=True), strict=True)
    ]
    found = odd.with_columns(
        actor_group=taken["trader_id"],
        instrument_id=taken["instrument_id"],
        minute=taken["day"],
        reasons=pl.Series(told, dtype=REASONS),
    )
    apart = pl.col("minute").diff().over("actor_group", "instrument_id") > _APART
    return (
        found.sort(CELL)
        .with_columns(
            episode=apart.fill_null(value=False).cast(pl.Int32).cum_sum().over("actor_group", "instrument_id")
        )
        .sort("rank", "strength", *CELL, descending=[True, True, False, False, False])
        .group_by("actor_group", "instrument_id", "episode", maintain_order=True)
        .agg(
            pl.col("minute", "rank", "kinds", "strength", "reasons").first(),
            pl.col("minute").min().alias("from"),
            pl.col("minute").max().alias("to"),
        )
        .drop("episode")
    )
