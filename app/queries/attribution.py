"""Where the active return came from: Brinson's effects over the scope's days, by class and security."""

from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from analytics.datasets import (
    ACCOUNTS,
    BENCHMARKS,
    CORPORATE_ACTIONS,
    DAILY_NAV,
    DAILY_POSITIONS,
    FX_RATES,
    INSTRUMENTS,
    PRICES,
)
from analytics.portfolio.attribution import EFFECTS
from analytics.portfolio.attribution_course import (
    SELECTION,
    Course,
    LinkedCourse,
    Sides,
    attribute,
    link_course,
    link_pair,
)
from analytics.portfolio.linking import METHODS
from analytics.portfolio.passport import Passport, passport
from app.desk import Desk
from app.errors import FieldError, Invalid
from app.queries._attribution import Days, assemble, choose
from app.queries._book import instruments
from app.queries._growth import Unanswerable
from app.queries._period import period
from app.storage.cache import cached

Floats = npt.NDArray[np.float64]

MODELS = {"bf": "fachler", "bhb": "hood_beebower"}
LINKINGS = METHODS
GROUPS = ("sector", "country", "asset_class", "currency")
CASH = "Cash"
UNKNOWN = "Not known"
IDLE = 1e-12
# What is not an effect of a class, after the effects: what trading cost and added, and where the benchmark's
# published level moved otherwise than its weights.
REST = ("costs", "trading", "index_difference")
_ROWS: dict[str, pl.DataType] = {"segment": pl.String()} | dict.fromkeys(
    (
        "portfolio_weight", "benchmark_weight", "portfolio_return", "benchmark_return", "contribution",
        *EFFECTS, "total",
    ),
    pl.Float64(),
)  # fmt: skip
_SECURITIES: dict[str, pl.DataType] = dict.fromkeys(
    ("segment", "instrument_id", "symbol", "name"), pl.String()
) | dict.fromkeys(("portfolio_weight", "benchmark_weight", "return", "contribution", "effect"), pl.Float64())
_COURSE: dict[str, pl.DataType] = {"date": pl.Date()} | dict.fromkeys(
    (*EFFECTS, "other", "active", "portfolio", "benchmark"), pl.Float64()
)
_LINES = (*EFFECTS, *REST)
_METRICS = ("portfolio_return", "benchmark_return", "active_return", *_LINES, "residual")


@cached(DAILY_POSITIONS, DAILY_NAV, ACCOUNTS, INSTRUMENTS, FX_RATES, PRICES, CORPORATE_ACTIONS, BENCHMARKS)
def attribution(
    desk: Desk,
    *,
    model: str = "bf",
    linking: str = "carino",
    group_by: str = "sector",
    benchmark: str | None = None,
) -> dict[str, Any]:
    """Return the active return of the scope's dates (or the whole history) taken apart, day by day, linked.

    Every day's weights are those at its start: values at the close before over net asset value with the
    day's external flow; what is not invested is the class Cash, which earns 0 on both sides. Holdings earn
    their prices' returns in the answer's currency. What the accounts earned beyond their opening holdings is
    ``costs`` (commission, fees, taxes) and ``trading`` (dealing within the day, income, interest).

    Args:
        desk: Whose accounts.
        model: bf (Brinson-Fachler) or bhb (Brinson-Hood-Beebower).
        linking: carino, menchero, grap, frongello or geometric.
        group_by: sector, country, asset_class or currency.
        benchmark: One with weights; the accounts' own when left out, else the first there is.

    Returns:
        ``rows``: segment, portfolio_weight, benchmark_weight (means over the days), portfolio_return,
        benchmark_return (of the class, compounded; null where it was not held or longs and shorts cancel),
        contribution (to the portfolio's return before trading), allocation, selection, interaction, total:
        by class, fractions, positive helped. ``securities``: instrument_id, symbol, name, segment, weights,
        return, contribution, effect (its part of selection and interaction). ``course``: date, the effects
        so far, ``other`` (the rest so far), active, portfolio, benchmark. ``metrics``: passports of the two
        returns, the active return, the six lines it is the sum of (product for geometric) and the residual.
        ``offsetting``: classes whose longs and shorts all but cancelled on some day: all selection there.
        ``benchmark``, ``benchmarks`` (with weights), ``note``, ``model``, ``linking``, ``group_by``, ``n``
        (days), ``period``, ``reasons``.

    Raises:
        Invalid: For a parameter that is not one of those named, or a benchmark that is not known.
    """
    _check("model", model, tuple(MODELS))
    _check("linking", linking, LINKINGS)
    _check("group_by", group_by, GROUPS)
    answer: dict[str, Any] = {
        "rows": pl.DataFrame(schema=_ROWS), "securities": pl.DataFrame(schema=_SECURITIES),
        "course": pl.DataFrame(schema=_COURSE), "benchmark": None, "benchmarks": [], "note": None,
        "model": model, "linking": linking, "group_by": group_by, "n": 0, "offsetting": [],
        "period": period(desk, sessions=None).as_dict(),
    }  # fmt: skip
    convention: dict[str, Any] = {
        "model": model,
        "linking": linking,
        "group_by": group_by,
        "frequency": "daily",
    }
    try:
        choice = choose(desk, benchmark)
        answer |= {"benchmark": choice.name, "benchmarks": choice.known, "note": choice.note}
        days = assemble(desk, choice.name)
    except Unanswerable as reason:
        why = str(reason)
        return answer | {"metrics": _unknown(why, 0, convention), "reasons": {"attribution": why}}
    return answer | _answered(desk, days, convention | {"benchmark": choice.name})


