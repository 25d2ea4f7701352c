"""Talking his book: told from chance, and from trading with what one says."""

from datetime import UTC, date, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from analytics.social.book_talk import LEAST, book_talk, placed, said, traded

DAYS = [date(2026, 1, 1) + timedelta(days=i) for i in range(250)]
SESSIONS = pl.DataFrame({"date": DAYS})


def frame(rows, *names):
    kinds = {"instrument_id": pl.String, "date": pl.Date, "side": pl.Int64, "value": pl.Float64}
    return pl.DataFrame(rows, schema={name: kinds[name] for name in names}, orient="row")


def world(places, *, before=1.0, after=-1.0, noise=0, seed=0):
    """Return statements at sessions, trades around them, and trades at random."""
    rng = np.random.default_rng(seed)
    statements = frame(
        [(f"I{i % 4}", DAYS[at], 1) for i, at in enumerate(places)], "instrument_id", "date", "side"
    )
    trades = [(f"I{i % 4}", DAYS[at - 2], 1000.0 * before) for i, at in enumerate(places)]
    trades += [(f"I{i % 4}", DAYS[at + 2], 1000.0 * after) for i, at in enumerate(places)]
    trades += [
        (f"I{rng.integers(4)}", DAYS[rng.integers(250)], float(rng.choice([-1000.0, 1000.0])))
        for _ in range(noise)
    ]
    return statements, frame(trades, "instrument_id", "date", "value")


PLACES = [20, 45, 70, 95, 120, 145, 170, 195]


def test_who_buys_before_he_praises_and_sells_after_is_found():
    found = book_talk(*world(PLACES, noise=40), SESSIONS)
    assert found.traded == 8
    assert found.score > 0.6
    assert found.p_value < 0.01
    assert found.cases["score"].is_sorted(descending=True)


def test_who_buys_before_and_more_after_stands_by_what_he_says():
    found = book_talk(*world(PLACES, after=1.0, noise=40), SESSIONS)
    assert abs(found.score) < 0.4
    assert found.p_value > 0.05


def test_the_reverse_is_not_talking_his_book():
    assert book_talk(*world(PLACES, before=-1.0, after=1.0), SESSIONS).p_value > 0.9


def test_a_warning_counts_the_other_way_round():
    statements, trades = world(PLACES)
    turned = book_talk(
        statements.with_columns(side=-pl.col("side")), trades.with_columns(value=-pl.col("value")), SESSIONS
    )
    assert turned.score == book_talk(statements, trades, SESSIONS).score == 1.0


def test_by_chance_it_is_claimed_as_seldom_as_the_level_says():
    rng, claims, runs = np.random.default_rng(4), 0, 120
    for _ in range(runs):
        said = [(f"I{rng.integers(4)}", DAYS[rng.integers(250)], int(rng.choice([-1, 1]))) for _ in range(15)]
        done = [(f"I{rng.integers(4)}", DAYS[rng.integers(250)], float(rng.normal())) for _ in range(80)]
        found = book_talk(
            frame(said, "instrument_id", "date", "side"), frame(done, "instrument_id", "date", "value"), SESSIONS,
            draws=199,
        )  # fmt: skip
        claims += found.p_value is not None and found.p_value <= 0.05
    assert claims <= 12  # 6 are expected; 13 or more come about once in two hundred


@pytest.mark.parametrize("places", [[], [30], [30, 60, 90, 120]])
def test_a_few_statements_are_not_tested_and_say_why(places):
    found = book_talk(*world(places), SESSIONS)
    assert found.p_value is None
    assert found.reason
    assert found.traded == len(places) < LEAST


def test_nothing_said_and_nothing_traded_are_no_fault():
    statements, trades = world(PLACES)
    assert book_talk(statements.clear(), trades, SESSIONS).reason
    assert book_talk(statements, trades.clear(), SESSIONS).reason
    assert book_talk(statements, trades, SESSIONS.head(5)).p_value is None


def test_the_same_statement_twice_counts_once_and_no_price_of_the_day_itself_counts():
    statements, trades = world(PLACES)
    assert book_talk(pl.concat([statements, statements]), trades, SESSIONS).statements == 8
    own = frame(
        [(f"I{i % 4}", DAYS[at], 1.0) for i, at in enumerate(PLACES)], "instrument_id", "date", "value"
    )
    assert book_talk(statements, own, SESSIONS).traded == 0


