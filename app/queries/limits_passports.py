"""What is used of each limit, and how likely it is passed, as records."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from analytics.portfolio.houses import compared
from analytics.portfolio.limit_forecast import forecast
from analytics.portfolio.passport import Passport, passport
from app.desk import Desk
from app.queries import limits
from app.queries._passports import Subject
from app.queries._period import period


def use_record(row: Mapping[str, Any]) -> Passport:
    """Return a row of ``limits.measured`` as a record of its utilisation."""
    return passport(
        "utilisation", row["utilisation"], unit="fraction", n=int(row["value"] is not None), reason=row["reason"],
        limit_id=row["limit_id"], limit=row["name"], measure=row["measure"], measured=row["definition"], measured_value=row["value"],
        bound=row["limit"], currency=row["currency"], hard=row["hard"], on=row["date"],
    )  # fmt: skip


def chance_record(found: Mapping[str, Any]) -> Passport:
    """Return what ``limits.history`` forecasts as a record; its interval is of 90 %."""
    ahead = found["forecast"]
    pair = None if ahead["low"] is None or ahead["high"] is None else (ahead["low"], ahead["high"])
    return passport(
        "breach_probability", ahead["probability"], unit="fraction", n=ahead["n"], interval=pair,
        reason=ahead["reason"], limit_id=found["limit_id"], limit=found["name"], method=ahead["method"],
        sessions_ahead=ahead["horizon"], interval_level="90 %",
    )  # fmt: skip


def records(desk: Desk) -> list[Passport]:
    """Return the utilisation of every limit in view, nearest to a breach first, and the chosen one's forecast."""
    rows = limits.measured(desk)
    near = [row for row in rows if row["state"] in {limits.WARN, limits.OK}]
    nearest = max(near, key=lambda row: row["utilisation"], default=None)
    ordered = [*([nearest] if nearest else []), *(row for row in rows if row is not nearest)]
    found = [use_record(row) for row in ordered]
    name = desk.scope.extra.get("limit_id") or (rows[0]["limit_id"] if rows else None)
    return [*found, chance_record(limits.history(desk, name))] if name else found


def readings(desk: Desk, record: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the probability of a breach by the other method; empty for other records."""
    if record["name"] != "breach_probability" or record["value"] is None:
        return []
    told = record["convention"]
    used = [row["utilisation"] for row in limits.history(desk, told["limit_id"])["rows"]]
    standing = told["method"] == "first_passage"
    other = forecast(used, horizon=told["sessions_ahead"], standing=not standing)["probability"]
    words = ("first passage of a random walk with drift", "share of past sessions above the limit")
    made = dict(zip(words if standing else words[::-1], (record["value"], other), strict=True))
    return [asdict(one) for one in compared(made)]


PASSPORTS = Subject(
    records=records,
    datasets=limits.READS,
    readings=readings,
    period=lambda desk: period(desk).as_dict(),
)
