"""What instruments returned between closes, in the answer's currency."""

from dataclasses import dataclass
from datetime import date
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import polars as pl

from analytics.datasets import CORPORATE_ACTIONS, FX_RATES, PRICES
from analytics.portfolio.currency import rates
from analytics.portfolio.risk import return_history
from app.desk import Desk
from app.queries._money import currency

Floats = npt.NDArray[np.float64]

ALL_DAYS = 1_000_000


class Unanswerable(Exception):
    """There is no attribution, for the reason given."""


@dataclass(frozen=True)
class Growth:
    """Growth of instruments in the answer's currency, dividends left out.

    ``growth``: one row before the first of ``dates``, then one a day; a column an instrument. ``first``: the
    day of its first price.
    """

    instruments: list[str]
    currencies: dict[str, str | None]
    dates: npt.NDArray[Any]
    growth: Floats
    first: dict[str, date]

    @classmethod
    def of(cls, desk: Desk, instruments: list[str], *, last: date) -> Self:
        """Read the prices of ``instruments`` up to ``last``, adjusted for splits."""
        prices = desk.collect(
            desk.rows(PRICES, dated=False, scoped=False)
            .filter(pl.col("instrument_id").is_in(instruments) & (pl.col("date") <= last))
            .select("instrument_id", "date", "adj_basis", "close", "currency")
            .drop_nulls("close")
        )
        splits = desk.collect(
            desk.rows(CORPORATE_ACTIONS, dated=False, scoped=False)
            .filter(pl.col("kind").str.to_lowercase().str.contains("split") & (pl.col("ratio") > 0))
            .select("instrument_id", "ratio", date="ex_date")
        )
        history = return_history(prices, splits, instruments=instruments, window=ALL_DAYS)
        own = prices.group_by("instrument_id").agg(pl.col("date").min(), pl.col("currency").last())
        first = dict(own.select("instrument_id", "date").iter_rows())
        currencies = dict(own.select("instrument_id", "currency").iter_rows())
        moves = np.nan_to_num(history.returns, nan=0.0)
        growth = np.cumprod(1 + np.vstack([np.zeros(len(instruments)), moves]), axis=0, dtype=np.float64)
        dates = np.array(list(history.dates), dtype="datetime64[D]")
        growth = growth * _rated(desk, dates, [currencies.get(name) for name in instruments])
        return cls(instruments, currencies, dates, growth, first)

    def between(self, starts: list[date], ends: list[date], *, used: npt.NDArray[np.bool_]) -> Floats:
        """Return what each instrument returned from the close of one day to that of another.

        Args:
            starts: Days.
            ends: Days, as many.
            used: Which of (day, instrument) are wanted; 0 elsewhere.

        Returns:
            Fractions, (days, instruments). A day without a price takes the last one.

        Raises:
            Unanswerable: When something wanted has no price or no rate by its start.
        """
        for column, name in enumerate(self.instruments):
            wanted = used[:, column]
            if wanted.any() and (self.first.get(name) or date.max) > starts[int(wanted.argmax())]:
                raise Unanswerable(f"No price of {name} is known on {starts[int(wanted.argmax())]}.")
        rows = [
            np.searchsorted(self.dates, np.array(days, dtype="datetime64[D]"), side="right")
            for days in (starts, ends)
        ]
        earlier, later = self.growth[rows[0]], self.growth[rows[1]]
        lacking = used & ~(np.isfinite(earlier) & np.isfinite(later) & (earlier > 0))
        if lacking.any():
            row, column = (int(place) for place in np.argwhere(lacking)[0])
            raise Unanswerable(f"The return of {self.instruments[column]} on {ends[row]} is not known.")
        safe = np.where(used, earlier, 1.0)
        found: Floats = np.where(used, later, 1.0) / safe - 1
        return found


def _rated(desk: Desk, dates: npt.NDArray[Any], currencies: list[str | None]) -> Floats:
    # What one unit of each instrument's currency was worth on each day; NaN where no rate is known.
    to = currency(desk)
    found = np.ones((dates.size + 1, len(currencies)))
    foreign = sorted({own for own in currencies if own is not None and own != to})
    if not foreign or not dates.size:
        return found
    # The row before the first day takes the rate of the day before it.
    days = pl.LazyFrame({"date": [dates[0] - np.timedelta64(1, "D"), *dates]}, schema={"date": pl.Date})
    pairs = pl.LazyFrame({"currency": foreign, "base": [to] * len(foreign)})
    table = desk.collect(rates(desk.rows(FX_RATES, dated=False, scoped=False), pairs=pairs, days=days))
    calendar = days.collect()
    for own in foreign:
        curve = calendar.join(table.filter(currency=own), on="date", how="left", maintain_order="left")
        level = curve["fx_rate"].cast(pl.Float64).fill_null(float("nan")).to_numpy()
        found[:, [place for place, name in enumerate(currencies) if name == own]] = level[:, None]
    return found
