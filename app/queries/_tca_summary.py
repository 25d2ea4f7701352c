"""What execution cost in a few figures, each with its interval, its number and why it is missing."""

from collections.abc import Sequence
from typing import Any

import polars as pl

from analytics.portfolio.passport import Passport, passport
from analytics.text import formatted
from analytics.trading.benchmarks import BENCHMARKS
from analytics.trading.cost import ratio_interval, ratio_sums, weighted_interval
from analytics.trading.shortfall import PARTS
from app.queries._fills import SLIPPAGES
from app.queries._tca_orders import MONEY

NO_EXECUTION = "No execution is known in this period."
NO_QUOTE = "No quote is known within 10 minutes of these executions."
NO_VOLUME = "How much the market traded is not known: neither tape, bars nor daily volumes."
NO_ORDER = "No order event is known in this period."
NO_SHORTFALL = "No order of this period is known with its quantity and its prices."
BASIS = "basis points"
_INTERVAL = "95 %, the fills of an order count as one observation"
NO_PRICE = {
    "decision": "No price is known for the time of the decision.",
    "arrival": "No execution of this period has an arrival price.",
    "vwap": "The market's trades are not known: neither tape nor bars.",
    "twap": "No quote is known while these orders worked.",
    "close": "No close is known for these days.",
    "previous_close": "No close is known for the days before.",
}


def measure(rows: pl.DataFrame, column: str, *, to: str, cluster: str | None, missing: str) -> dict[str, Any]:
    """Return the weighted mean of a column: value, low, high, n, clusters, and the reason where it is null.

    Args:
        rows: ``column``, ``weight`` (null without a rate), ``missing_rate``, ``cluster``.
        column: Measured; rows without it do not count.
        to: Currency of the weights.
        cluster: What counts as one observation; None counts rows.
        missing: Why there is no value when no row has one.
    """
    known = rows.filter(pl.col(column).is_not_null())
    none = {"value": None, "low": None, "high": None, "n": known.height, "clusters": 0}
    if rows.is_empty():
        return none | {"reason": NO_EXECUTION}
    lacking = known.filter(pl.col("weight").is_null())
    if lacking.height:
        # A mean of the rest would pass for the mean of all.
        names = lacking["missing_rate"].cast(pl.String).drop_nulls().unique().sort().to_list()
        return none | {"reason": f"No rate from {', '.join(names)} to {to} is known."}
    found = weighted_interval(known.lazy(), column, by=[], weight="weight", cluster=cluster).collect()
    if found.is_empty() or found["value"][0] is None:
        return none | {"reason": missing}
    return found.row(0, named=True) | {"reason": None}


def benchmarks(executed: pl.DataFrame, *, to: str) -> pl.DataFrame:
    """Return one row per benchmark: benchmark, n, clusters, slippage_bp, low, high, reason."""
    rows = []
    for name in BENCHMARKS:
        found = measure(executed, SLIPPAGES[name], to=to, cluster="order", missing=NO_PRICE[name])
        rows.append({"benchmark": name, "slippage_bp": found.pop("value")} | found)
    schema = {"benchmark": pl.String()} | {"n": pl.Int64(), "clusters": pl.Int64()}
    numbers = dict.fromkeys(("slippage_bp", "low", "high"), pl.Float64())
    return pl.DataFrame(rows, schema=schema | numbers | {"reason": pl.String()})


def shortfall(traded: pl.DataFrame, untraded: pl.DataFrame, *, to: str) -> dict[str, Any]:
    """Return the implementation shortfall in total: of orders that traded, and of all.

    ``traded`` and ``all``: ``orders`` (with a shortfall), ``missing`` (without), ``paper``, the parts and
    ``total`` (currency; positive = cost), the same as ``delay_bp`` ... ``total_bp`` of ``paper``, ``low`` and
    ``high`` of ``total_bp`` (orders that traded only). ``reasons``: why orders are missing, and how many.
    """
    known = traded.filter(pl.col("total").is_not_null())
    lacking = traded.filter(pl.col("total").is_null())
    sums = known.select(pl.col(*MONEY).sum())
    reason = pl.coalesce(
        "shortfall_reason",
        formatted(f"No rate from {{}} to {to} is known.", "shortfall_rate"),
        pl.lit("The executions name no order."),
    )
    why = (
        lacking.group_by(reason=reason)
        .agg(orders=pl.len().cast(pl.Int64))
        .sort("orders", "reason", descending=[True, False])
    )
    ratio = (
        known.select(**ratio_sums(pl.col("total"), pl.col("paper")))
        .select(**ratio_interval())
        .row(0, named=True)
    )
    first = _in_total(sums, known.height, lacking.height) | {
        "low": _bp(ratio["low"]),
        "high": _bp(ratio["high"]),
    }
    both = pl.concat([sums, untraded.select(pl.col(*MONEY).sum())]).sum()
    orders, missing = (int(untraded[name].sum()) for name in ("orders", "missing"))
    return {
        "traded": first,
        "all": _in_total(both, known.height + orders, lacking.height + missing) | {"low": None, "high": None},
        "untraded": _in_total(untraded.select(pl.col(*MONEY).sum()), orders, missing),
        "reasons": why,
    }


