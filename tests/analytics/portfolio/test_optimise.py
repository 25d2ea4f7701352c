"""Weights by skfolio: against closed forms, inside what was asked, and refused in words."""

from dataclasses import replace

import numpy as np
import pytest

from analytics.portfolio.optimise import (
    COVARIANCES,
    MIN_OBSERVATIONS,
    OBJECTIVES,
    InfeasibleError,
    Problem,
    frontier,
    optimal,
)

DAYS = 400


def returns_of(matrix, *, means=None, seed=3) -> np.ndarray:
    """Return daily returns whose sample covariance (ddof 1) and means are exactly these."""
    rng = np.random.default_rng(seed)
    raw = rng.standard_normal((DAYS, len(matrix)))
    raw -= raw.mean(axis=0)
    white = raw @ np.linalg.inv(np.linalg.cholesky(np.cov(raw, rowvar=False))).T
    return white @ np.linalg.cholesky(np.array(matrix)).T + np.array(means or [0.0] * len(matrix))


def problem(size=3, **changes) -> Problem:
    return replace(Problem((0.0,) * size, (1.0,) * size, covariance="empirical"), **changes)


TWO = [[1e-4, 2e-5], [2e-5, 4e-4]]
THREE = [[1e-4, 2e-5, 1e-5], [2e-5, 4e-4, -3e-5], [1e-5, -3e-5, 2.25e-4]]


@pytest.mark.parametrize("matrix", [TWO, THREE])
def test_minimum_variance_is_the_closed_form(matrix):
    inverse = np.linalg.inv(np.array(matrix))
    expected = inverse.sum(axis=1) / inverse.sum()
    found = optimal(returns_of(matrix), problem(len(matrix)))
    assert found == pytest.approx(expected, abs=1e-5)


def test_two_assets_by_hand():
    # w1 = (s2^2 - s12) / (s1^2 + s2^2 - 2 s12) = 3.8e-4 / 4.6e-4.
    assert optimal(returns_of(TWO), problem(2))[0] == pytest.approx(38 / 46, abs=1e-5)


def test_the_highest_ratio_is_the_tangency_portfolio():
    means = [4e-4, 9e-4, 6e-4]
    expected = np.linalg.solve(np.array(THREE), np.array(means))
    found = optimal(returns_of(THREE, means=means), problem(objective="maximum_ratio"))
    assert found == pytest.approx(expected / expected.sum(), abs=1e-4)


def test_equal_shares_of_risk_are_equal():
    weights = optimal(returns_of(THREE), problem(objective="risk_budgeting"))
    parts = weights * (np.array(THREE) @ weights)
    assert parts / parts.sum() == pytest.approx([1 / 3] * 3, abs=1e-3)


def test_uncorrelated_parity_weights_are_inverse_variances():
    matrix = np.diag([1e-4, 4e-4])
    weights = optimal(returns_of(matrix), problem(2, objective="hierarchical_risk_parity"))
    assert weights == pytest.approx([0.8, 0.2], abs=1e-6)


def test_a_budget_scales_the_weights_and_nothing_else():
    whole = optimal(returns_of(THREE), problem())
    part = optimal(returns_of(THREE), problem(budget=0.4, upper=(0.4,) * 3))
    assert part == pytest.approx(0.4 * whole, abs=1e-6)


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_returns_in_per_cent_give_the_same_weights(objective):
    rows = returns_of(THREE, means=[4e-4, 9e-4, 6e-4])
    once, hundredfold = (optimal(rows * scale, problem(objective=objective)) for scale in (1, 100))
    assert hundredfold == pytest.approx(once, abs=2e-3)


@pytest.mark.parametrize("objective", ["minimum_variance", "minimum_cvar", "risk_budgeting"])
def test_an_asset_that_may_not_be_held_changes_nothing(objective):
    rows = returns_of(THREE)
    other = np.column_stack([rows, np.random.default_rng(5).normal(0, 0.02, DAYS)])
    lone = optimal(rows, problem(objective=objective))
    beside = optimal(other, problem(4, objective=objective, upper=(1.0, 1.0, 1.0, 0.0)))
    assert beside == pytest.approx([*lone, 0.0], abs=2e-3)


def test_the_order_of_assets_does_not_matter():
    rows = returns_of(THREE)
    assert optimal(rows[:, ::-1], problem())[::-1] == pytest.approx(optimal(rows, problem()), abs=1e-6)


