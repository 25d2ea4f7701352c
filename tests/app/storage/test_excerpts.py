"""Excerpts follow the table, and nobody gets another's."""

import polars as pl

from app.storage.excerpts import MAX_KEPT, MAX_ROWS, Excerpts

FRAME = pl.DataFrame({"exec_id": ["E1"]})


def first(rows):
    return rows.head(1)


def last(rows):
    return rows.tail(1)


def test_an_excerpt_is_kept_for_its_table_version_choice_and_organisation_only():
    kept = Excerpts()
    kept.put("alpha", "executions", first, "1", FRAME)
    assert kept.get("alpha", "executions", first, "1") is FRAME
    assert kept.get("alpha", "executions", first, "1+2") is None
    assert kept.get("alpha", "prices", first, "1") is None
    assert kept.get("alpha", "executions", last, "1") is None
    assert kept.get("beta", "executions", first, "1") is None


def test_a_newer_version_takes_the_place_of_the_older():
    kept = Excerpts()
    kept.put("alpha", "executions", first, "1", FRAME)
    kept.put("alpha", "executions", first, "2", FRAME)
    assert kept.get("alpha", "executions", first, "1") is None


def test_memory_is_bounded():
    kept = Excerpts()
    kept.put("alpha", "executions", first, "1", pl.DataFrame({"n": range(MAX_ROWS + 1)}))
    assert kept.get("alpha", "executions", first, "1") is None
    for number in range(MAX_KEPT + 1):
        kept.put(f"org{number}", "executions", first, "1", FRAME)
    assert kept.get("org0", "executions", first, "1") is None
    assert kept.get("org1", "executions", first, "1") is FRAME


def test_a_deleted_organisation_is_forgotten():
    kept = Excerpts()
    kept.put("alpha", "executions", first, "1", FRAME)
    kept.forget("alpha")
    assert kept.get("alpha", "executions", first, "1") is None
