"""Leagues: against other libraries, and against coin flips."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.meta_analysis import combine_effects
from statsmodels.stats.multitest import multipletests

from analytics.trading.league import between_variance, q_values, shrink, standings


def players(count, each, *, seed, skill=0.0):
    """Coin flips of +1 and -1; the first player wins more often by half of ``skill``."""
    draws = np.random.default_rng(seed)
    wins = draws.random((count, each)) < 0.5
    wins[0] = draws.random(each) < 0.5 + skill / 2
    names = np.repeat([f"T{n:02d}" for n in range(count)], each)
    return pl.DataFrame({"trader_id": names, "won": np.where(wins.ravel(), 1.0, -1.0)})


def league(rows, **more):
    return standings(rows, by="trader_id", value="won", **more)


def test_coin_flip_traders_show_nobody_beyond_the_false_discovery_level():
    leagues = 300
    found = [league(players(20, 60, seed=seed)) for seed in range(leagues)]
    named = sum(bool(one["significant"].any()) for one in found)
    # With no skill anywhere every name is false, so leagues naming somebody are the false discovery rate:
    # 5 % with a standard error of 1.26 %.
    assert named / leagues <= 0.05 + 3 * (0.05 * 0.95 / leagues) ** 0.5
    # And the p-values are what they say, not merely cautious.
    p = np.concatenate([one["p"].to_numpy() for one in found])
    assert 0.04 < (p <= 0.05).mean() < 0.06


def test_luck_is_drawn_to_the_middle_and_skill_is_found():
    flips = league(players(20, 60, seed=3))
    assert flips["shrunk"].std() < 0.5 * flips["mean"].std()
    shares = []
    for seed in range(40):
        skilled = league(players(20, 400, seed=seed, skill=0.4))
        named = skilled.filter("significant")["trader_id"].to_list()
        assert "T00" in named
        shares.append(1 - 1 / len(named))
    # Of those named, no more than 5 % are wrong on average (a share of 0 or 1/2, so an error of 2.5 %).
    assert np.mean(shares) <= 0.05 + 3 * 0.025
    best = skilled.filter(pl.col("trader_id") == "T00").row(0, named=True)
    assert best["rank"] == 20
    assert best["league_mean"] < best["low"] < best["shrunk"] < best["mean"]


def test_fills_of_one_order_count_once():
    rows = players(10, 40, seed=4).with_columns(order_id=pl.int_range(pl.len()).cast(pl.String))
    copies = pl.concat([rows] * 25)
    once, many = league(rows, cluster="order_id"), league(copies, cluster="order_id")
    assert many["p"].to_list() == pytest.approx(once["p"].to_list())
    assert many["clusters"].to_list() == [40] * 10
    assert many["n"].to_list() == [1000] * 10
    # Taken for independent, the copies would make half the league famous.
    assert league(copies)["significant"].sum() >= 3


def test_the_test_of_two_members_is_welchs():
    draws = np.random.default_rng(8)
    a, b = draws.normal(0, 1, 30), draws.normal(0.6, 3, 50)
    rows = pl.DataFrame({"trader_id": ["a"] * 30 + ["b"] * 50, "won": np.concatenate([a, b])})
    found = league(rows)
    expected = stats.ttest_ind(a, b, equal_var=False).pvalue
    assert found["p"].to_list() == pytest.approx([expected] * 2)
    by_name = found.sort("trader_id")
    assert by_name["error"].to_list() == pytest.approx([stats.sem(a), stats.sem(b)])
    assert by_name["league_mean"].to_list() == pytest.approx([b.mean(), a.mean()])


# Rubin (1981): effect of coaching in eight schools and its standard error.
EFFECTS = np.array([28.0, 8, -3, 7, -1, 1, 18, 12])
ERRORS = np.array([15.0, 10, 16, 11, 9, 11, 10, 18])


def test_eight_schools_do_not_differ():
    assert between_variance(EFFECTS, ERRORS) == 0
    shrunk, spread = shrink(EFFECTS, ERRORS)
    # Gelman et al., Bayesian data analysis, 3rd ed., section 5.5: the pooled effect is 7.7 +- 4.1.
    assert shrunk == pytest.approx(np.full(8, 7.69), abs=0.02)
    assert spread == pytest.approx(np.full(8, 4.07), abs=0.02)


@pytest.mark.parametrize("seed", range(3))
def test_shrinkage_agrees_with_a_random_effects_meta_analysis(seed):
    draws = np.random.default_rng(seed)
    errors = draws.uniform(0.5, 2, 12)
    means = draws.normal(3, 2, 12) + draws.normal(0, errors)
    other = combine_effects(means, errors**2, method_re="chi2", use_t=False)
    assert between_variance(means, errors) == pytest.approx(other.tau2)
    share = other.tau2 / (other.tau2 + errors**2)
    assert shrink(means, errors)[0] == pytest.approx(share * means + (1 - share) * other.mean_effect_re)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_q_values_agree_with_another_library(p):
    assert q_values(p) == pytest.approx(multipletests(p, method="fdr_bh")[1])
    assert q_values([]).size == 0


def test_weights_split_rows_and_permutations_change_nothing():
    rows = players(5, 30, seed=2).with_columns(w=pl.int_range(pl.len()) % 7 + 1.0, c=pl.int_range(pl.len()))
    whole = league(rows, weight="w", cluster="c")
    half = rows.with_columns(pl.col("w") / 2)
    split = league(pl.concat([half, half]), weight="w", cluster="c")
    mixed = league(rows.sample(fraction=1, shuffle=True, seed=1), weight="w", cluster="c")
    larger = league(rows.with_columns(pl.col("w") * 1000, pl.col("won") * 10), weight="w", cluster="c")
    mirror = league(rows.with_columns(-pl.col("won")), weight="w", cluster="c")
    for name in ("mean", "error", "shrunk", "p", "q"):
        values = whole.sort("trader_id")[name].to_list()
        assert split.sort("trader_id")[name].to_list() == pytest.approx(values)
        assert mixed.sort("trader_id")[name].to_list() == values
        factor = 1 if name in "pq" else 10
        assert larger.sort("trader_id")[name].to_list() == pytest.approx([x * factor for x in values])
        sign = -1 if name in ("mean", "shrunk") else 1
        assert mirror.sort("trader_id")[name].to_list() == pytest.approx([x * sign for x in values])


def test_who_cannot_be_compared_is_shown_with_a_reason():
    rows = pl.concat(
        [players(2, 30, seed=1), pl.DataFrame({"trader_id": ["few"] * 3, "won": [1.0, 2.0, 3.0]}),
         pl.DataFrame({"trader_id": ["same"] * 30, "won": [0.1] * 30}),
         pl.DataFrame({"trader_id": [None, "gone", "gone"], "won": [1.0, None, float("nan")]})]
    )  # fmt: skip
    found = {row["trader_id"]: row for row in league(rows).to_dicts()}
    assert set(found) == {"T00", "T01", "few", "same"}
    assert (found["few"]["mean"], found["few"]["n"], found["few"]["rank"], found["few"]["p"]) == (
        2,
        3,
        None,
        None,
    )
    assert found["few"]["reason"] == "Fewer than 20 independent observations."
    assert found["same"]["reason"] == "All observations are alike."
    assert found["T00"]["reason"] is None
    alone = league(players(1, 30, seed=1)).row(0, named=True)
    assert (alone["reason"], alone["significant"]) == ("There is nobody to compare with.", False)
    nobody = league(rows.head(0))
    assert nobody.is_empty()
    assert nobody.columns == league(rows).columns
