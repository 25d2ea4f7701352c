"""What measures must do when the question is put otherwise, for any returns, holdings and trades."""

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from analytics.portfolio.attribution_course import Sides, attribute, link_course
from analytics.portfolio.linking import METHODS
from analytics.portfolio.performance_table import performance_table
from analytics.portfolio.returns import daily_returns, total_return
from analytics.portfolio.risk import History, simulated_pnl
from analytics.portfolio.var import tail_risk
from analytics.portfolio.var_parts import historical_parts
from analytics.trading.cost import slippage_bp

# Methods that place the tail by the values alone; the others weigh or fit by time.
UNORDERED = ("historical", "parametric", "cornish_fisher")
SCALED = (
    "annualised_volatility", "mean_return", "beta", "alpha_arithmetic", "up_capture_arithmetic",
    "down_capture_arithmetic",
)  # fmt: skip
KEPT = (
    "sharpe_ratio", "sharpe_error_lo", "sharpe_error_opdyke", "sortino_ratio", "omega_ratio", "skewness",
    "excess_kurtosis", "hit_rate", "tail_ratio", "gain_to_pain", "correlation", "r_squared",
    "probabilistic_sharpe_ratio",
)  # fmt: skip
ORDERED = (
    "max_drawdown", "calmar_ratio", "pain_index", "ulcer_index", "pain_ratio", "martin_ratio", "time_under_water",
)  # fmt: skip
seeds = st.integers(0, 2**32 - 1)
quick = settings(max_examples=25, deadline=None)


def two_series(seed: int, size: int = 60) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    market = random.standard_t(5, size) * 0.01
    return 0.6 * market + random.normal(0.0005, 0.008, size), market


def same(found: float | None, expected: float | None, **within: float) -> bool:
    """Whether two figures agree; what is not defined must stay so."""
    if expected is None or found is None:
        return found is expected
    return found == pytest.approx(expected, **within)


def table(r, b) -> dict[str, float | None]:
    return {row["name"]: row["value"] for row in performance_table(r, benchmark=b)}


@given(seeds, st.floats(0.1, 4.0))
@quick
def test_leverage_scales_risk_and_beta_and_leaves_the_ratios(seed, k):
    r, b = two_series(seed)
    assume(np.min(k * r) > -0.9)
    once, scaled = table(r, b), table(k * r, b)
    for name in SCALED:
        assert scaled[name] == pytest.approx(k * once[name], rel=1e-9, abs=1e-12), name
    for name in KEPT:
        assert same(scaled[name], once[name], rel=1e-8, abs=1e-10), name


@given(seeds)
@quick
def test_the_order_of_periods_only_matters_to_the_falls(seed):
    r, b = two_series(seed)
    turn = np.random.default_rng(seed).permutation(r.size)
    once, other = table(r, b), table(r[turn], b[turn])
    for name, value in once.items():
        if name not in ORDERED:
            assert same(other[name], value, rel=1e-9, abs=1e-12), name


@given(seeds, st.integers(1, 59))
@quick
def test_a_split_period_compounds(seed, cut):
    r, _ = two_series(seed)
    halves = [1 + total_return(part) for part in (r[:cut], r[cut:])]
    assert halves[0] * halves[1] - 1 == pytest.approx(total_return(r), rel=1e-12, abs=1e-14)


@given(seeds, st.integers(1, 18), st.floats(-0.5, 20))
@quick
def test_money_in_or_out_at_fair_value_leaves_every_return(seed, day, share):
    r = two_series(seed, 20)[0]
    start = date(2026, 1, 5)

    def returns(flow_share: float) -> list[float]:
        value, rows = 0.0, []
        for n, earned in enumerate(r):
            flow = 100.0 if n == 0 else flow_share * value if n == day else 0.0
            value = (value + flow) * (1 + earned)
            rows.append((start + timedelta(days=n), value, flow))
        frame = pl.DataFrame(
            rows, schema={"date": pl.Date, "nav": pl.Float64, "flow": pl.Float64}, orient="row"
        )
        return daily_returns(frame)["return"].to_list()

    assert returns(share) == pytest.approx(returns(0.0), abs=1e-12)


# --- tails ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize("method", ["historical", "parametric", "cornish_fisher", "ewma", "monte_carlo"])
@given(seeds, st.floats(0.01, 1e6))
@settings(max_examples=10, deadline=None)
def test_a_tail_scales_with_the_position(method, seed, k):
    pnl = two_series(seed, 250)[0]
    once, scaled = tail_risk(pnl, method=method), tail_risk(k * pnl, method=method)
    if once.var is None:
        assert (scaled.var, scaled.reason) == (None, once.reason)
    else:
        assert (scaled.var, scaled.es) == pytest.approx((k * once.var, k * once.es), rel=1e-8)


@pytest.mark.parametrize("method", UNORDERED)
@given(seeds)
@settings(max_examples=10, deadline=None)
def test_the_order_of_days_does_not_matter_to_a_plain_tail(method, seed):
    pnl = two_series(seed, 250)[0]
    other = np.random.default_rng(seed).permutation(pnl)
    assert same(tail_risk(other, method=method).var, tail_risk(pnl, method=method).var, rel=1e-9)


@given(seeds, st.floats(-0.05, 0.05))
@quick
def test_a_sure_gain_lowers_the_historical_tail_by_itself(seed, gain):
    pnl = two_series(seed, 250)[0]
    once, later = tail_risk(pnl), tail_risk(pnl + gain)
    assert later.var == pytest.approx(once.var - gain, abs=1e-12)
    assert later.es == pytest.approx(once.es - gain, abs=1e-12)


