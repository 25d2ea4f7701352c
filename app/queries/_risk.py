"""The tail of what is held now."""

from datetime import date

import numpy as np
import polars as pl

from analytics.datasets import CORPORATE_ACTIONS, FX_RATES, PRICES
from analytics.portfolio.currency import rates
from analytics.portfolio.risk import (
    MIN_HISTORY,
    WINDOW,
    History,
    expected_shortfall,
    return_history,
    simulated_pnl,
    value_at_risk,
)
from app.desk import Desk
from app.queries._book import BY_TRADER, NOTHING_HELD, holdings, unvalued
from app.queries._money import Reasons, Values, currency
from app.queries._period import period

_SIMULATED: dict[str, pl.DataType] = {"date": pl.Date(), "pnl": pl.Float64()}


def tail(desk: Desk) -> tuple[Values, Reasons, pl.DataFrame]:
    """Return var_99_1d and es_975_1d of the holdings, why they are null, and the simulated days.

    The days are those on which every instrument held has a return: ``date``, ``pnl`` (answer's currency).
    """
    names = ("var_99_1d", "es_975_1d")
    values: Values = dict.fromkeys(names)
    nothing = pl.DataFrame(schema=_SIMULATED)
    day = period(desk).last
    held = holdings(desk)
    why = BY_TRADER if desk.scope.trader else NOTHING_HELD if day is None else unvalued(desk, held)
    if why:
        return values, dict.fromkeys(names, why), nothing
    if held.is_empty():
        return dict.fromkeys(names, 0.0), {}, nothing
    book = held.group_by("instrument_id", "currency").agg(pl.col("market_value").sum()).sort("instrument_id")
    wanted = book["instrument_id"].to_list()
    history = returns_of(desk, book, until=day)
    pnl = simulated_pnl(history, book["market_value"].cast(pl.Float64).to_numpy())
    whole = ~np.isnan(history.returns).any(axis=1)
    simulated = pl.DataFrame(
        {"date": list(history.dates), "whole": whole}, schema_overrides={"date": pl.Date}
    )
    simulated = simulated.filter("whole").select("date", pnl=pl.Series(pnl, dtype=pl.Float64))
    values["var_99_1d"] = value_at_risk(pnl, confidence=0.99)
    values["es_975_1d"] = expected_shortfall(pnl, confidence=0.975)
    if values["var_99_1d"] is None:
        short = min(zip(np.sum(~np.isnan(history.returns), axis=0), wanted, strict=True))
        why = (
            f"Only {pnl.size} sessions have a return for everything held ({short[1]} has {short[0]}); "
            f"{MIN_HISTORY} are needed."
        )
        return values, dict.fromkeys(names, why), simulated
    return values, {}, simulated


def returns_of(desk: Desk, book: pl.DataFrame, *, until: date | None, window: int = WINDOW) -> History:
    """Return the last ``window`` daily returns up to a day, in the answer's currency.

    Args:
        desk: Whose prices.
        book: ``instrument_id``, ``currency`` (traded): the columns of the answer, in this order.
        until: Last day.
        window: Sessions.
    """
    wanted = book["instrument_id"].to_list()
    prices = desk.collect(
        desk.rows(PRICES, dated=False, scoped=False)
        .filter(pl.col("instrument_id").is_in(wanted) & (pl.col("date") <= pl.lit(until, pl.Date)))
        .select("instrument_id", "date", "adj_basis", "close")
    )
    splits = desk.collect(
        desk.rows(CORPORATE_ACTIONS, dated=False, scoped=False)
        .filter(pl.col("kind").str.to_lowercase().str.contains("split") & (pl.col("ratio") > 0))
        .select("instrument_id", "ratio", date="ex_date")
    )
    return _with_currency(desk, return_history(prices, splits, instruments=wanted, window=window), book)


def _with_currency(desk: Desk, history: History, book: pl.DataFrame) -> History:
    # A holding in another currency also moves with its rate. Without rates of that day: no return.
    to = currency(desk)
    foreign = book.filter(pl.col("currency") != to)["currency"].unique().to_list()
    if not foreign or not history.dates:
        return history
    days = pl.LazyFrame({"date": list(history.dates)}, schema={"date": pl.Date})
    pairs = pl.LazyFrame({"currency": foreign, "base": [to] * len(foreign)})
    table = desk.collect(rates(desk.rows(FX_RATES, dated=False, scoped=False), pairs=pairs, days=days))
    returns = history.returns.copy()
    for column, own in enumerate(book["currency"]):
        if own == to:
            continue
        curve = (
            days.collect().join(table.filter(pl.col("currency") == own), on="date", how="left").sort("date")
        )
        level = curve["fx_rate"].cast(pl.Float64).fill_null(float("nan")).to_numpy()
        # The first day has no rate before it in the window.
        moved = np.concatenate([[np.nan], level[1:] / level[:-1] - 1.0])
        returns[:, column] = (1 + returns[:, column]) * (1 + moved) - 1
    return History(history.dates, history.instruments, returns)
