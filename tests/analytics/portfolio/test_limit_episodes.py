"""Sessions above a limit grow into episodes: at the limit is not above it."""

from datetime import date, timedelta

import pytest

from analytics.portfolio.limit_episodes import Episode, Reading, episodes

START = date(2026, 11, 2)


def course(*values, applies=None):
    days = [START + timedelta(days=i) for i in range(len(values))]
    binds = applies or [True] * len(values)
    return [Reading(d, v, f"d{i}", b) for i, (d, v, b) in enumerate(zip(days, values, binds, strict=True))]


def test_a_value_at_the_limit_is_no_breach_and_just_above_it_is_one():
    assert episodes(course(99.0, 100.0, 100.0), bound=100.0) == []
    (found,) = episodes(course(99.0, 100.0, 100.0000001), bound=100.0)
    assert (found.opened, found.closed) == (START + timedelta(days=2), None)


def test_an_episode_keeps_its_start_and_tells_peak_and_last_value():
    (found,) = episodes(course(5, 12, 15, 11, 9), bound=10)
    assert found == Episode(
        opened=START + timedelta(days=1), last_day=START + timedelta(days=3), peak=15, peak_day=START + timedelta(days=2),
        current=11, driver="d2", sessions=3, closed=START + timedelta(days=4), closed_why="within the limit",
    )  # fmt: skip


def test_two_passages_are_two_episodes():
    found = episodes(course(11, 9, 12), bound=10)
    assert [(one.opened.day, one.closed is None) for one in found] == [(2, False), (4, True)]


def test_a_session_without_a_value_neither_ends_nor_prolongs():
    (found,) = episodes(course(11, None, 12, None), bound=10)
    assert (found.sessions, found.last_day, found.closed) == (2, START + timedelta(days=2), None)


@pytest.mark.parametrize(
    ("applies", "opened", "why"),
    [([False, True, True], 3, None), ([True, True, False], 2, "out of force"), ([False] * 3, None, None)],
)
def test_only_sessions_the_limit_binds_count(applies, opened, why):
    found = episodes(course(11, 12, 13, applies=applies), bound=10)
    assert [one.opened.day for one in found] == ([opened] if opened else [])
    assert [one.closed_why for one in found] == ([why] if opened else [])


def test_nothing_measured_is_no_episode():
    assert episodes([], bound=1) == []
