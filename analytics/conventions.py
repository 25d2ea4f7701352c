"""Conventions every measure shares: signs, days, periods per year, what a money sum may do."""

import polars as pl

from analytics.datasets import DECIMAL

# Periods in a year by frequency; sessions, not calendar days.
PERIODS_PER_YEAR = {"daily": 252, "weekly": 52, "monthly": 12}
SESSIONS_PER_YEAR = PERIODS_PER_YEAR["daily"]
BASIS_POINTS = 1e4

BUYS = ("buy", "buy_cover")
# Cash flows that a holding earned; everything else belongs to the account as a whole.
INCOME_KINDS = ("dividend", "withholding", "interest")
# Owner's money in or out, where the flow does not say so itself.
EXTERNAL_KINDS = ("deposit", "withdrawal")

ZERO = pl.lit(0).cast(DECIMAL)
ONE = pl.lit(1).cast(DECIMAL)


def side_sign(side: pl.Expr | None = None) -> pl.Expr:
    """Return +1 for buy and buy_cover, -1 for sell and sell_short; null where the side is null."""
    column = pl.col("side") if side is None else side
    return pl.when(column.is_in(BUYS)).then(1).when(column.is_not_null()).then(-1)


def signed_quantity() -> pl.Expr:
    """Return executed quantity, positive = bought. Unit: units, fixed point."""
    return side_sign() * pl.col("last_qty")


def explicit_costs() -> pl.Expr:
    """Return commission + fees + taxes of one execution. Unit: its currency; positive = cost; null = 0."""
    return pl.sum_horizontal(pl.col(name).fill_null(ZERO) for name in ("commission", "fees", "taxes"))


def trade_day() -> pl.Expr:
    """Return the venue's calendar day of an execution; the UTC day where the source gives none."""
    return pl.coalesce("trade_date", pl.col("transact_time").dt.date())


def is_external() -> pl.Expr:
    """Say whether a cash flow is the owner's money: its own flag, else deposits and withdrawals."""
    return pl.coalesce("external", pl.col("kind").is_in(EXTERNAL_KINDS))


def strict_sum(values: pl.Expr) -> pl.Expr:
    """Return the sum, null as soon as one value is null (a plain sum would count it as 0)."""
    return pl.when(values.null_count() == 0).then(values.sum())
