"""The facts that limits are measured from, in one currency."""

from collections.abc import Collection
from dataclasses import replace
from datetime import date

import numpy as np
import polars as pl

from analytics.conventions import ONE, strict_sum, trade_day
from analytics.datasets import (
    ACCOUNTS,
    CORPORATE_ACTIONS,
    DAILY_NAV,
    DAILY_POSITIONS,
    EXECUTIONS,
    FX_RATES,
    INSTRUMENTS,
    ORDER_EVENTS,
    PRICES,
    Dataset,
)
from analytics.portfolio.currency import rates
from analytics.portfolio.facts import BASES
from analytics.portfolio.limit_measures import HELD, NAVS, ORDERS, TAILS, Facts, empty_facts
from analytics.portfolio.risk import WINDOW, History, return_history
from app.desk import Desk
from app.queries._book import instruments
from app.queries._money import converted, currency
from app.scope import Scope

READS = (
    ACCOUNTS, CORPORATE_ACTIONS, DAILY_NAV, DAILY_POSITIONS, EXECUTIONS, FX_RATES, INSTRUMENTS, ORDER_EVENTS, PRICES,
)  # fmt: skip
_POSITIONED = HELD | {"gross_exposure", "net_exposure", "loss_1d"}
# Table of the facts to where it comes from and the measures that need it.
_TABLES: dict[str, tuple[Dataset, frozenset[str]]] = {
    "positions": (DAILY_POSITIONS, _POSITIONED),
    "orders": (ORDER_EVENTS, ORDERS),
    "traded": (EXECUTIONS, frozenset({"participation"})),
}
ADV_SESSIONS = 20
_MIN_ADV = 5


def facts(
    desk: Desk,
    measures: Collection[str],
    *,
    money: str,
    days: tuple[date, ...],
    holdings: pl.DataFrame | None = None,
) -> Facts:
    """Return what ``measures`` need on ``days``, of everything the identity may see, in currency ``money``.

    Args:
        desk: Whose; its scope does not narrow, a limit bounds its subject whatever is in view.
        measures: Names of ``MEASURES``.
        money: Currency of all money.
        days: Sessions, sorted.
        holdings: What is held instead on the one day asked about: account_id, instrument_id, sector, currency
            (as traded) and market_value in ``money``; the whole book of the accounts it names.
    """
    if not days:
        return empty_facts()
    wide = replace(desk, scope=Scope(as_of=desk.scope.as_of, currency=money, start=days[0], end=days[-1]))
    found = empty_facts(days)
    asked = frozenset(measures)
    if asked & NAVS:
        # From the first day on: a drawdown needs the peak.
        found = replace(found, nav=_nav(wide))
    if asked & _POSITIONED:
        found = replace(found, positions=_positions(wide))
    if holdings is not None:
        found = _instead(found, holdings)
    if asked & ORDERS:
        found = replace(found, orders=_orders(wide))
    if "participation" in asked:
        found = replace(found, traded=_traded(wide))
    begun = {name: _begun(wide, dataset) for name, (dataset, reads) in _TABLES.items() if asked & reads}
    found = replace(found, since=begun)
    if asked & TAILS:
        found = replace(found, history=_history(wide, found.positions, len(days)))
    return found


def _begun(desk: Desk, dataset: Dataset) -> date | None:
    """Return the first day that anything is known of."""
    day = pl.col(dataset.day) if dataset.day else pl.col(dataset.time or "").dt.date()
    rows = desk.rows(dataset, dated=False)
    # The first month alone: the rest of the table is not read.
    first = desk.collect(rows.select(pl.col("month").min())).item()
    if first is None:
        return None
    found: date | None = desk.collect(rows.filter(pl.col("month") == first).select(day.min())).item()
    return found


def _nav(desk: Desk) -> pl.DataFrame:
    rows = desk.with_scope(start=None).rows(DAILY_NAV)
    money = ("nav", "flow", "pnl", "gross_exposure", "net_exposure")
    frame = desk.collect(rows.select("account_id", "date", "currency", *money))
    return converted(desk, frame, *money).drop("currency", "missing_rate")


def _positions(desk: Desk) -> pl.DataFrame:
    sectors = instruments(desk).select("instrument_id", "sector")
    rows = desk.rows(DAILY_POSITIONS).select(
        "account_id", "instrument_id", "date", "currency", "quantity", "market_value", "pnl"
    )
    frame = desk.collect(rows.join(sectors, on="instrument_id", how="left"))
    frame = converted(desk, frame, "market_value", "pnl")
    # What was sold that day is no holding: it has no value rather than an unknown one.
    value = (
        pl.when(pl.col("quantity") == 0).then(pl.lit(0).cast(pl.Decimal(38, 12))).otherwise("market_value")
    )
    return frame.with_columns(market_value=value).drop("missing_rate", "quantity")


def _instead(found: Facts, holdings: pl.DataFrame) -> Facts:
    """Return the facts with another book: positions and exposures differ, net asset value stays."""
    day = found.days[-1]
    positions = holdings.select(
        "account_id", "instrument_id", "currency", "sector", "market_value",
        date=pl.lit(day, pl.Date), pnl=pl.lit(None, pl.Decimal(38, 12)),
    ).select(found.positions.columns)  # fmt: skip
    value = pl.col("market_value")
    exposures = positions.group_by("account_id").agg(gross=strict_sum(value.abs()), net=strict_sum(value))
    nothing = pl.lit(0).cast(pl.Decimal(38, 12))
    at_day = found.nav.filter(pl.col("date") == day).join(
        exposures.with_columns(met=pl.lit(value=True)), on="account_id", how="left"
    )
    changed = at_day.with_columns(
        gross_exposure=pl.when(pl.col("met").is_null()).then(nothing).otherwise("gross"),
        net_exposure=pl.when(pl.col("met").is_null()).then(nothing).otherwise("net"),
    ).select(found.nav.columns)
    nav = pl.concat([found.nav.filter(pl.col("date") != day), changed])
    return replace(found, positions=positions, nav=nav)


