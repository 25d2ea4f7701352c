"""Health: each part in its own time."""

import threading
import time
from types import SimpleNamespace

import pytest
from sqlalchemy import create_engine, text

from app.observability.health import Check, DegradedError, Health, installation


def fails():
    raise RuntimeError("postgresql://user:pw@db")


def limps():
    raise DegradedError("half of it")


def health(*checks, **more):
    return Health([Check("web", lambda: "answers"), *checks], **more)


def by_name(found):
    return {service["name"]: service for service in found.services()}


def test_each_part_says_how_it_is():
    found = health(Check("cache", limps), Check("lake", fails))
    parts = by_name(found)
    assert {name: part["status"] for name, part in parts.items()} == {
        "web": "ok", "cache": "degraded", "lake": "down",
    }  # fmt: skip
    assert parts["cache"]["detail"] == "half of it"
    assert parts["web"]["last_success"] is not None
    assert parts["lake"]["last_success"] is None
    assert found.status() == "degraded"


def test_an_essential_part_takes_the_whole_down_and_tells_no_inside():
    found = health(Check("database", fails, essential=True))
    assert found.status() == "down"
    assert found.not_ready() == ["database is down"]
    assert by_name(found)["database"]["detail"] == "RuntimeError"


def test_a_part_that_hangs_is_down_and_holds_nobody_up():
    free = threading.Event()
    found = health(Check("lake", lambda: free.wait(20)), timeout=0.2)
    started = time.monotonic()
    assert by_name(found)["lake"]["status"] == "down"
    assert time.monotonic() - started < 2
    free.set()


def test_a_hanging_part_is_not_asked_again_while_it_hangs(monkeypatch):
    monkeypatch.setattr("app.observability.health.FRESH_S", 0.0)
    free, asked = threading.Event(), []

    def hang():
        asked.append(1)
        free.wait(20)

    found = health(Check("lake", hang), timeout=0.05)
    for _ in range(5):
        found.services()
    assert len(asked) == 1
    free.set()


def test_many_callers_ask_the_parts_once():
    asked = []
    found = health(Check("lake", lambda: asked.append(1)))
    for _ in range(50):
        found.status()
    assert len(asked) == 1


def test_while_draining_it_is_not_ready(tmp_path):
    flag = tmp_path / "draining"
    found = health(draining=flag)
    assert found.not_ready() == []
    flag.touch()
    assert found.not_ready() == ["shutting down"]


@pytest.fixture
def stores(tmp_path):
    engine = create_engine(f"sqlite:///{tmp_path}/records.db")
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE heartbeats (process TEXT, kind TEXT, at TIMESTAMP)"))
        connection.execute(text("CREATE TABLE canary_runs (org TEXT, state TEXT)"))
    cache = SimpleNamespace(store=SimpleNamespace(ping=lambda: None), stats=lambda: {"hit_ratio": 0.5})
    return SimpleNamespace(
        database=SimpleNamespace(engine=engine),
        lake=SimpleNamespace(root=tmp_path / "lake"),
        cache=cache,
        settings=SimpleNamespace(root=tmp_path),
    )


def test_an_installation_without_worker_is_degraded(stores):
    parts = {part["name"]: part for part in installation(stores)}
    assert parts["worker"]["status"] == "degraded"
    assert parts["database"]["status"] == "ok"
    assert parts["lake"]["detail"] == "empty"
    assert parts["cache"]["detail"] == "hit ratio 50%"


@pytest.mark.parametrize(
    ("states", "status", "detail"),
    [
        ([], "ok", "no canaries sent yet"),
        (["ok", "ok"], "ok", "canaries of 2 organisations answered"),
        (["ok", "silent"], "degraded", "canaries of 1 of 2 organisations were not answered"),
    ],
)
def test_canaries_that_nobody_answers_raise_an_alarm(stores, states, status, detail):
    with stores.database.engine.begin() as connection:
        for org, state in enumerate(states):
            connection.execute(text("INSERT INTO canary_runs VALUES (:o, :s)"), {"o": str(org), "s": state})
    part = next(part for part in installation(stores) if part["name"] == "canaries")
    assert (part["status"], part["detail"]) == (status, detail)


@pytest.mark.parametrize(("age", "status"), [("-5 seconds", "ok"), ("-5 minutes", "degraded")])
def test_a_worker_is_well_while_it_reports(stores, age, status):
    insert = text("INSERT INTO heartbeats VALUES ('w', 'worker', datetime('now', :age))")
    with stores.database.engine.begin() as connection:
        connection.execute(insert, {"age": age})
    parts = {part["name"]: part for part in installation(stores)}
    assert parts["worker"]["status"] == status, parts["worker"]
