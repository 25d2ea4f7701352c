"""Several detectors over the same tables: shared work done once, memory bounded by parts of the market."""

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from analytics.compliance._shared import Features, Shared, at_once, computed
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

    def __init__(
        self, tables: Tables, collect: Collect, *, rows: int = ROWS_AT_ONCE, folder: Path | None = None
    ) -> None:
        self._tables, self._collect = Shared(tables, features=_features(folder, "market")), collect
        self._folder = folder
        self.names = _bundles(tables, collect, rows)

    def part(self, number: int) -> Shared:
        """Return the tables with one part's orders and fills, held in memory while somebody holds the result."""
        tables = self._chosen(number)
        for name in _PARTED:
            if name in tables:
                tables[name] = self._collect(tables[name].drop(_UNREAD, strict=False)).lazy()
        return Shared(tables, market=self._tables)

    def late(self, number: int) -> Shared:
        """Return a part whose rows are read by those who ask for them, and what was kept of it before."""
        features = _features(self._folder, str(number))
        return Shared(self._chosen(number), market=self._tables, features=features)

    def _chosen(self, number: int) -> dict[str, pl.LazyFrame]:
        tables, names = dict(self._tables), self.names[number]
        chosen = pl.col("instrument_id").is_in(names)
        if number == 0:
            chosen = chosen | pl.col("instrument_id").is_null()
        for name in (*_PARTED, *_NARROWED):
            if name in tables and len(self.names) > 1:
                tables[name] = tables[name].filter(chosen)
        return tables

    def look(self, asked: Asked, part: Shared) -> pl.DataFrame:
        """Return what a detector finds in a part; ``joined`` makes one of all of them."""
        return self._collect(asked.detector.found(part, asked.params))

    def joined(self, asked: Asked, found: Sequence[pl.DataFrame]) -> pl.DataFrame:
        """Return what was found in all parts, and which of the whole tables are empty, sorted by id."""
        empty = self._collect(asked.detector.gaps_of_all(self._tables, asked.params))
        return pl.concat([pl.DataFrame(schema=ALERT_SCHEMA), *found, empty]).sort("alert_id")


class Windows:
    """A look at the last minutes, again and again: what is made of tables that stand still is made once.

    Detectors that no such window can tell anything (``in_window``) are left out.

    What it finds is early word and goes on no record, so an import does not look this way. Rules measure by the day
    and longer: the ratio of a session, how likely as many cycles of a day are by chance, thirty days of habits.
    Of ten minutes the same rule tells other scores, and other ids where an episode began earlier; the next look at
    all days would take each alert back and raise another, and decisions taken on it would hang on nothing. An
    import looks through ``Parts`` at every day of the instruments that something came in for; each step of a
    detector is the same in both, so what makes one of them faster does so for the other.

    Args:
        still: Tables that are the same for every window: accounts, instruments, prices of the days before. They
            are held in memory.
        collect: Computes a frame of them.
        workers: Detectors that look at the same time.
    """

    def __init__(self, still: Tables, collect: Collect, *, workers: int = 2) -> None:
        self._still = {name: collect(frame).lazy() for name, frame in still.items()}
        self._workers = workers
        self._made: dict[str, pl.DataFrame] = {}

    def look(self, asked: Sequence[Asked], moving: Tables) -> dict[str, pl.DataFrame]:
        """Return alerts and gaps by detector's name; ``moving`` holds the window's rows of all other tables."""
        shared = Shared({**self._still, **moving}, standing=self._made, still=frozenset(self._still))
        able = [one for one in asked if one.detector.in_window]
        # Those of single instruments rest on the same features: they follow one another, so that each is made once.
        queues = (
            deque(one for one in able if parted(one.detector)),
            deque(one for one in able if not parted(one.detector)),
        )
        found: dict[str, pl.DataFrame] = {}

        def work(first: int) -> None:
            with at_once():
                for own, pick in ((queues[first], deque.popleft), (queues[1 - first], deque.pop)):
                    while True:
                        try:
                            one = pick(own)
                        except IndexError:
                            break
                        found[one.detector.name] = computed(one.detector.detect(shared, one.params))

        if self._workers == 1:
            work(0)
        else:
            with ThreadPoolExecutor(self._workers, thread_name_prefix="look") as pool:
                for done in [pool.submit(work, n % 2) for n in range(self._workers)]:
                    done.result()
        return {one.detector.name: found[one.detector.name] for one in able}


def parted(detector: Detector | type[Detector]) -> bool:
    """Tell whether a detector may look at one part of the market after another."""
    return detector.by_instrument or detector.in_parts


def look_with(
    detector: Detector,
    params: Sequence[Parameters],
    tables: Tables,
    collect: Collect,
    folder: Path | None = None,
) -> list[pl.DataFrame]:
    """Return the alerts, without gaps, that a detector raises of the same tables with each set of thresholds.

    What no threshold decides (an order's life, what was filled, messages counted) is made once for all of the
    sets. With a ``folder`` it is kept there, as are the alerts of each set: asked again, the rows themselves are
    not read. The folder belongs to one state of these tables and one version of the detector.
    """
    found = {one.version: _features(folder, "found", one.version) for one in params}
    known = {version: kept.get("alerts") if kept else None for version, kept in found.items()}
    asked = {one.version: one for one in params if known[one.version] is None}
    said: dict[str, list[pl.DataFrame]] = {version: [pl.DataFrame(schema=ALERT_SCHEMA)] for version in asked}
    for part in _late_parts(detector, tables, collect, folder) if asked else ():
        for version, one in asked.items():
            said[version].append(collect(detector.alerts(part, one)))
    for version, some in said.items():
        known[version] = alerts = pl.concat(some).sort("alert_id")
        if kept := found[version]:
            kept.put("alerts", alerts)
    return [rows for one in params if (rows := known[one.version]) is not None]


def _late_parts(
    detector: Detector, tables: Tables, collect: Collect, folder: Path | None
) -> Iterator[Shared]:
    if not parted(detector):
        yield Shared(tables, features=_features(folder, "market"))
        return
    parts = Parts(tables, collect, folder=folder)
    yield from (parts.late(number) for number in range(len(parts.names)))


def _features(folder: Path | None, *names: str) -> Features | None:
    return None if folder is None else Features(folder.joinpath(*names))


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
