"""Log lines: one record a line, whatever the values hold; who, where, how long, never a secret."""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

_SECRET_NAME = re.compile(
    r"password|secret|token|cookie|authorization|api_?key|dsn|credential|passwd", re.IGNORECASE
)
_SECRET_VALUE = re.compile(r"qd_[A-Za-z0-9_\-]{8,}|://[^/\s:@]*:[^@\s]+@|\$argon2[^\s]+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_HIDDEN = "[hidden]"

_access = structlog.stdlib.get_logger("quarterdeck.access")


def configure(fmt: str = "console", *, level: int = logging.INFO) -> None:
    """Send all log records of this process to standard error.

    Args:
        fmt: ``json`` for machines, ``console`` for people.
        level: The least severe level that is written.
    """
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.stdlib.ExtraAdder(),
    ]
    last: list[Any] = (
        [structlog.processors.format_exc_info, clean, structlog.processors.JSONRenderer(sort_keys=True)]
        if fmt == "json"
        else [structlog.processors.format_exc_info, clean, _line]
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    # Dash logs the whole value of a callback that returned something odd: an organisation's data. On the
    # handler, since Dash sets the level of its own logger again with every app.
    handler.addFilter(lambda record: record.name.partition(".")[0] != "dash")
    # huey tells each tick of its clock; jobs are logged by name where they run.
    for name in ("werkzeug", "flask-limiter", "alembic", "huey"):
        logging.getLogger(name).setLevel(logging.WARNING)
    # A full pipe or a closed terminal must not fail a request.
    logging.raiseExceptions = False
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )


def access(**fields: Any) -> None:
    """Write one line about a request: request_id, org, user, method, route, status, ms."""
    if logging.getLogger("quarterdeck.access").isEnabledFor(logging.INFO):
        _access.info("request", **fields)


def clean(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Hide secrets and make every text one line: a line break in a symbol must not forge a record."""
    for name in list(event):
        event[name] = _HIDDEN if _SECRET_NAME.search(name) else _safe(event[name])
    return event


def _safe(value: Any) -> Any:
    if isinstance(value, str):
        shown = _SECRET_VALUE.sub(_HIDDEN, value)
        return _CONTROL.sub(lambda found: f"\\u{ord(found.group()):04x}", shown)
    if isinstance(value, dict):
        return {
            str(name): _HIDDEN if _SECRET_NAME.search(str(name)) else _safe(item)
            for name, item in value.items()
        }
    if isinstance(value, list | tuple):
        return [_safe(item) for item in value]
    if value is None or isinstance(value, int | float | bool):
        return value
    return _safe(str(value))


def _line(_: Any, __: str, event: MutableMapping[str, Any]) -> str:
    """Render for people: time, level, message, then the rest as name=value."""
    head = [str(event.pop("timestamp", "")), f"{event.pop('level', ''):<7}", str(event.pop("event", ""))]
    trace = event.pop("exception", None)
    rest = [f"{name}={value}" for name, value in sorted(event.items()) if value is not None]
    lines = " ".join([*head, *rest])
    return lines if trace is None else f"{lines} exception={trace}"
