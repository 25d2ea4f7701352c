"""The book before and after a plan as records."""

from typing import Any

from analytics.portfolio.passport import Passport, passport
from app.desk import Desk
from app.queries._passports import Subject
from app.queries._period import period
from app.queries.what_if import PARTICIPATION, READS, targets_of, what_if


def plan_records(found: dict[str, Any]) -> list[Passport]:
    """Return ``what_if``'s measures, after the plan and before it, and what its trades would cost, as records."""
    about = {"currency": found["currency"], "base": found["base_name"], "date": found["date"]}
    n = len(found["rows"])
    made = [
        passport(row["name"], row[when], unit=row["unit"], n=n, reason=row["reason"], book=when, **about)
        for row in found["measures"]
        for when in ("after", "before")
    ]
    trading = found["trading"] or {}
    why = found["reason"] or "The volume or volatility of a trade is not known."
    trades = int(trading.get("trades", 0))
    law: dict[str, Any] = {
        "law": "half spread + volatility x sqrt(quantity / ADV)",
        "participation": PARTICIPATION,
    }
    return [
        *made,
        passport("turnover", trading.get("turnover"), unit="fraction", n=trades, reason=why, **about),
        passport("cost", trading.get("cost"), unit="currency", n=trades, reason=why, **about, **law),
    ]


def _records(desk: Desk) -> list[Passport]:
    return plan_records(what_if(desk, targets_of(desk.scope.extra.get("targets", ""))))


PASSPORTS = Subject(
    records=_records,
    datasets=READS,
    period=lambda desk: period(desk).as_dict(),
    defines={"volatility": "annualised_volatility", "beta": "holdings_beta", "cost": "expected_cost_bp"},
)
