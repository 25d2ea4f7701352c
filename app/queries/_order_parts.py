"""What one order cost, part by part: benchmarks, shortfall, mark-outs, what was to be expected."""

from typing import Any

import numpy as np
import polars as pl

from analytics.datasets import DECIMAL
from analytics.portfolio.passport import Passport, passport
from analytics.trading.benchmarks import (
    BENCHMARKS,
    Market,
    daily_closes,
    interval_twap,
    interval_vwap,
    mid_at,
    slippage_by_benchmark,
    with_benchmarks,
)
from analytics.trading.cost import slippage_bp
from analytics.trading.markouts import (
    markout_curve,
    reversion,
    spreads,
    with_markouts,
)
from app.desk import Desk
from app.queries._order_tree import Tree
from app.queries._orders import priced

NOTHING_FILLED = "Nothing of it was filled."
EVENTS_ONLY = "Its fills are known as order events only; no execution of it was imported."
NO_PRICE = {
    "decision": "No quote is known at the decision.",
    "arrival": "No quote is known at the release, and no execution reports an arrival price.",
    "vwap": "Neither trades nor bars of the market are known while it worked.",
    "twap": "No quote is known while it worked.",
    "close": "No close of that day is known yet.",
    "previous_close": "No close of a session before is known.",
}
_TIMES = {"decision": "decision_time", "arrival": "release_time"}
COST: dict[str, Any] = {"sign": "positive = cost", "weighting": "notional"}


def priced_window(found: Tree, market: Market) -> dict[str, Any]:
    """Return the order's window with the market's prices at its instants and over its life.

    Adds ``decision_px``, ``release_px``, ``end_px`` (mids), ``vwap_px``, ``twap_px``, ``market_qty`` (release
    to the last fill, else to the end), ``close_px``, ``previous_close_px`` and ``reversion_bp``.
    """
    rows = pl.LazyFrame([found.window], schema_overrides={"order_qty": DECIMAL}, infer_schema_length=None)
    instants = ("decision_time", "release_time", "end_time", "first_fill_time", "last_fill_time")
    rows = rows.with_columns(pl.col(name).cast(pl.Datetime("us", "UTC")) for name in instants)
    for name in ("decision", "release", "end"):
        rows = mid_at(rows, market.track, time=f"{name}_time", name=f"{name}_px")
    rows = rows.with_columns(
        _to=pl.coalesce("last_fill_time", "end_time"), _day=pl.col("release_time").dt.date()
    )
    rows = interval_vwap(rows, market, start="release_time", end="_to")
    rows = interval_twap(rows, market.track, start="release_time", end="_to")
    rows = daily_closes(rows, market.prices, day="_day")
    rows = reversion(rows, market.track)
    return rows.drop("_to", "_day").collect().row(0, named=True)


def measured_fills(desk: Desk, found: Tree, market: Market) -> pl.DataFrame:
    """Return the fills with their benchmarks, slippage against arrival, mark-outs and spreads."""
    rows = priced(desk, found.fills.lazy()).with_columns(root_id=pl.lit(found.order_id))
    windows = pl.LazyFrame([found.window], infer_schema_length=None).with_columns(
        pl.col(name).cast(pl.Datetime("us", "UTC"))
        for name in ("decision_time", "release_time", "last_fill_time")
    )
    rows = with_benchmarks(rows, windows, market).with_columns(slippage_bp=slippage_bp())
    return desk.collect(spreads(with_markouts(rows, market.track, market.prices)))


def benchmarks(window: dict[str, Any], fills: pl.DataFrame) -> list[dict[str, Any]]:
    """Return one passport per benchmark: slippage in bp, with ``price``, ``time`` and why a price is missing.

    The price is the quantity-weighted mean over the fills; that of the order's window without a fill.
    """
    slipped: dict[str, dict[str, Any]] = {}
    if fills.height and (fills["order_id"] != fills["root_id"]).any() and window["release_px"] is not None:
        # A slice reports the mid when it was sent itself; the order arrived with its parent.
        fills = fills.with_columns(arrival_px=pl.lit(window["release_px"]).cast(DECIMAL))
    if fills.height:
        rows = slippage_by_benchmark(fills.lazy()).collect()
        slipped = {row["benchmark"]: row for row in rows.to_dicts()}
    out = []
    for name, column in BENCHMARKS.items():
        price = mean_price(fills, column) if fills.height else window[_window_price(column)]
        row = slipped.get(name, {})
        low, high = row.get("low"), row.get("high")
        missing = NO_PRICE[name] if price is None else None
        made: Passport = passport(
            name,
            row.get("slippage_bp"),
            unit="bp",
            n=row.get("n", 0),
            interval=(low, high) if low is not None and high is not None else None,
            reason=missing if fills.height else NOTHING_FILLED,
            **COST,
        )
        moment = window[_TIMES[name]] if name in _TIMES else None
        out.append({**made, "price": price, "price_reason": missing, "time": moment})
    return out


def markouts(fills: pl.DataFrame) -> list[Passport]:
    """Return the notional-weighted mark-out at each horizon after the fills, positive = cost."""
    if fills.is_empty():
        return []
    # One cluster, so no draw matters: the curve then comes without a band.
    points = markout_curve(fills, generator=np.random.default_rng(0), cluster="root_id")
    return [
        passport(
            row["horizon"],
            row["markout_bp"],
            unit="bp",
            n=row["n"],
            reason="No price is known that long after its fills.",
            interval_note="none: the fills of one order share one price path",
            **COST,
        )
        for row in points.to_dicts()
    ]


def _window_price(column: str) -> str:
    return "release_px" if column == "arrival_px" else column


def mean_price(fills: pl.DataFrame, column: str) -> Any:
    """Return the quantity-weighted mean of a price column; None where no fill has it."""
    known = fills.filter(pl.col(column).is_not_null())
    if known.is_empty():
        return None
    return known.select((pl.col(column) * pl.col("last_qty")).sum() / pl.col("last_qty").sum()).item()
