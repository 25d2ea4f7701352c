"""Components on literal answers: what they mark, what they refuse to show."""

import json
from dataclasses import replace
from datetime import date

import plotly.graph_objects as go
import pytest
from plotly.utils import PlotlyJSONEncoder

from callbacks.intelligence import forecasts
from components.cards import card, segment, slot
from components.charts.dot_interval import dot_interval
from components.charts.line_band import line_band
from components.charts.long_short import long_short
from components.charts.tone_course import tone_course
from components.charts.treemap import treemap
from components.feed import posts
from components.graph import CONFIG, floats
from components.insight import insights
from components.kpi import bullet, severity_bar, spark, strip, tile
from components.links import leads_somewhere
from components.page import Page
from components.tables import column, grid, records, table
from components.theme import THEMES
from components.ticks import money_ticks

HOSTILE = "<img src=x onerror=window.__x=1>"
PAGE = Page(path="/x", section="tests", name="page", title="Page", description="")


def props(component):
    return component.to_plotly_json()["props"]


def text_of(component):
    return json.dumps(component, cls=PlotlyJSONEncoder, ensure_ascii=False)


def figure_of(box):
    return box.children.children.figure


DAYS = [
    {"date": date(2026, 11, 18), "pnl": 100.0, "market": 50.0, "low": -10.0, "high": 120.0},
    {"date": date(2026, 11, 19), "pnl": None, "market": 60.0, "low": None, "high": None},
    {"date": date(2026, 11, 20), "pnl": -40.0, "market": None, "low": -20.0, "high": 130.0},
]
HELD = [
    {"id": "AAA", "label": "AAA", "group": "Energy", "size": 300.0, "gain": 0.02},
    {"id": "BBB", "label": HOSTILE, "group": "Financials", "size": 100.0, "gain": None},
    {"id": "CCC", "label": "CCC", "group": "Energy", "size": 0.0, "gain": 0.5},
]
VENUES = [
    {"label": "XNYS", "value": 4.0, "low": 3.0, "high": 5.0, "size": 10.0},
    {"label": "XNAS", "value": 1.0, "low": None, "high": None, "size": None},
]
SIDES = [{"label": "Energy", "long": 10.0, "short": -4.0, "net": 6.0, "gross": 14.0}]
TALK = [{"day": date(2026, 11, 20), "posts": 3, "sentiment": -0.4}]


@pytest.mark.parametrize("look", THEMES.values(), ids=THEMES)
def test_every_figure_is_valid_plotly_in_both_themes(look):
    made = [
        line_band(
            DAYS,
            look=look,
            currency="USD",
            height=200,
            value="pnl",
            label="P&L",
            benchmark="market",
            low="low",
            high="high",
        ),
        line_band(DAYS[:1], look=look, currency="USD", height=200, value="pnl", label="P&L"),
        treemap(HELD, look=look, currency="USD", height=200),
        dot_interval(VENUES, look=look, height=200, mean=2.0, unit="bps", note="", what="Venues"),
        long_short(SIDES, look=look, currency="USD", height=200),
        tone_course(TALK, look=look, height=200, prices=[], price_label="none"),
        tone_course(
            TALK, look=look, height=200, prices=[{"day": date(2026, 11, 20), "price": 7.0}], price_label="AAA"
        ),
    ]
    for box in made:
        go.Figure(figure_of(box))
        assert props(box)["role"] == "img"
        assert props(box)["aria-label"].endswith(".")


def test_no_graph_offers_to_send_its_data_anywhere():
    assert (CONFIG["showSendToCloud"], CONFIG["plotlyServerURL"], CONFIG["displaylogo"]) == (False, "", False)
    box = line_band(DAYS, look=THEMES["dark"], currency="USD", height=200, value="pnl", label="P&L")
    assert box.children.children.config is CONFIG


def test_the_time_axis_never_stretches_for_a_label():
    figure = figure_of(
        line_band(DAYS, look=THEMES["dark"], currency="USD", height=200, value="pnl", label="P&L")
    )
    assert figure["layout"]["xaxis"]["range"] == ["2026-11-18", "2026-11-20"]


def test_a_venue_is_marked_only_when_its_whole_interval_is_dearer():
    look = THEMES["dark"]
    figure = figure_of(
        dot_interval(VENUES, look=look, height=200, mean=2.0, unit="bps", note="", what="Venues")
    )
    assert dict(zip(figure["data"][0]["y"], figure["data"][0]["marker"]["color"], strict=True)) == {
        "XNYS": look["down"],
        "XNAS": look["accent"],
    }


def test_a_treemap_leaves_out_what_has_no_size_and_adds_up():
    data = figure_of(treemap(HELD, look=THEMES["dark"], currency="USD", height=200))["data"][0]
    assert data["values"] == [400.0, 300.0, 100.0, 300.0, 100.0]
    assert data["customdata"] == ["", "", "", "AAA", "BBB"]


def test_gaps_travel_as_nan_in_typed_arrays():
    assert floats([1, None])["dtype"] == "f8"
    assert floats([1, None]) != floats([1, 0])


def test_a_tile_carries_the_raw_number_and_says_why_there_is_none():
    some = props(tile("net-pnl", "Net P&L", -1234.5, "−$1.234k", sign=True))
    assert (some["data-kpi"], some["data-value"], some["data-state"]) == ("net-pnl", "-1234.5", "ready")
    none = tile("var", "VaR", None, "–", reason="Too few days.")
    assert (props(none)["data-value"], props(none)["data-state"]) == ("", "empty")
    assert "Too few days." in text_of(none)
    assert props(strip([some]))["className"] == "kpis k1"


