"""Patterns before volume: planted ones are found, on data without any few are claimed."""

import polars as pl
import pytest

from analytics.models._skill import skill
from analytics.models._walk import fit, walk_forward
from analytics.models.patterns import FEATURES, Patterns
from tests.analytics.models._tables_patterns import tables

RUNS = 20


@pytest.fixture(scope="module")
def planted():
    model = Patterns()
    rows = model.features(tables(0))
    return model, rows, walk_forward(model, rows)


def test_planted_patterns_are_found_and_are_worth_something_out_of_sample(planted):
    model, rows, tested = planted
    fit(model, rows)
    kept = {FEATURES[at] for at in model.kept_}
    assert {"after_monday", "posts"} <= kept
    assert skill(model, tested).shown
    by_name = {one["name"]: one for one in model.calibration(tested)["patterns"]}
    assert by_name["posts"]["correlation"] > 0 > by_name["after_wednesday"]["correlation"]
    assert all(one["n"] == rows["date"].n_unique() - 1 for one in by_name.values())


def test_without_patterns_runs_that_claim_any_are_no_more_than_the_false_discoveries_allowed():
    claimed = 0
    for seed in range(RUNS):
        model = Patterns()
        claimed += bool(fit(model, model.features(tables(100 + seed, planted=False))).kept_)
    assert claimed <= 4  # of 20 at 5 %: more would be chance in 3 of 1,000


def test_volume_that_never_moves_is_nothing_to_tell_of():
    still = tables(0)
    rows = Patterns().features(still | {"prices": still["prices"].with_columns(volume=pl.lit(1_000.0))})
    assert rows.height > 0
    assert rows["target"].null_count() == rows.height
