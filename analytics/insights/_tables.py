"""What rules may ask for beside data sets: records and counts, brought into the shape of tables."""

import polars as pl

# What one unit of price times quantity of an execution or order is worth in base currency, contract size included; null
# where its currency's rate is not known. A column of executions and order_events beside those of the data set.
TO_BASE = "to_base"
_INSTANT = pl.Datetime("us", "UTC")

# The alerts on record, one row per alert and actor or instrument.
ALERTS = "alerts"
ALERTS_SCHEMA: dict[str, pl.DataType] = {
    "alert_id": pl.String(),
    "detector": pl.String(),
    "score": pl.Float64(),
    "kind": pl.String(),  # trader or instrument
    "id": pl.String(),
    "time": _INSTANT,
}
# How much of each limit was used at the close of each session.
LIMIT_USES = "limit_uses"
LIMIT_USES_SCHEMA: dict[str, pl.DataType] = {
    "limit_id": pl.String(),
    "name": pl.String(),
    "measure": pl.String(),
    "subject_kind": pl.String(),  # organisation, desk, account, trader, instrument
    "subject_id": pl.String(),
    "desk": pl.String(),  # whose books it bounds; null: of the whole organisation
    "bound": pl.Float64(),
    "unit": pl.String(),  # a currency, or ""
    "day": pl.Date(),
    "utilisation": pl.Float64(),  # value over limit; above 1 is a breach
}
# What the value-at-risk model said of each book evening by evening, and where the next day's result fell.
VAR_EVENINGS = "var_evenings"
VAR_EVENINGS_SCHEMA: dict[str, pl.DataType] = {
    "book_kind": pl.String(),  # organisation or desk
    "book_id": pl.String(),
    "method": pl.String(),
    "day": pl.Date(),
    "var_95": pl.Float64(),  # money, positive = loss
    "pit": pl.Float64(),  # share of the forecast distribution below the result
}
# Rows of each data set by day, for those that come in every session.
ROW_COUNTS = "row_counts"
ROW_COUNTS_SCHEMA: dict[str, pl.DataType] = {"dataset": pl.String(), "day": pl.Date(), "rows": pl.Int64()}
# Finished imports.
IMPORTS = "imports"
IMPORTS_SCHEMA: dict[str, pl.DataType] = {
    "import_id": pl.String(),
    "dataset": pl.String(),
    "time": _INSTANT,
    "records": pl.Int64(),
    "rejected": pl.Int64(),
}
# Finished jobs of the organisation.
JOB_RUNS = "job_runs"
JOB_RUNS_SCHEMA: dict[str, pl.DataType] = {
    "job_id": pl.String(),
    "kind": pl.String(),
    "time": _INSTANT,
    "seconds": pl.Float64(),
}
# Ideas as they were put forward.
IDEAS = "ideas"
IDEAS_SCHEMA: dict[str, pl.DataType] = {
    "idea_id": pl.String(),
    "author_id": pl.String(),
    "instrument_id": pl.String(),
    "direction": pl.String(),  # long or short
    "posted_at": _INSTANT,
}
# What came of ideas: those that are on record as ended, and those that still run or wait.
IDEA_SCORES = "idea_scores"
IDEA_SCORES_SCHEMA: dict[str, pl.DataType] = {
    "idea_id": pl.String(),
    "author_id": pl.String(),
    "instrument_id": pl.String(),
    "side": pl.Float64(),  # +1 long, -1 short
    "ended": pl.Boolean(),
    "entry_date": pl.Date(),  # null while it waits
    "net": pl.Float64(),  # fraction of the idea's size after costs; null unless ended, as what follows
    "won": pl.Boolean(),
    "brier": pl.Float64(),
    "probability": pl.Float64(),
}
PSEUDO: dict[str, dict[str, pl.DataType]] = {
    ALERTS: ALERTS_SCHEMA,
    LIMIT_USES: LIMIT_USES_SCHEMA,
    VAR_EVENINGS: VAR_EVENINGS_SCHEMA,
    ROW_COUNTS: ROW_COUNTS_SCHEMA,
    IMPORTS: IMPORTS_SCHEMA,
    JOB_RUNS: JOB_RUNS_SCHEMA,
    IDEAS: IDEAS_SCHEMA,
    IDEA_SCORES: IDEA_SCORES_SCHEMA,
}
