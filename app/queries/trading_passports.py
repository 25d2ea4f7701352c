"""The overview's trading figures as records."""

from typing import Any

from analytics.datasets import DAILY_NAV, DAILY_POSITIONS, EXECUTIONS, FX_RATES, ORDER_EVENTS
from analytics.portfolio.passport import Passport, passport
from app.desk import Desk
from app.queries._passports import Subject
from app.queries._period import within
from app.queries.trading import kpis


def records(desk: Desk) -> list[Passport]:
    """Return slippage, fill rate and what the period's executions paid, as ``trading.kpis`` has them."""
    values, reasons = kpis(desk)
    executions, orders = int(values["executions"] or 0), int(values["orders"] or 0)
    about: dict[str, Any] = {
        "benchmark": "the arrival price reported with the execution",
        "weight": "notional",
    }
    return [
        passport("slippage_bp", values["slippage_bp"], unit="basis points", n=executions, reason=reasons.get("slippage_bp"),
                 sign="positive = cost", **about),
        passport("fill_rate", values["fill_rate"], unit="fraction", n=orders, reason=reasons.get("fill_rate"),
                 ratio="quantity filled to quantity ordered", orders="working ones"),
    ]  # fmt: skip


PASSPORTS = Subject(
    records=records,
    datasets=(EXECUTIONS, ORDER_EVENTS, FX_RATES, DAILY_POSITIONS, DAILY_NAV),
    period=lambda desk: within(desk)[1].as_dict(),
)
