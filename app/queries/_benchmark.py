"""The benchmark an answer is compared with."""

import polars as pl

from analytics.datasets import BENCHMARKS
from app.desk import Desk
from app.errors import FieldError, Invalid
from app.queries._book import accounts, nav_days
from app.queries._period import Period

_EMPTY = pl.DataFrame(schema={"date": pl.Date, "benchmark": pl.Float64})


def benchmark_ids(desk: Desk) -> list[str]:
    """Return the ids of the benchmarks that are known, sorted."""
    levels = desk.rows(BENCHMARKS, dated=False)
    ids: list[str] = desk.collect(levels.select(pl.col("benchmark_id").unique().sort()))[
        "benchmark_id"
    ].to_list()
    return ids


def benchmark_returns(desk: Desk, wanted: str | None = None) -> tuple[str | None, pl.DataFrame]:
    """Return the benchmark of the scope's accounts and its daily returns (``date``, ``return``).

    ``wanted``, or the one most of the accounts name; where none names one, the organisation's only benchmark.
    (None, no rows) otherwise. Returns come from levels, else from published returns. Unit: fraction.

    Raises:
        Invalid: If ``wanted`` is not a benchmark that is known.
    """
    levels = desk.rows(BENCHMARKS, dated=False)
    known = benchmark_ids(desk)
    if wanted is not None and wanted not in known:
        allowed = f"must be one of {', '.join(known[:20])}" if known else "names no benchmark: none is known"
        raise Invalid("There is no such benchmark.", errors=[FieldError("benchmark", allowed, wanted[:80])])
    named = desk.collect(
        accounts(desk)
        .filter(pl.col("benchmark_id").is_in(known))
        .group_by("benchmark_id")
        .len()
        .sort("len", "benchmark_id", descending=[True, False])
    )["benchmark_id"]
    name = wanted or (named[0] if named.len() else known[0] if len(known) == 1 else None)
    if name is None:
        return None, _EMPTY.rename({"benchmark": "return"})
    rows = desk.collect(levels.filter(pl.col("benchmark_id") == name).sort("date"))
    level = pl.col("level").cast(pl.Float64)
    moved = pl.coalesce(level / level.shift(1) - 1, pl.col("return"))
    return name, rows.select("date", moved.alias("return")).drop_nulls()


def benchmark_pnl(desk: Desk, days: Period) -> tuple[str | None, pl.DataFrame, str | None]:
    """Return what the scope's net asset value would have earned in its benchmark, cumulated over ``days``.

    Returns:
        The benchmark's id, ``date`` and ``benchmark`` (answer's currency), and why there is none.
    """
    name, returns = benchmark_returns(desk)
    if name is None:
        return None, _EMPTY, "No benchmark is named by the accounts, and none or several are known."
    # The day before the period is needed too: the first day is earned on what was there before.
    whole = Period(None, days.end, 0, days.last)
    nav, reasons = nav_days(desk, days=whole)
    if reasons:
        return name, _EMPTY, reasons["nav"]
    before = pl.col("nav").shift(1, fill_value=0) + pl.col("flow")
    value = nav.select("date", base=before.cast(pl.Float64))
    earned = value.join(returns, on="date", how="left", maintain_order="left").filter(
        pl.col("date") >= days.start
    )
    # A session without a level did not move; a value that is not known leaves a gap.
    day = pl.col("base") * pl.col("return").fill_null(0.0)
    earned = earned.select("date", benchmark=day.cum_sum())
    return name, earned, None
