"""The data files of a table: one sorted, compressed, fsynced Parquet file per month and write."""

import json
import os
import uuid
from pathlib import Path
from typing import Any

import polars as pl
from deltalake.transaction import AddAction

from analytics.datasets import Dataset
from app.errors import Unavailable
from app.storage.commit import fsync_file, fsync_folder, make_folder, sha256_of
from app.storage.gate import MONTH


def write_parts(
    folder: Path, dataset: Dataset, frame: pl.DataFrame, *, data_change: bool = True
) -> tuple[list[AddAction], dict[str, str]]:
    """Write a conformed frame, one file per month; all forced to disk.

    Returns:
        What a commit says of the files, and path (in the table) -> SHA-256.

    Raises:
        Unavailable: If the disk does not take them; none is left then.
    """
    adds: list[AddAction] = []
    digests: dict[str, str] = {}
    try:
        for (month,), part in frame.partition_by(MONTH, as_dict=True, maintain_order=True).items():
            name = f"{MONTH}={month}/part-{uuid.uuid4().hex}.parquet"
            digests[name] = ""
            adds.append(_write_part(folder, name, dataset, part, data_change=data_change))
            digests[name] = sha256_of(folder / name)
        for parent in {(folder / name).parent for name in digests}:
            fsync_folder(parent)
    except (OSError, pl.exceptions.ComputeError) as error:
        for name in digests:
            (folder / name).unlink(missing_ok=True)
        raise Unavailable(f"{dataset.title}: the disk does not take the rows.") from error
    return adds, digests


def check_sizes(dataset: Dataset, files: tuple[tuple[str, int], ...]) -> None:
    """Raise Unavailable if a data file is missing or not of the size the log says."""
    for path, size in files:
        try:
            found = os.stat(path).st_size  # noqa: PTH116 - a third of the cost of Path.stat
        except OSError as error:
            raise Unavailable(f"{dataset.title}: a data file is missing.") from error
        if found != size:
            raise Unavailable(f"{dataset.title}: a data file has {found} of {size} bytes.")


def _write_part(
    folder: Path, name: str, dataset: Dataset, part: pl.DataFrame, *, data_change: bool
) -> AddAction:
    path = folder / name
    make_folder(path.parent)
    part.drop(MONTH).write_parquet(path, compression="zstd", compression_level=3)
    fsync_file(path)
    status = path.stat()
    return AddAction(
        path=name,
        size=status.st_size,
        partition_values={MONTH: part[MONTH][0]},
        modification_time=int(status.st_mtime * 1000),
        data_change=data_change,
        stats=json.dumps(_stats(dataset, part)),
    )


def _stats(dataset: Dataset, part: pl.DataFrame) -> dict[str, Any]:
    """Return Delta's file statistics: the row count and the range of the column that orders the rows."""
    stats: dict[str, Any] = {"numRecords": part.height}
    column = dataset.time or dataset.day
    if column is not None:
        low, high = part[column].min(), part[column].max()
        if low is not None:
            stats["minValues"] = {column: _text(low)}
            stats["maxValues"] = {column: _text(high)}
        stats["nullCount"] = {column: part[column].null_count()}
    return stats


def _text(value: Any) -> str:
    return f"{value:%Y-%m-%dT%H:%M:%S.%fZ}" if hasattr(value, "hour") else f"{value:%Y-%m-%d}"
