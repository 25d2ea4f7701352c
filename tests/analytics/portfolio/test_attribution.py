"""Brinson's effects of one period and their linking over several."""

import math
from fractions import Fraction

import numpy as np
import polars as pl
import pytest

from analytics.portfolio.attribution import (
    CLASSES,
    EFFECTS,
    MODELS,
    brinson,
    classes_of,
    security_effects,
)
from analytics.portfolio.linking import METHODS, link


def classes(*rows) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=CLASSES, orient="row")


BACON = classes(("UK", 0.4, 0.4, 0.20, 0.10), ("Japan", 0.3, 0.2, -0.05, -0.04), ("US", 0.3, 0.4, 0.06, 0.08))
# Four periods, three classes; bonds leave the benchmark, commodities enter the portfolio only.
YEAR = [
    classes(
        ("equity", 0.6, 0.5, 0.05, 0.04), ("bond", 0.4, 0.5, 0.01, 0.015), ("commodity", 0, 0, None, None)
    ),
    classes(
        ("equity", 0.5, 0.6, -0.08, -0.05), ("bond", None, 0.4, None, 0.02), ("commodity", 0.5, 0, 0.03, None)
    ),
    classes(
        ("equity", 0.7, 1.0, 0.02, 0.03), ("bond", 0.2, 0, 0.01, 0.02), ("commodity", 0.1, 0, -0.12, None)
    ),
    classes(
        ("equity", 0.5, 0.5, 0.10, 0.07), ("bond", 0.25, 0.25, 0.0, 0.0), ("commodity", 0.25, 0.25, 0.2, 0.1)
    ),
]


def effect(found, name) -> list[float]:
    return found.effects[name].to_list()


def test_the_textbook_example_by_hood_and_beebower():
    # Bacon, 2nd ed., ch. 5: portfolio 8.3 %, benchmark 6.4 %.
    found = brinson(BACON, model="hood_beebower")
    assert (found.portfolio_return, found.benchmark_return) == (pytest.approx(0.083), pytest.approx(0.064))
    assert effect(found, "allocation") == pytest.approx([0, -0.004, -0.008])
    assert effect(found, "selection") == pytest.approx([0.04, -0.002, -0.008])
    assert effect(found, "interaction") == pytest.approx([0, -0.001, 0.002], abs=1e-15)
    assert found.active == pytest.approx(0.019)


def test_the_textbook_example_by_fachler():
    found = brinson(BACON)
    assert effect(found, "allocation") == pytest.approx([0, -0.0104, -0.0016])
    assert effect(found, "selection") == pytest.approx([0.04, -0.002, -0.008])
    assert abs(found.residual) < 1e-15


def test_a_class_on_one_side_only_has_the_effects_it_should():
    found = brinson(YEAR[1])
    # Bonds (not held) are all allocation; commodities (not in the benchmark) all interaction.
    whole = 0.6 * -0.05 + 0.4 * 0.02
    bond, commodity = found.effects.row(1, named=True), found.effects.row(2, named=True)
    assert bond["allocation"] == pytest.approx(-0.4 * (0.02 - whole))
    assert (bond["selection"], bond["interaction"]) == (0, 0)
    assert (commodity["allocation"], commodity["selection"]) == (0, 0)
    assert commodity["interaction"] == pytest.approx(0.5 * (0.03 - whole))
    assert abs(found.residual) < 1e-15
    # A return handed in for a class that was not held changes nothing.
    noted = YEAR[1].with_columns(portfolio_return=pl.col("portfolio_return").fill_null(0.5))
    assert brinson(noted).effects.equals(found.effects)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("model", MODELS)
def test_four_periods_of_three_classes_leave_no_residual(method, model):
    found = link([brinson(period, model=model) for period in YEAR], method=method)
    assert abs(found.residual) < 1e-12
    assert found.effects["segment"].to_list() == ["equity", "bond", "commodity"]
    mine = 1.034 * 0.975 * 1.004 * 1.1
    assert found.portfolio_return == pytest.approx(mine - 1)
    sums = found.effects.select(pl.col(EFFECTS).sum()).row(0)
    if method == "geometric":
        assert (1 + sums[0]) * (1 + sums[1]) == pytest.approx((1 + found.active), rel=1e-13)
        assert sums[2] == 0
    else:
        assert sum(sums) == pytest.approx(found.portfolio_return - found.benchmark_return, abs=1e-13)


