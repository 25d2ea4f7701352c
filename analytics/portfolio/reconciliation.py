"""Derived positions against what others report."""

from decimal import Decimal

import polars as pl

from analytics.conventions import ZERO

# Brokers cut fractional shares at four to six decimals.
TOLERANCE = Decimal("0.000001")
STATES = ("quantity_break", "missing_here", "missing_there", "matched")
_BY = ["account_id", "instrument_id", "date"]


def reconcile(
    derived: pl.LazyFrame, reported: pl.LazyFrame, *, tolerance: Decimal = TOLERANCE
) -> tuple[pl.LazyFrame, Decimal]:
    """Compare quantities on the last day each source reported each account.

    Args:
        derived: account_id, instrument_id, date, quantity (signed), one row per session held.
        reported: The same with ``source``; a source that reports an account on a day reports all of it.
        tolerance: Largest difference that still matches. Unit: units.

    Returns:
        One row per source, account and instrument with a quantity on either side, breaks first: account_id,
        instrument_id, date, source, derived_quantity, reported_quantity (0 where absent), difference
        (derived less reported), state; and the tolerance.
    """
    statements = reported.group_by("account_id", "source").agg(day=pl.col("date").max())
    theirs = reported.join(statements, on=["account_id", "source"], how="inner").filter(
        pl.col("date") == pl.col("day")
    )
    theirs = theirs.group_by("source", *_BY).agg(reported_quantity=pl.col("quantity").sum())
    # Our last session on or before their day: they may report on a day without one.
    sessions = derived.select("account_id", ours="date").unique()
    matching = (
        statements.join(sessions, on="account_id", how="left")
        .filter(pl.col("ours") <= pl.col("day"))
        .group_by("account_id", "source", "day")
        .agg(pl.col("ours").max())
    )
    ours = (
        derived.rename({"date": "ours"})
        .join(matching, on=["account_id", "ours"], how="inner")
        .filter(pl.col("quantity") != ZERO)
        .select("source", "account_id", "instrument_id", date="day", derived_quantity="quantity")
    )
    both = ours.join(theirs, on=["source", *_BY], how="full", coalesce=True).with_columns(
        pl.col("derived_quantity", "reported_quantity").fill_null(ZERO)
    )
    mine, other = pl.col("derived_quantity"), pl.col("reported_quantity")
    gap = mine - other
    state = (
        pl.when(gap.abs() <= pl.lit(tolerance))
        .then(pl.lit("matched"))
        .when(mine == ZERO)
        .then(pl.lit("missing_here"))
        .when(other == ZERO)
        .then(pl.lit("missing_there"))
        .otherwise(pl.lit("quantity_break"))
    )
    rank = {name: place for place, name in enumerate(STATES)}
    found = both.with_columns(difference=gap, state=state).filter((mine != ZERO) | (other != ZERO))
    found = found.sort(
        pl.col("state").replace_strict(rank, return_dtype=pl.Int8), "account_id", "instrument_id", "source"
    )
    columns = ("source", "derived_quantity", "reported_quantity", "difference", "state")
    return found.select(*_BY, *columns), tolerance
