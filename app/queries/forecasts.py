"""What the price models say of an instrument and of the books, and whether what they said before held."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from math import sqrt
from typing import Any

import numpy as np
import polars as pl
from sqlalchemy import select

from analytics.datasets import ACCOUNTS, INSTRUMENTS, PRICES
from analytics.models._swings import adjusted
from analytics.models.return_range import LEVELS, NAMES
from analytics.portfolio.var_backtest import basel_zone, kupiec
from app.desk import Desk
from app.errors import QuarterdeckError
from app.queries._model_books import in_scope
from app.queries.intelligence_models import door
from app.storage.artifacts import Artifacts
from app.storage.cache import cached
from app.storage.records.models import ModelOutput, ModelVersion

RANGES = {"1": "return_range", "5": "return_range_5d", "21": "return_range_21d"}
SWINGS = {"1": "volatility", "5": "volatility_5d", "21": "volatility_21d"}
BOOK_SWINGS = {"1": "book_volatility", "5": "book_volatility_5d", "21": "book_volatility_21d"}
TAIL, VOLUME, CURVE = "value_at_risk", "volume", "volume_curve"
NAMES_OF = frozenset({*RANGES.values(), *SWINGS.values(), *BOOK_SWINGS.values(), TAIL, VOLUME, CURVE})
SHOWN = 120  # sessions behind that are drawn
YEAR = 252


@cached(PRICES, INSTRUMENTS, ACCOUNTS, records=("models",))
def forecasts(desk: Desk, *, horizon: str = "5") -> dict[str, Any]:
    """Return every forecast for the scope's instrument, and value at risk of the books in scope.

    Args:
        desk: Whose scope names the instrument; the first one with a forecast where it names none.
        horizon: Sessions ahead of the ranges that are compared with what came: 1, 5 or 21.

    Returns:
        ``instrument`` (id, symbol; null without a forecast), ``instruments`` (those that have one), ``day``,
        ``close``, ``ranges`` (by sessions ahead: quantiles as log returns and as prices), ``course`` (sessions
        with close and the band that had been said ``horizon`` sessions before: low, high, inner_low, inner_high,
        missed), ``held`` (nominal, held, n of the course), ``levels`` (said, held, low, high over all
        instruments), ``volatility``, ``volume``, ``curve``, ``books`` (value at risk, expected shortfall and ``volatility`` of
        each) and ``models`` (name to standing). Every
        forecast says ``served``: model, or baseline where the model has shown no skill or drifts.
    """
    door(desk)
    standing, said = _on_record(desk)
    instruments = sorted({row.key for name, rows in said.items() if name in RANGES.values() for row in rows})
    wanted = [name for name in desk.scope.instrument if name in instruments] or (
        [] if desk.scope.instrument else instruments
    )
    chosen = wanted[0] if wanted else None
    mine = {name: next((row for row in rows if row.key == chosen), None) for name, rows in said.items()}
    found: dict[str, Any] = {
        "instrument": _named(desk, chosen),
        "instruments": instruments,
        "models": {name: _told(row) for name, row in standing.items()},
        "horizon": horizon,
        "books": _books(desk, said, standing.get(TAIL)),
        "levels": _levels(desk, standing.get(RANGES[horizon])),
    }
    closes = _closes(desk, chosen)
    last = closes.row(-1) if closes.height else None
    close = None if last is None else float(last[1])
    return found | {
        "day": None if last is None else last[0],
        "close": close,
        "ranges": [
            one
            for steps, name in RANGES.items()
            if (one := _range(mine.get(name), int(steps), close)) is not None
        ],
        **_course(desk, closes, standing.get(RANGES[horizon]), chosen, int(horizon)),
        "volatility": [
            one for steps, name in SWINGS.items() if (one := _swing(mine.get(name), int(steps))) is not None
        ],
        "volume": _volume(mine.get(VOLUME)),
        "curve": _curve(said.get(CURVE, []), chosen),
    }


# --- on record -------------------------------------------------------------------------------------
def _on_record(desk: Desk) -> tuple[dict[str, ModelVersion], dict[str, list[ModelOutput]]]:
    """Return the champions of the price models, and what each says of its last day."""
    with desk.session() as session:
        versions = session.scalars(
            select(ModelVersion).where(ModelVersion.name.in_(NAMES_OF), ModelVersion.champion.is_(True))
        )
        standing = {row.name: row for row in versions}
        rows = list(session.scalars(select(ModelOutput).where(ModelOutput.name.in_(standing))))
    said: dict[str, list[ModelOutput]] = {}
    for name in standing:
        own = [row for row in rows if row.name == name]
        last = max((row.day for row in own), default=None)
        said[name] = [row for row in own if row.day == last]
    return standing, said


def _told(row: ModelVersion) -> dict[str, Any]:
    return {
        "title": row.card.get("title", row.name), "version": row.version, "status": row.status,
        "reason": row.reason, "skill": row.metrics, "baseline": row.card.get("baseline"),
    }  # fmt: skip


def _record(desk: Desk, row: ModelVersion | None) -> pl.DataFrame | None:
    """Return a version's predictions out of sample; None where they are not kept."""
    if row is None or row.record_sha256 is None:
        return None
    try:
        return Artifacts(desk.lake.home, desk.org).get_table("record", row.record_sha256)
    except QuarterdeckError:
        return None


