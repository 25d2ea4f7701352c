"""What both sides of an attribution held and earned, day by day, as matrices."""

import json
import math
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from analytics.conventions import strict_sum
from analytics.datasets import BENCHMARKS, DAILY_POSITIONS
from app.desk import Desk
from app.errors import FieldError, Invalid
from app.queries._benchmark import benchmark_returns
from app.queries._book import BY_TRADER, accounts
from app.queries._growth import Growth, Unanswerable
from app.queries._money import converted
from app.queries._performance import nav_series
from app.queries._period import period

Floats = npt.NDArray[np.float64]

BY_ACCOUNT = "Attribution explains an account's return, not an instrument's."
NO_WEIGHTS = (
    "No benchmark with weights is known: attribution needs what the benchmark holds, not its level alone."
)
# Published weights are rounded; a sum this close to 1 is 1, and less than that leaves cash.
ROUNDED = 1e-6


@dataclass(frozen=True)
class Days:
    """Both sides by day (rows) and instrument (columns).

    ``returns``: fraction in the answer's currency. ``mine`` and ``theirs``: weights at the start of the day;
    what is missing to 1 is cash. ``earned``: the time-weighted return, ``level``: the benchmark's published
    return, ``costs``: as a fraction of the day's opening value; NaN where not known.
    """

    dates: list[date]
    instruments: list[str]
    currencies: dict[str, str | None]
    returns: Floats
    mine: Floats
    theirs: Floats
    earned: Floats
    level: Floats
    costs: Floats


@dataclass(frozen=True)
class Choice:
    """The benchmark compared with, those there are to choose from, and why it is not the accounts' own."""

    name: str
    known: list[str]
    note: str | None


def choose(desk: Desk, asked: str | None) -> Choice:
    """Return the benchmark with weights: the one asked for, the accounts' own, else the first there is.

    Raises:
        Invalid: When the one asked for is not known.
        Unanswerable: When there is none with weights.
    """
    rows = desk.collect(
        desk.rows(BENCHMARKS, dated=False)
        .group_by("benchmark_id")
        .agg(weighted=pl.col("weights").is_not_null().any())
        .sort("benchmark_id")
    )
    every, known = rows["benchmark_id"].to_list(), rows.filter("weighted")["benchmark_id"].to_list()
    if asked is not None and asked not in every:
        raise Invalid(
            "This benchmark is not known.", errors=[FieldError("benchmark", "is not known", asked[:80])]
        )
    if not known:
        raise Unanswerable(NO_WEIGHTS)
    if asked is not None:
        if asked not in known:
            others = ", ".join(known[:3])
            raise Unanswerable(f"{asked} is known by its level alone. With weights there is {others}.")
        return Choice(asked, known, None)
    named = desk.collect(
        accounts(desk)
        .drop_nulls("benchmark_id")
        .group_by("benchmark_id")
        .len()
        .sort("len", "benchmark_id", descending=[True, False])
    )["benchmark_id"].to_list()
    own = next((name for name in named if name in known), None)
    if own is not None:
        return Choice(own, known, None)
    note = f"The accounts' benchmark {named[0]} has no weights" if named else "The accounts name no benchmark"
    return Choice(known[0], known, f"{note}, so {known[0]} is compared with.")


def assemble(desk: Desk, benchmark: str) -> Days:
    """Return what both sides held and earned on every day on which both returns are known.

    Raises:
        Unanswerable: When there is no such day, or something held has no price.
    """
    if desk.scope.trader:
        raise Unanswerable(BY_TRADER)
    if desk.scope.instrument:
        raise Unanswerable(BY_ACCOUNT)
    series = nav_series(desk)
    nav = series["rows"].select("date", "base", "return").sort("date")
    if nav.is_empty():
        raise Unanswerable(series["reasons"].get("nav", "No net asset value is known in this period."))
    first_day: date = nav["date"][0]
    # Before the first day of all there was nothing but the flow that opens it.
    eve = period(desk.with_scope(start=None, end=first_day - timedelta(days=1))).last
    before = pl.col("date").shift(1).fill_null(eve or first_day - timedelta(days=1))
    nav = nav.with_columns(before=before).drop_nulls("return")
    _, published = benchmark_returns(desk, benchmark)
    days = nav.join(published.rename({"return": "level"}), on="date", how="left", maintain_order="left")
    weighted = _weighted(desk, benchmark)
    days = days.filter(pl.col("before") >= (weighted["date"].min() or date.max))
    # An index that publishes levels is measured on its own days, as the performance page does.
    if published.height:
        days = days.drop_nulls("level")
    if days.is_empty():
        raise Unanswerable(f"There is no day with a return of both the accounts and {benchmark}.")
    first: date = days["before"][0]
    recent = weighted.filter(pl.col("date") >= weighted.filter(pl.col("date") <= first)["date"].max())
    held, costs = _read(desk, days)
    baskets = [_basket(benchmark, row) for row in recent.iter_rows(named=True)]
    instruments = sorted({*held["instrument_id"].to_list(), *(name for one in baskets for name in one)})
    growth = Growth.of(desk, instruments, last=days["date"][-1])
    dates, starts = days["date"].to_list(), days["before"].to_list()
    opened = days["base"].to_numpy().astype(np.float64)
    mine = _matrix(held, starts, instruments) / opened[:, None]
    theirs = _drifted(growth, baskets, published=recent["date"].to_list(), starts=starts, benchmark=benchmark)
    returns = growth.between(starts, dates, used=(mine != 0) | (theirs != 0))
    return Days(
        dates=dates,
        instruments=instruments,
        currencies=growth.currencies,
        returns=returns,
        mine=mine,
        theirs=theirs,
        earned=days["return"].to_numpy().astype(np.float64),
        level=days["level"].fill_null(float("nan")).to_numpy().astype(np.float64),
        costs=_spent(costs, days) / opened,
    )


