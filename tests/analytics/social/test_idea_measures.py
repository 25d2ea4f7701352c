"""Hit rate and mean result of ideas: intervals against a published table and a case worked by hand."""

import polars as pl
import pytest

from analytics.social.idea_measures import NONE_ENDED, measures


def ended(won, net):
    return pl.DataFrame({"won": won, "net": net}, schema={"won": pl.Boolean, "net": pl.Float64})


def test_the_interval_of_a_share_is_wilsons():
    # Newcombe, Statistics in Medicine 17 (1998), table I: 81 of 263 give 0.2553 to 0.3662 by Wilson's score method.
    rate, _ = measures(ended([True] * 81 + [False] * 182, [0.01] * 263))
    assert rate["value"] == pytest.approx(81 / 263)
    assert (rate["low"], rate["high"]) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert rate["n"] == 263


def test_the_mean_of_three_results_by_hand():
    # Mean 0.02, sd 0.01, t(2) at 97.5 % 4.302653: half width 4.302653 x 0.01 / sqrt 3 = 0.0248414.
    _, net = measures(ended([True, True, True], [0.01, 0.02, 0.03]))
    assert net["value"] == pytest.approx(0.02)
    assert (net["low"], net["high"]) == pytest.approx((0.02 - 0.0248414, 0.02 + 0.0248414), abs=1e-6)


def test_one_idea_has_no_interval_and_none_has_a_reason():
    rate, net = measures(ended([False], [-0.01]))
    assert (rate["value"], net["value"], net["low"]) == (0.0, pytest.approx(-0.01), None)
    for one in measures(ended([], [])):
        assert (one["value"], one["n"], one["reason"]) == (None, 0, NONE_ENDED)
