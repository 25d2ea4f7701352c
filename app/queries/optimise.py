"""Weights by an optimiser, never without what they would have done on days they had not seen."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from analytics.portfolio import walk_forward as wf
from analytics.portfolio.optimise import (
    COVARIANCES,
    MIN_OBSERVATIONS,
    OBJECTIVES,
    InfeasibleError,
    Problem,
    frontier,
    optimal,
)
from analytics.trading.expected_cost import expected_cost_bp
from app.desk import Desk
from app.errors import FieldError, Invalid
from app.queries._targets import Plan, described, plan
from app.queries._universe import history

Floats = npt.NDArray[np.float64]

__all__ = ["COVARIANCES", "OBJECTIVES", "Asked", "optimise"]
POINTS = 8  # of the frontier
FALLBACK_BP = 10.0  # cost of a trade whose volume or volatility is not known
# What each objective promises, and whether less of it is better.
_PROMISE: dict[str, tuple[str, bool]] = {
    "minimum_variance": ("volatility", True),
    "minimum_cvar": ("es_975_1d", True),
    "maximum_ratio": ("sharpe_ratio", False),
    "risk_budgeting": ("volatility", True),
    "hierarchical_risk_parity": ("volatility", True),
}
_MEASURES = {
    "annualised_return": wf.mean_return,
    "volatility": wf.volatility,
    "sharpe_ratio": wf.ratio,
    "es_975_1d": wf.shortfall,
    "max_drawdown": wf.deepest,
}
_WORDS = {"volatility": "volatility", "es_975_1d": "expected shortfall", "sharpe_ratio": "Sharpe ratio"}


@dataclass(frozen=True)
class Asked:
    """What is to be optimised. Weights are fractions of the book's base (net asset value, or gross).

    ``budget``: sum of the weights; None: as now. ``max_weight``: of one instrument. ``long_only``: no shorts, else
    down to -``max_weight``. ``max_sector``: highest sum of a sector's weights; ``max_turnover``: of |change|.
    """

    objective: str = "minimum_variance"
    covariance: str = "ledoit_wolf"
    long_only: bool = True
    max_weight: float | None = None
    max_sector: float | None = None
    max_turnover: float | None = None
    budget: float | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return asdict(self)

    def checked(self) -> "Asked":
        """Return itself.

        Raises:
            Invalid: Naming every field that does not fit.
        """
        errors = []
        if self.objective not in OBJECTIVES:
            errors.append(
                FieldError("objective", f"must be one of {', '.join(OBJECTIVES)}", self.objective[:80])
            )
        if self.covariance not in COVARIANCES:
            errors.append(
                FieldError("covariance", f"must be one of {', '.join(COVARIANCES)}", self.covariance[:80])
            )
        for name, highest in (
            ("max_weight", 10.0),
            ("max_sector", 10.0),
            ("max_turnover", 20.0),
            ("budget", 10.0),
        ):
            value = getattr(self, name)
            if value is not None and not 0 < value <= highest:
                errors.append(FieldError(name, f"must be above 0 and at most {highest:g}", str(value)[:40]))
        if errors:
            raise Invalid("The optimisation does not fit.", errors=errors)
        return self


@dataclass(frozen=True)
class _Ground:
    """What the optimiser sees: eligible rows of the plan, their returns, current weights, cost of trading."""

    plan: Plan
    rows: pl.DataFrame
    returns: Floats
    dates: tuple[date, ...]
    current: Floats
    excluded: list[dict[str, Any]]


def optimise(desk: Desk, asked: Asked) -> dict[str, Any]:
    """Return target weights of the scope's book, with their record out of sample.

    Seconds of work: a job asks this, never a page or a route.

    Returns:
        ``state``: ready, or infeasible with a ``reason``; ``targets`` (weight by instrument), ``excluded``
        (instrument_id, symbol, reason: kept at their weight), ``budget``, ``sessions``; ``courses``: optimised,
        equal, current, each with ``measures`` (annualised_return, volatility, sharpe_ratio, es_975_1d as a
        fraction, max_drawdown; after costs, out of sample), ``turnover`` and ``cost`` (fractions a year),
        ``growth`` (one value a session, starting above 0); ``dates``; ``windows``; ``against``: equal and
        current, each measure's difference {value, low, high} of the optimised one; ``verdict``; ``frontier``:
        ``in_sample`` and ``out_of_sample`` (risk, return; one point each, same order) and ``points`` (the three
        courses in sample); ``asked``; the plan's ground (base, currency, date, ...).
    """
    made = plan(desk)
    told = described(made, desk) | {"asked": asked.as_dict(), "state": "infeasible"}
    if made.reason:
        return told
    try:
        ground = _ground(desk, made)
        problem = _problem(ground, asked)
        weights = optimal(ground.returns, problem)
        return told | {"state": "ready", "reason": None} | _result(ground, problem, weights)
    except InfeasibleError as error:
        return told | {"reason": str(error)}


def _ground(desk: Desk, made: Plan) -> _Ground:
    names = made.rows["instrument_id"].to_list()
    found = history(desk, names, made.rows["currency"].to_list(), day=made.book.date)
    known = np.isfinite(found.returns).sum(axis=0) if found.returns.size else np.zeros(len(names))
    # One young listing must not cut everybody's history short: what has less than half of it stays as it is.
    enough = max(MIN_OBSERVATIONS, found.returns.shape[0] / 2)
    still = np.array(
        [np.nanmax(c) == np.nanmin(c) if np.isfinite(c).any() else False for c in found.returns.T]
    )
    excluded = []
    for place, row in enumerate(made.rows.iter_rows(named=True)):
        why = (
            f"only {int(known[place])} daily returns, {int(np.ceil(enough))} are needed" if known[place] < enough
            else "its price never moved" if still[place]
            else "no price is known" if row["unit_value"] is None else None
        )  # fmt: skip
        if why:
            excluded.append({"instrument_id": row["instrument_id"], "symbol": row["symbol"], "reason": why})
    out = {row["instrument_id"] for row in excluded}
    kept = np.array([name not in out for name in names], dtype=bool)
    returns = found.returns[:, kept] if found.returns.size else np.empty((0, int(kept.sum())))
    whole = np.array([bool(np.isfinite(row).all()) for row in returns], dtype=bool)
    rows = made.rows.filter(pl.Series(kept))
    dates = tuple(day for day, stays in zip(found.dates, whole.tolist(), strict=True) if stays)
    current = rows["value"].to_numpy().astype(np.float64) / made.base if made.base else np.zeros(rows.height)
    return _Ground(made, rows, returns[whole], dates, current, excluded)  # type: ignore[arg-type]


def _problem(ground: _Ground, asked: Asked) -> Problem:
    current = ground.current
    budget = asked.budget if asked.budget is not None else float(current.sum())
    size = max(len(current), 1)
    highest = asked.max_weight if asked.max_weight is not None else max(0.25 * budget, 1.5 * budget / size)
    upper = np.full(len(current), highest)
    lower = np.zeros(len(current)) if asked.long_only else np.full(len(current), -highest)
    for place, name in enumerate(ground.rows["instrument_id"]):
        if name in ground.plan.restricted:
            # Not bought: what is held may shrink, a short stays.
            upper[place] = min(upper[place], current[place])
            lower[place] = min(lower[place], upper[place])
    groups = tuple(ground.rows["sector"].fill_null("Not known"))
    return Problem(
        lower=tuple(lower.tolist()),
        upper=tuple(upper.tolist()),
        objective=asked.objective,
        covariance=asked.covariance,
        budget=budget,
        groups=groups if asked.max_sector is not None else (),
        caps={} if asked.max_sector is None else dict.fromkeys(groups, asked.max_sector),
        previous=tuple(current.tolist()),
        max_turnover=asked.max_turnover,
    )


def _result(ground: _Ground, problem: Problem, weights: Floats) -> dict[str, Any]:
    returns, size = ground.returns, problem.size
    cost = _cost_bp(ground, weights)
    equal = np.full(size, problem.budget / size)
    courses = {
        "optimised": wf.walk(returns, wf.optimised(problem), cost_bp=cost),
        "equal": wf.walk(returns, wf.fixed(equal), cost_bp=cost),
        "current": wf.walk(returns, wf.fixed(ground.current), cost_bp=cost),
    }
    tested = courses["optimised"].returns.size
    against = {
        name: {
            measure: asdict(wf.difference(courses["optimised"].returns, courses[name].returns, of))
            for measure, of in _MEASURES.items()
        }
        for name in ("equal", "current")
    }
    names = ground.rows["instrument_id"].to_list()
    return {
        "targets": {name: round(float(weight), 6) for name, weight in zip(names, weights, strict=True)},
        "excluded": ground.excluded,
        "budget": problem.budget,
        "sessions": len(ground.dates),
        "cost_bp": float(cost.mean()),
        "courses": {name: _told(course) for name, course in courses.items()},
        "dates": [day.isoformat() for day in ground.dates[-tested:]],
        "windows": int(courses["optimised"].turnover.size),
        "against": against,
        "verdict": _verdict(problem.objective, against),
        "frontier": _frontier(ground, problem, cost, {"optimised": weights, "equal": equal, "current": ground.current}),
    }  # fmt: skip


def _told(course: wf.Course) -> dict[str, Any]:
    years = course.returns.size / wf.YEAR
    return {
        "measures": {name: of(course.returns) for name, of in _MEASURES.items()},
        "turnover": float(course.turnover.sum()) / years,
        "cost": course.cost / years,
        "growth": np.round(np.cumprod(1 + course.returns), 6).tolist(),
    }


def _cost_bp(ground: _Ground, weights: Floats) -> Floats:
    """Return what trading costs by instrument: that of the trade to the targets now, which is the largest."""
    units = np.abs(weights - ground.current) * ground.plan.base
    sized = ground.rows.with_columns(
        filled_qty=pl.Series(np.maximum(units, 1e-9)) / pl.col("unit_value").cast(pl.Float64)
    )
    found = sized.select(cost=expected_cost_bp())["cost"].fill_null(FALLBACK_BP)
    return found.to_numpy().astype(np.float64)


def _frontier(ground: _Ground, problem: Problem, cost: Floats, named: Mapping[str, Floats]) -> dict[str, Any]:
    def point(rows: Floats) -> dict[str, float | None]:
        return {"risk": wf.volatility(rows), "return": wf.mean_return(rows)}

    try:
        fitted = frontier(ground.returns, problem, points=POINTS)
        walked = wf.frontier_courses(ground.returns, problem, points=POINTS, cost_bp=cost)
    except InfeasibleError as error:
        return {"in_sample": [], "out_of_sample": [], "points": {}, "reason": str(error)}
    return {
        "in_sample": [point(ground.returns @ weights) for weights in fitted],
        "out_of_sample": [point(course.returns) for course in walked],
        "points": {name: point(ground.returns @ weights) for name, weights in named.items()},
        "reason": None,
    }


def _verdict(
    objective: str, against: Mapping[str, Mapping[str, Mapping[str, float | None]]]
) -> dict[str, Any]:
    """Say whether the optimiser kept its promise out of sample, against equal weights and the book of now."""
    if objective not in _PROMISE:
        return {"measure": None, "kept": {}, "text": "Equal weights promise nothing to be measured."}
    measure, less = _PROMISE[objective]
    kept: dict[str, bool | None] = {}
    for name in ("equal", "current"):
        low, high = against[name][measure]["low"], against[name][measure]["high"]
        if low is None or high is None:
            kept[name] = None
        else:
            kept[name] = high < 0 if less else low > 0
    words = {"equal": "equal weights", "current": "the book of now"}
    wish = f"{'lower' if less else 'higher'} {_WORDS[measure]} out of sample"
    shown = [words[name] for name, yes in kept.items() if yes]
    not_shown = [words[name] for name, yes in kept.items() if not yes]
    parts = []
    if shown:
        parts.append(f"{wish[:1].upper()}{wish[1:]} than {' and '.join(shown)}, beyond chance")
    if not_shown:
        lead = "not" if shown else "No skill shown: not"
        parts.append(f"{lead} {wish} than {' or '.join(not_shown)} beyond chance")
    return {"measure": measure, "kept": kept, "text": "; ".join(parts) + "."}
