"""What scenarios would make of the book, as records."""

from typing import Any

from analytics.portfolio.passport import Passport, passport
from app.queries._passports import Subject
from app.queries._period import period
from app.queries.stress import READS, catalogue


def scenario_records(found: dict[str, Any]) -> list[Passport]:
    """Return the P&L of each scenario of ``stress.catalogue`` as a record."""
    return [
        passport(
            "episode_pnl" if one["kind"] == "episode" else "stress_pnl", one["pnl"], unit="currency",
            n=len(found["names"]), reason=one["reason"], scenario=one["id"], title=one["name"],
            covered=one["covered"], by_beta=one["proxied"], currency=found["currency"], sign="negative = loss",
            holdings="as at the last session, unchanged",
        )
        for one in found["scenarios"]
    ]  # fmt: skip


PASSPORTS = Subject(
    records=lambda desk: scenario_records(catalogue(desk)),
    datasets=READS,
    period=lambda desk: period(desk).as_dict(),
)
