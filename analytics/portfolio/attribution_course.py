"""Attribution of many periods at once: the same effects and linkings as arrays, and their course over time."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analytics.definitions import declares
from analytics.portfolio.attribution import EFFECTS, MODELS
from analytics.portfolio.linking import METHODS

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

# Below this share of its gross weight, a class of longs against shorts has no return of its own to speak of:
# what it earned over next to nothing would give huge selection and interaction that cancel.
OFFSETTING = 0.2
ALLOCATION, SELECTION, INTERACTION = range(len(EFFECTS))


@dataclass(frozen=True)
class Sides:
    """Both sides of every period by class: arrays of shape (periods, classes), fractions.

    ``portfolio`` and ``benchmark`` are weights at the start of the period, each adding up to 1 over the
    classes; ``earned`` and ``indexed`` what the class added to the return of its side (weight x return);
    ``gross`` the sum of absolute weights of the portfolio in the class. ``reference`` is what the benchmark's
    return in a class is taken for where it has no weight there; NaN = the return of the whole benchmark.
    """

    portfolio: Floats
    benchmark: Floats
    earned: Floats
    indexed: Floats
    gross: Floats
    reference: Floats


@dataclass(frozen=True)
class Course:
    """Effects of each period and what both sides returned.

    ``effects``: (periods, classes, 3) in the order of EFFECTS. ``portfolio_return`` and ``benchmark_return``:
    (periods,). ``level``: the benchmark's return by class as the effects took it, (periods, classes).
    ``offsetting``: where longs and shorts of a class all but cancelled and its whole effect is selection.
    """

    effects: Floats
    portfolio_return: Floats
    benchmark_return: Floats
    level: Floats
    offsetting: Flags
    notional: Floats


@dataclass(frozen=True)
class LinkedCourse:
    """Effects of all periods together and on the way there.

    ``effects``: (classes, 3); ``cumulative``: (periods, 3), linked from the first period to each;
    ``active``: (periods,), both sides compounded that far; ``factors``: (periods, 3), what each period's
    effects were multiplied by to add up at the end; ``residual``: active at the end less what the effects
    give together.
    """

    effects: Floats
    cumulative: Floats
    active: Floats
    factors: Floats
    residual: float


def attribute(sides: Sides, *, model: str = "fachler") -> Course:
    """Return the effects of every period.

    The same as ``attribution.brinson`` period by period, with one rule more: where a class holds longs
    against shorts so that its weight is less than OFFSETTING of its gross, all it earned above the benchmark
    is selection.

    Raises:
        ValueError: For another model.

    Source: as ``attribution.brinson``, and checked against it.
    """
    if model not in MODELS:
        raise ValueError(f"the model is one of {', '.join(MODELS)}")
    mine, theirs = sides.earned.sum(axis=1), sides.indexed.sum(axis=1)
    wp, wb = sides.portfolio, sides.benchmark
    held = wb != 0
    otherwise = np.where(np.isnan(sides.reference), theirs[:, None], sides.reference)
    level = np.where(held, np.divide(sides.indexed, wb, out=np.zeros_like(wb), where=held), otherwise)
    offsetting = (np.abs(wp) < OFFSETTING * sides.gross) & (sides.gross > 0)
    plain = ~offsetting & (wp != 0)
    # What was earned above the benchmark's return in the class, per unit of weight where that means something.
    above = sides.earned - wp * level
    each = np.divide(above, wp, out=np.zeros_like(wp), where=plain)
    base = theirs[:, None] if model == "fachler" else 0.0
    effects = np.empty((*wp.shape, len(EFFECTS)))
    effects[..., ALLOCATION] = (wp - wb) * (level - base)
    effects[..., SELECTION] = np.where(offsetting & held, above, wb * each)
    effects[..., INTERACTION] = above - effects[..., SELECTION]
    return Course(effects, mine, theirs, level, offsetting, (wp * level).sum(axis=1))


@declares("active_return", attribution_residual="residual")
def link_course(course: Course, sides: Sides, *, method: str = "carino") -> LinkedCourse:
    """Return the effects of all periods together, and of the first to every later one.

    ``active_return`` = compounded return of the portfolio less that of the benchmark (divided by its growth when
    geometric). ``residual`` = active return less the sum of all lines: rounding.

    The same numbers as ``linking.link`` gives for the periods so far. Frongello's carrying forward is
    written as GRAP's factors: the sums by class are the same.

    Raises:
        ValueError: For another method.

    Source: as ``linking.link``, and checked against it.
    """
    if method not in METHODS:
        raise ValueError(f"linking is one of {', '.join(METHODS)}")
    rp, rb = course.portfolio_return, course.benchmark_return
    grown, base = _grown(rp), _grown(rb)
    if method == "geometric":
        return _geometric(course, sides, grown / base - 1)
    sums, active = course.effects.sum(axis=1), grown - base
    if method == "carino":
        scale, whole = _log_ratio(rp, rb), _log_ratio(grown - 1, base - 1)
        cumulative = np.cumsum(sums * scale[:, None], axis=0) / whole[:, None]
        factor = scale / whole[-1]
    elif method == "menchero":
        common, bend = _menchero(rp - rb, active, base)
        gaps = (rp - rb)[:, None]
        cumulative = common[:, None] * np.cumsum(sums, axis=0) + bend[:, None] * np.cumsum(
            sums * gaps, axis=0
        )
        factor = common[-1] + bend[-1] * (rp - rb)
    else:
        before = np.concatenate([[1.0], grown[:-1]])
        cumulative = np.cumsum(sums * (before / base)[:, None], axis=0) * base[:, None]
        factor = link_pair(rp, rb)
    factors = np.repeat(factor[:, None], len(EFFECTS), axis=1)
    effects = np.einsum("tse,te->se", course.effects, factors)
    residual = float(active[-1] - effects.sum())
    return LinkedCourse(effects, cumulative, active, factors, residual)


@declares(attribution_costs="costs", attribution_trading="trading", index_difference="difference")
def link_pair(first: Floats, second: Floats) -> Floats:
    """Return factors by period that link the differences of two return series.

    What stands beside the effects is linked by them: ``costs`` = minus commission, fees and taxes over net asset
    value; ``trading`` = return of the accounts less that of their opening holdings and less costs;
    ``difference`` = return of the benchmark's weights less that of its published level.

    ``(first - second) @ factors`` is the difference of their compounded returns, exactly (GRAP). So is any
    split of the differences into parts. Shape (periods,).
    """
    before = np.concatenate([[1.0], np.cumprod(1 + first)[:-1]])
    after = np.concatenate([np.cumprod((1 + second)[::-1])[::-1][1:], [1.0]])
    factors: Floats = before * after
    return factors


def _geometric(course: Course, sides: Sides, active: Floats) -> LinkedCourse:
    wp, wb = sides.portfolio, sides.benchmark
    allocation = (wp - wb) * ((1 + course.level) / (1 + course.benchmark_return[:, None]) - 1)
    selection = (sides.earned - wp * course.level) / (1 + course.notional[:, None])
    each = np.stack([allocation, selection, np.zeros_like(allocation)], axis=2)
    # Logarithms of the period effects add up over time; shares of the log keep the classes additive.
    sums = each.sum(axis=1)
    shares = _log_ratio(sums, np.zeros_like(sums))
    logs = np.cumsum(sums * shares, axis=0)
    back = np.where(np.abs(logs[-1]) > 1e-300, np.expm1(logs[-1]) / np.where(logs[-1] == 0, 1, logs[-1]), 1.0)
    factors = shares * back
    effects = np.einsum("tse,te->se", each, factors)
    told = effects.sum(axis=0)
    residual = float(active[-1] - ((1 + told[ALLOCATION]) * (1 + told[SELECTION]) - 1))
    # The effects of a period here stand over (1 + notional): the factors apply to the plain ones of securities.
    factors = factors / np.stack(
        [1 + course.benchmark_return, 1 + course.notional, np.ones_like(course.notional)], axis=1
    )
    return LinkedCourse(effects, np.expm1(logs), active, factors, residual)


def _log_ratio(first: Floats, second: Floats) -> Floats:
    # (ln(1 + first) - ln(1 + second)) / (first - second), with its limit where the two meet.
    gap = first - second
    apart = np.abs(gap) > 1e-300
    safe = np.where(apart, gap, 1.0)
    found: Floats = np.where(apart, np.log1p(safe / (1 + second)) / safe, 1 / (1 + second))
    return found


def _grown(returns: Floats) -> Floats:
    found: Floats = np.cumprod(1 + returns, dtype=np.float64)
    return found


def _menchero(gaps: Floats, active: Floats, base: Floats) -> tuple[Floats, Floats]:
    n = np.arange(1, gaps.size + 1)
    grown = base + active
    # (grown - base) / n / (grown^(1/n) - base^(1/n)), again with its limit.
    step = np.expm1(np.log1p(active / base) / n) * base ** (1 / n)
    apart = np.abs(step) > 1e-300
    common = np.where(apart, active / n / np.where(apart, step, 1.0), grown ** ((n - 1) / n))
    square = np.cumsum(gaps**2)
    told = np.where(square > 0, square, 1.0)
    bend = np.where(square > 0, (active - common * np.cumsum(gaps)) / told, 0.0)
    return common, bend