def _named(desk: Desk, chosen: str | None) -> dict[str, Any] | None:
    if chosen is None:
        return None
    rows = desk.rows(INSTRUMENTS, dated=False, scoped=False).filter(pl.col("instrument_id") == chosen)
    known = desk.collect(rows.select("symbol", "name").tail(1)).to_dicts()
    return {"id": chosen, **(known[0] if known else {"symbol": chosen, "name": None})}


def _closes(desk: Desk, chosen: str | None) -> pl.DataFrame:
    if chosen is None:
        return pl.DataFrame(schema={"date": pl.Date, "close": pl.Float64})
    rows = desk.rows(PRICES, dated=False, scoped=False).filter(pl.col("instrument_id") == chosen)
    columns = ("instrument_id", "date", "adj_basis", "high", "low", "close")
    return adjusted(desk.collect(rows.select(columns))).select("date", "close").tail(SHOWN + 21)


# --- one instrument --------------------------------------------------------------------------------
def _range(row: ModelOutput | None, steps: int, close: float | None) -> dict[str, Any] | None:
    """Return quantiles of the return over ``steps`` sessions, of the model or of the baseline that is served."""
    if row is None:
        return None
    prefix = "q" if row.served == "model" else "h"
    quantiles = {name: row.document.get(f"{prefix}{name[1:]}") for name in NAMES}
    prices = {
        name: None if close is None or value is None else close * float(np.exp(value))
        for name, value in quantiles.items()
    }
    return {
        "sessions": steps, "served": row.served, "version": row.version, "made": row.day,
        "quantiles": quantiles, "prices": prices,
        "baseline": {name: row.document.get(f"h{name[1:]}") for name in NAMES},
        "until": _ahead(row.day, steps), "reasons": row.document.get("reasons", []),
    }  # fmt: skip


def _swing(row: ModelOutput | None, steps: int) -> dict[str, Any] | None:
    """Return volatility over ``steps`` sessions, annualised, of the model and of the baseline."""
    if row is None:
        return None
    model, base = (_yearly(row.document.get(name)) for name in ("predicted", "baseline"))
    return {
        "sessions": steps, "served": row.served, "version": row.version, "made": row.day,
        "value": model if row.served == "model" else base, "model": model, "baseline": base, "unit": "a year",
        "reasons": row.document.get("reasons", []),
    }  # fmt: skip


def _yearly(variance: float | None) -> float | None:
    return None if variance is None else sqrt(variance * YEAR)


def _volume(row: ModelOutput | None) -> dict[str, Any] | None:
    if row is None:
        return None
    document, served = row.document, row.served == "model"
    return {
        "served": row.served, "version": row.version, "made": row.day, "unit": "shares",
        "value": document.get("predicted" if served else "baseline"), "baseline": document.get("baseline"),
        "low": document.get("low") if served else None, "high": document.get("high") if served else None,
        "reasons": document.get("reasons", []),
    }  # fmt: skip


def _curve(rows: Sequence[ModelOutput], chosen: str | None) -> list[dict[str, Any]]:
    """Return the half hours of the last session: what was forecast when each began, and the usual."""
    own = [row for row in rows if row.document.get("keys", {}).get("instrument_id") == chosen]
    return [
        {
            "bucket": row.document["keys"]["bucket"], "served": row.served, "usual": row.document.get("baseline"),
            "value": row.document.get("predicted" if row.served == "model" else "baseline"),
        }
        for row in sorted(own, key=lambda row: str(row.document["keys"]["bucket"]))
    ]  # fmt: skip


def _course(
    desk: Desk, closes: pl.DataFrame, version: ModelVersion | None, chosen: str | None, steps: int
) -> dict[str, Any]:
    """Return the sessions behind with the band that had been said of each, ``steps`` sessions before it."""
    record = _record(desk, version)
    if closes.is_empty():
        return {"course": [], "held": []}
    empty = {"date": pl.Date} | dict.fromkeys(("q05", "q25", "q75", "q95"), pl.Float64)
    said = pl.DataFrame(schema=empty) if record is None or record.is_empty() else record.filter(
        pl.col("instrument_id") == chosen).select(list(empty))  # fmt: skip
    rows = closes.join(said, on="date", how="left", maintain_order="left").with_columns(
        pl.col("close").shift(steps).alias("from"),
        *(pl.col(name).shift(steps) for name in ("q05", "q25", "q75", "q95")),
    )
    bands = {"low": "q05", "high": "q95", "inner_low": "q25", "inner_high": "q75"}
    rows = rows.with_columns(
        (pl.col("from") * pl.col(name).exp()).alias(label) for label, name in bands.items()
    )
    rows = rows.with_columns(
        missed=~pl.col("close").is_between("low", "high"),
        inside=pl.col("close").is_between("inner_low", "inner_high"),
    ).tail(SHOWN)
    known = rows.drop_nulls("missed")
    shares = {0.9: ~known["missed"], 0.5: known["inside"]}
    held = [
        {"nominal": nominal, "held": inside.sum() / known.height, "n": known.height}
        for nominal, inside in shares.items()
        if known.height
    ]
    return {
        "course": rows.select("date", "close", *bands, "missed").to_dicts(),
        "held": held,
    }


