"""Wires pages/operations/health.py."""

from typing import Any

from dash import Dash

from app.observability import process
from app.observability.endpoints import current_health
from app.queries import operations
from callbacks._fill import Drawn, View, fill
from components.formats import plural
from components.services import data_table, requests_table, services_strip, work_facts

PAGE = "operations-health"


def register(app: Dash) -> None:
    """Attach this page's callbacks to ``app``."""
    fill(app, PAGE, "services", "Services", ask=lambda _: current_health().services(), draw=_services)
    fill(app, PAGE, "requests", "Response times", ask=operations.requests, draw=_requests)
    fill(app, PAGE, "work", "Jobs, cache, process", ask=_work, draw=_facts)
    fill(app, PAGE, "data", "Data sets", ask=operations.data_health, draw=_data)


def _services(rows: list[dict[str, Any]], _: View) -> Drawn:
    bad = sum(row["status"] != "ok" for row in rows)
    return Drawn(services_strip(rows), sub=f"{bad} not well" if bad else "all answer", fit="flush")


def _requests(seen: dict[str, Any], _: View) -> Drawn:
    rows = seen["requests"]
    sub = f"this process, last {seen['window_s'] / 60:.0f} min"
    return Drawn(requests_table(rows), "ready" if rows else "empty", sub=sub, fit="flush")


def _work(desk: Any) -> tuple[Any, Any, Any, Any]:
    cache = desk.cache.stats(desk.org) if desk.cache else {}
    return operations.jobs(desk), cache, process.usage(), operations.ingest_rate(desk)


def _facts(answer: tuple[Any, Any, Any, Any], _: View) -> Drawn:
    return Drawn(work_facts(*answer), fit="pad")


def _data(rows: list[dict[str, Any]], _: View) -> Drawn:
    return Drawn(
        data_table(rows), "ready" if rows else "empty", sub=plural(len(rows), "data set"), fit="flush"
    )
