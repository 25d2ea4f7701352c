"""Canonical CSV: the header names the columns of a data set."""

from collections.abc import Iterator
from typing import ClassVar

import polars as pl

from app.sources._base import ReadOptions, Source
from app.sources._canonical import with_ext
from app.sources._conform import check_header, conform_pieces
from app.sources._reading import Reading, reading
from app.sources._records import PIECE, cut_records


class CanonicalCsv(Source):
    """UTF-8, comma, header row, decimal point, ISO times with zone."""

    name: ClassVar[str] = "csv"
    title: ClassVar[str] = "Canonical CSV"
    suffixes: ClassVar[tuple[str, ...]] = (".csv",)
    media_types: ClassVar[tuple[str, ...]] = ("text/csv", "application/csv")
    piece: ClassVar[int] = PIECE

    def sniff(self, head: bytes, filename: str) -> float:
        """Go by the name, else by a comma in the first line."""
        if filename.endswith(self.suffixes):
            return 0.6
        first = head.partition(b"\n")[0]
        return 0.2 if b"," in first and b"\x00" not in head else 0.0

    def read(self, data: bytes, options: ReadOptions) -> Reading:
        """Read rows of the data set that the user named."""
        dataset = options.named()
        records = cut_records(data)
        check_header(records.header, dataset)
        warnings: list[str] = []

        def pieces() -> Iterator[pl.DataFrame]:
            for fields in records.pieces(self.piece):
                # The warnings come of the header, so every piece gives the same.
                piece, warnings[:] = with_ext(fields, records.names, dataset)
                yield piece

        made = conform_pieces(dataset, pieces(), zone=options.zone, now=options.now)
        return reading(
            f"csv:{dataset.name}",
            records.raw,
            {dataset.name: made},
            rejects=[records.rejects],
            warnings=warnings,
        )
