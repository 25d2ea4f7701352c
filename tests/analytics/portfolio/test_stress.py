"""Stress: replayed history, factor shocks, reverse stress, days to sell."""

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from scipy import optimize, stats

from analytics.portfolio.stress import (
    EPISODES,
    Episode,
    episode_returns,
    factor_shock,
    likeliest_shock,
    liquidation_profile,
    liquidity_horizon,
    replay,
    reverse_stress,
    sensitivities,
)

CRASH = Episode("crash", "A crash", date(2020, 2, 19), date(2020, 3, 23))
PRICES = pl.DataFrame(
    [
        # The S&P 500 itself: 3,386.15 and 2,237.40, the published -33.92 %.
        ("SPX", date(2020, 2, 19), 3386.15), ("SPX", date(2020, 3, 23), 2237.40),
        ("GOLD", date(2020, 2, 18), 100.0), ("GOLD", date(2020, 3, 20), 90.0), ("GOLD", date(2020, 3, 24), 500.0),
        ("NEW", date(2020, 3, 1), 10.0), ("NEW", date(2020, 3, 23), 5.0),
        ("GONE", date(2019, 12, 1), 10.0), ("GONE", date(2020, 3, 23), 5.0),
    ],
    schema={"instrument_id": pl.String, "date": pl.Date, "close": pl.Float64},
    orient="row",
)  # fmt: skip
EXPOSURES = pl.DataFrame(
    [
        ("A", "market", 1000.0, 1.2), ("B", "market", -500.0, 0.8), ("A", "rates", 1000.0, -3.0),
        ("B", "rates", -500.0, None), ("C", "oil", None, 1.0),
    ],
    schema={"instrument_id": pl.String, "factor": pl.String, "value": pl.Float64, "loading": pl.Float64},
    orient="row",
)  # fmt: skip


def holdings(**values) -> pl.DataFrame:
    return pl.DataFrame(
        {"instrument_id": list(values), "value": list(values.values())},
        schema={"instrument_id": pl.String, "value": pl.Float64},
    )


def test_an_episode_is_the_published_fall_of_the_index():
    found = dict(episode_returns(PRICES, CRASH).iter_rows())
    assert found["SPX"] == pytest.approx(-0.3392, abs=5e-5)
    # The last close on or before the day counts, never a later one.
    assert found["GOLD"] == pytest.approx(-0.1)
    # Listed later, or not priced for months before: no return.
    assert set(found) == {"SPX", "GOLD"}


def test_a_replay_says_how_much_it_covers():
    found = replay(holdings(SPX=1000, GOLD=-500, NEW=500), PRICES, episodes=[CRASH]).row(0, named=True)
    assert found["pnl"] == pytest.approx(-1000 * (1 - 2237.40 / 3386.15) + 50)
    assert found["covered"] == pytest.approx(0.75)
    assert found["missing"] == 1


def test_a_replay_of_what_is_not_known_is_not_zero():
    found = replay(holdings(NEW=500), PRICES, episodes=[CRASH]).row(0, named=True)
    assert (found["pnl"], found["covered"], found["missing"]) == (None, 0, 1)
    half = replay(holdings(SPX=100, GOLD=None), PRICES, episodes=[CRASH]).row(0, named=True)
    assert (half["covered"], half["missing"]) == (1, 1)
    nobody = replay(holdings(), PRICES)
    assert nobody.height == len(EPISODES)
    assert nobody["pnl"].null_count() == nobody["covered"].null_count() == len(EPISODES)


def test_the_built_in_episodes_are_stretches_of_business_days():
    assert len({episode.name for episode in EPISODES}) == len(EPISODES)
    for episode in EPISODES:
        assert episode.start < episode.end
        assert episode.start.weekday() < 5 > episode.end.weekday()


def test_splitting_a_position_scaling_it_or_adding_an_empty_one_changes_only_what_it_should():
    once = replay(holdings(SPX=1000, GOLD=-500), PRICES, episodes=[CRASH])
    split = pl.concat([holdings(SPX=400, GOLD=-500), holdings(SPX=600)])
    assert replay(split, PRICES, episodes=[CRASH])["pnl"][0] == pytest.approx(once["pnl"][0])
    empty = replay(
        holdings(SPX=1000, GOLD=-500, NEW=0),
        PRICES.sample(fraction=1, shuffle=True, seed=1),
        episodes=[CRASH],
    )
    assert empty["pnl"][0] == pytest.approx(once["pnl"][0])
    assert empty["covered"][0] == 1
    twice = replay(holdings(SPX=2000, GOLD=-1000), PRICES, episodes=[CRASH])
    assert twice["pnl"][0] == pytest.approx(2 * once["pnl"][0])


