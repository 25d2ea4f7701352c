"""What is held, instrument by instrument, with all that a stress or a trade needs to know about it."""

from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import polars as pl

from analytics.datasets import CORPORATE_ACTIONS, FX_RATES, PRICES, QUOTES
from analytics.portfolio.closes import adjusted_closes
from analytics.portfolio.currency import rates
from analytics.portfolio.risk import History, return_history
from analytics.portfolio.scenarios import betas
from analytics.trading.expected_cost import market_norms
from app.desk import Desk
from app.queries._benchmark import benchmark_returns
from app.queries._book import BY_TRADER, NOTHING_HELD, holdings, unvalued
from app.queries._money import currency
from app.queries._period import period

Floats = npt.NDArray[np.float64]

ORIGINAL = r'"original_date",\s*"(\d{4}-\d{2}-\d{2})"'
_NET = ("quantity", "market_value")


@dataclass(frozen=True)
class Book:
    """Holdings of a scope, net by instrument.

    ``rows``: instrument_id, symbol, name, sector, country, currency, quantity, value (answer's currency,
    Float64), gross (sum of |value| over the accounts), market_px, price_date; largest gross first.
    ``reason``: why there is no book to speak of; rows are then empty.
    """

    rows: pl.DataFrame
    held: pl.DataFrame  # the holdings themselves, by account and instrument
    date: date | None
    reason: str | None

    @property
    def instruments(self) -> list[str]:
        """Ids in the order of the rows."""
        return self.rows["instrument_id"].to_list()

    @property
    def values(self) -> Floats:
        """Net values in the order of the rows, answer's currency."""
        return self.rows["value"].to_numpy().astype(np.float64)


def book(desk: Desk) -> Book:
    """Return the scope's holdings at its last session, net by instrument."""
    day = period(desk).last
    held = holdings(desk)
    reason = BY_TRADER if desk.scope.trader else NOTHING_HELD if day is None else unvalued(desk, held)
    if reason or held.is_empty():
        return Book(_netted(held.clear()), held.clear(), day, reason or "Nothing is held in this view.")
    return Book(_netted(held), held, day, None)


def _netted(held: pl.DataFrame) -> pl.DataFrame:
    value = pl.col("market_value").cast(pl.Float64)
    rows = held.group_by("instrument_id", maintain_order=True).agg(
        pl.col("symbol", "name", "sector", "country", "currency", "market_px", "price_date").first(),
        quantity=pl.col("quantity").sum(),
        value=value.sum(),
        gross=value.abs().sum(),
    )
    symbol = pl.col("symbol").fill_null(pl.col("instrument_id"))
    return rows.with_columns(symbol=symbol).sort("gross", "instrument_id", descending=[True, False])


def history(desk: Desk, names: list[str], currencies: list[str], *, day: date | None) -> History:
    """Return daily returns of instruments in the answer's currency, as ``risk.return_history`` gives them.

    A holding in another currency also moves with its rate; days without a rate have no return.
    """
    if not names:
        return History((), (), np.empty((0, 0)))
    bounded = desk.rows(PRICES, dated=False, scoped=False).filter(pl.col("instrument_id").is_in(names))
    prices = desk.collect(
        bounded.filter(pl.col("date") <= pl.lit(day, pl.Date)).select(
            "instrument_id", "date", "adj_basis", "close"
        )
    )
    found = return_history(prices, splits(desk), instruments=names)
    to = currency(desk)
    foreign = sorted({own for own in currencies if own != to})
    if not foreign or not found.dates:
        return found
    days = pl.LazyFrame({"date": list(found.dates)}, schema={"date": pl.Date})
    pairs = pl.LazyFrame({"currency": foreign, "base": [to] * len(foreign)})
    table = desk.collect(rates(desk.rows(FX_RATES, dated=False, scoped=False), pairs=pairs, days=days))
    returns = found.returns.copy()
    for own in foreign:
        curve = (
            days.collect().join(table.filter(pl.col("currency") == own), on="date", how="left").sort("date")
        )
        level = curve["fx_rate"].cast(pl.Float64).fill_null(float("nan")).to_numpy()
        moved = np.concatenate([[np.nan], level[1:] / level[:-1] - 1.0])
        columns = [place for place, name in enumerate(currencies) if name == own]
        returns[:, columns] = (1 + returns[:, columns]) * (1 + moved[:, None]) - 1
    return History(found.dates, found.instruments, returns)


