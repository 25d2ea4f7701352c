"""Executions as they stand: corrections applied, busts left out."""

import polars as pl


def current(executions: pl.LazyFrame, *, among: pl.LazyFrame | None = None) -> pl.LazyFrame:
    """Return the latest version of each execution, in the schema given; busted ones are left out.

    A correction or bust names what it changes in ``exec_ref_id``, be it the first report or the correction
    before it, or carries the same ``exec_id`` with a higher ``version``. What was named, and every lower
    version of the same root, is gone. Busting an execution removes it and leaves nothing in its place.

    Args:
        executions: Rows of EXECUTIONS, perhaps narrowed to some days or accounts.
        among: All rows of EXECUTIONS, where ``executions`` is narrowed: a correction may lie outside.
    """
    everything = executions if among is None else among
    change = pl.col("exec_status") != "new"
    root = pl.when(change).then(pl.coalesce("exec_ref_id", "exec_id")).otherwise("exec_id")
    # Changes are few: two small joins instead of a group-by over every execution.
    changes = everything.filter(change | (pl.col("version") > 1))
    newest = changes.group_by(_root=root).agg(_newest=pl.col("version").max())
    named = changes.filter(change & (pl.col("exec_ref_id") != pl.col("exec_id")))
    replaced = named.select(exec_id="exec_ref_id").unique()
    standing = executions.with_columns(_root=root).join(newest, on="_root", how="left")
    latest = pl.col("_newest").is_null() | (pl.col("version") >= pl.col("_newest"))
    standing = standing.filter(latest & ~(pl.col("exec_status") == "busted"))
    return standing.join(replaced, on="exec_id", how="anti").drop("_root", "_newest")
