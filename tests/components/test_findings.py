"""Posts, insights and models on literal answers: what is inert, what is marked, what is left out."""

import json
from datetime import UTC, datetime

import plotly.graph_objects as go
import pytest
from plotly.utils import PlotlyJSONEncoder

from components.attention import attention_table
from components.charts.network_map import _named
from components.charts.skill_course import skill_course
from components.facets import facet
from components.feed import posts, tone_tag, with_cashtags
from components.insight import insights
from components.interval import interval
from components.models import backtests_table, has_no_days, history_table, model_cards, skill_words
from components.rules import reading
from components.theme import THEMES

AT = datetime(2026, 11, 20, 14, 30, tzinfo=UTC)
HOSTILE = (
    '<img src=x onerror="alert(1)"> <a href="javascript:alert(2)">click</a> [x](javascript:alert(3)) $BBB'
)
POST = {
    "post_id": "P1",
    "transact_time": AT,
    "author_id": "<b>mallory</b>",
    "text": HOSTILE,
    "instrument_ids": ["javascript:alert(4)"],
    "in_reply_to": None,
    "likes": 2,
    "sentiment": -0.4,
}
SKILL = {"value": 0.09, "low": 0.06, "high": 0.12, "p": 0.001, "n": 500}


def drawn(component):
    return json.loads(json.dumps(component, cls=PlotlyJSONEncoder))


def nodes(component):
    """Return every component of a drawing, as the browser is sent them."""
    found, waiting = [], [drawn(component)]
    while waiting:
        one = waiting.pop()
        if isinstance(one, list):
            waiting.extend(one)
        elif isinstance(one, dict):
            if "type" in one and "props" in one:
                found.append(one)
            waiting.extend(one.values())
    return found


def words_of(component):
    """Return the texts of a drawing, in no particular order."""
    out = []
    for node in nodes(component):
        children = node["props"].get("children")
        out += [
            one for one in (children if isinstance(children, list) else [children]) if isinstance(one, str)
        ]
    return out


def test_a_hostile_post_stays_inert_text():
    found = nodes(posts([POST], symbols={"BBB": "XNYS:BBB"}))
    assert {node["type"] for node in found} <= {"Ol", "Li", "Span", "Div", "Button", "I"}
    assert not [node for node in found if "href" in node["props"] or "src" in node["props"]]
    assert not [node for node in found if "dangerously_allow_html" in node["props"]]
    assert HOSTILE.removesuffix("$BBB") in words_of(posts([POST], symbols={"BBB": "XNYS:BBB"}))


def test_cashtags_of_known_instruments_alone_become_chips():
    parts = with_cashtags("Long $bbb, not $100 nor $ZZZ or mail$BBBBBBBB", {"BBB": "XNYS:BBB"})
    chips = [part for part in parts if not isinstance(part, str)]
    assert [chip.to_plotly_json()["props"]["data-value"] for chip in chips] == ["XNYS:BBB"]
    assert "".join(part if isinstance(part, str) else part.children for part in parts) == (
        "Long $bbb, not $100 nor $ZZZ or mail$BBBBBBBB"
    )


def test_an_instrument_named_in_the_text_is_not_repeated_below_it():
    row = POST | {"text": "Long $BBB", "instrument_ids": ["XNYS:BBB", "XNYS:CCC"]}
    toggles = [
        node["props"]["data-value"]
        for node in nodes(posts([row], symbols={"BBB": "XNYS:BBB"}))
        if "data-toggle-context" in node["props"]
    ]
    assert sorted(toggles) == ["XNYS:BBB", "XNYS:CCC"]


def test_attention_without_history_says_why_there_is_no_score():
    row = {"instrument_id": "AAA", "mentions": 3, "usual": None, "n": 2, "z": None, "sentiment": None}
    titles = [node["props"].get("title") for node in nodes(attention_table([row], symbols={}, chosen=()))]
    assert "Only 2 comparable days; five are needed" in titles


def test_a_chosen_facet_is_let_go_by_a_second_click_and_kept_when_it_counts_nothing():
    made = nodes(
        facet("Severity", "severity", {"low": 2, "high": 0}, ["critical"], order=("critical", "low"))
    )
    buttons = {
        node["props"]["data-value"]: node["props"]["aria-pressed"]
        for node in made
        if node["type"] == "Button"
    }
    assert buttons == {"": "true", "critical,low": "false"}


def test_the_zero_mark_stands_between_the_ends_of_an_interval_that_covers_it():
    made = drawn(interval(-1.0, 1.0, 3.0, words="Effect"))
    zero, bar, dot = made["props"]["children"]
    start = float(bar["props"]["style"]["left"].rstrip("%"))
    width = float(bar["props"]["style"]["width"].rstrip("%"))
    at_zero, at_value = (float(one["props"]["style"]["left"].rstrip("%")) for one in (zero, dot))
    assert start < at_zero < at_value < start + width
    assert interval(None, None, None, words="Effect") is None