def market(desk: Desk, found: History) -> tuple[str | None, Floats]:
    """Return the benchmark's id and its returns on the days of a history; NaN where not known."""
    name, returns = benchmark_returns(desk)
    days = pl.DataFrame({"date": list(found.dates)}, schema={"date": pl.Date})
    both = days.join(returns, on="date", how="left", maintain_order="left")
    return name, both["return"].cast(pl.Float64).fill_null(float("nan")).to_numpy()


def with_betas(desk: Desk, held: Book, found: History) -> tuple[pl.DataFrame, str | None]:
    """Return the book's rows with ``beta`` to the benchmark (null: not known), and the benchmark's id."""
    name, moved = market(desk, found)
    column = betas(found.returns, moved) if found.dates else [None] * held.rows.height
    return held.rows.with_columns(beta=pl.Series(column, dtype=pl.Float64)), name


def splits(desk: Desk) -> pl.DataFrame:
    """Return the splits there were: instrument_id, ratio, date (ex date)."""
    rows = desk.rows(CORPORATE_ACTIONS, dated=False, scoped=False)
    split = pl.col("kind").str.to_lowercase().str.contains("split") & (pl.col("ratio") > 0)
    return desk.collect(rows.filter(split).select("instrument_id", "ratio", date="ex_date"))


def original_closes(desk: Desk, names: list[str]) -> pl.DataFrame:
    """Return closes by the day they were really made: instrument_id, date, close, ``kept`` (day in the tables).

    Prices of generated firms stand on later days than they were made on and say so in ``ext``; all others
    stand on their own day.
    """
    rows = desk.rows(PRICES, dated=False, scoped=False).filter(pl.col("instrument_id").is_in(names))
    told = pl.col("ext").str.extract(ORIGINAL).str.to_date("%Y-%m-%d", strict=False)
    found = desk.collect(rows.select("instrument_id", "date", "adj_basis", "close", told=told))
    closes = adjusted_closes(found, splits(desk))
    return closes.select("instrument_id", "close", date=pl.coalesce("told", "date"), kept="date")


def liquidity(desk: Desk, names: list[str], *, day: date | None) -> pl.DataFrame:
    """Return how each instrument trades: instrument_id, ``adv``, ``volatility``, ``quoted_spread_bp``.

    ``adv``: mean volume (units) and ``volatility``: sd of daily returns, both of the 20 sessions before the
    last; ``quoted_spread_bp``: median of the last session with quotes. Null where not known.
    """
    wanted = pl.col("instrument_id").is_in(names)
    prices = desk.rows(PRICES, dated=False, scoped=False).filter(
        wanted & (pl.col("date") <= pl.lit(day, pl.Date))
    )
    norms = market_norms(prices).group_by("instrument_id").last().drop("date")
    quotes = desk.with_scope(start=day, end=day).rows(QUOTES, scoped=False).filter(wanted)
    bid, ask = (pl.col(name).cast(pl.Float64) for name in ("bid_px", "ask_px"))
    spread = pl.when((bid > 0) & (ask >= bid)).then((ask - bid) / (ask + bid) * 2e4).median()
    spreads = quotes.group_by("instrument_id").agg(quoted_spread_bp=spread)
    wide = pl.LazyFrame({"instrument_id": names}, schema={"instrument_id": pl.String})
    return desk.collect(
        wide.join(norms, on="instrument_id", how="left", maintain_order="left").join(
            spreads, on="instrument_id", how="left", maintain_order="left"
        )
    )
