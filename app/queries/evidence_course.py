"""What an alert's rule is about, over time: a position under its bound, gains by day, returns of allocations."""

from datetime import timedelta
from typing import Any

import polars as pl

from analytics.compliance._features import daily_closes
from analytics.conventions import signed_quantity, trade_day
from analytics.datasets import (
    ACCOUNTS,
    ALLOCATIONS,
    DAILY_NAV,
    DAILY_POSITIONS,
    EXECUTIONS,
    FX_RATES,
    INSTRUMENTS,
    PRICES,
)
from app.desk import Desk
from app.queries._money import currency, no_rate
from app.queries._pnl_explain import traded_by
from app.queries.compliance import alert
from app.scope import Scope
from app.storage.cache import cached

SESSIONS = 120  # days of gains that are shown before the one of the alert
MOST = 2_000  # points of a chart
ROOM = timedelta(hours=6)
NO_FILLS = "No fill of these accounts in it is on record."
NO_PAST = "Nothing these accounts traded has a close to be judged by."
NO_ALLOCATIONS = "None of these allocations has a fill and a close to be judged by."
_COURSES = {"concentration": "position", "unusual_pnl": "gains", "cherry_picking": "picked"}


def course_of(detector: str) -> str | None:
    """Return which course tells an alert of this rule: ``position``, ``gains``, ``picked``; None for others."""
    return _COURSES.get(detector)


@cached(ACCOUNTS, EXECUTIONS, INSTRUMENTS, records=("alerts",))
def position(desk: Desk, alert_id: str) -> dict[str, Any]:
    """Return what an alert's accounts held of its instrument around its window, against the bound it names.

    Counted are their fills from the first on record on; where the rule counts a day's trading instead of a
    position, the running volume of the day. Derivatives and transfers are not in it: ``peak`` is what the rule
    itself found.

    Returns:
        ``rows``: time, ``held`` (units, negative: short) after each fill, oldest first, at most MOST; ``bound``
        and ``peak`` (units, null where the alert names none), ``counted`` (``position`` or ``volume``),
        ``instrument_id``, ``window``, ``reason`` why there is no row.

    Raises:
        Forbidden: If the role does not read surveillance.
        NotFound: If there is no such alert here, or it is about the one who asks.
    """
    found = alert(desk, alert_id)
    metric: dict[str, Any] = next((one for one in found["metrics"] if one["name"] == "peak"), {})
    accounts = [actor["id"] for actor in found["actors"] if actor["kind"] == "account"]
    instrument = next(iter(found["instrument_ids"]), None)
    volume = any("traded up to" in str(said) for said in found["story"])
    answer: dict[str, Any] = {
        "rows": [],
        "bound": metric.get("threshold"),
        "peak": metric.get("value"),
        "counted": "volume" if volume else "position",
        "instrument_id": instrument,
        "window": found["window"],
        "reason": NO_FILLS,
    }
    start, end = found["window"]["start"], found["window"]["end"]
    if instrument is None or start is None or end is None:
        return answer
    rows = desk.executions(dated=False, scoped=False).filter(
        pl.col("instrument_id") == instrument,
        pl.col("account_id").is_in(accounts) if accounts else pl.lit(value=True),
        pl.col("transact_time") <= end + ROOM,
    )
    ordered = rows.sort("transact_time_ns", "exec_id")
    moved = pl.col("last_qty").abs() if volume else signed_quantity()
    summed = moved.cum_sum().over(pl.col("transact_time").dt.date()) if volume else moved.cum_sum()
    every = desk.collect(ordered.select(time="transact_time", held=summed.cast(pl.Float64)))
    first = every.filter(pl.col("time") < start - ROOM).tail(1)
    first = first.with_columns(time=pl.lit(start - ROOM, first.schema["time"]))
    shown = pl.concat([first, every.filter(pl.col("time") >= start - ROOM)]).tail(MOST)
    return answer | {"rows": shown.to_dicts(), "reason": None if shown.height else NO_FILLS}


