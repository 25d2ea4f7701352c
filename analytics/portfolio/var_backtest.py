"""Whether a value at risk held what it promised: coverage, independence, zones, expected shortfall."""

import math
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from analytics.definitions import declares

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

# Basel Committee, Supervisory framework for the use of backtesting, 1996, table 2: what the multiplier of
# 3 rises by, for 250 days at 99 %.
ADD_ONS = {5: 0.40, 6: 0.50, 7: 0.65, 8: 0.75, 9: 0.85}
RED_ADD_ON = 1.0
SEED = 20_201
DRAWS = 20_000


@dataclass(frozen=True)
class Verdict:
    """Outcome of one test.

    ``statistic``, ``p_value`` and ``rejected`` (at ``level``) are None with a ``reason``; ``counts`` holds
    what the statistic was taken from.
    """

    test: str
    n: int
    level: float
    statistic: float | None = None
    p_value: float | None = None
    rejected: bool | None = None
    reason: str | None = None
    counts: dict[str, float] = field(default_factory=dict)


@declares("exceptions", "expected_exceptions", "hypothetical_exceptions")
def exceptions(pnl: Floats, var: Floats) -> Bools:
    """Say of each period whether the loss was larger than its VaR.

    Args:
        pnl: Realised P&L, positive = gain, one value per period, oldest first.
        var: The VaR told beforehand for that period, positive = loss, same unit.

    ``exceptions`` = sessions whose loss was larger than the VaR of the evening before. ``expected_exceptions``
    = sessions x (1 - confidence). ``hypothetical_exceptions`` = the same count for the evening's holdings left
    untraded. Periods in which either is not finite are left out: the answer can be shorter.

    Raises:
        ValueError: If the two differ in length.
    """
    if pnl.size != var.size:
        raise ValueError("realised and forecast must cover the same periods")
    known = np.isfinite(pnl) & np.isfinite(var)
    broken: Bools = pnl[known] < -var[known]
    return broken


@declares("kupiec_pof")
def kupiec(hits: int, n: int, *, confidence: float, level: float = 0.05) -> Verdict:
    """Test whether exceptions are as many as promised: proportion of failures.

    Args:
        hits: Exceptions seen.
        n: Periods tested.
        confidence: Of the VaR.
        level: Size of the test.

    Returns:
        ``statistic`` = LR, chi-square with 1 degree of freedom; too few exceptions reject as well as too
        many. ``counts``: exceptions, expected. A reason without a period.

    Source: Kupiec, J. of Derivatives 3(2), 1995. Checked against MATLAB's varbacktest example: 17 of 1,043
    at 1 %: 3.5118, p 0.060933.
    """
    counts = {"exceptions": float(hits), "expected": n * (1 - confidence)}
    if n < 1:
        return Verdict("kupiec_pof", n, level, reason="no period to test", counts=counts)
    ratio = 2 * (_likelihood(n - hits, hits, hits / n) - _likelihood(n - hits, hits, 1 - confidence))
    return _judged("kupiec_pof", n, level, ratio=ratio, freedom=1, counts=counts)


@declares("christoffersen_independence")
def christoffersen_independence(hits: Bools, *, level: float = 0.05) -> Verdict:
    """Test whether an exception makes one on the next day more or less likely.

    ``hits`` as ``exceptions`` returns them. LR, chi-square with 1 degree of freedom, over the n - 1
    transitions; a count of 0 contributes a likelihood of 1. ``counts``: n00, n01, n10, n11 (from, to). A
    reason below 2 periods or without an exception to follow.
    Source: Christoffersen, International Economic Review 39, 1998. Checked against MATLAB's cci example.
    """
    name = "christoffersen_independence"
    if hits.size < 2:
        return Verdict(name, int(hits.size), level, reason="needs 2 periods")
    before, after = hits[:-1], hits[1:]
    n11 = int(np.sum(before & after))
    n10, n01 = int(np.sum(before)) - n11, int(np.sum(after)) - n11
    n00 = hits.size - 1 - n11 - n10 - n01
    return transitions(n00, n01, n10, n11, level=level)


def transitions(n00: int, n01: int, n10: int, n11: int, *, level: float = 0.05) -> Verdict:
    """Test independence from the counts of transitions, as ``christoffersen_independence`` does."""
    counts = {"n00": float(n00), "n01": float(n01), "n10": float(n10), "n11": float(n11)}
    moves, name = n00 + n01 + n10 + n11, "christoffersen_independence"
    if n10 + n11 == 0 or n00 + n01 == 0:
        told = "no exception is followed by a period" if n10 + n11 == 0 else "every period is an exception"
        return Verdict(name, moves + 1, level, reason=told, counts=counts)
    free = _likelihood(n00, n01, n01 / (n00 + n01)) + _likelihood(n10, n11, n11 / (n10 + n11))
    tied = _likelihood(n00 + n10, n01 + n11, (n01 + n11) / moves)
    return _judged(name, moves + 1, level, ratio=2 * (free - tied), freedom=1, counts=counts)


@declares("conditional_coverage")
def christoffersen_coverage(hits: Bools, *, confidence: float, level: float = 0.05) -> Verdict:
    """Test number and independence of exceptions together: the sum of both ratios, chi-square with 2.

    A reason where one of the two has none. Source and checks as for the two tests.
    """
    number = kupiec(int(hits.sum()), int(hits.size), confidence=confidence, level=level)
    order = christoffersen_independence(hits, level=level)
    counts = {**number.counts, **order.counts}
    if number.statistic is None or order.statistic is None:
        told = number.reason or order.reason
        return Verdict("conditional_coverage", int(hits.size), level, reason=told, counts=counts)
    whole = number.statistic + order.statistic
    return _judged("conditional_coverage", int(hits.size), level, ratio=whole, freedom=2, counts=counts)