def _weighted(desk: Desk, benchmark: str) -> pl.DataFrame:
    end = period(desk, sessions=None).end
    rows = desk.rows(BENCHMARKS, dated=False).filter(
        (pl.col("benchmark_id") == benchmark) & (pl.col("date") <= pl.lit(end, pl.Date))
    )
    return desk.collect(rows.drop_nulls("weights").sort("date").select("date", "weights"))


def _read(desk: Desk, days: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    # Values at the close before each day, and costs by day, in the answer's currency; one pass over the book.
    bounded = desk.with_scope(start=days["before"][0], end=days["date"][-1])
    bases = accounts(desk).select("account_id", "base_currency")
    rows = bounded.rows(DAILY_POSITIONS).join(bases, on="account_id", how="left")
    whole = desk.collect(
        rows.group_by(
            "date", "instrument_id", traded="currency", currency=pl.coalesce("base_currency", "currency")
        ).agg(market_value=strict_sum(pl.col("market_value_base")), costs=strict_sum(pl.col("costs")))
    ).sort("date", "instrument_id", "traded", "currency")
    held = converted(desk, whole.filter(pl.col("market_value") != 0), "market_value")
    spent = whole.filter(pl.col("costs").is_null() | (pl.col("costs") != 0))
    spent = spent.group_by("date", currency="traded", maintain_order=True).agg(strict_sum(pl.col("costs")))
    costs = converted(desk, spent, "costs").group_by("date").agg(strict_sum(pl.col("costs")))
    return held.drop_nulls("market_value"), costs


def _basket(benchmark: str, row: dict[str, Any]) -> dict[str, float]:
    # One published row of weights; adding up to 1, or to less with the rest in cash.
    try:
        given = {str(name): float(weight) for name, weight in json.loads(row["weights"]).items()}
    except (ValueError, TypeError, AttributeError) as problem:
        raise Unanswerable(f"The weights of {benchmark} on {row['date']} cannot be read.") from problem
    whole = math.fsum(given.values())
    if not math.isfinite(whole) or not 0 < whole <= 1 + ROUNDED:
        raise Unanswerable(f"The weights of {benchmark} on {row['date']} add up to {whole:.6g}, not to 1.")
    scale = whole if whole >= 1 - ROUNDED else 1.0
    return {name: weight / scale for name, weight in given.items() if weight}


def _drifted(
    growth: Growth,
    baskets: list[dict[str, float]],
    *,
    published: list[date],
    starts: list[date],
    benchmark: str,
) -> Floats:
    # The last weights published at each start, grown by what happened to each since.
    places = {name: place for place, name in enumerate(growth.instruments)}
    given = np.zeros((len(baskets), len(growth.instruments)))
    for row, basket in enumerate(baskets):
        given[row, [places[name] for name in basket]] = list(basket.values())
    latest = np.searchsorted(np.array(published), np.array(starts), side="right") - 1
    weights = given[latest]
    since = growth.between([published[row] for row in latest], starts, used=weights != 0)
    grown = weights * (1 + since)
    cash = 1 - weights.sum(axis=1)
    whole = grown.sum(axis=1) + cash
    if (whole <= 0).any():
        raise Unanswerable(f"{benchmark} lost everything it held.")
    found: Floats = grown / whole[:, None]
    return found


def _matrix(held: pl.DataFrame, starts: list[date], instruments: list[str]) -> Floats:
    row = {day: place for place, day in enumerate(starts)}
    column = {name: place for place, name in enumerate(instruments)}
    found = np.zeros((len(starts), len(instruments)))
    inside = held.filter(pl.col("date").is_in(starts))
    at = inside["date"].replace_strict(row, return_dtype=pl.Int64).to_numpy()
    of = inside["instrument_id"].replace_strict(column, return_dtype=pl.Int64).to_numpy()
    np.add.at(found, (at, of), inside["market_value"].cast(pl.Float64).to_numpy())
    return found


def _spent(costs: pl.DataFrame, days: pl.DataFrame) -> Floats:
    spent = days.join(
        costs.select("date", pl.col("costs").cast(pl.Float64), traded=True),
        on="date",
        how="left",
        maintain_order="left",
    )
    # A day without a row had no trade and no cost; a null in a row is a cost that is not known.
    known = spent.select(pl.when("traded").then("costs").otherwise(0.0).fill_null(float("nan")))
    return known.to_series().to_numpy().astype(np.float64)
