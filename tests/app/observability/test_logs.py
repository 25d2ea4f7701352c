"""Log lines: one record a line, and no secret in any."""

import io
import json
import logging

import pytest

from app.observability import logs


@pytest.fixture
def written():
    """Return a function that gives the lines written so far, with the process's logging put back after."""
    root = logging.getLogger()
    handlers, level, raising = root.handlers[:], root.level, logging.raiseExceptions
    stream = io.StringIO()

    def lines(fmt):
        logs.configure(fmt)
        root.handlers[0].setStream(stream)
        return lambda: stream.getvalue().splitlines()

    yield lines
    root.handlers[:], logging.raiseExceptions = handlers, raising
    root.setLevel(level)


HOSTILE = "AAPL\r\n2026-11-20 root signed in\x1b[31m\u2028\u202e"


@pytest.mark.parametrize("fmt", ["json", "console"])
def test_a_line_break_in_a_value_does_not_forge_a_record(written, fmt):
    lines = written(fmt)
    logs.access(request_id="r1", org="alpha", user="u1", route=HOSTILE, status=200, ms=1.5)
    logging.getLogger("other").warning("symbol %s", HOSTILE)
    found = lines()
    assert len(found) == 2
    for line in found:
        assert "\x1b" not in line
        assert "\u202e" not in line


def test_a_json_line_holds_who_where_and_how_long(written):
    lines = written("json")
    logs.access(request_id="r1", org="alpha", user="u1", method="GET", route="/api/x", status=200, ms=1.5)
    found = json.loads(lines()[0])
    assert {name: found[name] for name in ("request_id", "org", "user", "route", "status", "ms")} == {
        "request_id": "r1", "org": "alpha", "user": "u1", "route": "/api/x", "status": 200, "ms": 1.5,
    }  # fmt: skip
    assert found["timestamp"].endswith("Z")


@pytest.mark.parametrize("fmt", ["json", "console"])
def test_secrets_are_hidden_wherever_they_stand(written, fmt):
    lines = written(fmt)
    secrets = [
        "hunter2hunter2",
        "qd_" + "S3cr3t" * 7,
        "dbpassword",
        "$argon2id$v=19$m=65536$abc",
        "tok-123456",
    ]
    log = logging.getLogger("x")
    log.warning("url postgresql://user:%s@db/records key %s hash %s", secrets[2], secrets[1], secrets[3])
    log.warning("sent", extra={"password": secrets[0], "headers": {"Authorization": f"Bearer {secrets[4]}"}})
    try:
        raise RuntimeError(f"postgresql://u:{secrets[2]}@db")
    except RuntimeError:
        log.exception("failed with %s", secrets[1])
    text = "\n".join(lines())
    assert text
    assert [secret for secret in secrets if secret in text] == []


def test_dash_does_not_log_the_values_of_callbacks(written):
    lines = written("json")
    logging.getLogger("dash.dash").setLevel(logging.INFO)  # as every new Dash app does
    logging.getLogger("dash.dash").error("InvalidCallbackReturnValue: rows of alpha")
    assert lines() == []


def test_a_closed_pipe_fails_nobody(written, monkeypatch):
    written("json")
    stream = io.StringIO()
    logging.getLogger().handlers[0].setStream(stream)
    stream.close()
    logging.getLogger("x").warning("into the void")
