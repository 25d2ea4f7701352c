"""Attribution of many periods as arrays: the same figures as period by period."""

import numpy as np
import polars as pl
import pytest

from analytics.portfolio.attribution import CLASSES, EFFECTS, MODELS, brinson, classes_of, security_effects
from analytics.portfolio.attribution_course import SELECTION, Sides, attribute, link_course, link_pair
from analytics.portfolio.linking import METHODS, link

NAMES = ("equity", "bond", "commodity")
# Weights and returns of both sides, four periods: bonds leave the benchmark, commodities enter the portfolio.
WP = np.array([[0.6, 0.4, 0.0], [0.5, 0.0, 0.5], [0.7, 0.2, 0.1], [0.5, 0.25, 0.25]])
WB = np.array([[0.5, 0.5, 0.0], [0.6, 0.4, 0.0], [1.0, 0.0, 0.0], [0.5, 0.25, 0.25]])
RP = np.array([[0.05, 0.01, 0.0], [-0.08, 0.0, 0.03], [0.02, 0.01, -0.12], [0.10, 0.0, 0.2]])
RB = np.array([[0.04, 0.015, 0.0], [-0.05, 0.02, 0.0], [0.03, 0.0, 0.0], [0.07, 0.0, 0.1]])


def sides(wp=WP, wb=WB, rp=RP, rb=RB) -> Sides:
    return Sides(wp, wb, wp * rp, wb * rb, np.abs(wp), np.full(wp.shape, np.nan))


def period_by_period(model, wp=WP, wb=WB, rp=RP, rb=RB):
    found = []
    for p, b, x, y in zip(wp, wb, rp, rb, strict=True):
        rows = [
            (name, p[k], b[k], x[k] if p[k] else None, y[k] if b[k] else None)
            for k, name in enumerate([f"c{k}" for k in range(wp.shape[1])])
        ]
        found.append(brinson(pl.DataFrame(rows, schema=CLASSES, orient="row"), model=model))
    return found


@pytest.mark.parametrize("model", MODELS)
def test_every_period_is_brinson_s(model):
    course = attribute(sides(), model=model)
    for place, one in enumerate(period_by_period(model)):
        assert course.effects[place] == pytest.approx(one.effects.select(EFFECTS).to_numpy(), abs=1e-16)
        assert course.portfolio_return[place] == pytest.approx(one.portfolio_return, abs=1e-16)
        assert course.benchmark_return[place] == pytest.approx(one.benchmark_return, abs=1e-16)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("model", MODELS)
def test_the_course_is_the_linking_of_the_periods_so_far(model, method):
    given = sides()
    found = link_course(attribute(given, model=model), given, method=method)
    periods = period_by_period(model)
    for upto in range(1, 5):
        one = link(periods[:upto], method=method)
        sums = one.effects.select(pl.col(EFFECTS).sum()).row(0)
        assert found.cumulative[upto - 1] == pytest.approx(sums, abs=1e-15)
        assert found.active[upto - 1] == pytest.approx(one.active, abs=1e-15)
    assert found.effects == pytest.approx(one.effects.select(EFFECTS).to_numpy(), abs=1e-15)
    assert abs(found.residual) < 1e-12


@pytest.mark.parametrize("method", METHODS)
def test_two_years_of_random_days_close(method):
    random = np.random.default_rng(4)
    wp, wb = random.dirichlet(np.ones(9), 500), random.dirichlet(np.ones(9), 500)
    rp, rb = random.normal(0, 0.02, (500, 9)), random.normal(0, 0.02, (500, 9))
    given = sides(wp, wb, rp, rb)
    found = link_course(attribute(given), given, method=method)
    assert abs(found.residual) < 1e-12
    slow = link(period_by_period("fachler", wp, wb, rp, rb), method=method)
    assert found.effects == pytest.approx(slow.effects.select(EFFECTS).to_numpy(), abs=1e-12)


