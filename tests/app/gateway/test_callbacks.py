"""Hostile bodies on Dash's callback route: 4xx, whatever they hold."""

import copy
import json

import pytest

from app.errors import Unavailable
from tests.app.gateway.kit import HOST

PATH = "/_dash-update-component"
GOOD = {
    "output": "out.children",
    "outputs": {"id": "out", "property": "children"},
    "inputs": [{"id": "url", "property": "search", "value": "?desk=a"}],
    "state": [{"id": "box", "property": "value", "value": "x"}],
    "changedPropIds": ["url.search"],
}
MANY = {
    "output": "..a.children...b.children..",
    "outputs": [{"id": "a", "property": "children"}, {"id": "b", "property": "children"}],
    "inputs": [[{"id": {"type": "row", "index": n}, "property": "n_clicks", "value": n} for n in (1, 2)]],
    "changedPropIds": ['{"index":1,"type":"row"}.n_clicks'],
    "parsedChangedPropsIds": [],
}


@pytest.fixture
def post(house):
    client = house.client("compliance@alpha.example")

    def send(body, **more):
        return client.post(f"{PATH}{more.pop('query', '')}", json=body, headers=HOST, **more)

    return send


def changed(base, **parts):
    return copy.deepcopy(base) | parts


def test_a_well_formed_call_answers(post):
    assert post(GOOD).json["response"]["out"]["children"] == "alpha"
    assert post(MANY).json["response"]["a"]["children"] == 2


def test_an_initial_call_without_trigger_and_values_answers(post):
    body = changed(GOOD, changedPropIds=[])
    body["inputs"][0].pop("value")
    assert post(body).status_code == 200


BAD = {
    "empty": {},
    "list": [],
    "text": "x",
    "number": 1,
    "output missing": {k: v for k, v in GOOD.items() if k != "output"},
    "output unknown": changed(GOOD, output="nothing.children"),
    "output of odd type": changed(GOOD, output=["out.children"]),
    "output clientside": changed(GOOD, output="_pages_dummy.children"),
    "outputs missing": {k: v for k, v in GOOD.items() if k != "outputs"},
    "outputs of another": changed(GOOD, outputs={"id": "box", "property": "value"}),
    "outputs as list": changed(GOOD, outputs=[GOOD["outputs"]]),
    "outputs of multi as one": changed(MANY, outputs=MANY["outputs"][0]),
    "outputs of multi short": changed(MANY, outputs=MANY["outputs"][:1]),
    "outputs of multi swapped": changed(MANY, outputs=MANY["outputs"][::-1]),
    "inputs missing": {k: v for k, v in GOOD.items() if k != "inputs"},
    "inputs empty": changed(GOOD, inputs=[]),
    "inputs extra": changed(GOOD, inputs=GOOD["inputs"] * 2),
    "inputs null": changed(GOOD, inputs=[None]),
    "inputs as dict": changed(GOOD, inputs={"0": GOOD["inputs"][0]}),
    "input of another id": changed(GOOD, inputs=[{"id": "other", "property": "search", "value": "?"}]),
    "input of another property": changed(GOOD, inputs=[{"id": "url", "property": "href", "value": "?"}]),
    "input without id": changed(GOOD, inputs=[{"property": "search", "value": "?"}]),
    "input with id of odd type": changed(GOOD, inputs=[{"id": {"a": 1}, "property": "search", "value": "?"}]),
    "input as list": changed(GOOD, inputs=[[GOOD["inputs"][0]]]),
    "search as number": changed(GOOD, inputs=[{"id": "url", "property": "search", "value": 5}]),
    "search as list": changed(GOOD, inputs=[{"id": "url", "property": "search", "value": ["?"]}]),
    "search with NUL": changed(GOOD, inputs=[{"id": "url", "property": "search", "value": "?a=\0"}]),
    "search too long": changed(GOOD, inputs=[{"id": "url", "property": "search", "value": "?" + "a" * 9000}]),
    "state missing": {k: v for k, v in GOOD.items() if k != "state"},
    "state of another": changed(GOOD, state=[{"id": "url", "property": "value", "value": 1}]),
    "changed as text": changed(GOOD, changedPropIds="url.search"),
    "changed without property": changed(GOOD, changedPropIds=["url"]),
    "changed of broken pattern": changed(GOOD, changedPropIds=["{bad.search"]),
    "changed of numbers": changed(GOOD, changedPropIds=[1]),
    "changed as list pattern": changed(GOOD, changedPropIds=["{}.x", "[1].y", "{1:2}.z"]),
    "unknown field": changed(GOOD, org="beta"),
    "background job": changed(GOOD, cacheKey="x", job="1"),
    "pattern as one": changed(MANY, inputs=[MANY["inputs"][0][0]]),
    "pattern of another type": changed(
        MANY, inputs=[[{"id": {"type": "secret", "index": 1}, "property": "n_clicks", "value": 1}]]
    ),
    "pattern with more keys": changed(
        MANY, inputs=[[{"id": {"type": "row", "index": 1, "org": "b"}, "property": "n_clicks", "value": 1}]]
    ),
    "pattern with nested index": changed(
        MANY, inputs=[[{"id": {"type": "row", "index": {"a": 1}}, "property": "n_clicks", "value": 1}]]
    ),
    "count as text": changed(
        MANY, inputs=[[{"id": {"type": "row", "index": 1}, "property": "n_clicks", "value": "1"}]]
    ),
    "count below zero": changed(
        MANY, inputs=[[{"id": {"type": "row", "index": 1}, "property": "n_clicks", "value": -1}]]
    ),
    "count as flag": changed(
        MANY, inputs=[[{"id": {"type": "row", "index": 1}, "property": "n_clicks", "value": True}]]
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_a_malformed_body_is_400(post, name):
    response = post(BAD[name])
    assert (response.status_code, response.mimetype) == (400, "application/problem+json"), response.data


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "NaN",
        "null",
        json.dumps(GOOD).replace('"?desk=a"', "NaN"),
        json.dumps(GOOD).replace('"?desk=a"', "Infinity"),
        json.dumps(GOOD).replace('"?desk=a"', '"\\ud800"'),
        json.dumps(GOOD).replace('"x"', "[" * 100 + "]" * 100),
        "[" * 100_000,
        '{"output":' * 50_000,
        "\xff\xfe",
        json.dumps(GOOD) + "x",
    ],
)
def test_what_is_not_json_is_400(post, house, text):
    client = house.client("compliance@alpha.example")
    response = client.post(PATH, data=text.encode("latin-1"), content_type="application/json", headers=HOST)
    assert response.status_code == 400


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", None]
)
def test_another_content_type_is_415(house, kind):
    client = house.client("compliance@alpha.example")
    response = client.post(PATH, data=json.dumps(GOOD), content_type=kind, headers=HOST)
    assert response.status_code == 415


