"""What we measure, who says how, and the test that holds us to it.

Every figure of the product has a golden value from somebody who is not us: a publication, another library, or
the definition worked by hand. A measure added without one fails here.
"""

import ast
from functools import cache
from pathlib import Path

import pytest

from analytics.portfolio.linking import METHODS as LINKINGS
from analytics.portfolio.var import METHODS as TAILS
from tests.analytics.portfolio.test_golden_table import DEFINITIONS

TESTS = Path(__file__).resolve().parents[1] / "analytics"
BACON = "Bacon, Practical Portfolio Performance Measurement and Attribution"
HAND = "the definition, worked by hand"
TABLE = "portfolio/test_golden_table.py::test_a_measure_is_its_definition"
# Measure: (source, test). Measures of the performance table have two: the definition, and who else says so.
PORTFOLIO = {
    "lots: average, FIFO, LIFO": (HAND, "portfolio/test_lots.py::test_the_textbook_inventory_differs_by_method"),
    "positions and cash": ("pyfolio's published example", "portfolio/test_pyfolio.py::test_cash_of_every_day_is_the_published_one"),
    "flips through zero": (HAND, "portfolio/test_lots.py::test_a_flip_through_zero_closes_every_lot_and_opens_one"),
    "realised and unrealised": (HAND, "portfolio/test_lots.py::test_realised_and_unrealised_are_cash_and_market_value_to_the_last_digit"),
    "P&L explain": (HAND, "portfolio/test_pnl_explain.py::test_each_cause_of_a_day_is_its_own"),
    "P&L identity": (HAND, "portfolio/test_positions.py::test_pnl_explains_the_change_of_cash_and_value_to_the_last_digit"),
    "exposure": (HAND, "portfolio/test_risk.py::test_exposure_by_group_largest_first"),
    "concentration": (HAND, "portfolio/test_risk.py::test_concentration_of_equal_positions_is_one_over_n"),
    "liquidity horizon": (HAND, "portfolio/test_stress.py::test_days_to_sell_by_hand"),
    "time-weighted return": ("pyfolio's published example", "portfolio/test_pyfolio.py::test_value_and_return_of_every_day_are_the_published_ones"),
    "modified Dietz": (HAND, "portfolio/test_periods.py::test_dietz_of_the_usual_example"),
    "internal rate of return": ("the spreadsheet's XIRR example", "portfolio/test_periods.py::test_the_internal_rate_of_the_spreadsheet_example"),
    "drawdown table": (HAND, "portfolio/test_periods.py::test_the_drawdowns_of_a_short_path_by_hand"),
    "VaR and ES: historical": (HAND, "portfolio/test_risk.py::test_value_at_risk_is_the_type_7_quantile_as_a_loss"),
    "VaR and ES: parametric": ("Jorion, Value at Risk", "portfolio/test_var.py::test_the_normal_var_is_the_textbook_one"),
    "VaR and ES: cornish_fisher": (HAND, "portfolio/test_var.py::test_cornish_fisher_by_hand"),
    "VaR and ES: ewma": ("statsmodels and arch", "portfolio/test_var.py::test_the_ewma_variance_is_that_of_statsmodels_and_arch"),
    "VaR and ES: filtered_historical": ("the volatility that made the data", "portfolio/test_var.py::test_a_filtered_history_follows_the_volatility_of_now"),
    "VaR and ES: monte_carlo": ("the Student t it draws, by SciPy", "portfolio/test_var.py::test_monte_carlo_reads_the_tail_of_the_student_it_draws"),
    "component and marginal VaR": ("Jorion, Value at Risk", "portfolio/test_var_parts.py::test_the_parts_are_the_textbook_ones"),
    "incremental and historical parts": (HAND, "portfolio/test_var_parts.py::test_historical_parts_sum_to_the_var"),
    "Kupiec": ("MATLAB Risk Management Toolbox", "portfolio/test_var_backtest.py::test_kupiec_gives_the_published_example"),
    "Christoffersen independence": ("MATLAB Risk Management Toolbox", "portfolio/test_var_backtest.py::test_independence_gives_the_published_example"),
    "conditional coverage": ("MATLAB Risk Management Toolbox", "portfolio/test_var_backtest.py::test_both_together_give_the_published_example"),
    "Basel zones": ("Basel Committee's table", "portfolio/test_var_backtest.py::test_the_zones_are_basel_s_table"),
    "Acerbi-Szekely": ("the published critical values", "portfolio/test_var_backtest.py::test_the_critical_values_of_the_shortfall_test_are_the_published_ones"),
    "stress: episode": ("the published fall of the index", "portfolio/test_stress.py::test_an_episode_is_the_published_fall_of_the_index"),
    "stress: factor shock": (HAND, "portfolio/test_stress.py::test_a_factor_shock_by_hand"),
    "reverse stress": ("an optimiser of SciPy", "portfolio/test_stress.py::test_the_likeliest_shock_is_the_one_an_optimiser_finds"),
    "optimisation": ("the closed form", "portfolio/test_optimise.py::test_minimum_variance_is_the_closed_form"),
    "walk-forward": (HAND, "portfolio/test_walk_forward.py::test_held_weights_drift_and_rebalancing_costs_by_hand"),
    "Brinson-Hood-Beebower": (f"{BACON}, ch. 5", "portfolio/test_attribution.py::test_the_textbook_example_by_hood_and_beebower"),
    "Brinson-Fachler": (f"{BACON}, ch. 5", "portfolio/test_attribution.py::test_the_textbook_example_by_fachler"),
    "linking: carino": (HAND, "portfolio/test_attribution.py::test_the_factors_are_those_of_the_definitions"),
    "linking: menchero": (HAND, "portfolio/test_attribution.py::test_the_factors_are_those_of_the_definitions"),
    "linking: grap": ("exact fractions", "portfolio/test_attribution.py::test_grap_sums_to_frongello_s_in_exact_fractions"),
    "linking: frongello": ("Frongello's two periods", "portfolio/test_attribution.py::test_the_two_periods_of_frongello"),
    "linking: geometric": (HAND, "portfolio/test_attribution.py::test_four_periods_of_three_classes_leave_no_residual"),
    "attribution of securities": (HAND, "portfolio/test_attribution.py::test_securities_add_up_to_their_class"),
}  # fmt: skip
TRADING = {
    "slippage": (HAND, "trading/test_measures.py::test_slippage_is_positive_when_it_cost"),
    "slippage interval": (HAND, "trading/test_measures.py::test_slippage_is_weighted_by_notional_with_an_interval"),
    "benchmark: arrival_px": (HAND, "trading/test_benchmarks.py::test_the_mid_is_the_last_sound_quote_at_or_before"),
    "benchmark: interval VWAP": (HAND, "trading/test_benchmarks.py::test_the_vwap_of_a_window_includes_both_ends"),
    "benchmark: interval TWAP": (HAND, "trading/test_benchmarks.py::test_the_twap_weighs_each_mid_by_how_long_it_stood"),
    "benchmark: close and previous close": (HAND, "trading/test_benchmarks.py::test_closes_are_raw_and_of_the_nearest_sessions"),
    "benchmark: decision": (HAND, "trading/test_benchmarks.py::test_every_execution_meets_the_benchmarks_of_its_parent"),
    "implementation shortfall": ("the published example, 0.19 %", "trading/test_measures.py::test_the_published_shortfall_example_sums_exactly"),
    "mark-outs": (HAND, "trading/test_markouts.py::test_a_markout_is_the_price_paid_against_the_mid_later"),
    "mark-out bands": ("SciPy's bootstrap", "trading/test_markouts.py::test_the_band_agrees_with_scipy_for_single_values_of_equal_weight"),
    "spreads": (HAND, "trading/test_markouts.py::test_spreads_are_taken_from_the_quote_before_the_fill"),
    "reversion": (HAND, "trading/test_markouts.py::test_reversion_is_positive_where_the_price_came_back"),
    "participation": (HAND, "trading/test_markouts.py::test_participation_is_a_share_of_known_volume"),
    "fill rate": (HAND, "trading/test_measures.py::test_the_fill_rate_counts_children_once_and_rejections_not_at_all"),
    "order-to-trade": ("RTS 9", "trading/test_measures.py::test_order_to_trade_by_number_and_volume"),
    "league: shrinkage": ("the eight schools, and statsmodels", "trading/test_league.py::test_shrinkage_agrees_with_a_random_effects_meta_analysis"),
    "league: test": ("SciPy's Welch test", "trading/test_league.py::test_the_test_of_two_members_is_welchs"),
    "league: false discovery rate": ("statsmodels", "trading/test_league.py::test_q_values_agree_with_another_library"),
    "expected cost": (HAND, "trading/test_expected_cost.py::test_one_percent_of_the_volume_at_two_percent_volatility_moves_twenty_basis_points"),
    "cost z-score": (HAND, "trading/test_expected_cost.py::test_z_is_the_cost_beyond_the_expected_in_risks"),
}  # fmt: skip
# The second source of the measures of the performance table, beside the definition.
SECOND = {
    "portfolio/test_ratios.py::test_the_published_values_of_the_book": (
        "annualised_return", "sharpe_ratio", "beta", "max_drawdown", "omega_ratio",
    ),
    "portfolio/test_ratios.py::test_what_performance_analytics_says_of_the_book": (
        "m2", "alpha_geometric", "pain_index", "martin_ratio", "excess_kurtosis", "treynor_ratio",
    ),
    "portfolio/test_ratios.py::test_what_empyrical_and_quantstats_say_of_the_book": (
        "alpha_compounded", "tail_ratio", "ulcer_index", "gain_to_pain", "r_squared",
    ),
    "portfolio/test_ratios.py::test_moments_and_regression_are_those_of_scipy_and_statsmodels": (
        "skewness", "alpha_arithmetic", "correlation",
    ),
    "portfolio/test_ratios.py::test_the_probabilistic_sharpe_of_the_paper": ("probabilistic_sharpe_ratio",),
    "portfolio/test_ratios.py::test_the_track_record_of_the_paper": ("minimum_track_record_length",),
    "portfolio/test_ratios.py::test_the_error_of_a_sharpe_is_lo_s_for_a_normal_and_wider_with_a_left_tail": (
        "sharpe_error_lo", "sharpe_error_opdyke", "sharpe_ratio_lo",
    ),
    "portfolio/test_houses.py::test_each_house_reads_what_its_library_returns": (
        "sortino_ratio", "calmar_ratio", "information_ratio", "down_capture_arithmetic",
    ),
    "portfolio/test_ratios.py::test_capture_by_hand_in_three_forms": (
        "up_capture_arithmetic", "up_capture_cumulative", "up_capture_geometric",
        "down_capture_cumulative", "down_capture_geometric",
    ),
    "portfolio/test_performance.py::test_hand_cases": (
        "total_return", "annualised_volatility", "hit_rate", "tracking_error",
    ),
}  # fmt: skip
# Simple enough that the definition is all there is to say.
PLAIN = {"mean_return", "time_under_water", "pain_ratio"}


@cache
def functions(path: str) -> frozenset[str]:
    return frozenset(
        node.name
        for node in ast.walk(ast.parse((TESTS / path).read_text()))
        if isinstance(node, ast.FunctionDef)
    )


@pytest.mark.parametrize(
    "test", sorted({test for _, test in (*PORTFOLIO.values(), *TRADING.values())} | set(SECOND) | {TABLE})
)
def test_every_test_that_is_named_exists(test):
    path, name = test.split("::")
    assert name in functions(path)


def test_every_measure_of_the_performance_table_has_a_second_source():
    second = [name for names in SECOND.values() for name in names]
    assert len(second) == len(set(second))
    assert set(second) | PLAIN == set(DEFINITIONS)


def test_every_method_that_is_offered_has_a_golden_value():
    assert {f"linking: {name}" for name in LINKINGS} <= PORTFOLIO.keys()
    assert {f"VaR and ES: {name}" for name in TAILS} <= PORTFOLIO.keys()
