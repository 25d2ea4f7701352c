"""The P&L page's own parts on literal answers."""

import json
from datetime import UTC, datetime

import plotly.graph_objects as go
import pytest
from plotly.utils import PlotlyJSONEncoder

from components.charts.day_course import day_course
from components.charts.waterfall import Fall, waterfall
from components.graph import floats
from components.pnl import calendar, identity_state, identity_table, methods
from components.theme import THEMES

HOSTILE = "<img src=x onerror=window.__x=1>"
DAYS = [{"group": f"2026-11-{day:02d}", "pnl": pnl} for day, pnl in ((16, 100.0), (17, None), (20, -40.0))]
ROWS = [
    {"time": datetime(2026, 11, 20, 14, 30, tzinfo=UTC), "pnl": 1.0, "desks": [2.0, -1.0]},
    {"time": datetime(2026, 11, 20, 14, 35, tzinfo=UTC), "pnl": None, "desks": [3.0, None]},
]
SUMS = {
    "currency": "USD", "realised": 5.0, "unrealised_change": 3.0, "income": 1.0, "fees": 2.0, "left": 7.0,
    "cash_change": 4.0, "value_change": 3.0, "right": 7.0, "difference": 0.0,
}  # fmt: skip
BREAK = {
    "account_id": "A1",
    "instrument_id": HOSTILE,
    "date": "2026-11-20",
    "left": 1.0,
    "right": 0.5,
    "difference": 0.5,
}
ANSWER = {
    "checked": 10, "holds": 10, "unknown": 2, "worst": 3e-12, "currencies": [SUMS], "breaks": [],
    "accounts": {"checked": 5, "holds": 5, "unknown": 0, "worst": 0.0, "breaks": [], "reason": None},
}  # fmt: skip


def text_of(component):
    return json.dumps(component, cls=PlotlyJSONEncoder, ensure_ascii=False)


def figure_of(box):
    return box.children.children.figure


@pytest.mark.parametrize("look", THEMES.values(), ids=THEMES)
def test_figures_are_valid_in_both_themes(look):
    falls = [
        Fall("Price", 10.0),
        Fall("Fees", -4.0),
        Fall("Unknown", None, hover="no rate"),
        Fall("Net", 6.0, total=True),
    ]
    drawn = (
        waterfall(falls, look=look, height=200, words=str, finding="It adds up."),
        day_course(ROWS, ["D1", "D2"], look=look, currency="USD", height=200, close=1.5),
    )
    for box in drawn:
        go.Figure(figure_of(box))


def test_a_waterfall_starts_each_part_where_the_last_ended():
    falls = [Fall("Price", 10.0), Fall("Fees", -4.0), Fall("Net", 6.0, total=True)]
    bars = figure_of(waterfall(falls, look=THEMES["dark"], height=200, words=str, finding="x"))["data"][0]
    assert bars["base"] == [0, 10, 0]
    assert bars["y"] == floats([10, -4, 6])


def test_costs_are_bad_when_positive():
    look = THEMES["dark"]
    falls = [Fall("Delay", 10.0), Fall("Gain", -4.0)]
    bars = figure_of(waterfall(falls, look=look, height=200, words=str, finding="x", gain_is_good=False))[
        "data"
    ][0]
    assert bars["marker"]["color"] == [look.faded("down", 0.85), look.faded("up", 0.85)]


def test_the_calendar_names_every_day_and_hides_days_without_a_session():
    drawn = text_of(calendar(DAYS, look=THEMES["light"], currency="USD", chosen="2026-11-20"))
    assert drawn.count('"data-set-day"') == 3
    assert "17 Nov 2026: not known" in drawn
    assert "20 Nov 2026: −$40.00" in drawn
    assert drawn.count('"aria-pressed": "true"') == 1


def test_a_long_calendar_leaves_amounts_to_the_hover():
    rows = [{"group": f"2026-{month:02d}-02", "pnl": 1.0} for month in range(1, 12)]
    drawn = text_of(calendar(rows, look=THEMES["dark"], currency="USD"))
    assert "cal roomy" not in drawn
    assert "cal-v" not in drawn


@pytest.mark.parametrize(
    ("change", "words", "tone"),
    [
        ({}, "holds", "ok"),
        ({"holds": 8}, "2 off", "crit"),
        ({"checked": 0, "holds": 0}, "nothing to check", "line"),
        ({"accounts": ANSWER["accounts"] | {"holds": 4}}, "1 off", "crit"),
    ],
)
def test_the_identity_is_said_in_words(change, words, tone):
    assert identity_state(ANSWER | change) == (words, tone)


def test_the_identity_shows_both_sides_and_every_break():
    drawn = text_of(identity_table(ANSWER))
    for words in (
        "10 of 10 position days to the cent",
        "5 of 5 account days",
        "below 0.000001",
        "2 without a price",
    ):
        assert words in drawn
    assert "+$7.00" in drawn
    broken = text_of(identity_table(ANSWER | {"holds": 9, "breaks": [BREAK]}))
    assert "9 of 10 position days" in broken
    assert HOSTILE in broken  # as text, which the browser escapes


def test_only_who_may_gets_buttons_and_the_pending_method_says_so():
    options = (("average", "Average cost", "a"), ("fifo", "First in", "b"))
    kept = {"cost_method": "average"}
    assert text_of(methods(kept, options, may=True, who="Risk")).count("Use this") == 1
    others = text_of(methods(kept, options, may=False, who="Risk"))
    assert "Use this" not in others
    assert "Risk may change it" in others
    waiting = methods(kept | {"cost_method_asked": "fifo", "note": "soon"}, options, may=True, who="Risk")
    assert "being worked out" in text_of(waiting)
