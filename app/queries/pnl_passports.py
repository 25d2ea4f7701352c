"""P&L's figures as records, and how they read before costs and without income."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from analytics.datasets import CASH_FLOWS, CORPORATE_ACTIONS
from analytics.portfolio.houses import compared
from analytics.portfolio.passport import Passport, passport
from analytics.portfolio.pnl_explain import PARTS
from analytics.portfolio.pnl_parts import share_that_holds
from app.desk import Desk
from app.queries._cost_method import convention
from app.queries._money import currency
from app.queries._passports import Subject
from app.queries._period import within
from app.queries._pnl_explain import READS, explain
from app.queries.pnl import figures, pnl_series
from app.queries.pnl_identity import identity

FIGURES = ("net_pnl", "realised_pnl", "unrealised_change", "income", "costs")


def figure_records(desk: Desk) -> list[Passport]:
    """Return the period's P&L and what it is made of as records, the residual of its explanation among them."""
    values, reasons = figures(desk)
    n = pnl_series(desk)["rows"].height
    about = {
        "currency": currency(desk),
        "cost_method": convention(desk)["cost_method"],
        "dated_by": "trade date",
    }
    more: dict[str, dict[str, Any]] = {
        "net_pnl": {"costs": "after costs"}, "realised_pnl": {"costs": "before costs"},
        "costs": {"sign": "positive = cost"},
    }  # fmt: skip
    return [
        passport(name, values[name], unit="currency", n=n, reason=reasons.get(name), **about, **more.get(name, {}))
        for name in (*FIGURES, "residual")
    ]  # fmt: skip


def part_records(desk: Desk) -> list[Passport]:
    """Return the causes of the period's P&L as records: they sum to the net P&L."""
    found = explain(desk)
    total = found["total"] or {}
    n = pnl_series(desk)["rows"].height
    return [
        passport(
            f"pnl_{name}", total.get(name), unit="currency", n=n, reason=found["reasons"].get("total"),
            currency=found["currency"], sign="positive = gain", sums_to="net P&L, to the cent",
        )
        for name in PARTS
    ]  # fmt: skip


def identity_records(desk: Desk) -> list[Passport]:
    """Return on what share of position days both ways to count P&L agree, as a record."""
    proof = identity(desk)
    share = share_that_holds(holds=proof["holds"], checked=proof["checked"])
    why = proof["reasons"].get("checked")
    return [
        passport("book_adds_up", share, unit="fraction", n=proof["checked"], reason=why, tolerance=proof["tolerance"],
                 largest_difference=proof["worst"], days_not_known=proof["unknown"])
    ]  # fmt: skip


def readings(desk: Desk, record: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return net and realised P&L as other houses count them; empty for other records."""
    if record["value"] is None or record["name"] not in {"net_pnl", "realised_pnl"}:
        return []
    values, _ = figures(desk)
    net, realised, change, income, costs = (values[name] for name in FIGURES)
    if None in (net, realised, change, income, costs):
        return []
    made = {
        "net_pnl": {
            "after costs, income and unrealised change in it": net,
            "gross: before costs": net + costs,
            "without income": net - income,
            "realised only, after costs, with income": realised + income - costs,
        },
        "realised_pnl": {
            f"before costs, {_method(desk)}": realised,
            "after all costs of the period": realised - costs,
            "with income, before costs": realised + income,
        },
    }[record["name"]]
    return [asdict(one) for one in compared(made)]


def _method(desk: Desk) -> str:
    found: str = convention(desk)["cost_method"]
    return {"average": "average cost", "fifo": "first in, first out", "lifo": "last in, first out"}.get(
        found, found
    )


PASSPORTS = Subject(
    records=lambda desk: [*figure_records(desk), *part_records(desk), *identity_records(desk)],
    datasets=(*READS, CASH_FLOWS, CORPORATE_ACTIONS),
    readings=readings,
    period=lambda desk: within(desk)[1].as_dict(),
    defines={"residual": "pnl_residual"},
)
