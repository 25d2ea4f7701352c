"""One alert and many on literal answers: names for ids, thresholds, differences, links that lead on."""

import json
from datetime import UTC, date, datetime, timedelta

import plotly.graph_objects as go
import polars as pl
import pytest
from plotly.utils import PlotlyJSONEncoder

from callbacks.overview import ALERT_COLUMNS
from components import alert as one
from components import evidence
from components.alerts import COLUMNS, alert_row, coverage_table, pattern
from components.charts.alert_days import alert_days
from components.charts.price_marks import price_marks
from components.theme import THEMES
from pages.compliance import alert as alert_page

AT = datetime(2026, 11, 19, 18, 11, 2, tzinfo=UTC)
NAMES = {"person": {"tv": "Tomas Varga"}, "account": {"A1": "Fenwick"}, "instrument": {"XNYS:UNH": "UNH"}}
ALERT = {
    "alert_id": "8efa15a0efec77da",
    "title": "Suspected wash trade in UNH",
    "detector": "wash_trade",
    "detector_version": "1.0.0",
    "parameters_version": "f367",
    "severity": "critical",
    "score": 95.0,
    "status": "new",
    "assignee": None,
    "actors": [{"kind": "account", "id": "A1"}, {"kind": "trader", "id": "tv"}],
    "instrument_ids": ["XNYS:UNH"],
    "window": {"start": AT, "end": AT + timedelta(minutes=9)},
    "metrics": [
        {"name": "matches", "value": 6.0, "threshold": 1.0, "percentile": None, "unit": "trades"},
        {
            "name": "share",
            "value": 0.0019,
            "threshold": 0.05,
            "percentile": 0.97,
            "unit": "fraction of volume",
        },
        {"name": "notional", "value": 3563861.8, "threshold": None, "percentile": None, "unit": "currency"},
    ],
    "story": ["1. Accounts stood on both sides.", "2. Suspected wash trade."],
    "regulation": ["MAR Art. 12"],
    "data_versions": {"executions": "4"},
    "created_at": AT + timedelta(days=1),
}
FILL = {"exec_id": "E1", "side": "buy", "time": AT, "price": 524.9, "quantity": 10.0}
ORDER = {
    "order_id": "O1", "side": "sell", "limit_px": 524.9, "order_qty": 10.0, "first_time": AT,
    "last_time": AT + timedelta(seconds=4), "status": "cancelled",
}  # fmt: skip
COURSE = {
    "instrument_id": "XNYS:UNH",
    "start": AT - timedelta(minutes=30),
    "end": AT + timedelta(minutes=30),
    "window": ALERT["window"],
    "kind": "quotes",
    "rows": [
        {"time": AT, "bid": 524.8, "ask": 525.0},
        {"time": AT + timedelta(minutes=5), "bid": 524.9, "ask": 525.1},
    ],
    "orders": [ORDER],
    "fills": [FILL, FILL | {"side": "sell"}],
}


def text_of(component):
    return json.dumps(component, cls=PlotlyJSONEncoder, ensure_ascii=False)


def test_a_row_names_people_before_accounts_and_opens_the_alert():
    row = alert_row(ALERT, NAMES)
    assert row["who"] == "Tomas Varga, Fenwick"
    assert row["instruments"] == "UNH"
    assert row["_open"] == "/compliance/alerts/8efa15a0efec77da"


def test_a_title_keeps_its_capitals_without_the_word_all_begin_with():
    assert pattern("Suspected wash trade in UNH") == "Wash trade in UNH"


def test_sentences_are_numbered_once():
    said = text_of(one.story(ALERT, NAMES))
    assert "Accounts stood on both sides." in said
    assert "1. Accounts" not in said


def test_measures_say_on_which_side_of_the_threshold_they_are():
    said = text_of(one.measures(ALERT))
    assert "trades, above the threshold of 1" in said
    assert "of volume, below the threshold of 5.0%, 97th percentile of its peers" in said
    assert "currency, no threshold, for judgement" in said


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        (0.174, "fraction of the reference", "17%"),
        (0.0019, "fraction", "0.19%"),
        (268_674.0, "seconds", "3.1 days"),
        (8_000.0, "seconds", "2.2 h"),
        (1.5, "seconds", "1.5 s"),
        (6.0, "trades", "6"),
        (None, "trades", "–"),
    ],
)
def test_a_measure_reads_in_its_own_unit(value, unit, shown):
    assert one.measured(value, unit) == shown


@pytest.mark.parametrize(
    ("rank", "said"), [(0.97, "97th"), (1, "100th"), (91, "91st"), (12, "12th"), (33, "33rd")]
)
def test_percentiles_are_ordinals(rank, said):
    assert one.ordinal(rank) == said


