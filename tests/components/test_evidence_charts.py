"""Charts of the evidence: what they mark, what they say to those who do not see them, and units on their axes."""

from datetime import UTC, date, datetime, timedelta

import plotly.graph_objects as go
import pytest

from components.charts.alert_days import alert_days
from components.charts.gain_days import gain_days
from components.charts.held_course import held_course
from components.charts.picked_returns import picked_returns
from components.charts.price_marks import price_marks
from components.theme import THEMES

AT = datetime(2026, 11, 20, 14, 30, tzinfo=UTC)
LATER = AT + timedelta(minutes=10)
HELD = {
    "rows": [{"time": AT, "held": -5.0}, {"time": LATER, "held": -12.0}], "bound": 10.0, "peak": -12.0,
    "counted": "position", "instrument_id": "AAPL", "window": {"start": AT, "end": LATER}, "reason": None,
}  # fmt: skip
GAINS = {
    "rows": [{"date": date(2026, 11, 19), "gain": 5.0, "marked": False}, {"date": date(2026, 11, 20), "gain": 900.0, "marked": True}],
    "low": -10.0, "high": 12.0, "days": 30, "currency": "USD", "reason": None,
}  # fmt: skip
PICK = {
    "time": AT,
    "account_id": "A1",
    "instrument_id": "AAPL",
    "order_id": "O1",
    "favoured": True,
    "bp": 40.0,
    "after": 7200.0,
}
PICKED = {"rows": [PICK, PICK | {"favoured": False, "bp": -60.0}], "own": 40.0, "rest": -60.0, "n_own": 1, "n_rest": 1, "reason": None}  # fmt: skip


def figure(box):
    plot = box.children.children
    go.Figure(plot.figure)  # plotly refuses what it does not know
    return plot.figure, box.to_plotly_json()["props"]["aria-label"]


@pytest.mark.parametrize("look", THEMES.values(), ids=THEMES)
def test_every_chart_of_a_course_names_its_axes_and_its_finding(look):
    for box, said in (
        (held_course(HELD, look=look, height=250), "At most 12 units of AAPL"),
        (gain_days(GAINS, look=look, height=250), "+$900.00 on 20 Nov 2026"),
        (picked_returns(PICKED, look=look, height=250), "made +40 basis points on average"),
    ):
        drawn, finding = figure(box)
        assert said in finding
        assert drawn["layout"]["xaxis"]["title"]["text"]
        assert drawn["layout"]["yaxis"]["title"]["text"]


def test_a_bound_stands_on_the_side_that_was_held():
    drawn, _ = figure(held_course(HELD, look=THEMES["dark"], height=250))
    lines = [shape["y0"] for shape in drawn["layout"]["shapes"] if shape["type"] == "line"]
    assert lines == [-10.0]


def test_what_was_said_in_public_stands_at_the_foot_and_never_as_markup():
    course = {
        "instrument_id": "AAPL", "start": AT, "end": LATER, "kind": "fills", "orders": [], "fills": [],
        "window": {"start": AT, "end": LATER}, "rows": [{"time": AT, "price": 10.0}, {"time": LATER, "price": 11.0}],
        "marks": [{"time": AT, "kind": "post", "words": "<b>up</b>"}, {"time": AT, "kind": "news", "words": "N"}],
    }  # fmt: skip
    drawn, _ = figure(price_marks(course, look=THEMES["dark"], height=250))
    said = [text for trace in drawn["data"] for text in trace.get("customdata", ())]
    assert len(said) == 2
    assert not any("<b>" in text for text in said)


@pytest.mark.parametrize(
    ("days", "axis", "marks"), [(10, "Day, UTC", 2), (100, "Week, UTC", 2), (700, "Month, UTC", 2)]
)
def test_alerts_of_a_long_time_are_counted_by_week_or_month(days, axis, marks):
    first = date(2025, 1, 15)
    counts = [(first, "high", 1), (first + timedelta(days=days), "high", 2)]
    drawn, finding = figure(alert_days(counts, look=THEMES["dark"], height=200))
    assert drawn["layout"]["xaxis"]["title"]["text"] == axis
    assert sum(len(trace["x"]) for trace in drawn["data"]) == marks
    assert "3 alerts" in finding
