"""Forecasts that a job has made: a GARCH is not fitted while somebody waits for a page."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from app.desk import Desk
from app.queries._money import currency
from app.storage.records.risk import RiskForecast

METHOD = "filtered_historical"
RECORDS = ("risk_forecasts",)
WHEN = "The worker fits it every night and within half an hour of new data."
_OTHER = "Filtered historical simulation is fitted for the organisation, each desk and each account only."


@dataclass(frozen=True)
class Stored:
    """What the job said of one book.

    ``evenings`` and ``table`` as app/jobs/risk_models.py writes them; ``versions`` of the tables it read.
    """

    day: date | None
    evenings: list[dict[str, Any]]
    table: list[dict[str, Any]]
    versions: dict[str, str]
    computed_at: datetime


def book_of(desk: Desk) -> tuple[str, str] | None:
    """Return the kind and id of the one book in view; None where it is another cut of the data."""
    scope = desk.scope
    narrowed = scope.instrument or scope.trader or scope.as_of
    if narrowed or currency(desk) != desk.identity.currency or len(scope.account) + len(scope.desk) > 1:
        return None
    if scope.account:
        return "account", scope.account[0]
    if scope.desk:
        return "desk", scope.desk[0]
    own = desk.identity.desks
    if own is None:
        return "organisation", ""
    return ("desk", own[0]) if len(own) == 1 else None


def stored(desk: Desk, *, day: date | None) -> tuple[Stored | None, str | None]:
    """Return the forecasts of the book in view at a day, or None and why there are none.

    What others may not see is not answered: a desk outside the entitlement has no accounts in view, and a
    narrower entitlement than the book is another book.
    """
    book = book_of(desk)
    if book is None:
        return None, _OTHER
    if not _entitled(desk, *book):
        return None, "This book is not open to you."
    with desk.session() as session:
        row = session.scalar(
            select(RiskForecast).where(
                RiskForecast.book_kind == book[0],
                RiskForecast.book_id == book[1],
                RiskForecast.method == METHOD,
            )
        )
    if row is None:
        return None, f"It has not been fitted yet. {WHEN}"
    if row.day != day:
        return None, f"It was fitted for {row.day or 'no session'}, not for {day}. {WHEN}"
    found = row.document
    return Stored(
        row.day, list(found["evenings"]), list(found["table"]), dict(row.data_versions), row.computed_at
    ), found.get("reason")


def _entitled(desk: Desk, kind: str, name: str) -> bool:
    if desk.identity.desks is None:
        return True
    if kind == "desk":
        return name in desk.identity.desks
    return kind == "account" and name in (desk.entitled_accounts or ())
