"""Shocks by instrument, sector, currency or market as one table of exposures, and episodes with proxies."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import polars as pl

from analytics.portfolio.stress import Episode, episode_returns

Floats = npt.NDArray[np.float64]

KINDS = ("instrument", "sector", "currency", "factor")
MARKET = "market"
MIN_BETA = 60  # daily returns that a beta needs: below, its standard error is about that of a guess of 1
DEEPEST = -1.0  # nothing that is held loses more than all of its value


@dataclass(frozen=True)
class Shocks:
    """What moves, by what (fraction). They add up, to first order.

    An instrument moves by its own shock, plus its sector's, plus its beta times the market's, plus that of
    the currency it trades in.
    """

    instrument: Mapping[str, float] = field(default_factory=dict)
    sector: Mapping[str, float] = field(default_factory=dict)
    currency: Mapping[str, float] = field(default_factory=dict)
    factor: Mapping[str, float] = field(default_factory=dict)

    def flat(self) -> dict[str, float]:
        """Return the moves by the name of the factor, as ``exposures`` names them."""
        return {f"{kind}:{name}": float(move) for kind in KINDS for name, move in getattr(self, kind).items()}

    @classmethod
    def of(cls, flat: Mapping[str, float]) -> "Shocks":
        """Return shocks from what ``flat`` gave."""
        sorted_out: dict[str, dict[str, float]] = {kind: {} for kind in KINDS}
        for name, move in flat.items():
            kind, _, what = name.partition(":")
            sorted_out[kind][what] = move
        return cls(**sorted_out)


def exposures(held: pl.DataFrame) -> pl.DataFrame:
    """Return what each holding is exposed to, in the shape of ``stress.factor_shock``.

    Args:
        held: ``instrument_id``, ``sector`` (null: none known), ``currency``, ``value`` (signed, one currency),
            ``beta`` (to the market; null: not known); one row per instrument.

    Returns:
        ``instrument_id``, ``factor`` (``instrument:AAPL``, ``sector:Energy``, ``currency:EUR``,
        ``factor:market``), ``value``, ``loading`` (1, or the beta).
    """
    named = [
        held.filter(pl.col(column).is_not_null()).select(
            "instrument_id",
            factor=pl.lit(f"{kind}:") + pl.col(column),
            value=pl.col("value").cast(pl.Float64),
            loading=pl.lit(1.0),
        )
        for kind, column in (("instrument", "instrument_id"), ("sector", "sector"), ("currency", "currency"))
    ]
    market = held.select(
        "instrument_id",
        factor=pl.lit(f"factor:{MARKET}"),
        value=pl.col("value").cast(pl.Float64),
        loading=pl.col("beta").cast(pl.Float64),
    )
    return pl.concat([*named, market])


def betas(returns: Floats, market: Floats) -> list[float | None]:
    """Return the beta of each column of ``returns`` to ``market``.

    Args:
        returns: Daily returns, one row per session, one column per instrument; NaN where not known.
        market: Daily returns of the market on the same sessions; NaN where not known.

    Returns:
        Covariance over variance (ddof 1) of the sessions both are known; None with fewer than ``MIN_BETA``
        of them or a market that does not move.
    """
    found: list[float | None] = []
    for column in returns.T:
        both = np.isfinite(column) & np.isfinite(market)
        moved = market[both]
        # Rounding leaves a constant series a variance near 1e-37, which is no market that moves.
        if moved.size < MIN_BETA or float(np.ptp(moved)) == 0.0:
            found.append(None)
            continue
        matrix = np.cov(column[both], moved, ddof=1)
        found.append(float(matrix[0, 1] / matrix[1, 1]))
    return found


def replayed(held: pl.DataFrame, prices: pl.DataFrame, episode: Episode) -> pl.DataFrame:
    """Return what each holding would have made in an episode, by its own history or through the market.

    Args:
        held: As ``exposures``.
        prices: As ``stress.episode_returns``.
        episode: Which.

    Returns:
        ``held`` with ``return`` (fraction), ``pnl`` (currency, negative = loss) and ``how``: ``history`` (its
        own prices of then), ``market`` (its beta of today times what the market did, never below -100 %) or
        null: neither is known, and neither are return and pnl.
    """
    own = episode_returns(prices, episode)
    through = pl.lit(episode.market, pl.Float64) * pl.col("beta").cast(pl.Float64)
    rows = held.join(own, on="instrument_id", how="left", maintain_order="left").with_columns(
        how=pl.when(pl.col("return").is_not_null()).then(pl.lit("history")).when(through.is_not_null()).then(pl.lit(MARKET)),
        **{"return": pl.coalesce("return", through.clip(lower_bound=DEEPEST))},
    )  # fmt: skip
    pnl = pl.col("value").cast(pl.Float64) * pl.col("return")
    return rows.with_columns(pnl=pnl, how=pl.when(pnl.is_not_null()).then(pl.col("how")))
