"""How much instruments have been moving, day by day: what the price models look at."""

from functools import lru_cache

import numpy as np
import numpy.typing as npt
import polars as pl

from analytics.portfolio import garch

Floats = npt.NDArray[np.float64]

DECAY = 0.94
WINDOWS = {"day": 1, "week": 5, "month": 22, "quarter": 66}
FLOOR = 1e-12  # of any variance, so that logarithms exist for a price that never moves
PRICES = ("instrument_id", "date", "adj_basis", "high", "low", "close", "volume")
FEATURES = (
    "log_day", "log_week", "log_month", "log_quarter", "log_decayed", "log_market", "log_market_day", "log_range", "fall",
    "jumps", "traded",
)  # fmt: skip
WORDS = {
    "log_day": "the last session's swing",
    "log_week": "the last week's swing",
    "log_month": "the last month's swing",
    "log_quarter": "the last quarter's swing",
    "log_decayed": "the slowly fading average swing",
    "log_market": "the market's last week",
    "log_market_day": "the market's last session",
    "log_range": "high to low of the last week",
    "fall": "the last session's fall",
    "jumps": "the part of the last month's swing that came in jumps",
    "traded": "the last session's volume against its month",
}
_NUMBERS = ("high", "low", "close", "volume")
_BASIS = {"split_div": 0, "split": 1, "raw": 2}
_QUIET = 0.01  # of the fading average: a day without a tick is quiet, not infinitely calm
GARCH_EVERY, GARCH_LEAST, GARCH_MOST = 250, 250, 1_000  # sessions between fits, needed and fitted on
GARCH_NAMES = 50  # instruments with a GARCH of their own; more would take the night


def swings(prices: pl.DataFrame) -> pl.DataFrame:
    """Return what is known at the end of each session, from the first with a quarter of history.

    Args:
        prices: Columns ``PRICES``; several bases may be mixed, high, low and volume may be null.

    Returns:
        One row per instrument and session: ``instrument_id``, ``date``, ``FEATURES`` (logs of mean squared
        log returns over a day, week, month and quarter, fading, of the market's week and day, of the
        high-low range; the day's fall in its own deviations; the part of a month's variance that its bipower
        variation leaves; log volume against its month), ``change`` (log return), ``square`` (its square,
        lifted to a hundredth of the usual), ``fading`` (EWMA of squares, 0.94). Sorted by instrument and date.
    """
    own = "instrument_id"
    change = (pl.col("close") / pl.col("close").shift(1)).log().over(own)
    if "volume" not in prices.columns:
        prices = prices.with_columns(volume=pl.lit(None, pl.Float64))
    rows = adjusted(prices).with_columns(change=change)
    rows = rows.with_columns(
        square=pl.max_horizontal(pl.col("change") ** 2, pl.when(pl.col("change").is_not_null()).then(FLOOR)),
        range=(pl.col("high") / pl.col("low")).log() ** 2 / (4 * np.log(2)),
    )
    rows = rows.with_columns(square=pl.max_horizontal("square", _QUIET * _fading().shift(1).over(own)))
    rows = rows.with_columns(market=pl.col("square").mean().over("date"), fading=_fading().over(own))
    mean = {name: pl.col("square").rolling_mean(days).over(own) for name, days in WINDOWS.items()}
    ranged = pl.max_horizontal(pl.col("range").rolling_mean(WINDOWS["week"]).over(own), pl.lit(FLOOR))
    rows = rows.with_columns(
        log_day=mean["day"].log(),
        log_week=mean["week"].log(),
        log_month=mean["month"].log(),
        log_quarter=mean["quarter"].log(),
        log_decayed=pl.col("fading").log(),
        log_market=pl.col("market").rolling_mean(WINDOWS["week"]).over(own).log(),
        log_market_day=pl.col("market").log(),
        # Where no high and low are known, the week's own swing stands in for the range.
        log_range=pl.coalesce(ranged.log(), mean["week"].log()),
        jumps=_jumps(),
        traded=_traded(),
        fall=pl.min_horizontal(pl.col("change"), pl.lit(0.0)).abs() / pl.col("fading").sqrt(),
    )
    warm = pl.col("change").is_not_null().cum_sum().over(own) >= WINDOWS["quarter"]
    return rows.filter(warm).select(own, "date", *FEATURES, "change", "square", "fading")