def test_a_factor_shock_by_hand():
    found = factor_shock(EXPOSURES, {"market": -0.1, "rates": 0.01, "oil": 0.5, "moon": 1.0})
    # A: 1000 x 1.2 x -0.1 = -120 and 1000 x -3 x 0.01 = -30; B: -500 x 0.8 x -0.1 = 40.
    assert found.pnl == pytest.approx(-110)
    assert found.parts.rows() == [
        ("A", "market", pytest.approx(-120)), ("B", "market", pytest.approx(40)), ("A", "rates", pytest.approx(-30)),
    ]  # fmt: skip
    assert found.unused == ("oil", "moon")
    # B has no loading on rates, C no value.
    assert found.unknown == 2
    assert factor_shock(EXPOSURES.clear(), {"market": 1.0}).pnl == 0


def test_the_reverse_of_a_shock_loses_what_was_asked():
    shock = {"market": -0.1, "rates": 0.01}
    found = reverse_stress(EXPOSURES, shock, loss=55.0)
    assert found.scale == pytest.approx(0.5)
    assert factor_shock(EXPOSURES, found.shocks).pnl == pytest.approx(-55)
    assert reverse_stress(EXPOSURES, {"market": 0.1}, loss=1.0).reason == "the shock gains"
    assert "does not move" in reverse_stress(EXPOSURES, {"oil": 0.1}, loss=1.0).reason
    with pytest.raises(ValueError, match="positive"):
        reverse_stress(EXPOSURES, shock, loss=0)


def test_the_likeliest_shock_is_the_one_an_optimiser_finds():
    s = sensitivities(EXPOSURES.filter(pl.col("factor") != "oil"))
    assert s == {"market": pytest.approx(800), "rates": pytest.approx(-3000)}
    covariance = np.array([[4e-4, -1e-5], [-1e-5, 1e-6]])
    found = likeliest_shock(s, covariance, loss=100.0)
    vector, inverse = np.array(list(s.values())), np.linalg.inv(covariance)
    sought = optimize.minimize(
        lambda x: x @ inverse @ x,
        np.array([-0.1, 0.0]),
        constraints={"type": "eq", "fun": lambda x: vector @ x + 100},
    )
    assert list(found.shocks.values()) == pytest.approx(sought.x, rel=1e-4)
    assert found.distance == pytest.approx(np.sqrt(sought.fun), rel=1e-6)
    assert found.probability == pytest.approx(stats.norm.sf(100 / np.sqrt(vector @ covariance @ vector)))
    assert "no factor risk" in likeliest_shock({"market": 0.0}, np.eye(1), loss=1.0).reason
    assert "no factor risk" in likeliest_shock({}, np.empty((0, 0)), loss=1.0).reason


def liquid(*rows) -> pl.DataFrame:
    schema = {"instrument_id": pl.String, "quantity": pl.Float64, "value": pl.Float64, "adv": pl.Float64}
    return pl.DataFrame(rows, schema=schema, orient="row")


def test_days_to_sell_by_hand():
    rows = liquidity_horizon(
        liquid(("A", -1000, -50.0, 1000), ("B", 10, 100.0, 1000), ("C", 5, 50.0, None), ("D", 5, 0.0, 0),
               ("E", 0, 0.0, None), ("F", None, 0.0, 10))
    )  # fmt: skip
    assert rows["days"].to_list() == [5.0, 0.05, None, None, 0.0, None]
    assert rows["reason"].to_list() == [
        None, None, "the volume is not known", "there is no volume", None, "the quantity is not known",
    ]  # fmt: skip
    profile = liquidation_profile(rows, days=(1, 5))
    # After a day a fifth of A and all of B; C never.
    assert profile["sold"].to_list() == pytest.approx([(10 + 100) / 200, 150 / 200])
    assert liquidation_profile(rows.clear())["sold"].null_count() == 5


def test_half_the_participation_takes_twice_as_long():
    rows = liquid(("A", 1000, 50.0, 1000))
    fast, slow = (liquidity_horizon(rows, participation=p)["days"][0] for p in (0.2, 0.1))
    assert slow == pytest.approx(2 * fast)
    with pytest.raises(ValueError, match="participation"):
        liquidity_horizon(rows, participation=0)


def test_an_episode_needs_fresh_closes_on_both_ends():
    late = CRASH.end + timedelta(days=11)
    assert "SPX" not in episode_returns(PRICES, Episode("x", "x", CRASH.start, late))["instrument_id"]
