"""Tone against returns before and after: a planted lead is found at its lag, noise shows nothing, sessions fit."""

from datetime import UTC, date, datetime, timedelta

import numpy as np
import polars as pl

from analytics.social.lead_lag import LAGS, lead_lag, sessions_of, tone_by_session

DAYS = [
    date(2026, 1, 5) + timedelta(days=i)
    for i in range(160)
    if (date(2026, 1, 5) + timedelta(days=i)).weekday() < 5
]


def market(seed, *, lead=None, names=6, strength=0.5):
    """Return tones and closes; the return ``lead`` sessions later holds ``strength`` of the tone."""
    rng = np.random.default_rng(seed)
    tones, closes = [], []
    for name in range(names):
        tone = rng.normal(0, 0.3, len(DAYS))
        move = rng.normal(0, 0.01, len(DAYS))
        if lead is not None:
            move[lead:] += strength * 0.01 * tone[: len(DAYS) - lead] / 0.3
        close = 100 * np.cumprod(1 + move)
        tones += [(f"I{name}", day, float(t)) for day, t in zip(DAYS, tone, strict=True)]
        closes += [(f"I{name}", day, float(c)) for day, c in zip(DAYS, close, strict=True)]
    return (
        pl.DataFrame(tones, schema=["instrument_id", "session", "tone"], orient="row"),
        pl.DataFrame(closes, schema=["instrument_id", "date", "close"], orient="row"),
    )


def clear(rows):
    return rows.filter((pl.col("low") > 0) | (pl.col("high") < 0))["lag"].to_list()


def test_a_planted_lead_is_found_at_its_lag_and_nowhere_else():
    rows = lead_lag(*market(1, lead=2))
    assert clear(rows) == [2]
    found = rows.filter(pl.col("lag") == 2).to_dicts()[0]
    assert found["low"] < 0.447 < found["high"]  # 0.5 / sqrt(1 + 0.25)
    assert found["n"] == 6 * (len(DAYS) - 2)
    assert found["days"] == len(DAYS) - 2


def test_noise_shows_a_lead_in_at_most_one_of_twenty():
    wrong = sum(bool(clear(lead_lag(*market(seed)))) for seed in range(40))
    assert wrong <= 5  # 2 expected; more than 5 has a chance of 1 in 100


def test_days_that_move_together_do_not_count_as_many():
    tones, closes = market(3, names=1)
    many = pl.concat([tones.with_columns(instrument_id=pl.lit(f"C{i}")) for i in range(9)])
    same = pl.concat([closes.with_columns(instrument_id=pl.lit(f"C{i}")) for i in range(9)])
    one, nine = lead_lag(tones, closes), lead_lag(many, same)
    assert nine["n"].to_list() == [9 * n for n in one["n"]]
    np.testing.assert_allclose(nine["high"] - nine["low"], one["high"] - one["low"], rtol=1e-9)


def test_too_few_days_and_what_never_varies_give_no_figure():
    tones, closes = market(4)
    few = lead_lag(tones.filter(pl.col("session") < DAYS[20]), closes)
    assert few["value"].null_count() == len(LAGS)
    assert few["days"].max() == 20
    flat = lead_lag(tones.with_columns(tone=pl.lit(0.5)), closes)
    assert flat["value"].null_count() == len(LAGS)
    none = lead_lag(tones.head(0), closes)
    assert (none["value"].null_count(), none["n"].sum()) == (len(LAGS), 0)


def test_what_is_said_after_the_close_belongs_to_the_next_session():
    closes = pl.DataFrame(
        {"instrument_id": ["A"] * 3, "date": [date(2026, 11, 19), date(2026, 11, 20), date(2026, 11, 23)]}
    )
    times = [
        datetime(2026, 11, 19, 20, 59, tzinfo=UTC),  # 15:59 in New York
        datetime(2026, 11, 19, 21, 0, tzinfo=UTC),  # 16:00
        datetime(2026, 11, 21, 12, 0, tzinfo=UTC),  # a Saturday
        datetime(2026, 11, 23, 22, 0, tzinfo=UTC),  # after the last one known
    ]
    posts = pl.DataFrame(
        {"instrument_id": ["A"] * 4, "transact_time": times},
        schema_overrides={"transact_time": pl.Datetime("us", "UTC")},
    )
    found = sessions_of(posts, closes)["session"].to_list()
    assert found == [date(2026, 11, 19), date(2026, 11, 20), date(2026, 11, 23), None]


def test_posts_of_unknown_tone_do_not_dilute_the_mean():
    posts = pl.DataFrame(
        {
            "instrument_id": ["A", "A", "B"],
            "session": [date(2026, 11, 20)] * 3,
            "sentiment": [0.8, 0.0, 0.0],
            "weight": [0.5, 0.0, 0.0],
        }
    )
    assert tone_by_session(posts).to_dicts() == [
        {"instrument_id": "A", "session": date(2026, 11, 20), "tone": 0.8, "posts": 2}
    ]
