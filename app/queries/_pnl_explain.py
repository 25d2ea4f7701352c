"""Where the P&L of a period came from, by any group, summing to the total."""

from typing import Any

import polars as pl

from analytics.conventions import ZERO, strict_sum
from analytics.datasets import ACCOUNTS, DAILY_NAV, DAILY_POSITIONS, EXECUTIONS, FX_RATES, INSTRUMENTS
from analytics.portfolio.pnl_explain import PARTS, explained_sums, pnl_explain
from app.desk import Desk
from app.errors import FieldError, Invalid
from app.queries._book import BY_TRADER, NOTHING_HELD, accounts, instruments
from app.queries._cost_method import COSTING, convention
from app.queries._money import Reasons, converted, currency, no_rate, number
from app.queries._period import Period, within
from app.queries._traded import before, trades
from app.storage.cache import cached

READS = (DAILY_POSITIONS, DAILY_NAV, EXECUTIONS, ACCOUNTS, FX_RATES, INSTRUMENTS)
HELD_GROUPS = {
    "desk": "desk",
    "strategy": "strategy",
    "account": "account_id",
    "instrument": "instrument_id",
    "day": "date",
}
TRADE_GROUPS = {"trader": "trader_id", "venue": "venue"}
GROUPS = ("desk", "trader", "strategy", "account", "instrument", "venue", "day")
ALL_PARTS = (*PARTS, "pnl")
BY_TRADES = (
    "P&L of trades, from their price to the close of their day. Positions belong to accounts, not to a {what}: "
    "what was held overnight, income and currency effects stand in the rest."
)
NOT_TRADED = "Nothing was traded in this period."
_COUNTS = ("rows", "incomplete", "unknown")


@cached(*READS, records=(COSTING,), shared=True)
def explain(desk: Desk, *, group_by: str = "desk") -> dict[str, Any]:
    """Return the causes of the period's P&L by group, the largest effect first (days in order).

    Args:
        desk: Whose; its scope names the period.
        group_by: desk, trader, strategy, account, instrument, venue or day. Trader and venue count trades
            only.

    Returns:
        ``rows``: group, label, price, new_trades, carry, fx, fees, residual and pnl, their sum; money in the
        answer's currency, gains positive, null where not known. ``total``: the same of everything. ``rest``
        (trader and venue): what no trade explains, total less all rows. ``difference``: new_trades of all
        rows less that of the total. ``basis``: positions or trades. ``incomplete``: rows of positions in
        which a part is not known, so that it stands in the residual; ``unknown``: rows without a P&L.
        ``note``, ``currency``, ``period``, ``convention``, ``reasons``.

    Raises:
        Invalid: For a group that is none of these.
    """
    if group_by not in GROUPS:
        allowed = f"must be one of {', '.join(GROUPS)}"
        raise Invalid(
            "P&L is not explained by this.", errors=[FieldError("group_by", allowed, group_by[:80])]
        )
    desk, days = within(desk)  # bounded once, so that whoever asks for the same days shares the answer
    answer: dict[str, Any] = {
        "rows": [], "total": None, "rest": None, "difference": None, "group_by": group_by,
        "basis": "trades" if group_by in TRADE_GROUPS else "positions", "note": None, "incomplete": 0,
        "unknown": 0, "currency": currency(desk), "period": days.as_dict(), "convention": convention(desk),
        "reasons": {},
    }  # fmt: skip
    if group_by in TRADE_GROUPS:
        return _by_trades(desk, answer, TRADE_GROUPS[group_by])
    if desk.scope.trader:
        return answer | {"reasons": {"total": BY_TRADER}}
    column = HELD_GROUPS[group_by]
    daily = explained_by(desk, column)
    if daily.is_empty():
        return answer | {"reasons": {"total": NOTHING_HELD}}
    rows = _labelled(desk, _summed(daily, column), column)
    rows = (
        rows.sort("group")
        if group_by == "day"
        else rows.sort(pl.col("pnl").abs(), "label", descending=[True, False], nulls_last=True)
    )
    return answer | _total(desk, daily) | {"rows": _plain(rows)}


@cached(*READS, shared=True)
def explained_by(desk: Desk, *columns: str) -> pl.DataFrame:
    """Return the parts by day and group in the answer's currency: date, columns, parts, pnl, counts.

    ``missing_rate`` names a currency without a rate. Columns: desk, strategy, account_id, instrument_id.
    """
    _, days = within(desk)
    if days.start is None or desk.scope.trader:
        return pl.DataFrame(schema={"date": pl.Date} | dict.fromkeys(columns, pl.String) | _SUMS)
    rows = _explained(desk, days)
    based = (
        accounts(desk)
        .rename({"account_strategy": "strategy"})
        .select("account_id", "desk", "strategy", "base_currency")
    )
    rows = rows.join(based, on="account_id", how="left").with_columns(
        base=pl.coalesce("base_currency", "currency")
    )
    keys = list(dict.fromkeys(["date", *columns, "base"]))
    sums = desk.collect(explained_sums(rows.drop("base_currency", "currency"), by=keys))
    sums = sums.rename({"base": "currency", "pnl_base": "pnl"})
    return converted(desk, sums, *ALL_PARTS).drop("currency")


def _explained(desk: Desk, days: Period) -> pl.LazyFrame:
    opening = before(desk, days)
    held = desk.with_scope(start=opening or days.start, end=days.end).rows(DAILY_POSITIONS)
    window = held.select("account_id", "instrument_id", "date", "currency")
    traded = trades(desk, days, window).select(
        "account_id", "instrument_id", "date", "quantity", "multiplier"
    )
    # The session before the period is there to be compared with, and for nothing else.
    return pnl_explain(held, traded).filter(pl.col("date") >= pl.lit(days.start))


