"""Where a day's P&L came from: price, new trades, carry, currency, fees, and what none of them explains."""

import polars as pl

from analytics.conventions import ONE, ZERO
from analytics.datasets import DECIMAL
from analytics.definitions import declares
from analytics.portfolio.costing import GROUP

PARTS = ("price", "new_trades", "carry", "fx", "fees", "residual")
UNPRICED = "The value at the close before, or at this one, is not known."
UNRATED = "No currency rate is known for this day or the one before."

_BY = list(GROUP)


@declares(
    pnl_price="price",
    pnl_new_trades="new_trades",
    pnl_carry="carry",
    pnl_fx="fx",
    pnl_fees="fees",
    pnl_residual="residual",
)
def pnl_explain(positions: pl.LazyFrame, trades: pl.LazyFrame) -> pl.LazyFrame:
    """Split each position's P&L of each day into its causes, in the account's base currency.

    Args:
        positions: Rows of DAILY_POSITIONS, whole histories (the day before is read from the row before).
        trades: ``Facts.trades``: account_id, instrument_id, date, ``quantity`` (signed), ``multiplier``.

    Returns:
        account_id, instrument_id, date, currency, and in base currency, fixed point, positive = gain:

        - ``price``: what was held at the last close, at this close, less its value then;
        - ``new_trades``: what was traded today, at the close, less what was paid for it;
        - ``carry``: dividends, interest and accrued interest;
        - ``fx``: yesterday's value at today's rate less at yesterday's;
        - ``fees``: minus commission, fees and taxes;
        - ``residual``: ``pnl_base`` less all of these;
        - ``pnl_base``: as in DAILY_POSITIONS. ``reason``: why a part is null.

        price + new_trades + carry + fx + fees + residual = pnl_base to the last digit, counting a null part
        as nothing. The residual holds rounding (below 1e-11 of the amounts), and the whole of what cannot be
        split: after days without a price or a rate the P&L of all of them comes at once. Sorted by account,
        instrument, date. A split moves no P&L: the quantity it adds is held, not traded.

    Nulls: where ``pnl_base`` is null so are all parts.
    """
    traded = trades.group_by(*_BY, "date").agg(
        _traded=(pl.col("quantity") * pl.col("multiplier").fill_null(ONE)).sum()
    )
    rows = positions.join(traded, on=[*_BY, "date"], how="left").sort(*_BY, "date")
    first = pl.int_range(pl.len()).over(_BY) == 0
    before, before_base = (
        pl.when(first).then(ZERO).otherwise(pl.col(name).shift(1).over(_BY))
        for name in ("market_value", "market_value_base")
    )
    rows = rows.with_columns(
        _before=before, _before_base=before_base, _traded=pl.col("_traded").fill_null(ZERO)
    )
    # Traded and gone within the day needs no close.
    at_close = (
        pl.when(pl.col("_traded") == ZERO).then(ZERO).otherwise(pl.col("_traded") * pl.col("market_px"))
    )
    rows = rows.with_columns(_at_close=at_close)
    rate = pl.col("fx_rate")
    local = {
        "price": pl.col("market_value") - pl.col("_at_close") - pl.col("_before"),
        "new_trades": pl.col("traded_cash") + pl.col("_at_close"),
        "carry": pl.col("income"),
        "fees": -pl.col("costs"),
    }
    held = pl.col("_before") * rate - pl.col("_before_base")
    fx = pl.when(pl.col("_before") == ZERO).then(ZERO).otherwise(held)
    known = pl.col("pnl_base").is_not_null()
    rows = rows.with_columns(
        **{name: pl.when(known).then((part * rate).cast(DECIMAL)) for name, part in local.items()},
        fx=pl.when(known).then(fx),
    )
    explained = pl.sum_horizontal(pl.col(name).fill_null(ZERO) for name in PARTS[:-1])
    unpriced = pl.col("market_value").is_null() | pl.col("_before").is_null() | pl.col("_at_close").is_null()
    incomplete = pl.any_horizontal(pl.col(name).is_null() for name in PARTS[:-1])
    rows = rows.with_columns(
        residual=pl.col("pnl_base") - explained,
        reason=pl.when(incomplete & unpriced).then(pl.lit(UNPRICED)).when(incomplete).then(pl.lit(UNRATED)),
    )
    return rows.select(*_BY, "date", "currency", *PARTS, "pnl_base", "reason")


def explained_sums(explained: pl.LazyFrame, *, by: list[str]) -> pl.LazyFrame:
    """Add up a P&L explain.

    Args:
        explained: ``pnl_explain``, joined with what ``by`` names, in one base currency.
        by: Columns of the group; none gives one row for all (also for nothing).

    Returns:
        ``by``, the parts, ``pnl_base`` (their sum, to the last digit), ``rows``, ``incomplete`` (rows in which
        a part is missing: its P&L stands in the residual), ``unknown`` (rows without a P&L: not in any sum).
        Sorted by ``by``.
    """
    known = pl.col("pnl_base").is_not_null()
    sums = {
        **{name: pl.col(name).sum() for name in (*PARTS, "pnl_base")},
        "rows": pl.len().cast(pl.Int64),
        "incomplete": (known & pl.col("reason").is_not_null()).sum().cast(pl.Int64),
        "unknown": (~known).sum().cast(pl.Int64),
    }
    if not by:
        return explained.select(**sums)
    return explained.group_by(by).agg(**sums).sort(by)


def account_explain(explained: pl.LazyFrame, nav: pl.LazyFrame) -> pl.LazyFrame:
    """Explain an account's P&L: that of its positions, and what happened to the account as a whole.

    Args:
        explained: ``pnl_explain``.
        nav: Rows of DAILY_NAV.

    Returns:
        account_id, date, the parts of all positions, ``account`` (change of nav less flows less the P&L of
        positions: interest on cash, account fees, and the currency moves of cash), and ``pnl`` of DAILY_NAV:
        parts + account = pnl to the last digit. ``account`` is null where the nav or the P&L of a position is
        not known. Sorted by account, date.
    """
    sums = explained_sums(explained, by=["account_id", "date"])
    rows = nav.select("account_id", "date", "pnl").join(sums, on=["account_id", "date"], how="left")
    rows = rows.with_columns(pl.col(*PARTS, "pnl_base").fill_null(ZERO), pl.col("unknown").fill_null(0))
    account = pl.when(pl.col("unknown") == 0).then(pl.col("pnl") - pl.col("pnl_base"))
    return rows.select("account_id", "date", *PARTS, "pnl", account=account).sort("account_id", "date")