def test_statements_that_share_their_trades_are_one_case():
    statements, trades = world([100] * 8)
    near = pl.concat([statements.with_columns(date=pl.col("date").dt.offset_by(f"{i}d")) for i in range(2)])
    found = book_talk(near, trades, SESSIONS)
    assert found.traded == 8  # four names, two days of each
    assert found.p_value >= 2**-4


def test_a_basket_spoken_of_at_once_is_one_case_and_names_traded_apart_are_several():
    """Five names bought and sold together say once what five separate round trips say five times."""
    names = [f"I{i}" for i in range(6)]
    together = frame([(name, DAYS[100], 1) for name in names], "instrument_id", "date", "side")
    basket = [(name, DAYS[at], value) for name in names for at, value in ((98, 10.0), (102, -10.0))]
    found = book_talk(together, frame(basket, "instrument_id", "date", "value"), SESSIONS)
    assert (found.traded, found.episodes, found.p_value, found.low) == (6, 1, 0.5, None)
    apart = [
        (name, DAYS[100 + way * (k + 1)], -way * 10.0) for k, name in enumerate(names[:5]) for way in (-1, 1)
    ]
    found = book_talk(together, frame(apart, "instrument_id", "date", "value"), SESSIONS)
    assert (found.traded, found.episodes, found.p_value) == (5, 5, 2**-5)


def test_a_name_among_many_is_mentioned_but_nothing_is_said_of_it():
    posts = pl.DataFrame(
        {
            "post_id": ["p1"],
            "author_id": ["jane"],
            "transact_time": [datetime(2026, 1, 21, 9, tzinfo=UTC)],
            "instrument_ids": [["I0", *[f"X{i}" for i in range(9)]]],
            "relevance": [[0.6, *[0.3] * 9]],
            "sentiment": [0.4],
            "confidence": [0.5],
        }
    )
    ideas = pl.DataFrame(schema={"idea_id": pl.String, "author_id": pl.String, "instrument_id": pl.String,
                                 "direction": pl.String, "posted_at": pl.Datetime("us", "UTC")})  # fmt: skip
    assert said(posts, ideas).select("instrument_id", "side", "id").rows() == [("I0", 1, "p1")]


def test_a_case_names_what_was_said_and_the_sessions_looked_at():
    sessions = SESSIONS.head(60)
    posts = pl.DataFrame(
        {
            "post_id": ["p2", "p1", "calm", "early"],
            "author_id": ["jane"] * 4,
            "transact_time": [
                datetime(2026, 1, 21, 9, tzinfo=UTC),
                datetime(2026, 1, 21, 8, tzinfo=UTC),
                *[datetime(2025, 12, 1, tzinfo=UTC)] * 2,
            ],
            "instrument_ids": [["I0"], ["I0", "I1"], ["I0"], ["I0"]],
            "relevance": [[1.0], [0.7, 0.6], [1.0], [1.0]],
            "sentiment": [0.4, 0.2, 0.0, 0.9],
            "confidence": [0.5, 0.5, 0.5, 0.5],
        }
    )
    ideas = pl.DataFrame(
        {"idea_id": ["i1"], "author_id": ["jane"], "instrument_id": ["I0"], "direction": ["long"],
         "posted_at": [datetime(2026, 1, 21, 15, tzinfo=UTC)]}
    )  # fmt: skip
    statements = placed(said(posts, ideas), sessions)
    assert sorted(statements["id"]) == ["i1", "p1", "p1", "p2"]  # what came before the calendar is left out
    trades = frame([("I0", DAYS[19], 5.0), ("I0", DAYS[24], -5.0)], "instrument_id", "date", "value")
    (case,) = book_talk(statements, trades, sessions).cases.to_dicts()
    assert (case["posts"], case["ideas"], case["score"]) == (["p1", "p2"], ["i1"], 1.0)
    assert (case["first"], case["last"]) == (DAYS[15], DAYS[25])


def test_trades_in_his_own_account_are_his_whoever_entered_them_and_count_once():
    fills = pl.DataFrame(
        {"trader_id": ["jane", "omar", "jane"], "account_id": ["J1", "J1", "F1"], "instrument_id": ["I0"] * 3,
         "date": [DAYS[0]] * 3, "value": [1.0, 2.0, 4.0]}
    )  # fmt: skip
    accounts = pl.DataFrame({"account_id": ["J1", "F1"], "owner_id": ["jane", None]})
    found = {(row["person"], row["kind"]): row["value"] for row in traded(fills, accounts).to_dicts()}
    assert found == {("jane", "own"): 3.0, ("jane", "entered"): 4.0, ("omar", "entered"): 2.0}
