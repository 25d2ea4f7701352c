"""Is surveillance itself well: which places it sees, how many alerts it raises, which feeds flow."""

from collections import Counter
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import polars as pl
from sqlalchemy import select

from analytics.compliance.assurance import covered, judged, quiet
from analytics.compliance.detector import all_detectors
from analytics.datasets import (
    BARS,
    EXECUTIONS,
    INSTRUMENTS,
    MESSAGES,
    NEWS,
    ORDER_EVENTS,
    POSTS,
    PRICES,
    QUOTES,
    TAPE,
    Dataset,
)
from app.desk import Desk
from app.errors import Forbidden
from app.queries.compliance import alerts, coverage
from app.scope import SURVEILLANCE_ROLES
from app.storage.cache import cached
from app.storage.records._base import now
from app.storage.records.surveillance import CanaryRun

DAYS = 20  # days before the last one that it is judged by
MOST_ALERTS = 100_000
CANARY_LATE = timedelta(days=2)  # they are sent every day
PLACED: tuple[Dataset, ...] = (ORDER_EVENTS, EXECUTIONS, QUOTES, TAPE, BARS, PRICES)  # know their instrument
FEEDS: tuple[Dataset, ...] = (ORDER_EVENTS, EXECUTIONS, QUOTES, PRICES, MESSAGES, POSTS, NEWS)
_TIME = {"prices": "date", "news": "published_time", "bars": "bar_start"}


@cached(*PLACED, INSTRUMENTS, records=("detector_runs",))
def matrix(desk: Desk) -> dict[str, Any]:
    """Return which detector sees which place: an asset class at a venue.

    Returns:
        ``places`` (asset_class, venue, orders, executions; the busiest first) and ``rows``: per detector its
        ``state`` and per place how it is covered (``covered``, ``blind``, ``off``) and what is ``missing``.

    Raises:
        Forbidden: If the role does not read surveillance.
    """
    _door(desk)
    counts = {dataset.name: _by_place(desk, dataset) for dataset in PLACED}
    traded = counts[ORDER_EVENTS.name] + counts[EXECUTIONS.name]
    places = [place for place, _ in traded.most_common()]
    runs = {row["detector"]: row for row in coverage(desk)}
    rows = []
    for name, kind in sorted(all_detectors().items(), key=lambda one: (one[1].code, one[0])):
        cells = []
        for place in places:
            there: Mapping[str, int | None] = {t: _seen(found, place) for t, found in counts.items()}
            state, missing = covered(kind.inputs, there, runs[name]["state"])
            cells.append({"state": state, "missing": list(missing)})
        rows.append(
            {
                "detector": name,
                "code": kind.code,
                "title": kind.title,
                "state": runs[name]["state"],
                "reason": runs[name]["reason"],
                "cells": cells,
            }
        )
    shown = [
        {
            "asset_class": kind,
            "venue": venue,
            "order_events": counts[ORDER_EVENTS.name][kind, venue],
            "executions": counts[EXECUTIONS.name][kind, venue],
        }
        for kind, venue in places
    ]
    return {"places": shown, "rows": rows}


@cached(EXECUTIONS, ORDER_EVENTS, records=("alerts", "detector_runs"))
def volumes(desk: Desk) -> list[dict[str, Any]]:
    """Return per detector its alerts of the last session against those of up to twenty before.

    Days are sessions on which something was ordered or done. See ``analytics.compliance.assurance.judged``;
    a detector that has failed or not run is ``off``: its silence says nothing.

    Raises:
        Forbidden: If the role does not read surveillance.
    """
    _door(desk)
    days = _sessions(desk)
    found = alerts(desk, limit=MOST_ALERTS)["rows"]
    seen = Counter((row["detector"], (row["window"]["end"] or row["created_at"]).date()) for row in found)
    off = {row["detector"] for row in coverage(desk) if row["state"] in {"failed", "not_run"}}
    return [
        {"detector": name, "code": kind.code, "title": kind.title, "day": days[-1] if days else None}
        | judged([seen[name, day] for day in days])
        | ({"state": "off"} if name in off else {})
        for name, kind in sorted(all_detectors().items(), key=lambda one: (one[1].code, one[0]))
    ]


