"""P&L through one day: what was held and traded, at the market's prices as they came."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import polars as pl

from analytics.conventions import ONE, ZERO, strict_sum
from analytics.datasets import (
    ACCOUNTS,
    BARS,
    CASH_FLOWS,
    DAILY_NAV,
    DAILY_POSITIONS,
    DECIMAL,
    EXECUTIONS,
    FX_RATES,
    INSTRUMENTS,
    QUOTES,
)
from app.desk import Desk
from app.errors import FieldError, Invalid
from app.queries._book import BY_TRADER, NOTHING_HELD, accounts, instruments
from app.queries._money import converted, currency, no_rate, number
from app.queries._period import Period, all_sessions, within
from app.queries._traded import before, trades
from app.storage.cache import cached

STEPS = 78  # points of the course; five minutes apart over six and a half hours
NO_MARKS = (
    "No quote or bar of this day is known, so the course shows trades only and closes at the day's figure."
)
_KEY = ["account_id", "instrument_id"]
_READS = (
    DAILY_POSITIONS, DAILY_NAV, EXECUTIONS, QUOTES, BARS, CASH_FLOWS, ACCOUNTS, INSTRUMENTS, FX_RATES,
)  # fmt: skip


def intraday(desk: Desk, *, session: str | None = None) -> dict[str, Any]:
    """Return cumulative P&L through one session, by desk and in all.

    At each point a position is worth what was held then at the mid of the last quote (else the last bar's
    close) before it, in the account's currency at the day's rate. Costs count with their trade. Before an
    instrument's first price of the day it stands at yesterday's close, or at our own last trade in it.

    Args:
        desk: Whose; the last session of its scope unless ``session`` names one.
        session: ISO day of a session.

    Returns:
        ``date``; ``rows``: ``time`` (instant), ``pnl``, ``desks`` (one amount per desk in ``desks``), money in
        the answer's currency; ``start`` (income, and what currency did to what was held, counted at the
        open); ``last`` (at the last point), ``close`` (the day's P&L as everywhere else), ``step`` = close -
        last: from the last mid to the official close; ``by_desk``: desk, last, close, step; ``marks`` (quotes
        and bars used), ``executions``, ``currency``, ``reasons``.

    Raises:
        Invalid: If ``session`` is no day of the organisation's calendar.
    """
    days = all_sessions(desk)
    wanted = _wanted(desk, session, days)
    answer: dict[str, Any] = {
        "date": wanted, "rows": [], "desks": [], "start": None, "last": None, "close": None, "step": None,
        "by_desk": [], "marks": 0, "executions": 0, "currency": currency(desk), "reasons": {},
    }  # fmt: skip
    if desk.scope.trader:
        return answer | {"reasons": {"rows": BY_TRADER}}
    if wanted is None:
        return answer | {"reasons": {"rows": NOTHING_HELD}}
    return answer | _course(desk.with_scope(start=wanted, end=wanted))


def _wanted(desk: Desk, session: str | None, days: list[date]) -> date | None:
    if session is None:
        return within(desk)[1].last
    try:
        asked = date.fromisoformat(session)
    except ValueError:
        asked = None
    if asked not in days:
        error = FieldError("session", "must be a session with data, like 2026-11-20", session[:80])
        raise Invalid("There is no such session.", errors=[error])
    return asked


@cached(*_READS, shared=True)
def _course(desk: Desk) -> dict[str, Any]:
    day = desk.scope.start
    if day is None:
        return {}
    held = _held(desk, Period(day, day, 1, day))
    if held.is_empty():
        return {"reasons": {"rows": "Nothing was held or traded on this day."}}
    fills = desk.collect(trades(desk, Period(day, day, 1, day), held.lazy()))
    held = _started(held, fills)
    marks = _marks(desk, day, held)
    grid = _times(day, marks, fills)
    points = _worth(grid, held, fills, marks)
    by_desk = _in_one_currency(desk, points, held, day)
    lacking = no_rate(desk, by_desk)
    if lacking:
        return {"reasons": {"rows": lacking}}
    return _told(by_desk, marks=marks.height, executions=fills.height)


def _held(desk: Desk, days: Period) -> pl.DataFrame:
    """Return the day's positions with what they were worth at the close before, per account and instrument."""
    opening = before(desk, days)
    rows = (
        desk.with_scope(start=opening or days.start, end=days.end).rows(DAILY_POSITIONS).sort(*_KEY, "date")
    )
    first = pl.int_range(pl.len()).over(_KEY) == 0
    shifted = {
        f"before_{name}": pl.when(first).then(ZERO).otherwise(pl.col(name).shift(1).over(_KEY))
        for name in ("quantity", "market_value", "market_value_base")
    }
    rows = rows.with_columns(**shifted).filter(pl.col("date") == pl.lit(days.start))
    about = accounts(desk).select("account_id", "desk", "base_currency")
    rows = rows.join(about, on="account_id", how="left")
    described = instruments(desk).select("instrument_id", "multiplier")
    rows = rows.join(described, on="instrument_id", how="left")
    return desk.collect(
        rows.with_columns(
            pl.col("multiplier").fill_null(ONE),
            pl.col("desk").fill_null("No desk"),
            base=pl.coalesce("base_currency", "currency"),
        )
    )


def _started(held: pl.DataFrame, fills: pl.DataFrame) -> pl.DataFrame:
    # What was held at the open, splits of the morning included: the close less what was traded.
    bought = fills.group_by(_KEY).agg(bought=pl.col("quantity").sum(), accrued=pl.col("accrued").sum())
    rows = held.join(bought, on=_KEY, how="left", maintain_order="left")
    rows = rows.with_columns(pl.col("bought", "accrued").fill_null(ZERO))
    start = pl.col("quantity") - pl.col("bought")
    rows = rows.with_columns(start=start)
    unit = pl.col("start") * pl.col("multiplier")
    price = pl.when(unit != 0).then(pl.col("before_market_value") / unit)
    return rows.with_columns(price_before=price)


def _marks(desk: Desk, day: date, held: pl.DataFrame) -> pl.DataFrame:
    """Return instrument_id, at, mid, in order of time: quotes, and bars where an instrument has no quote."""
    names = held["instrument_id"].unique()
    start = datetime.combine(day, time(), UTC)
    end = start + timedelta(days=1)
    market = desk.with_scope(
        start=day, end=day, instrument=tuple(names.to_list()) if names.len() <= 200 else ()
    )
    quotes = market.rows(QUOTES).filter((pl.col("bid_px") > 0) & (pl.col("ask_px") >= pl.col("bid_px")))
    quoted = desk.collect(
        quotes.select(
            "instrument_id", at="transact_time", mid=((pl.col("bid_px") + pl.col("ask_px")) / 2).cast(DECIMAL)
        )
    )
    length = pl.col("freq").replace_strict(
        {"1m": 60, "5m": 300, "15m": 900, "30m": 1800, "1h": 3600}, default=60, return_dtype=pl.Int64
    )
    bars = market.rows(BARS).select(
        "instrument_id",
        at=pl.col("bar_start") + pl.duration(seconds=length),
        mid=pl.col("close").cast(DECIMAL),
    )
    barred = desk.collect(bars).join(quoted.select("instrument_id").unique(), on="instrument_id", how="anti")
    found = pl.concat([quoted, barred]).filter(
        pl.col("instrument_id").is_in(names.implode()), pl.col("at").is_between(start, end)
    )
    return found.sort("at")


def _times(day: date, marks: pl.DataFrame, fills: pl.DataFrame) -> pl.DataFrame:
    """Return ``at``: evenly spaced instants from the first to the last thing that happened."""
    happened = pl.concat([marks["at"], _moments(fills)])
    midnight = datetime.combine(day, time(), UTC)
    first, last = happened.to_frame().select(first=pl.col("at").min(), last=pl.col("at").max()).row(0)
    begin: datetime = (first or midnight).replace(second=0, microsecond=0)
    span = ((last or midnight) - begin).total_seconds()
    step = next((size for size in (60, 300, 600, 900, 1800, 3600) if span / size <= STEPS + 2), 7200)
    instants = [begin + timedelta(seconds=step * place) for place in range(int(span // step) + 2)]
    return pl.DataFrame({"at": instants}, schema={"at": pl.Datetime("us", "UTC")})


def _moments(fills: pl.DataFrame) -> pl.Series:
    return (fills["transact_time_ns"] // 1000).cast(pl.Datetime("us")).dt.replace_time_zone("UTC").alias("at")


def _worth(grid: pl.DataFrame, held: pl.DataFrame, fills: pl.DataFrame, marks: pl.DataFrame) -> pl.DataFrame:
    """Return P&L since the last close at each instant, by desk and base currency: at, desk, currency, pnl."""
    by = ["desk", "instrument_id", "base"]
    # Accounts of one desk and currency hold the same instrument at the same mid: one line for all of them.
    positions = held.group_by(by).agg(
        start=pl.col("start").sum(),
        fx_rate=pl.col("fx_rate").first(),
        multiplier=pl.col("multiplier").first(),
        before_base=strict_sum(pl.col("before_market_value_base")),
        opening=strict_sum(pl.col("before_market_value")),
        price_before=pl.col("price_before").drop_nulls().first(),
        income=strict_sum(pl.col("income")),
        accrued=pl.col("accrued").sum(),
    )
    about = held.select(*_KEY, "desk", "base")
    moves = fills.join(about, on=_KEY, how="left").with_columns(at=_moments(fills)).sort("at")
    moves = moves.with_columns(
        bought=pl.col("quantity").cum_sum().over(by),
        paid=(pl.col("cash") - pl.col("costs") - pl.col("accrued")).cum_sum().over(by),
    ).select(*by, "at", "bought", "paid", own_px="price")
    lattice = positions.join(grid, how="cross").sort("at")
    lattice = lattice.join_asof(moves, on="at", by=by, check_sortedness=False)
    lattice = lattice.join_asof(marks, on="at", by="instrument_id", check_sortedness=False)
    price = pl.coalesce("mid", "price_before", "own_px")
    quantity = pl.col("start") + pl.col("bought").fill_null(ZERO)
    value = pl.when(quantity == 0).then(ZERO).otherwise(quantity * price * pl.col("multiplier"))
    # The first mid replaces yesterday's close; what nobody quotes stands at what it was worth.
    cash = pl.col("paid").fill_null(ZERO) + pl.col("income") + pl.col("accrued")
    pnl = (value + cash) * pl.col("fx_rate") - pl.col("before_base")
    return (
        lattice.with_columns(pnl=pnl)
        .group_by("at", "desk", currency="base")
        .agg(pnl=pl.col("pnl").sum(), lost=pl.col("pnl").null_count())
    )


def _in_one_currency(desk: Desk, points: pl.DataFrame, held: pl.DataFrame, day: date) -> pl.DataFrame:
    """Return at, desk, pnl, close (the day's figure of the desk), missing_rate in the answer's currency."""
    closing = held.group_by("desk", currency="base").agg(close=pl.col("pnl_base").sum())
    rows = points.join(closing, on=["desk", "currency"], how="left").with_columns(date=pl.lit(day))
    rows = converted(desk, rows, "pnl", "close")
    return (
        rows.group_by("at", "desk")
        .agg(
            strict_sum(pl.col("pnl")).alias("pnl"),
            strict_sum(pl.col("close")).alias("close"),
            missing_rate=pl.col("missing_rate").drop_nulls().first(),
        )
        .sort("at", "desk")
    )


def _told(rows: pl.DataFrame, *, marks: int, executions: int) -> dict[str, Any]:
    last = rows.filter(pl.col("at") == rows["at"].max())
    names = last.sort(pl.col("close").abs(), "desk", descending=[True, False])["desk"].to_list()
    course = rows.pivot("desk", index="at", values="pnl").sort("at")
    totals = course.select("at", *names).with_columns(pnl=pl.sum_horizontal(names))
    shown = [
        {"time": row["at"], "pnl": number(row["pnl"]), "desks": [number(row[name]) for name in names]}
        for row in totals.to_dicts()
    ]
    ends = {row["desk"]: row for row in last.to_dicts()}
    by_desk = [
        {
            "desk": name,
            "last": number(ends[name]["pnl"]),
            "close": number(ends[name]["close"]),
            "step": number(ends[name]["close"] - ends[name]["pnl"]),
        }
        for name in names
    ]
    whole = last.select("pnl", "close", step=pl.col("close") - pl.col("pnl")).sum().row(0, named=True)
    return {
        "rows": shown,
        "desks": names,
        "by_desk": by_desk,
        "start": shown[0]["pnl"],
        "last": number(whole["pnl"]),
        "close": number(whole["close"]),
        "step": number(whole["step"]),
        "marks": marks,
        "executions": executions,
        "reasons": {} if marks else {"marks": NO_MARKS},
    }
