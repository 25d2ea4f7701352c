"""Component, marginal and incremental value at risk: a textbook case, sums, and edges."""

import math

import numpy as np
import pytest

from analytics.portfolio.risk import History, expected_shortfall, value_at_risk
from analytics.portfolio.var_parts import historical_parts, parametric_parts, shortfall_parts

NAMES = ("CAD", "EUR")
VALUES = np.array([2.0, 1.0])
COVARIANCE = np.diag([0.05**2, 0.12**2])


def history(n=500, k=4, seed=9) -> History:
    random = np.random.default_rng(seed)
    moves = random.standard_t(5, (n, 1)) * 0.008 + random.standard_t(5, (n, k)) * 0.006
    return History(tuple(range(n)), tuple("ABCDEFGH"[:k]), moves)


def test_the_parts_are_the_textbook_ones():
    # Jorion, Value at Risk, 3rd ed., 7.2: USD 2 m CAD at 5 %, 1 m EUR at 12 %, uncorrelated, deviate 1.65.
    found = parametric_parts(NAMES, VALUES * 1e6, COVARIANCE, confidence=0.95)
    textbook = 1.65 / 1.6448536269514722
    assert found["component"].sum() * textbook == pytest.approx(257_738, abs=1)
    assert [v * textbook for v in found["component"]] == pytest.approx([105_630, 152_108], abs=1)
    assert [v * textbook for v in found["marginal"]] == pytest.approx([0.0528, 0.1521], abs=5e-5)
    assert found["share"].to_list() == pytest.approx([0.410, 0.590], abs=5e-4)
    # Without a position the other one's own VaR is left: 198,000 and 165,000.
    assert [v * textbook for v in found["incremental"]] == pytest.approx([59_738, 92_738], abs=1)


def test_the_marginal_is_the_slope():
    covariance = np.array([[4.0, 1.0], [1.0, 9.0]]) * 1e-4
    mean = np.array([1e-4, -2e-4])
    given = {"confidence": 0.99, "days": 10, "mean": mean}
    found = parametric_parts(NAMES, VALUES, covariance, **given)
    total = lambda v: parametric_parts(NAMES, v, covariance, **given)["component"].sum()  # noqa: E731
    for place in range(2):
        step = np.eye(2)[place] * 1e-5
        slope = (total(VALUES + step) - total(VALUES - step)) / 2e-5
        assert found["marginal"][place] == pytest.approx(slope, rel=1e-7)


@pytest.mark.parametrize("neighbours", [0, 1, 5])
@pytest.mark.parametrize("confidence", [0.95, 0.99])
def test_historical_parts_sum_to_the_var(neighbours, confidence):
    values = np.array([5.0, -2.0, 1.0, 3.0])
    past = history()
    found = historical_parts(past, values, confidence=confidence, neighbours=neighbours)
    whole = value_at_risk(past.returns @ values, confidence=confidence)
    assert found["component"].sum() == pytest.approx(whole, rel=1e-12)
    assert found["share"].sum() == pytest.approx(1, rel=1e-12)
    rest = value_at_risk(past.returns[:, 1:] @ values[1:], confidence=confidence)
    assert found["incremental"][0] == pytest.approx(whole - rest, rel=1e-9)


def test_shortfall_parts_sum_to_the_shortfall():
    values, past = np.array([5.0, -2.0, 1.0, 3.0]), history(510)
    found = shortfall_parts(past, values, confidence=0.975)
    whole = expected_shortfall(past.returns @ values, confidence=0.975)
    assert found["component"].sum() == pytest.approx(whole, rel=1e-8)


def test_in_a_normal_world_both_ways_agree():
    random = np.random.default_rng(1)
    covariance = np.array([[4.0, 1.0], [1.0, 9.0]]) * 1e-4
    past = History(tuple(range(20_000)), NAMES, random.multivariate_normal([0, 0], covariance, 20_000))
    exact = parametric_parts(NAMES, VALUES, covariance)["component"].to_numpy()
    found = historical_parts(past, VALUES, neighbours=150)["component"].to_numpy()
    assert found == pytest.approx(exact, rel=0.1)


def test_a_position_of_nothing_changes_nothing():
    values, past = np.array([5.0, -2.0, 1.0, 0.0]), history()
    for whole, less in (
        (
            historical_parts(past, values),
            historical_parts(History(past.dates, past.instruments[:3], past.returns[:, :3]), values[:3]),
        ),
        (
            parametric_parts(past.instruments, values, np.cov(past.returns.T)),
            parametric_parts(past.instruments[:3], values[:3], np.cov(past.returns.T)[:3, :3]),
        ),
    ):
        assert whole["component"][3] == 0
        assert whole["incremental"][3] == 0
        assert whole["component"][:3].to_list() == pytest.approx(less["component"].to_list(), rel=1e-12)


def test_order_and_unit_of_the_positions_do_not_matter():
    values, past = np.array([5.0, -2.0, 1.0, 3.0]), history()
    once = historical_parts(past, values)
    turned = historical_parts(
        History(past.dates, past.instruments[::-1], past.returns[:, ::-1]), values[::-1]
    )
    assert turned["component"].to_list()[::-1] == pytest.approx(once["component"].to_list())
    cents = historical_parts(past, values * 100)
    assert cents["component"].to_list() == pytest.approx([100 * v for v in once["component"]])
    assert cents["marginal"].to_list() == pytest.approx(once["marginal"].to_list())


def test_edges_are_empty_or_null():
    nobody = parametric_parts((), np.array([]), np.empty((0, 0)))
    assert nobody.height == 0
    assert historical_parts(History((), (), np.empty((0, 0))), np.array([])).height == 0
    assert historical_parts(history(99), np.ones(4)).height == 0
    assert shortfall_parts(history(99), np.ones(4)).height == 0
    still = parametric_parts(NAMES, VALUES, np.zeros((2, 2)))
    assert still["component"].to_list() == [None, None]
    hedged = historical_parts(
        History(tuple(range(200)), NAMES, np.full((200, 2), 0.01)), np.array([1.0, -1.0])
    )
    assert hedged["share"].to_list() == [None, None]
    assert all(v is None or math.isfinite(v) for name in hedged.columns[1:] for v in hedged[name])
