"""Does talk lead price: tone of a session against returns of the sessions before, at, and after it."""

from datetime import time

import numpy as np
import polars as pl
from scipy import stats

from analytics.social.weighing import mean_tone

LAGS = tuple(range(-5, 6))  # sessions; above zero talk came first
LEAST_DAYS = 30  # sessions with a pair; fewer give no figure
CLOSE, ZONE = time(16, 0), "America/New_York"  # what is said later belongs to the next session
SCHEMA = {
    "lag": pl.Int64,
    "value": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
    "n": pl.Int64,
    "days": pl.Int64,
}


def sessions_of(
    posts: pl.DataFrame, closes: pl.DataFrame, *, close: time = CLOSE, zone: str = ZONE
) -> pl.DataFrame:
    """Add to posts the session whose close they could move first: ``session``, null after the last one.

    Args:
        posts: transact_time and instrument_id.
        closes: instrument_id and date, a row a session.
        close: Local time the session ends; what is said at it or later belongs to the next one.
        zone: Of that time. Venues elsewhere end at another hour: there a session is off by part of a day.
    """
    local = pl.col("transact_time").dt.convert_time_zone(zone)
    late = local.dt.time() >= close
    day = local.dt.date() + pl.when(late).then(pl.duration(days=1)).otherwise(pl.duration(days=0))
    dates = closes.select("instrument_id", session="date", day="date").unique().sort("day")
    return posts.with_columns(day=day).sort("day").join_asof(
        dates, on="day", by="instrument_id", strategy="forward", check_sortedness=False
    ).drop("day")  # fmt: skip


def tone_by_session(posts: pl.DataFrame) -> pl.DataFrame:
    """Return the mean tone of each instrument and session, by the weight of posts.

    Args:
        posts: instrument_id, session, sentiment (-1..1), weight (0..2; posts of unknown tone have 0), see
            ``weighing.by_instrument``.

    Returns:
        instrument_id, session, tone, posts (all of them); sessions without a known tone are left out.
    """
    known = posts.filter(pl.col("session").is_not_null())
    found = known.group_by("instrument_id", "session").agg(tone=mean_tone(), posts=pl.len())
    return found.drop_nulls("tone").sort("instrument_id", "session")


def lead_lag(tones: pl.DataFrame, closes: pl.DataFrame, *, lags: tuple[int, ...] = LAGS) -> pl.DataFrame:
    """Return the correlation of tone with the return so many sessions later, with its interval.

    Tone and returns are taken against each instrument's own mean. Instruments of one day move together, so days
    are what is counted as independent: the interval rests on the spread of the days' contributions, and is wide
    enough (Bonferroni) to hold for all lags at once in 95 of 100 cases.

    Args:
        tones: As ``tone_by_session``.
        closes: instrument_id, date, close (Float64, adjusted for splits).
        lags: Sessions from the tone's to the return's; negative: the return came first.

    Returns:
        lag, value (-1..1), low, high, n (pairs), days; value and interval null with fewer than ``LEAST_DAYS``
        days or where one of the two never varies.
    """
    if tones.is_empty() or closes.is_empty():
        return pl.DataFrame({"lag": lags, "n": [0] * len(lags), "days": [0] * len(lags)}).select(
            [pl.col(name).cast(kind) if name in {"lag", "n", "days"} else pl.lit(None, kind).alias(name) for name, kind in SCHEMA.items()]
        )  # fmt: skip
    order = closes.select("date").unique().sort("date").with_row_index("place")
    place = pl.col("place").cast(pl.Int64)
    moves = (
        closes.sort("instrument_id", "date")
        .with_columns(move=(pl.col("close") / pl.col("close").shift(1) - 1).over("instrument_id"))
        .drop_nulls("move")
        .join(order, on="date")
        .select("instrument_id", place, move=pl.col("move") - pl.col("move").mean().over("instrument_id"))
    )
    said = tones.join(order, left_on="session", right_on="date").select(
        "instrument_id", place, tone=pl.col("tone") - pl.col("tone").mean().over("instrument_id")
    )
    rows = []
    for lag in lags:
        pairs = said.with_columns(place=pl.col("place") + lag).join(moves, on=["instrument_id", "place"])
        rows.append((lag, *_correlation(pairs, share=0.05 / len(lags))))
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def _correlation(
    pairs: pl.DataFrame, *, share: float
) -> tuple[float | None, float | None, float | None, int, int]:
    n, days = pairs.height, pairs["place"].n_unique()
    if days < LEAST_DAYS:
        return None, None, None, n, days
    x, y = pairs["tone"].to_numpy(), pairs["move"].to_numpy()
    x, y = x - x.mean(), y - y.mean()
    sx, sy = float(np.sqrt((x * x).mean())), float(np.sqrt((y * y).mean()))
    if sx < 1e-12 or sy < 1e-12:
        return None, None, None, n, days
    zx, zy = x / sx, y / sy
    r = float((zx * zy).mean())
    # What each pair adds to the estimate (influence function of a correlation), summed over its day.
    part = zx * zy - r * (zx * zx + zy * zy) / 2
    sums = (
        pairs.select("place", part=pl.Series(part))
        .group_by("place")
        .agg(pl.col("part").sum())["part"]
        .to_numpy()
    )
    error = float(np.sqrt((sums * sums).sum() * days / (days - 1))) / n
    reach = float(stats.t.ppf(1 - share / 2, days - 1)) * error
    return r, max(-1.0, r - reach), min(1.0, r + reach), n, days
