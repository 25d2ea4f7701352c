"""How much is at stake, where, and how concentrated."""

import polars as pl

from analytics.conventions import strict_sum
from analytics.definitions import declares


@declares("positions", gross_exposure="gross", net_exposure="net")
def exposure(holdings: pl.DataFrame, *, by: str | None = None, value: str = "market_value") -> pl.DataFrame:
    """Return gross, net, long and short value of each group.

    Args:
        holdings: One row per position, with ``value`` (signed, one currency).
        by: Column of the group; None gives one row for all (also for no holdings).
        value: Column of the market value.

    Returns:
        ``by``, ``gross`` = sum of |market value|; ``net`` = sum of market value, longs less shorts; ``long``,
        ``short`` (0 or negative), ``positions`` = number of holdings; ``weight`` (gross / total gross,
        fraction), largest gross first. Money is null where a position of the group has no value.
    """
    signed = pl.col(value)
    measures = {
        "gross": strict_sum(signed.abs()),
        "net": strict_sum(signed),
        "long": strict_sum(signed.clip(lower_bound=0)),
        "short": strict_sum(signed.clip(upper_bound=0)),
        "positions": pl.len().cast(pl.Int64),
    }
    found = holdings.select(**measures) if by is None else holdings.group_by(by).agg(**measures)
    gross = pl.col("gross").cast(pl.Float64)
    whole = gross.sum()
    known = pl.col("gross").null_count() == 0
    found = found.with_columns(weight=pl.when(known & (whole > 0)).then(gross / whole))
    return found.sort("gross", *([by] if by else []), descending=[True] + [False] * bool(by), nulls_last=True)


@declares("hhi")
def concentration(
    holdings: pl.DataFrame, *, by: str = "instrument_id", value: str = "market_value"
) -> float | None:
    """Return the Herfindahl-Hirschman index: sum of squared shares of gross value.

    Unit: 0 to 1; 1 / n for n equal positions. None for no position, or one without a value.
    """
    weights = exposure(holdings, by=by, value=value)["weight"]
    if not weights.len() or weights.null_count():
        return None
    return float((weights**2).sum())


@declares("top_10_share")
def largest_share(
    holdings: pl.DataFrame, *, n: int = 10, by: str = "instrument_id", value: str = "market_value"
) -> float | None:
    """Return the share of gross value that the ``n`` largest positions have.

    Unit: 0 to 1. None for no position, or one without a value.
    """
    weights = exposure(holdings, by=by, value=value)["weight"]
    if not weights.len() or weights.null_count():
        return None
    return float(weights.sort(descending=True).head(n).sum())


@declares("leverage")
def leverage(gross: float | None, nav: float | None) -> float | None:
    """Return gross / nav as a ratio; None where either is not known or nav is not positive."""
    return gross / nav if gross is not None and nav is not None and nav > 0 else None
