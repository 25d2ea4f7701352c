"""Whose ideas were right more often than luck would have it."""

import math
from dataclasses import dataclass

import numpy as np
import polars as pl

from analytics.portfolio.performance import sharpe_ratio
from analytics.portfolio.ratios import kurtosis, skewness
from analytics.trading.league import shrink

MIN_IDEAS = 30  # ended ideas, days apart counted once; below this nobody is ranked
LUCK = 0.05  # chance that any one author of a league of coin flippers stands above the band
ERROR = 0.05  # of the interval of a ratio, both sides together
FEW = "Fewer than {} days with ideas that have ended."
FLAT = "All ended alike."


@dataclass(frozen=True)
class Band:
    """What luck alone reaches in a league: of ``authors`` coin flippers one in twenty leagues has one above."""

    authors: int
    level: float  # of each author's own test

    def needed(self, ratio: float, *, power: float = 0.8) -> int | None:
        """Return the days of ideas after which an author of this true ratio stands above the band.

        Args:
            ratio: Mean over standard deviation of a day's net result; None comes of one not above zero.
            power: Chance that he does by then.
        """
        from scipy.special import ndtri  # scipy.stats takes seconds to import, and a person waits

        if ratio <= 0:
            return None
        reach = float(ndtri(self.level)) + float(ndtri(power))
        return max(MIN_IDEAS, 1 + math.ceil((1 + ratio**2 / 2) * (reach / ratio) ** 2))


def band(authors: int) -> Band:
    """Return the band of a league of ``authors`` ranked together (Sidak: independent authors)."""
    return Band(authors, (1 - LUCK) ** (1 / max(authors, 1)))


def ratio_of(coefficient: float, ideas_a_day: int) -> float:
    """Return the true ratio of a day of an author who foresees moves with an information coefficient.

    Args:
        coefficient: Correlation of what he foresees with what comes, 0..1.
        ideas_a_day: Ideas on different instruments, moves independent; more than ideas give only where they are.

    An idea says up or down and not how much, which keeps sqrt(2 / pi) of the coefficient; a day's mean has the
    square root of its ideas more. Source: Grinold's fundamental law, J. of Portfolio Management 15(3), 1989.
    """
    return coefficient * math.sqrt(2 / math.pi * ideas_a_day)


def leaderboard(settled: pl.DataFrame, *, min_ideas: int = MIN_IDEAS) -> pl.DataFrame:
    """Return one row per author: record, skill and whether it is beyond luck.

    Args:
        settled: author_id, entry_date, net (fraction), won, brier, probability (both null where no chance was
            stated): ideas that have ended. Void, running and waiting ones are left out by whoever asks.
        min_ideas: Fewest days with ideas an author needs to be ranked.

    Returns:
        author_id, ideas, days, mean (of a day's mean net result, fraction), hit_rate, ratio (mean over
        standard deviation of the days), low and high (95% interval of the ratio by the same spread as the
        skill), skill (probability that the true ratio is above zero), shrunk (mean drawn to the league's,
        fraction), band (ratio that luck alone reaches in this league with that many
        days), beyond_luck, brier (mean, null without stated chances), brier_skill (against always stating the
        author's own hit rate, > 0 is better), rank (1 = largest skill, ties share), reason (why not ranked).
        Sorted by rank, then author; those not ranked last.

    Ideas entered on one day share that day's market, so a day's mean counts as one observation.

    Source: Bailey and Lopez de Prado, J. of Risk 15(2), 2012, with Student's t for the normal, or short records
    would pass too often; Sidak's level over the authors ranked; shrinkage as ``analytics.trading.league``.
    """
    daily = (
        settled.group_by("author_id", "entry_date").agg(pl.col("net").mean()).sort("author_id", "entry_date")
    )
    rows = [
        {"author_id": name} | _record(days["net"].to_numpy(), min_ideas)
        for (name,), days in daily.group_by("author_id", maintain_order=True)
    ]
    schema = {"author_id": pl.String, "days": pl.Int64, "mean": pl.Float64, "error": pl.Float64, "ratio": pl.Float64,
              "width": pl.Float64, "skill": pl.Float64, "reason": pl.String}  # fmt: skip
    records = _against_luck(pl.DataFrame(rows, schema=schema))
    stated = pl.col("won").filter(pl.col("brier").is_not_null()).cast(pl.Float64)
    counts = settled.group_by("author_id").agg(
        ideas=pl.len().cast(pl.Int64),
        hit_rate=pl.col("won").cast(pl.Float64).mean(),
        brier=pl.col("brier").mean(),
        own=stated.mean() * (1 - stated.mean()),
    )
    skilled = pl.when(pl.col("own") > 0).then(1 - pl.col("brier") / pl.col("own"))
    return (
        records.join(counts, on="author_id", how="left")
        .with_columns(brier_skill=skilled, rank=pl.col("skill").rank("min", descending=True).cast(pl.Int64))
        .select(
            *("author_id", "ideas", "days", "mean", "hit_rate", "ratio", "low", "high", "skill", "shrunk"),
            *("band", "beyond_luck", "brier", "brier_skill", "rank", "reason"),
        )
        .sort("rank", "author_id", nulls_last=True)
    )


def _record(net: np.ndarray, least: int) -> dict[str, float | int | str | None]:
    """Return one author's days, mean, its error, ratio, its spread under the null, skill."""
    from scipy.special import stdtr

    n = int(net.size)
    told: dict[str, float | int | str | None] = {"days": n, "mean": float(net.mean()), "reason": None}
    ratio = sharpe_ratio(net, periods=1) if n > 1 else None
    if n < least:
        return told | {"reason": FEW.format(least), "ratio": ratio}
    bend, heavy = skewness(net), kurtosis(net)
    if ratio is None or bend is None or heavy is None:
        return told | {"reason": FLAT}
    square = max(1 - bend * ratio + (heavy - 1) / 4 * ratio**2, 1e-9)
    width = math.sqrt(square / (n - 1))
    error = float(net.std(ddof=1) / math.sqrt(n))
    return told | {
        "ratio": ratio, "width": width, "error": error, "skill": float(stdtr(n - 1, ratio / width)),
    }  # fmt: skip


def _against_luck(records: pl.DataFrame) -> pl.DataFrame:
    """Add ``shrunk``, ``band`` and ``beyond_luck`` to authors who have a skill."""
    from scipy.special import stdtrit

    ranked = records.filter(pl.col("skill").is_not_null())
    level = band(ranked.height).level
    if ranked.is_empty():
        none = pl.lit(None, dtype=pl.Float64)
        return records.with_columns(
            shrunk=none, band=none, low=none, high=none, beyond_luck=pl.lit(value=False)
        )
    shrunk, _ = shrink(ranked["mean"].to_numpy(), ranked["error"].to_numpy())
    freedom, width = ranked["days"].to_numpy() - 1.0, ranked["width"].to_numpy()
    reach = stdtrit(freedom, level) * width
    half = pl.Series(stdtrit(freedom, 1 - ERROR / 2) * width)
    judged = ranked.select(
        "author_id",
        shrunk=pl.Series(shrunk),
        band=pl.Series(reach),
        low=pl.col("ratio") - half,
        high=pl.col("ratio") + half,
    )
    return records.join(judged, on="author_id", how="left").with_columns(
        beyond_luck=(pl.col("skill") > level).fill_null(value=False)
    )
