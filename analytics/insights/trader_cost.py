"""A trader whose fills cost a desk more than those of the others."""

from collections.abc import Mapping
from typing import ClassVar

from analytics.insights._dear import FILL_COLUMNS, Dear


class TraderCost(Dear):
    """Slippage against arrival of one trader, minus that of the desk's others in the same names on the same days."""

    name = "trader_cost"
    title = "Trader pays more than the others"
    description = "Slippage of a trader above that of the desk's other traders over the last 20 sessions."
    inputs: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "executions": (*FILL_COLUMNS, "trader_id"),
        "accounts": ("account_id", "desk"),
    }
    by = "trader_id"
    others = "its other traders"
    at = "through "
