"""Correlations and the order that clusters them."""

from itertools import pairwise

import numpy as np
import polars as pl
import pytest

from analytics.portfolio.correlation import clustered_order, correlations, worst_stretch


def test_correlations_are_those_of_numpy():
    returns = np.random.default_rng(1).standard_normal((60, 4))
    found = correlations("ABCD", returns)
    assert found.matrix == pytest.approx(np.corrcoef(returns.T), abs=1e-12)
    assert np.diag(found.matrix).tolist() == [1.0] * 4
    assert found.n == 60


def test_a_pair_counts_the_sessions_it_has_in_common():
    returns = np.random.default_rng(1).standard_normal((60, 3))
    returns[:30, 1] = np.nan
    returns[:50, 2] = np.nan
    found = correlations("ABC", returns)
    both = pl.DataFrame({"a": returns[30:, 0], "b": returns[30:, 1]})
    assert found.matrix[0, 1] == pytest.approx(both.select(pl.corr("a", "b")).item())
    assert np.isnan(found.matrix[2]).all()  # ten sessions are too few
    assert found.n == 10


def test_what_does_not_move_has_no_correlation():
    returns = np.random.default_rng(1).standard_normal((60, 2))
    returns[:, 1] = 0.0001
    matrix = correlations("AB", returns).matrix
    assert np.isnan(matrix[0, 1])
    assert np.isnan(matrix[1, 1])
    assert matrix[0, 0] == 1.0


def test_clusters_stand_together_whatever_the_order_they_came_in():
    random = np.random.default_rng(3)
    drivers = random.standard_normal((250, 3))
    groups = [0, 1, 2, 0, 1, 2, 0, 1, 2]
    returns = np.column_stack([drivers[:, g] + 0.2 * random.standard_normal(250) for g in groups])
    order = clustered_order(correlations("abcdefghi", returns).matrix)
    assert sorted(order) == list(range(9))
    seen = [groups[place] for place in order]
    assert sum(a != b for a, b in pairwise(seen)) == 2


def test_an_order_needs_three_names_and_bears_unknown_pairs():
    assert clustered_order(np.eye(2)) == [0, 1]
    assert clustered_order(np.empty((0, 0))) == []
    unknown = np.full((4, 4), np.nan)
    assert sorted(clustered_order(unknown)) == [0, 1, 2, 3]


def test_the_worst_stretch_has_the_least_sum():
    pnl = np.array([1.0, -2.0, -3.0, 4.0, -4.0, -0.5])
    assert worst_stretch(pnl, window=2) == (1, 3)
    assert worst_stretch(pnl, window=7) is None
