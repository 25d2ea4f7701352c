"""The mapping wizard's questions: what may this CSV mean, and how would it read."""

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from analytics.datasets import IMPORTABLE
from app.actions import mappings
from app.context import Context
from app.jobs import ingest
from app.scope import Identity
from app.sources._base import Mapping, ReadOptions
from app.sources._base import sources as readers
from app.sources._child import read_in_child
from app.sources._mapping import shipped
from app.sources.mapped_csv import suggest as suggest_mapping
from app.storage.records._base import now

ROWS = 50


@dataclass(frozen=True)
class Preview:
    """How the first records would read: nothing is stored."""

    records: int
    rows: dict[str, pl.DataFrame]  # data set to its first rows: line and the columns that hold anything
    rejects: pl.DataFrame  # line, column, value, code, message
    warnings: tuple[str, ...]


def suggest(path: Path, *, dataset: str | None = None) -> dict[str, Any]:
    """Return a mapping guessed from the headers, as JSON values a person can edit.

    Raises:
        Invalid: If the file has no header that can be read.
    """
    return suggest_mapping(path, dataset=dataset).to_json()


def preview(
    actor: Identity, path: Path, *, filename: str, spec: dict[str, Any], zone: str | None = None
) -> Preview:
    """Read the beginning of a file through a mapping that is not saved yet.

    Raises:
        Invalid: Naming what in the mapping cannot work, or why the file cannot be read.
    """
    mapping = Mapping.from_json(spec)
    options = ReadOptions(filename=filename, mapping=mapping, zone=zone, currency=actor.currency, now=now())
    reading = read_in_child(path, format="mapped_csv", options=options)
    return Preview(
        records=reading.records,
        rows={name: _filled(frame.head(ROWS)) for name, frame in reading.tables.items() if frame.height},
        rejects=reading.rejects.sort("line").head(ROWS).drop("record"),
        warnings=tuple(reading.warnings),
    )


def save(context: Context, actor: Identity, *, name: str, spec: dict[str, Any]) -> str:
    """Check and save a mapping under ``name``; return ``name@version``.

    Raises:
        Invalid: Naming what cannot work.
        Forbidden: If the role does not save mappings.
    """
    checked = Mapping.from_json(spec | {"name": name})
    saved = mappings.save(context.database, actor, name, checked.to_json())
    return f"{saved.name}@{saved.version}"


def names(context: Context, actor: Identity) -> list[dict[str, str]]:
    """Return the mappings there are: name, title, origin (saved or shipped)."""
    saved = mappings.every(context.database, actor)
    found = [{"name": m.name, "title": str(m.spec.get("title") or m.name), "origin": "saved"} for m in saved]
    mine = {m["name"] for m in found}
    found += [
        {"name": m.name, "title": m.title or m.name, "origin": "shipped"}
        for m in shipped().values()
        if m.name not in mine
    ]
    return sorted(found, key=lambda m: m["name"])


def spec_of(context: Context, actor: Identity, name: str) -> dict[str, Any]:
    """Return a saved or shipped mapping as JSON values."""
    return ingest.mapping_named(context, actor, name).to_json()


def _filled(frame: pl.DataFrame) -> pl.DataFrame:
    used = [
        name
        for name in frame.columns
        if name not in {"dq_flags", "transact_time_ns"} and frame[name].null_count() < frame.height
    ]
    return frame.select("line", *(name for name in used if name != "line"))


def recognise(path: Path, *, filename: str) -> tuple[str, str | None] | None:
    """Say what the beginning of a file looks like: (format, data set or None); None when unsure."""
    head = path.read_bytes()[:65_536]
    found = max(
        ((source.sniff(head, filename), name) for name, source in readers().items()),
        default=(0.0, ""),
    )
    if found[0] <= 0:
        return None
    if found[1] != "csv":
        return found[1], None
    header = set(head.splitlines()[0].decode("utf-8-sig", "replace").split(",")) if head else set()
    fits = [name for name, d in IMPORTABLE.items() if set(d.required) <= header]
    return ("csv", max(fits, key=lambda name: len(IMPORTABLE[name].required))) if fits else None


def headers(path: Path, spec: dict[str, Any]) -> list[str]:
    """Return the header names of a CSV as the mapping would read them."""
    if spec.get("header"):
        return [str(name) for name in spec["header"]]
    with path.open(encoding=str(spec.get("encoding") or "utf-8-sig"), errors="replace", newline="") as file:
        rows = csv.reader(
            file, delimiter=str(spec.get("delimiter") or ","), quotechar=str(spec.get("quote") or '"')
        )
        for _ in range(int(spec.get("preamble") or 0)):
            next(rows, None)
        return [name for name in next(rows, []) if name]
