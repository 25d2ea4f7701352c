"""Posts of the feed as they are drawn."""

from datetime import UTC, datetime

import orjson

from components.talk import Reader, post_list

POST = {
    "post_id": "p1", "transact_time": datetime(2026, 11, 20, 15, tzinfo=UTC), "author_id": "u1", "author": "Una",
    "text": "$AAPL and many others", "instrument_ids": ["AAPL", "MSFT"], "relevance": [0.7071, 0.25],
    "sentiment": 0.4, "tone": "positive", "origin": "own", "room_id": None, "room": None, "context_kind": None,
    "context_id": None, "version": 1, "edited_at": None, "hidden": False, "hidden_reason": None, "likes": None,
    "in_reply_to": None, "may_edit": False,
}  # fmt: skip


def drawn(post, *chosen):
    reader = Reader("trader", {"AAPL": "AAPL", "MSFT": "MSFT"}, {}, frozenset(), None, chosen)
    return orjson.dumps(post_list([post], reader), default=lambda one: one.to_plotly_json()).decode()


def test_where_the_view_is_narrowed_a_post_says_how_much_it_is_about_that():
    assert "% about" not in drawn(POST)
    assert "71% about AAPL" in drawn(POST, "AAPL")
    assert "about MSFT" not in drawn(POST, "AAPL")
    assert "25% about MSFT" in drawn(POST, "MSFT")
    assert "does not count" in drawn(POST, "MSFT")
    assert "does not count" not in drawn(POST, "AAPL")


def test_a_post_that_names_nothing_is_drawn_too():
    assert "p1" in drawn(POST | {"instrument_ids": None, "relevance": None}, "AAPL")
