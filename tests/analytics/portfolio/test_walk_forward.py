"""Weights walked forward: the future is never seen, costs are paid, skill is told with its interval."""

import numpy as np
import pytest

from analytics.portfolio.optimise import InfeasibleError, Problem
from analytics.portfolio.walk_forward import (
    deepest,
    difference,
    fixed,
    frontier_courses,
    mean_return,
    optimised,
    ratio,
    shortfall,
    volatility,
    walk,
    windows,
)

FREE = Problem((0.0,) * 3, (1.0,) * 3)


def market(sessions=200, assets=3, seed=11) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.normal(0.0004, [0.008, 0.012, 0.02][:assets], (sessions, assets))


def test_every_session_is_tested_after_all_of_its_training():
    found = windows(150, train=60, test=21)
    assert [(int(a[0]), int(a[-1]), int(b[0]), int(b[-1])) for a, b in found] == [
        (0, 59, 60, 80), (21, 80, 81, 101), (42, 101, 102, 122), (63, 122, 123, 143), (84, 143, 144, 149),
    ]  # fmt: skip


def test_a_short_history_trains_on_less_and_a_shorter_one_is_refused():
    assert windows(140, train=252, test=21)[0][0].size == 63
    short = windows(89, train=252, test=21)
    assert (short[0][0].size, short[0][1].size) == (63, 5)
    with pytest.raises(InfeasibleError, match=r"Only 77 sessions .* 78 are needed"):
        windows(77, train=252, test=21)


def test_what_comes_later_changes_nothing_before():
    rows = market()
    whole = walk(rows, optimised(FREE), train=60, test=20, cost_bp=5)
    shuffled = rows.copy()
    shuffled[120:] = np.random.default_rng(1).permutation(rows[120:], axis=0)[:, ::-1]
    other = walk(shuffled, optimised(FREE), train=60, test=20, cost_bp=5)
    # Sessions 60 to 119 were earned on weights chosen before them; those after differ, or the test is blind.
    assert other.returns[:60] == pytest.approx(whole.returns[:60], abs=0)
    assert other.weights[:3] == pytest.approx(whole.weights[:3], abs=0)
    assert np.abs(other.weights[5:] - whole.weights[5:]).max() > 0.01


def test_a_crystal_ball_would_be_noticed():
    """The same walk on weights that do see the future earns what none of them can."""
    rows = market()
    best = np.eye(3)[rows.mean(axis=0).argmax()]
    blind = walk(rows, optimised(FREE), train=60, test=20)
    seeing = walk(rows, lambda window, _: best, train=60, test=20)
    assert mean_return(seeing.returns) > mean_return(blind.returns)


def test_held_weights_drift_and_rebalancing_costs_by_hand():
    rows = np.zeros((100, 2))
    rows[60] = [0.10, -0.10]
    found = walk(rows, fixed(np.array([0.5, 0.5])), train=60, test=10, cost_bp=100)
    # 0.55 against 0.45 after the first day; 10 % is traded back at 1 %, on the first day of the next window.
    assert found.turnover == pytest.approx([0, 0.10, 0, 0])
    assert found.returns[0] == 0
    assert found.returns[10] == pytest.approx(-0.001)
    assert found.cost == pytest.approx(0.001)
    assert np.abs(found.returns).sum() == pytest.approx(0.001)


def test_what_is_not_invested_earns_nothing():
    rows = np.full((100, 1), 0.01)
    found = walk(rows, fixed(np.array([0.5])), train=60, test=1)
    assert found.returns == pytest.approx(np.full(40, 0.005))


def test_twice_the_returns_are_twice_the_risk_of_the_same_weights():
    rows = market(90)
    once, twice = (walk(rows * scale, optimised(FREE), train=60, test=1) for scale in (1, 2))
    assert twice.weights == pytest.approx(once.weights, abs=1e-4)
    assert volatility(twice.returns) == pytest.approx(2 * volatility(once.returns), rel=1e-3)


def test_the_turnover_limit_holds_between_windows():
    asked = Problem((0.0,) * 3, (1.0,) * 3, max_turnover=0.05)
    found = walk(market(), optimised(asked), train=60, test=20)
    assert found.turnover[1:].max() <= 0.05 + 1e-6


def test_every_point_of_the_frontier_has_its_course():
    found = frontier_courses(market(), FREE, points=3, cost_bp=0, train=100, test=30)
    assert len(found) == 3
    assert volatility(found[0].returns) < volatility(found[2].returns)


def test_a_course_does_not_differ_from_itself_and_a_calmer_one_does():
    rows = market(300)
    loud, calm = rows[:, 2], rows[:, 0]
    same = difference(loud, loud, volatility)
    assert (same.value, same.low, same.high) == (0, 0, 0)
    found = difference(calm, loud, volatility)
    assert found.low <= found.value <= found.high < 0
    turned = difference(loud, calm, volatility)
    assert (turned.value, turned.low, turned.high) == pytest.approx((-found.value, -found.high, -found.low))


def test_two_draws_of_one_market_do_not_differ():
    rng = np.random.default_rng(2)
    found = difference(*rng.normal(0, 0.01, (2, 400)), ratio)
    assert found.low < 0 < found.high


def test_measures_by_hand_and_where_there_is_nothing():
    rows = np.array([0.1, -0.5, 0.2])
    assert deepest(rows) == pytest.approx(-0.5)
    assert mean_return(rows) == pytest.approx(-0.2 / 3 * 252)
    worst = np.array([-0.04, -0.02, *np.zeros(58)])
    assert shortfall(worst, confidence=0.975) == pytest.approx((0.04 + 0.5 * 0.02) / 1.5)
    assert shortfall(rows) is None
    assert ratio(np.zeros(50)) is None
    nothing = np.empty(0)
    assert (volatility(nothing), mean_return(nothing), deepest(nothing)) == (None, None, None)
    unknown = difference(np.zeros(50), np.zeros(50), ratio)
    assert unknown.value is None