def adjusted(prices: pl.DataFrame) -> pl.DataFrame:
    """Return one close per instrument and day on one basis: the most adjusted the instrument has."""
    rows = prices.filter(pl.col("close") > 0).with_columns(
        basis=pl.col("adj_basis").replace_strict(_BASIS, default=3),
        **{name: pl.col(name).cast(pl.Float64) for name in _NUMBERS if name in prices.columns},
    )
    # Mixing bases within an instrument would show every split as a crash.
    best = rows.filter(pl.col("basis") == pl.col("basis").min().over("instrument_id"))
    return best.unique(["instrument_id", "date"], keep="any").sort("instrument_id", "date")


def garch_variance(rows: pl.DataFrame, *, horizon: int) -> pl.Series:
    """Return GARCH(1,1)'s mean variance over the next ``horizon`` sessions, made with what was known.

    Coefficients are those of the last refit before the row: every 250 sessions of the instrument, on at most
    1,000 of them. NaN before the first fit, where a fit does not converge, and for instruments beyond the 50
    with the longest history.

    Args:
        rows: Of ``swings``, sorted by instrument and date.
        horizon: Sessions.
    """
    counted = rows.group_by("instrument_id").len().sort(["len", "instrument_id"], descending=[True, False])
    chosen = set(counted["instrument_id"].head(GARCH_NAMES))
    parts = []
    for (name,), own in rows.group_by("instrument_id", maintain_order=True):
        if name not in chosen:
            parts.append(np.full(own.height, np.nan))
            continue
        next_, level, persistence = _garch(own["change"].to_numpy().astype(np.float64).tobytes())
        steps = (1 - persistence**horizon) / (horizon * (1 - persistence))
        parts.append(level + steps * (next_ - level))
    return pl.Series("garch", np.concatenate(parts) if parts else [], dtype=pl.Float64)


@lru_cache(maxsize=2 * GARCH_NAMES)  # the models of several horizons look at the same series
def _garch(data: bytes) -> tuple[Floats, Floats, Floats]:
    """Return next session's variance, the long-run variance and the persistence, row by row."""
    from scipy.signal import lfilter

    series = np.frombuffer(data, dtype=np.float64)
    out = np.full((3, len(series)), np.nan)
    found: garch.Garch | str = ""
    for start in range(GARCH_LEAST, len(series), GARCH_EVERY):
        past = series[max(0, start - GARCH_MOST) : start]
        again = garch.fit(past)
        found = again if isinstance(again, garch.Garch) or isinstance(found, str) else found
        if isinstance(found, str):
            continue
        unit = float(np.std(past))
        persistence = min(found.alpha + found.beta, 0.999)
        level = found.omega / (1 - persistence)
        # The state at the refit is settled over the sessions it was fitted on.
        seen = series[max(0, start - GARCH_MOST) : start + GARCH_EVERY] / unit
        shocks = (seen - found.mean) ** 2
        variance, _ = lfilter(
            [1.0], [1.0, -found.beta], found.omega + found.alpha * shocks, zi=[found.beta * level]
        )
        rows = slice(start, min(start + GARCH_EVERY, len(series)))
        kept = variance[len(past) : len(past) + rows.stop - rows.start]
        out[0, rows], out[1, rows], out[2, rows] = kept * unit**2, level * unit**2, persistence
    return out[0], out[1], out[2]


def _jumps() -> pl.Expr:
    """Return the part of a month's variance that came in jumps, 0 to 1.

    Bipower variation is what it would be without: neighbouring moves are not both jumps. Source:
    Barndorff-Nielsen and Shephard, Power and bipower variation with stochastic volatility and jumps, 2004.
    """
    own, span = "instrument_id", WINDOWS["month"]
    size = pl.col("change").abs()
    smooth = (np.pi / 2) * (size * size.shift(1)).rolling_mean(span).over(own)
    whole = (pl.col("change") ** 2).rolling_mean(span).over(own)
    return pl.when(whole > 0).then((1 - smooth / whole).clip(0.0, 1.0)).otherwise(0.0)


def _traded() -> pl.Expr:
    """Return log volume against the mean of its last month; 0 where it is not known."""
    volume = pl.when(pl.col("volume") > 0).then(pl.col("volume"))
    usual = volume.rolling_mean(WINDOWS["month"], min_samples=WINDOWS["week"]).over("instrument_id")
    return (volume / usual).log().clip(-3.0, 3.0).fill_null(0.0)


def _fading() -> pl.Expr:
    return pl.col("square").ewm_mean(alpha=1 - DECAY, adjust=False, ignore_nulls=True)