def _in_total(sums: pl.DataFrame, orders: int, missing: int) -> dict[str, Any]:
    row = sums.row(0, named=True)
    paper = float(row["paper"])
    shares = {
        f"{name}_bp": _bp(float(row[name]) / paper) if paper > 0 else None for name in (*PARTS, "total")
    }
    money = {name: float(row[name]) if orders else None for name in MONEY}
    return {"orders": orders, "missing": missing} | money | shares


def _bp(fraction: float | None) -> float | None:
    return None if fraction is None else fraction * 1e4


def rate_of(sums: pl.DataFrame) -> dict[str, Any]:
    """Return a ratio of added-up ``cost.ratio_sums``: value, low, high, n."""
    whole = sums.select(pl.col("n", "t", "b", "tt", "tb", "bb").sum())
    return whole.select("n", **ratio_interval()).row(0, named=True)


def summary(
    executed: pl.DataFrame, traded: pl.DataFrame, asked: pl.DataFrame, parts: dict[str, Any], *, to: str
) -> list[Passport]:
    """Return the passports of the page's key figures.

    Args:
        executed: ``_fills.fills``, narrowed.
        traded: The orders that traded, narrowed.
        asked: ``_tca_orders.Orders.asked``, narrowed.
        parts: ``shortfall`` of the same orders.
        to: Currency.
    """
    about = {"weight": f"notional in {to}", "sign": "positive is a cost"}
    by_order = about | {"confidence": _INTERVAL}
    arrival = measure(executed, SLIPPAGES["arrival"], to=to, cluster="order", missing=NO_PRICE["arrival"])
    found = [
        _told("slippage_bp", arrival, benchmark="the mid when the order was received, as reported, else at release", **by_order),
        *_shortfall_passports(parts["traded"], traded, to=to),
    ]  # fmt: skip
    for name, horizon in (("effective", None), ("realised", "5 minutes"), ("quoted", None)):
        spread = measure(executed, f"{name}_spread_bp", to=to, cluster="order", missing=NO_QUOTE)
        more = {"horizon": horizon} if horizon else {}
        found.append(
            _told(
                f"{name}_spread_bp",
                spread,
                against="the mid before the fill, twice the distance",
                **more,
                **by_order,
            )
        )
    rate = rate_of(asked)
    empty = NO_ORDER if not rate["n"] else None
    found.append(
        passport("fill_rate", rate["value"], unit="fraction", n=rate["n"], interval=_pair(rate), reason=empty,
                 ratio="quantity filled to quantity ordered", orders="without parents whose children are known and without rejected ones")
    )  # fmt: skip
    found.append(_participation(traded, to=to, about=about))
    back = measure(traded, "reversion_bp", to=to, cluster=None, missing=NO_QUOTE)
    found.append(_told("reversion_bp", back, horizon="5 minutes after the last fill", **about))
    return found


def _told(name: str, found: dict[str, Any], *, unit: str = BASIS, **convention: Any) -> Passport:
    return passport(
        name,
        found["value"],
        unit=unit,
        n=found["n"],
        interval=_pair(found),
        reason=found["reason"],
        **convention,
    )


def _pair(found: dict[str, Any]) -> tuple[float, float] | None:
    low, high = found["low"], found["high"]
    return None if low is None or high is None else (low, high)


def _shortfall_passports(parts: dict[str, Any], traded: pl.DataFrame, *, to: str) -> Sequence[Passport]:
    reason = NO_EXECUTION if traded.is_empty() else None if parts["orders"] else NO_SHORTFALL
    about: dict[str, Any] = {
        "against": "filling all of it at the mid of the decision",
        "orders": "those that traded",
        "sign": "positive is a cost",
    }
    n = parts["orders"]
    return (
        passport("implementation_shortfall_bp", parts["total_bp"], unit=BASIS, n=n, interval=_pair(parts), reason=reason, **about),
        passport("implementation_shortfall", parts["total"], unit="currency", n=n, reason=reason, currency=to, **about),
    )  # fmt: skip


def _participation(traded: pl.DataFrame, *, to: str, about: dict[str, str]) -> Passport:
    # The volume while the order worked, where anybody's trades are known; else that of its whole day.
    by_interval = traded["participation"].null_count() < traded.height
    column, market = (
        ("participation", "while the order worked") if by_interval else ("day_share", "of the whole day")
    )
    found = measure(traded, column, to=to, cluster=None, missing=NO_VOLUME)
    return _told("participation", found, unit="fraction", market_volume=market, weight=about["weight"])
