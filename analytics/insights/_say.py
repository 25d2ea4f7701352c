"""What rules say alike: intervals, small courses, and whose books something is in."""

from collections.abc import Sequence
from typing import Any

import polars as pl

from analytics.insights._stats import Tested

POINTS = 60  # of a small course


def interval(tested: Tested, pattern: str = "{:.1f}") -> str:
    """Return the interval and the p-value as the end of a sentence, in brackets."""
    low, high = (pattern.format(end) for end in (tested.low, tested.high))
    return f"(95% interval {low} to {high}, {tested.p_text})"


def course(
    days: Sequence[Any], values: Sequence[float], *, label: str, recent: int = 0, usual: float | None = None
) -> dict[str, Any]:
    """Return a small chart: one value a day, the last ``recent`` of them marked, beside what is usual."""
    kept = slice(max(0, len(days) - POINTS), None)
    return {
        "label": label,
        "days": [str(day) for day in days[kept]],
        "values": [float(f"{value:.6g}") for value in values[kept]],
        "recent": recent,
        "usual": None if usual is None else float(f"{usual:.6g}"),
    }


def desk_words(desk: str) -> str:
    """Return what a sentence calls a desk: ``desk alpha``, and no desk twice."""
    return desk if "desk" in desk.lower() else f"desk {desk}"


def desk_first(desk: str) -> str:
    """Return what a sentence that begins with a desk calls it."""
    words = desk_words(desk)
    return words[:1].upper() + words[1:]


def with_desk(rows: pl.DataFrame, tables: dict[str, pl.DataFrame] | Any) -> pl.DataFrame:
    """Return rows of accounts that a desk runs, with the desk."""
    desks = tables["accounts"].unique("account_id", keep="any").select("account_id", "desk")
    return rows.drop("desk", strict=False).join(desks, on="account_id", how="inner").drop_nulls("desk")


def held_now(tables: Any) -> pl.DataFrame:
    """Return desk, instrument_id, exposure (base currency, signed) and quantity where it is known, at the last close."""
    positions = tables["daily_positions"]
    last = with_desk(positions.filter(pl.col("date") == pl.col("date").max()), tables)
    sums = [pl.col("market_value_base").cast(pl.Float64).sum().alias("exposure")]
    if "quantity" in last.columns:
        sums.append(pl.col("quantity").cast(pl.Float64).sum())
    return (
        last.group_by("desk", "instrument_id")
        .agg(sums)
        .filter(pl.col("exposure") != 0)
        .sort("desk", "instrument_id")
    )


def bought() -> pl.Expr:
    """Return +1 where something was bought, -1 where it was sold."""
    return pl.when(pl.col("side").is_in(["buy", "buy_cover"])).then(1.0).otherwise(-1.0)


def session_days(rows: pl.DataFrame, last: int) -> pl.Series:
    """Return the last days on which anything was traded or ordered, ascending."""
    return rows["transact_time"].dt.date().unique().sort().tail(last)


def traded() -> pl.Expr:
    """Return what an execution was worth in base currency; null where its currency's rate is not known."""
    return pl.col("last_qty").cast(pl.Float64) * pl.col("last_px").cast(pl.Float64) * pl.col("to_base")


def ordered() -> pl.Expr:
    """Return what an order at its limit was worth in base currency; null without a limit or a known rate."""
    return pl.col("order_qty").cast(pl.Float64) * pl.col("limit_px").cast(pl.Float64) * pl.col("to_base")
