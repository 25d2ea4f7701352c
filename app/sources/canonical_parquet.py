"""Canonical Parquet: columns named as those of a data set, in types that lose nothing."""

import io
from typing import ClassVar

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from app.errors import FieldError, Invalid, TooLarge
from app.sources._base import ReadOptions, Source
from app.sources._canonical import with_ext
from app.sources._conform import check_header, conform
from app.sources._open import MAX_COLUMNS, MAX_RATIO, MAX_UNPACKED, RATIO_FLOOR
from app.sources._reading import Reading, reading
from app.sources._records import own_name

_DAMAGED = "The Parquet file is damaged."
_CELL = 8  # bytes that a cell is taken to need at least


class CanonicalParquet(Source):
    """Numbers as decimals, whole numbers or text; binary floats are rounded to 12 decimals (flag ROUNDED)."""

    name: ClassVar[str] = "parquet"
    title: ClassVar[str] = "Canonical Parquet"
    suffixes: ClassVar[tuple[str, ...]] = (".parquet", ".pq")
    media_types: ClassVar[tuple[str, ...]] = ("application/vnd.apache.parquet", "application/x-parquet")
    binary: ClassVar[bool] = True

    def sniff(self, head: bytes, filename: str) -> float:
        """Look for the magic bytes."""
        return 1.0 if head.startswith(b"PAR1") else 0.0

    def read(self, data: bytes, options: ReadOptions) -> Reading:
        """Read rows of the data set that the user named."""
        dataset = options.named()
        names = _inspect(data)
        check_header(names, dataset)
        try:
            frame = pl.read_parquet(data, use_statistics=False)
        except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError, ValueError) as error:
            raise Invalid(_DAMAGED) from error
        lines = pl.Series("line", range(1, frame.height + 1), dtype=pl.Int64)
        texts = pl.DataFrame([_text(frame[name]) for name in names])
        record = texts.select(pl.struct(names).struct.json_encode().alias("record"))
        raw = record.insert_column(0, lines)
        floats = any(frame[name].dtype.is_float() for name in names)
        texts = texts.rename(own_name)
        fields, warnings = with_ext(texts.insert_column(0, lines), texts.columns[1:], dataset)
        made = conform(dataset, fields, zone=options.zone, now=options.now, rounding=floats)
        return reading(f"parquet:{dataset.name}", raw, {dataset.name: made}, warnings=warnings)


def _inspect(data: bytes) -> list[str]:
    """Read the footer alone: names, and whether the rows would fit."""
    try:
        metadata = pq.read_metadata(io.BytesIO(data))
        names = metadata.schema.to_arrow_schema().names
    except (pa.ArrowException, OSError, ValueError) as error:
        raise Invalid(_DAMAGED) from error
    if len(names) > MAX_COLUMNS:
        raise Invalid(f"The file has {len(names)} columns; the limit is {MAX_COLUMNS}.")
    size = max(
        metadata.num_rows * max(len(names), 1) * _CELL,
        sum(metadata.row_group(n).total_byte_size for n in range(metadata.num_row_groups)),
    )
    if size > MAX_UNPACKED:
        raise TooLarge(f"Unpacked the file is larger than {MAX_UNPACKED:,} bytes.")
    if size > RATIO_FLOOR and size > MAX_RATIO * len(data):
        raise TooLarge(f"The file is packed more than {MAX_RATIO} to 1.")
    return list(names)


def _text(column: pl.Series) -> pl.Series:
    """Write a column as text, digit for digit; lists of texts stay lists."""
    dtype = column.dtype
    if isinstance(dtype, pl.List) and dtype.inner in (pl.String, pl.Null):
        return column.cast(pl.List(pl.String))
    if isinstance(dtype, pl.Datetime):
        if dtype.time_zone is None:
            return column.dt.strftime("%Y-%m-%dT%H:%M:%S%.9f")
        return column.dt.convert_time_zone("UTC").dt.strftime("%Y-%m-%dT%H:%M:%S%.9fZ")
    if dtype.is_nested() or dtype in (pl.Binary, pl.Object, pl.Duration, pl.Time):
        detail = f"The type {dtype} is not accepted."
        raise Invalid(f"{column.name}: {detail}", errors=[FieldError(column.name, detail)])
    return column.cast(pl.String)
