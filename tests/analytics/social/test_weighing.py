"""How the tones of posts are put together: by instrument, over several, and what counts as taking a side."""

import polars as pl
import pytest

from analytics.social.weighing import ABOUT, by_instrument, mean_tone, stances, together


def posts(*rows):
    """Return posts p0, p1 ... from instruments, their relevance, sentiment and confidence."""
    schema = {
        "instrument_ids": pl.List(pl.String), "relevance": pl.List(pl.Float64), "sentiment": pl.Float64,
        "confidence": pl.Float64,
    }  # fmt: skip
    made = pl.DataFrame(rows, schema=schema, orient="row")
    return made.with_columns(post_id=pl.format("p{}", pl.int_range(pl.len()))) if rows else made.with_columns(
        post_id=pl.lit(None, pl.String)
    )  # fmt: skip


MIXED = (
    (["A"], [1.0], 0.5, 0.8),
    (["A", "B"], [0.4, 0.7], -0.6, 0.5),
    ([], [], 0.9, 1.0),
    (None, None, 0.9, 1.0),
    (["A"], [0.8], 0.0, 0.0),
    (["B"], [0.5], None, None),
)


def test_a_post_weighs_by_how_sure_its_tone_is_and_how_much_it_is_about_the_instrument():
    rows = by_instrument(posts(*MIXED))
    weights = {(row["post_id"], row["instrument_id"]): row["weight"] for row in rows.to_dicts()}
    assert weights == pytest.approx(
        {("p0", "A"): 0.8, ("p1", "A"): 0.2, ("p1", "B"): 0.35, ("p4", "A"): 0.0, ("p5", "B"): 0.0}
    )
    tones = dict(rows.group_by("instrument_id").agg(tone=mean_tone()).iter_rows())
    assert tones == pytest.approx({"A": (0.5 * 0.8 - 0.6 * 0.2) / 1.0, "B": -0.6})


def test_words_of_an_author_with_a_record_weigh_by_it():
    frame = posts((["A"], [1.0], 0.5, 0.8), (["A"], [1.0], -0.5, 0.8)).with_columns(
        author_weight=pl.Series([1.5, 0.5])
    )
    assert by_instrument(frame)["weight"].to_list() == pytest.approx([1.2, 0.4])
    assert together(frame).select(mean_tone()).item() == pytest.approx(0.5 * (1.5 - 0.5) / 2)


def test_a_set_of_one_instrument_has_that_instruments_tone():
    frame = posts(*MIXED)
    alone = by_instrument(frame).filter(pl.col("instrument_id") == "A").select(mean_tone()).item()
    assert together(frame, ["A"]).select(mean_tone()).item() == pytest.approx(alone)


def test_a_post_counts_once_for_a_set_however_many_of_it_it_names():
    half = 0.5**0.5
    frame = posts((["A", "B"], [half, half], 1.0, 1.0), (["A"], [1.0], -1.0, 1.0), ([], [], 1.0, 1.0))
    assert together(frame)["relevance"].to_list() == pytest.approx([1.0, 1.0, 0.0])
    assert together(frame, ["B", "C"])["relevance"].to_list() == pytest.approx([half, 0.0, 0.0])
    assert together(frame).select(mean_tone()).item() == pytest.approx(0.0)
    assert together(frame)["post_id"].to_list() == ["p0", "p1", "p2"]


def test_a_post_that_names_a_long_list_says_something_of_the_list_and_nothing_of_one_of_it():
    frame = posts((list("ABCDEFGHIJ"), [0.3] * 10, 0.9, 0.9))
    assert by_instrument(frame)["weight"].to_list() == [0.0] * 10
    assert together(frame, ["A"]).select(mean_tone()).item() is None
    assert together(frame).select(mean_tone()).item() == pytest.approx(0.9)


def test_no_post_of_known_tone_is_no_tone_and_not_zero():
    assert posts().pipe(together).select(mean_tone()).item() is None
    assert posts(*MIXED[4:]).pipe(together).select(mean_tone()).item() is None
    assert posts(*MIXED[2:4]).pipe(together).select(mean_tone()).item() is None
    assert by_instrument(posts()).height == 0


def test_a_side_is_taken_by_a_tone_that_is_not_neutral_and_not_on_one_of_a_long_list():
    frame = posts(*MIXED, (["C", "D"], [ABOUT, ABOUT - 0.01], 0.2, 0.4))
    assert stances(frame).select("post_id", "instrument_id", "side").rows() == [
        ("p0", "A", 1), ("p1", "A", -1), ("p1", "B", -1), ("p6", "C", 1),
    ]  # fmt: skip
