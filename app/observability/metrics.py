"""Counters for Prometheus: no organisation, no id, no path of a caller's choosing is ever a label."""

import os

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
    multiprocess,
)

CONTENT_TYPE = CONTENT_TYPE_LATEST
_BUCKETS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1, 2.5, 5, 10)
_LONGEST = 120  # characters of a callback's output: those with many outputs are long

requests = Counter(
    "quarterdeck_requests_total", "Requests by route and status.", ("route", "method", "status")
)
latency = Histogram("quarterdeck_request_seconds", "Time to answer by route.", ("route",), buckets=_BUCKETS)
callbacks = Histogram(
    "quarterdeck_callback_seconds", "Time to answer by callback output.", ("output",), buckets=_BUCKETS
)
# Set when somebody scrapes: the counts are kept by the cache and by the job table.
cache = Gauge("quarterdeck_cache", "Figures of the answer cache.", ("figure",), multiprocess_mode="livesum")
jobs = Gauge("quarterdeck_jobs", "Jobs by state.", ("state",), multiprocess_mode="livemax")
up = Gauge("quarterdeck_service_up", "1 when a part answers.", ("service",), multiprocess_mode="livemin")


def observe_request(route: str, callback: str | None, method: str, status: int, seconds: float) -> None:
    """Count one answered request; ``route`` is a rule, never a path."""
    requests.labels(route, method, str(status)).inc()
    latency.labels(route).observe(seconds)
    if callback is not None:
        callbacks.labels(callback[:_LONGEST]).observe(seconds)


def text() -> bytes:
    """Return everything in Prometheus' text format, of all processes where they share a folder."""
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        return generate_latest(registry)
    return generate_latest(REGISTRY)
