"""Trading before prices: who knows is found and nobody else, and where nobody knows few are named."""

from itertools import product

import numpy as np
import pytest

from analytics.insights._stats import benjamini_hochberg
from analytics.models._skill import skill
from analytics.models._walk import fit, walk_forward
from analytics.models.trader_lead import FALSE_DISCOVERY, TraderLead, turned
from tests.analytics.models._tables_trader_lead import tables

FIRMS, TRADERS = 100, 10


def test_the_share_of_turned_runs_is_the_exact_one():
    values = np.array([0.4, 1.1, -0.3, 0.9, 0.7, 0.2, 1.3, -0.1])
    every = [abs(np.dot(signs, values)) for signs in product((-1, 1), repeat=len(values))]
    exact = np.mean([one >= values.sum() - 1e-12 for one in every])
    assert turned(values, draws=40_000) == pytest.approx(exact, abs=0.004)
    assert turned(-values) == turned(values)


def test_where_nobody_knows_few_firms_have_anybody_named():
    named = 0
    for firm in range(FIRMS):
        rng = np.random.default_rng(firm)
        days = rng.standard_t(4, size=(TRADERS, 100)) * rng.random(size=(TRADERS, 100))
        q = benjamini_hochberg([turned(one, draws=499, seed=firm) for one in days])
        named += min(q) <= FALSE_DISCOVERY
    assert named <= 10  # of 100 at 5 %: more would be chance in 1 of 90


def test_the_one_who_knows_is_found_is_worth_something_later_and_is_not_named_on_the_card():
    model = TraderLead()
    rows = model.features(tables(0))
    tested = walk_forward(model, rows)
    assert skill(model, tested).shown
    fit(model, rows)
    assert model.passed() == ["t2"]
    assert model.tests_["t2"]["added"] > 0
    told = model.calibration(tested)
    assert (told["tried"], told["found"]) == (5, 1)
    assert "t2" not in str(told)
    others = rows.filter(rows["trader_id"] != "t2")
    assert np.array_equal(model.predict(others), np.zeros(others.height))


def test_a_price_that_moved_on_the_day_of_the_trade_is_not_before_it():
    made = tables(3, days=120, knows=0.0)
    rows = TraderLead().features(made)
    some = rows.row(40, named=True)
    closes = made["prices"].sort("date").filter(instrument_id=some["instrument_id"])
    later = closes.filter(closes["date"] > some["date"])["close"]
    now = closes.filter(closes["date"] == some["date"])["close"][0]
    alone = np.log(later[0] / now)
    market = np.mean([
        np.log(part.filter(part["date"] > some["date"])["close"][0] / part.filter(part["date"] == some["date"])["close"][0])
        for _, part in made["prices"].sort("date").group_by("instrument_id")
    ])  # fmt: skip
    assert np.sign(some["target"]) == np.sign(alone - market)
