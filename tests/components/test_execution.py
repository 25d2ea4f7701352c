"""Drawings of the execution quality page on literal answers."""

import json
from datetime import date

import plotly.graph_objects as go
import pytest
from plotly.utils import PlotlyJSONEncoder

from components.charts.cost_days import cost_days
from components.charts.cost_sizes import bucket_name, cost_sizes
from components.charts.markout_curve import markout_curve
from components.execution import league_table, outlier_row, strip_of
from components.theme import THEMES

LOOK = THEMES["dark"]
HOSTILE = "<img src=x onerror=1>"


def figure_of(box):
    figure = box.children.children.figure
    return figure, go.Figure(
        data=figure["data"], layout={k: v for k, v in figure["layout"].items() if k != "template"}
    )


def label_of(box):
    return box.to_plotly_json()["props"]["aria-label"]


def text_of(component):
    return json.dumps(component, cls=PlotlyJSONEncoder, ensure_ascii=False)


def point(horizon, value, low=None, high=None, n=5):
    return {"horizon": horizon, "markout_bp": value, "low": low, "high": high, "n": n, "clusters": n}


@pytest.mark.parametrize("name", ["dark", "light"])
def test_the_curve_names_the_horizons_that_are_clear_of_zero(name):
    points = [
        point("1s", 2.0, 1.0, 3.0),
        point("1m", 0.5, -1.0, 2.0),
        point("close", None, n=0),
        point("1d", -3.0, -5.0, -1.0),
    ]
    box = markout_curve(points, look=THEMES[name], height=200)
    figure_of(box)  # plotly refuses what it does not know
    assert label_of(box).endswith("clear of zero at 1 s, Next close.")


def test_a_curve_of_one_point_without_a_band_is_a_point():
    box = markout_curve([point("5m", 0.0, n=1)], look=LOOK, height=200)
    figure, _ = figure_of(box)
    assert len(figure["data"]) == 1
    assert "no band" in figure["data"][0]["customdata"][0]
    low, high = figure["layout"]["yaxis"]["range"]
    assert low < 0 < high


def cost(day, value, low, high):
    return {"day": date(2026, 11, day), "slippage_bp": value, "low": low, "high": high, "n": 3, "cost": 10.0}


def test_only_days_whose_whole_interval_is_off_the_mean_are_marked():
    rows = [
        cost(18, 1.0, 0.5, 1.5),
        cost(19, 3.0, 2.5, 3.5),
        cost(20, 2.2, 1.0, 3.4),
        cost(23, 9.0, None, None),
    ]
    box = cost_days(rows, look=LOOK, currency="USD", height=200, mean=2.0)
    figure, _ = figure_of(box)
    assert figure["data"][0]["marker"]["color"] == [LOOK["up"], LOOK["down"], LOOK["accent"], LOOK["accent"]]
    assert "dearer by more than noise on 19 Nov 2026." in label_of(box)
    # Always a range: labels take part in plotly's own.
    assert figure["layout"]["xaxis"]["range"] == ["2026-11-17", "2026-11-24"]


def test_sizes_are_marked_where_the_expectation_lies_outside_the_interval():
    rows = [
        {"above": 0.0, "up_to": 1e-4, "cost_bp": 1.0, "low": 0.0, "high": 2.0, "expected_bp": 1.5, "n": 40},
        {"above": 0.03, "up_to": None, "cost_bp": 9.0, "low": 7.0, "high": 11.0, "expected_bp": 3.0, "n": 1},
    ]
    box = cost_sizes(rows, look=LOOK, height=200)
    figure, _ = figure_of(box)
    assert figure["data"][1]["marker"]["color"] == [LOOK["accent"], LOOK["down"]]
    assert figure["data"][1]["x"] == ["≤0.01%", ">3%"]
    assert "off what is expected at >3%." in label_of(box)
    assert bucket_name(1e-4, 3e-4) == "0.01–0.03%"


