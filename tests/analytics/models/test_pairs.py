"""Pairs: the test is the one everybody runs, a planted pair is found and holds, and random walks give few."""

import numpy as np
import pytest
from statsmodels.tsa.stattools import coint

from analytics.insights._stats import benjamini_hochberg
from analytics.models._cointegration import p_value, tied
from analytics.models._skill import skill
from analytics.models._walk import fit, walk_forward
from analytics.models.pairs import FALSE_DISCOVERY, Pairs, _half_life
from tests.analytics.models._tables_pairs import tables

RUNS = 200


def test_statistic_and_p_value_are_those_of_statsmodels():
    rng = np.random.default_rng(0)
    y, x = (rng.normal(size=(300, 6)).cumsum(axis=0) for _ in range(2))
    y[:, 0] = 0.7 * x[:, 0] + rng.normal(size=300)
    ours = tied(y, x)
    for k in range(6):
        t, p, _ = coint(y[:, k], x[:, k], trend="c", maxlag=1, autolag=None)
        assert ours.statistic[k] == pytest.approx(t, rel=1e-8)
        assert p_value(ours.statistic)[k] == pytest.approx(p, rel=1e-6)
    assert p_value(np.array([-19.0, 1.0])).tolist() == [0.0, 1.0]
    assert tied(np.ones((50, 1)), np.ones((50, 1))).statistic.tolist() == [0.0]


def test_half_a_gap_closes_in_the_sessions_said():
    assert _half_life(0.5) == pytest.approx(1.0)
    assert _half_life(1 - 0.5**0.1) == pytest.approx(10.0)
    assert (_half_life(0.0), _half_life(-0.1)) == (None, None)


def test_random_walks_that_share_a_factor_give_a_pair_in_at_most_one_firm_of_twenty():
    first, second = np.triu_indices(12, 1)
    claimed = 0
    for seed in range(RUNS):
        rng = np.random.default_rng(seed)
        walks = (0.8 * rng.normal(size=(300, 1)) + 0.6 * rng.normal(size=(300, 12))).cumsum(axis=0)
        a, b = walks[:, first], walks[:, second]
        p = np.maximum(p_value(tied(a, b).statistic), p_value(tied(b, a).statistic))
        claimed += min(benjamini_hochberg(p.tolist())) <= FALSE_DISCOVERY
    assert claimed <= 0.05 * RUNS


def test_a_planted_pair_is_found_holds_on_later_days_and_is_told_with_all_that_was_tried():
    model = Pairs()
    rows = model.features(tables(0))
    tested = walk_forward(model, rows)
    assert skill(model, tested).shown
    fit(model, rows)
    assert model.found_ == ["N0/N1"]
    told = model.calibration(tested)
    assert (told["tried"], told["found"]) == (15, 1)
    first = told["pairs"][0]
    assert (first["pair"], first["found"]) == ("N0/N1", True)
    assert first["q"] >= first["p"]
    assert first["skill_later"] > 0.05
    assert first["half_life"] == pytest.approx(np.log(0.5) / np.log(0.4), rel=0.35)
    (now,) = model.latest(rows).to_dicts()
    assert abs(now["predicted"]) < 5


def test_without_a_pair_the_model_repeats_its_baseline():
    model = Pairs()
    rows = model.features(tables(1, planted=False))
    fit(model, rows)
    judged = model.judge(rows)
    assert model.found_ == []
    assert model.latest(rows).is_empty()
    assert judged["loss"].equals(judged["baseline_loss"].alias("loss"))
