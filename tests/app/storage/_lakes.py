"""What the lake's tests share: rows of executions, and one import as the ingest job does it."""

from datetime import UTC, datetime

import polars as pl

from analytics.datasets import DECIMAL, EXECUTIONS, INSTANT, SYSTEM
from app.storage.collect import collect

WHEN = datetime(2026, 11, 20, 14, 30, tzinfo=UTC)


def fills(*ids, when=WHEN, qty="100"):
    """Return one execution per id, in the stored schema but for the lake's own columns."""
    rows = pl.DataFrame({"exec_id": list(ids)}, schema={"exec_id": pl.String}).with_columns(
        version=pl.lit(1, pl.Int64),
        exec_status=pl.lit("new"),
        account_id=pl.lit("A1"),
        instrument_id=pl.lit("AAPL"),
        side=pl.lit("buy"),
        last_qty=pl.lit(qty).cast(DECIMAL),
        last_px=pl.lit("190.10").cast(DECIMAL),
        currency=pl.lit("USD"),
        transact_time=pl.lit(when).cast(INSTANT),
    )
    others = {
        name: dtype
        for name, dtype in EXECUTIONS.schema.items()
        if name not in rows.columns and name not in SYSTEM and name != "transact_time_ns"
    }
    return rows.with_columns(pl.lit(None, dtype).alias(name) for name, dtype in others.items())


def land(lake, org, *frames, dataset=EXECUTIONS, import_id="imp_1"):
    """Append frames and publish them, as one import does; return what was staged."""
    with lake.writing(org) as writer:
        staged = [writer.append(dataset, frame, import_id=import_id) for frame in frames]
        with lake.database.session(org, write=True) as session:
            writer.publish(staged, session)
    return staged


def ids(lake, org, dataset=EXECUTIONS, **how):
    """Return the visible ids, sorted."""
    column = dataset.key[0]
    return sorted(collect(lake.scan(org, dataset, **how).select(column))[column])