def two_periods():
    # The two periods of Frongello's papers: 21 % against 11 % = 6 + 4; 14 % against 9 % = 2 + 3. Two classes
    # that give these effects.
    first = classes(("a", 0.6, 0, 0.11 + 0.10, 0.21), ("b", 0.4, 1.0, 0.21, 0.11))
    second = classes(("a", 0.4, 0, 0.14, 0.14), ("b", 0.6, 1.0, 0.14, 0.09))
    return [brinson(first), brinson(second)]


def test_the_two_periods_of_frongello():
    # By his rule: allocation 6 + 2 x 1.21 + 6 x 0.09 = 8.96 %, selection 4 + 3 x 1.21 + 4 x 0.09 = 7.99 %,
    # together 16.95 % = 37.94 % - 20.99 %. Ours splits selection in two; summed over both they are his.
    periods = two_periods()
    assert [round(p.active, 12) for p in periods] == [0.1, 0.05]
    assert [round(p.effects["allocation"].sum(), 12) for p in periods] == [0.06, 0.02]
    found = link(periods, method="frongello")
    assert found.active == pytest.approx(0.1695)
    assert found.effects["allocation"].sum() == pytest.approx(0.0896)
    assert found.effects["selection"].sum() + found.effects["interaction"].sum() == pytest.approx(0.0799)


def test_grap_sums_to_frongello_s_in_exact_fractions():
    periods = [brinson(period) for period in YEAR]
    carried, grap = link(periods, method="frongello"), link(periods, method="grap")
    assert carried.effects["total"].to_list() == pytest.approx(grap.effects["total"].to_list(), abs=1e-15)
    rp, rb = [Fraction(1, 10), Fraction(-1, 20)], [Fraction(1, 20), Fraction(1, 50)]
    exact = (rp[0] - rb[0]) * (1 + rb[1]) + (rp[1] - rb[1]) * (1 + rp[0])
    assert exact == (1 + rp[0]) * (1 + rp[1]) - (1 + rb[0]) * (1 + rb[1])
    short = [brinson(classes(("x", 1, 1, float(p), float(b)))) for p, b in zip(rp, rb, strict=True)]
    assert link(short, method="grap").factors == (pytest.approx(1.02), pytest.approx(1.1))
    assert link(short, method="grap").effects["selection"][0] == pytest.approx(float(exact), abs=1e-16)


def test_the_factors_are_those_of_the_definitions():
    periods = two_periods()
    log = math.log
    whole = (log(1.3794) - log(1.2099)) / 0.1695
    expected = [(log(1.21) - log(1.11)) / 0.10 / whole, (log(1.14) - log(1.09)) / 0.05 / whole]
    assert link(periods, method="carino").factors == (pytest.approx(expected[0]), pytest.approx(expected[1]))
    common = 0.1695 / 2 / (math.sqrt(1.3794) - math.sqrt(1.2099))
    bend = (0.1695 - common * 0.15) / (0.1**2 + 0.05**2)
    assert link(periods, method="menchero").factors == (
        pytest.approx(common + bend * 0.1),
        pytest.approx(common + bend * 0.05),
    )


@pytest.mark.parametrize("method", METHODS)
def test_a_period_in_which_nothing_moved_changes_nothing(method):
    periods = [brinson(period) for period in YEAR]
    still = brinson(classes(("equity", 0.5, 0.5, 0.0, 0.0), ("bond", 0.5, 0.5, 0.0, 0.0)))
    once, again = link(periods, method=method), link([*periods, still], method=method)
    assert abs(again.residual) < 1e-12
    # Menchero spreads its factor over the number of periods: only its total stays.
    if method != "menchero":
        assert again.effects["total"].to_list() == pytest.approx(once.effects["total"].to_list(), abs=1e-15)
    assert again.active == pytest.approx(once.active, abs=1e-15)


