"""How ideas that have ended did together, with how sure that is."""

from math import sqrt

import polars as pl

from analytics.definitions import declares
from analytics.portfolio.passport import Passport, passport

_LEVEL = 0.975  # two-sided 95 %
_LEAST = 2  # ideas without which there is no spread
NONE_ENDED = "no idea has ended yet"


@declares("idea_hit_rate", "mean_net")
def measures(ended: pl.DataFrame) -> list[Passport]:
    """Return both measures of ended ideas: ``won`` (whether net > 0) and ``net`` (after costs, of the entry).

    ``idea_hit_rate`` = ideas that ended with a profit after costs / ideas that ended, its interval Wilson's at 95 %;
    ``mean_net`` = mean of what an idea brought after costs, as a fraction of its entry, its interval Student's at 95 %.
    Unit: fraction; positive = the authors were right. None where no idea has ended. Source of the interval of a share:
    Wilson, Probable inference, the law of succession, and statistical inference, 1927.
    """
    from scipy import stats

    won, net = ended["won"].drop_nulls().cast(pl.Float64), ended["net"].drop_nulls()
    share, mean = won.mean(), net.mean()
    within = between = None
    if isinstance(share, float):
        within = _wilson(share, won.len(), float(stats.norm.ppf(_LEVEL)))
    if isinstance(mean, float) and net.len() >= _LEAST:
        half = float(stats.t.ppf(_LEVEL, net.len() - 1)) * float(net.std() or 0.0) / sqrt(net.len())  # type: ignore[arg-type]
        between = (mean - half, mean + half)
    return [
        passport(
            "idea_hit_rate", share if isinstance(share, float) else None, unit="fraction", n=won.len(),
            interval=within, reason=NONE_ENDED, interval_level="95 %", costs="5 bp each way",
        ),
        passport(
            "mean_net", mean if isinstance(mean, float) else None, unit="fraction", n=net.len(), interval=between,
            reason=NONE_ENDED, interval_level="95 %", costs="5 bp each way",
        ),
    ]  # fmt: skip


def _wilson(share: float, n: int, z: float) -> tuple[float, float]:
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return max(0.0, middle - half), min(1.0, middle + half)
