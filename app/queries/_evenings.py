"""What was held each evening, what prices did since, and what it earned the day after."""

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from analytics.conventions import strict_sum
from analytics.datasets import (
    ACCOUNTS,
    CORPORATE_ACTIONS,
    DAILY_NAV,
    DAILY_POSITIONS,
    FX_RATES,
    INSTRUMENTS,
    PRICES,
)
from analytics.portfolio.risk import WINDOW
from app.desk import Desk
from app.queries._book import BY_TRADER, NOTHING_HELD, daily_pnl, instruments
from app.queries._money import converted, no_rate
from app.queries._period import period
from app.queries._risk import returns_of
from app.storage.cache import cached

Floats = npt.NDArray[np.float64]

BOOK = (DAILY_POSITIONS, DAILY_NAV, ACCOUNTS, INSTRUMENTS, FX_RATES, PRICES, CORPORATE_ACTIONS)
# Sessions a question may look back on: a back-test of 500 evenings, each replaying 500 sessions.
HISTORY = 2 * WINDOW
_DATE = {"date": pl.Date}


@dataclass(frozen=True)
class Course:
    """A book through time, oldest first; rows of the arrays are ``dates``, columns ``instruments``.

    ``values``: market value that evening in the answer's currency, signed, 0 where not held, NaN where not
    known. ``returns``: of that session, NaN where not known. ``realised``: P&L after costs of the sessions
    since the date before, NaN where not known. ``why`` says why there is no course.
    """

    dates: tuple[date, ...]
    instruments: tuple[str, ...]
    symbols: dict[str, str]
    sectors: dict[str, str]
    values: Floats
    returns: Floats
    realised: Floats
    why: str | None

    @property
    def now(self) -> Floats:
        """Values of the last evening."""
        return self.values[-1] if len(self.dates) else np.empty(0)

    def carried(self) -> npt.NDArray[np.bool_]:
        """Say of each instrument whether it is held on the last evening."""
        found: npt.NDArray[np.bool_] = self.now != 0
        return found


def course(desk: Desk) -> Course:
    """Return the book of the scope up to its last session; the scope's first day does not narrow it."""
    found = _course(desk.with_scope(start=None))
    values, returns = found["values"], found["returns"]
    names = tuple(values.columns[1:])
    described = {row["instrument_id"]: row for row in found["described"].iter_rows(named=True)}

    def matrix(frame: pl.DataFrame) -> Floats:
        return frame.select(names).to_numpy().astype(np.float64).reshape(frame.height, len(names))

    return Course(
        dates=tuple(values["date"]),
        instruments=names,
        symbols={name: described.get(name, {}).get("symbol") or name for name in names},
        sectors={name: described.get(name, {}).get("sector") or "" for name in names},
        values=matrix(values),
        returns=matrix(returns),
        realised=found["realised"]["pnl"].to_numpy().astype(np.float64),
        why=found["why"],
    )


@cached(*BOOK)
def _course(desk: Desk) -> dict[str, Any]:
    last = period(desk).last
    bounded = desk.with_scope(start=None, end=last)
    why = BY_TRADER if desk.scope.trader else NOTHING_HELD if last is None else None
    if why:
        return _nothing(why)
    rows = bounded.rows(DAILY_POSITIONS).filter(pl.col("quantity") != 0)
    held = desk.collect(
        rows.group_by("date", "instrument_id", "currency").agg(
            strict_sum(pl.col("market_value")).alias("market_value")
        )
    )
    if held.is_empty():
        return _nothing("Nothing was held up to this day.")
    held = converted(desk, held, "market_value").sort("date", "instrument_id")
    traded = held.group_by("instrument_id").agg(pl.col("currency").last()).sort("instrument_id")
    history = returns_of(desk, traded, until=last, window=HISTORY)
    dates = pl.DataFrame({"date": list(history.dates)}, schema=_DATE)
    if dates.is_empty():
        return _nothing("No daily price is known of what was held.")
    names = list(history.instruments)
    # An evening without a row held nothing; a day without prices shows on the next one that has some.
    wide = held.with_columns(pl.col("market_value").cast(pl.Float64).fill_null(float("nan"))).pivot(
        on="instrument_id", index="date", values="market_value", aggregate_function="sum"
    )
    sessions = pl.DataFrame({"date": _days(bounded)}, schema=_DATE)
    known = (
        sessions.join(wide, on="date", how="left")
        .sort("date")
        .with_columns(pl.exclude("date").fill_null(0.0))
    )
    values = dates.join_asof(known, on="date", strategy="backward").with_columns(
        pl.exclude("date").fill_null(0.0)
    )
    pnl = daily_pnl(bounded).select("date", pl.col("pnl").cast(pl.Float64))
    described = desk.collect(
        instruments(desk)
        .filter(pl.col("instrument_id").is_in(names))
        .select("instrument_id", "symbol", "sector")
    )
    return {
        "values": values.select("date", *names),
        "returns": dates.with_columns(
            pl.Series(name, history.returns[:, place]) for place, name in enumerate(names)
        ),
        "realised": _between(dates, pnl),
        "described": described,
        "why": no_rate(desk, held.filter(pl.col("date") == held["date"].max())),
    }


def _days(bounded: Desk) -> list[date]:
    """Return the days for which positions were derived, of all accounts in view."""
    rows = bounded.rows(DAILY_NAV, scoped=False).select(pl.col("date").unique().sort())
    found: list[date] = bounded.collect(rows)["date"].to_list()
    return found


def _between(dates: pl.DataFrame, pnl: pl.DataFrame) -> pl.DataFrame:
    """Return P&L by session: of the days after the session before, up to it."""
    if pnl.is_empty():
        return dates.with_columns(pnl=pl.lit(0.0))
    placed = pnl.sort("date").join_asof(
        dates.with_columns(session=pl.col("date")), on="date", strategy="forward"
    )
    summed = placed.drop_nulls("session").group_by("session").agg(strict_sum(pl.col("pnl")).alias("pnl"))
    found = dates.join(summed.rename({"session": "date"}), on="date", how="left", maintain_order="left")
    quiet = ~found["date"].is_in(summed["session"].implode())
    return found.with_columns(pnl=pl.when(quiet).then(0.0).otherwise(pl.col("pnl").fill_null(float("nan"))))


def _nothing(why: str) -> dict[str, Any]:
    empty = pl.DataFrame(schema=_DATE)
    return {
        "values": empty,
        "returns": empty,
        "realised": pl.DataFrame(schema={"date": pl.Date, "pnl": pl.Float64}),
        "described": pl.DataFrame(
            schema={"instrument_id": pl.String, "symbol": pl.String, "sector": pl.String}
        ),
        "why": why,
    }