@pytest.mark.parametrize("method", METHODS)
def test_sides_that_never_differ_have_no_effect(method):
    given = sides(WB, WB, RB, RB)
    found = link_course(attribute(given), given, method=method)
    assert found.active.tolist() == [0, 0, 0, 0]
    assert not found.effects.any()
    assert not found.cumulative.any()


def test_longs_against_shorts_are_selection_alone():
    # 30 % long at 2 %, 29 % short at -1 %: 0.6 + 0.29 = 0.89 points on a weight of one.
    wp, wb = np.array([[0.01, 0.99]]), np.array([[0.4, 0.6]])
    earned, indexed = np.array([[0.0089, 0.0]]), np.array([[0.004, 0.006]])
    given = Sides(wp, wb, earned, indexed, np.array([[0.59, 0.99]]), np.full((1, 2), np.nan))
    course = attribute(given)
    assert course.offsetting.tolist() == [[True, False]]
    assert course.effects[0, 0].tolist() == pytest.approx([0, 0.0089 - 0.01 * 0.01, 0])
    assert abs(course.effects.sum() - (0.0089 - 0.01)) < 1e-16
    # A weight of exactly nought loses nothing either.
    none = Sides(np.array([[0.0, 1.0]]), wb, earned, indexed, np.array([[0.6, 1.0]]), given.reference)
    assert attribute(none).effects.sum() == pytest.approx(0.0089 - 0.01, abs=1e-16)


def test_idle_cash_is_allocation():
    # A tenth in cash while the benchmark earned 3 %: 0.1 (0 - 0.03), nothing in the other effects.
    wp, wb = np.array([[0.9, 0.1]]), np.array([[1.0, 0.0]])
    given = Sides(wp, wb, wp * [[0.03, 0]], wb * [[0.03, 0]], wp, np.array([[np.nan, 0.0]]))
    assert attribute(given).effects[0, 1].tolist() == pytest.approx([-0.003, 0, 0])


@pytest.mark.parametrize("method", METHODS)
def test_the_factors_link_securities_to_their_class(method):
    random = np.random.default_rng(5)
    wp, wb = random.dirichlet(np.ones(6), 30), random.dirichlet(np.ones(6), 30)
    r = random.normal(0, 0.02, (30, 6))
    of_class = np.repeat(np.eye(3), 2, axis=0)
    given = Sides(
        wp @ of_class, wb @ of_class, (wp * r) @ of_class, (wb * r) @ of_class, wp @ of_class, np.full((30, 3), np.nan)
    )  # fmt: skip
    course = attribute(given)
    found = link_course(course, given, method=method)
    parts = np.zeros(6)
    for day in range(30):
        frame = pl.DataFrame(
            {
                "segment": [NAMES[k // 2] for k in range(6)], "instrument_id": list("ABCDEF"),
                "portfolio_weight": wp[day], "benchmark_weight": wb[day],
                "portfolio_return": r[day], "benchmark_return": r[day],
            }
        )  # fmt: skip
        assert brinson(classes_of(frame)).active == pytest.approx(
            course.portfolio_return[day] - course.benchmark_return[day]
        )
        parts += security_effects(frame)["effect"].to_numpy() * found.factors[day, SELECTION]
    assert parts @ of_class == pytest.approx(found.effects[:, 1:].sum(axis=1), abs=1e-14)


def test_a_pair_of_series_links_exactly():
    random = np.random.default_rng(6)
    first, second = random.normal(0, 0.02, (2, 250))
    whole = np.prod(1 + first) - np.prod(1 + second)
    assert (first - second) @ link_pair(first, second) == pytest.approx(whole, abs=1e-14)


def test_wrong_questions_are_refused():
    with pytest.raises(ValueError, match="model"):
        attribute(sides(), model="other")
    with pytest.raises(ValueError, match="linking"):
        link_course(attribute(sides()), sides(), method="other")