def test_ways_on_carry_the_alerts_own_context():
    paths = {step["label"]: step["path"] for step in one.ways_on(ALERT)}
    assert paths["Orders around it"] == (
        "/trading/blotter?view=orders&instrument=XNYS%3AUNH&from=2026-11-19&to=2026-11-19"
    )
    assert paths["Alerts of these people"] == "/compliance/alerts?status=all&trader=tv"
    assert paths["Talk about it"] == f"/social/feed?about=alert%3A{ALERT['alert_id']}"
    assert alert_page.PAGE.roles == {"compliance", "auditor"}  # nobody else meets the way to such talk


def test_a_proof_says_identical_or_names_every_field_that_differs():
    assert "Identical." in text_of(one.reproduced({"identical": True, "differences": {}}))
    said = text_of(one.reproduced({"identical": False, "differences": {"score": [95.0, 60.0]}}))
    assert "Not identical." in said
    assert '"95"' in said
    assert '"60"' in said


def test_the_current_alert_is_marked_in_the_queue():
    made = text_of(one.queue([ALERT, ALERT | {"alert_id": "other"}], "other", NAMES))
    assert made.count('"aria-current": "page"') == 1


@pytest.mark.parametrize("look", THEMES.values(), ids=THEMES)
@pytest.mark.parametrize("kind", ["quotes", "fills", "closes", "none"])
def test_the_price_is_drawn_with_whatever_is_known(look, kind):
    rows = (
        COURSE["rows"]
        if kind == "quotes"
        else [{"time": AT, "price": 524.0}, {"time": AT + timedelta(days=1), "price": 526.0}]
    )
    course = COURSE | ({"kind": "closes", "rows": []} if kind == "none" else {"kind": kind, "rows": rows})
    box = price_marks(course, look=look, height=200)
    figure = go.Figure(box.children.children.figure)
    assert figure.layout.xaxis.range is not None
    symbols = {trace.marker.symbol for trace in figure.data if trace.mode == "markers"}
    assert {"triangle-up", "triangle-down", "x-thin-open"} <= symbols


def test_a_mark_grows_with_the_alerts_of_its_day():
    box = alert_days(
        [(date(2026, 11, 18), "high", 1), (date(2026, 11, 19), "high", 9)], look=THEMES["dark"], height=200
    )
    figure = go.Figure(box.children.children.figure)
    high = next(trace for trace in figure.data if trace.name == "High")
    assert high.marker.symbol == "triangle-up"
    assert high.marker.size[1] > high.marker.size[0]
    assert "10 alerts from 18 Nov 2026 to 19 Nov 2026; most on 19 Nov 2026, 9." in text_of(box)


def test_a_detector_that_could_not_judge_says_how_much_and_why():
    row = {
        "title": "Suspected wash trade", "state": "gap", "reason": None, "found": 2, "ran_at": AT,
        "gaps": [{"reason": "No price.", "missing": 3}, {"reason": "No quote.", "missing": 1}],
    }  # fmt: skip
    said = text_of(coverage_table([row]))
    assert "could not judge all, 4 events left out" in said
    assert "No price.; No quote." in said


def test_the_timeline_runs_from_the_first_order_to_the_alert_and_quotes_messages_as_text():
    event = {
        "event_type": "new", "transact_time": AT, "side": "buy", "order_qty": 10, "limit_px": None,
        "reason": None, "order_id": "O 1&x",
    }  # fmt: skip
    message = {"transact_time": AT - timedelta(minutes=1), "sender_id": "tv", "text": "<script>x</script>"}
    behind = {
        "events": pl.DataFrame([event]), "executions": pl.DataFrame(), "messages": pl.DataFrame([message]),
        "posts": pl.DataFrame(),
        "news": pl.DataFrame(schema={"published_time": pl.Datetime("us", "UTC")}),
    }  # fmt: skip
    found = evidence.lines(ALERT, behind, NAMES["person"])
    assert [source for *_, source in found] == ["message", "order", "detector"]
    assert found[0][3] == "Tomas Varga wrote: “<script>x</script>”"
    assert evidence.life("O 1&x") == "/trading/orders/O%201%26x"


def test_a_long_timeline_keeps_its_end():
    found = [(AT + timedelta(seconds=i), "dot", "", f"event {i}", "order") for i in range(200)]
    said = text_of(evidence.timeline(found))
    assert "event 199" in said
    assert "event 150" not in said
    assert "120 events in between left out." in said


def test_phones_keep_severity_score_finding_and_age_of_an_alert_in_view():
    for columns in (COLUMNS, ALERT_COLUMNS):
        placed = {
            one["field"]: one["context"]["phone"] for one in columns if "phone" in one.get("context", {})
        }
        assert sorted(placed, key=lambda name: placed[name][0]) == ["severity", "score", "title", "age"]
        # What is left beside the narrow columns has room for words on the narrowest phone.
        assert 320 - sum(width or 0 for _, width in placed.values()) >= 150
