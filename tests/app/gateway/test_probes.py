"""Probes and metrics: for machines, and nobody's data."""

from app.actions import keys
from app.observability.endpoints import EXTENSION
from app.observability.health import Check, Health
from app.scope import Identity


def down():
    raise OSError


def test_live_though_the_database_is_down_but_not_ready(house):
    house.server.extensions[EXTENSION] = Health([Check("database", down, essential=True)])
    assert house.client().get("/livez").status_code == 200
    response = house.client().get("/readyz")
    assert (response.status_code, response.text) == (503, "database is down\n")
    assert response.headers["Retry-After"] == "5"


def test_not_ready_while_draining(house):
    flag = house.context.settings.root / "run" / "draining"
    flag.parent.mkdir(parents=True)
    flag.touch()
    assert house.client().get("/readyz").status_code == 503
    assert house.client().get("/livez").status_code == 200


def test_metrics_are_for_loopback_or_an_operator(house):
    client = house.client()
    assert client.get("/metrics").status_code == 200
    away = {"environ_overrides": {"REMOTE_ADDR": "10.1.2.3"}}
    assert client.get("/metrics", **away).status_code == 401
    assert client.get("/metrics", headers={"X-Forwarded-For": "127.0.0.1"}).status_code == 401
    key = {"X-API-Key": house.key()}
    assert client.get("/metrics", headers=key, **away).status_code == 403


def test_metrics_name_routes_and_never_organisations_ids_or_paths(house):
    client = house.client("compliance@alpha.example")
    client.get("/api/things/who")
    client.get("/compliance/alerts/al_secret")
    client.get("/api/secret-path")
    text = client.get("/metrics").text
    assert 'route="/api/things/who"' in text
    assert 'route="page"' in text
    for hidden in ("al_secret", "secret-path", "alpha", "compliance@"):
        assert hidden not in text


def test_callbacks_are_told_apart(house):
    body = {
        "output": "out.children",
        "outputs": {"id": "out", "property": "children"},
        "inputs": [{"id": "url", "property": "search", "value": ""}],
        "state": [{"id": "box", "property": "value"}],
        "changedPropIds": [],
    }
    client = house.client("compliance@alpha.example")
    client.post("/_dash-update-component", json=body, headers={"Origin": "http://localhost"})
    assert 'quarterdeck_callback_seconds_count{output="out.children"}' in client.get("/metrics").text


def test_a_key_of_an_operator_cannot_be_made_by_an_organisation(house):
    import pytest

    from app.errors import QuarterdeckError

    with pytest.raises(QuarterdeckError):
        keys.create(house.context.database, Identity("alpha", "u", "n", "admin"), name="x", role="operator")


def test_metrics_tell_of_the_cache_and_of_jobs(house):
    text = house.client().get("/metrics").text
    assert 'quarterdeck_cache{figure="hit_ratio"}' in text
    assert 'quarterdeck_jobs{state="failed"} 0.0' in text
