"""Private trades, and which of them an approval covers."""

import polars as pl

from analytics.compliance._features import with_group
from analytics.compliance._products import direction
from analytics.compliance._shared import once
from analytics.compliance.detector import Tables

PERSON = "person_id"
_DAY = 86_400 * 10**9
_FUNDS = ("fund", "index", "cash", "fx")
# Bookings that nobody decided on.
_MECHANICAL = ("drip", "dividend_reinvestment", "corporate_action")


def private_trades(tables: Tables, *, funds: bool = False) -> pl.LazyFrame:
    """Return executions in accounts that personal dealing rules cover, with owner group and person.

    Args:
        tables: executions, accounts, instruments.
        funds: Whether funds and currencies are in scope.
    """
    return once(tables, f"private_trades {funds}", lambda: _private_trades(tables, funds=funds), lazily=True)


def _private_trades(tables: Tables, *, funds: bool) -> pl.LazyFrame:
    accounts = tables["accounts"].unique("account_id", keep="any")
    ruled = accounts.filter(
        pl.col("pad").fill_null(value=False) | ((pl.col("kind") == "personal") & pl.col("pad").is_null())
    ).select("account_id", account_desk="desk")
    trades = tables["executions"].join(ruled, on="account_id", how="inner").filter(
        ~pl.col("strategy").is_in(_MECHANICAL).fill_null(value=False)
    )  # fmt: skip
    if not funds:
        out = tables["instruments"].filter(pl.col("asset_class").is_in(_FUNDS)).select("instrument_id")
        trades = trades.join(out.unique(), on="instrument_id", how="anti")
    return with_group(trades, tables).select(
        "exec_id", "order_id", "account_id", "actor_group", "instrument_id", "side", "transact_time",
        "transact_time_ns",
        direction=direction(),
        qty=pl.col("last_qty").cast(pl.Float64),
        desk=pl.coalesce("desk", "account_desk"),
        person_id=pl.coalesce("owner_id", "trader_id"),
        trader_id="trader_id",
    )  # fmt: skip


def with_approvals(trades: pl.LazyFrame, tables: Tables, *, memory_days: float) -> pl.LazyFrame:
    """Add what approvals say of each trade.

    Columns: ``approved``, ``known`` (whether the firm keeps approvals at all), ``finding`` (no_approval,
    outside_window or over_quantity, where not approved), ``over`` (how far beyond the approved quantity, as
    a fraction of it) and ``waives`` (rules lifted by approvals in force; never null).
    """
    given = tables["preclearances"].filter(pl.col("status") == "approved").select(
        "preclearance_id", "instrument_id", "valid_from", "valid_to", "waives",
        approved_for="account_id", asked_by=PERSON, approved_side="side",
        approved_qty=pl.col("quantity").cast(pl.Float64),
    )  # fmt: skip
    mine = (
        (pl.col("approved_for") == pl.col("account_id"))
        | (pl.col("approved_for").is_null() & (pl.col("asked_by") == pl.col(PERSON)))
        | (pl.col("approved_for").is_null() & (pl.col("asked_by") == pl.col("trader_id")))
    )
    side = pl.col("approved_side").is_null() | (pl.col("approved_side") == pl.col("side"))
    asked = trades.select(
        "exec_id",
        "account_id",
        PERSON,
        "trader_id",
        "instrument_id",
        "side",
        "transact_time",
        "transact_time_ns",
    )
    pairs = asked.join(given, on="instrument_id", how="inner").filter((mine & side).fill_null(value=False))
    now = (pl.col("transact_time") >= pl.col("valid_from")) & (pl.col("transact_time") < pl.col("valid_to"))
    memory = pl.duration(milliseconds=int(memory_days * 86_400_000))
    recent = (pl.col("transact_time") < pl.col("valid_from") + memory) & (
        pl.col("transact_time") >= pl.col("valid_from") - memory
    )
    found = (
        pairs.with_columns(now=now, recent=recent)
        .group_by("exec_id")
        .agg(
            now=pl.col("now").any(),
            recent=pl.col("recent").any(),
            since=pl.col("valid_from").filter(pl.col("now")).min(),
            unbounded=pl.col("approved_qty").filter(pl.col("now")).is_null().any(),
            allowed=pl.col("approved_qty").filter(pl.col("now")).sum(),
            waives=pl.col("waives").filter(pl.col("now")).explode().drop_nulls().unique().sort(),
        )
    )
    known = tables["preclearances"].select(known=pl.len() > 0)
    rows = trades.join(found, on="exec_id", how="left").join(known, how="cross")
    used = (
        rows.select("exec_id", "account_id", "instrument_id", "side", "since", at="transact_time")
        .filter(pl.col("since").is_not_null())
        .join(
            trades.select("account_id", "instrument_id", "side", other="transact_time", done="qty"),
            on=["account_id", "instrument_id", "side"],
            how="inner",
        )
        .filter((pl.col("other") >= pl.col("since")) & (pl.col("other") <= pl.col("at")))
        .group_by("exec_id")
        .agg(used=pl.col("done").sum())
    )
    used = used.join(_spent(pairs, found, trades), on="exec_id", how="left").select(
        "exec_id", used=pl.col("used") - pl.col("spent").fill_null(0.0)
    )
    covered = pl.col("now").fill_null(value=False)
    within = pl.col("unbounded").fill_null(value=False) | (pl.col("used") <= pl.col("allowed") + 1e-9)
    finding = (
        pl.when(covered)
        .then(pl.lit("over_quantity"))
        .when(pl.col("recent").fill_null(value=False))
        .then(pl.lit("outside_window"))
        .otherwise(pl.lit("no_approval"))
    )
    counted = rows.join(used, on="exec_id", how="left").with_columns(used=pl.max_horizontal("used", "qty"))
    return counted.with_columns(
        approved=(covered & within).fill_null(value=False),
        finding=finding,
        over=pl.when(covered).then(pl.col("used") / pl.col("allowed") - 1),
        waives=pl.col("waives").fill_null([]),
    )


def _spent(pairs: pl.LazyFrame, found: pl.LazyFrame, trades: pl.LazyFrame) -> pl.LazyFrame:
    """Return, by exec_id, what was traded since its approvals began on others that have lapsed since: ``spent``.

    That much uses up nothing of the approvals still in force.
    """
    lapsed = pairs.join(found.select("exec_id", "since"), on="exec_id", how="inner").filter(
        (pl.col("valid_to") > pl.col("since")) & (pl.col("valid_to") <= pl.col("transact_time"))
    )
    done = trades.select("account_id", "instrument_id", "side", other="transact_time", done="qty")
    at = pl.col("other")
    return (
        lapsed.join(done, on=["account_id", "instrument_id", "side"], how="inner")
        .filter((at >= pl.max_horizontal("since", "valid_from")) & (at < pl.col("valid_to")))
        .group_by("exec_id", "preclearance_id")
        .agg(done=pl.col("done").sum(), most=pl.col("approved_qty").first())
        .group_by("exec_id")
        .agg(spent=pl.min_horizontal("done", "most").sum())
    )