@given(seeds)
@quick
def test_the_parts_of_a_tail_follow_their_positions(seed):
    random = np.random.default_rng(seed)
    moves, values = random.normal(0, 0.01, (250, 4)), random.normal(0, 1000, 4)
    dates = tuple(range(250))

    def parts(order, scale=1.0, more=()):
        names = tuple("ABCDE"[k] for k in order)
        history = History(dates, names, np.column_stack([moves, *more])[:, order])
        held = np.append(values, [0.0] * len(more))[order] * scale
        found = historical_parts(history, held, confidence=0.95)
        return dict(found.select("instrument_id", "component").iter_rows())

    once = parts([0, 1, 2, 3])
    assert parts([2, 0, 3, 1]) == pytest.approx(once, rel=1e-9, abs=1e-9)
    assert parts([0, 1, 2, 3], scale=7.0) == pytest.approx(
        {k: 7 * v for k, v in once.items()}, rel=1e-9, abs=1e-9
    )
    idle = parts([0, 1, 2, 3, 4], more=(random.normal(0, 1, 250),))
    assert idle.pop("E") == pytest.approx(0, abs=1e-12)
    assert idle == pytest.approx(once, rel=1e-9, abs=1e-9)


@given(seeds)
@quick
def test_the_mirror_of_a_book_has_the_other_tail(seed):
    random = np.random.default_rng(seed)
    history = History(tuple(range(250)), ("A", "B"), random.standard_t(4, (250, 2)) * 0.01)
    values = random.normal(0, 1000, 2)
    pnl, back = simulated_pnl(history, values), simulated_pnl(history, -values)
    assert back == pytest.approx(-pnl, abs=1e-9)
    upper = np.quantile(pnl, 0.95, method="linear")
    assert tail_risk(back, confidence=0.95).var == pytest.approx(upper, rel=1e-9)


# --- attribution ---------------------------------------------------------------------------------------
def both_sides(seed: int, periods: int = 12, classes: int = 4) -> Sides:
    random = np.random.default_rng(seed)
    wp, wb = random.dirichlet(np.ones(classes), periods), random.dirichlet(np.ones(classes), periods)
    rp, rb = random.normal(0, 0.04, (2, periods, classes))
    return Sides(wp, wb, wp * rp, wb * rb, wp, np.full(wp.shape, np.nan))


def chosen(sides: Sides, rows=slice(None), columns=slice(None)) -> Sides:
    parts = (sides.portfolio, sides.benchmark, sides.earned, sides.indexed, sides.gross, sides.reference)
    return Sides(*(part[rows][:, columns] for part in parts))


@pytest.mark.parametrize("method", METHODS)
@given(seed=seeds)
@settings(max_examples=10, deadline=None)
def test_attribution_closes_in_any_order_of_classes_and_with_a_class_of_no_weight(method, seed):
    sides = both_sides(seed)
    once = link_course(attribute(sides), sides, method=method)
    assert abs(once.residual) < 1e-12
    turn = np.random.default_rng(seed).permutation(4)
    other = chosen(sides, columns=turn)
    found = link_course(attribute(other), other, method=method)
    assert found.effects == pytest.approx(once.effects[turn], abs=1e-14)
    parts = (sides.portfolio, sides.benchmark, sides.earned, sides.indexed, sides.gross, sides.reference)
    wider = Sides(*(np.column_stack([part, np.zeros(len(part))]) for part in parts))
    more = link_course(attribute(wider), wider, method=method)
    assert more.effects[:4] == pytest.approx(once.effects, abs=1e-14)
    assert more.effects[4] == pytest.approx([0, 0, 0], abs=1e-15)


@given(seeds, st.integers(1, 11))
@quick
def test_attribution_of_two_halves_is_that_of_the_whole(seed, cut):
    # Frongello's rule: the past grows with the benchmark, the new by what the portfolio has become.
    sides = both_sides(seed)
    first, second = chosen(sides, rows=slice(None, cut)), chosen(sides, rows=slice(cut, None))
    whole, one, two = (
        link_course(attribute(part), part, method="frongello") for part in (sides, first, second)
    )
    grown, base = np.prod(1 + first.earned.sum(axis=1)), np.prod(1 + second.indexed.sum(axis=1))
    assert whole.effects == pytest.approx(one.effects * base + two.effects * grown, abs=1e-13)


@given(seeds)
@quick
def test_changing_sides_turns_the_active_return_round(seed):
    sides = both_sides(seed)
    back = Sides(
        sides.benchmark, sides.portfolio, sides.indexed, sides.earned, sides.benchmark, sides.reference
    )  # fmt: skip
    there, here = (link_course(attribute(one), one).active[-1] for one in (sides, back))
    assert there == pytest.approx(-here, abs=1e-15)


# --- cost of trading -----------------------------------------------------------------------------------
def fills(seed: int, *, turned: bool = False, scale: float = 1.0) -> pl.DataFrame:
    random = np.random.default_rng(seed)
    sides = random.choice(["buy", "sell"], 20)
    if turned:
        sides = np.where(sides == "buy", "sell", "buy")
    arrival = random.uniform(10, 200, 20)
    return pl.DataFrame(
        {
            "side": sides,
            "last_px": arrival * random.normal(1, 0.01, 20) * scale,
            "arrival_px": arrival * scale,
        }
    )


@given(seeds, st.floats(0.01, 100))
@quick
def test_slippage_turns_with_the_side_and_knows_no_unit(seed, scale):
    once, back, other = (
        fills(seed, **how).select(cost=slippage_bp())["cost"].to_numpy()
        for how in ({}, {"turned": True}, {"scale": scale})
    )
    assert back == pytest.approx(-once, abs=1e-9)
    assert other == pytest.approx(once, rel=1e-6, abs=1e-6)
