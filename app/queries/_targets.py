"""Target weights as an address holds them, and the book they are targets for."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl
from sqlalchemy import select

from analytics.datasets import INSTRUMENTS, PRICES
from analytics.portfolio.closes import adjusted_closes
from app.desk import Desk
from app.errors import FieldError, Invalid
from app.queries._money import converted, currency
from app.queries._universe import Book, book, liquidity, splits
from app.queries.portfolio import totals
from app.storage.records._base import now
from app.storage.records.lists import ListEntry

MOST = 300  # instruments of one plan
HIGHEST = 10.0  # a weight of ten times the base is a slip of the finger


@dataclass(frozen=True)
class Plan:
    """The book that targets are for.

    ``rows``: one row per instrument held or named: the book's columns with ``unit_value`` (answer's currency),
    ``lot_size``, ``adv``, ``volatility``, ``quoted_spread_bp``. ``base``: what weights are fractions of;
    ``base_name``: nav or gross. ``restricted``: ids on the restricted list now. ``reason``: why there is no plan.
    """

    book: Book
    rows: pl.DataFrame
    base: float
    base_name: str
    restricted: tuple[str, ...]
    reason: str | None


def targets_of(text: str) -> dict[str, float]:
    """Return the weights an address names: ``AAPL:0.05,XETR:SAP:0`` to fractions by instrument.

    Raises:
        Invalid: Naming the first part that does not read.
    """
    found: dict[str, float] = {}
    for part in filter(None, text.split(",")):
        name, _, raw = part.rpartition(":")
        try:
            weight = float(raw)
        except ValueError:
            weight = float("nan")
        if not name or len(name) > 200 or not abs(weight) <= HIGHEST or name in found:
            told = (
                f"reads like AAPL:0.05,MSFT:0 with fractions between -{HIGHEST:g} and {HIGHEST:g}, each once"
            )
            raise Invalid("The targets do not fit.", errors=[FieldError("targets", told, part[:80])])
        found[name] = weight
    if len(found) > MOST:
        raise Invalid(
            "The targets do not fit.", errors=[FieldError("targets", f"name at most {MOST} instruments")]
        )
    return dict(sorted(found.items()))


def targets_text(targets: Mapping[str, float]) -> str:
    """Return weights as an address holds them."""
    return ",".join(f"{name}:{round(weight, 6):g}" for name, weight in sorted(targets.items()))


def plan(desk: Desk, named: Mapping[str, float] | None = None) -> Plan:
    """Return the scope's book with all that trading it needs.

    Args:
        desk: Whose holdings of the last session.
        named: Targets; instruments that are not held yet join the rows.

    Raises:
        Invalid: If a target names an instrument that is not known.
    """
    held = book(desk)
    whole, _ = totals(desk)
    nav = whole["nav"]
    gross = float(held.rows["gross"].sum())
    base, base_name = (nav, "nav") if nav is not None and nav > 0 else (gross, "gross")
    rows = pl.concat([_held(desk, held), _new(desk, held, named or {})], how="diagonal")
    trades = liquidity(desk, rows["instrument_id"].to_list(), day=held.date)
    rows = rows.join(trades, on="instrument_id", how="left", maintain_order="left")
    return Plan(held, rows, base or 0.0, base_name, restricted(desk), held.reason)


def restricted(desk: Desk) -> tuple[str, ...]:
    """Return the instruments on the restricted list now, which everybody in the firm may know."""
    at = now()
    query = select(ListEntry.instrument_id).where(
        ListEntry.kind == "restricted",
        ListEntry.valid_from <= at,
        ListEntry.valid_to.is_(None) | (ListEntry.valid_to > at),
    )
    with desk.session() as session:
        return tuple(sorted({str(name) for name in session.scalars(query) if name}))


def _lots(desk: Desk) -> pl.LazyFrame:
    rows = desk.rows(INSTRUMENTS, scoped=False).sort("valid_from", nulls_last=False)
    return rows.unique("instrument_id", keep="last")


def _held(desk: Desk, held: Book) -> pl.DataFrame:
    # Every holding has a quantity, but a long here and a short there may net to none.
    value, quantity = (pl.col(name).cast(pl.Float64) for name in ("market_value", "quantity"))
    units = held.held.group_by("instrument_id").agg(unit_value=(value / quantity).first())
    lots = desk.collect(_lots(desk).select("instrument_id", "lot_size"))
    rows = held.rows.join(units, on="instrument_id", how="left", maintain_order="left")
    return rows.join(lots, on="instrument_id", how="left", maintain_order="left")


def _new(desk: Desk, held: Book, named: Mapping[str, float]) -> pl.DataFrame:
    wanted = sorted(set(named) - set(held.instruments))
    if not wanted or held.reason:
        return _held(desk, held).clear()
    columns = ("symbol", "name", "sector", "country", "currency", "multiplier", "lot_size")
    found = desk.collect(
        _lots(desk).filter(pl.col("instrument_id").is_in(wanted)).select("instrument_id", *columns)
    )
    unknown = sorted(set(wanted) - set(found["instrument_id"]))
    if unknown:
        raise Invalid(
            "The targets do not fit.",
            errors=[FieldError("targets", "names an unknown instrument", unknown[0][:80])],
        )
    prices = desk.rows(PRICES, dated=False, scoped=False).filter(
        pl.col("instrument_id").is_in(wanted) & (pl.col("date") <= pl.lit(held.date, pl.Date))
    )
    closes = adjusted_closes(
        desk.collect(prices.select("instrument_id", "date", "adj_basis", "close")), splits(desk)
    )
    last = closes.group_by("instrument_id", maintain_order=True).last()
    priced = found.join(last, on="instrument_id", how="left").with_columns(
        unit_value=pl.col("close") * pl.col("multiplier").cast(pl.Float64).fill_null(1.0),
        date=pl.lit(held.date, pl.Date),
    )
    priced = converted(desk, priced.with_columns(pl.col("unit_value").cast(pl.Decimal(38, 12))), "unit_value")
    return priced.select(
        "instrument_id", pl.coalesce("symbol", "instrument_id").alias("symbol"), *columns[1:5], "lot_size",
        pl.col("unit_value").cast(pl.Float64), quantity=pl.lit(0).cast(pl.Decimal(38, 12)), value=pl.lit(0.0),
        gross=pl.lit(0.0), market_px=pl.col("close").cast(pl.Decimal(38, 12)), price_date=pl.col("date"),
    )  # fmt: skip


def described(made: Plan, desk: Desk) -> dict[str, Any]:
    """Return what every answer about a plan says of its ground."""
    return {
        "base": made.base or None,
        "base_name": made.base_name,
        "currency": currency(desk),
        "date": made.book.date,
        "restricted": [row for row in made.rows["instrument_id"] if row in made.restricted],
        "reason": made.reason,
    }
