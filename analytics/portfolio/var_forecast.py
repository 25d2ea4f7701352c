"""What each evening's value at risk said of the next session: the series a back-test judges."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import numpy.typing as npt
import polars as pl

from analytics.portfolio.garch import Garch, fit, flat, outlook
from analytics.portfolio.risk import expected_shortfall, value_at_risk
from analytics.portfolio.var import MIN_GARCH, cornish_fisher, ewma_variance, tail_risk

Floats = npt.NDArray[np.float64]

# Expected shortfall is judged where supervisors ask for it: Basel Committee, d457, 2019.
ES_CONFIDENCE = 0.975
# Evenings between two fits of a GARCH; those between go on with its coefficients.
REFIT = 20
NOTHING = "nothing was held"

FORECASTS: dict[str, pl.DataType] = {
    "var": pl.Float64(),
    "es": pl.Float64(),
    "tail_var": pl.Float64(),
    "tail_es": pl.Float64(),
    "volatility": pl.Float64(),
    "pit": pl.Float64(),
    "n": pl.Int64(),
    "reason": pl.String(),
}


@dataclass(frozen=True)
class Evenings:
    """Holdings of several evenings, each replayed over the sessions known then.

    ``simulated[e]``: what the holdings of evening e would have earned on the sessions up to it, oldest
    first, finite. ``held[e]``: whether anything was held. ``realised[e]``: P&L of the session after it;
    NaN where not known.
    """

    simulated: Sequence[Floats]
    held: Sequence[bool]
    realised: Floats


def replayed(values: Floats, returns: Floats, *, window: int, last: int) -> list[Floats]:
    """Return what the holdings of the last evenings would have earned on the sessions before.

    Args:
        values: Market value by evening and instrument, signed; NaN where not known.
        returns: Return by session and instrument, the same sessions; NaN where not known.
        window: Most sessions replayed.
        last: How many evenings.

    Returns:
        One array per evening, oldest first: of the sessions up to it on which everything then held has a
        return; empty where a value is not known.
    """
    known = ~np.isnan(returns)
    filled = np.where(known, returns, 0.0)
    found = []
    for evening in range(max(values.shape[0] - last, 0), values.shape[0]):
        held = values[evening]
        if np.isnan(held).any():
            found.append(np.empty(0))
            continue
        begin = max(evening + 1 - window, 0)
        carried = held != 0
        whole = known[begin : evening + 1, carried].all(axis=1)
        found.append((filled[begin : evening + 1] @ held)[whole])
    return found


@dataclass(frozen=True)
class Filtered:
    """One evening of filtered historical simulation: tails by confidence, or the reason why there are none."""

    var: dict[float, float]
    es: dict[float, float]
    volatility: float | None
    pit: float | None
    n: int
    reason: str | None


def filtered_evenings(evenings: Evenings, *, confidences: Sequence[float]) -> list[Filtered]:
    """Return what filtered historical simulation said on each evening.

    Args:
        evenings: Holdings replayed, and what came.
        confidences: Of the tails.

    Returns:
        One entry per evening. A GARCH is fitted every ``REFIT`` evenings, the last one among them; those
        between go on with its coefficients on their own holdings.
    """
    found = []
    garch: Garch | str = ""
    count = len(evenings.simulated)
    for place, (pnl, held) in enumerate(zip(evenings.simulated, evenings.held, strict=True)):
        why = NOTHING if not held else None
        if not why and pnl.size < MIN_GARCH:
            why = f"needs {MIN_GARCH} observations, has {pnl.size}"
        if not why and flat(pnl):
            why = "all observations are equal: no volatility to fit"
        if why:
            found.append(Filtered({}, {}, None, None, int(pnl.size), why))
            continue
        if not isinstance(garch, Garch) or (count - 1 - place) % REFIT == 0:
            again = fit(pnl)
            garch = again if isinstance(again, Garch) or not isinstance(garch, Garch) else garch
        found.append(_filtered(pnl, float(evenings.realised[place]), garch, confidences))
    return found


def forecasts(
    evenings: Evenings, *, method: str, confidence: float = 0.99, draws: int = 4_000
) -> pl.DataFrame:
    """Return what ``method`` said on each evening.

    Args:
        evenings: Holdings replayed, and what came.
        method: One of ``analytics.portfolio.var.METHODS``.
        confidence: Of ``var`` and ``es``.
        draws: Of the drawing method.

    Returns:
        One row per evening: ``var``, ``es`` at ``confidence``, ``tail_var``, ``tail_es`` at 97.5 %
        (positive = loss, unit of the P&L), ``volatility`` (the forecast deviation), ``pit`` (where the
        realised P&L lies in the forecast distribution, 0 to 1), ``n`` (sessions replayed), ``reason``
        (why there is no forecast).
    """
    if method == "filtered_historical":
        levels = (confidence, ES_CONFIDENCE)
        rows = [
            (*(side.get(level) for level in levels for side in (one.var, one.es)),
             one.volatility, one.pit, one.n, one.reason)
            for one in filtered_evenings(evenings, confidences=levels)
        ]  # fmt: skip
        return pl.DataFrame(rows, schema=FORECASTS, orient="row")
    told = [
        _plain(pnl, float(realised), method, confidence, draws) if held else _none(pnl, NOTHING)
        for pnl, held, realised in zip(evenings.simulated, evenings.held, evenings.realised, strict=True)
    ]
    return pl.DataFrame(told, schema=FORECASTS, orient="row")


_Row = tuple[float | str | None, ...]


def _none(pnl: Floats, reason: str) -> _Row:
    return (None, None, None, None, None, None, int(pnl.size), reason)


def _plain(pnl: Floats, realised: float, method: str, confidence: float, draws: int) -> _Row:
    risks = [
        tail_risk(pnl, method=method, confidence=level, draws=draws) for level in (confidence, ES_CONFIDENCE)
    ]
    if risks[0].var is None or risks[1].var is None:
        return _none(pnl, risks[0].reason or risks[1].reason or "no forecast")
    with np.errstate(over="ignore"):
        deviation = float(np.std(pnl, ddof=1))
    if method == "ewma":
        deviation = float(np.sqrt(ewma_variance(pnl) or 0.0))
    if not np.isfinite(deviation):
        return _none(pnl, "the result is not finite")
    pit = None if not np.isfinite(realised) else _place(pnl, realised, method, deviation)
    return _told((risks[0].var, risks[0].es, risks[1].var, risks[1].es), deviation, pit, int(pnl.size))


def _filtered(pnl: Floats, realised: float, garch: Garch | str, confidences: Sequence[float]) -> Filtered:
    n = int(pnl.size)
    if isinstance(garch, str):
        return Filtered({}, {}, None, None, n, garch)
    seen = outlook(pnl, garch)
    moved = seen.mean + seen.volatility * seen.shocks
    var, es = {}, {}
    for level in confidences:
        loss, mean = value_at_risk(moved, confidence=level), expected_shortfall(moved, confidence=level)
        if loss is None or mean is None or not np.isfinite([loss, mean]).all():
            return Filtered({}, {}, None, None, n, "the result is not finite")
        var[level], es[level] = loss, max(loss, mean)
    pit = _rank(moved, realised) if np.isfinite(realised) else None
    return Filtered(var, es, seen.volatility, pit, n, None)


def _told(tails: tuple[float | None, ...], deviation: float, pit: float | None, n: int) -> _Row:
    return (*tails, deviation, pit, n, None)


def _rank(sample: Floats, value: float) -> float:
    """Return where a value lies in a sample: its middle rank, never 0 or 1."""
    below, equal = int(np.sum(sample < value)), int(np.sum(sample == value))
    return (below + equal / 2 + 0.5) / (sample.size + 1)


def _place(pnl: Floats, value: float, method: str, deviation: float) -> float | None:
    if method == "historical":
        return _rank(pnl, value)
    if deviation <= 0 or flat(pnl):
        return None
    mean = 0.0 if method == "ewma" else float(np.mean(pnl))
    z = (value - mean) / deviation
    centred = pnl - np.mean(pnl)
    excess = float(np.mean(centred**4) / np.mean(centred**2) ** 2) - 3
    if method == "cornish_fisher":
        skewness = float(np.mean(centred**3) / np.mean(centred**2) ** 1.5)
        grid = np.linspace(-6.0, 6.0, 2_401)
        bent = np.array(cornish_fisher(grid, skewness=skewness, excess_kurtosis=excess))  # type: ignore[arg-type]
        z = float(np.interp(z, np.maximum.accumulate(bent), grid))
    if method == "monte_carlo" and excess > 1e-6:
        from scipy.stats import t

        freedom = 4 + 6 / excess
        return float(t.cdf(z * (freedom / (freedom - 2)) ** 0.5, freedom))
    return NormalDist().cdf(z)
