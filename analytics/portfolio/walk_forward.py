"""How weights would have done on days they were not chosen on: refitted as time went by, costs paid."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from analytics.conventions import BASIS_POINTS
from analytics.portfolio.optimise import InfeasibleError, Problem, frontier, optimal

Floats = npt.NDArray[np.float64]
Chooser = Callable[[Floats, Floats | None], Floats]

TRAIN = 252  # sessions weights are chosen on
TEST = 21  # sessions they are then held
LEAST_WINDOWS = 3
YEAR = 252
BLOCK = 10  # sessions drawn together by the bootstrap: longer than daily returns remember
DRAWS = 1_000


@dataclass(frozen=True)
class Course:
    """One way of choosing weights, walked forward.

    ``returns``: daily, net of trading costs, of the out-of-sample sessions. ``turnover``: sum of |change| at
    each rebalancing, the first one from nothing left out. ``cost``: fraction paid in all. ``weights``: one row
    per rebalancing.
    """

    returns: Floats
    turnover: Floats
    cost: float
    weights: Floats


@dataclass(frozen=True)
class Difference:
    """A measure of one course less that of another, with its 95 % interval; None where it is not defined."""

    value: float | None
    low: float | None
    high: float | None


def windows(
    sessions: int, *, train: int = TRAIN, test: int = TEST
) -> list[tuple[npt.NDArray[np.int_], npt.NDArray[np.int_]]]:
    """Return the sessions of each window: (those weights are chosen on, those they are then held).

    By skfolio's ``WalkForward``: a rolling window, every test session after every session of its own training,
    the last test cut short where the sessions end. With too few sessions first the training, then the holding
    is halved, twice each at most, until ``LEAST_WINDOWS`` fit.

    Raises:
        InfeasibleError: If not even quarters of both leave that many.
    """
    from skfolio.model_selection import WalkForward

    for size, hold in _sizes(train, test):
        if sessions >= size + LEAST_WINDOWS * hold:
            split = WalkForward(train_size=size, test_size=hold, reduce_test=True)
            return [(np.asarray(a), np.asarray(b)) for a, b in split.split(np.zeros((sessions, 1)))]
    size, hold = _sizes(train, test)[-1]
    raise InfeasibleError(
        f"Only {sessions} sessions have a return for every instrument; {size + LEAST_WINDOWS * hold} are needed "
        "to test out of sample."
    )


def _sizes(train: int, test: int) -> list[tuple[int, int]]:
    # First less to learn from, then shorter holding: a quarter of a year is the least a covariance needs.
    return [(train // part, test) for part in (1, 2, 4)] + [
        (train // 4, max(test // part, 1)) for part in (2, 4)
    ]


def walk(
    returns: Floats,
    choose: Chooser,
    *,
    cost_bp: Floats | float = 0.0,
    train: int = TRAIN,
    test: int = TEST,
) -> Course:
    """Choose weights on each training window and hold them, untouched, over the sessions after it.

    Args:
        returns: Daily returns, one row per session, one column per asset, none missing.
        choose: Given a training window and the weights held at its end (None at first), returns weights.
        cost_bp: What trading costs, basis points of the amount traded, of all or by asset.
        train: Sessions of a training window.
        test: Sessions between two rebalancings.

    Returns:
        The course; what is not invested earns nothing. Weights drift with returns between rebalancings.
    """
    made: list[Floats] = []
    chosen: list[Floats] = []
    turnover: list[float] = []
    cost = 0.0
    held: Floats | None = None
    rate = np.broadcast_to(np.asarray(cost_bp, dtype=np.float64), (returns.shape[1],)) / BASIS_POINTS
    for learn, live in windows(returns.shape[0], train=train, test=test):
        weights = choose(returns[learn], held)
        change = np.abs(weights - held) if held is not None else np.zeros_like(weights)
        paid = float(change @ rate)
        daily, held = _held(returns[live], weights)
        daily[0] = (1 - paid) * (1 + daily[0]) - 1
        cost += paid
        turnover.append(float(change.sum()))
        made.append(daily)
        chosen.append(weights)
    return Course(np.concatenate(made), np.array(turnover), cost, np.array(chosen))


def optimised(problem: Problem) -> Chooser:
    """Return the chooser that solves ``problem`` anew on each window, its turnover against what is held then."""

    def choose(window: Floats, held: Floats | None) -> Floats:
        now = (
            replace(problem, previous=None, max_turnover=None)
            if held is None
            else replace(problem, previous=tuple(held))
        )
        try:
            return optimal(window, now)
        except InfeasibleError:
            # Weights have drifted further out of bounds than the turnover limit lets them back in one step.
            if held is None or problem.max_turnover is None:
                raise
            return optimal(window, replace(now, max_turnover=None))

    return choose


def fixed(weights: Floats) -> Chooser:
    """Return the chooser that goes back to the same weights every time."""
    return lambda _window, _held_now: weights.copy()


def frontier_courses(
    returns: Floats,
    problem: Problem,
    *,
    points: int,
    cost_bp: Floats | float,
    train: int = TRAIN,
    test: int = TEST,
) -> list[Course]:
    """Return one course per point of the frontier, lowest risk first: the k-th point of each window, held."""
    fitted: dict[bytes, Floats] = {}

    def points_of(window: Floats) -> Floats:
        key = window.tobytes()
        if key not in fitted:
            fitted[key] = frontier(window, replace(problem, previous=None, max_turnover=None), points=points)
        return fitted[key]

    def at(place: int) -> Chooser:
        return lambda window, _: points_of(window)[place]

    return [walk(returns, at(place), cost_bp=cost_bp, train=train, test=test) for place in range(points)]


def _held(returns: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """Return daily returns of weights left alone, and what they have drifted to."""
    growth = np.cumprod(1 + returns, axis=0)
    value = 1 - weights.sum() + growth @ weights
    daily = value / np.concatenate([[1.0], value[:-1]]) - 1
    return daily, weights * growth[-1] / value[-1]


# --- what came of it ---------------------------------------------------------------------------------
def volatility(returns: Floats) -> float | None:
    """Return the annualised standard deviation of daily returns (ddof 1); None with fewer than two."""
    return float(returns.std(ddof=1) * np.sqrt(YEAR)) if returns.size > 1 else None


def mean_return(returns: Floats) -> float | None:
    """Return the annualised arithmetic mean of daily returns; None without any."""
    return float(returns.mean() * YEAR) if returns.size else None


def ratio(returns: Floats) -> float | None:
    """Return mean over volatility, annualised, without a risk-free rate; None where nothing moved."""
    risk = volatility(returns)
    return float(returns.mean() * YEAR / risk) if risk else None


def shortfall(returns: Floats, *, confidence: float = 0.975) -> float | None:
    """Return the mean of the worst (1 - confidence) share of daily returns as a positive loss; None below 40."""
    if returns.size < 40:
        return None
    worst = np.sort(returns)
    share = (1 - confidence) * returns.size
    whole = int(share + 1e-9)
    return -float(worst[:whole].sum() + (share - whole) * worst[whole]) / share


def deepest(returns: Floats) -> float | None:
    """Return the deepest fall from a peak, negative or 0; None without returns."""
    if not returns.size:
        return None
    level = np.concatenate([[1.0], np.cumprod(1 + returns)])
    return float((level / np.maximum.accumulate(level) - 1).min())


def difference(
    one: Floats, other: Floats, measure: Callable[[Floats], float | None], *, seed: int = 7
) -> Difference:
    """Return measure(one) - measure(other) with a 95 % interval from a circular block bootstrap.

    Args:
        one: Daily returns.
        other: Those of the same sessions; drawn together, so that what moves both cancels.
        measure: Of daily returns.
        seed: Of the draws: the same question has the same answer.

    None of the three where the measure is not known of either, or of a tenth of the draws.

    Source: Politis and Romano, A circular block-resampling procedure, 1992.
    """
    here, there = measure(one), measure(other)
    if here is None or there is None:
        return Difference(None, None, None)
    rng = np.random.default_rng(seed)
    size = one.size
    starts = rng.integers(0, size, (DRAWS, -(-size // BLOCK)))
    days = (starts[:, :, None] + np.arange(BLOCK)).reshape(DRAWS, -1)[:, :size] % size
    found = [
        a - b
        for row in days
        if (a := measure(one[row])) is not None and (b := measure(other[row])) is not None
    ]
    if len(found) < 0.9 * DRAWS:
        return Difference(here - there, None, None)
    low, high = np.quantile(found, [0.025, 0.975])
    return Difference(here - there, float(low), float(high))
