"""How one order was worked: its speed and share of the volume, spreads, what came back."""

from datetime import timedelta
from typing import Any

import polars as pl

from analytics.portfolio.passport import Passport, passport
from analytics.trading.expected_cost import market_norms
from analytics.trading.markouts import participation_rate
from app.desk import Desk
from app.queries._market import daily_history
from app.queries._money import number
from app.queries._order_parts import COST, NO_PRICE, NOTHING_FILLED, mean_price
from app.queries._order_tree import Tree

_SPREADS = ("quoted_spread", "effective_spread", "realised_spread", "impact")


def measures(
    desk: Desk,
    found: Tree,
    *,
    window: dict[str, Any],
    fills: pl.DataFrame,
    told: str | None,
) -> list[Passport]:
    """Return the order's further measures: size, speed, spreads, what came back.

    Args:
        desk: Whose order.
        found: The order.
        window: ``priced_window``.
        fills: ``measured_fills``.
        told: Why nothing is known of its fills.
    """
    n = fills.height
    none = told or NOTHING_FILLED
    quantity = fills["last_qty"].sum() if n else None
    ordered = window["order_qty"]
    norms = norms_of(desk, found)
    frame = pl.DataFrame(
        {
            "filled_qty": [number(quantity) or 0.0],
            "market_qty": [number(window["market_qty"])],
            "adv": [norms["adv"]],
        },
        schema_overrides=dict.fromkeys(("filled_qty", "market_qty", "adv"), pl.Float64),
    )
    taken = frame.select(market=participation_rate(), adv=participation_rate(market="adv")).row(0, named=True)
    rate = float(quantity) / float(ordered) if quantity is not None and ordered else 0.0 if ordered else None
    out = [
        passport("average_price", number(mean_price(fills, "last_px")), unit="price", n=n, reason=none, weighting="quantity"),
        passport("fill_rate", None if told else rate, unit="fraction", n=n, reason=told or "The ordered quantity is not known."),
        passport("duration", duration(window), unit="seconds", n=n, reason=none, over="release to the last fill"),
        passport("participation", taken["market"] if n else None, unit="fraction", n=n,
                 reason=NO_PRICE["vwap"] if n else none, over="release to the last fill"),
        passport("share_of_adv", taken["adv"] if n else None, unit="fraction", n=n,
                 reason="No average daily volume is known." if n else none, window="20 sessions before"),
    ]  # fmt: skip
    for name in _SPREADS:
        spread = weighted(fills, f"{name}_bp")
        why = "No quote is known just before its fills." if n else none
        out.append(
            passport(
                name, spread, unit="bp", n=n, reason=why, base="mid before the fill", horizon="5m", **COST
            )
        )
    out.append(
        passport("reversion", window["reversion_bp"], unit="bp", n=n, after="5m", sign="positive = it had pushed the price",
                 reason="No quote is known five minutes after its last fill." if n else none)
    )  # fmt: skip
    return out


def weighted(fills: pl.DataFrame, column: str) -> float | None:
    """Return the notional-weighted mean of a column over the fills that have it."""
    weight = pl.col("notional").cast(pl.Float64)
    known = fills.filter(pl.col(column).is_not_null(), weight > 0)
    return known.select((pl.col(column) * weight).sum() / weight.sum()).item() if known.height else None


def duration(window: dict[str, Any]) -> float | None:
    """Return seconds from the release to the last fill; None without one."""
    if window["last_fill_time"] is None or window["release_time"] is None:
        return None
    seconds: float = (window["last_fill_time"] - window["release_time"]).total_seconds()
    return max(0.0, seconds)


def norms_of(desk: Desk, found: Tree) -> dict[str, Any]:
    """Return average daily volume and volatility of the sessions before the order; None where not known."""
    day = found.first.date()
    history = daily_history(desk, instruments=[found.instrument_id], start=day, end=day)
    rows = market_norms(history).filter(pl.col("date") <= day).tail(1)
    made = desk.collect(rows)
    # A norm of weeks ago says nothing of that day.
    fresh = made.filter(pl.col("date") >= day - timedelta(days=7)).select("adv", "volatility")
    return fresh.row(0, named=True) if fresh.height else {"adv": None, "volatility": None}
