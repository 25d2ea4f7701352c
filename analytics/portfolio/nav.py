"""Net asset value by account and session: cash plus positions, in the account's base currency."""

import polars as pl

from analytics.conventions import ZERO, strict_sum
from analytics.datasets import DAILY_NAV
from analytics.definitions import declares
from analytics.portfolio.facts import Facts, kept
from analytics.text import formatted

NO_CASH = "No deposit or other cash flow is known, so cash is not known."
NO_BASE = "The account's base currency is not known."


@declares("nav")
def daily_nav(facts: Facts, positions: pl.LazyFrame) -> pl.LazyFrame:
    """Return one row per account and session from its first trade or cash flow on.

    The business columns of DAILY_NAV, sorted by account, date, in the account's base currency. Cash is the
    running sum of cash flows, trades and costs per currency, converted at each day's last known rate.
    ``nav`` = cash + market value of all positions.
    External flows count at the start of their day: return = pnl / (nav before + flow).

    ``nav`` is null, with a ``reason``, where cash is unknown (an account without any cash flow), a rate is
    missing, or something held was never priced.

    Args:
        facts: What happened.
        positions: Rows of DAILY_POSITIONS for the same facts.
    """
    cash = _cash(facts)
    held = positions.group_by("account_id", "date").agg(
        market_value=strict_sum(pl.col("market_value_base")),
        gross_exposure=strict_sum(pl.col("market_value_base").abs()),
        unpriced=pl.col("instrument_id").filter(pl.col("market_value").is_null()).sort().head(3),
        unrated=pl.col("currency")
        .filter(pl.col("market_value").is_not_null() & pl.col("market_value_base").is_null())
        .unique()
        .sort(),
    )
    rows = cash.join(held, on=["account_id", "date"], how="left").with_columns(
        *(pl.col(name).list.len().fill_null(0).alias(f"n_{name}") for name in ("unpriced", "unrated"))
    )
    # An account without positions that day holds nothing: 0, which is known.
    nothing = pl.col("unpriced").is_null()
    rows = rows.with_columns(
        pl.when(nothing).then(ZERO).otherwise(pl.col(name)).alias(name)
        for name in ("market_value", "gross_exposure")
    )
    rows = rows.with_columns(
        cash=pl.when(pl.col("has_flow")).then(pl.col("cash")),
        reason=_reason(),
    ).sort("account_id", "date")
    nav = pl.when(pl.col("reason").is_null()).then(pl.col("cash") + pl.col("market_value"))
    rows = rows.with_columns(nav=nav, net_exposure=pl.col("market_value"))
    first = pl.int_range(pl.len()).over("account_id") == 0
    before = pl.when(first).then(ZERO).otherwise(pl.col("nav").shift(1).over("account_id"))
    rows = rows.with_columns(pnl=pl.col("nav") - before - pl.col("flow"))
    return rows.rename({"base": "currency"}).select(*DAILY_NAV.columns)


def _reason() -> pl.Expr:
    names = pl.col("unpriced").list.join(", ")
    missing = pl.col("unrated").list.set_union(pl.col("unrated_cash")).list.drop_nulls().list.sort()
    missing = pl.coalesce(missing, "unrated_cash")
    return (
        pl.when(~pl.col("has_flow"))
        .then(pl.lit(NO_CASH))
        .when(pl.col("base").is_null())
        .then(pl.lit(NO_BASE))
        .when(pl.col("n_unpriced") > 0)
        .then(formatted("No price is known yet for {}.", names))
        .when(missing.list.len() > 0)
        .then(formatted("No rate from {} to {} is known yet.", missing.list.join(", "), "base"))
    )


def _cash(facts: Facts) -> pl.LazyFrame:
    # Per account and session: cash and external flow in base, and which currencies lack a rate.
    spent = -(pl.col("quantity") * pl.col("price")) * pl.col("multiplier")
    trades = facts.trades.select(
        "account_id",
        "date",
        "currency",
        amount=spent - pl.col("costs") - pl.col("accrued"),
        outside=ZERO,
        has_flow=pl.lit(False),
    )
    flows = facts.flows.select(
        "account_id",
        "date",
        "currency",
        "amount",
        outside=pl.when("external").then("amount").otherwise(ZERO),
        has_flow=pl.lit(True),
    )
    events = pl.concat([trades, flows], how="vertical_relaxed")
    known = events.group_by("account_id").agg(pl.col("has_flow").any())
    days = events.group_by("account_id", "currency", "date").agg(pl.col("amount", "outside").sum())
    balances = days.sort("account_id", "currency", "date").with_columns(
        balance=pl.col("amount").cum_sum().over("account_id", "currency")
    )
    spread = facts.carried(balances, by=["account_id", "currency"])
    spread = spread.with_columns(outside=pl.when("is_event").then("outside").otherwise(ZERO))
    spread = kept(spread.join(facts.bases, on="account_id", how="left"))
    rates = facts.rates(spread.select("currency", "base").unique())
    spread = spread.join(rates, on=["currency", "base", "date"], how="left")
    # An empty balance needs no rate.
    worth = [
        pl.when(pl.col(name) == 0).then(ZERO).otherwise(pl.col(name) * pl.col("fx_rate"))
        for name in ("balance", "outside")
    ]
    spread = spread.with_columns(cash=worth[0], flow=worth[1])
    lacking = pl.col("cash").is_null() | pl.col("flow").is_null()
    return (
        spread.group_by("account_id", "date")
        .agg(
            base=pl.col("base").first(),
            cash=strict_sum(pl.col("cash")),
            flow=strict_sum(pl.col("flow")),
            unrated_cash=pl.col("currency").filter(lacking).unique().sort(),
        )
        .join(known, on="account_id", how="left")
    )
