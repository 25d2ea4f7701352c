"""Target weights by skfolio, inside bounds, sector caps and a turnover limit; infeasible asks are told in words.

skfolio takes seconds to import: every function here imports it when it is called, never before.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

OBJECTIVES = {
    "minimum_variance": "Least variance",
    "minimum_cvar": "Least expected shortfall",
    "maximum_ratio": "Highest return over risk",
    "risk_budgeting": "Equal shares of risk",
    "hierarchical_risk_parity": "Hierarchical risk parity",
    "equal_weight": "Equal weights",
}
COVARIANCES = {
    "ledoit_wolf": "Ledoit-Wolf shrinkage",
    "empirical": "Sample",
    "exponential": "Exponential, half-life 40 sessions",
    "gerber": "Gerber statistic",
    "denoised": "Denoised (random matrix)",
}
MIN_OBSERVATIONS = 60  # daily returns; with fewer a covariance of twenty names is noise
TAIL = 0.975
EPSILON = 1e-9
# Of skfolio's objectives these know neither groups nor turnover, and no shorts.
_PARITY = frozenset({"hierarchical_risk_parity"})
_LONG_ONLY = frozenset({"risk_budgeting", "hierarchical_risk_parity"})


class InfeasibleError(ValueError):
    """No weights can be what was asked for; the message says why, as a sentence."""


@dataclass(frozen=True)
class Problem:
    """What weights are sought. All weights are fractions of one base, e.g. of net asset value.

    ``lower``, ``upper``: bounds by asset. ``budget``: what the weights add up to, above 0. ``groups``: group of
    each asset, ``caps``: highest sum of a group's weights. ``previous``: weights now; ``max_turnover``: highest
    sum of |change| against them.
    """

    lower: tuple[float, ...]
    upper: tuple[float, ...]
    objective: str = "minimum_variance"
    covariance: str = "ledoit_wolf"
    budget: float = 1.0
    groups: tuple[str, ...] = ()
    caps: Mapping[str, float] = field(default_factory=dict)
    previous: tuple[float, ...] | None = None
    max_turnover: float | None = None

    @property
    def size(self) -> int:
        """Number of assets."""
        return len(self.lower)


def check(problem: Problem, *, observations: int) -> None:
    """Refuse what no weights can be, before a solver is asked.

    Args:
        problem: What is sought.
        observations: Daily returns known of every asset.

    Raises:
        InfeasibleError: With the first reason found.
    """
    if problem.size == 0:
        raise InfeasibleError("There is nothing to choose from.")
    if observations < MIN_OBSERVATIONS:
        raise InfeasibleError(
            f"Only {observations} sessions have a return for every instrument; {MIN_OBSERVATIONS} are needed."
        )
    lower, upper = np.array(problem.lower), np.array(problem.upper)
    if not problem.budget > EPSILON:
        raise InfeasibleError(
            "The weights have to add up to more than nothing: the book is net short or empty."
        )
    if (lower > upper + EPSILON).any():
        raise InfeasibleError("A lowest weight is above its highest.")
    if upper.sum() < problem.budget - EPSILON:
        raise InfeasibleError(
            f"The highest weights add up to {_percent(upper.sum())}, less than the {_percent(problem.budget)} to invest."
        )
    if lower.sum() > problem.budget + EPSILON:
        raise InfeasibleError(
            f"The lowest weights add up to {_percent(lower.sum())}, more than the {_percent(problem.budget)} to invest."
        )
    if problem.objective in _LONG_ONLY and (lower < -EPSILON).any():
        raise InfeasibleError(f"{OBJECTIVES[problem.objective]} knows no short positions.")
    if problem.objective in _PARITY and (problem.caps or problem.max_turnover is not None):
        raise InfeasibleError(f"{OBJECTIVES[problem.objective]} keeps no sector caps and no turnover limit.")
    _check_caps(problem, lower, upper)
    _check_turnover(problem, lower, upper)


def _check_caps(problem: Problem, lower: Floats, upper: Floats) -> None:
    room = 0.0
    for group in dict.fromkeys(problem.groups):
        of = np.array([name == group for name in problem.groups])
        cap = problem.caps.get(group)
        least, most = float(lower[of].sum()), float(upper[of].sum())
        if cap is not None and least > cap + EPSILON:
            raise InfeasibleError(
                f"{group} is at least {_percent(least)} by its bounds, above its cap of {_percent(cap)}."
            )
        room += most if cap is None else min(most, cap)
    if problem.groups and room < problem.budget - EPSILON:
        raise InfeasibleError(
            f"The sector caps leave room for {_percent(room)}, less than the {_percent(problem.budget)} to invest."
        )


def _check_turnover(problem: Problem, lower: Floats, upper: Floats) -> None:
    if problem.max_turnover is None or problem.previous is None:
        return
    now = np.array(problem.previous)
    inside = np.clip(now, lower, upper)
    # Into the bounds first, then all in one direction towards the sum: no step undoes another.
    least = float(np.abs(inside - now).sum()) + abs(problem.budget - float(inside.sum()))
    if least > problem.max_turnover + EPSILON:
        raise InfeasibleError(
            f"Getting inside the bounds alone turns over {_percent(least)}, more than the {_percent(problem.max_turnover)} allowed."
        )


def optimal(returns: Floats, problem: Problem) -> Floats:
    """Return the weights that fit best.

    Args:
        returns: Daily returns, one row per session, one column per asset, none missing. Unit: fraction.
        problem: What is sought.

    Returns:
        One weight per asset, same order, adding up to ``problem.budget`` within 1e-6.

    Raises:
        InfeasibleError: If there are no such weights, or the solver finds none.
    """
    check(problem, observations=returns.shape[0])
    if problem.size == 1:
        return np.array([problem.budget])
    if problem.objective == "equal_weight":
        return _nearest_equal(problem)
    weights: Floats = _solved(returns, problem)[0]
    return weights


def frontier(returns: Floats, problem: Problem, *, points: int = 8) -> Floats:
    """Return weights on the efficient frontier of ``problem``, lowest variance first.

    One row per point, shaped (points, assets). Raises as ``optimal``.
    """
    least = replace(problem, objective="minimum_variance")
    check(least, observations=returns.shape[0])
    if problem.size == 1:
        return np.full((points, 1), problem.budget)
    return _solved(returns, least, points=points)


def _solved(returns: Floats, problem: Problem, *, points: int | None = None) -> Floats:
    still = np.ptp(returns, axis=0) == 0
    free = np.array(problem.upper) > EPSILON
    free |= np.array(problem.lower) < -EPSILON
    if (still & free).any():
        raise InfeasibleError("An instrument's price never moved: no risk can be told of it.")
    # Equal shares of risk cannot be given to what may not be held, so it is no part of the question.
    asked = _only(problem, free)
    # Of unit size, or the solver's absolute tolerance would be as large as a variance of daily returns.
    rows = returns[:, free] / float(np.median(returns[:, free].std(axis=0)))
    if not free.any():
        raise InfeasibleError("There is nothing to choose from.")
    # A budget of 1 and bounds in its units: the one case that every objective of skfolio knows.
    found = np.atleast_2d(_solve(rows, _scaled(asked), points=points)) * problem.budget
    weights = np.zeros((found.shape[0], problem.size))
    # Solvers stop within 1e-8 of a bound; what is beyond it by that is on it.
    weights[:, free] = np.clip(found, asked.lower, asked.upper)
    return weights


def _only(problem: Problem, kept: npt.NDArray[np.bool_]) -> Problem:
    def cut(values: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(value for value, stays in zip(values, kept, strict=True) if stays)

    return replace(
        problem,
        lower=cut(problem.lower),
        upper=cut(problem.upper),
        groups=cut(problem.groups) if problem.groups else (),
        previous=None if problem.previous is None else cut(problem.previous),
        max_turnover=_left(problem, kept),
    )


def _left(problem: Problem, kept: npt.NDArray[np.bool_]) -> float | None:
    # What is sold because it may not be held is part of the turnover.
    if problem.max_turnover is None or problem.previous is None:
        return problem.max_turnover
    return problem.max_turnover - float(np.abs(np.array(problem.previous)[~kept]).sum())


def _scaled(problem: Problem) -> Problem:
    part = 1.0 / problem.budget
    return replace(
        problem,
        lower=tuple(weight * part for weight in problem.lower),
        upper=tuple(weight * part for weight in problem.upper),
        caps={name: cap * part for name, cap in problem.caps.items()},
        previous=None if problem.previous is None else tuple(weight * part for weight in problem.previous),
        max_turnover=None if problem.max_turnover is None else problem.max_turnover * part,
        budget=1.0,
    )


def _solve(returns: Floats, problem: Problem, *, points: int | None = None) -> Floats:
    from skfolio.exceptions import OptimizationError

    model = _model(problem, points)
    try:
        model.fit(returns)
    except (OptimizationError, ValueError, np.linalg.LinAlgError) as error:
        raise InfeasibleError(
            "No weights keep all of these bounds, caps and the turnover limit at once."
        ) from error
    weights: Floats = np.asarray(model.weights_, dtype=np.float64)
    if not np.isfinite(weights).all():
        raise InfeasibleError("The solver found no weights for these returns.")
    return weights


def _model(problem: Problem, points: int | None) -> Any:
    from skfolio import RiskMeasure
    from skfolio.optimization import HierarchicalRiskParity, MeanRisk, ObjectiveFunction, RiskBudgeting
    from skfolio.prior import EmpiricalPrior

    shared: dict[str, Any] = {
        "prior_estimator": EmpiricalPrior(covariance_estimator=_covariance(problem.covariance)),
        "min_weights": np.array(problem.lower),
        "max_weights": np.array(problem.upper),
    }
    if problem.objective == "hierarchical_risk_parity":
        return HierarchicalRiskParity(**shared)
    shared["add_constraints"] = _constraints(problem)
    if problem.objective == "risk_budgeting":
        return RiskBudgeting(**shared)
    if problem.objective == "minimum_cvar":
        return MeanRisk(risk_measure=RiskMeasure.CVAR, cvar_beta=TAIL, **shared)
    aim = (
        ObjectiveFunction.MAXIMIZE_RATIO
        if problem.objective == "maximum_ratio"
        else ObjectiveFunction.MINIMIZE_RISK
    )
    return MeanRisk(objective_function=aim, efficient_frontier_size=points, **shared)


def _constraints(problem: Problem) -> Any:
    """Return caps and turnover for the solver, as a function of its variable.

    For ratios and risk budgets skfolio solves for a multiple of the weights; its sum is that multiple, since
    the weights themselves add up to 1.
    """
    groups = [
        (np.array([float(name == group) for name in problem.groups]), cap)
        for group, cap in problem.caps.items()
        if group in problem.groups
    ]
    previous = None if problem.previous is None else np.array(problem.previous)
    if not groups and (problem.max_turnover is None or previous is None):
        return None

    def add(w: Any) -> list[Any]:
        import cvxpy

        # Its functions are known to mypy under another name only.
        cp: Any = cvxpy
        factor = cp.sum(w)
        made = [of @ w - cap * factor <= 0 for of, cap in groups]
        if problem.max_turnover is not None and previous is not None:
            made.append(cp.norm1(w - previous * factor) - problem.max_turnover * factor <= 0)
        return made

    return add


def _covariance(name: str) -> Any:
    from skfolio.moments import (
        DenoiseCovariance,
        EmpiricalCovariance,
        EWCovariance,
        GerberCovariance,
        LedoitWolf,
    )

    return {
        "ledoit_wolf": LedoitWolf,
        "empirical": EmpiricalCovariance,
        "exponential": EWCovariance,
        "gerber": GerberCovariance,
        "denoised": DenoiseCovariance,
    }[name]()


def _nearest_equal(problem: Problem) -> Floats:
    """Return equal weights pushed inside the bounds, what is cut shared among those with room."""
    lower, upper = np.array(problem.lower), np.array(problem.upper)
    low, high = float(lower.min()) - problem.budget, float(upper.max()) + problem.budget
    # The level at which clipped equal weights add up to the budget: their sum grows with it.
    for _ in range(200):
        level = (low + high) / 2
        if np.clip(level, lower, upper).sum() < problem.budget:
            low = level
        else:
            high = level
    weights: Floats = np.clip(np.full(problem.size, (low + high) / 2), lower, upper)
    return weights


def _percent(value: float) -> str:
    return f"{value * 100:.1f}%"
