"""What an author's words weigh."""

from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest

from analytics.social.author_weight import with_author_weight

FIRST = date(2026, 1, 5)


def _posts(*days: int, author: str = "ann") -> pl.DataFrame:
    noon = datetime(2026, 1, 5, 12, tzinfo=UTC)
    return pl.DataFrame(
        {"author_id": [author] * len(days), "transact_time": [noon + timedelta(days=n) for n in days]},
        schema_overrides={"author_id": pl.String, "transact_time": pl.Datetime("us", "UTC")},
    )


def _ended(won: list[bool], *, author: str = "ann", ideas_a_day: int = 1) -> pl.DataFrame:
    """One idea (or some) a day, each ended two days on."""
    days = [n // ideas_a_day for n in range(len(won))]
    return pl.DataFrame(
        {
            "author_id": [author] * len(won),
            "entry_date": [FIRST + timedelta(days=n) for n in days],
            "exit_date": [FIRST + timedelta(days=n + 2) for n in days],
            "won": won,
        },
        schema_overrides={
            "author_id": pl.String,
            "entry_date": pl.Date,
            "exit_date": pl.Date,
            "won": pl.Boolean,
        },
    )


def test_who_is_right_in_sixty_percent_of_thirty_days_weighs_a_tenth_more():
    """By hand: 2 x (15 + 18) / (30 + 30) = 1.1."""
    found = with_author_weight(_posts(200), _ended([True] * 18 + [False] * 12))
    assert found["author_weight"].to_list() == pytest.approx([1.1])


def test_who_has_no_record_weighs_one():
    posts = pl.concat([_posts(200, author="bob"), _posts(200)])
    found = with_author_weight(posts, _ended([True] * 30))
    assert found["author_weight"].to_list() == pytest.approx([1.0, 1.5])


def test_only_what_ended_on_a_day_before_counts():
    """Ideas of days 0, 1, 2, ... end on days 2, 3, 4, ...: on day 2 none is known yet, on day 3 one, on 4 two."""
    found = with_author_weight(_posts(4, 2, 3), _ended([True] * 10))
    assert found["author_weight"].to_list() == pytest.approx([2 * 17 / 32, 1.0, 2 * 16 / 31])


def test_ideas_of_one_day_count_once():
    """Two ideas a day, one right and one wrong, over five days: half right on each of five days."""
    found = with_author_weight(_posts(200), _ended([True, False] * 5, ideas_a_day=2))
    assert found["author_weight"].to_list() == pytest.approx([1.0])


def test_later_ideas_change_no_earlier_weight():
    won = [True, True, False, True, False, False, True, True]
    posts = _posts(*range(12))
    whole = with_author_weight(posts, _ended(won)).head(6)
    cut = with_author_weight(posts, _ended(won[:4])).head(6)
    assert whole["author_weight"].to_list() == cut["author_weight"].to_list()


def test_a_firm_without_ideas_or_posts_is_no_fault():
    assert with_author_weight(_posts(1), _ended([]))["author_weight"].to_list() == [1.0]
    assert with_author_weight(_posts(), _ended([True])).height == 0