def test_the_renderers_own_token_passes(post):
    assert post(GOOD, query="?endId=abc~def").status_code == 200


@pytest.mark.parametrize("query", ["?oldJob=1", "?cancelJob=1", "?cacheKey=x&job=2", "?org=beta"])
def test_parameters_of_background_callbacks_are_refused(post, query):
    assert post(GOOD, query=query).status_code == 400


def test_an_id_of_another_organisation_in_a_value_changes_nothing(post):
    body = changed(GOOD, inputs=[{"id": "url", "property": "search", "value": "?org=beta&tenant=beta"}])
    assert post(body).json["response"]["out"]["children"] == "alpha"


def test_a_query_string_that_does_not_fit_names_the_field(post):
    response = post(changed(GOOD, inputs=[{"id": "url", "property": "search", "value": "?from=2026-02-30"}]))
    assert (response.status_code, response.json["errors"][0]["field"]) == (422, "from")


def test_a_part_that_is_down_is_503_and_the_process_lives(house, post, monkeypatch):
    monkeypatch.setattr("tests.app.gateway.kit.current_desk", _down)
    response = post(GOOD)
    assert (response.status_code, response.headers["Retry-After"]) == (503, "30")
    monkeypatch.undo()
    assert post(GOOD).status_code == 200


def _down(*_):
    raise Unavailable


def test_a_bug_in_a_callback_tells_nothing(house, post, monkeypatch):
    def broken(*_):
        raise RuntimeError("postgresql://user:pw@db/records")

    monkeypatch.setattr("tests.app.gateway.kit.current_desk", broken)
    response = post(GOOD)
    assert response.status_code == 500
    assert b"postgresql" not in response.data
    assert b"Traceback" not in response.data


def test_a_value_that_a_callback_must_not_return_is_not_repeated_in_the_log(house, post, monkeypatch, caplog):
    class Odd:
        def __repr__(self):
            return "rows of alpha"

    monkeypatch.setattr("tests.app.gateway.kit.current_desk", lambda *_: type("D", (), {"org": Odd()})())
    assert post(GOOD).status_code == 500
    ours = [record for record in caplog.records if not record.name.startswith("dash")]
    assert "InvalidCallbackReturnValue in the callback of out.children" in caplog.text
    assert [record for record in ours if "rows of alpha" in f"{record.getMessage()}{record.exc_info}"] == []
