"""Is it well? Each part is asked in its own time; a part that hangs is down, and holds nobody up."""

import shutil
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooSlowError
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Column, DateTime, MetaData, String, Table, func, select, text

from app.observability import metrics

TIMEOUT_S = 2.0
FRESH_S = 2.0  # how long a finding holds, so that anonymous callers cannot keep the parts busy
WORKER_LATE_S = 30.0
LOW_DISK = 512 * 1024 * 1024  # bytes

_heartbeats = Table("heartbeats", MetaData(), Column("kind", String), Column("at", DateTime(timezone=True)))
_canary_runs = Table("canary_runs", MetaData(), Column("state", String))
_jobs = Table("jobs", MetaData(), Column("state", String))


class DegradedError(Exception):
    """A part works, but not as it should; the message says what."""


@dataclass(frozen=True)
class Check:
    """One part and how to ask it: ``run`` returns a detail, raises DegradedError, or anything when down."""

    name: str
    run: Callable[[], str | None]
    essential: bool = False  # without it nothing can be answered


class Health:
    """The parts of an installation, asked side by side."""

    def __init__(
        self, checks: Sequence[Check], *, timeout: float = TIMEOUT_S, draining: Path | None = None
    ) -> None:
        self._checks = tuple(checks)
        self._timeout = timeout
        self._draining = draining
        self._pool = ThreadPoolExecutor(
            max_workers=2 * max(1, len(self._checks)), thread_name_prefix="health"
        )
        self._running: dict[str, Future[tuple[str, str | None, float]]] = {}
        self._last_success: dict[str, datetime] = {}
        self._lock = threading.Lock()
        self._found: tuple[float, list[dict[str, Any]]] | None = None

    def services(self) -> list[dict[str, Any]]:
        """Return name, status (ok, degraded, down), latency_ms, last_success and detail of each part."""
        with self._lock:
            if self._found is not None and time.monotonic() - self._found[0] < FRESH_S:
                return self._found[1]
            found = self._ask()
            self._found = (time.monotonic(), found)
            return found

    def status(self) -> str:
        """Return ok, degraded or down for the whole."""
        services = {service["name"]: service["status"] for service in self.services()}
        if any(services[check.name] == "down" for check in self._checks if check.essential):
            return "down"
        return "ok" if all(status == "ok" for status in services.values()) else "degraded"

    def not_ready(self) -> list[str]:
        """Return why no requests should be sent here; empty when they may."""
        if self._draining is not None and self._draining.exists():
            return ["shutting down"]
        services = {service["name"]: service for service in self.services()}
        return [
            f"{check.name} is down"
            for check in self._checks
            if check.essential and services[check.name]["status"] == "down"
        ]

    def _ask(self) -> list[dict[str, Any]]:
        for check in self._checks:
            held = self._running.get(check.name)
            # A part that still hangs from the last time is not asked again: threads are not endless.
            if held is None or held.done():
                self._running[check.name] = self._pool.submit(_run, check)
        deadline = time.monotonic() + self._timeout
        return [self._finding(check, deadline) for check in self._checks]

    def _finding(self, check: Check, deadline: float) -> dict[str, Any]:
        try:
            status, detail, seconds = self._running[check.name].result(max(0.0, deadline - time.monotonic()))
        except TooSlowError:
            status, detail, seconds = "down", f"does not answer within {self._timeout:g} s", self._timeout
        if status == "ok":
            self._last_success[check.name] = datetime.now(UTC)
        metrics.up.labels(check.name).set(status != "down")
        return {
            "name": check.name,
            "status": status,
            "latency_ms": round(seconds * 1000, 3),
            "last_success": self._last_success.get(check.name),
            "detail": detail,
        }


def standard(context: Any) -> list[Check]:
    """Return the checks of an installation's own parts.

    Args:
        context: Its stores: ``settings``, ``database``, ``lake``, ``cache``.
    """
    return [
        Check("web", lambda: "answers"),
        Check("worker", lambda: _worker(context)),
        Check("database", lambda: _database(context), essential=True),
        Check("lake", lambda: _lake(context)),
        Check("cache", lambda: _cache(context)),
        Check("disk", lambda: _disk(context)),
        Check("canaries", lambda: _canaries(context)),
    ]


def job_states(context: Any) -> dict[str, int]:
    """Return how many jobs of the installation are queued, running, done and failed."""
    with context.database.session(None) as session:
        query = select(_jobs.c.state, func.count()).group_by(_jobs.c.state)
        counted = {str(state): int(count) for state, count in session.execute(query)}
    return {state: counted.get(state, 0) for state in ("queued", "running", "done", "failed")}


def installation(context: Any) -> list[dict[str, Any]]:
    """Return what each part of an installation answers right now."""
    return Health(standard(context)).services()


def _run(check: Check) -> tuple[str, str | None, float]:
    started = time.perf_counter()
    try:
        detail = check.run()
        status = "ok"
    except DegradedError as error:
        status, detail = "degraded", str(error)
    except Exception as error:  # noqa: BLE001 - whatever a part raises, it is down; its words may hold paths
        status, detail = "down", type(error).__name__
    return status, detail, time.perf_counter() - started


def _database(context: Any) -> str:
    with context.database.engine.connect() as connection:
        connection.execute(text("SELECT 1"))
        return str(connection.dialect.name)


def _worker(context: Any) -> str:
    with context.database.engine.connect() as connection:
        at = connection.scalar(select(func.max(_heartbeats.c.at)).where(_heartbeats.c.kind == "worker"))
    if at is None:
        raise DegradedError("no worker has reported yet; imports and other jobs wait")
    age = (datetime.now(UTC) - (at.replace(tzinfo=UTC) if at.tzinfo is None else at)).total_seconds()
    if age > WORKER_LATE_S:
        raise DegradedError(f"silent for {age:.0f} s; imports and other jobs wait")
    return f"seen {max(age, 0):.0f} s ago"


def _canaries(context: Any) -> str:
    """Known patterns are sent through surveillance every day; a firm whose were not answered is an alarm."""
    with context.database.engine.connect() as connection:
        asked = select(_canary_runs.c.state, func.count()).group_by(_canary_runs.c.state)
        counted = {str(state): int(count) for state, count in connection.execute(asked)}
    bad = sum(counted.values()) - counted.get("ok", 0)
    if bad:
        raise DegradedError(f"canaries of {bad} of {sum(counted.values())} organisations were not answered")
    return f"canaries of {counted['ok']} organisations answered" if counted else "no canaries sent yet"


def _lake(context: Any) -> str:
    root = Path(context.lake.root)
    if not root.exists():
        return "empty"
    return f"{sum(1 for entry in root.iterdir() if entry.is_dir() and not entry.name.startswith('.'))} organisations"


def _cache(context: Any) -> str:
    if context.cache is None:
        return "off"
    try:
        context.cache.store.ping()
    except Exception as error:
        raise DegradedError("does not answer; every question is computed") from error
    ratio = context.cache.stats()["hit_ratio"]
    return f"hit ratio {ratio:.0%}"


def _disk(context: Any) -> str:
    free = shutil.disk_usage(context.settings.root).free
    if free < LOW_DISK:
        raise DegradedError(f"{free // 2**20} MB left; imports will be refused")
    return f"{free / 2**30:.1f} GB free"
