"""Every figure of one order as a record; the order is the scope's."""

from typing import Any

from analytics.trading.benchmarks import BENCHMARKS
from analytics.trading.markouts import ALL_HORIZONS
from app.desk import Desk
from app.errors import NotFound
from app.queries._order_tree import READS
from app.queries._passports import Subject
from app.queries.order_cost import order_tca

_SPREADS = ("quoted_spread", "effective_spread", "realised_spread", "impact")


def records(desk: Desk) -> list[dict[str, Any]]:
    """Return benchmarks, shortfall, mark-outs and measures of the scope's order.

    Raises:
        NotFound: If the scope names none that the asker may see.
    """
    if desk.scope.order is None:
        raise NotFound("No order is named.")
    found = order_tca(desk.with_scope(order=None), desk.scope.order)
    cost = found["shortfall"]
    return [
        *found["benchmarks"], *cost["parts"], cost["total"], *found["markouts"], *found["measures"],
    ]  # fmt: skip


PASSPORTS = Subject(
    records=records,
    datasets=READS,
    defines=dict.fromkeys(BENCHMARKS, "slippage_bp")
    | {name: "markout_bp" for name in ALL_HORIZONS if name != "close"}
    | {name: f"{name}_bp" for name in (*_SPREADS, "reversion", "expected_cost")}
    | {"share_of_adv": "participation"},
)
