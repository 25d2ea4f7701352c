"""Errors: one shape for scripts, one for people, and no inside in either."""

import pytest

from tests.app.gateway.kit import HOST


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/things/broken", 500),
        ("/api/things/down", 503),
        ("/api/things/gone", 404),
        ("/api/typo", 404),
        ("/api/things/write", 405),
    ],
)
def test_every_error_of_the_api_is_a_problem(house, path, status):
    response = house.client("compliance@alpha.example").get(path)
    assert (response.status_code, response.mimetype) == (status, "application/problem+json")
    assert response.json.keys() == {"type", "title", "status", "detail", "instance", "errors"}
    assert response.json["status"] == status
    assert response.json["instance"].endswith(response.headers["X-Request-ID"])
    assert response.headers["Cache-Control"] == "private, no-store"


def test_a_bug_is_told_by_its_id_only_and_logged_with_its_trace(house, caplog):
    response = house.client("compliance@alpha.example").get("/api/things/broken")
    for inside in ("postgresql", "RuntimeError", "Traceback", "kit.py"):
        assert inside not in response.text
    assert any(record.exc_info for record in caplog.records)


def test_a_part_that_is_down_says_when_to_try_again(house):
    response = house.client("compliance@alpha.example").get("/api/things/down")
    assert response.headers["Retry-After"] == "30"
    assert response.json["detail"] == "The lake does not answer."


@pytest.mark.parametrize(
    ("body", "field"),
    [({}, "amount"), ({"amount": "x"}, "amount"), ({"amount": 1.5}, "amount"), ({"amount": None}, "amount")],
)
def test_fields_that_do_not_fit_are_named(house, body, field):
    client = house.client("compliance@alpha.example")
    response = client.post("/api/things/write", json=body, headers=HOST)
    assert (response.status_code, response.mimetype) == (422, "application/problem+json")
    assert [found["field"] for found in response.json["errors"]] == [field]


@pytest.mark.parametrize(
    "text", ["", "{", "NaN", '{"amount": NaN}', "[" * 100_000, "[]", '"x"', "1", "null", "\xff"]
)
def test_bodies_that_are_not_json_objects_are_the_callers_fault(house, text):
    response = house.client("compliance@alpha.example").post(
        "/api/things/write", data=text.encode("latin-1"), content_type="application/json", headers=HOST
    )
    assert response.status_code in {400, 422}, response.text


def test_people_get_a_page(house):
    response = house.client().get("/sign-in", environ_overrides={"HTTP_HOST": "evil.example"})
    assert (response.status_code, response.mimetype) == (400, "text/html")
    assert 'data-state="error"' in response.text
    assert "<script>" not in response.text
