"""Where the truth is known because we made it: correct risk models, and traders who only flip coins."""

import numpy as np
import polars as pl
import pytest
from scipy import stats
from scipy.special import xlogy

from analytics.portfolio.var_backtest import exceptions, kupiec
from analytics.trading.league import FALSE_DISCOVERY_RATE, standings

MODELS = 2_000


def exact_size(days: int, *, confidence: float) -> float:
    """How often a likelihood ratio above its 5 % bound comes up with a correct model.

    Counts are whole, so it is never just 5 %. By the definition, not by our function.
    """
    chance, k = 1 - confidence, np.arange(days + 1)
    share = k / days
    told = xlogy(k, chance) + xlogy(days - k, 1 - chance)
    best = xlogy(k, share) + xlogy(days - k, 1 - share)
    beyond = -2 * (told - best) > stats.chi2.ppf(0.95, 1)
    return float(stats.binom.pmf(k[beyond], days, chance).sum())


@pytest.mark.parametrize(("days", "confidence"), [(1000, 0.95), (500, 0.95), (1000, 0.99)])
def test_two_thousand_correct_models_are_rejected_as_often_as_the_test_promises(days, confidence):
    random = np.random.default_rng(days)
    # Markets that calm down and heat up; the model knows today's volatility, which is all it needs to be right.
    volatility = 0.01 * np.exp(0.3 * np.sin(np.arange(days) / 40))
    pnl = random.standard_normal((MODELS, days)) * volatility
    var = stats.norm.ppf(confidence) * volatility
    counts = np.array([int(exceptions(row, var).sum()) for row in pnl])
    verdicts = {int(k): kupiec(int(k), days, confidence=confidence).rejected for k in np.unique(counts)}
    rejected = float(np.mean([verdicts[int(k)] for k in counts]))
    assert rejected == pytest.approx(0.05, abs=0.015)
    # And not merely near 5 %: within three standard errors of what the binomial says.
    exact = exact_size(days, confidence=confidence)
    assert exact == pytest.approx(0.05, abs=0.015)
    assert rejected == pytest.approx(exact, abs=3 * (exact * (1 - exact) / MODELS) ** 0.5)


def test_kupiec_rejects_at_the_counts_of_the_definition_where_counts_are_few():
    # A year at 99 %: so few counts that the size is far from 5 %, which no simulation should hide.
    rejecting = [k for k in range(40) if kupiec(k, 250, confidence=0.99).rejected]
    by_definition = float(stats.binom.pmf(rejecting, 250, 0.01).sum())
    assert exact_size(250, confidence=0.99) == pytest.approx(by_definition, abs=1e-9)


def test_a_model_that_halves_the_risk_is_found_out_nearly_always():
    random = np.random.default_rng(7)
    pnl = random.standard_normal((200, 250))
    var = np.full(250, 0.5 * stats.norm.ppf(0.99))
    found = [kupiec(int(exceptions(row, var).sum()), 250, confidence=0.99).rejected for row in pnl]
    assert np.mean(found) > 0.99


def coin_flips(seed: int, *, traders: int = 15, orders: int = 40) -> pl.DataFrame:
    """Fills as the execution quality page compares them, of traders who differ in nothing but luck.

    Every order has fills that share its luck, costs have fat tails, and sizes differ a hundredfold.
    """
    random = np.random.default_rng(seed)
    count = traders * orders
    fills = random.integers(1, 6, count)
    order = np.repeat(np.arange(count), fills)
    luck = random.standard_t(4, count)
    return pl.DataFrame(
        {
            "name": np.repeat([f"T{n:02d}" for n in range(traders)], orders)[order],
            "order": order.astype(str),
            "weight": random.lognormal(0, 1.2, order.size),
            "cost": 2.0 + 5.0 * luck[order] + random.standard_normal(order.size),
        }
    )


def named(rows: pl.DataFrame) -> int:
    found = standings(rows, by="name", value="cost", weight="weight", cluster="order")
    return int(found["significant"].fill_null(value=False).sum())


def test_leagues_of_coin_flips_name_nobody_beyond_the_false_discovery_level():
    leagues = 250
    false = sum(bool(named(coin_flips(seed))) for seed in range(leagues))
    level = FALSE_DISCOVERY_RATE
    assert level == 0.05
    # Nobody has skill, so every league that names somebody is one false discovery.
    assert false / leagues <= level + 3 * (level * (1 - level) / leagues) ** 0.5


def test_a_trader_who_does_cost_more_is_named():
    dear = pl.when(pl.col("name") == "T03").then(pl.col("cost") + 8).otherwise(pl.col("cost"))
    found = [
        standings(
            coin_flips(seed, orders=150).with_columns(cost=dear),
            by="name",
            value="cost",
            weight="weight",
            cluster="order",
        )
        for seed in range(10)
    ]
    right = sum("T03" in one.filter("significant")["name"].to_list() for one in found)
    assert right >= 8
