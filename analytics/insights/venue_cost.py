"""A venue where a desk pays more than at the others."""

from collections.abc import Mapping
from typing import ClassVar

from analytics.insights._dear import FILL_COLUMNS, Dear


class VenueCost(Dear):
    """Slippage against arrival at one venue, minus that of the desk's other venues on the same days."""

    name = "venue_cost"
    title = "Venue costs more than the others"
    description = "Slippage at a venue above that of the desk's other venues over the last 20 sessions."
    inputs: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "executions": (*FILL_COLUMNS, "venue"),
        "accounts": ("account_id", "desk"),
    }
    by = "venue"
    others = "its other venues"