def _levels(desk: Desk, version: ModelVersion | None) -> list[dict[str, Any]]:
    """Return, for each quantile said, the share of outcomes below it over all instruments, with its 95 % range."""
    record = _record(desk, version)
    if record is None or record.is_empty() or NAMES[0] not in record.columns:
        return []
    found = []
    for name, level in zip(NAMES, LEVELS, strict=True):
        if level == 0.5:
            continue
        daily = (
            record.group_by("date")
            .agg(below=(pl.col("target") <= pl.col(name)).cast(pl.Float64).mean())
            .sort("date")
        )
        shares = daily["below"].to_numpy()
        n = len(shares)
        # Neighbouring days share sessions and moods: blocks of them are what is independent.
        block = max(version.card.get("horizon", 1) if version else 1, round(n ** (1 / 3)))
        parts = [part.mean() for part in np.array_split(shares, max(2, n // block))]
        error = float(np.std(parts, ddof=1)) / sqrt(len(parts))
        held = float(shares.mean())
        found.append(
            {"said": level, "held": held, "low": max(0.0, level - 1.96 * error), "high": min(1.0, level + 1.96 * error),
             "n": record.height}
        )  # fmt: skip
    return found


def _ahead(day: date, sessions: int) -> date:
    """Return the weekday so many weekdays after: holidays are not known."""
    found = day
    while sessions:
        found += timedelta(days=1)
        sessions -= found.weekday() < 5
    return found


# --- books -----------------------------------------------------------------------------------------
def _books(
    desk: Desk, said: Mapping[str, Sequence[ModelOutput]], version: ModelVersion | None
) -> list[dict[str, Any]]:
    """Return value at risk of each book in scope, with its back-test, and how much its P&L is likely to swing."""
    tests: Mapping[str, Any] = (
        {} if version is None else (version.card.get("calibration") or {}).get("backtests", {})
    )
    found = []
    swings = {steps: {row.key: row for row in said.get(name, [])} for steps, name in BOOK_SWINGS.items()}
    for name, row in in_scope(desk, {row.key: row for row in said.get(TAIL, [])}).items():
        document = row.document
        prefix = "" if row.served == "model" else "plain_"
        found.append(
            {
                "book": name, "made": row.day, "served": row.served, "currency": desk.identity.currency,
                **{one: document.get(f"{prefix}{one}") for one in ("var_95", "var_99", "es_95", "es_975", "es_99")},
                "plain_var_99": document.get("plain_var_99"), "backtest": _backtest(tests.get(name), row.served),
                "reasons": document.get("reasons", []),
                "volatility": [
                    _book_swing(own[name], int(steps)) for steps, own in swings.items() if name in own
                ],
            }
        )  # fmt: skip
    order = {"organisation": 0, "desk": 1, "account": 2}
    return sorted(found, key=lambda row: (order.get(str(row["book"]).split("/")[0], 3), row["book"]))


def _book_swing(row: ModelOutput, steps: int) -> dict[str, Any]:
    """Return one standard deviation of a book's P&L over ``steps`` sessions, base currency, and whose word it is."""
    mine = row.served == "model"
    return {
        "sessions": steps, "served": row.served, "version": row.version, "made": row.day,
        "value": row.document.get("deviation" if mine else "plain_deviation"),
        "baseline": row.document.get("plain_deviation"), "unit": "base currency",
        "reasons": row.document.get("reasons", []) if mine else [],
    }  # fmt: skip


def _backtest(told: Mapping[str, Any] | None, served: str) -> dict[str, Any] | None:
    """Return how often the VaR that is served was exceeded out of sample, Kupiec's p and Basel's zone."""
    if told is None or not told["n"]:
        return None
    n = int(told["n"])
    count = int(told["exceptions" if served == "model" else "plain_exceptions"])
    zone = basel_zone(count, n, confidence=0.99)
    return {
        "n": n, "exceptions": count, "expected": told["expected"],
        "kupiec_p": kupiec(count, n, confidence=0.99).p_value, "zone": None if zone is None else zone.zone,
    }  # fmt: skip
