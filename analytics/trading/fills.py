"""Executions as they stand: corrections applied, busts left out."""

import polars as pl


def changes(executions: pl.LazyFrame) -> pl.LazyFrame:
    """Return the corrections and busts among executions: all that ``current`` has to know of the others."""
    changed = (pl.col("exec_status") != "new") | (pl.col("version") > 1)
    return executions.filter(changed).select("exec_id", "version", "exec_status", "exec_ref_id")


def current(executions: pl.LazyFrame, *, among: pl.LazyFrame | None = None) -> pl.LazyFrame:
    """Return the latest version of each execution, in the schema given; busted ones are left out.

    A correction or bust names what it changes in ``exec_ref_id``, be it the first report or the correction
    before it, or carries the same ``exec_id`` with a higher ``version``. What was named, and every lower
    version of the same root, is gone. Busting an execution removes it and leaves nothing in its place.

    Args:
        executions: Rows of EXECUTIONS, perhaps narrowed to some days or accounts.
        among: All rows of EXECUTIONS, or the ``changes`` among them, where ``executions`` is narrowed: a
            correction may lie outside.
    """
    everything = executions if among is None else among
    change = pl.col("exec_status") != "new"
    root = pl.when(change).then(pl.coalesce("exec_ref_id", "exec_id")).otherwise("exec_id")
    # Changes are few: two small joins instead of a group-by over every execution.
    changed = changes(everything)
    newest = changed.group_by(_root=root).agg(_newest=pl.col("version").max())
    named = changed.filter(change & (pl.col("exec_ref_id") != pl.col("exec_id")))
    replaced = named.select(exec_id="exec_ref_id").unique()
    standing = executions.with_columns(_root=root).join(newest, on="_root", how="left")
    latest = pl.col("_newest").is_null() | (pl.col("version") >= pl.col("_newest"))
    standing = standing.filter(latest & ~(pl.col("exec_status") == "busted"))
    return standing.join(replaced, on="exec_id", how="anti").drop("_root", "_newest")
