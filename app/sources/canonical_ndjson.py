"""Canonical NDJSON: one JSON object a line, named as the columns of a data set."""

import json
from collections.abc import Iterable
from typing import Any, ClassVar

import polars as pl

from analytics.datasets import Dataset
from app.errors import Invalid
from app.sources import _rejects
from app.sources._base import ReadOptions, Source
from app.sources._canonical import with_ext
from app.sources._conform import RESERVED, conform
from app.sources._open import MAX_COLUMNS
from app.sources._reading import Reading, reading
from app.sources._records import MAX_RECORD, lines_of, own_name

Found = tuple[str | None, str | None, str, str]  # column, value, code, message


class CanonicalNdjson(Source):
    """Numbers keep every digit they are written with; lists are JSON arrays of texts."""

    name: ClassVar[str] = "ndjson"
    title: ClassVar[str] = "Canonical NDJSON"
    suffixes: ClassVar[tuple[str, ...]] = (".ndjson", ".jsonl")
    media_types: ClassVar[tuple[str, ...]] = ("application/x-ndjson", "application/jsonl")

    def sniff(self, head: bytes, filename: str) -> float:
        """Go by the name, else by an opening brace."""
        if filename.endswith(self.suffixes):
            return 0.8
        return 0.7 if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{") else 0.0

    def read(self, data: bytes, options: ReadOptions) -> Reading:
        """Read rows of the data set that the user named."""
        dataset = options.named()
        lines, rejects = lines_of(data)
        raw = lines.filter(pl.col("record").str.strip_chars().str.len_bytes() > 0)
        if raw.is_empty():
            raise Invalid("The file holds no record.")
        rejects = rejects.filter(pl.col("line").is_in(raw["line"].implode()))
        undecodable = set(rejects["line"])
        bad: list[tuple[int, str | None, str | None, str, str]] = []
        columns: dict[str, list[Any]] = {}
        kept: list[int] = []
        for line, record in raw.iter_rows():
            if line in undecodable:
                continue
            row, problem = _object(record, dataset)
            if problem is not None:
                bad.append((line, *problem))
                continue
            for name in row.keys() - columns.keys():
                if len(columns) >= MAX_COLUMNS:
                    raise Invalid(f"The records have more than {MAX_COLUMNS} names between them.")
                columns[name] = [None] * len(kept)
            for name, values in columns.items():
                values.append(row.get(name))
            kept.append(line)
        fields, warnings = _frame(columns, kept, dataset)
        made = conform(dataset, fields, zone=options.zone, now=options.now)
        return reading(
            f"ndjson:{dataset.name}",
            raw,
            {dataset.name: made},
            rejects=[rejects, _rejects.frame(bad)],
            warnings=warnings,
        )


def _object(record: str, dataset: Dataset) -> tuple[dict[str, Any], Found | None]:
    """Parse one line: text by name (numbers as written), or what is wrong with it."""
    if len(record) > MAX_RECORD:
        return {}, (None, None, "TOO_LONG", _rejects.MESSAGES["TOO_LONG"])
    repeated: list[str] = []

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(pairs)
        if len(made) != len(pairs):
            names = [name for name, _ in pairs]
            repeated.extend(name for name in made if names.count(name) > 1)
        return made

    try:
        parsed = json.loads(
            record, parse_float=_Number, parse_int=_Number, parse_constant=_Number, object_pairs_hook=unique
        )
        record.encode()
        json.dumps(parsed, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        return {}, (None, None, "BAD_JSON", _rejects.MESSAGES["BAD_JSON"])
    if not isinstance(parsed, dict):
        return {}, (None, None, "BAD_JSON", "Expected a JSON object.")
    if repeated:
        return {}, (repeated[0], None, "REPEATED_NAME", "The record names this column twice.")
    row: dict[str, Any] = {}
    for name, value in parsed.items():
        if name.lower() in RESERVED:
            return {}, (name, None, "RESERVED", "This name is reserved.")
        if value is None:
            continue
        column = dataset.columns.get(name)
        is_list = column is not None and isinstance(column.dtype, pl.List)
        if isinstance(value, bool):
            row[name] = "true" if value else "false"
        elif isinstance(value, str):
            row[name] = value.split("|") if is_list else str(value)
        elif is_list and isinstance(value, list) and all(type(one) is str for one in value):
            row[name] = value
        elif name == "ext" or column is None or (name == "weights" and isinstance(value, dict)):
            row[name] = json.dumps(value, ensure_ascii=False)
        else:
            expected = "BAD_LIST" if is_list else "BAD_VALUE"
            return {}, (
                name,
                json.dumps(value)[:200],
                expected,
                _rejects.MESSAGES.get(expected, "Expected one value."),
            )
    return row, None


class _Number(str):
    """A number of a JSON text, digit for digit."""

    __slots__ = ()


def _frame(
    columns: dict[str, list[Any]], lines: Iterable[int], dataset: Dataset
) -> tuple[pl.DataFrame, list[str]]:
    made: dict[str, pl.Series] = {"line": pl.Series(list(lines), dtype=pl.Int64)}
    for name, values in columns.items():
        known = dataset.columns.get(name)
        dtype = pl.List(pl.String) if known is not None and isinstance(known.dtype, pl.List) else pl.String
        made[own_name(name)] = pl.Series(values, dtype=dtype)
    return with_ext(pl.DataFrame(made), [name for name in made if name != "line"], dataset)
