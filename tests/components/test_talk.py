"""Posts of the feed as they are drawn."""

from datetime import UTC, date, datetime

import orjson
import polars as pl

from app.scope import Scope
from callbacks._fill import View
from callbacks.social._course import course
from components.charts.tone_course import recent
from components.talk import Reader, post_list
from components.theme import theme

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


def test_the_course_shows_no_years_of_silence_and_starts_the_price_of_several_at_a_hundred():
    rows = [
        {"day": date(1800, 1, 1)},
        {"day": date(2014, 3, 1)},
        *({"day": date(2026, 11, d)} for d in (2, 20)),
    ]
    assert recent(rows) == rows[2:]
    assert recent(rows[2:]) == rows[2:]
    assert recent([]) == []
    told = {"day": [date(2014, 3, 1), date(2026, 11, 2), date(2026, 11, 3)], "posts": [1, 2, 0], "relevance": 0.5,
            "sentiment": [0.1, None, None], "price": [10.0, 50.0, 55.0]}  # fmt: skip
    view = View(theme("dark"), Scope(instrument=("A", "B")), "USD", "trader")
    drawn = course(pl.DataFrame(told), view, most=90, height=250)
    assert drawn.sub == "by day, 2 posts"
    told = orjson.dumps([drawn.legend, drawn.as_table], default=lambda one: one.to_plotly_json()).decode()
    assert "A and B, first day 100" in told
    assert "100.00" in told
    assert "50.00" not in told