def standing(name, mean, *, significant=False, reason=None):
    known = reason is None
    return {
        "name": name, "n": 30, "clusters": 25, "mean": mean, "shrunk": mean if known else None,
        "low": mean - 1 if known else None, "high": mean + 1 if known else None, "league_mean": 2.0 if known else None,
        "q": 0.0004 if significant else 0.4 if known else None, "significant": significant, "reason": reason,
    }  # fmt: skip


def test_people_go_by_their_names_and_are_chosen_by_their_ids():
    made = league_table([standing("T7", 1.0)], by="trader", held=frozenset(), called={"T7": "Ada Lovelace"})
    said = text_of(made)
    assert '"children": "Ada Lovelace"' in said
    assert '"data-value": "T7"' in said


def test_a_league_says_in_words_who_differs_and_who_cannot_be_compared():
    rows = [
        standing("XNAS", 1.0), standing("EDGX", 5.0, significant=True), standing("BATS", 0.1, significant=True),
        standing(HOSTILE, 9.0, reason="Fewer than 20 independent observations."),
    ]  # fmt: skip
    said = text_of(league_table(rows, by="venue", held=frozenset({"XNAS"})))
    for words in ("not told apart", "dearer", "cheaper", "not compared", "Fewer than 20", "< 0.001"):
        assert words in said
    # The one chosen is let go by a second click; the others are set.
    buttons = [
        row.children[0].children
        for row in league_table(rows, by="venue", held=frozenset({"XNAS"})).children.children[1].children
    ]
    marks = [one.to_plotly_json()["props"] for one in buttons]
    assert [(m["data-set"], m["data-value"], m["aria-pressed"]) for m in marks[:2]] == [
        ("venue", "", "true"),
        ("venue", "EDGX", "false"),
    ]


@pytest.mark.parametrize(
    ("by", "mark"), [("trader", "data-toggle-context"), ("broker", "data-set"), ("strategy", None)]
)
def test_a_name_narrows_the_context_where_there_is_one_and_the_page_where_not(by, mark):
    cell = (
        league_table([standing("T1", 1.0)], by=by, held=frozenset())
        .children.children[1]
        .children[0]
        .children[0]
        .children
    )
    held = cell.to_plotly_json()["props"]
    assert (mark in held) if mark else not any(name.startswith("data-") for name in held)


def test_an_order_opens_its_page_and_an_execution_without_one_opens_nothing():
    row = {"order_id": "A/1 é", "order": "A/1 é", "size": 0.0002, "z": 5.0, "outlier": True}
    assert outlier_row(row)["_open"] == "/trading/orders/A%2F1%20%C3%A9"
    assert outlier_row(row)["size_bp"] == pytest.approx(2)
    assert "_open" not in outlier_row(row | {"order_id": None})
    assert outlier_row(row | {"size": None})["size_bp"] is None


def test_the_strip_carries_the_raw_figures_and_says_why_one_is_missing():
    names = ("slippage_bp", "implementation_shortfall_bp", "implementation_shortfall", "effective_spread_bp",
             "realised_spread_bp", "fill_rate", "participation", "reversion_bp")  # fmt: skip
    known = {"value": 0.004, "low": 0.001, "high": 0.007, "n": 3, "reason": None, "convention": {}}
    unit = {"fill_rate": "fraction", "participation": "fraction"}
    summary = [{"name": name, "unit": unit.get(name, "basis points"), **known} for name in names]
    summary[-1] |= {"value": None, "low": None, "high": None, "reason": "No quote is known."}
    shown = strip_of({"summary": summary, "currency": "USD"}, None)
    tiles = {t.to_plotly_json()["props"]["data-kpi"]: t.to_plotly_json()["props"] for t in shown.children}
    assert tiles["participation"]["data-value"] == "0.004"
    assert (tiles["reversion"]["data-state"], tiles["reversion"]["data-value"]) == ("empty", "")
    assert "No quote is known." in text_of(shown)
    assert "nan" not in text_of(shown).lower()
