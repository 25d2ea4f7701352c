"""Several detectors over the same tables: shared work done once, memory bounded by parts of the market."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from analytics.compliance._shared import Shared
from analytics.compliance.alerts import ALERT_SCHEMA
from analytics.compliance.detector import Detector, Tables
from analytics.compliance.parameters import Parameters

ROWS_AT_ONCE = 2_500_000
# Large, and told apart by instrument. Everything else is small, or needed whole.
_PARTED = ("order_events", "executions")
_NARROWED = ("quotes", "tape", "bars")  # left where they are, read for the part's instruments only
# Of order events no detector reads where a row came from, nor what only a venue needs to know.
_UNREAD = ("raw_id", "import_id", "ingest_time", "dq_flags", "ext", "reason", "stop_px", "display_qty",
           "cum_qty", "leaves_qty", "client_id", "strategy", "algo_id", "prev_order_id", "month")  # fmt: skip
Collect = Callable[[pl.LazyFrame], pl.DataFrame]


@dataclass(frozen=True)
class Asked:
    """A detector and the thresholds it looks with; the defaults when None."""

    detector: Detector
    params: Parameters | None = None


class Parts:
    """The tables in parts of the market, for detectors that can look at one after another (``parted``).

    Each part holds whole instruments, and as many of them as make about ``rows`` order events; it is read
    once, without the columns that nobody looks at, and what one detector makes of it serves the next. The
    result is what the detector says of the whole tables, bit for bit.
    """

    def __init__(self, tables: Tables, collect: Collect, *, rows: int = ROWS_AT_ONCE) -> None:
        self._tables, self._collect = Shared(tables), collect
        self.names = _bundles(tables, collect, rows)

    def part(self, number: int) -> Shared:
        """Return the tables with one part's orders and fills, held in memory while somebody holds the result."""
        tables, names = dict(self._tables), self.names[number]
        chosen = pl.col("instrument_id").is_in(names)
        if number == 0:
            chosen = chosen | pl.col("instrument_id").is_null()
        for name in (*_PARTED, *_NARROWED):
            if name in tables and len(self.names) > 1:
                tables[name] = tables[name].filter(chosen)
        for name in _PARTED:
            if name in tables:
                tables[name] = self._collect(tables[name].drop(_UNREAD, strict=False)).lazy()
        return Shared(tables, market=self._tables)

    def look(self, asked: Asked, part: Shared) -> pl.DataFrame:
        """Return what a detector finds in a part; ``joined`` makes one of all of them."""
        return self._collect(asked.detector.found(part, asked.params))

    def joined(self, asked: Asked, found: Sequence[pl.DataFrame]) -> pl.DataFrame:
        """Return what was found in all parts, and which of the whole tables are empty, sorted by id."""
        empty = self._collect(asked.detector.gaps_of_all(self._tables, asked.params))
        return pl.concat([pl.DataFrame(schema=ALERT_SCHEMA), *found, empty]).sort("alert_id")


def parted(detector: Detector | type[Detector]) -> bool:
    """Tell whether a detector may look at one part of the market after another."""
    return detector.by_instrument or detector.in_parts


def look_with(
    detector: Detector, params: Sequence[Parameters], tables: Tables, collect: Collect
) -> list[pl.DataFrame]:
    """Return what a detector says of the same tables with each set of thresholds; the rows are read once."""
    asked = [Asked(detector, one) for one in params]
    if not parted(detector):
        return [collect(detector.detect(tables, one)) for one in params]
    parts = Parts(tables, collect)
    found: list[list[pl.DataFrame]] = [[] for _ in asked]
    for number in range(len(parts.names)):
        part = parts.part(number)
        for one, said in zip(asked, found, strict=True):
            said.append(parts.look(one, part))
    return [parts.joined(one, said) for one, said in zip(asked, found, strict=True)]


def _bundles(tables: Mapping[str, pl.LazyFrame], collect: Collect, rows: int) -> list[list[str]]:
    """Return names of instruments by part, each name once; one empty part where there are no orders."""
    events = [tables[name].select("instrument_id") for name in _PARTED if name in tables]
    if not events:
        return [[]]
    counts = collect(pl.concat(events).drop_nulls().group_by("instrument_id").len().sort("instrument_id"))
    parts: list[list[str]] = [[]]
    held = 0
    for name, count in counts.iter_rows():
        if held and held + count > rows:
            parts.append([])
            held = 0
        parts[-1].append(name)
        held += count
    return parts
