"""A league of ideas names skill and not luck."""

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from analytics.portfolio.ratios import probabilistic_sharpe_ratio
from analytics.social.leaderboard import MIN_IDEAS, band, leaderboard


def _settled(results: dict[str, np.ndarray], *, probability: float | None = None) -> pl.DataFrame:
    rows = [
        {"author_id": author, "entry_date": date(2020, 1, 1) + timedelta(days=day), "net": float(net),
         "won": bool(net > 0), "probability": probability,
         "brier": None if probability is None else (probability - float(net > 0)) ** 2}
        for author, nets in results.items() for day, net in enumerate(nets)
    ]  # fmt: skip
    return pl.DataFrame(rows, schema_overrides={"probability": pl.Float64, "brier": pl.Float64})


def _league(rng: np.random.Generator, *, authors: int, ideas: int) -> dict[str, np.ndarray]:
    # Half flip fair coins, half sell lottery tickets: a target twice as far as the stop, won one time in three.
    lottery = np.where(rng.random((authors, ideas)) < 1 / 3, 0.02, -0.01)
    flips = rng.choice((-0.01, 0.01), size=(authors, ideas))
    return {f"a{i:03d}": (flips if i % 2 else lottery)[i] for i in range(authors)}


def test_of_leagues_of_coin_flippers_hardly_more_than_one_in_twenty_has_one_above_the_band():
    rng, leagues = np.random.default_rng(11), 40
    above = sum(
        leaderboard(_settled(_league(rng, authors=200, ideas=60)))["beyond_luck"].any()
        for _ in range(leagues)
    )
    # Binomial with p 0.05 and 40 leagues: 6 or more come about once in seventy.
    assert above <= 5


def test_a_skilled_author_stands_above_the_band_within_the_stated_record():
    rng = np.random.default_rng(5)
    days = band(201).needed(0.1)
    assert days is not None
    found = 0
    for _ in range(10):
        league = _league(rng, authors=20, ideas=60) | {"skilled": rng.normal(0.1, 1.0, days) / 100}
        # The band of 201 authors is what is asked for; twenty are computed.
        row = leaderboard(_settled(league)).filter(pl.col("author_id") == "skilled").row(0, named=True)
        found += row["skill"] > band(201).level
    assert found >= 6  # 80 % are expected; 5 or fewer of 10 come about three times in a hundred


def test_skill_is_the_probabilistic_sharpe_ratio_but_for_the_tail():
    nets = np.random.default_rng(2).normal(0.001, 0.01, 2_000)
    row = leaderboard(_settled({"a": nets})).row(0, named=True)
    assert row["skill"] == pytest.approx(probabilistic_sharpe_ratio(nets), abs=1e-4)
    assert row["ratio"] == pytest.approx(nets.mean() / nets.std(ddof=1))


def test_ideas_of_one_day_count_once():
    nets = np.random.default_rng(3).normal(0, 0.01, 40)
    once = _settled({"a": nets})
    thrice = leaderboard(pl.concat([once, once, once])).row(0, named=True)
    assert thrice["skill"] == pytest.approx(leaderboard(once)["skill"][0])
    assert (thrice["days"], thrice["ideas"]) == (40, 120)


def test_a_short_record_is_shown_with_its_reason_and_not_ranked():
    row = leaderboard(_settled({"a": np.full(MIN_IDEAS - 1, 0.01)})).row(0, named=True)
    assert (row["rank"], row["beyond_luck"], row["hit_rate"]) == (None, False, 1.0)
    assert str(MIN_IDEAS) in row["reason"]


def test_a_record_without_spread_is_not_ranked():
    row = leaderboard(_settled({"a": np.full(60, 0.01)})).row(0, named=True)
    assert (row["rank"], row["reason"]) == (None, "All ended alike.")


def test_a_chance_stated_as_the_own_hit_rate_has_no_brier_skill_and_bragging_has_less():
    nets = np.tile([0.01, -0.01], 30)
    fair = leaderboard(_settled({"a": nets}, probability=0.5)).row(0, named=True)
    bold = leaderboard(_settled({"a": nets}, probability=0.9)).row(0, named=True)
    assert fair["brier"] == pytest.approx(0.25)
    assert fair["brier_skill"] == pytest.approx(0.0)
    assert bold["brier_skill"] < 0


def test_no_ideas_make_no_league():
    assert leaderboard(_settled({"a": np.array([0.01])}).clear()).is_empty()
    assert band(0).needed(0.0) is None
