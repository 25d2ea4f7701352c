"""Any CSV through a saved mapping; a preview for the wizard and a first guess from usual headers."""

from pathlib import Path
from typing import ClassVar

import polars as pl

from analytics.datasets import IMPORTABLE
from app.errors import FieldError, Invalid
from app.sources._base import ReadOptions, Source
from app.sources._conform import conform
from app.sources._mapped_rows import apply
from app.sources._mapping import Mapping, shipped
from app.sources._open import unpack
from app.sources._reading import Reading, reading
from app.sources._records import Records, read_records
from app.sources._suggest import guess

__all__ = ["MappedCsv", "preview", "shipped", "suggest"]


class MappedCsv(Source):
    """Broker statements, blotters, price files, tapes: whatever a mapping describes."""

    name: ClassVar[str] = "mapped_csv"
    title: ClassVar[str] = "CSV through a mapping"

    def sniff(self, head: bytes, filename: str) -> float:
        """Never by itself: a mapping must be named."""
        return 0.0

    def read(self, data: bytes, options: ReadOptions) -> Reading:
        """Read through the mapping in the options."""
        mapping = _mapping(options)
        mapping.check()
        return _read(_records(data, mapping), mapping, options)


def preview(path: Path, mapping: Mapping, *, n: int = 50, options: ReadOptions | None = None) -> Reading:
    """Read the first ``n`` records through a mapping, storing nothing.

    Raises:
        Invalid: The mapping cannot work, or the file as a whole cannot be read.
    """
    mapping.check()
    records = _records(unpack(path), mapping)
    raw = records.raw.head(n)
    lines = pl.col("line").is_in(raw["line"].implode())
    cut = Records(
        records.header, records.names, raw, records.fields.filter(lines), records.rejects.filter(lines)
    )
    return _read(cut, mapping, options or ReadOptions(filename=path.name))


def suggest(path: Path, *, dataset: str | None = None) -> Mapping:
    """Guess a mapping from the headers of a file: a shipped one that fits, else the usual header names.

    Raises:
        Invalid: The file has no header that can be read.
    """
    return guess(unpack(path), dataset=dataset)


def _mapping(options: ReadOptions) -> Mapping:
    if options.mapping is None:
        detail = "Name the mapping of this file."
        raise Invalid(detail, errors=[FieldError("mapping", detail)])
    return options.mapping


def _records(data: bytes, mapping: Mapping) -> Records:
    return read_records(
        data,
        delimiter=mapping.delimiter,
        quote=mapping.quote or None,
        encoding=mapping.encoding,
        skip=mapping.preamble,
        header=list(mapping.header) or None,
    )


def _read(records: Records, mapping: Mapping, options: ReadOptions) -> Reading:
    made = apply(mapping, records, account=options.account)
    zone = options.zone or mapping.zone
    frames: dict[str, list[pl.DataFrame]] = {}
    for name, frame in made.frames:
        frames.setdefault(name, []).append(frame)
    tables = {
        # Rows of several rules go into one table in the order of the file.
        name: conform(
            IMPORTABLE[name],
            pl.concat(parts, how="diagonal").sort("line", maintain_order=True),
            zone=zone,
            now=options.now,
            rounding=mapping.rounding,
        )
        for name, parts in frames.items()
    }
    return reading(f"mapping:{mapping.name}", records.raw, tables, rejects=[records.rejects, made.rejects])
