"""When a limit would be reached: first passage of its utilisation, with what is not known of the drift.

Utilisation is read as a Brownian motion with drift, observed once a session. The probability that it reaches
the barrier within h sessions is that of the first passage (Cox and Miller 1965, section 5.7):

    P(T <= h) = F((m h - a) / (s sqrt h)) + exp(2 m a / s^2) F((-m h - a) / (s sqrt h))

with distance a, drift m, volatility s and the standard normal distribution F. What happens afresh each day
(orders, losses) has no path; there it is the share of past days above the limit.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.stats import norm

from analytics.definitions import declares

WINDOW = 60  # sessions of history that are read
MIN_HISTORY = 20  # increments below which nothing is said
CONFIDENCE = 0.9
MAX_SESSIONS = 250  # a date further away than a year of sessions is no forecast
_UNINFORMATIVE = 0.9  # width of the probability's interval from which it says nothing


def first_passage(distance: float, drift: float, volatility: float, sessions: float) -> float:
    """Return the probability of reaching a barrier within some sessions.

    Args:
        distance: To the barrier; 0 or less means it is reached already.
        drift: Per session, towards the barrier.
        volatility: Standard deviation of one session's change, positive.
        sessions: How far ahead.
    """
    if distance <= 0:
        return 1.0
    if sessions <= 0:
        return 0.0
    if volatility <= 0:
        return 1.0 if drift * sessions >= distance else 0.0
    scale = volatility * np.sqrt(sessions)
    direct = norm.cdf((drift * sessions - distance) / scale)
    # The product as a sum of logarithms: the factor overflows where the tail vanishes.
    mirrored = np.exp(
        2 * drift * distance / volatility**2 + norm.logcdf((-drift * sessions - distance) / scale)
    )
    return float(min(1.0, direct + mirrored))


def expected_sessions(distance: float, drift: float) -> float | None:
    """Return the mean first-passage time distance / drift; None when the drift does not lead there."""
    if distance <= 0:
        return 0.0
    return distance / drift if drift > 0 else None


@declares("utilisation", breach_probability="probability")
def forecast(utilisation: Sequence[float | None], *, horizon: int, standing: bool = True) -> dict[str, Any]:
    """Return how likely a limit is passed within ``horizon`` sessions, and when.

    ``utilisation`` = value / limit; above 1 is a breach. ``probability`` = that of the first passage of the limit
    within the sessions ahead, by a random walk with the drift and volatility of the last 60 sessions.

    Args:
        utilisation: Value over limit by session, oldest first; null where not known.
        horizon: Sessions ahead.
        standing: Whether today's value is where tomorrow's starts from.

    Returns:
        ``probability`` (fraction) with ``low`` and ``high`` (90 %), ``sessions`` until the limit at the drift
        seen, with ``sessions_low`` and ``sessions_high``, ``fan`` (ahead, p10, p50, p90 of the utilisation),
        ``method``, ``n`` and ``reason``. Null with a reason where the history does not tell: too short,
        unchanging, breached already, or an interval as wide as not knowing.
    """
    empty: dict[str, Any] = {
        "probability": None, "low": None, "high": None, "sessions": None, "sessions_low": None,
        "sessions_high": None, "fan": [], "method": "first_passage" if standing else "frequency", "n": 0,
        "horizon": horizon, "reason": None,
    }  # fmt: skip
    recent = list(utilisation)[-(WINDOW + 1) :]
    if not recent or recent[-1] is None:
        return empty | {"reason": "Utilisation is not known now."}
    known = np.array([np.nan if used is None else used for used in recent], dtype=np.float64)
    if not standing:
        return empty | _frequency(known[np.isfinite(known)][-WINDOW:], horizon)
    return empty | _passage(known, horizon)


def _passage(known: np.ndarray, horizon: int) -> dict[str, Any]:
    changes = np.diff(known)
    changes = changes[np.isfinite(changes)]
    n = int(changes.size)
    if n < MIN_HISTORY:
        return {"n": n, "reason": f"It needs {MIN_HISTORY} sessions of change and there are {n}."}
    drift, volatility = float(changes.mean()), float(changes.std(ddof=1))
    if volatility <= 1e-12:
        return {"n": n, "reason": "Utilisation has not changed, so its history tells nothing of what comes."}
    now = float(known[-1])
    z = float(norm.ppf(0.5 + CONFIDENCE / 2))
    error = volatility / float(np.sqrt(n))
    slow, fast = drift - z * error, drift + z * error
    ahead = np.arange(1, horizon + 1)
    # Where it ends is uncertain by its own path and by a drift that is only estimated.
    spread = (volatility * np.sqrt(ahead + ahead**2 / n)).tolist()
    reach = float(norm.ppf(0.9))
    fan = [
        {
            "ahead": k,
            "p10": now + drift * k - reach * s,
            "p50": now + drift * k,
            "p90": now + drift * k + reach * s,
        }
        for k, s in zip(ahead.tolist(), spread, strict=True)
    ]
    said: dict[str, Any] = {"n": n, "fan": [{**point, "p10": max(point["p10"], 0.0)} for point in fan]}
    distance = 1.0 - now
    if distance < 0:
        return said | {"reason": "The limit is breached already."}
    low, mid, high = (first_passage(distance, m, volatility, horizon) for m in (slow, drift, fast))
    if high - low >= _UNINFORMATIVE:
        return said | {"reason": "The history fits a breach as well as none, so no probability is given."}
    mean, soonest, latest = (expected_sessions(distance, m) for m in (drift, fast, slow))
    if mean is not None and mean > MAX_SESSIONS:
        mean = None
    return said | {
        "probability": mid,
        "low": low,
        "high": high,
        "sessions": mean,
        "sessions_low": soonest if mean is not None else None,
        "sessions_high": latest
        if mean is not None and latest is not None and latest <= MAX_SESSIONS
        else None,
    }


def _frequency(known: np.ndarray, horizon: int) -> dict[str, Any]:
    n = int(known.size)
    if n < MIN_HISTORY:
        return {"n": n, "reason": f"It needs {MIN_HISTORY} sessions and there are {n}."}
    above = int((known > 1.0).sum())
    z = float(norm.ppf(0.5 + CONFIDENCE / 2))
    share = above / n
    # Wilson's interval: it stays within 0 and 1 and has a width where nothing was seen.
    centre = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2)) / (1 + z**2 / n)

    def within(p: float) -> float:
        return float(1 - (1 - min(max(p, 0.0), 1.0)) ** horizon)

    return {
        "n": n,
        "probability": within(share),
        "low": within(centre - half),
        "high": within(centre + half),
        "sessions": 1 / share if share else None,
    }