@pytest.mark.parametrize("method", METHODS)
def test_a_portfolio_that_is_the_benchmark_has_no_effect(method):
    same = brinson(classes(("a", 0.5, 0.5, 0.1, 0.1), ("b", 0.5, 0.5, -0.3, -0.3)))
    found = link([same] * 3, method=method)
    assert found.active == 0
    assert found.effects["total"].to_list() == [0, 0]


@pytest.mark.parametrize("method", METHODS)
def test_classes_of_no_weight_and_the_order_of_classes_do_not_matter(method):
    more = [pl.concat([period[::-1], classes(("cash", 0, 0, None, 0.01))]) for period in YEAR]
    once = link([brinson(period) for period in YEAR], method=method).effects
    again = link([brinson(period) for period in more], method=method).effects
    assert again.filter(segment="cash")["total"].to_list() == [0]
    both = once.join(again, on="segment")
    assert both["total"].to_list() == pytest.approx(both["total_right"].to_list(), abs=1e-15)


@pytest.mark.parametrize("method", METHODS)
def test_many_random_periods_close(method):
    random = np.random.default_rng(6)
    periods = []
    for _ in range(60):
        wp, wb = random.dirichlet(np.ones(5)), random.dirichlet(np.ones(5))
        rows = zip("abcde", wp, wb, random.normal(0, 0.05, 5), random.normal(0, 0.05, 5), strict=True)
        periods.append(brinson(classes(*rows)))
    assert abs(link(periods, method=method).residual) < 1e-12


def securities() -> pl.DataFrame:
    return pl.DataFrame(
        [
            ("tech", "A", 0.3, 0.2, 0.10, 0.10), ("tech", "B", 0.1, 0.2, -0.04, -0.04),
            ("oil", "C", None, 0.6, None, 0.02), ("gold", "D", 0.6, None, 0.05, None),
        ],
        schema={"segment": pl.String, "instrument_id": pl.String, **dict(list(CLASSES.items())[1:])},
        orient="row",
    )  # fmt: skip


def test_securities_add_up_to_their_class():
    rows = brinson(classes_of(securities()))
    assert abs(rows.residual) < 1e-15
    parts = security_effects(securities())
    sums = parts.group_by("segment").agg(pl.col("effect").sum())
    both = rows.effects.join(sums, on="segment")
    assert both.height == 3
    expected = (both["selection"] + both["interaction"]).to_list()
    assert both["effect"].to_list() == pytest.approx(expected, abs=1e-15)
    # A by hand: 0.3 (0.10 - 0.03) - 0.2 (0.10 - 0.03), where the class earned 0.03 in the benchmark.
    assert parts["effect"][0] == pytest.approx(0.007)


def test_what_cannot_be_told_has_a_reason():
    assert brinson(classes()).reason == "there is no class"
    assert link([]).reason == "there is no period"
    unknown = brinson(classes(("a", 1.0, 1.0, None, 0.1)))
    assert unknown.reason == "a has no portfolio return"
    assert unknown.effects.height == 0
    assert link([brinson(BACON), unknown]).reason == "period 2: a has no portfolio return"
    uneven = brinson(classes(("a", 0.9, 1.0, 0.1, 0.1)))
    assert uneven.residual == pytest.approx(-0.01)
    assert "add up" in link([uneven]).reason
    ruin = brinson(classes(("a", 1.0, 1.0, -1.0, 0.1)))
    assert link([ruin]).reason == "period 1: everything was lost"


def test_wrong_questions_are_refused():
    with pytest.raises(ValueError, match="model"):
        brinson(BACON, model="other")
    with pytest.raises(ValueError, match="one row"):
        brinson(pl.concat([BACON, BACON]))
    with pytest.raises(ValueError, match="linking"):
        link([], method="other")
    with pytest.raises(ValueError, match="one model"):
        link([brinson(BACON), brinson(BACON, model="hood_beebower")])
