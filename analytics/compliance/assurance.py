"""Is surveillance itself well: too many alerts, too few, feeds that have gone quiet, places nobody looks."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl
from scipy import stats

LEAST_DAYS = 5  # days of history before anything is said of the next one
ALARM = 0.00135  # chance of each tail: three standard deviations of a normal distribution
QUIET = 0.2  # a feed below this share of its median day is said to be quiet


def judged(counts: Sequence[int]) -> dict[str, Any]:
    """Judge the last of daily counts against the days before it.

    A count of rare things is Poisson about its mean; where the days vary more than that, the negative
    binomial of the same mean and variance takes its place. An alarm needs a chance below that of three
    standard deviations, on either side: too few alerts are as telling as too many.

    Args:
        counts: One a day, oldest first, the judged day last.

    Returns:
        ``last``, ``mean`` and ``sd`` of the days before (None with fewer than five), ``low`` and ``high``
        (counts within them are usual), ``state``: ``usual``, ``many``, ``few``, or ``unknown`` with fewer
        than five days before.
    """
    *before, last = counts or [0]
    if len(before) < LEAST_DAYS:
        return {"last": last, "mean": None, "sd": None, "low": None, "high": None, "state": "unknown"}
    mean = sum(before) / len(before)
    variance = sum((n - mean) ** 2 for n in before) / (len(before) - 1)
    usual = _usual(mean, variance)
    low, high = int(usual.ppf(ALARM)), int(usual.ppf(1 - ALARM))
    state = "many" if last > high else "few" if last < low else "usual"
    return {"last": last, "mean": mean, "sd": math.sqrt(variance), "low": low, "high": high, "state": state}


def _usual(mean: float, variance: float) -> Any:
    if mean > 0 and variance > mean:
        return stats.nbinom(mean**2 / (variance - mean), mean / variance)
    # A mean of nought days is known no better than one alert in all of them.
    return stats.poisson(max(mean, 1e-9) if mean else 1 / 20)


def quiet(rows: Sequence[int]) -> dict[str, Any]:
    """Judge the last day of a feed against its median day: ``last``, ``median`` and ``state``.

    ``state``: ``flowing``, ``quiet`` (below a fifth of the median), ``silent`` (nothing where there was
    something), ``unknown`` with fewer than five days before.
    """
    *before, last = rows or [0]
    if len(before) < LEAST_DAYS:
        return {"last": last, "median": None, "state": "unknown"}
    median = float(pl.Series(before).median() or 0)  # type: ignore[arg-type]
    state = "silent" if last == 0 and median > 0 else "quiet" if last < QUIET * median else "flowing"
    return {"last": last, "median": median, "state": state}


def covered(
    inputs: Sequence[str], places: Mapping[str, int | None], state: str
) -> tuple[str, tuple[str, ...]]:
    """Return how well a detector covers a place, and the tables it misses there.

    Args:
        inputs: Tables that the detector needs.
        places: Table to its number of rows at the place; None where the table knows no places.
        state: Of the detector's last run: ok, gap, failed, not_run.

    Returns:
        ``covered``, ``blind`` (a table has no row there), ``off`` (the detector failed or has not run).
    """
    missing = tuple(name for name in inputs if places.get(name, None) == 0)
    if state in {"failed", "not_run"}:
        return "off", missing
    return ("blind", missing) if missing else ("covered", ())
