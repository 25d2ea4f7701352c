"""Limits: exact, shared, told, and kept when the shared store is gone."""

import pytest

from app.config import Settings
from app.errors import BadSettings
from app.gateway.limits import Budgets, check_workers, degraded
from tests.app.gateway.kit import HOST, build

WHO = "/api/things/who"


def test_one_caller_gets_exactly_what_is_allowed(settings):
    house = build(settings, Budgets(caller="7 per minute"))
    client = house.client()
    headers = {"X-API-Key": house.key()}
    codes = [client.get(WHO, headers=headers).status_code for _ in range(12)]
    assert codes == [200] * 7 + [429] * 5


def test_a_refusal_says_when_to_come_back(settings):
    house = build(settings, Budgets(caller="2 per minute"))
    headers = {"X-API-Key": house.key()}
    first = house.client().get(WHO, headers=headers)
    assert (first.headers["RateLimit-Limit"], first.headers["RateLimit-Remaining"]) == ("2", "1")
    assert "Retry-After" not in first.headers
    for _ in range(2):
        last = house.client().get(WHO, headers=headers)
    assert (last.status_code, last.mimetype) == (429, "application/problem+json")
    assert last.headers["RateLimit-Remaining"] == "0"
    assert 1 <= int(last.headers["Retry-After"]) <= 61
    assert 1 <= int(last.headers["RateLimit-Reset"]) <= 61


def test_more_keys_of_one_firm_share_its_budget_and_another_firm_has_its_own(settings):
    house = build(settings, Budgets(organisation="6 per minute"))
    client = house.client()
    own = [{"X-API-Key": house.key()} for _ in range(3)]
    codes = [client.get(WHO, headers=own[n % 3]).status_code for n in range(9)]
    assert codes == [200] * 6 + [429] * 3
    assert client.get(WHO, headers={"X-API-Key": house.key(org="beta")}).status_code == 200


@pytest.mark.parametrize(
    "vary",
    [
        lambda n: {"headers": {"X-Forwarded-For": f"10.0.0.{n}"}},
        lambda n: {"headers": {"X-Real-IP": f"10.0.0.{n}", "Forwarded": f"for=10.0.0.{n}"}},
        lambda n: {"query_string": {"n": str(n)}},
        lambda n: {"path": f"/api/unknown/{n}"},
        lambda n: {"path": "/api/things/who", "headers": {"X-API-Key": "qd_" + f"{n:043d}"}},
        lambda n: {"method": ("GET", "POST", "HEAD", "DELETE")[n % 4]},
    ],
)
def test_an_anonymous_caller_cannot_slip_under_by_varying_the_request(settings, vary):
    house = build(settings, Budgets(anonymous="5 per minute"))
    codes = []
    for n in range(10):
        request = {"path": "/api/things/who", "method": "GET"} | vary(n)
        codes.append(house.client().open(**request).status_code)
    assert codes[5:] == [429] * 5
    assert 429 not in codes[:5]


def test_unknown_paths_and_refused_callbacks_of_a_signed_in_caller_count(settings):
    house = build(settings, Budgets(caller="4 per minute"))
    client = house.client("compliance@alpha.example")
    codes = [client.get(f"/api/typo{n}").status_code for n in range(2)]
    codes += [client.post("/_dash-update-component", json={}, headers=HOST).status_code for _ in range(3)]
    assert codes == [404, 404, 400, 400, 429]


def test_export_and_ingest_have_budgets_of_their_own(settings):
    house = build(settings, Budgets(export="2 per minute", ingest="1 per minute"))
    client = house.client()
    headers = {"X-API-Key": house.key(scopes=("read", "ingest"))}
    assert [client.get("/api/export/x", headers=headers).status_code for _ in range(3)] == [404, 404, 429]
    assert [client.post("/api/ingest/x", headers=headers).status_code for _ in range(2)] == [404, 429]
    assert client.get(WHO, headers=headers).status_code == 200


def test_probes_and_files_are_not_counted(settings):
    house = build(settings, Budgets(anonymous="2 per minute"))
    client = house.client()
    for path in ("/livez", "/_dash-component-suites/dash/dcc/dash_core_components.js"):
        assert {client.get(path).status_code for _ in range(5)} == {200}


def test_limits_hold_when_redis_is_gone(tmp_path):
    settings = Settings(home=tmp_path, secret_key="k" * 20 + "3fX!" * 5, redis_url="redis://127.0.0.1:1/0")
    house = build(settings, Budgets(caller="5 per minute"))
    client = house.client()
    headers = {"X-API-Key": house.key()}
    codes = [client.get(WHO, headers=headers).status_code for _ in range(10)]
    assert codes == [200] * 5 + [429] * 5
    with house.server.app_context():
        assert degraded()


def test_more_workers_without_a_shared_store_are_refused_with_the_reason(settings):
    check_workers(1, settings)
    check_workers(4, settings.model_copy(update={"redis_url": "redis://127.0.0.1:6379/0"}))
    with pytest.raises(BadSettings, match=r"QUARTERDECK_REDIS_URL.*4 times the limit"):
        check_workers(4, settings)
    with pytest.raises(BadSettings):
        check_workers(0, settings)
