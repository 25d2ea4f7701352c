"""Compute an alert again from the table versions, the parameters and the lists it is pinned to."""

from collections.abc import Iterable, Mapping
from typing import Any

import polars as pl
from sqlalchemy import select

from analytics.compliance.alerts import steady
from analytics.compliance.detector import LISTS, all_detectors
from app.actions.parameters import of_digest
from app.actions.supervision import SOURCE as SUPERVISED
from app.context import Context
from app.errors import Conflict, NotFound
from app.jobs._drawn_again import drawn_again
from app.jobs._ground import lists_at, tables_of
from app.jobs._watch import watches
from app.storage.collect import collect
from app.storage.records.alerts import Alert, AlertState

_TOLD = ("severity", "score", "actors", "instrument_ids", "window_start", "window_end", "metrics", "story",
         "regulation")  # fmt: skip
# Detector, digest of its parameters and table versions to what it finds there, by id.
_Known = dict[tuple[str, str, tuple[tuple[str, str], ...]], dict[str, dict[str, Any]]]


def reproduce(context: Context, org: str, alert_id: str, *, state: int | None = None) -> dict[str, Any]:
    """Compute an alert again from what it is pinned to; a message that a reader raised is drawn again.

    Args:
        context: The installation's stores.
        org: The organisation's slug.
        alert_id: Of the alert.
        state: One of its earlier states, counted from 1; the one that is shown when None.

    Returns:
        ``identical``, ``differences`` (field to stored and recomputed value), ``state``, the versions, and the
        ``seed`` of the draw; null where nothing was drawn.

    Raises:
        NotFound: If there is no such alert, or it has no such state.
        Conflict: If the detector or its parameters are no longer the ones that found it.
    """
    return _reproduced(context, org, alert_id, state, {})


def reproduce_all(
    context: Context, org: str, alert_ids: Iterable[str], *, state: int | None = None
) -> dict[str, dict[str, Any]]:
    """Compute many alerts again; what a detector says of one state of the tables is worked out once for all.

    Args:
        context: The installation's stores.
        org: The organisation's slug.
        alert_ids: Of the alerts.
        state: As for ``reproduce``, of every one of them.

    Returns:
        Alert id to what ``reproduce`` returns.

    Raises:
        NotFound: If one of them is not there, or has no such state.
        Conflict: If a detector or its parameters are no longer the ones that found it.
    """
    known: _Known = {}
    return {one: _reproduced(context, org, one, state, known) for one in alert_ids}


def _reproduced(
    context: Context, org: str, alert_id: str, state: int | None, known: _Known
) -> dict[str, Any]:
    alert, stored = _stored(context, org, alert_id, state)
    finding_id = stored.finding_id or alert_id
    watch = watches().get(alert.detector)
    differences: dict[str, Any] = {}
    seed: int | None = None
    again: Mapping[str, Any] | None
    if alert.detector == SUPERVISED:
        again, differences, seed = drawn_again(context, org, alert)
    elif watch is not None:
        if (watch.version, watch.parameters_version) != (stored.detector_version, stored.parameters_version):
            raise Conflict(f"{alert.detector} {stored.detector_version} is not part of this release.")
        again = watch.again(context, org, alert)
    else:
        again = _found_again(context, org, alert, stored, known).get(finding_id)
    differences |= {"alert_id": [finding_id, None]} if again is None else _compare(stored, again)
    return {
        "identical": not differences,
        "differences": differences,
        "state": stored.state,
        "data_versions": stored.data_versions,
        "detector_version": stored.detector_version,
        "parameters_version": stored.parameters_version,
        "seed": seed,
    }


def _stored(context: Context, org: str, alert_id: str, state: int | None) -> tuple[Alert, Alert | AlertState]:
    with context.database.session(org) as session:
        alert = session.scalar(select(Alert).where(Alert.alert_id == alert_id))
        if alert is None:
            raise NotFound("There is no such alert.")
        if state is None or state == alert.state:
            return alert, alert
        earlier = session.scalar(
            select(AlertState).where(AlertState.alert_id == alert_id, AlertState.state == state)
        )
    if earlier is None:
        raise NotFound("The alert has no such state.")
    return alert, earlier


def _found_again(
    context: Context, org: str, alert: Alert, stored: Alert | AlertState, known: _Known
) -> dict[str, dict[str, Any]]:
    """Return what the detector finds on an alert's ground, by id."""
    kind = all_detectors().get(alert.detector)
    detector = kind() if kind is not None else None
    if detector is None or detector.version != stored.detector_version:
        raise Conflict(f"{alert.detector} {stored.detector_version} is not part of this release.")
    key = (alert.detector, stored.parameters_version, tuple(sorted(stored.data_versions.items())))
    if key in known:
        return known[key]
    with context.database.session(org) as session:
        params = of_digest(session, type(detector), stored.parameters_version)
    if params is None:
        raise Conflict("The parameters that found this alert are not kept by this release.")
    lists = lists_at(context, org, stored.data_versions.get(LISTS))
    tables = tables_of(context, org, detector, lists, stored.data_versions)
    rows = collect(detector.detect(tables, params).filter(pl.col("kind") == "alert")).to_dicts()
    known[key] = {row["alert_id"]: row for row in rows}
    return known[key]


def _compare(stored: Alert | AlertState, again: Mapping[str, Any]) -> dict[str, Any]:
    now = dict(again) | {"metrics": _steadied(again["metrics"])}
    then = {name: getattr(stored, name) for name in _TOLD} | {"metrics": _steadied(stored.metrics)}
    differences = {name: [then[name], now[name]] for name in _TOLD if then[name] != now[name]}
    evidence = {name: again[name] or [] for name in stored.evidence}
    if evidence != stored.evidence:
        differences["evidence"] = [stored.evidence, evidence]
    return differences


def _steadied(metrics: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return measures to the digits that say something: alerts of older releases hold more."""
    numbers = ("value", "threshold", "percentile")
    return [{**one, **{name: steady(one[name]) for name in numbers}} for one in metrics]
