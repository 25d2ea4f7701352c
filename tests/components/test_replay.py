"""The replay and the lanes as they are drawn: what the browser plays, what is said of what is not shown."""

import base64
import json
from datetime import UTC, datetime, timedelta

import numpy as np
import plotly.graph_objects as go
import polars as pl
import pytest

from components import episode, evidence_places, lanes, replay
from components.theme import THEMES
from tests.components.test_alerts import text_of

AT = datetime(2026, 11, 20, 14, 30, tzinfo=UTC)
STRETCH = {
    "instrument_id": "AAPL",
    "first": AT,
    "last": AT,
    "start": AT,
    "end": AT + timedelta(minutes=2),
    "moves": 3,
}
ANSWER = {
    "instrument_id": "AAPL", "tick": 0.01, "start": AT, "end": AT + timedelta(minutes=2), "source": "orders",
    "orders": [["O1", 1, 2, "A1", "tom", None], ["O2", -1, 2, "A1", "tom", None], ["O3", 1, 0, "A2", "jane", "C1"]],
    "moves": [
        [0.0, 2, "rests", 99.0, 5.0, None, None], [1000.0, 0, "new", 100.0, 10.0, None, None],
        [1500.5, 1, "new", None, 4.0, None, None], [2000.0, 0, "replace", 100.1, 8.0, None, None],
        [2500.0, 1, "fill", None, 0.0, 4.0, 100.2], [3000.0, 0, "cancel", 100.1, 0.0, None, None],
    ],
    "quotes": [[0.0, 100.0, 300.0, 100.2, 200.0]],
    "stretches": [STRETCH], "more": 0, "chosen": 0, "left_out": {"orders": 0, "moves": 0, "quotes": 0},
}  # fmt: skip


@pytest.mark.parametrize("look", THEMES.values(), ids=THEMES)
def test_entries_changes_withdrawals_and_fills_are_marks_of_their_own(look):
    box = replay.replay_course(ANSWER, look=look, height=300)
    figure = go.Figure(box.children.children.figure)
    symbols = {trace.marker.symbol for trace in figure.data if trace.mode == "markers"}
    assert symbols == {"line-ns-open", "diamond-open", "x-thin-open", "triangle-down"}
    resting = next(trace for trace in box.children.children.figure["data"] if trace.get("yaxis") == "y2")
    assert np.frombuffer(base64.b64decode(resting["y"]["bdata"])).tolist() == [0.0, 10.0, 8.0, 0.0, 0.0]
    assert "2 suspect orders entered, 1 withdrawn and 1 fill in AAPL" in text_of(box)


def test_a_stretch_without_quotes_or_limits_is_still_drawn():
    bare = ANSWER | {"quotes": [], "moves": [ANSWER["moves"][2], ANSWER["moves"][4]]}
    assert "No quote of this time is known" in text_of(replay.replay(bare, look=THEMES["dark"]))


def test_the_browser_gets_one_answer_without_what_only_the_server_needs():
    found = json.loads(replay.packed(ANSWER))
    assert found["span"] == 120_000
    assert found["start"] == AT.timestamp() * 1000
    assert found["orders"][2] == ["O3", 1, 0, "A2", "jane"]
    assert found["moves"] == ANSWER["moves"]


def test_what_is_left_out_is_said():
    said = text_of(replay.told(ANSWER | {"more": 2, "left_out": {"orders": 3, "moves": 40, "quotes": 7}}))
    assert "3 smaller orders of others with 40 moves did not fit" in said
    assert "7 quotes" in said
    assert "2 quieter stretches" in said
    assert "rebuilt from the firm's own orders" in said


def test_the_busiest_stretch_is_what_the_address_leaves_out():
    two = [STRETCH, STRETCH | {"first": AT + timedelta(days=1), "moves": 9}]
    (made,) = replay.choice(ANSWER | {"stretches": two, "chosen": 1})
    first, second = (button.to_plotly_json()["props"] for button in made.children)
    assert (first["children"], first["data-value"], first["aria-pressed"]) == ("21 Nov 14:30", "", "true")
    assert second["data-value"] == "0"
    assert replay.choice(ANSWER) == ()


def test_lanes_lead_to_each_thing_and_gather_what_falls_together():
    behind = {
        "events": pl.DataFrame(
            {"transact_time": [AT, AT, AT + timedelta(minutes=9)], "event_type": ["new", "ack", "cancel"],
             "side": ["buy"] * 3, "order_id": ["O 1"] * 3}
        ),
        "executions": pl.DataFrame(schema={"transact_time": pl.Datetime("us", "UTC"), "side": pl.String}),
        "messages": pl.DataFrame({"transact_time": [AT, AT], "sender_id": ["tom", "tom"]}),
        "posts": pl.DataFrame(schema={"transact_time": pl.Datetime("us", "UTC")}),
        "news": pl.DataFrame({"published_time": [AT], "headline": ["<b>Up</b>"]}),
    }  # fmt: skip
    found = lanes.marks(behind, {"tom": "Tom"})
    assert [len(lane) for lane in found.values()] == [2, 0, 2, 0, 1]
    said = text_of(lanes.lanes(found, {"start": AT, "end": None}))
    assert "/trading/orders/O%201" in said
    assert "Message of Tom and 1 more here" in said
    assert lanes.lanes(lanes.marks({name: frame.clear() for name, frame in behind.items()}, {}), {}) is None


@pytest.mark.parametrize(
    ("stands", "said"),
    [
        (None, ""),
        ({"below": 0, "same": 0, "of": 0, "percentile": None}, ""),
        (
            {"below": 2, "same": 1, "of": 3, "percentile": None},
            "more than 2 and equal to 1 of 3 other alerts of this rule here",
        ),
        (
            {"below": 39, "same": 0, "of": 40, "percentile": 0.975},
            "more than 98% of 40 alerts of this rule here",
        ),
    ],
)
def test_a_measure_says_where_it_stands(stands, said):
    assert episode.standing(stands) == said


def test_places_come_in_the_order_asked_and_unknown_names_are_left_out():
    made = evidence_places.places("p", ["effect", "nothing", "replay"])
    assert [place.children[0].id for place in made] == ["p--effect", "p--replay"]


def test_the_effect_is_drawn_to_the_cent_with_a_head_for_each_column():
    money = {"new_trades": 6.004, "carry": 0.0, "fees": -2.0, "pnl": 4.004, "day_pnl": None}
    row = money | {
        "account_id": "A1",
        "instrument_id": "AAPL",
        "bought": 10.0,
        "bought_px": 100.5,
        "sold": 0.0,
        "sold_px": None,
    }
    found = {"rows": [row], "total": money, "rows_in_all": 3, "fills": 1, "currency": "USD", "reason": None}
    made = episode.effect(found, {})
    said = text_of(made)
    assert "+$4.00" in said
    assert "2 smaller rows are in the total only." in said
    assert said.count('"Th"') == said.count('"Td"')
