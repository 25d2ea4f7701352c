"""Which records of an import are new, known or at odds with what is stored."""

from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.datasets import DATASETS
from app.jobs._settle import REJECT_SCHEMA, settle

PRICES = DATASETS["prices"]
EXECUTIONS = DATASETS["executions"]


def prices(*rows: tuple[int, str, str, str]) -> pl.DataFrame:
    """Rows of (line, instrument, date, close)."""
    schema = {n: c.dtype for n, c in PRICES.columns.items()} | {
        "line": pl.Int64,
        "dq_flags": pl.List(pl.String),
    }
    frame = pl.DataFrame(
        [(line, name, day, Decimal(close)) for line, name, day, close in rows],
        schema={"line": pl.Int64, "instrument_id": pl.String, "date": pl.String, "close": pl.Decimal(38, 12)},
        orient="row",
    ).with_columns(pl.col("date").str.to_date(), adj_basis=pl.lit("raw"))
    return frame.with_columns(
        [pl.lit(None, t).alias(n) for n, t in schema.items() if n not in frame.columns]
    ).select(list(schema))


def raw(*ids: str) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "line": range(1, len(ids) + 1),
            "record": [f"record {i}" for i in ids],
            "occurrence": [1] * len(ids),
            "raw_id": list(ids),
            "datasets": ["prices"] * len(ids),
        },
        schema={
            "line": pl.Int64,
            "record": pl.String,
            "occurrence": pl.Int64,
            "raw_id": pl.String,
            "datasets": pl.String,
        },
    )


def outcome(tables, raws, *, known_raw=(), known=None, rejects=None, records=None):
    return settle(
        records=records or raws.height,
        tables=tables,
        raw=raws,
        rejects=rejects if rejects is not None else pl.DataFrame(schema=REJECT_SCHEMA),
        repeats=pl.DataFrame(schema={"line": pl.Int64}),
        known_raw=pl.DataFrame({"raw_id": list(known_raw)}, schema={"raw_id": pl.String}),
        known={
            n: f if "raw_id" in f.columns else f.with_columns(raw_id=pl.lit("stored"))
            for n, f in (known or {n: f.clear() for n, f in tables.items()}).items()
        },
    )


def test_new_rows_are_accepted_with_their_raw_id():
    done = outcome(
        {"prices": prices((1, "A", "2026-01-05", "10"), (2, "A", "2026-01-06", "11"))}, raw("x", "y")
    )
    assert (done.accepted, done.rejected, done.duplicate) == (2, 0, 0)
    assert done.tables["prices"]["raw_id"].to_list() == ["x", "y"]


def test_a_record_whose_bytes_are_stored_is_a_duplicate():
    done = outcome({"prices": prices((1, "A", "2026-01-05", "10"))}, raw("x"), known_raw=["x"])
    assert (done.accepted, done.duplicate, done.tables, done.raw.height) == (0, 1, {}, 0)


def test_the_same_key_and_content_in_other_bytes_is_a_duplicate():
    rows = prices((1, "A", "2026-01-05", "10"))
    done = outcome({"prices": rows}, raw("x"), known={"prices": rows})
    assert (done.accepted, done.rejected, done.duplicate) == (0, 0, 1)


def test_the_same_key_with_other_content_is_set_aside_with_its_reason():
    done = outcome(
        {"prices": prices((1, "A", "2026-01-05", "10.5"))},
        raw("x"),
        known={"prices": prices((7, "A", "2026-01-05", "10"))},
    )
    assert (done.accepted, done.rejected, done.duplicate) == (0, 1, 0)
    assert done.rejects.select("line", "column", "value", "code", "record").rows() == [
        (1, "instrument_id", "A / 2026-01-05 / raw", "CONFLICT", "record x")
    ]


def test_a_row_whose_record_a_crash_cut_off_gets_it_from_the_retry():
    rows = prices((1, "A", "2026-01-05", "10"))
    stored = rows.with_columns(raw_id=pl.lit("x"))
    done = outcome({"prices": rows}, raw("x"), known={"prices": stored})
    assert (done.accepted, done.duplicate, done.tables) == (0, 1, {})
    assert done.raw["record"].to_list() == ["record x"]


