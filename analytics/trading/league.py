"""Leagues of venues, brokers, algorithms or traders that do not mistake luck for skill."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import polars as pl

from analytics.text import formatted

MIN_N = 20
FALSE_DISCOVERY_RATE = 0.05
FEW = "Fewer than {} independent observations."
ALONE = "There is nobody to compare with."
ALIKE = "All observations are alike."

Floats = npt.NDArray[np.float64]


def standings(
    rows: pl.DataFrame,
    *,
    by: str,
    value: str,
    weight: str | None = None,
    cluster: str | None = None,
    min_n: int = MIN_N,
    false_discovery_rate: float = FALSE_DISCOVERY_RATE,
) -> pl.DataFrame:
    """Return one row per member: its mean, the mean shrunk to the league's, interval, p-value, q-value.

    Args:
        rows: One row per observation (an execution, an order, a day): ``by``, ``value`` and what is named.
            Rows without a member, a value or a positive weight are left out.
        by: Column of the member (venue, broker, algo_id, trader_id).
        value: Column measured, say slippage_bp (positive = cost). Any unit.
        weight: Column of the weight, say the notional in one currency; None counts rows alike.
        cluster: Column of what belongs together (order or day). Observations of a cluster of one member are
            added up first and count as one, so that fills of one order are not taken for independent luck.
        min_n: Fewest clusters a member needs to be compared. Fewer: it is shown, with a reason, not ranked,
            and is no test in the false discovery rate.
        false_discovery_rate: Share of the members called different that may be so by luck.

    Returns:
        ``by``, ``n`` (rows), ``clusters``, ``weight``, ``mean``, ``error`` (standard error), ``shrunk``,
        ``low``, ``high`` (95 % interval of the shrunk mean), ``league_mean`` (of the others compared),
        ``p``, ``q``, ``significant``, ``rank`` (1 = lowest shrunk mean, cheapest where value is a cost),
        ``reason``. Sorted by rank, then by member; those without a rank last. Unit: that of ``value``.

    Method: the weighted mean of a member and its error from the scatter of its clusters (linearised ratio,
    HC2: n / (n - 1) where all weigh alike). Test: the member against all others together, Welch's t,
    two-sided; a few heavy clusters count as few, (sum w^2)^2 / (sum w^4) - 1 degrees of freedom, or luck in
    one large order would name its trader. q: Benjamini and Hochberg over the members tested. Shrinkage: normal model, variance between members by DerSimonian and
    Laird, the interval includes the uncertainty of the league's mean.

    Source: Benjamini and Hochberg, JRSS B 57, 1995; DerSimonian and Laird, Controlled Clinical Trials 7,
    1986; Morris, JASA 78, 1983. Checked against statsmodels combine_effects and multipletests, and SciPy's
    ttest_ind; coin flips in the tests.
    """
    members = _members(rows, by=by, value=value, weight=weight, cluster=cluster)
    compared = ((members["clusters"] >= min_n) & (members["error"] > 0)).fill_null(value=False).to_numpy()
    if compared.sum() < 2:
        compared = np.zeros_like(compared)
    mean, error = (members[name].to_numpy().astype(np.float64) for name in ("mean", "error"))
    freedom = members["freedom"].to_numpy().astype(np.float64)
    worth = members["weight"].to_numpy().astype(np.float64)
    columns = dict.fromkeys(("shrunk", "low", "high", "league_mean", "p", "q"), np.full(mean.size, np.nan))
    columns = {name: values.copy() for name, values in columns.items()}
    if compared.any():
        part = compared.nonzero()[0]
        shrunk, spread = shrink(mean[part], error[part])
        columns["shrunk"][part] = shrunk
        columns["low"][part], columns["high"][part] = shrunk - _Z * spread, shrunk + _Z * spread
        others, p = _against_the_rest(mean[part], error[part], freedom[part], worth[part])
        columns["league_mean"][part], columns["p"][part] = others, p
        columns["q"][part] = q_values(p)
    found = members.drop("freedom").with_columns(
        pl.Series(name, values).fill_nan(None) for name, values in columns.items()
    )
    reason = (
        pl.when(pl.col("clusters") < min_n)
        .then(pl.lit(FEW.format(min_n)))
        .when(~(pl.col("error") > 0).fill_null(value=False))
        .then(pl.lit(ALIKE))
        .when(pl.col("p").is_null())
        .then(pl.lit(ALONE))
    )
    found = found.with_columns(
        significant=(pl.col("q") <= false_discovery_rate).fill_null(value=False),
        rank=pl.col("shrunk").rank("min").cast(pl.Int64),
        reason=reason,
    )
    return found.sort("rank", by, nulls_last=True)


def shrink(means: Floats, errors: Floats) -> tuple[Floats, Floats]:
    """Return the empirical Bayes mean of each member and its standard error.

    Args:
        means: One per member.
        errors: Standard error of each, > 0.

    Returns:
        Means drawn to the precision-weighted league mean by error^2 / (error^2 + variance between members),
        and their standard errors. Where the members differ by no more than chance, the variance between them
        is 0 and all get the league's mean. Unit: that of ``means``.

    Source: as ``standings``. Checked against the eight schools of Rubin (1981).
    """
    between = between_variance(means, errors)
    precision = 1 / (errors**2 + between)
    league, league_error2 = float((precision * means).sum() / precision.sum()), 1 / precision.sum()
    own = between / (between + errors**2)
    shrunk: Floats = own * means + (1 - own) * league
    spread: Floats = np.sqrt(own * errors**2 + (1 - own) ** 2 * league_error2)
    return shrunk, spread


def between_variance(means: Floats, errors: Floats) -> float:
    """Return the variance between members beyond what their errors explain, >= 0 (DerSimonian and Laird)."""
    if means.size < 2:
        return 0.0
    weights = 1 / errors**2
    centre = (weights * means).sum() / weights.sum()
    excess = (weights * (means - centre) ** 2).sum() - (means.size - 1)
    return max(0.0, float(excess / (weights.sum() - (weights**2).sum() / weights.sum())))


def q_values(p: Sequence[float] | Floats) -> Floats:
    """Return the false discovery rate at which each p-value would just count (Benjamini and Hochberg)."""
    given = np.asarray(p, dtype=np.float64)
    order = np.argsort(given)[::-1]
    scaled = given[order] * given.size / np.arange(given.size, 0, -1)
    found = np.empty_like(given)
    # The smallest of its own and all larger p-values' rates, never above 1.
    found[order] = np.minimum.accumulate(np.minimum(scaled, 1.0))
    return found


# Two-sided 95 % quantile of the normal distribution.
_Z = 1.959963984540054


def _members(
    rows: pl.DataFrame, *, by: str, value: str, weight: str | None, cluster: str | None
) -> pl.DataFrame:
    x = pl.col(value).cast(pl.Float64)
    w = pl.lit(1.0) if weight is None else pl.col(weight).cast(pl.Float64)
    id_ = pl.int_range(pl.len()).cast(pl.String) if cluster is None else pl.col(cluster).cast(pl.String)
    known = rows.select(by, x=x, w=w, c=id_).filter(
        pl.col(by).is_not_null() & pl.col("x").is_finite() & (pl.col("w") > 0)
    )
    # A row whose order is not known is a cluster of its own.
    known = known.with_columns(c=pl.coalesce("c", formatted("row {}", pl.int_range(pl.len()))))
    sums = known.group_by(by, "c").agg(
        top=(pl.col("x") * pl.col("w")).sum(), w=pl.col("w").sum(), n=pl.len().cast(pl.Int64)
    )
    # Sums of floats depend on their order: sorted, the same rows give the same figures however they came.
    sums = sums.sort(by, "c").with_columns(mean=(pl.col("top").sum() / pl.col("w").sum()).over(by))
    off = pl.col("top") - pl.col("mean") * pl.col("w")
    # A heavy cluster draws the mean to itself and looks closer to it than it is: its part is grown by its
    # share of the weight (HC2; n / (n - 1) where all weigh alike).
    scatter = (off**2 / (1 - pl.col("w") / pl.col("w").sum())).sum()
    # Rounding leaves a scatter of 1e-16 where all are alike.
    scale = (pl.col("mean").first() * pl.col("w").sum()) ** 2
    error = pl.when((pl.len() > 1) & (scatter > 1e-24 * scale)).then(scatter.sqrt() / pl.col("w").sum())
    found = sums.group_by(by, maintain_order=True).agg(
        n=pl.col("n").sum(),
        clusters=pl.len().cast(pl.Int64),
        weight=pl.col("w").sum(),
        mean=pl.col("mean").first(),
        error=error.fill_null(0.0).first(),
        freedom=((pl.col("w") ** 2).sum() ** 2 / (pl.col("w") ** 4).sum() - 1).clip(lower_bound=1.0),
    )
    return found.with_columns(error=pl.when(pl.col("clusters") > 1).then("error"))


def _against_the_rest(
    means: Floats, errors: Floats, own_freedom: Floats, weights: Floats
) -> tuple[Floats, Floats]:
    # Each member against the weighted mean of all others, with Welch and Satterthwaite's degrees of freedom.
    from scipy.special import stdtr  # scipy.stats takes seconds to import, and a person waits

    rest = weights.sum() - weights
    others = ((weights * means).sum() - weights * means) / rest
    variance = errors**2
    pooled = ((weights**2 * variance).sum() - weights**2 * variance) / rest**2
    fourth = weights**4 * variance**2 / own_freedom
    pooled_fourth = (fourth.sum() - fourth) / rest**4
    freedom = (variance + pooled) ** 2 / (variance**2 / own_freedom + pooled_fourth)
    p: Floats = 2 * stdtr(freedom, -np.abs(means - others) / np.sqrt(variance + pooled))
    return others, p
