"""Factors from prices, regressed on and decomposed."""

import numpy as np
import pytest
from sklearn.decomposition import PCA

from analytics.portfolio.factors import (
    BLOCKS,
    Factor,
    build_factors,
    decompose,
    exposures,
    fit_model,
    market_beta,
    style_returns,
)

SESSIONS = 200


def courses(seed=5, names=6):
    random = np.random.default_rng(seed)
    return random.standard_normal((SESSIONS, 2)) * 0.01, random.standard_normal((SESSIONS, names)) * 0.002


def made(name, returns, block="market"):
    return Factor(name, name, block, returns)


def test_loadings_without_noise_are_found_again():
    moves, _ = courses()
    true = np.array([[1.2, 0.0], [0.8, 0.5], [-0.3, 1.0]])
    model = fit_model(moves @ true.T + 0.0004, [made("a", moves[:, 0]), made("b", moves[:, 1], "sector")])
    assert model is not None
    assert model.loadings[:, :2] == pytest.approx(true, abs=1e-9)
    assert np.abs(model.residuals).max() < 1e-12
    assert [factor.name for factor in model.factors] == ["a", "b"]  # nothing is left for a component


def test_exposure_is_the_sum_of_value_times_loading():
    moves, _ = courses()
    true = np.array([[1.2, 0.0], [0.8, 0.5]])
    model = fit_model(moves @ true.T, [made("a", moves[:, 0]), made("b", moves[:, 1], "sector")])
    assert exposures(model, np.array([100.0, -50.0]))[:2] == pytest.approx([80.0, -25.0])
    assert exposures(model, np.array([[100.0, -50.0], [0.0, 0.0]]))[1] == pytest.approx(0.0)


def test_components_are_those_of_sklearn_on_what_the_factors_leave():
    moves, noise = courses()
    returns = moves[:, :1] @ np.ones((1, 6)) + noise
    model = fit_model(returns, [made("m", moves[:, 0])], components=2)
    design = np.column_stack([np.ones(SESSIONS), moves[:, 0]])
    left = returns - design @ np.linalg.lstsq(design, returns, rcond=None)[0]
    scores = PCA(n_components=2, svd_solver="full").fit_transform(left / left.std(axis=0))
    for place in range(2):
        ours = model.factors[1 + place].returns
        assert abs(np.corrcoef(ours, scores[:, place])[0, 1]) == pytest.approx(1.0, abs=1e-9)


def test_parts_of_the_variance_sum_to_it_and_a_pure_market_book_has_no_specific_risk():
    moves, noise = courses()
    returns = moves[:, :1] @ np.ones((1, 6)) + noise
    model = fit_model(returns, [made("m", moves[:, 0])])
    split = decompose(model, returns @ np.full(6, 10.0))
    assert sum(split.parts.values()) == pytest.approx(split.variance, rel=1e-12)
    assert set(split.parts) == {*BLOCKS, "specific"}
    pure = decompose(model, moves[:, 0] * 7)
    assert pure.variance == pytest.approx(np.var(moves[:, 0] * 7, ddof=1))
    assert pure.share("market") == pytest.approx(1.0)
    assert pure.share("specific") == pytest.approx(0.0, abs=1e-12)


def test_a_book_of_nothing_has_no_shares():
    moves, noise = courses()
    split = decompose(fit_model(noise, [made("m", moves[:, 0])]), np.zeros(SESSIONS))
    assert split.variance == 0
    assert split.share("market") is None


def test_a_sector_is_what_its_members_do_beyond_the_market():
    moves, _ = courses()
    market, own = moves[:, 0], moves[:, 1] - np.polyval(np.polyfit(moves[:, 0], moves[:, 1], 1), moves[:, 0])
    returns = np.column_stack([market + own, market + own, market, market])
    built = build_factors(returns, ["Energy", "Energy", "Banks", None], market=market)
    assert [factor.name for factor in built] == ["market", "sector:Energy"]  # one member is no sector
    assert built[1].returns == pytest.approx(own, abs=1e-12)


def test_without_a_benchmark_the_market_is_the_mean_of_what_is_known():
    returns = np.array([[0.01, 0.03], [np.nan, 0.02], [np.nan, np.nan]])
    assert build_factors(returns, [None, None])[0].returns == pytest.approx([0.02, 0.02, 0.0])


def test_styles_look_at_the_past_only():
    random = np.random.default_rng(2)
    returns = random.standard_normal((300, 9)) * 0.01
    changed = returns.copy()
    changed[-1] = 0.5
    for name, course in style_returns(returns).items():
        assert style_returns(changed)[name][:-1] == pytest.approx(course[:-1], nan_ok=True)


def test_reversal_buys_what_fell():
    returns = np.zeros((40, 6))
    returns[10:30, :2], returns[10:30, 4:] = -0.01, 0.01
    returns[30] = [0.02, 0.02, 0, 0, -0.02, -0.02]
    course = style_returns(returns)["reversal"]
    assert course[30] == pytest.approx(0.04)
    assert np.isnan(course[:20]).all()


def test_too_few_names_or_sessions_give_no_style_and_no_model():
    assert all(np.isnan(course).all() for course in style_returns(np.zeros((100, 3))).values())
    assert fit_model(np.zeros((10, 3)), [made("m", np.zeros(10))]) is None
    assert fit_model(np.zeros((100, 0)), [made("m", np.zeros(100))]) is None


def test_a_late_listing_has_no_loadings_and_moves_with_nothing():
    moves, noise = courses()
    returns = noise.copy()
    returns[:-30, 0] = np.nan
    model = fit_model(returns, [made("m", moves[:, 0])])
    assert np.isnan(model.loadings[0]).all()
    assert np.isfinite(exposures(model, np.ones(6))).all()


def test_beta_is_covariance_over_variance_or_nothing():
    market = courses()[0][:, 0]
    assert market_beta(3.0 * market + 1.0, market) == pytest.approx(3.0)
    assert market_beta(market, np.zeros(SESSIONS)) is None
    assert market_beta(market[:29], market[:29]) is None
