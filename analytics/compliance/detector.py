"""What every detector is: declared inputs, explained parameters, a pure function from tables to alerts."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, ClassVar

import polars as pl

from analytics.compliance._shared import Shared
from analytics.compliance.alerts import ALERT_SCHEMA, Told, alert_id, severity
from analytics.compliance.parameters import Parameters
from analytics.datasets import DATASETS, INSTANT

# Lists are records, not facts; the job hands them in as one more table.
LISTS = "lists"
LISTS_SCHEMA: dict[str, pl.DataType] = {
    "list_type": pl.String(),  # restricted, watch, insider
    "subject_kind": pl.String(),  # firm, desk, person
    "subject_id": pl.String(),  # null for the firm
    "instrument_id": pl.String(),
    "valid_from": INSTANT,
    "valid_to": INSTANT,  # null: until further notice
}
Tables = Mapping[str, pl.LazyFrame]
_AT_ONCE = 1_000  # episodes told before they are packed: Python's objects take many times the room
GAP_SCHEMA = {"reason": pl.String(), "instrument_id": pl.String(), "missing": pl.UInt32()}


class Detector(ABC):
    """Finds one suspected pattern.

    ``detect`` is pure: the same rows in any order give the same alerts with the same ids. A table that
    is needed and empty, or too old to judge by, gives a row of kind ``data_gap``, never silence.
    """

    name: ClassVar[str]
    code: ClassVar[str]  # catalogue number
    title: ClassVar[str]
    version: ClassVar[str]
    description: ClassVar[str]
    regulation: ClassVar[tuple[str, ...]]
    inputs: ClassVar[tuple[str, ...]]  # data sets without which it cannot look
    helpful: ClassVar[tuple[str, ...]] = ()  # data sets that sharpen the score
    false_positives: ClassVar[tuple[str, ...]] = ()
    # Whether what it says of an instrument hangs on that instrument's orders and executions alone, and every
    # gap it reports names an instrument. Then it may look at one part of the market after another.
    by_instrument: ClassVar[bool] = False
    # Whether it may look so although it measures across instruments: what it asks of the others it asks of
    # ``market_of(tables)``, and gaps that name no instrument it reports as ``market_gaps``.
    in_parts: ClassVar[bool] = False
    # Whether some minutes can hold what it looks for. Where it measures days, or must know a day's hours or
    # positions, they cannot: it looks at all there is, on import and at night.
    in_window: ClassVar[bool] = True
    Params: ClassVar[type[Parameters]]

    @abstractmethod
    def episodes(self, tables: Tables, params: Any) -> pl.LazyFrame:
        """Return one row per suspected episode: the columns of ``EPISODE`` and whatever ``tell`` reads."""

    @abstractmethod
    def tell(self, episode: Mapping[str, Any], params: Any) -> Told:
        """Return score, metrics, story, actors and evidence of one episode."""

    def blind_spots(self, tables: Tables, params: Any) -> list[pl.LazyFrame]:
        """Return frames of ``GAP_SCHEMA``: what could not be judged, and why. None by default."""
        return []

    def market_gaps(self, tables: Tables, params: Any) -> list[pl.LazyFrame]:
        """Return frames of ``GAP_SCHEMA``: what could not be judged in the market as a whole. None by default."""
        return []

    def detect(self, tables: Tables, params: Parameters | None = None) -> pl.LazyFrame:
        """Return alerts and data gaps in ``ALERT_SCHEMA``, sorted by id.

        Args:
            tables: Data set name to rows. Absent tables count as empty.
            params: Thresholds; the defaults when None.
        """
        alerts = self.found(tables, params)
        return pl.concat([alerts, self.gaps_of_all(tables, params)]).sort("alert_id")

    def found(self, tables: Tables, params: Parameters | None = None) -> pl.LazyFrame:
        """Return alerts and blind spots in ``ALERT_SCHEMA``, in any order: ``detect`` less ``gaps_of_all``."""
        chosen = params if params is not None else self.Params()
        spots = self.blind_spots(self._given(tables), chosen)
        gaps = [_told(frame, self._gap_teller(chosen)) for frame in spots]
        return pl.concat([self.alerts(tables, chosen), *gaps])

    def alerts(self, tables: Tables, params: Parameters | None = None) -> pl.LazyFrame:
        """Return the alerts alone, in any order."""
        chosen = params if params is not None else self.Params()
        return _told(self.episodes(self._given(tables), chosen), self._teller(chosen))

    def gaps_of_all(self, tables: Tables, params: Parameters | None = None) -> pl.LazyFrame:
        """Return data gaps in ``ALERT_SCHEMA``: tables that are needed and have no row, and ``market_gaps``."""
        chosen, given = params if params is not None else self.Params(), self._given(tables)
        gaps = [*self._empty_inputs(given), *self.market_gaps(given, chosen)]
        return pl.concat([_told(frame, self._gap_teller(chosen)) for frame in gaps])

    def _given(self, tables: Tables) -> Tables:
        def given(some: Tables) -> Tables:
            names = (*self.inputs, *self.helpful)
            return {name: some[name] if name in some else empty_table(name) for name in names}

        return tables.narrowed(given) if isinstance(tables, Shared) else given(tables)

    def _empty_inputs(self, tables: Tables) -> list[pl.LazyFrame]:
        return [
            tables[name]
            .select(missing=pl.len())
            .filter(pl.col("missing") == 0)
            .with_columns(
                reason=pl.lit(f"No {title_of(name).lower()} to look at."),
                instrument_id=pl.lit(None, pl.String),
            )
            .select(*GAP_SCHEMA)
            for name in self.inputs
        ]

    def _teller(self, params: Parameters) -> Callable[[pl.DataFrame], pl.DataFrame]:
        common = self._common(params)

        def some(frame: pl.DataFrame) -> pl.DataFrame:
            told = [self._row(episode, params, common) for episode in frame.iter_rows(named=True)]
            return pl.DataFrame(told, schema=ALERT_SCHEMA, orient="row")

        def rows(frame: pl.DataFrame) -> pl.DataFrame:
            return pl.concat([_no_alerts(), *(some(part) for part in frame.iter_slices(_AT_ONCE))])

        return rows

    def _row(
        self, episode: Mapping[str, Any], params: Parameters, common: Mapping[str, Any]
    ) -> dict[str, Any]:
        told = self.tell(episode, params)
        score = round(min(100.0, max(0.0, told.score)), 2)
        seqs = (str(episode["first_seq"]), str(episode["last_seq"]))
        return {
            **common,
            "alert_id": alert_id(
                self.name,
                self.version,
                common["parameters_version"],
                str(episode["actor_group"]),
                str(episode["instrument_id"]),
                *seqs,
            ),
            "kind": "alert",
            "severity": severity(score),
            "score": score,
            "actor_group": episode["actor_group"],
            "actors": [{"kind": kind, "id": name} for kind, name in told.actors],
            "instrument_ids": [
                one for one in (episode["instrument_id"], *told.instrument_ids) if one is not None
            ],
            "window_start": episode["window_start"],
            "window_end": episode["window_end"],
            "first_seq": seqs[0],
            "last_seq": seqs[1],
            "order_ids": list(told.order_ids),
            "exec_ids": list(told.exec_ids),
            "message_ids": list(told.message_ids),
            "post_ids": list(told.post_ids),
            "event_seqs": list(told.event_seqs),
            "metrics": [metric.steady() for metric in told.metrics],
            "story": [f"{n}. {sentence}" for n, sentence in enumerate(told.story, 1)],
        }

    def _gap_teller(self, params: Parameters) -> Callable[[pl.DataFrame], pl.DataFrame]:
        def rows(frame: pl.DataFrame) -> pl.DataFrame:
            made = []
            for gap in frame.iter_rows(named=True):
                instrument = gap["instrument_id"]
                made.append(
                    self._common(params)
                    | {
                        "alert_id": alert_id(
                            self.name, self.version, params.version, "gap", instrument or "", gap["reason"]
                        ),
                        "kind": "data_gap",
                        "severity": "low",
                        "score": 0.0,
                        "actors": [],
                        "instrument_ids": [instrument] if instrument else [],
                        "metrics": [{"name": "not_judged", "value": float(gap["missing"]), "unit": "events"}],
                        "story": [gap["reason"]],
                    }
                )
            return pl.DataFrame(made, schema=ALERT_SCHEMA, orient="row") if made else _no_alerts()

        return rows

    def _common(self, params: Parameters) -> dict[str, Any]:
        return dict.fromkeys(ALERT_SCHEMA) | {
            "detector": self.name,
            "detector_version": self.version,
            "parameters_version": params.version,
            "regulation": list(self.regulation),
        }


def _told(frame: pl.LazyFrame, tell: Callable[[pl.DataFrame], pl.DataFrame]) -> pl.LazyFrame:
    # The rows change shape, so nothing asked of the alerts may be pushed down into the episodes.
    return frame.map_batches(
        tell,
        schema=ALERT_SCHEMA,
        predicate_pushdown=False,
        projection_pushdown=False,
        slice_pushdown=False,
    )


@cache
def _no_alerts() -> pl.DataFrame:
    # Most looks find nothing: columns of lists of structures take longer to make than to look.
    return pl.DataFrame(schema=ALERT_SCHEMA)


@cache
def empty_table(name: str) -> pl.LazyFrame:
    """Return no rows in the schema of a data set, or of the lists."""
    return pl.LazyFrame(schema=LISTS_SCHEMA) if name == LISTS else DATASETS[name].empty()


def title_of(name: str) -> str:
    """Return a table's title as shown to people."""
    return "List entries" if name == LISTS else DATASETS[name].title


def all_detectors() -> dict[str, type[Detector]]:
    """Return every detector by name."""
    return dict(_all())


@cache
def _all() -> dict[str, type[Detector]]:
    # The files do not change while a process lives, and every evidence card asks.
    from analytics import registry
    from analytics.compliance import detectors

    return registry.subclasses(detectors, Detector)  # type: ignore[type-abstract]
