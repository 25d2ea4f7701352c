"""Bars to both sides of nought: every tick says what it is."""

import pytest

from components.charts.diverging import diverging, percent_ticks, points
from components.theme import theme


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        (-0.1, 0.02, ["−10.0%", "−7.5%", "−5.0%", "−2.5%", "0"]),
        (-0.05, 0.05, ["−4%", "−2%", "0", "+2%", "+4%"]),
        (0.0, 0.004, ["0", "+0.1%", "+0.2%", "+0.3%", "+0.4%"]),
    ],
)
def test_ticks_are_told_apart(low, high, words):
    found = percent_ticks(low, high)
    assert set(words) <= set(found["ticktext"])
    assert len(set(found["ticktext"])) == len(found["ticktext"])


def test_effects_are_told_with_two_decimals_and_a_real_minus():
    assert [points(value) for value in (-0.00384, 0.0, None, 0.1234)] == ["−0.38%", "0.00%", "–", "+12.34%"]


def test_a_row_without_a_number_is_drawn_at_nought():
    rows = [{"label": "A", "x": 0.01, "all": 0.01}, {"label": "B", "x": None, "all": None}]
    made = diverging(rows, parts=[("x", "X", "#123456")], look=theme("dark"), finding="Two.", total="all")
    figure = made.children.children.figure
    assert figure["data"][0]["x"] == [0.0, 0.01]
    assert [note["text"] for note in figure["layout"]["annotations"]] == ["–", "+1.00%"]
