"""Where the money of one order went: implementation shortfall in the currency asked for."""

from typing import Any

import polars as pl

from analytics.datasets import DECIMAL, INSTRUMENTS
from analytics.portfolio.passport import passport
from analytics.trading.shortfall import PARTS, filled_amounts, shortfalls
from app.desk import Desk
from app.queries._money import converted, no_rate
from app.queries._order_parts import mean_price
from app.queries._order_tree import Tree


def shortfall(
    desk: Desk, found: Tree, window: dict[str, Any], fills: pl.DataFrame, told: str | None
) -> dict[str, Any]:
    """Return the implementation shortfall: ``paper``, ``parts`` and ``total``, passports in bp with ``amount``.

    Amounts are fixed point in ``currency`` and sum to the total to the last digit. ``told`` is a reason known
    beforehand why nothing can be said.
    """
    unit = instrument(desk, found)
    currencies = fills["currency"].unique().to_list() if fills.height else [unit["currency"]]
    if len(currencies) > 1:
        told = told or "Its executions are in several currencies."
    released = window["release_px"] or (mean_price(fills, "arrival_px") if fills.height else None)
    order = pl.LazyFrame(
        {
            "order_id": [found.order_id],
            "side": [window["side"]],
            "order_qty": [window["order_qty"]],
            "decision_px": [window["decision_px"]],
            "release_px": [released],
            "end_px": [window["end_px"]],
            "multiplier": [unit["multiplier"]],
        },
        schema_overrides={"side": pl.String}
        | dict.fromkeys(("order_qty", "decision_px", "release_px", "end_px", "multiplier"), DECIMAL),
    )
    filled = filled_amounts(fills.lazy().with_columns(order_id=pl.lit(found.order_id)))
    row = shortfalls(order, filled).collect().row(0, named=True)
    reason = told or row["reason"]
    money, currency, why = _in_currency(desk, row, currencies[0], found)
    parts = [_part(name, row, money, None if told else row[f"{name}_bp"], reason) for name in PARTS]
    total = _part("total", row, money, None if told else row["total_bp"], reason)
    return {
        "currency": currency,
        "paper": money["paper"],
        "money_reason": why,
        "parts": parts,
        "total": total,
        "filled_qty": row["filled_qty"],
        "prices": {name: order.collect()[name][0] for name in ("decision_px", "release_px", "end_px")},
    }


def _part(
    name: str, row: dict[str, Any], money: dict[str, Any], bp: float | None, reason: str | None
) -> dict[str, Any]:
    made = passport(
        name, bp, unit="bp", n=row["fills"], reason=reason, sign="positive = cost", base="paper value"
    )
    return {**made, "amount": money[name] if bp is not None else None}


def _in_currency(
    desk: Desk, row: dict[str, Any], own: str | None, found: Tree
) -> tuple[dict[str, Any], str | None, str | None]:
    """Return the amounts in the currency asked for (the instrument's own where none is), and why not."""
    names = ("paper", *PARTS)
    asked, why = desk.scope.currency, None
    amounts = {name: row[name] for name in names}
    if asked is not None and asked != own:
        frame = pl.DataFrame(
            {name: [amounts[name]] for name in names} | {"currency": [own], "date": [found.last.date()]},
            schema_overrides=dict.fromkeys(names, DECIMAL) | {"currency": pl.String},
        )
        frame = converted(desk, frame, *names)
        amounts, why, own = frame.select(names).row(0, named=True), no_rate(desk, frame), asked
    known = [amounts[name] for name in PARTS]
    return amounts | {"total": None if None in known else sum(known)}, own, why


def instrument(desk: Desk, found: Tree) -> dict[str, Any]:
    """Return currency, multiplier, symbol and name of the order's instrument, None where not known."""
    own = desk.rows(INSTRUMENTS, scoped=False).filter(pl.col("instrument_id") == found.instrument_id)
    latest = own.sort("valid_from", nulls_last=False).tail(1)
    made = desk.collect(latest.select("currency", "multiplier", "symbol", "name"))
    empty = {"currency": None, "multiplier": None, "symbol": None, "name": None}
    return made.row(0, named=True) if made.height else empty