@dataclass(frozen=True)
class Zone:
    """Basel's verdict: ``zone`` green, yellow or red; ``add_on`` raises the capital multiplier of 3.

    ``probability`` is that of as many exceptions or fewer under a correct model; ``from_yellow`` and
    ``from_red`` are the first counts of those zones. ``add_on`` is None for another n or confidence than
    the 250 days at 99 % it is defined for.
    """

    zone: str
    exceptions: int
    n: int
    probability: float
    from_yellow: int
    from_red: int
    add_on: float | None


def basel_zone(hits: int, n: int = 250, *, confidence: float = 0.99) -> Zone | None:
    """Return the traffic light of a number of exceptions; None without a period.

    Yellow starts where the probability of as many or fewer reaches 95 %, red at 99.99 %.
    Source: Basel Committee, 1996, table 2 (250 days at 99 %: green to 4, yellow to 9, red from 10).
    """
    from scipy.stats import binom

    if n < 1:
        return None
    odds = 1 - confidence
    yellow, red = int(binom.ppf(0.95, n, odds)), int(binom.ppf(0.9999, n, odds))
    zone = "red" if hits >= red else "yellow" if hits >= yellow else "green"
    add_on = None
    if n == 250 and math.isclose(confidence, 0.99):
        add_on = {"green": 0.0, "red": RED_ADD_ON}.get(zone, ADD_ONS.get(hits, RED_ADD_ON))
    return Zone(zone, hits, n, float(binom.cdf(hits, n, odds)), yellow, red, add_on)


@declares("acerbi_szekely_z2")
def acerbi_szekely(
    pnl: Floats,
    var: Floats,
    es: Floats,
    *,
    confidence: float,
    freedom: float | None = None,
    level: float = 0.05,
    seed: int = SEED,
    draws: int = DRAWS,
) -> Verdict:
    """Test expected shortfall: the second statistic of Acerbi and Szekely, size and number together.

    Args:
        pnl: Realised P&L, positive = gain, oldest first.
        var: Forecast VaR of each period, positive = loss, same unit.
        es: Forecast expected shortfall of each period, positive = loss, same unit.
        confidence: Of both.
        freedom: Degrees of freedom of the Student t that the tail has if the model is right; None = normal.
        level: Size of the test.
        seed: Of the simulated p-value.
        draws: How many samples it is taken from.

    Returns:
        ``statistic`` Z2 = 1 + sum over exceptions of pnl / es, divided by n (1 - confidence): 0 expected of
        a right model, negative where losses were understated. One-sided: ``p_value`` is the share of
        samples with as low a Z2. ``counts``: exceptions, expected, mean_severity (mean of loss / es over
        the exceptions, 1 expected; left out without one). A reason without a period or with an ES that is
        not positive.

    Raises:
        ValueError: If the series differ in length.

    Source: Acerbi and Szekely, Backtesting Expected Shortfall, MSCI, 2014: critical value -0.70 at 5 %, near
    -1.8 at 0.01 %, for 250 days at 97.5 %. Checked against these.
    """
    name = "acerbi_szekely_z2"
    if not pnl.size == var.size == es.size:
        raise ValueError("realised and forecast must cover the same periods")
    known = np.isfinite(pnl) & np.isfinite(var) & np.isfinite(es)
    pnl, var, es = pnl[known], var[known], es[known]
    n = int(pnl.size)
    if n < 1:
        return Verdict(name, n, level, reason="no period to test")
    if float(np.min(es)) <= 0:
        return Verdict(name, n, level, reason="a forecast shortfall is not a loss")
    hit = pnl < -var
    expected = n * (1 - confidence)
    counts = {"exceptions": float(hit.sum()), "expected": expected}
    if hit.any():
        counts["mean_severity"] = float(np.mean(-pnl[hit] / es[hit]))
    statistic = 1 + float(np.sum(pnl[hit] / es[hit])) / expected
    sample = _z2_under_the_model(n, confidence, freedom, np.random.default_rng(seed), draws)
    p_value = float(np.mean(sample <= statistic + 1e-12))
    return Verdict(name, n, level, statistic, p_value, p_value < level, None, counts)


def _z2_under_the_model(
    n: int, confidence: float, freedom: float | None, random: np.random.Generator, draws: int
) -> Floats:
    # With the right VaR and ES every exceedance is a draw from the tail, whatever the scale of its day: only
    # the exceptions need drawing, not the quiet days.
    from scipy.stats import norm, t

    odds = 1 - confidence
    hits = random.binomial(n, odds, size=draws)
    levels = random.uniform(0.0, odds, size=int(hits.sum()))
    if freedom is None:
        tail, cut = norm.ppf(levels), float(norm.ppf(odds))
        shortfall = float(norm.pdf(cut)) / odds
    else:
        tail, cut = t.ppf(levels, freedom), float(t.ppf(odds, freedom))
        shortfall = float(t.pdf(cut, freedom)) / odds * (freedom + cut**2) / (freedom - 1)
    sums = np.bincount(np.repeat(np.arange(draws), hits), weights=tail, minlength=draws)
    drawn: Floats = 1 + sums / shortfall / (n * odds)
    return drawn


def _likelihood(misses: int, hits: int, odds: float) -> float:
    # Log likelihood with 0 log 0 = 0.
    first = misses * math.log1p(-odds) if misses else 0.0
    return first + (hits * math.log(odds) if hits else 0.0)


def _judged(
    test: str, n: int, level: float, *, ratio: float, freedom: int, counts: dict[str, float]
) -> Verdict:
    from scipy.stats import chi2

    ratio = max(ratio, 0.0)
    p_value = float(chi2.sf(ratio, freedom))
    return Verdict(test, n, level, ratio, p_value, p_value < level, None, counts)
