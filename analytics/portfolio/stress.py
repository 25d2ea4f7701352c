"""What holdings would lose: replayed episodes, factor shocks, the shock that loses a given sum, days to sell."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import polars as pl

from analytics.conventions import strict_sum
from analytics.definitions import declares

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Episode:
    """A stretch of market history: from the close of ``start`` to the close of ``end``.

    ``market``: what the US market did then (fraction), for what has no history of its own; None: not known.
    """

    name: str
    title: str
    start: date
    end: date
    market: float | None = None


# Days as these falls are usually quoted, on the calendar of the US market; the market is the S&P 500,
# price index, close to close.
EPISODES = (
    Episode("asia_1997", "Asian crisis, October 1997", date(1997, 10, 22), date(1997, 10, 27), -0.0945),
    Episode("russia_1998", "Russian default and LTCM, 1998", date(1998, 7, 17), date(1998, 8, 31), -0.1934),
    Episode(
        "dotcom_2000", "End of the dot-com boom, 2000 to 2002", date(2000, 3, 24), date(2002, 10, 9), -0.4915
    ),
    Episode("september_2001", "September 2001", date(2001, 9, 10), date(2001, 9, 21), -0.116),
    Episode("lehman_2008", "Lehman and after, autumn 2008", date(2008, 9, 12), date(2008, 11, 20), -0.3989),
    Episode(
        "crisis_2007", "Global financial crisis, 2007 to 2009", date(2007, 10, 9), date(2009, 3, 9), -0.5678
    ),
    Episode("euro_2011", "US downgrade and euro crisis, 2011", date(2011, 7, 22), date(2011, 8, 8), -0.1677),
    Episode("china_2015", "Renminbi devaluation, August 2015", date(2015, 8, 17), date(2015, 8, 25), -0.1117),
    Episode("winter_2018", "Fourth quarter of 2018", date(2018, 9, 20), date(2018, 12, 24), -0.1978),
    Episode("covid_2020", "Covid-19, 2020", date(2020, 2, 19), date(2020, 3, 23), -0.3392),
    Episode("rates_2022", "Rise of interest rates, 2022", date(2022, 1, 3), date(2022, 10, 12), -0.2543),
)
# A close older than this is not the price of the day asked for.
STALE_DAYS = 10

REPLAY: dict[str, pl.DataType] = {
    "episode": pl.String(),
    "title": pl.String(),
    "start": pl.Date(),
    "end": pl.Date(),
    "pnl": pl.Float64(),
    "covered": pl.Float64(),
    "missing": pl.Int64(),
}


def episode_returns(prices: pl.DataFrame, episode: Episode) -> pl.DataFrame:
    """Return what each instrument did in an episode.

    Args:
        prices: ``instrument_id``, ``date``, ``close``, adjusted for splits (and dividends if wanted).
        episode: Which.

    Returns:
        ``instrument_id``, ``return`` (fraction): last close on or before ``end`` over the last on or before
        ``start``, less 1. Only instruments with both, neither older than ``STALE_DAYS``, and a start above 0.
    """
    known = prices.select("instrument_id", "date", pl.col("close").cast(pl.Float64)).drop_nulls()
    ends = []
    for name, day in (("first", episode.start), ("last", episode.end)):
        age = (pl.lit(day) - pl.col("date")).dt.total_days()
        near = known.filter((age >= 0) & (age <= STALE_DAYS)).sort("date")
        ends.append(near.group_by("instrument_id").agg(pl.col("close").last().alias(name)))
    both = ends[0].join(ends[1], on="instrument_id").filter(pl.col("first") > 0)
    moved = (pl.col("last") / pl.col("first") - 1).alias("return")
    return both.select("instrument_id", moved).sort("instrument_id")


@declares(episode_pnl="pnl")
def replay(
    holdings: pl.DataFrame, prices: pl.DataFrame, *, episodes: Sequence[Episode] = EPISODES
) -> pl.DataFrame:
    """Return what today's holdings would have made in past episodes, held unchanged.

    ``pnl`` = sum of value x return of the instrument from the episode's first close to its last.

    Args:
        holdings: ``instrument_id``, ``value`` (signed, one currency); several rows of one add up.
        prices: As ``episode_returns``.
        episodes: Which; one row each, in this order.

    Returns:
        ``episode``, ``title``, ``start``, ``end``, ``pnl`` (currency; negative = loss; of the instruments
        that have a history then), ``covered`` (their share of gross value, fraction), ``missing`` (how many
        have none, or no value now). ``pnl`` is null where nothing is covered: nothing is known, which is not 0.
    """
    held = holdings.group_by("instrument_id").agg(strict_sum(pl.col("value").cast(pl.Float64)))
    gross = float(held["value"].abs().sum())
    rows = []
    for episode in episodes:
        moved = held.join(episode_returns(prices, episode), on="instrument_id", how="left")
        known = moved.drop_nulls(["value", "return"])
        told = float((known["value"] * known["return"]).sum()) if known.height else None
        covered = float(known["value"].abs().sum()) / gross if gross > 0 else None
        missing = moved.height - known.height
        rows.append((episode.name, episode.title, episode.start, episode.end, told, covered, missing))
    return pl.DataFrame(rows, schema=REPLAY, orient="row")


@dataclass(frozen=True)
class Shocked:
    """Outcome of a shock: ``pnl`` (currency, negative = loss), by instrument and factor.

    ``parts``: instrument_id, factor, pnl. ``unused``: factors shocked that nothing is exposed to.
    ``unknown``: pairs that are shocked but have no value or loading; they are not in ``pnl``.
    """

    pnl: float
    parts: pl.DataFrame
    unused: tuple[str, ...]
    unknown: int


@declares(stress_pnl="pnl")
def factor_shock(exposures: pl.DataFrame, shocks: Mapping[str, float]) -> Shocked:
    """Return what a joint move of factors would make of the holdings, to first order.

    Args:
        exposures: ``instrument_id``, ``factor``, ``value`` (signed market value, currency), ``loading``
            (return of the instrument per unit of the factor, its beta); one row per pair.
        shocks: Move of each factor, in the factor's own unit (fraction for returns). Others stay put.

    Returns:
        ``pnl`` = sum of value x loading x shock. A pair without a value or loading is counted, not guessed.
    """
    given = pl.DataFrame(
        {"factor": list(shocks), "shock": list(shocks.values())},
        schema={"factor": pl.String, "shock": pl.Float64},
    )
    hit = exposures.join(given, on="factor", maintain_order="left").with_columns(
        pnl=pl.col("value").cast(pl.Float64) * pl.col("loading").cast(pl.Float64) * pl.col("shock")
    )
    parts = hit.drop_nulls("pnl").select("instrument_id", "factor", "pnl")
    unused = tuple(name for name in shocks if name not in set(parts["factor"]))
    return Shocked(float(parts["pnl"].sum()), parts, unused, hit.height - parts.height)


def sensitivities(exposures: pl.DataFrame) -> dict[str, float]:
    """Return the P&L of a unit move of each factor (currency per unit), in order of first appearance.

    ``exposures`` as ``factor_shock``; pairs without a value or loading add nothing.
    """
    money = pl.col("value").cast(pl.Float64) * pl.col("loading").cast(pl.Float64)
    sums = exposures.group_by("factor", maintain_order=True).agg(pnl=money.sum())
    return dict(zip(sums["factor"].to_list(), sums["pnl"].to_list(), strict=True))


@dataclass(frozen=True)
class Reverse:
    """The shock that loses a given sum.

    ``scale``: what the shock asked about is multiplied by (None for the likeliest one). ``shocks``: the
    factor moves. ``distance``: how many standard deviations away, and ``probability`` that of a loss as
    large under a normal; None where no covariance was given. All None or empty with a ``reason``.
    """

    scale: float | None
    shocks: dict[str, float]
    distance: float | None
    probability: float | None
    reason: str | None


def reverse_stress(exposures: pl.DataFrame, shocks: Mapping[str, float], *, loss: float) -> Reverse:
    """Return how many times a shock it takes to lose ``loss``.

    Args:
        exposures: As ``factor_shock``.
        shocks: The direction, e.g. a scenario's own moves.
        loss: Sum to lose, positive, in the currency of the exposures.

    Returns:
        ``scale`` = loss / loss of the shock itself; below 1 the scenario already loses more. A reason where
        the shock gains or does nothing: no multiple of it loses anything.

    Raises:
        ValueError: For a loss that is not positive.
    """
    if not loss > 0:
        raise ValueError("the loss to reach is positive")
    once = -factor_shock(exposures, shocks).pnl
    if once <= 0 or not math.isfinite(loss / once):
        told = "the shock gains" if once < 0 else "the shock does not move the holdings"
        return Reverse(None, {}, None, None, told)
    scale = loss / once
    return Reverse(scale, {name: move * scale for name, move in shocks.items()}, None, None, None)


def likeliest_shock(sensitivity: Mapping[str, float], covariance: Floats, *, loss: float) -> Reverse:
    """Return the most plausible joint move of factors that loses ``loss``.

    Args:
        sensitivity: P&L of a unit move of each factor, as ``sensitivities`` gives it.
        covariance: Of the factors, over the horizon asked about, in the order of ``sensitivity``.
        loss: Sum to lose, positive.

    Returns:
        Of all moves with that loss the one nearest to no move by Mahalanobis distance:
        -loss x C s / (s' C s), ``distance`` = loss / sqrt(s' C s). A reason where no factor risk is held.

    Raises:
        ValueError: For a loss that is not positive.

    Source: Breuer et al., How to find plausible, severe and useful stress scenarios, IJCB 5(3), 2009.
    """
    if not loss > 0:
        raise ValueError("the loss to reach is positive")
    s = np.array(list(sensitivity.values()), dtype=np.float64)
    variance = float(s @ covariance @ s) if s.size else 0.0
    if variance <= 0 or not math.isfinite(loss / math.sqrt(variance)):
        return Reverse(None, {}, None, None, "the holdings carry no factor risk")
    moves = -loss * (covariance @ s) / variance
    distance = loss / math.sqrt(variance)
    told = dict(zip(sensitivity, (float(move) for move in moves), strict=True))
    return Reverse(None, told, distance, math.erfc(distance / math.sqrt(2)) / 2, None)


@declares(liquidation_days="days")
def liquidity_horizon(holdings: pl.DataFrame, *, participation: float = 0.2) -> pl.DataFrame:
    """Return how many sessions it takes to sell each holding.

    Args:
        holdings: ``instrument_id``, ``quantity`` (signed units), ``value`` (signed), ``adv`` (mean volume a
            session, units).
        participation: Share of the volume we may be, in (0, 1].

    Returns:
        The rows in the order given with ``days`` = |quantity| / (participation x adv), a fraction of a
        session where it fits; null with ``reason`` where the volume is not known or 0. A holding of nothing
        takes 0.

    Raises:
        ValueError: For a participation outside (0, 1].
    """
    if not 0 < participation <= 1:
        raise ValueError("participation lies above 0 and up to 1")
    quantity, adv = pl.col("quantity").cast(pl.Float64).abs(), pl.col("adv").cast(pl.Float64)
    days = pl.when(quantity == 0).then(0.0).when(adv > 0).then(quantity / (participation * adv))
    why = (
        pl.when(pl.col("quantity").is_null())
        .then(pl.lit("the quantity is not known"))
        .when(pl.col("adv").is_null())
        .then(pl.lit("the volume is not known"))
        .otherwise(pl.lit("there is no volume"))
    )
    reason = pl.when(pl.col("days").is_null()).then(why)
    return holdings.with_columns(days=days).with_columns(reason=reason)


def liquidation_profile(
    horizons: pl.DataFrame, *, days: Sequence[float] = (1, 5, 10, 20, 60)
) -> pl.DataFrame:
    """Return how much of the gross value can be sold within a number of sessions.

    Args:
        horizons: Rows of ``liquidity_horizon``.
        days: Sessions asked about.

    Returns:
        ``days``, ``sold`` (fraction of all gross value, sold evenly over each holding's horizon; holdings
        without a known horizon count as not sold); null without any value.
    """
    gross = pl.col("value").cast(pl.Float64).abs()
    rows = []
    for limit in days:
        pace = pl.when(pl.col("days") <= limit).then(1.0).otherwise(limit / pl.col("days")).fill_null(0.0)
        sums = horizons.select(sold=(gross * pace).sum(), whole=gross.sum()).row(0)
        rows.append((float(limit), sums[0] / sums[1] if sums[1] else None))
    return pl.DataFrame(rows, schema={"days": pl.Float64, "sold": pl.Float64}, orient="row")