def test_drivers_are_compared_by_bars_only_where_they_count_the_same():
    row = {
        "id": "i", "title": "T", "text": "x", "severity": "low", "created_at": AT, "context": {},
        "effect": {"value": 2.0, "low": 1.0, "high": 3.0, "unit": "bp", "n": 14},
        "why": [{"driver": "fills at EDGX", "value": 102, "unit": "fills"}, {"driver": "days", "value": 12, "unit": "days"}],
    }  # fmt: skip
    mixed = insights([row], currency="USD", full=True)
    alike = insights(
        [row | {"why": [{"driver": d, "value": v, "unit": "currency"} for d, v in (("HD", -4), ("CVX", 2))]}],
        currency="USD",
        full=True,
    )
    widths = [n["props"]["style"]["width"] for n in nodes(alike) if n["props"].get("className") == "bar"]
    assert sorted(widths) == ["100%", "50%"]
    assert not [n for n in nodes(mixed) if n["props"].get("className") == "bar"]
    assert {"Fills at EDGX", "102 fills", "+2.0 bps, +1.0 bps to +3.0 bps", "n = 14"} <= set(words_of(mixed))


@pytest.mark.parametrize("look", THEMES.values(), ids=THEMES)
def test_folds_below_the_baseline_have_their_own_shape(look):
    folds = [
        {"from": "2026-01-01", "to": "2026-01-31", "n": 21, "skill": 0.1},
        {"from": "2026-02-01", "to": "2026-02-28", "n": 20, "skill": -0.02},
        {"from": "2026-03-01", "to": "2026-03-31", "n": 22, "skill": None},
        {"from": "2026-04-01", "to": "2026-04-30", "n": 21, "skill": 0.0},
    ]
    box = skill_course(folds, look=look, height=200, whole=SKILL)
    figure = go.Figure(box.children.children.figure)
    assert list(figure.data[0].marker.symbol) == ["circle", "x", "circle-open"]
    assert "1 of 3 folds" in drawn(box)["props"]["aria-label"]


def test_batches_of_examples_have_numbers_and_no_days():
    folds = [{"from": "1970-04-12", "to": f"1970-05-0{n}", "n": 18, "skill": 0.4} for n in (1, 2)]
    box = skill_course(folds, look=THEMES["dark"], height=200, whole=SKILL, batches=has_no_days(folds))
    assert list(go.Figure(box.children.children.figure).data[0].x) == ["1", "2"]


def test_p_values_never_read_as_zero_and_books_keep_their_names():
    book = {"n": 289, "exceptions": 13, "expected": 2.9, "zone": "red",
            "tests": [{"name": "kupiec_pof", "p_value": 0.00002}]}  # fmt: skip
    said = words_of(backtests_table({"account/HC-101": book, "organisation": book}))
    assert {"Account HC-101", "Whole book", "<0.001"} <= set(said)


def test_names_on_a_network_cover_no_other_name_and_few_dots():
    people = [{"id": f"P{n}", "x": 0.02 * n, "y": 0.0, "name": f"Person {n}"} for n in range(20)]
    named = _named(people, height=380)
    assert 0 < len(named) < 9
    assert set(named) <= {f"P{n}" for n in range(9)}
    apart = [
        {"id": "A", "x": -0.8, "y": 0.5, "name": "Anna"},
        {"id": "B", "x": 0.8, "y": -0.5, "name": "Ben"},
    ]
    assert set(_named(apart, height=380)) == {"A", "B"}


def test_a_tone_has_the_colour_of_what_it_counts_as():
    assert tone_tag(0.25, "neutral").to_plotly_json()["props"]["className"].strip() == "tag"
    assert tone_tag(0.25, "positive").to_plotly_json()["props"]["className"] == "tag up"
    assert tone_tag(-0.25).to_plotly_json()["props"]["className"] == "tag down"


def test_a_model_without_skill_says_so_and_shows_no_number():
    row = {
        "name": "volatility", "title": "Volatility", "version": 1, "status": "silent", "trained_at": AT,
        "reason": "only 3 days", "metrics": {"value": None, "low": None, "high": None, "n": 3}, "baseline": "EWMA 0.94",
    }  # fmt: skip
    said = words_of(model_cards([row], chosen="volatility"))
    assert "On baseline" in said
    assert "–" in said
    assert "Only 3 days. Served instead: EWMA 0.94." in said
    assert skill_words(row["metrics"]) == "not known"
    assert skill_words(SKILL) == "+9.0%, +6.0% to +12%"


def test_the_version_in_use_is_marked():
    rows = [
        {"version": 2, "champion": True, "status": "ok", "reason": None, "metrics": SKILL, "trained_at": AT},
        {
            "version": 1,
            "champion": False,
            "status": "silent",
            "reason": "x",
            "metrics": SKILL,
            "trained_at": AT,
        },
    ]
    assert words_of(history_table(rows)).count("in use") == 1


def test_the_share_of_chance_findings_is_stated():
    assert "at most 5.0% of all shown findings be chance" in " ".join(words_of(reading(0.05)))
