"""Plans: kept under a name, and their orders taken out as a file."""

import csv
import io
from collections.abc import Mapping
from datetime import date
from typing import Any
from urllib.parse import urlencode

from app.actions import scenarios
from app.actions._roles import require
from app.errors import FieldError, Invalid
from app.scope import Identity
from app.storage.database import Database
from app.storage.records import audit
from app.storage.records.scenarios import Scenario

COLUMNS = (
    "side", "quantity", "instrument_id", "symbol", "account_id", "reference_price", "currency", "value", "as_of", "reason",
)  # fmt: skip
EXPORTERS = ("portfolio_manager", "risk")
# What a spreadsheet would take for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def export_orders(database: Database, actor: Identity, plan: Mapping[str, Any], *, name: str = "") -> str:
    """Return a plan's orders as CSV and record that they were taken out.

    Args:
        database: The records.
        actor: A portfolio manager or risk.
        plan: What ``app.queries.what_if.what_if`` answers.
        name: Of the scenario, if it has one.

    Raises:
        Forbidden: Unless the actor's role exports orders.
        Invalid: If there is nothing to trade.
    """
    require(actor, *EXPORTERS)
    orders = plan["orders"]
    if not orders:
        raise Invalid("There is nothing to trade: the targets are what is held.")
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    day = plan["date"].isoformat() if isinstance(plan["date"], date) else plan["date"]
    for order in orders:
        reason = f"{name}: {order['reason']}" if name else order["reason"]
        row = (
            order["side"], _plain(order["quantity"]), order["instrument_id"], order["symbol"], order["account_id"],
            _plain(order["price"]), order["currency"], f"{order['value']:.2f}", day, reason,
        )  # fmt: skip
        writer.writerow([_safe(value) for value in row])
    with database.session(actor.org, write=True) as session:
        audit.record(
            session,
            actor=actor,
            action="orders.export",
            object_kind="plan",
            object_id=name or "unnamed",
            after={
                "orders": len(orders),
                "value": round(sum(order["value"] for order in orders), 2),
                "currency": plan["currency"],
                "targets": dict(plan["targets"]),
                "as_of": day,
            },
        )
    return out.getvalue()


def keep(database: Database, actor: Identity, *, name: str, targets: Mapping[str, float]) -> Scenario:
    """Keep targets for the organisation under a name.

    Raises:
        Forbidden, Conflict, Invalid: As ``app.actions.scenarios.save``; Invalid without a target.
    """
    if not targets:
        raise Invalid(
            "There is nothing to keep: no target is set.", errors=[FieldError("targets", "are needed")]
        )
    words = ",".join(f"{instrument}:{round(weight, 6):g}" for instrument, weight in sorted(targets.items()))
    return scenarios.save(
        database, actor, kind="what_if", name=name, body={"query": urlencode({"targets": words}, safe=":,")}
    )


def _plain(value: float | None) -> str:
    return "" if value is None else f"{value:.8f}".rstrip("0").rstrip(".")


def _safe(value: object) -> str:
    words = "" if value is None else str(value)
    return f"'{words}" if words.startswith(_FORMULA) else words
