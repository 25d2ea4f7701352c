"""A broker with whom a desk pays more than with the others."""

from collections.abc import Mapping
from typing import ClassVar

from analytics.insights._dear import FILL_COLUMNS, Dear


class BrokerCost(Dear):
    """Slippage against arrival through one broker, minus that through the desk's other brokers on the same days."""

    name = "broker_cost"
    title = "Broker costs more than the others"
    description = (
        "Slippage through a broker above that of the desk's other brokers over the last 20 sessions."
    )
    inputs: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "executions": (*FILL_COLUMNS, "broker"),
        "accounts": ("account_id", "desk"),
    }
    by = "broker"
    others = "its other brokers"
    at = "through "