def test_a_bullet_turns_amber_at_four_fifths_and_red_beyond_the_limit():
    assert [props(bullet(share))["className"] for share in (0.79, 0.8, 1.01)] == [
        "bullet",
        "bullet warn",
        "bullet breach",
    ]
    assert bullet(None) is None


def test_a_spark_needs_two_numbers():
    assert spark([1.0]) is None
    assert spark([None, None]) is None
    assert props(spark([1.0, None, 3.0]))["aria-hidden"] == "true"


def test_severities_without_alerts_take_no_room():
    assert len(severity_bar({"critical": 2, "high": 0, "low": 1}).children) == 2
    assert severity_bar({}) is None


def test_a_card_states_its_name_and_condition():
    ready = props(card("alerts", "Open alerts", "body"))
    assert (ready["data-card"], ready["data-state"]) == ("alerts", "ready")
    waiting = slot(PAGE, "alerts", "Open alerts", height=200).children[0].children
    assert (props(waiting)["data-state"], props(waiting)["aria-busy"]) == ("loading", "true")


def test_the_default_of_a_choice_stays_out_of_the_address():
    buttons = segment("Group by", "group", (("sector", "Sector"), ("desk", "Desk")), "desk").children
    assert [(props(b)["data-value"], props(b)["aria-pressed"]) for b in buttons] == [
        ("", "false"),
        ("desk", "true"),
    ]


def test_a_default_in_the_middle_keeps_the_order_of_a_choice():
    assert [value for value, _ in forecasts.STEPS] == ["1", "5", "21"]
    buttons = segment("Ahead", "ahead", forecasts.STEPS, "5", default=forecasts.AHEAD).children
    assert [(props(b)["data-value"], props(b)["aria-pressed"]) for b in buttons] == [
        ("1", "false"),
        ("", "true"),
        ("21", "false"),
    ]


def test_text_from_data_stays_text():
    rows = [
        {
            "post_id": "P1",
            "author_id": HOSTILE,
            "transact_time": None,
            "text": HOSTILE,
            "instrument_ids": [HOSTILE],
            "sentiment": 0.2,
        }
    ]
    drawn = text_of(posts(rows))
    assert HOSTILE in drawn
    assert "dangerously_allow_html" not in drawn
    assert "Markdown" not in drawn
    made = grid("g", [column("name", "Name")], rows=[{"name": HOSTILE}], height=100).children
    assert made.dangerously_allow_code is False


def test_an_insight_links_only_where_it_is_safe(monkeypatch):
    alert = Page(
        path="/a",
        path_template="/compliance/alerts/<alert_id>",
        section="compliance",
        name="a",
        title="A",
        description="",
    )
    monkeypatch.setattr("components.links.dash.page_registry", {"a": {"page": alert}})
    row = {
        "id": "I1", "title": HOSTILE, "text": "", "severity": "high", "created_at": "2026-11-20T12:00:00Z",
        "effect": {"value": 3.2, "unit": "bp", "low": 1.0, "high": 5.4}, "confidence": 0.999, "q_value": 0.0001,
        "evidence": [{"kind": "alert", "id": "a b"}, {"label": "bad", "href": "javascript:alert(1)"}, "words"],
        "why": [{"name": "spread", "value": 2.0, "unit": "bp"}], "next": [{"label": "Go", "href": "javascript:alert(1)"}],
        "domains": ["trading"], "context": {},
    }  # fmt: skip
    drawn = text_of(insights([row], currency="USD"))
    assert "javascript:" not in drawn
    assert "/compliance/alerts/a%20b" in drawn
    assert "+3.2 bps, +1.0 bps to +5.4 bps" in drawn
    assert "0.99" in drawn


def test_rows_keep_their_scripts_and_lose_their_decimals():
    from decimal import Decimal

    (row,) = records(
        [{"px": Decimal("1.5"), "on": date(2026, 1, 2), "_set": {"order": "O1"}, "bad": float("nan")}]
    )
    assert row == {"px": 1.5, "on": "2026-01-02", "_set": {"order": "O1"}, "bad": None}


def test_a_missing_cell_reads_as_a_dash():
    assert "–" in text_of(table(["a"], [[None]]))


def test_ticks_of_money_are_round_and_read_like_money():
    made = money_ticks([-24.2e6, 38e6], "USD", plus=True)
    assert made["tickvals"] == [-40e6, -20e6, 0, 20e6, 40e6]
    assert made["ticktext"] == ["−$40m", "−$20m", "$0", "+$20m", "+$40m"]
    assert money_ticks([None], "USD") == {}
    assert money_ticks([5.0], "USD")["tickvals"]


def test_a_finding_links_only_to_pages_that_exist(monkeypatch):
    known = [Page(path="/portfolio/positions", section="portfolio", name="p", title="P", description=""),
             Page(path="/compliance/alerts/none", path_template="/compliance/alerts/<alert_id>", section="compliance",
                  name="a", title="A", description="")]  # fmt: skip
    monkeypatch.setattr("components.links.dash.page_registry", {page.path: {"page": page} for page in known})
    asked = [
        "/portfolio/positions?instrument=A",
        "/compliance/alerts/X1",
        "/compliance/alerts/",
        "/trading/pnl",
        "https://a.b",
        "javascript:x",
    ]
    assert [leads_somewhere(href) for href in asked] == [asked[0], asked[1], None, None, "https://a.b", None]
    closed = replace(known[0], roles=frozenset({"risk"}))
    monkeypatch.setattr("components.links.dash.page_registry", {closed.path: {"page": closed}})
    assert [leads_somewhere(asked[0], role) for role in ("risk", "compliance", None)] == [
        asked[0],
        None,
        asked[0],
    ]