def _closes(desk: Desk, *columns: str) -> pl.LazyFrame:
    """Return rows of prices as traded, one per instrument and session."""
    rank = pl.col("adj_basis").fill_null("raw").replace_strict(BASES, default=-1, return_dtype=pl.Int32)
    rows = desk.rows(PRICES, dated=False, scoped=False).filter(pl.col("date") <= desk.scope.end)
    rows = rows.with_columns(rank=rank).sort("rank").unique(["instrument_id", "date"], keep="first")
    return rows.select("instrument_id", "date", *columns).sort("instrument_id", "date")


def _orders(desk: Desk) -> pl.DataFrame:
    asked = desk.rows(ORDER_EVENTS).filter(pl.col("event_type").is_in(["new", "replace"]))
    prices = _closes(desk, "close", "volume").with_columns(
        adv=pl.col("volume")
        .cast(pl.Float64)
        .rolling_mean(ADV_SESSIONS, min_samples=_MIN_ADV)
        .over("instrument_id")
    )
    kinds = desk.rows(INSTRUMENTS, scoped=False).sort("valid_from", nulls_last=False)
    kinds = kinds.unique("instrument_id", keep="last").select("instrument_id", "multiplier", "currency")
    events = asked.select(
        "account_id", "trader_id", "instrument_id", "order_id", "order_qty", "limit_px",
        date=pl.col("transact_time").dt.date(),
    ).sort("date")  # fmt: skip
    # The close before the day: what was known when the order was sent.
    known = events.join_asof(
        prices.select("instrument_id", "close", "adv", before="date").sort("before"),
        left_on="date", right_on="before", by="instrument_id", allow_exact_matches=False, check_sortedness=False,
    ).join(kinds, on="instrument_id", how="left")  # fmt: skip
    sized = known.with_columns(
        notional=pl.col("order_qty") * pl.coalesce("limit_px", "close") * pl.col("multiplier").fill_null(ONE),
        adv_share=pl.when(pl.col("adv") > 0).then(pl.col("order_qty").cast(pl.Float64) / pl.col("adv")),
    )
    keys = ["date", "account_id", "trader_id", "instrument_id", "currency"]
    largest = (
        sized.sort("notional", "order_id", descending=[True, False], nulls_last=True)
        .group_by(keys, maintain_order=True)
        .agg(pl.col("order_id", "notional").first(), pl.col("adv_share").max())
    )
    frame = converted(desk, desk.collect(largest), "notional")
    return frame.drop("currency", "missing_rate")


def _traded(desk: Desk) -> pl.DataFrame:
    # Executions are found by their time; a venue's day may begin a day before or after it in UTC.
    fills = desk.executions().select("account_id", "trader_id", "instrument_id", "last_qty", date=trade_day())
    keys = ["date", "account_id", "trader_id", "instrument_id"]
    daily = fills.group_by(keys).agg(quantity=pl.col("last_qty").sum().cast(pl.Float64))
    volumes = _closes(desk, "volume").with_columns(pl.col("volume").cast(pl.Float64))
    return desk.collect(daily.join(volumes, on=["instrument_id", "date"], how="left"))


def _history(desk: Desk, positions: pl.DataFrame, sessions: int) -> History:
    """Return daily returns in the desk's currency of everything held on one of the days."""
    wanted = positions["instrument_id"].unique().sort().to_list()
    if not wanted:
        return empty_facts().history
    prices = desk.collect(
        desk.rows(PRICES, dated=False, scoped=False)
        .filter(pl.col("instrument_id").is_in(wanted) & (pl.col("date") <= desk.scope.end))
        .select("instrument_id", "date", "adj_basis", "close")
    )
    splits = desk.collect(
        desk.rows(CORPORATE_ACTIONS, dated=False, scoped=False)
        .filter(pl.col("kind").str.to_lowercase().str.contains("split") & (pl.col("ratio") > 0))
        .select("instrument_id", "ratio", date="ex_date")
    )
    history = return_history(prices, splits, instruments=wanted, window=WINDOW + sessions)
    traded = positions.group_by("instrument_id").agg(pl.col("currency").first())
    return _with_currency(desk, history, dict(traded.iter_rows()))


def _with_currency(desk: Desk, history: History, currencies: dict[str, str | None]) -> History:
    # A holding in another currency also moves with its rate. Without rates of that day: no return.
    to = currency(desk)
    foreign = sorted({own for own in currencies.values() if own is not None and own != to})
    if not foreign or not history.dates:
        return history
    days = pl.LazyFrame({"date": list(history.dates)}, schema={"date": pl.Date})
    pairs = pl.LazyFrame({"currency": foreign, "base": [to] * len(foreign)})
    table = desk.collect(rates(desk.rows(FX_RATES, dated=False, scoped=False), pairs=pairs, days=days))
    returns = history.returns.copy()
    for column, name in enumerate(history.instruments):
        own = currencies.get(name)
        if own is None or own == to:
            continue
        curve = (
            days.collect().join(table.filter(pl.col("currency") == own), on="date", how="left").sort("date")
        )
        level = curve["fx_rate"].cast(pl.Float64).fill_null(float("nan")).to_numpy()
        moved = np.concatenate([[np.nan], level[1:] / level[:-1] - 1.0])
        returns[:, column] = (1 + returns[:, column]) * (1 + moved) - 1
    return History(history.dates, history.instruments, returns)
