"""A gym day's rows while they are made, as the tables that detectors read."""

from collections.abc import Collection
from pathlib import Path

import polars as pl

from analytics.compliance.detector import LISTS, LISTS_SCHEMA
from analytics.datasets import DATASETS
from app.demo.firm import ListEntry


class Store:
    """Rows by data set: frames in memory, or Parquet files in a folder."""

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder
        self.rows: dict[str, int] = {}
        self.kept: dict[str, list[pl.DataFrame]] = {}

    def put(self, name: str, frame: pl.DataFrame) -> None:
        """Keep rows of a data set beside those it has."""
        self.rows[name] = self.rows.get(name, 0) + frame.height
        if self.folder is not None:
            put(self.folder, name, frame)
        self.kept.setdefault(name, []).append(timed(name, frame if self.folder is None else frame.clear()))

    def tables(self, entries: Collection[ListEntry]) -> dict[str, pl.LazyFrame]:
        """Return what detectors read: every data set in its stored columns, and the control room's lists."""
        made = {}
        for name, parts in self.kept.items():
            rows = (
                pl.concat(parts, rechunk=True).lazy()
                if self.folder is None
                else pl.scan_parquet(self.folder / name / "*.parquet")
            )
            dataset = DATASETS[name]
            absent = [column for column in dataset.schema if column not in parts[0].columns]
            made[name] = rows.with_columns(
                pl.lit(None, dataset.schema[column]).alias(column) for column in absent
            ).select(list(dataset.schema))
        return made | {LISTS: listed(entries).lazy()}


def timed(name: str, frame: pl.DataFrame) -> pl.DataFrame:
    """Add the instant in nanoseconds, as the lake keeps it beside the rows of a data set that has a time."""
    time = DATASETS[name].time
    return frame.with_columns(transact_time_ns=pl.col(time).dt.epoch("us") * 1000) if time else frame


def put(folder: Path, name: str, frame: pl.DataFrame) -> None:
    """Add rows of a data set, or the lists, to a folder: one more file each time."""
    path = folder / name
    path.mkdir(parents=True, exist_ok=True)
    place = len(list(path.iterdir()))
    (frame if name == LISTS else timed(name, frame)).write_parquet(path / f"{place:04d}.parquet")


def listed(entries: Collection[ListEntry]) -> pl.DataFrame:
    """Return the control room's lists as the table that detectors read."""
    rows = [
        {
            "list_type": entry.kind,
            "subject_kind": "person" if person else "firm",
            "subject_id": person,
            "instrument_id": entry.instrument_id,
            "valid_from": entry.start,
            "valid_to": entry.end,
        }
        for entry in entries
        for person in (entry.person_ids or (None,))
    ]
    return pl.DataFrame(rows, schema=LISTS_SCHEMA)
