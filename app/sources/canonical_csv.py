"""Canonical CSV: the header names the columns of a data set."""

from typing import ClassVar

import polars as pl

from analytics.datasets import Dataset
from app.sources._base import ReadOptions, Source
from app.sources._conform import check_header, conform, ext_of
from app.sources._reading import Reading, reading
from app.sources._records import read_records


class CanonicalCsv(Source):
    """UTF-8, comma, header row, decimal point, ISO times with zone."""

    name: ClassVar[str] = "csv"
    title: ClassVar[str] = "Canonical CSV"
    suffixes: ClassVar[tuple[str, ...]] = (".csv",)
    media_types: ClassVar[tuple[str, ...]] = ("text/csv", "application/csv")

    def sniff(self, head: bytes, filename: str) -> float:
        """Go by the name, else by a comma in the first line."""
        if filename.endswith(self.suffixes):
            return 0.6
        first = head.partition(b"\n")[0]
        return 0.2 if b"," in first and b"\x00" not in head else 0.0

    def read(self, data: bytes, options: ReadOptions) -> Reading:
        """Read rows of the data set that the user named."""
        dataset = options.named()
        records = read_records(data)
        check_header(records.header, dataset)
        fields, warnings = with_ext(records.fields, records.header, dataset)
        made = conform(dataset, fields, zone=options.zone, now=options.now)
        return reading(
            f"csv:{dataset.name}",
            records.raw,
            {dataset.name: made},
            rejects=[records.rejects],
            warnings=warnings,
        )


def with_ext(fields: pl.DataFrame, header: list[str], dataset: Dataset) -> tuple[pl.DataFrame, list[str]]:
    """Move columns the data set does not have into ``ext``, or say that only the raw record keeps them."""
    extra = [name for name in header if name not in dataset.columns]
    if not extra:
        return fields, []
    listed = ", ".join(extra)
    if "ext" not in dataset.columns:
        return fields.drop(extra), [
            f"No column of {dataset.name} for {listed}: kept with the raw records only."
        ]
    given = "ext" if "ext" in header else None
    made = fields.with_columns(ext_of(fields, extra, given=given)).drop(extra)
    return made, [f"No column of {dataset.name} for {listed}: kept in ext."]
