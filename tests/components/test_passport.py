"""A measure's name opens its passport; tables and tiles name the record they mean."""

import json

from plotly.utils import PlotlyJSONEncoder

from app.queries.limits_passports import use_record
from app.queries.stress_passports import scenario_records
from components.kpi import tile
from components.limits import bullets
from components.metrics import metrics
from components.passport import passport_body, passport_link, passport_of, shown_in
from components.stress import scenarios


def words(made):
    return json.dumps(made, cls=PlotlyJSONEncoder, ensure_ascii=False)


def record(name="value_at_risk", **convention):
    return {
        "name": name, "value": 0.1234, "unit": "fraction", "low": 0.1, "high": 0.2, "n": 24,
        "reason": None, "convention": convention,
    }  # fmt: skip


ANSWER = {
    "name": "sharpe_ratio",
    "title": "Sharpe ratio",
    "definition": {
        "formula": "mean / sd.", "unit": "", "undefined": "None below 2 returns.", "source": "A book.", "checks": "",
        "parameters": {"risk_free": "Per period."},
    },
    "record": record("sharpe_ratio", risk_free=0.001, ddof=1),
    "readings": [
        {"convention": "sample", "value": 0.1234, "difference": 0.0},
        {"convention": "population", "value": None, "difference": None},
    ],
    "versions": {"daily_nav": "42"},
    "period": {"from": "2026-01-02", "to": "2026-11-20"},
    "as_of": None,
}  # fmt: skip


def test_a_name_says_which_record_it_means():
    assert passport_of("beta", of="performance") == "performance:beta"
    made = passport_link("value_at_risk", of="risk", method="historical", confidence=0.99)
    assert made.to_plotly_json()["props"]["data-passport"] == (
        "risk:value_at_risk?method=historical&confidence=0.99"
    )
    assert made.children == "Value at risk"


def test_rows_of_stress_and_limits_name_the_record_they_show():
    scene = {
        "id": "crisis_2007", "name": "Crisis", "kind": "episode", "pnl": -5.0, "pnl_nav": -0.1, "worst": [], "proxied": 0,
        "reason": None,
    }  # fmt: skip
    found = {"scenarios": [scene | {"covered": 1.0}], "names": ["AAA"], "currency": "USD"}
    (about,) = scenario_records(found)
    shown = words(scenarios([scene, scene | {"id": "x", "pnl": None}], currency="USD"))
    assert f"stress:{about['name']}?scenario={about['convention']['scenario']}" in shown
    assert shown.count("data-passport") == 1  # what is not known says why instead
    limit = {
        "limit_id": "L1", "name": "Gross", "title": "Gross exposure", "measure": "gross_exposure", "value": 9.0, "limit": 10.0,
        "utilisation": 0.9, "unit": "money", "currency": "USD", "state": "warn", "hard": False, "warn_at": 8.0, "reason": None,
        "subject_kind": "organisation", "subject_id": None, "valid_to": None, "driver": None, "definition": "Sum.", "date": None,
    }  # fmt: skip
    about = use_record(limit)
    shown = words(bullets([limit], chosen="", may_retire=False))
    assert f"limits:{about['name']}?limit_id={about['convention']['limit_id']}" in shown


def test_the_panel_holds_value_interval_definition_readings_and_versions():
    said = words(passport_body(ANSWER))
    for part in ("12.34%", "10.00% to 20.00% at 95%", "24 observations", "mean / sd.", "None below 2 returns",
                 "A book", "Per period.", "Ours: ", "population", "daily nav 42", "2 Jan 2026 to 20 Nov 2026"):  # fmt: skip
        assert part in said, part


def test_a_figure_that_is_not_known_says_why():
    answer = ANSWER | {
        "record": record() | {"value": None, "low": None, "high": None, "reason": "needs a year"}
    }
    said = words(passport_body(answer))
    assert "Needs a year." in said
    assert "no interval" in said


def test_a_definition_stands_without_a_record_and_a_record_without_a_definition():
    assert "mean / sd." in words(passport_body(ANSWER | {"record": None, "readings": []}))
    assert "no definition in words" in words(passport_body(ANSWER | {"definition": None}))


def test_rows_of_one_name_are_told_apart_by_what_differs():
    rows = [record(method=m, confidence=0.99, days=1) for m in ("historical", "ewma")]
    said = words(metrics(rows, label="Risk", of="risk"))
    assert '"risk:value_at_risk?method=historical"' in said
    assert '"risk:value_at_risk?method=ewma"' in said
    assert "Value at risk, ewma" in said


def test_a_tile_with_a_page_and_a_passport_keeps_the_button_out_of_the_link():
    made = tile(
        "var", "VaR", 5.0, "5", href="/portfolio/risk", passport=passport_of("var_99_1d", of="portfolio")
    )
    props = made.to_plotly_json()["props"]
    assert made.to_plotly_json()["type"] == "Div"
    assert (props["data-kpi"], props["data-value"], props["data-state"]) == ("var", "5.0", "ready")
    said = words(made)
    assert '"data-passport": "portfolio:var_99_1d"' in said
    assert '"href": "/portfolio/risk"' in said


def test_numbers_fit_their_unit():
    assert [shown_in(v, u) for v, u in ((0.5, "fraction"), (546.2, "periods"), (1.5, "ratio"), (1e6, "currency"))] == [
        "50.00%", "546", "1.5000", "1,000,000.00"
    ]  # fmt: skip
