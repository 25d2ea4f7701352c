"""The market's state by day: calm, trending or stressed, and how sure."""

from typing import Any

import polars as pl

from analytics.datasets import PRICES, QUOTES
from analytics.models._change_points import LEAST, LEVEL
from analytics.models._spreads import DAILY_SPREADS, QUOTE_COLUMNS, daily_spreads
from analytics.models.regimes import STATES, Regimes
from app.desk import Desk
from app.queries._model_in_use import in_use
from app.storage.cache import cached

_SESSIONS = 1_500  # as many as the model is trained on


def regimes(desk: Desk) -> dict[str, Any]:
    """Return the state now and by day; filtered, so that no day's state uses a later day. And change points.

    A change point is placed looking back, and told with its p-value; it rests on the market's numbers alone, so
    it is told where the states are silent too. Spreads are read only where the model goes by them.

    The market is what has prices here, so accounts, traders and instruments of the scope do not narrow it; its
    dates do narrow ``days`` and ``stretches``.

    Returns:
        ``now`` (date, state, probability, since; None where the model is silent), ``days`` (date, state,
        probability, calm, trending, stressed), ``stretches`` (state, from, to, sessions: the ribbon under a
        chart), ``dwell`` (state to mean sessions), ``changes`` (see ``Regimes.changes``), ``test`` (of changes:
        level, least sessions on each side, sessions looked at), ``spread`` (used, days, needed; None where the
        model is silent), ``model`` (status, reason, version, skill, trained_at).
    """
    whole = desk.with_scope(start=None, end=None, desk=(), account=(), trader=(), instrument=())
    model = in_use(whole, Regimes).model
    found = _quoted(whole) if model is not None and model.spread_told()["used"] else _priced(whole)
    days = [row for row in found["days"] if _within(desk, row["date"])]
    changes = [row for row in found["changes"] if _within(desk, row["date"])]
    return found | {"days": days, "stretches": stretches(days), "changes": changes}


@cached(PRICES, records=("models",))
def _priced(desk: Desk) -> dict[str, Any]:
    return _regimes(desk, {})


@cached(PRICES, QUOTES, records=("models",))
def _quoted(desk: Desk) -> dict[str, Any]:
    quotes = daily_spreads(desk.rows(QUOTES, dated=False).select(QUOTE_COLUMNS))
    return _regimes(desk, {DAILY_SPREADS: desk.collect(quotes)})


def _regimes(desk: Desk, more: dict[str, pl.DataFrame]) -> dict[str, Any]:
    used = in_use(desk, Regimes)
    empty: dict[str, Any] = {
        "now": None, "days": [], "dwell": {}, "changes": [], "spread": None, "model": used.as_dict(),
        "test": {"level": LEVEL, "least": LEAST, "sessions": 0},
    }  # fmt: skip
    columns = Regimes.inputs["prices"]
    rows = desk.rows(PRICES, dated=False).select(columns)
    first = desk.collect(rows.select(pl.col("date").unique().sort()).tail(_SESSIONS))
    if first.is_empty():
        return empty
    prices = desk.collect(rows.filter(pl.col("date") >= first["date"][0]))
    features = Regimes().features({"prices": prices} | more)
    looked_at = Regimes().known(features).height
    empty |= {"changes": Regimes.changes(features), "test": empty["test"] | {"sessions": looked_at}}
    if used.model is None:
        return empty
    course, now = used.model.course(features), used.model.latest(features)
    days = [
        {"date": row["date"].isoformat(), "state": row["state"], "probability": round(row["predicted"], 4)}
        | {name: round(row[name], 4) for name in STATES}
        for row in course.iter_rows(named=True)
    ]
    last = now.row(0, named=True) if now.height else None
    return empty | {
        "days": days,
        "spread": used.model.spread_told(),
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
