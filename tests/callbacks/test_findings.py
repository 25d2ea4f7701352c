"""What the address says, and what of it is believed."""

import pytest

from callbacks.compliance.alerts import chosen, sort_of
from callbacks.social.feed import MOST, STEP, shown_of


def test_open_alerts_are_what_is_shown_unless_said_otherwise():
    assert chosen({}) == {"open": "true"}
    assert chosen({"status": "closed"}) == {"open": "false"}
    assert chosen({"status": "all"}) == {}
    assert chosen({"status": "new"}) == {"status": "new"}


def test_a_facet_counts_without_its_own_choice():
    state = {"severity": "high,low", "detector": "wash_trade"}
    assert chosen(state, without="severity") == {"open": "true", "detector": "wash_trade"}


@pytest.mark.parametrize(
    ("model", "sort"),
    [
        ([{"colId": "window", "sort": "asc"}], "window"),
        ([{"colId": "score", "sort": "desc"}], "-score"),
        ([{"colId": "title", "sort": "asc"}], "-score"),
        ([{"colId": "1; drop", "sort": "asc"}], "-score"),
        ([], "-score"),
        (None, "-score"),
        ("score", "-score"),
        ([["score"]], "-score"),
    ],
)
def test_a_grid_sorts_by_what_the_query_sorts_by(model, sort):
    assert sort_of(model) == sort


@pytest.mark.parametrize(
    ("asked", "shown"),
    [("", STEP), ("75", 75), ("-1", STEP), ("999999999", STEP), ("9999", MOST), ("²", STEP), ("x", STEP)],
)
def test_how_many_posts_are_shown_stays_within_bounds(asked, shown):
    assert shown_of(asked) == shown