@pytest.mark.parametrize("objective", ["minimum_variance", "minimum_cvar", "maximum_ratio", "risk_budgeting"])
def test_bounds_caps_and_turnover_are_kept(objective):
    rows = returns_of(THREE, means=[4e-4, 9e-4, 6e-4])
    asked = problem(
        objective=objective, lower=(0.05,) * 3, upper=(0.6,) * 3, groups=("A", "A", "B"), caps={"A": 0.7},
        previous=(0.2, 0.3, 0.5), max_turnover=0.2,
    )  # fmt: skip
    weights = optimal(rows, asked)
    assert weights.sum() == pytest.approx(1, abs=1e-6)
    assert (weights >= 0.05 - 1e-6).all()
    assert (weights <= 0.6 + 1e-6).all()
    assert weights[:2].sum() <= 0.7 + 1e-6
    assert np.abs(weights - [0.2, 0.3, 0.5]).sum() <= 0.2 + 1e-5


def test_shorts_where_the_bounds_allow_them():
    means = [4e-4, 9e-4, -6e-4]
    weights = optimal(
        returns_of(THREE, means=means),
        problem(objective="maximum_ratio", lower=(-0.3,) * 3, upper=(1.5,) * 3),
    )
    assert weights[2] == pytest.approx(-0.3, abs=1e-4)


@pytest.mark.parametrize("covariance", COVARIANCES)
def test_every_covariance_gives_whole_weights(covariance):
    weights = optimal(returns_of(THREE), problem(covariance=covariance))
    assert weights.sum() == pytest.approx(1, abs=1e-6)


def test_one_asset_takes_all():
    assert optimal(returns_of(TWO)[:, :1], problem(1, budget=0.7)) == pytest.approx([0.7])


def test_equal_weights_go_inside_their_bounds():
    weights = optimal(returns_of(THREE), problem(objective="equal_weight", upper=(0.2, 1.0, 1.0)))
    assert weights == pytest.approx([0.2, 0.4, 0.4])


def test_an_asset_that_never_moves_is_told_unless_it_may_not_be_held():
    rows = np.column_stack([returns_of(TWO), np.zeros(DAYS)])
    with pytest.raises(InfeasibleError, match="never moved"):
        optimal(rows, problem(3))
    weights = optimal(rows, problem(3, upper=(1.0, 1.0, 0.0)))
    assert weights == pytest.approx([38 / 46, 8 / 46, 0], abs=1e-5)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"upper": (0.2, 0.2, 0.2)}, "less than the 100.0% to invest"),
        ({"lower": (0.5, 0.5, 0.5)}, "more than the 100.0% to invest"),
        ({"lower": (0.5, 0, 0), "upper": (0.4, 1, 1)}, "above its highest"),
        ({"groups": ("A", "A", "B"), "caps": {"A": 0.3, "B": 0.3}}, "leave room for 60.0%"),
        ({"groups": ("A", "A", "B"), "caps": {"A": 0.3}, "lower": (0.4, 0, 0)}, "above its cap"),
        ({"previous": (1.0, 0, 0), "upper": (0.5, 1, 1), "max_turnover": 0.1}, "turns over 100.0%"),
        ({"budget": -0.2}, "more than nothing"),
        ({"objective": "risk_budgeting", "lower": (-0.1, 0, 0)}, "no short positions"),
        ({"objective": "hierarchical_risk_parity", "groups": ("A",) * 3, "caps": {"A": 1.0}}, "keeps no sector caps"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_in_words(changes, reason):
    with pytest.raises(InfeasibleError, match=reason):
        optimal(returns_of(THREE), problem(**changes))


def test_too_little_history_and_nothing_to_choose_from_are_told():
    with pytest.raises(InfeasibleError, match=rf"Only 59 sessions .* {MIN_OBSERVATIONS} are needed"):
        optimal(returns_of(THREE)[:59], problem())
    with pytest.raises(InfeasibleError, match="nothing to choose from"):
        optimal(np.empty((DAYS, 0)), Problem((), ()))


def test_the_frontier_rises_from_the_least_variance():
    means = [4e-4, 9e-4, 6e-4]
    rows = returns_of(THREE, means=means)
    points = frontier(rows, problem(), points=5)
    assert points.shape == (5, 3)
    least = optimal(rows, problem())
    assert points[0] == pytest.approx(least, abs=0.02)
    risk = [float(w @ np.array(THREE) @ w) for w in points]
    earned = points @ np.array(means)
    assert risk[0] == pytest.approx(float(least @ np.array(THREE) @ least), rel=0.01)
    assert risk == sorted(risk)
    assert list(earned) == sorted(earned)
