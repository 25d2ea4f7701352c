"""Bring a file in: read it in a child, settle it against what is stored, land it whole, acknowledge it."""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import polars as pl

from analytics.datasets import CONTROLLED, DATASETS, EXECUTIONS, IMPORTABLE, RAW_RECORDS, REJECTS, Dataset
from app.actions import mappings
from app.context import Context
from app.errors import FieldError, Forbidden, Invalid, NotFound, QuarterdeckError
from app.jobs import _import_record as _record
from app.jobs import interrupted
from app.jobs._import_record import ImportResult, Upload, upload_of
from app.jobs._settle import Settled, settle
from app.scope import Identity
from app.sources._base import Mapping as MappingSpec
from app.sources._base import Reading, ReadOptions
from app.sources._child import read_in_child
from app.sources._mapping import shipped
from app.storage.collect import collect
from app.storage.lake import Staged, Writer
from app.storage.records._base import new_id, now

ERRORS_SHOWN = 100
_CONTROLLERS = frozenset({"compliance", "admin", "operator"})
LIVE_ROWS = 2_000  # up to here a batch is acknowledged from the live log

__all__ = ["ImportResult", "Upload", "announce", "mapping_named", "run", "touched", "upload_of"]


def run(context: Context, actor: Identity, upload: Upload) -> ImportResult:
    """Import one file for the actor's organisation; whole or not at all.

    Raises:
        Invalid: If the file as a whole cannot be read; nothing is stored then but the failed import.
        Conflict: If the same idempotency key is still running.
    """
    if upload.dataset is not None and upload.dataset not in IMPORTABLE:
        raise Invalid(
            f"There is no data set {upload.dataset!r}.",
            errors=[FieldError("dataset", f"must be one of {', '.join(IMPORTABLE)}", upload.dataset)],
        )
    if upload.dry_run:
        return _bring(context, actor, upload, "dry_run")
    digest = _sha256(upload.path)
    if upload.import_id is None:
        earlier = _record.replay(context, actor, upload, digest)
        if earlier is not None:
            return earlier
    import_id = upload.import_id or new_id("imp")
    with interrupted.at_work(context, import_id):
        if upload.import_id is None:
            _record.begin(context, actor, upload, digest, import_id=import_id)
        else:
            _record.take_up(context, actor, import_id)
        return _bring(context, actor, upload, import_id)


def _bring(context: Context, actor: Identity, upload: Upload, import_id: str) -> ImportResult:
    """Read, settle and store; what goes wrong is told in the import's own record."""
    try:
        reading = read_in_child(upload.path, format=upload.format, options=_options(context, actor, upload))
        _may_bring(actor, reading)
        with context.lake.writing(actor.org) as writer:
            settled = _settle(context, actor.org, reading)
            if upload.dry_run:
                return _result(import_id, upload, settled, reading, status="previewed")
            tables = _stamped(settled, reading, import_id, now())
            if _is_live(tables):
                staged = _logged(writer, tables, import_id)
            else:
                staged = [
                    writer.append(DATASETS[name], frame, import_id=import_id)
                    for name, frame in tables.items()
                ]
            with context.database.session(actor.org, write=True) as session:
                writer.publish(staged, session)
                versions = {name: context.lake.version(actor.org, DATASETS[name]) for name in tables}
                versions |= {table.dataset: str(table.version) for table in staged}
                result = _result(import_id, upload, settled, reading, status="done", versions=versions)
                _record.close(session, actor, result, reading.feed)
    except QuarterdeckError as error:
        _record.fail(context, actor, import_id, error.detail)
        raise
    except BaseException:
        _record.fail(
            context, actor, import_id, "The import stopped before it was acknowledged: send it again."
        )
        raise
    return result


def announce(context: Context, actor: Identity, upload: Upload) -> ImportResult:
    """Record an import that the worker will do; the earlier one where the idempotency key is known."""
    digest = _sha256(upload.path)
    earlier = _record.replay(context, actor, upload, digest)
    if earlier is not None:
        return earlier
    import_id = _record.begin(context, actor, upload, digest, import_id=new_id("imp"), status="queued")
    return ImportResult(import_id, "queued", upload.dataset, upload.filename)


def touched(result: ImportResult) -> frozenset[str]:
    """Return the data sets an import added rows to."""
    return frozenset(name for name, rows in result.rows.items() if rows)


def mapping_named(context: Context, actor: Identity, name: str) -> MappingSpec:
    """Return the organisation's mapping of this name, else the one that comes with Quarterdeck.

    Raises:
        Invalid: If there is neither.
    """
    try:
        return MappingSpec.from_json(mappings.get(context.database, actor, name).spec)
    except NotFound:
        known = shipped()
    if name not in known:
        saved = [m.name for m in mappings.every(context.database, actor)]
        raise Invalid(
            f"There is no mapping {name!r}.",
            errors=[
                FieldError("mapping", f"must be one of {', '.join(sorted({*saved, *known}))}", name[:80])
            ],
        )
    return known[name]