def test_within_a_file_the_first_row_of_a_key_lands():
    done = outcome(
        {
            "prices": prices(
                (1, "A", "2026-01-05", "10"), (2, "A", "2026-01-05", "10"), (3, "A", "2026-01-05", "9")
            )
        },
        raw("x", "y", "z"),
    )
    assert (done.accepted, done.rejected, done.duplicate) == (1, 1, 1)
    assert done.tables["prices"]["line"].to_list() == [1]


def test_records_that_land_nowhere_are_kept_verbatim():
    done = outcome({}, raw("heartbeat"))
    assert (done.accepted, done.raw["record"].to_list()) == (1, ["record heartbeat"])


def test_records_a_source_could_not_split_off_count_as_rejected():
    done = outcome({}, raw("x"), records=2)
    assert (done.records, done.accepted, done.rejected) == (2, 1, 1)


def executions(*rows: dict) -> pl.DataFrame:
    schema = {n: c.dtype for n, c in EXECUTIONS.columns.items()} | {
        "transact_time_ns": pl.Int64,
        "line": pl.Int64,
        "dq_flags": pl.List(pl.String),
    }
    return pl.DataFrame([{"version": 1, "exec_status": "new", **row} for row in rows], schema=schema)


def test_a_bust_becomes_the_next_version_of_what_it_refers_to():
    stored = executions({"exec_id": "E1", "line": 1})
    bust = executions({"exec_id": "B1", "exec_ref_id": "E1", "exec_status": "busted", "line": 1})
    done = outcome({"executions": bust}, raw("x"), known={"executions": stored})
    assert done.tables["executions"].select("exec_id", "version").rows() == [("B1", 2)]


def test_a_correction_under_the_same_id_does_not_clash():
    stored = executions({"exec_id": "E1", "line": 1, "last_px": Decimal(10)})
    fix = executions({"exec_id": "E1", "exec_status": "corrected", "last_px": Decimal(11), "line": 1})
    done = outcome({"executions": fix}, raw("x"), known={"executions": stored})
    assert (done.accepted, done.tables["executions"]["version"].to_list()) == (1, [2])


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(1, 3), st.booleans()), max_size=25),
    st.lists(st.tuples(st.integers(0, 3), st.integers(1, 3)), max_size=6),
)
def test_the_arithmetic_always_closes(rows, stored):
    """Rows of (key, content, bytes known); stored of (key, content)."""
    made = prices(
        *((n, f"I{key}", "2026-01-05", str(content)) for n, (key, content, _) in enumerate(rows, 1))
    )
    ids = [f"r{n}" for n in range(1, len(rows) + 1)]
    seen = [f"r{n}" for n, (*_, known) in enumerate(rows, 1) if known]
    first = {f"I{key}": content for key, content in reversed(stored)}
    kept = prices(
        *((n, key, "2026-01-05", str(content)) for n, (key, content) in enumerate(first.items(), 1))
    )
    done = outcome({"prices": made}, raw(*ids), known_raw=seen, known={"prices": kept})
    assert done.accepted + done.rejected + done.duplicate == len(rows)
    landed = done.tables.get("prices", prices())
    assert landed["instrument_id"].is_unique().all()
    assert not set(landed["instrument_id"]) & set(first)


@pytest.mark.parametrize("name", ["instruments", "accounts"])
def test_a_statement_that_describes_a_known_instrument_again_is_no_conflict(name):
    dataset = DATASETS[name]
    schema = {n: c.dtype for n, c in dataset.columns.items()} | {
        "line": pl.Int64,
        "dq_flags": pl.List(pl.String),
    }
    key = dataset.key[0]
    new = pl.DataFrame([{key: "A", "name": "new words", "line": 1}], schema=schema)
    old = pl.DataFrame([{key: "A", "name": "old words", "line": 1}], schema=schema)
    tables = {name: new, "prices": prices((1, "A", "2026-01-05", "10"))}
    done = outcome(tables, raw("x"), known={name: old, "prices": prices()})
    assert (done.accepted, done.rejected, list(done.tables), len(done.warnings)) == (1, 0, ["prices"], 1)
