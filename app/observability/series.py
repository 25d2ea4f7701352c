"""How fast this process answers, per organisation and route, over the last minutes: a ring in memory."""

import math
import threading
import time
from collections import OrderedDict, deque
from dataclasses import dataclass
from typing import Any

WINDOW_S = 300.0
TARGET = 0.999  # of requests answered without a fault of ours
_KEEP = 1000  # observations of one route
_ROUTES = 400  # of one organisation
_ORGS = 500


@dataclass(frozen=True)
class _Seen:
    at: float
    seconds: float
    status: int


class Series:
    """Observations by organisation and route; the oldest give way."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rings: OrderedDict[str, OrderedDict[str, deque[_Seen]]] = OrderedDict()

    def observe(self, org: str | None, route: str, seconds: float, status: int) -> None:
        """Note one answer; ``org`` None for callers nobody knows."""
        seen = _Seen(time.monotonic(), seconds, status)
        with self._lock:
            routes = self._rings.setdefault(org or "", OrderedDict())
            routes.setdefault(route, deque(maxlen=_KEEP)).append(seen)
            routes.move_to_end(route)
            self._rings.move_to_end(org or "")
            while len(routes) > _ROUTES:
                routes.popitem(last=False)
            while len(self._rings) > _ORGS:
                self._rings.popitem(last=False)

    def summary(
        self, org: str | None = None, *, everyone: bool = False, window: float = WINDOW_S
    ) -> dict[str, Any]:
        """Return rate and latency of one organisation's routes, or with ``everyone`` of all.

        Returns:
            ``requests``: one dict per route and callback: route, count, rate (per second), p50_ms, p95_ms,
            p99_ms, errors (answers >= 500), most asked first. ``slo``: target, requests, error_ratio and
            burn (1 = errors as fast as the target allows; null without requests). ``window_s``.
        """
        since = time.monotonic() - window
        with self._lock:
            chosen = list(self._rings.values()) if everyone else [self._rings.get(org or "", OrderedDict())]
            merged: dict[str, list[_Seen]] = {}
            for routes in chosen:
                for route, ring in routes.items():
                    merged.setdefault(route, []).extend(seen for seen in ring if seen.at >= since)
        rows = [_row(route, seen, window) for route, seen in merged.items() if seen]
        total = sum(row["count"] for row in rows)
        errors = sum(row["errors"] for row in rows)
        ratio = errors / total if total else None
        return {
            "requests": sorted(rows, key=lambda row: (-row["count"], row["route"])),
            "slo": {
                "target": TARGET,
                "requests": total,
                "error_ratio": ratio,
                "burn": None if ratio is None else ratio / (1 - TARGET),
            },
            "window_s": window,
        }

    def forget(self, org: str) -> None:
        """Drop everything of an organisation."""
        with self._lock:
            self._rings.pop(org, None)


def _row(route: str, seen: list[_Seen], window: float) -> dict[str, Any]:
    ordered = sorted(item.seconds for item in seen)
    # Where the ring is full it reaches back less than the window.
    span = window if len(seen) < _KEEP else max(1e-3, time.monotonic() - min(item.at for item in seen))
    return {
        "route": route,
        "count": len(seen),
        "rate": len(seen) / span,
        "p50_ms": _rank(ordered, 0.5) * 1000,
        "p95_ms": _rank(ordered, 0.95) * 1000,
        "p99_ms": _rank(ordered, 0.99) * 1000,
        "errors": sum(item.status >= 500 for item in seen),
    }


def _rank(ordered: list[float], quantile: float) -> float:
    """Return the nearest-rank quantile."""
    return ordered[max(0, math.ceil(quantile * len(ordered)) - 1)]


_process = Series()  # of this process; empty until the first request
observe = _process.observe
summary = _process.summary
forget = _process.forget
