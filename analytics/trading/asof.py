"""The last of many rows at or before an instant: put in order once, asked many times."""

from functools import lru_cache
from typing import Literal, Self

import numpy as np
import numpy.typing as npt
import polars as pl

_BY = "instrument_id"
_EPOCH = pl.lit(0).cast(pl.Datetime("us", "UTC"))


class Track:
    """Rows of many instruments by time.

    An as-of join sorts both its sides and hashes every name each time. A dozen questions about the same quotes
    are answered from one order of them here, by places in it; prices are fetched for the places.
    """

    def __init__(self, rows: pl.DataFrame, *, time: str = "time") -> None:
        """Order the rows.

        Args:
            rows: ``instrument_id`` and ``time``, neither null; of several rows of an instrument and instant the
                last given counts.
            time: Column of the instant.
        """
        names = rows[_BY].cast(pl.String)
        self._names = pl.Enum(names.unique().sort())
        ordered = rows.with_columns(_code=names.cast(self._names).to_physical()).sort(
            "_code", time, maintain_order=True
        )
        self.rows = ordered.drop("_code")
        self.code = ordered["_code"]
        self._code = self.code.to_numpy().astype(np.int64)
        self._at = _micros(ordered[time])
        # Instants as numbers of the instants known: code and number fit one integer, whatever the years.
        self._instants = np.unique(self._at)
        self._key = self._keyed(self._code, self._at, "right")

    @classmethod
    def of(cls, mids: "pl.LazyFrame | Track") -> "Self | Track":
        """Return the mids in order; those that are already so as they are."""
        return mids if isinstance(mids, Track) else cls(mids.collect())

    def last(
        self, instruments: pl.Series, at: pl.Series, *, strict: bool = False, max_age: str | None = None
    ) -> pl.Series:
        """Return the place of the last row of each instrument at or before an instant, null where there is none.

        Args:
            instruments: Names.
            at: As many instants; null gives null.
            strict: Only rows before the instant.
            max_age: Older rows do not count (polars duration, "5m"); None: however old.
        """
        if self.rows.is_empty():
            return pl.repeat(None, at.len(), dtype=pl.UInt32, eager=True)
        code = instruments.cast(pl.String).cast(self._names, strict=False).to_physical()
        asked = (code.is_not_null() & at.is_not_null()).to_numpy()
        codes = code.fill_null(0).to_numpy().astype(np.int64)
        instants = _micros(at)
        keys = self._keyed(codes, instants, "left" if strict else "right")
        place = np.searchsorted(self._key, keys, "right") - 1
        there = np.maximum(place, 0)
        asked &= (place >= 0) & (self._code[there] == codes)
        if max_age is not None:
            asked &= instants - self._at[there] <= _length(max_age)
        return pl.select(pl.when(pl.Series(asked)).then(pl.Series(there).cast(pl.UInt32))).to_series()

    def _keyed(
        self, code: npt.NDArray[np.int64], at: npt.NDArray[np.int64], side: Literal["left", "right"]
    ) -> npt.NDArray[np.int64]:
        before = np.searchsorted(self._instants, at, side)
        found: npt.NDArray[np.int64] = code * (self._instants.size + 1) + before
        return found


def _micros(at: pl.Series) -> npt.NDArray[np.int64]:
    return at.dt.epoch("us").fill_null(0).to_numpy()


@lru_cache(maxsize=32)
def _length(duration: str) -> int:
    """Return the microseconds of a polars duration."""
    return int(pl.select(_EPOCH.dt.offset_by(duration).dt.epoch("us")).item())
