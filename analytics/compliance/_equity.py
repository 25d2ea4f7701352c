"""What an account is worth each day, as far as the tables tell, and what its day's trades came to."""

import polars as pl

from analytics.compliance.detector import Tables

_FLOWS = ("deposit", "withdrawal")


def equity(tables: Tables) -> pl.LazyFrame:
    """Return account_id, date and equity (Float64, base currency), sorted by date; positive rows only.

    The derived net asset value where there is one; before and without it, the money the owner has paid in
    less what he took out, which is a fair measure for a short time.
    """
    known = (
        tables["daily_nav"]
        .filter(pl.col("nav") > 0)
        .select("account_id", "date", equity=pl.col("nav").cast(pl.Float64))
    )
    outside = pl.coalesce("external", pl.col("kind").is_in(_FLOWS))
    paid = (
        tables["cash_flows"]
        .join(known.select("account_id").unique(), on="account_id", how="anti")
        .join(
            tables["accounts"].select("account_id", "base_currency").unique("account_id", keep="any"),
            on="account_id",
            how="inner",
        )
        .filter(outside & (pl.col("currency") == pl.col("base_currency")))
        .group_by("account_id", "date")
        .agg(equity=pl.col("amount").cast(pl.Float64).sum())
        .sort("account_id", "date")
        .with_columns(pl.col("equity").cum_sum().over("account_id"))
        .filter(pl.col("equity") > 0)
        .select("account_id", "date", "equity")
    )
    return pl.concat([known, paid]).sort("date", "account_id")


def traded(
    executions: pl.LazyFrame, *extra: pl.Expr, by: tuple[str, ...] = ("account_id", "date")
) -> pl.LazyFrame:
    """Return what the day's trades came to, in the currency of the trades; floats.

    Columns: ``by``, purchases, sales (notional), costs (commission, fees, taxes), concession (what the fills
    cost beyond the arrival price, never negative), fills; and ``extra``.
    """
    value = (pl.col("last_qty") * pl.col("last_px")).cast(pl.Float64)
    buying = pl.col("side").is_in(["buy", "buy_cover"])
    sign = pl.when(buying).then(1.0).otherwise(-1.0)
    beyond = (
        sign
        * (pl.col("last_px") - pl.col("arrival_px")).cast(pl.Float64)
        * pl.col("last_qty").cast(pl.Float64)
    )
    paid = sum(
        (pl.col(name).fill_null(0).cast(pl.Float64) for name in ("commission", "fees", "taxes")), pl.lit(0.0)
    )
    return (
        executions.with_columns(date=pl.coalesce("trade_date", pl.col("transact_time").dt.date()))
        .group_by(*by)
        .agg(
            *extra,
            purchases=value.filter(buying).sum(),
            sales=value.filter(~buying).sum(),
            costs=paid.sum(),
            concession=beyond.fill_null(0.0).clip(lower_bound=0.0).sum(),
            fills=pl.len().cast(pl.Int64),
        )
    )
