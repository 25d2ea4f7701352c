"""The market's state by day: calm, trending or stressed, and how sure."""

from typing import Any

import polars as pl

from analytics.datasets import PRICES
from analytics.models.regimes import STATES, Regimes
from app.desk import Desk
from app.queries._model_in_use import in_use
from app.storage.cache import cached

_SESSIONS = 1_500  # as many as the model is trained on


def regimes(desk: Desk) -> dict[str, Any]:
    """Return the state now and by day; filtered, so that no day's state uses a later day.

    The market is what has prices here, so accounts, traders and instruments of the scope do not narrow it; its
    dates do narrow ``days`` and ``stretches``.

    Returns:
        ``now`` (date, state, probability, since; None where the model is silent), ``days`` (date, state,
        probability, calm, trending, stressed), ``stretches`` (state, from, to, sessions: the ribbon under a
        chart), ``dwell`` (state to mean sessions), ``model`` (status, reason, version, skill, trained_at).
    """
    found = _regimes(desk.with_scope(start=None, end=None, desk=(), account=(), trader=(), instrument=()))
    days = [row for row in found["days"] if _within(desk, row["date"])]
    return found | {"days": days, "stretches": stretches(days)}


@cached(PRICES, records=("models",))
def _regimes(desk: Desk) -> dict[str, Any]:
    used = in_use(desk, Regimes)
    empty: dict[str, Any] = {"now": None, "days": [], "dwell": {}, "model": used.as_dict()}
    if used.model is None:
        return empty
    columns = Regimes.inputs["prices"]
    rows = desk.rows(PRICES, dated=False).select(columns)
    first = desk.collect(rows.select(pl.col("date").unique().sort()).tail(_SESSIONS))
    if first.is_empty():
        return empty
    prices = desk.collect(rows.filter(pl.col("date") >= first["date"][0]))
    features = used.model.features({"prices": prices})
    course, now = used.model.course(features), used.model.latest(features)
    days = [
        {"date": row["date"].isoformat(), "state": row["state"], "probability": round(row["predicted"], 4)}
        | {name: round(row[name], 4) for name in STATES}
        for row in course.iter_rows(named=True)
    ]
    last = now.row(0, named=True) if now.height else None
    return empty | {
        "days": days,
        "now": None
        if last is None
        else {
            "date": last["date"].isoformat(),
            "state": last["state"],
            "probability": round(last["predicted"], 4),
            "since": last["since"].isoformat() if last["since"] else None,
        },
        "dwell": {name: round(value, 1) for name, value in used.model.dwell().items()},
    }


def stretches(days: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return days in a row of one state: state, from, to (ISO days, both inclusive) and sessions."""
    found: list[dict[str, Any]] = []
    for row in days:
        if found and found[-1]["state"] == row["state"]:
            found[-1] |= {"to": row["date"], "sessions": found[-1]["sessions"] + 1}
        else:
            found.append({"state": row["state"], "from": row["date"], "to": row["date"], "sessions": 1})
    return found


def _within(desk: Desk, day: str) -> bool:
    start, end = desk.scope.start, desk.scope.end
    return (start is None or day >= start.isoformat()) and (end is None or day <= end.isoformat())