# --- steps -----------------------------------------------------------------------------------------
def _options(context: Context, actor: Identity, upload: Upload) -> ReadOptions:
    mapping = None
    if upload.mapping:
        mapping = mapping_named(context, actor, upload.mapping)
    return ReadOptions(
        dataset=upload.dataset,
        zone=upload.zone,
        mapping=mapping,
        account=upload.account,
        filename=upload.filename,
        currency=actor.currency,
        instrument=upload.instrument,
        day=upload.day,
        now=now(),
    )


def _may_bring(actor: Identity, reading: Reading) -> None:
    """Refuse what only compliance and administrators may bring in.

    Raises:
        Forbidden: If so.
    """
    closed = sorted(CONTROLLED & reading.tables.keys())
    if closed and actor.role not in _CONTROLLERS:
        raise Forbidden(f"{DATASETS[closed[0]].title}: compliance or an administrator brings them in.")


def _settle(context: Context, org: str, reading: Reading) -> Settled:
    lake = context.lake
    raw = lake.scan(org, RAW_RECORDS).filter(pl.col("feed") == reading.feed).select("raw_id")
    known_raw = collect(raw.join(reading.raw.lazy().select("raw_id"), on="raw_id", how="semi"))
    known = {
        name: collect(_sharing_a_key(lake.scan(org, DATASETS[name]), frame, DATASETS[name]))
        for name, frame in reading.tables.items()
    }
    return settle(
        records=reading.records,
        tables=reading.tables,
        raw=reading.raw,
        rejects=reading.rejects,
        repeats=reading.duplicates,
        known_raw=known_raw,
        known=known,
    )


def _sharing_a_key(stored: pl.LazyFrame, rows: pl.DataFrame, dataset: Dataset) -> pl.LazyFrame:
    """Return the stored rows that new rows could clash with (for executions: those they refer to, too)."""
    if dataset is EXECUTIONS:
        ids = pl.concat([rows["exec_id"], rows["exec_ref_id"].drop_nulls()]).unique().implode()
        return stored.filter(pl.col("exec_id").is_in(ids) | pl.col("exec_ref_id").is_in(ids))
    keys = list(dataset.key)
    return stored.join(rows.lazy().select(keys), on=keys, how="semi", nulls_equal=True)


def _stamped(settled: Settled, reading: Reading, import_id: str, at: datetime) -> dict[str, pl.DataFrame]:
    """Return every table of the import in its stored schema."""
    system = {"import_id": pl.lit(import_id), "ingest_time": pl.lit(at, pl.Datetime("us", "UTC"))}
    tables = {
        name: frame.with_columns(**system).select(list(DATASETS[name].schema))
        for name, frame in settled.tables.items()
    }
    none = pl.lit([], pl.List(pl.String()))
    if settled.raw.height:
        raw = settled.raw.with_columns(feed=pl.lit(reading.feed), dq_flags=none, **system)
        tables[RAW_RECORDS.name] = raw.select(list(RAW_RECORDS.schema))
    if settled.rejects.height:
        rejects = settled.rejects.with_columns(raw_id=pl.lit(None, pl.String()), dq_flags=none, **system)
        tables[REJECTS.name] = rejects.select(list(REJECTS.schema))
    return tables


def _is_live(tables: Mapping[str, pl.DataFrame]) -> bool:
    """Whether a batch goes to the live log: few rows of one data set and their records, nothing set aside."""
    rows = max((frame.height for frame in tables.values()), default=0)
    return (
        0 < rows <= LIVE_ROWS
        and len(tables) == 2
        and RAW_RECORDS.name in tables
        and REJECTS.name not in tables
    )


def _logged(writer: Writer, tables: Mapping[str, pl.DataFrame], import_id: str) -> list[Staged]:
    """Acknowledge a batch from the live log; nothing is staged.

    Rows before their verbatim records: a crash in between leaves rows that a retry knows by key, and the
    retry then brings the records. The other way round it would take records for known whose rows never landed.
    """
    for name in sorted(tables, key=RAW_RECORDS.name.__eq__):
        writer.log(DATASETS[name], tables[name], import_id=import_id)
    return []


def _result(
    import_id: str,
    upload: Upload,
    settled: Settled,
    reading: Reading,
    *,
    status: str,
    versions: Mapping[str, str] | None = None,
) -> ImportResult:
    shown = settled.rejects.sort("line").head(ERRORS_SHOWN)
    return ImportResult(
        import_id=import_id,
        status=status,
        dataset=upload.dataset,
        filename=upload.filename,
        records=settled.records,
        accepted=settled.accepted,
        rejected=settled.rejected,
        duplicate=settled.duplicate,
        rows={name: frame.height for name, frame in settled.tables.items()},
        errors=tuple(shown.select("line", "column", "value", "code", "message").to_dicts()),
        warnings=(*reading.warnings, *settled.warnings),
        versions=versions or {},
    )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
