"""Stated chances against what happened."""

import polars as pl
import pytest

from analytics.social.stated import stated_chances, wilson


def settled(pairs):
    return pl.DataFrame(pairs, schema={"probability": pl.Float64, "won": pl.Boolean}, orient="row")


def test_chances_that_come_true_as_often_as_stated_have_no_gap():
    found = stated_chances(settled([(0.3, i < 3) for i in range(10)] + [(0.7, i < 7) for i in range(10)]))
    assert found["ece"] == pytest.approx(0)
    assert found["n"] == 20
    assert found["brier"] == pytest.approx(0.21)
    assert found["brier_base"] == pytest.approx(0.25)
    assert [(row["low"], row["n"], row["happened"]) for row in found["bins"]] == [
        (0.2, 10, 0.3),
        (0.6, 10, 0.7),
    ]


def test_bragging_has_a_gap():
    found = stated_chances(settled([(0.9, i < 5) for i in range(10)]))
    assert found["ece"] == pytest.approx(0.4)
    assert found["brier"] > found["brier_base"]


def test_what_has_not_ended_or_was_not_stated_does_not_count():
    found = stated_chances(settled([(0.5, None), (None, True)]))
    assert (found["n"], found["brier"], found["ece"], found["bins"]) == (0, None, None, [])


def test_both_ends_have_a_bin_of_their_own():
    found = stated_chances(settled([(0.0, False), (1.0, True)]))
    assert [row["low"] for row in found["bins"]] == [0.0, 0.8]


def test_wilson_is_the_published_interval():
    # 10 of 20: Newcombe, Statistics in Medicine 17, 1998 gives the formula; by hand 0.2993 to 0.7007.
    assert wilson(0.5, 20) == pytest.approx((0.2993, 0.7007), abs=1e-4)
    assert wilson(0.0, 5)[0] == 0.0
    assert wilson(1.0, 5)[1] == pytest.approx(1.0)
