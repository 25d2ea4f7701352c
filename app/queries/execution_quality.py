"""Execution quality: what trading cost against every benchmark, where, for whom, and whether that is luck."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl

from analytics.portfolio.passport import Passport
from analytics.trading.benchmarks import BENCHMARKS
from analytics.trading.cost import weighted_interval
from analytics.trading.league import FALSE_DISCOVERY_RATE, MIN_N, standings
from analytics.trading.markouts import markout_curve
from app.desk import Desk
from app.errors import FieldError, Invalid
from app.queries._fills import MARKOUTS, SLIPPAGES, bare, fills
from app.queries._money import currency
from app.queries._tca_lives import READS
from app.queries._tca_orders import orders
from app.queries._tca_summary import NO_EXECUTION, benchmarks, measure, shortfall, summary
from app.storage.cache import cached

# What a league may compare: name in the address to column of the fills.
GROUPS = {
    "venue": "venue", "broker": "broker", "algo": "algo_id", "trader": "trader_id", "desk": "desk",
    "strategy": "strategy", "account": "account_id", "instrument": "instrument_id", "liquidity": "liquidity",
}  # fmt: skip
# What the page filters on beside the context.
FILTERS = {"venue": "venue", "broker": "broker", "algo": "algo_id", "liquidity": "liquidity"}
OWN = frozenset({*FILTERS, "benchmark"})
NOBODY = "Nobody differs from the rest by more than luck explains."
TOO_FEW = "Too few observations to compare: each needs at least {} orders."
# Upper edges of order sizes, as fractions of the average daily volume.
_EDGES = (1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2)
_SEED = 20260101  # the same fills give the same bands
_FEW_DAYS = 20  # instrument days from which on they, not orders, are drawn as a whole
_OUTLIERS = (
    "order_id", "order", "day", "instrument_id", "symbol", "account_id", "trader_id", "desk", "strategy", "algo_id", "side",
    "filled_qty", "fills", "weight", "size", "participation", "duration_seconds", "cost_bp", "expected_cost_bp",
    "cost_risk_bp", "excess", "z", "p", "q", "outlier", "reason",
)  # fmt: skip


@dataclass(frozen=True)
class Choice:
    """What the address chooses beside the scope."""

    venue: str | None = None
    broker: str | None = None
    algo: str | None = None
    liquidity: str | None = None
    benchmark: str = "arrival"

    @property
    def filters(self) -> dict[str, str]:
        """Column of the fills to the value asked for."""
        return {FILTERS[name]: value for name in FILTERS if (value := getattr(self, name))}

    def without(self, name: str) -> "Choice":
        """Return the choice with one filter taken away."""
        kept: dict[str, Any] = {name: None} if name in FILTERS else {}
        return replace(self, **kept)


def choice(desk: Desk) -> Choice:
    """Return what the address chooses.

    Raises:
        Invalid: If the benchmark is not one, or a filter holds more than a name.
    """
    extra = desk.scope.extra
    names = {name: extra.get(name) or None for name in FILTERS}
    errors = [
        FieldError(name, "must be at most 200 printable characters", value[:80])
        for name, value in names.items()
        if value and (len(value) > 200 or not value.isprintable())
    ]
    benchmark = extra.get("benchmark") or "arrival"
    if benchmark not in BENCHMARKS:
        errors.append(FieldError("benchmark", f"must be one of {', '.join(BENCHMARKS)}", benchmark[:80]))
    if errors:
        raise Invalid("The view does not fit.", errors=errors)
    return Choice(benchmark=benchmark, **names)


def study(desk: Desk) -> dict[str, Any]:
    """Return what does not depend on a league or a benchmark, narrowed to the address's filters.

    ``summary`` (passports), ``benchmarks`` (frame), ``shortfall``, ``markouts`` (frame: horizon, n, clusters,
    markout_bp, low, high; positive = cost), ``sizes`` (frame), ``model`` (of expected cost), ``period``,
    ``currency``, ``executions``, ``orders``, ``notional``.
    """
    plain, days = bare(desk)
    asked = choice(desk)
    found = _study(plain, filters=asked.filters)
    return found | {"period": days.as_dict(), "currency": currency(desk)}


def passports(desk: Desk) -> list[Passport]:
    """Return the key figures of ``study``."""
    found: list[Passport] = study(desk)["summary"]
    return found


def daily(desk: Desk) -> pl.DataFrame:
    """Return the cost by day against the chosen benchmark: day, n, clusters, slippage_bp, low, high, weight, cost.

    ``weight`` is the notional measured, ``cost`` what it cost (answer's currency). Oldest first. Days on which
    an amount has no rate are left out.
    """
    plain, _ = bare(desk)
    asked = choice(desk)
    return _daily(plain, filters=asked.filters, benchmark=asked.benchmark)


def league(desk: Desk, *, by: str = "venue") -> dict[str, Any]:
    """Return who trades dearer or cheaper than the others by more than luck explains.

    Args:
        desk: Its address may choose the benchmark and filters; a filter on ``by`` itself is left out, so that
            the one chosen stays among its peers.
        by: One of GROUPS.

    Returns:
        ``by``, ``benchmark``, ``rows`` (``league.standings`` with ``name``), ``finding`` in words, ``min_n``,
        ``false_discovery_rate``, ``mean`` (of all), ``reason`` where there are no rows.

    Raises:
        Invalid: If ``by`` is not one of GROUPS.
    """
    if by not in GROUPS:
        wrong = FieldError("group_by", f"must be one of {', '.join(GROUPS)}", by[:80])
        raise Invalid("There is no such group.", errors=[wrong])
    asked = choice(desk).without(by)
    peers = desk.with_scope(**{by: ()}) if by in {"desk", "trader", "account", "instrument"} else desk
    plain, _ = bare(peers)
    return _league(plain, by=by, filters=asked.filters, benchmark=asked.benchmark)


def outliers(desk: Desk, *, limit: int = 100, offset: int = 0) -> tuple[pl.DataFrame, int]:
    """Return the orders furthest from their expected cost, and how many orders were judged.

    Columns: order_id (null for an execution without an order), order, day, instrument_id, symbol, account_id,
    trader_id, desk, strategy, algo_id, side, filled_qty, fills, weight (notional, answer's currency), size (of
    the average daily volume), participation, duration_seconds, cost_bp, expected_cost_bp, cost_risk_bp (one
    sd), excess (currency above what was expected), z, p, q, outlier, reason. Largest |z| first.
    """
    plain, _ = bare(desk)
    asked = choice(desk)
    rows = _judged(plain, filters=asked.filters)
    return rows.slice(offset, limit), rows.height


def counts(desk: Desk) -> dict[str, dict[str, int]]:
    """Return how many executions choosing each value of a filter would show: filter, value, count."""
    plain, _ = bare(desk)
    return _counts(plain, filters=choice(desk).filters)


def tca(desk: Desk, *, by: str = "venue", limit: int = 100, offset: int = 0) -> tuple[dict[str, Any], int]:
    """Return everything the page shows, for a script: the parts above under their names, and the count of outliers."""
    found = study(desk)
    rows, total = outliers(desk, limit=limit, offset=offset)
    figures = {p["name"]: p["reason"] for p in found["summary"] if p["reason"]}
    return {
        **{
            name: found[name] for name in ("summary", "benchmarks", "shortfall", "markouts", "sizes", "model")
        },
        "league": league(desk, by=by),
        "daily": daily(desk),
        "outliers": rows,
        "outliers_total": total,
        **{name: found[name] for name in ("period", "currency", "executions", "orders", "notional")},
        "benchmark": choice(desk).benchmark,
        "filters": {name: value for name in FILTERS if (value := getattr(choice(desk), name))},
        "reasons": figures,
    }, total


# --- kept answers, of a bare desk -----------------------------------------------------------------------
@cached(*READS)
def _study(desk: Desk, *, filters: dict[str, str]) -> dict[str, Any]:
    to = currency(desk)
    everything = orders(desk)  # first: on the way to them the fills are measured too
    executed = narrowed(fills(desk), filters)
    traded = _of(everything["traded"], executed, filters)
    # Of an order that never traded neither broker nor role in a trade is known.
    by_fill = bool({"broker", "liquidity"} & set(filters))
    aside, asked = (
        everything[name].clear() if by_fill else everything[name] for name in ("untraded", "asked")
    )
    parts = shortfall(traded, narrowed(aside, filters), to=to)
    weight = executed["weight"]
    return {
        "summary": summary(executed, traded, narrowed(asked, filters), parts, to=to),
        "benchmarks": benchmarks(executed, to=to),
        "shortfall": parts,
        "markouts": _markouts(executed),
        "sizes": _sizes(traded),
        "model": everything["model"],
        "executions": executed.height,
        "orders": traded.height,
        "notional": None if weight.null_count() else float(weight.sum()),
    }


@cached(*READS)
def _daily(desk: Desk, *, filters: dict[str, str], benchmark: str) -> pl.DataFrame:
    rows = narrowed(fills(desk), filters)
    column = SLIPPAGES[benchmark]
    measured = rows.filter(pl.col(column).is_not_null())
    whole = pl.col("weight").null_count() == 0
    cost = (pl.col("weight") * pl.col(column)).sum() / 1e4
    sums = measured.group_by("day").agg(weight=pl.col("weight").sum(), cost=cost, _whole=whole)
    found = weighted_interval(measured.lazy(), column, by=["day"], weight="weight", cluster="order").collect()
    joined = found.join(sums.filter("_whole").drop("_whole"), on="day").sort("day")
    return joined.rename({"value": "slippage_bp"})


@cached(*READS)
def _league(desk: Desk, *, by: str, filters: dict[str, str], benchmark: str) -> dict[str, Any]:
    to = currency(desk)
    rows = narrowed(fills(desk), filters)
    column = SLIPPAGES[benchmark]
    whole = measure(rows, column, to=to, cluster="order", missing="No price of this benchmark is known.")
    named = rows.filter(pl.col(GROUPS[by]).is_not_null() & pl.col("weight").is_not_null())
    named = named.select("order", "weight", column, name=pl.col(GROUPS[by]).cast(pl.String))
    table = standings(named, by="name", value=column, weight="weight", cluster="order")
    compared = table["p"].drop_nulls().len()
    reason = None
    if table.is_empty():
        reason = whole["reason"] or f"No execution of this period names its {by}."
    significant = table.filter("significant")
    if significant.height:
        dear = significant.filter(pl.col("mean") > pl.col("league_mean"))["name"].to_list()
        cheap = significant.filter(pl.col("mean") <= pl.col("league_mean"))["name"].to_list()
        finding = " ".join(
            f"{', '.join(names)} {'costs' if len(names) == 1 else 'cost'} {word} than the rest by more than luck explains."
            for names, word in ((dear, "more"), (cheap, "less"))
            if names
        )
    else:
        finding = NOBODY if compared else reason or TOO_FEW.format(MIN_N)
    return {
        "by": by,
        "benchmark": benchmark,
        "rows": table,
        "finding": finding,
        "min_n": MIN_N,
        "false_discovery_rate": FALSE_DISCOVERY_RATE,
        "mean": whole["value"],
        "reason": reason,
    }


@cached(*READS)
def _counts(desk: Desk, *, filters: dict[str, str]) -> dict[str, dict[str, int]]:
    rows, found = fills(desk), {}
    for name, column in FILTERS.items():
        others = {asked: value for asked, value in filters.items() if asked != column}
        named = narrowed(rows, others).filter(pl.col(column).is_not_null())
        counted = (
            named.group_by(pl.col(column).cast(pl.String)).len().sort("len", column, descending=[True, False])
        )
        found[name] = dict(counted.iter_rows())
    return found


@cached(*READS)
def _judged(desk: Desk, *, filters: dict[str, str]) -> pl.DataFrame:
    traded = _of(orders(desk)["traded"], narrowed(fills(desk), filters), filters)
    excess = (pl.col("cost_bp") - pl.col("expected_cost_bp")) * pl.col("weight") / 1e4
    return traded.with_columns(excess=excess).filter(pl.col("z").is_not_null()).select(_OUTLIERS)


def narrowed(rows: pl.DataFrame, filters: dict[str, str]) -> pl.DataFrame:
    for column, value in filters.items():
        if column in rows.columns:
            rows = rows.filter(pl.col(column).cast(pl.String) == value)
    return rows


def _of(traded: pl.DataFrame, executed: pl.DataFrame, filters: dict[str, str]) -> pl.DataFrame:
    # An order belongs to a venue when one of its fills does.
    return traded.join(executed.select("order"), on="order", how="semi") if filters else traded


def _markouts(executed: pl.DataFrame) -> pl.DataFrame:
    if executed["weight"].null_count():
        executed = executed.clear()  # without a rate the fills cannot be weighed against one another
    day = pl.concat_str(pl.col("instrument_id").cast(pl.String), pl.lit(" "), pl.col("day").cast(pl.String))
    by_day = executed.select(day.n_unique()).item() >= _FEW_DAYS
    rows = executed.select(
        *MARKOUTS, "weight", exec_id=pl.col("row").cast(pl.String), cluster=day if by_day else pl.col("order")
    )
    return markout_curve(rows, generator=np.random.default_rng(_SEED), cluster="cluster", weight="weight")


def _sizes(traded: pl.DataFrame) -> pl.DataFrame:
    """Return cost and expected cost by order size, smallest first."""
    judged = traded.filter(pl.col("z").is_not_null() & pl.col("weight").is_not_null())
    above = [(pl.col("size") > edge).cast(pl.Int64) for edge in _EDGES]
    rows = judged.with_columns(bucket=pl.sum_horizontal(above))
    w = pl.col("weight")
    expected = rows.group_by("bucket").agg(
        expected_bp=(pl.col("expected_cost_bp") * w).sum() / w.sum(),
        size=(pl.col("size") * w).sum() / w.sum(),
        weight=w.sum(),
    )
    found = weighted_interval(rows.lazy(), "cost_bp", by=["bucket"], weight="weight").collect()
    edges = pl.DataFrame(
        {"bucket": range(len(_EDGES) + 1), "above": [0.0, *_EDGES], "up_to": [*_EDGES, None]}
    )
    return (
        found.rename({"value": "cost_bp"}).drop("clusters")
        .join(expected, on="bucket").join(edges, on="bucket").sort("bucket").drop("bucket")
    )  # fmt: skip


__all__ = [
    "FILTERS", "GROUPS", "NOBODY", "NO_EXECUTION", "OWN", "Choice", "choice", "counts", "daily", "league", "outliers",
    "passports", "study", "tca",
]  # fmt: skip
