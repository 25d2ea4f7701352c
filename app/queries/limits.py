"""Limits: what each bounds, how much of it is used, and what has become of it. The one place that measures.

``measured(desk)`` measures every limit the identity may see at the last session of the scope;
``measured(desk, holdings=...)`` measures the same limits for a book that does not exist yet: pass what would
be held, in the shape of ``portfolio.positions`` (account_id, instrument_id, sector, currency, market_value in
the answer's currency), for what the scope covers. What the scope does not cover stays as it is. Figures of
what happened on a day (loss, orders, participation) cannot change with holdings and are told as measured.

A limit is breached above its value; a value at the limit is not a breach. A warning begins at ``warn_at``,
that value included. Validity is by day, both ends included. A close stands until the next one: the last
close counts for a limit that came into force after it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import polars as pl
from sqlalchemy import select

from analytics.datasets import ACCOUNTS, PEOPLE
from analytics.portfolio.limit_forecast import forecast
from analytics.portfolio.limit_measures import COURSE, MEASURES, course
from app.desk import Desk
from app.errors import NotFound
from app.queries import _book
from app.queries._limit_facts import READS, facts
from app.queries._limit_records import (
    OVERSEERS,
    breach,
    breaches,
    money_of,
    own_accounts,
    seen,
    today_of,
    told,
)
from app.queries._money import converted, currency
from app.queries._period import calendar, period
from app.scope import Scope
from app.storage.cache import cached
from app.storage.records.limits import LimitUse
from app.storage.records.lists import Limit

__all__ = [
    "OVERSEERS", "READS", "applies", "breach", "breached", "breaches", "courses", "history", "measured", "measures", "money_of", "own_accounts", "seen", "sessions", "state_of", "summary", "told",
]  # fmt: skip
SESSIONS = 250  # sessions of history that are measured and kept
HORIZON = 10  # sessions a forecast looks ahead
BREACH, WARN, OK, UNKNOWN, WAITING = "breach", "warn", "ok", "unknown", "not_in_force"
_ORDER = (BREACH, WARN, OK, UNKNOWN, WAITING)


# --- now -------------------------------------------------------------------------------------------
def measured(desk: Desk, *, holdings: pl.DataFrame | None = None) -> list[dict[str, Any]]:
    """Return every limit in force that the identity may see, measured; the most used first.

    Args:
        desk: Who asks; the scope's dates say as of when. Its other bounds do not narrow a limit's subject.
        holdings: A hypothetical book of what the scope covers; the one that is held when None.

    Returns:
        Rows of limit_id, name, measure, title, unit (money, fraction, ratio), currency (of money), subject_kind,
        subject_id, limit, warn_at, hard, valid_from, valid_to, ``value`` and ``utilisation`` (value / limit; null
        where not known), ``state`` (breach, warn, ok, unknown, not_in_force), ``driver`` (what is behind a largest
        value), ``reason`` (why the value is null), ``date``, ``standing``.
    """
    if holdings is None:
        return _measured(desk, today=today_of(desk))
    day = period(desk).last
    return _states(desk, seen(desk), () if day is None else (day,), today_of(desk), holdings=holdings)


@cached(*READS, PEOPLE, records=("limits",))
def _measured(desk: Desk, *, today: date) -> list[dict[str, Any]]:
    day = period(desk).last
    return _states(desk, seen(desk), () if day is None else (day,), today)


def _states(
    desk: Desk,
    limits: Sequence[Limit],
    days: tuple[date, ...],
    today: date,
    *,
    holdings: pl.DataFrame | None = None,
) -> list[dict[str, Any]]:
    found = courses(desk, limits, days=days, holdings=holdings)
    rows = []
    for limit in limits:
        last = found[limit.id].tail(1).to_dicts() if days else []
        now = last[0] if last else {"value": None, "driver": None, "reason": _book.NOTHING_HELD, "date": None}
        rows.append(
            told(limit, desk.identity.currency) | _used(limit, now, days[-1] if days else None, today)
        )
    return sorted(
        rows, key=lambda row: (_ORDER.index(row["state"]), -(row["utilisation"] or 0.0), row["name"])
    )


def _used(limit: Limit, now: Mapping[str, Any], day: date | None, today: date) -> dict[str, Any]:
    value = now["value"]
    in_force = bool(day) and applies(limit, day or today, until=today)
    state = WAITING if not in_force and not limit.holds(today) else state_of(limit, value)
    return {
        "value": value,
        "utilisation": None if value is None else value / float(limit.value),
        "state": state,
        "driver": now["driver"],
        "reason": now["reason"],
        "date": day,
    }


def state_of(limit: Limit, value: float | None) -> str:
    """Return breach above the limit, warn from ``warn_at`` on, else ok; unknown without a value."""
    if value is None:
        return UNKNOWN
    if value > float(limit.value):
        return BREACH
    return WARN if limit.warn_at is not None and value >= float(limit.warn_at) else OK


def applies(limit: Limit, session: date, *, until: date) -> bool:
    """Return whether a limit bounds what a session closed with.

    Args:
        limit: Which.
        session: The session.
        until: Last day on which its close stands: the day before the next session, or today.
    """
    if not (kind := MEASURES.get(limit.measure)) or not kind.standing:
        return limit.holds(session)
    until = max(session, until)
    begun = limit.valid_from is None or limit.valid_from <= until
    return begun and (limit.valid_to is None or session <= limit.valid_to)


def measures() -> list[dict[str, Any]]:
    """Return what a limit can bound: measure, title, unit, definition, and of which subjects it is known."""
    return [
        {
            "measure": name,
            "title": kind.title,
            "unit": kind.unit,
            "definition": kind.definition,
            "subjects": list(kind.subjects),
        }
        for name, kind in MEASURES.items()
    ]


def summary(desk: Desk) -> dict[str, Any]:
    """Return how many limits are in force, breached and warned of, the nearest to a breach, and what is open.

    ``limits``, ``breached``, ``warned`` (counts), ``nearest`` (name and utilisation of the most used one that
    is not breached, or None), ``unacknowledged`` and ``unconfirmed`` (breaches nobody, or one person, settled).
    """
    rows = measured(desk)
    passed = breaches(desk)
    near = [row for row in rows if row["state"] in {WARN, OK}]
    nearest = max(near, key=lambda row: row["utilisation"], default=None)
    return {
        "limits": len(rows),
        "breached": sum(row["state"] == BREACH for row in rows),
        "warned": sum(row["state"] == WARN for row in rows),
        "nearest": nearest and {name: nearest[name] for name in ("limit_id", "name", "utilisation")},
        "unacknowledged": sum(row["settled"] == "new" for row in passed),
        "unconfirmed": sum(row["settled"] == "acknowledged" for row in passed),
    }


@cached(*READS, PEOPLE, records=("limits",))
def _breached(desk: Desk, *, today: date) -> tuple[int | None, str | None]:
    rows = _measured(desk, today=today)
    if not rows:
        return None, "no limit has been set"
    if rows[0]["date"] is None:
        return None, "no position is known to measure limits against"
    known = [row for row in rows if row["state"] in {BREACH, WARN, OK}]
    if not known:
        return None, "none of the limits has a measure that can be computed"
    return sum(row["state"] == BREACH for row in known), None


def breached(desk: Desk) -> tuple[int | None, str | None]:
    """Return how many limits are breached at the last session, or null and why."""
    return _breached(
        replace(desk, scope=Scope(end=desk.scope.end, as_of=desk.scope.as_of)), today=today_of(desk)
    )


# --- over time -------------------------------------------------------------------------------------
def courses(
    desk: Desk, limits: Iterable[Limit], *, days: tuple[date, ...], holdings: pl.DataFrame | None = None
) -> dict[str, pl.DataFrame]:
    """Return each limit's measure day by day: limit id to ``date, value, driver, reason``.

    All limits of one currency are measured in one pass over the facts. Money is in the limit's own unit.
    """
    chosen = list(limits)
    members = _members(desk)
    found: dict[str, pl.DataFrame] = {}
    for money in sorted({money_of(limit, desk.identity.currency) for limit in chosen}):
        here = [limit for limit in chosen if money_of(limit, desk.identity.currency) == money]
        book = None if holdings is None else _whole_book(desk, holdings, money)
        known = facts(desk, {limit.measure for limit in here}, money=money, days=days, holdings=book)
        for limit in here:
            kind = MEASURES.get(limit.measure)
            if kind is None or limit.subject_kind not in kind.subjects:
                what = kind.title if kind else limit.measure
                why = f"{what} is not measured for {_an(limit.subject_kind)}."
                found[limit.id] = _unknown(days, why)
            else:
                found[limit.id] = course(known, limit.measure, **_subject(limit, members))
    return found


def sessions(desk: Desk, *, count: int = SESSIONS) -> tuple[date, ...]:
    """Return the last sessions of the organisation, oldest first."""
    return tuple(calendar(desk)[-count:])


def history(desk: Desk, limit_id: str) -> dict[str, Any]:
    """Return one limit's utilisation session by session, its forecast and its breaches.

    Returns:
        The fields of ``measured``, ``rows`` (date, value, utilisation, driver, reason), ``forecast`` (see
        ``analytics.portfolio.limit_forecast.forecast``) and ``breaches`` (see ``breaches``).

    Raises:
        NotFound: If there is no such limit, or none this identity may see.
    """
    return _history(desk, limit_id, today=today_of(desk))


@cached(*READS, PEOPLE, records=("limits", "limit_uses", "limit_breaches"))
def _history(desk: Desk, limit_id: str, *, today: date) -> dict[str, Any]:
    limit = next((one for one in seen(desk, retired=True) if one.id == limit_id), None)
    if limit is None:
        raise NotFound("There is no such limit.")
    days = sessions(desk)
    rows = _kept(desk, limit, days) or _live(desk, limit, days)
    kind = MEASURES.get(limit.measure)
    ahead = forecast(
        [row["utilisation"] for row in rows], horizon=HORIZON, standing=kind.standing if kind else True
    )
    now = rows[-1] if rows else {"value": None, "driver": None, "reason": _book.NOTHING_HELD}
    told_now = told(limit, desk.identity.currency) | _used(limit, now, days[-1] if days else None, today)
    own = [row for row in breaches(desk, restated=True) if row["limit_id"] == limit_id]
    return told_now | {"rows": rows, "forecast": ahead, "breaches": own, "horizon": HORIZON}


def _kept(desk: Desk, limit: Limit, days: tuple[date, ...]) -> list[dict[str, Any]]:
    """Return the stored course; nothing when a session of the window is missing or another time is asked about."""
    if desk.scope.as_of is not None or not days:
        return []
    query = select(LimitUse).where(
        LimitUse.limit_id == limit.id, LimitUse.day >= days[0], LimitUse.day <= days[-1]
    )
    with desk.session() as session:
        rows = list(session.scalars(query.order_by(LimitUse.day)))
    if not rows or rows[-1].day != days[-1]:
        return []
    return [_point(row.day, row.value, limit, row.driver, row.reason) for row in rows]


def _live(desk: Desk, limit: Limit, days: tuple[date, ...]) -> list[dict[str, Any]]:
    rows = courses(desk, [limit], days=days)[limit.id]
    return [
        _point(row["date"], row["value"], limit, row["driver"], row["reason"])
        for row in rows.iter_rows(named=True)
    ]


def _point(
    day: date, value: float | None, limit: Limit, driver: str | None, reason: str | None
) -> dict[str, Any]:
    used = None if value is None else value / float(limit.value)
    return {"date": day, "value": value, "utilisation": used, "driver": driver, "reason": reason}


# --- subjects --------------------------------------------------------------------------------------
def _members(desk: Desk) -> dict[str, list[str]]:
    rows = desk.collect(
        desk.rows(ACCOUNTS, scoped=False)
        .unique("account_id", keep="last")
        .group_by("desk")
        .agg(pl.col("account_id").sort())
    )
    return {name: accounts for name, accounts in rows.iter_rows() if name is not None}


def _subject(limit: Limit, members: Mapping[str, list[str]]) -> dict[str, Any]:
    name = limit.subject_id or ""
    if limit.subject_kind == "desk":
        return {"accounts": members.get(name, [])}
    if limit.subject_kind == "account":
        return {"accounts": [name]}
    return {limit.subject_kind: name} if limit.subject_kind in {"trader", "instrument"} else {}


def _whole_book(desk: Desk, holdings: pl.DataFrame, money: str) -> pl.DataFrame:
    """Return the hypothetical book with what the scope does not cover, in ``money``."""
    columns = ("account_id", "instrument_id", "sector", "currency", "market_value")
    wide = replace(
        desk, scope=Scope(end=desk.scope.end, as_of=desk.scope.as_of, currency=desk.scope.currency)
    )
    held = _book.holdings(wide)
    covered = _book.holdings(desk).select("account_id", "instrument_id")
    stays = held.join(covered, on=["account_id", "instrument_id"], how="anti")
    value = pl.col("market_value").cast(pl.Decimal(38, 12))
    book = pl.concat(
        [frame.select(columns).with_columns(value) for frame in (stays, holdings)], how="vertical_relaxed"
    )
    if money == currency(desk):
        return book
    day = period(desk).last
    other = book.with_columns(traded="currency", currency=pl.lit(currency(desk)), date=pl.lit(day, pl.Date))
    turned = converted(wide.with_scope(currency=money), other, "market_value")
    return turned.with_columns(currency="traded").select(columns)


def _unknown(days: tuple[date, ...], why: str) -> pl.DataFrame:
    rows = {
        "date": list(days),
        "value": [None] * len(days),
        "driver": [None] * len(days),
        "reason": [why] * len(days),
    }
    return pl.DataFrame(rows, schema=COURSE)


def _an(kind: str) -> str:
    return f"an {kind}" if kind[:1] in "aio" else f"a {kind}"