def _unknown(why: str, n: int, convention: dict[str, Any]) -> list[Passport]:
    return [passport(name, None, unit="fraction", n=n, reason=why, **convention) for name in _METRICS]


def _check(name: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        words = f"must be one of {', '.join(allowed)}"
        raise Invalid("Attribution is not made this way.", errors=[FieldError(name, words, value[:80])])


def _answered(desk: Desk, days: Days, convention: dict[str, Any]) -> dict[str, Any]:
    described = _described(desk, days)
    names, member = _classes(described, convention["group_by"])
    sides = _sides(days, names, member)
    course = attribute(sides, model=MODELS[convention["model"]])
    whole = min(float((1 + course.portfolio_return).min()), float((1 + days.earned).min()))
    if min(whole, float((1 + course.benchmark_return).min())) <= 0:
        why = "On one day everything was lost, and nothing can be compounded after it."
        metrics = _unknown(why, len(days.dates), convention)
        return {"metrics": metrics, "reasons": {"attribution": why}, "n": len(days.dates)}
    linked = link_course(course, sides, method=convention["linking"])
    lines, figures = _reconciled(days, course, linked, geometric=convention["linking"] == "geometric")
    return {
        "rows": _rows(names, sides, course, linked),
        "securities": _securities(days, described, names, member, course=course, linked=linked),
        "course": lines,
        "metrics": [
            passport(
                name,
                figures[name],
                unit="fraction",
                n=len(days.dates),
                reason="The costs of some trades are not known; they are in trading." if name == "costs" else None,
                **convention,
            )
            for name in _METRICS
        ],
        "offsetting": [name for name, any_day in zip(names, _ever(course.offsetting), strict=True) if any_day],
        "n": len(days.dates),
        "period": {
            "from": days.dates[0].isoformat(), "to": days.dates[-1].isoformat(), "sessions": len(days.dates),
        },
        "reasons": {},
    }  # fmt: skip


def _described(desk: Desk, days: Days) -> pl.DataFrame:
    known = desk.collect(instruments(desk.with_scope(instrument=())))
    own = pl.DataFrame(
        {
            "instrument_id": days.instruments,
            "currency": [days.currencies.get(name) for name in days.instruments],
        },
        schema={"instrument_id": pl.String, "currency": pl.String},
    )
    return own.join(known, on="instrument_id", how="left", maintain_order="left")


def _classes(described: pl.DataFrame, group_by: str) -> tuple[list[str], npt.NDArray[np.int64]]:
    # Names of the classes, cash last, and the class of each instrument.
    of = described[group_by].fill_null(UNKNOWN)
    names = [*sorted({*of.to_list()} - {CASH, UNKNOWN}), *([UNKNOWN] if UNKNOWN in of else []), CASH]
    places = {name: place for place, name in enumerate(names)}
    return names, np.array([places[name] for name in of.to_list()], dtype=np.int64)


def _sides(days: Days, names: list[str], member: npt.NDArray[np.int64]) -> Sides:
    of = np.zeros((len(days.instruments), len(names)))
    of[np.arange(len(days.instruments)), member] = 1.0
    portfolio, benchmark = days.mine @ of, days.theirs @ of
    for classes, weights in ((portfolio, days.mine), (benchmark, days.theirs)):
        # What rounding leaves of cash is nothing.
        idle = 1 - weights.sum(axis=1)
        classes[:, -1] += np.where(np.abs(idle) > IDLE, idle, 0.0)
    reference = np.full(portfolio.shape, np.nan)
    reference[:, -1] = 0.0
    gross = np.abs(days.mine) @ of
    gross[:, -1] = np.abs(portfolio[:, -1])
    return Sides(
        portfolio, benchmark, (days.mine * days.returns) @ of, (days.theirs * days.returns) @ of, gross, reference
    )  # fmt: skip


def _reconciled(
    days: Days, course: Course, linked: LinkedCourse, *, geometric: bool
) -> tuple[pl.DataFrame, dict[str, float | None]]:
    # The effects stand between holdings and weights; what is left between returns and level are the rest.
    mine, theirs = np.cumprod(1 + days.earned), np.cumprod(1 + _level(days, course))
    held, weighted = np.cumprod(1 + course.portfolio_return), np.cumprod(1 + course.benchmark_return)
    factors = link_pair(days.earned, course.portfolio_return)
    spent = float(-days.costs @ factors)
    beyond = float((days.earned - course.portfolio_return) @ factors)
    scale = 1 / float(held[-1]) if geometric else 1.0
    costs = spent * scale if np.isfinite(spent) else None
    effects = dict(zip(EFFECTS, linked.effects.sum(axis=0).tolist(), strict=True))
    if geometric:
        active = mine / theirs - 1
        other = mine / held * weighted / theirs - 1
        index = float(weighted[-1] / theirs[-1] - 1)
    else:
        active = mine - theirs
        other = active - (held - weighted)
        index = float(weighted[-1] - theirs[-1])
    figures: dict[str, float | None] = {
        "portfolio_return": float(mine[-1] - 1), "benchmark_return": float(theirs[-1] - 1),
        "active_return": float(active[-1]), **effects, "costs": costs,
        "trading": beyond * scale - (costs or 0.0), "index_difference": index,
    }  # fmt: skip
    told = [figures[name] or 0.0 for name in _LINES]
    if geometric:
        # Costs and trading are two parts of one factor.
        parts = [told[0], told[1], told[3] + told[4], told[5]]
        figures["residual"] = float((1 + active[-1]) / np.prod([1 + part for part in parts]) - 1)
    else:
        figures["residual"] = float(active[-1] - np.sum(told))
    frame = pl.DataFrame(
        {"date": days.dates}
        | dict(zip(EFFECTS, linked.cumulative.T, strict=True))
        | {"other": other, "active": active, "portfolio": mine - 1, "benchmark": theirs - 1},
        schema=_COURSE,
    )
    return frame, figures


def _level(days: Days, course: Course) -> Floats:
    # A benchmark that publishes weights alone returns what they do.
    found: Floats = np.where(np.isnan(days.level), course.benchmark_return, days.level)
    return found


def _rows(names: list[str], sides: Sides, course: Course, linked: LinkedCourse) -> pl.DataFrame:
    before = np.concatenate([[1.0], np.cumprod(1 + course.portfolio_return)[:-1]])
    frame = pl.DataFrame(
        {
            "segment": names,
            "portfolio_weight": sides.portfolio.mean(axis=0),
            "benchmark_weight": sides.benchmark.mean(axis=0),
            "portfolio_return": _compounded(sides.earned, sides.portfolio, lost=_ever(course.offsetting)),
            "benchmark_return": _compounded(sides.indexed, sides.benchmark, lost=[False] * len(names)),
            "contribution": before @ sides.earned,
        }
        | dict(zip(EFFECTS, linked.effects.T, strict=True)),
        schema={name: dtype for name, dtype in _ROWS.items() if name != "total"},
    )
    held = (np.abs(sides.portfolio) + np.abs(sides.benchmark)).any(axis=0)
    return frame.with_columns(total=pl.sum_horizontal(EFFECTS)).filter(pl.Series(held))


def _ever(flags: npt.NDArray[np.bool_]) -> list[bool]:
    return [bool(column.any()) for column in flags.T]


def _compounded(earned: Floats, weight: Floats, *, lost: list[bool]) -> list[float | None]:
    held = weight != 0
    each = np.divide(earned, weight, out=np.zeros_like(earned), where=held)
    whole = np.prod(1 + each, axis=0) - 1
    return [
        float(value) if any_day and not gone and np.isfinite(value) else None
        for value, any_day, gone in zip(whole, held.any(axis=0), lost, strict=True)
    ]


def _securities(
    days: Days,
    described: pl.DataFrame,
    names: list[str],
    member: npt.NDArray[np.int64],
    *,
    course: Course,
    linked: LinkedCourse,
) -> pl.DataFrame:
    before = np.concatenate([[1.0], np.cumprod(1 + course.portfolio_return)[:-1]])
    above = (days.mine - days.theirs) * (days.returns - course.level[:, member])
    frame = described.select("instrument_id", symbol=pl.coalesce("symbol", "instrument_id"), name="name")
    frame = frame.with_columns(
        segment=pl.Series([names[place] for place in member], dtype=pl.String),
        portfolio_weight=pl.Series(days.mine.mean(axis=0)),
        benchmark_weight=pl.Series(days.theirs.mean(axis=0)),
        contribution=pl.Series(before @ (days.mine * days.returns)),
        effect=pl.Series(linked.factors[:, SELECTION] @ above),
        **{"return": pl.Series(np.prod(1 + days.returns, axis=0) - 1)},
    )
    return frame.select(list(_SECURITIES)).sort(
        pl.col("effect").abs(), "instrument_id", descending=[True, False]
    )