@cached(ACCOUNTS, DAILY_NAV, DAILY_POSITIONS, EXECUTIONS, FX_RATES, INSTRUMENTS, records=("alerts",))
def gains(desk: Desk, alert_id: str) -> dict[str, Any]:
    """Return what an alert's accounts gained by their trades, day by day up to the alert's, in the answer's money.

    A trade gains what it is worth at the close of its day less what was paid, before costs, as in the P&L of
    trades. ``low`` and ``high`` are the 5th and the 95th percentile of the days before the window, null with
    fewer than twenty.

    Returns:
        ``rows``: date, ``gain`` (null where a close is missing), ``marked`` (a day of the window), oldest first;
        ``low``, ``high``, ``days`` (before the window), ``currency``, ``reason`` why there is no row.

    Raises:
        Forbidden: If the role does not read surveillance.
        NotFound: If there is no such alert here, or it is about the one who asks.
    """
    found = alert(desk, alert_id)
    accounts = tuple(sorted(actor["id"] for actor in found["actors"] if actor["kind"] == "account"))
    answer: dict[str, Any] = {
        "rows": [], "low": None, "high": None, "days": 0, "currency": currency(desk), "reason": NO_PAST,
    }  # fmt: skip
    start, end = found["window"]["start"], found["window"]["end"]
    if not accounts or start is None or end is None:
        return answer
    few = 20
    scope = Scope(
        start=start.date() - timedelta(days=SESSIONS * 3 // 2),
        end=end.date(),
        account=accounts,
        currency=desk.scope.currency,
        as_of=desk.scope.as_of,
    )
    whole = desk.with_scope(**{name: getattr(scope, name) for name in vars(scope)})
    each = traded_by(whole, "account_id")
    known = (pl.col("incomplete") == 0) & (pl.col("unknown") == 0) & pl.col("new_trades").is_not_null()
    rows = (
        each.group_by("date")
        .agg(gain=pl.when(known.all()).then(pl.col("new_trades").sum().cast(pl.Float64)))
        .sort("date")
        .with_columns(marked=pl.col("date").is_between(start.date(), end.date()))
        .tail(SESSIONS + 1)
    )
    before = rows.filter(~pl.col("marked"))["gain"].drop_nulls()
    enough = before.len() >= few
    return answer | {
        "rows": rows.to_dicts(),
        "low": before.quantile(0.05, "linear") if enough else None,
        "high": before.quantile(0.95, "linear") if enough else None,
        "days": before.len(),
        "reason": None if rows.height else (no_rate(desk, each) or NO_PAST),
    }


@cached(ACCOUNTS, ALLOCATIONS, EXECUTIONS, INSTRUMENTS, PRICES, records=("alerts",))
def picked(desk: Desk, alert_id: str) -> dict[str, Any]:
    """Return what each allocation of an alert's people made to the close of its day, theirs and everybody else's.

    Only the last version of an allocation that was decided after the block was done counts, on days on which
    the favoured accounts got something.

    Returns:
        ``rows``: time (of the decision), account_id, instrument_id, order_id, ``favoured``, ``bp`` (basis points,
        positive: it gained), ``after`` (seconds from the last fill), oldest first, at most MOST; ``own`` and ``rest``
        (means of all in basis points, null for none), ``n_own``, ``n_rest``, ``reason`` why there is no row.

    Raises:
        Forbidden: If the role does not read surveillance.
        NotFound: If there is no such alert here, or it is about the one who asks.
    """
    found = alert(desk, alert_id)
    accounts = [actor["id"] for actor in found["actors"] if actor["kind"] == "account"]
    people = [actor["id"] for actor in found["actors"] if actor["kind"] in {"person", "trader"}]
    start, end = found["window"]["start"], found["window"]["end"]
    answer: dict[str, Any] = {
        "rows": [], "own": None, "rest": None, "n_own": 0, "n_rest": 0, "reason": NO_ALLOCATIONS,
    }  # fmt: skip
    if start is None or end is None:
        return answer
    day = timedelta(days=1)
    made = desk.rows(ALLOCATIONS, dated=False, scoped=False).filter(
        pl.col("alloc_time").is_between(start - day, end + day),
        pl.col("allocated_by").is_in(people) if people else pl.lit(value=True),
    )
    latest = desk.collect(
        made.sort("allocation_id", "version").unique("allocation_id", keep="last", maintain_order=True)
    )
    blocks = latest["order_id"].unique().implode()
    done = desk.collect(
        desk.executions(dated=False, scoped=False)
        .filter(pl.col("order_id").is_in(blocks))
        .group_by("order_id")
        .agg(done=pl.col("transact_time").max(), day=trade_day().max())
    )
    prices = desk.rows(PRICES, dated=False, scoped=False).filter(
        pl.col("date").is_between((start - day).date(), (end + day).date())
    )
    closes = desk.collect(daily_closes({"prices": prices}).select("instrument_id", "close", day="date"))
    sign = pl.when(pl.col("side").is_in(["buy", "buy_cover"])).then(1.0).otherwise(-1.0)
    rows = (
        latest.join(done, on="order_id")
        .join(closes, on=["instrument_id", "day"])
        .with_columns(
            favoured=pl.col("account_id").is_in(accounts),
            after=(pl.col("alloc_time") - pl.col("done")).dt.total_microseconds() / 1e6,
            bp=sign * (pl.col("close") / pl.col("price").cast(pl.Float64) - 1) * 1e4,
        )
        .filter(pl.col("after") > 0)
        .filter(pl.col("favoured").any().over("day"))
        .sort("alloc_time", "allocation_id")
    )
    own, rest = rows.filter("favoured"), rows.filter(~pl.col("favoured"))
    shown = rows.select(
        "account_id", "instrument_id", "order_id", "favoured", "bp", "after", time="alloc_time"
    ).head(MOST)
    return answer | {
        "rows": shown.to_dicts(),
        "own": own["bp"].mean(),
        "rest": rest["bp"].mean(),
        "n_own": own.height,
        "n_rest": rest.height,
        "reason": None if rows.height else NO_ALLOCATIONS,
    }
