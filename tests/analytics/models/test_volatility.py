"""Volatility: what its loss and its baseline are, and that it finds variance of several speeds."""

import numpy as np
import pytest

from analytics.models._skill import skill
from analytics.models._walk import walk_forward
from analytics.models.volatility import Volatility
from tests.analytics.models._tables import prices


def test_it_beats_the_baseline_where_variance_has_several_speeds_and_says_so():
    found = skill(
        Volatility(), walk_forward(Volatility(), Volatility().features(prices(11, days=900, names=8)))
    )
    assert found.shown
    assert found.p < 0.05
    assert found.low < found.value < found.high


def test_too_few_days_give_no_record():
    tested = walk_forward(Volatility(), Volatility().features(prices(days=200)))
    assert skill(Volatility(), tested).as_dict() == {
        "value": None, "low": None, "high": None, "p": None, "n": 0, "loss": None, "baseline_loss": None,
        "shown": False, "unit": "fraction",
    }  # fmt: skip


def test_qlike_is_zero_at_the_truth_and_positive_elsewhere():
    one = np.array([1.0, 1.0, 1.0])
    assert Volatility().loss(one, np.array([1.0, 2.0, 0.5])).tolist() == pytest.approx(
        [0.0, 0.5 + np.log(2) - 1, 2 - np.log(2) - 1]
    )


def test_the_baseline_is_the_fading_average_by_hand():
    tables = prices(days=130, names=1)
    close = tables["prices"]["close"].to_numpy()
    squares = np.diff(np.log(close)) ** 2
    by_hand = squares[0]
    for square in squares[1:]:
        by_hand = 0.94 * by_hand + 0.06 * square
    rows = Volatility().features(tables)
    # Days quieter than a hundredth of the average are lifted to it, which moves the average a little.
    assert rows["baseline"][-1] == pytest.approx(by_hand, rel=0.01)
