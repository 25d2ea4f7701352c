"""Authors who say the same together are found, those who share words by chance are not; graphs are drawn the same."""

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from analytics.social.coordination import bare, coordination
from analytics.social.graph import mutual, positions, standing

START = datetime(2026, 10, 1, tzinfo=UTC)
PHRASES = [
    "strong quarter and the guide is better than feared",
    "margins are getting worse every single quarter",
    "anybody else watching the volume in this one today",
    "adding on any weakness from here the chart is clean",
    "cut my view demand is slowing and risk is not priced",
]
SCHEMA = {"post_id": pl.String, "author_id": pl.String, "transact_time": pl.Datetime("us", "UTC"), "text": pl.String, "instrument_id": pl.String}  # fmt: skip


def chatter(seed, *, posts=1000, authors=40, days=20):
    """Return posts at busy hours in words that everybody uses."""
    rng = np.random.default_rng(seed)
    rows = []
    for number in range(posts):
        at = START + timedelta(days=int(rng.integers(days)), hours=float(rng.normal(15, 1.5)))
        name = f"I{rng.integers(6)}"
        rows.append(
            (f"c{number}", f"u{rng.integers(authors)}", at, f"${name} {PHRASES[rng.integers(5)]}", name)
        )
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def ring(size=8):
    at = START + timedelta(days=12, hours=15)
    rows = [
        (f"r{i}", f"bot{i}", at + timedelta(minutes=i), f"$I1 is about to explode, {100 + i} by Friday!!! buy before the others {'now' * (i % 2)}", "I1")
        for i in range(size)
    ]  # fmt: skip
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def test_a_ring_in_the_chatter_is_found_and_nobody_else():
    found = coordination(pl.concat([chatter(1), ring()]))
    unusual = found.links.filter("unusual")
    assert {*unusual["a"], *unusual["b"]} >= {f"bot{i}" for i in range(8)}
    assert {*unusual["a"], *unusual["b"]} <= {f"bot{i}" for i in range(8)}
    assert unusual["crowd"].to_list() == [8] * unusual.height
    group = found.groups.filter(pl.col("authors").list.len() == 8).to_dicts()[0]
    assert (group["posts"], group["instrument_id"], group["expected"]) == (8, "I1", 0.0)
    assert found.pairs > found.expected


@pytest.mark.parametrize("seed", [2, 3, 4, 5])
def test_words_that_everybody_uses_at_busy_hours_are_chance(seed):
    found = coordination(chatter(seed))
    assert found.pairs > 20  # there are pairs, and chance explains them
    assert found.links["unusual"].sum() == 0
    assert found.expected == pytest.approx(found.pairs, rel=0.5)


def test_the_same_posts_in_another_order_give_the_same_answer():
    posts = pl.concat([chatter(6, posts=200), ring()])
    one, other = coordination(posts), coordination(posts.sample(fraction=1.0, shuffle=True, seed=9))
    assert one.links.equals(other.links)
    assert one.groups.equals(other.groups)
    assert (one.expected, one.highest) == (other.expected, other.highest)


def test_without_posts_and_with_short_words_there_is_nothing():
    none = coordination(chatter(7).head(0))
    assert (none.pairs, none.expected, none.links.height, none.groups.height) == (0, 0.0, 0, 0)
    short = coordination(ring().with_columns(text=pl.lit("$I1 buy!")))
    assert short.pairs == 0
    assert bare("$AAPL Buy, buy NOW at 120! https://x.example/y") == "at buy buy now"


def test_an_author_who_repeats_himself_is_no_network():
    assert coordination(ring().with_columns(author_id=pl.lit("one"))).pairs == 0


def test_the_last_word_on_a_follow_counts_and_nobody_follows_himself():
    rows = [
        ("a", "b", 1, "follow"),
        ("a", "b", 2, "unfollow"),
        ("b", "a", 1, "follow"),
        ("c", "c", 1, "follow"),
    ]
    frame = pl.DataFrame(rows, schema=["follower_id", "followee_id", "transact_time", "action"], orient="row")
    assert standing(frame).select("follower_id", "followee_id").rows() == [("b", "a")]


def test_mutual_follows_are_counted_beside_what_chance_brings():
    rng = np.random.default_rng(8)
    pairs = {(int(a), int(b)) for a, b in rng.integers(0, 60, (700, 2)) if a != b}
    edges = pl.DataFrame(
        [(f"u{a}", f"u{b}") for a, b in pairs], schema=["follower_id", "followee_id"], orient="row"
    )
    both, expected = mutual(edges)
    assert both == sum((b, a) in pairs for a, b in pairs) // 2
    assert abs(both - expected) < 4 * expected**0.5
    assert mutual(edges.head(0)) == (0, 0.0)
    assert mutual(pl.DataFrame({"follower_id": ["a", "b"], "followee_id": ["b", "a"]}))[0] == 1


def test_positions_are_within_bounds_the_same_each_time_and_tie_what_is_tied():
    edges = np.array(
        [(a, b) for side in (0, 10) for a in range(side, side + 10) for b in range(a + 1, side + 10)]
    )
    at = positions(20, edges)
    assert np.array_equal(at, positions(20, edges))
    assert np.abs(at).max() <= 1.0 + 1e-12
    inside = np.linalg.norm(at[:10] - at[:10].mean(axis=0), axis=1).mean()
    assert np.linalg.norm(at[:10].mean(axis=0) - at[10:].mean(axis=0)) > 2 * inside
    assert positions(0, np.zeros((0, 2), dtype=int)).shape == (0, 2)
    assert np.isfinite(positions(3, np.zeros((0, 2), dtype=int))).all()