def _by_trades(desk: Desk, answer: dict[str, Any], column: str) -> dict[str, Any]:
    what = "trader" if column == "trader_id" else "venue"
    answer |= {"note": BY_TRADES.format(what=what)}
    daily = traded_by(desk, column)
    if daily.is_empty():
        return answer | {"reasons": {"total": NOT_TRADED}}
    rows = _labelled(desk, _summed(daily, column), column)
    rows = rows.sort(pl.col("pnl").abs(), "label", descending=[True, False], nulls_last=True)
    answer |= {"rows": _plain(rows)}
    if desk.scope.trader:
        # The whole book is not these traders', so there is nothing to come out at.
        return answer | {"reasons": {"total": BY_TRADER}}
    whole = explained_by(desk)
    answer |= _total(desk, whole)
    total = _summed(whole, None)
    mine = rows.select(strict_sum(pl.col(name)).alias(name) for name in ALL_PARTS)
    if total.height and not any(total[name].null_count() + mine[name].null_count() for name in ALL_PARTS):
        rest = {name: number(total[name][0] - mine[name][0]) for name in ALL_PARTS}
        answer |= {"rest": rest, "difference": number(mine["new_trades"][0] - total["new_trades"][0])}
    return answer


@cached(*READS, shared=True)
def traded_by(desk: Desk, column: str) -> pl.DataFrame:
    """Return what trades earned until the close of their day, by day and trader or venue.

    ``new_trades`` (quantity at the close less what was paid), ``fees``, ``carry`` (accrued interest paid) and
    the rest of the parts, which trades have none of: 0. A trade of a position without a close has a null,
    unless the position was flat again: then its last price stands for the close, whose weight is nought.
    """
    _, days = within(desk)
    if days.start is None:
        return pl.DataFrame(schema={"date": pl.Date, column: pl.String} | _SUMS)
    bounded = desk.with_scope(trader=(), start=days.start, end=days.end)
    held = bounded.rows(DAILY_POSITIONS).select(
        "account_id", "instrument_id", "date", "currency", "market_px", "fx_rate", "pnl_base"
    )
    rows = trades(desk, days, held).sort("account_id", "instrument_id", "date", "transact_time_ns")
    keys = ["account_id", "instrument_id", "date"]
    rows = rows.join(held.drop("currency"), on=keys, how="left", maintain_order="left").join(
        accounts(desk).select("account_id", "base_currency"),
        on="account_id",
        how="left",
        maintain_order="left",
    )
    flat = (pl.col("quantity") * pl.col("multiplier")).sum().over(keys) == 0
    stand_in = pl.when(flat).then(pl.col("price").last().over(keys))
    mark = pl.coalesce("market_px", stand_in)
    rate = pl.col("fx_rate")
    known = pl.col("pnl_base").is_not_null()
    parts = {
        "new_trades": (pl.col("cash") + pl.col("quantity") * pl.col("multiplier") * mark) * rate,
        "carry": -pl.col("accrued") * rate,
        "fees": -pl.col("costs") * rate,
    }
    rows = rows.with_columns(
        currency=pl.coalesce("base_currency", "currency"),
        **{name: ZERO for name in PARTS if name not in parts},
        **parts,
    )
    unknown = pl.any_horizontal(pl.col(name).is_null() for name in parts)
    sums = rows.group_by("date", column, "currency").agg(
        *(pl.col(name).filter(known & ~unknown).sum() for name in PARTS),
        rows=pl.len().cast(pl.Int64),
        incomplete=(known & unknown).sum().cast(pl.Int64),
        unknown=(~known).sum().cast(pl.Int64),
    )
    daily = desk.collect(sums).with_columns(pnl=pl.sum_horizontal(PARTS))
    return converted(desk, daily, *ALL_PARTS).drop("currency").sort("date", column, nulls_last=True)


_SUMS: dict[str, Any] = (
    dict.fromkeys(ALL_PARTS, DAILY_POSITIONS.schema["pnl"])
    | dict.fromkeys(_COUNTS, pl.Int64)
    | {"missing_rate": pl.String}
)


def _summed(daily: pl.DataFrame, column: str | None) -> pl.DataFrame:
    sums = (
        *(strict_sum(pl.col(name)).alias(name) for name in ALL_PARTS),
        *(pl.col(name).sum() for name in _COUNTS),
    )
    return daily.group_by(column).agg(sums) if column else daily.select(sums)


def _total(desk: Desk, daily: pl.DataFrame) -> dict[str, Any]:
    if daily.is_empty():
        return {"reasons": {"total": NOTHING_HELD}}
    total = _summed(daily, None).row(0, named=True)
    lacking = no_rate(desk, daily)
    reasons: Reasons = {"total": lacking} if lacking else {}
    counts = {"incomplete": int(total["incomplete"]), "unknown": int(total["unknown"])}
    return {"total": {name: number(total[name]) for name in ALL_PARTS}, "reasons": reasons, **counts}


def _labelled(desk: Desk, rows: pl.DataFrame, column: str) -> pl.DataFrame:
    rows = rows.with_columns(group=pl.col(column).cast(pl.String), label=pl.col(column).cast(pl.String))
    if column == "instrument_id":
        symbols = desk.collect(instruments(desk).select(group="instrument_id", symbol="symbol"))
        rows = rows.join(symbols, on="group", how="left").with_columns(label=pl.coalesce("symbol", "label"))
    return rows.with_columns(pl.col("label").fill_null("Not known"))


def _plain(rows: pl.DataFrame) -> list[dict[str, Any]]:
    shown = rows.select("group", "label", *(pl.col(name).cast(pl.Float64) for name in ALL_PARTS), *_COUNTS)
    return shown.to_dicts()


__all__ = ["COSTING", "GROUPS", "explain", "explained_by", "traded_by"]