@cached(*FEEDS)
def feeds(desk: Desk) -> list[dict[str, Any]]:
    """Return per feed the rows of the last session of any feed against its median session.

    Raises:
        Forbidden: If the role does not read surveillance.
    """
    _door(desk)
    by_day = {dataset.name: _by_day(desk, dataset) for dataset in FEEDS}
    days = _sessions(desk)
    rows = []
    for dataset in FEEDS:
        found = by_day[dataset.name]
        told = quiet([found[day] for day in days]) if found else {"last": 0, "median": None, "state": "never"}
        rows.append(
            {"dataset": dataset.name, "title": dataset.title, "day": days[-1] if days else None}
            | {"newest": max(found) if found else None, "rows": found.total()}
            | told
        )
    return rows


@cached(records=("canary_runs",), ttl=3600)
def canaries(desk: Desk) -> dict[str, Any]:
    """Return the last canaries: known patterns sent through the whole chain under this firm's thresholds.

    Returns:
        ``state`` (ok; silent: a detector did not answer; failed: the chain broke; never; late: none for two
        days), ``reason``, ``ran_at``, ``answered_at`` (when all last answered) and ``rows``: per detector
        ``detector``, ``title`` and ``answered``.

    Raises:
        Forbidden: If the role does not read surveillance.
    """
    _door(desk)
    with desk.session() as session:
        run = session.scalar(select(CanaryRun))
    if run is None:
        return {"state": "never", "reason": None, "ran_at": None, "answered_at": None, "rows": []}
    names = all_detectors()
    rows = [
        {"detector": name, "title": names[name].title if name in names else name, "answered": answered}
        for answered, listed in ((False, run.silent), (True, run.answered))
        for name in listed
    ]
    state = "late" if run.state == "ok" and now() - run.ran_at > CANARY_LATE else run.state
    return {
        "state": state,
        "reason": run.reason,
        "ran_at": run.ran_at,
        "answered_at": run.answered_at,
        "rows": rows,
    }


# --- steps -------------------------------------------------------------------------------------------
def _by_place(desk: Desk, dataset: Dataset) -> Counter[tuple[str, str]]:
    """Return rows by asset class and venue of a table that knows instruments."""
    kinds = (
        desk.lake.scan(desk.org, INSTRUMENTS)
        .sort("valid_from", nulls_last=False)
        .unique("instrument_id", keep="last", maintain_order=True)
        .select("instrument_id", "asset_class", "mic")
    )
    rows = desk.lake.scan(desk.org, dataset)
    venue = pl.col("venue") if "venue" in dataset.columns else pl.lit(None, pl.String)
    counted = desk.collect(
        rows.group_by("instrument_id", venue.alias("venue"))
        .agg(n=pl.len())
        .join(kinds, on="instrument_id", how="left")
        .group_by(
            pl.col("asset_class").fill_null("unknown"),
            pl.coalesce("venue", "mic", pl.lit("unknown")).alias("venue"),
        )
        .agg(pl.col("n").sum())
    )
    return Counter({(kind, venue): int(n) for kind, venue, n in counted.iter_rows()})


def _seen(found: Counter[tuple[str, str]], place: tuple[str, str]) -> int:
    """Return rows at a place; market data count for every venue of their asset class."""
    return found[place] or sum(n for (kind, _), n in found.items() if kind == place[0])


def _sessions(desk: Desk) -> list[date]:
    """Return the last sessions on which something was ordered or done, oldest first; the judged one last."""
    found: Counter[date] = _by_day(desk, ORDER_EVENTS) + _by_day(desk, EXECUTIONS)
    return sorted(found)[-DAYS - 1 :]


def _by_day(desk: Desk, dataset: Dataset) -> Counter[date]:
    column = _TIME.get(dataset.name, "transact_time")
    rows = desk.lake.scan(desk.org, dataset)
    counted = desk.collect(rows.group_by(pl.col(column).cast(pl.Date).alias("day")).agg(n=pl.len()))
    return Counter({day: int(n) for day, n in counted.iter_rows() if day is not None})


def _door(desk: Desk) -> None:
    if desk.identity.role not in SURVEILLANCE_ROLES:
        raise Forbidden("Surveillance is read by compliance.")
