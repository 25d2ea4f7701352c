"""Executions as they stand: corrections applied, busts left out."""

import polars as pl


def current(executions: pl.LazyFrame) -> pl.LazyFrame:
    """Return the latest version of each execution, in the schema given; busted ones are left out.

    A version replaces another either by the same ``exec_id`` with a higher ``version``, or by naming it in
    ``exec_ref_id``. Busting an execution removes it and leaves nothing in its place.
    """
    changes = executions.filter((pl.col("version") > 1) | (pl.col("exec_status") != "new"))
    newest = changes.group_by("exec_id").agg(_newest=pl.col("version").max())
    # Named by a later report under another id: gone, whatever its version.
    replaced = changes.filter(
        pl.col("exec_ref_id").is_not_null() & (pl.col("exec_ref_id") != pl.col("exec_id"))
    )
    replaced = replaced.select(exec_id="exec_ref_id").unique()
    standing = executions.join(newest, on="exec_id", how="left").join(replaced, on="exec_id", how="anti")
    latest = pl.col("_newest").is_null() | (pl.col("version") >= pl.col("_newest"))
    return standing.filter(latest & (pl.col("exec_status") != "busted")).drop("_newest")
