"""An algorithm that costs a desk more than the others."""

from collections.abc import Mapping
from typing import ClassVar

import polars as pl

from analytics.insights._dear import FILL_COLUMNS, Dear
from analytics.insights._rule import Tables


class AlgoCost(Dear):
    """Slippage against arrival of one algorithm's orders, minus that of the desk's other algorithms."""

    name = "algo_cost"
    title = "Algorithm costs more than the others"
    description = (
        "Slippage of an algorithm above that of the desk's other algorithms over the last 20 sessions."
    )
    inputs: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "executions": FILL_COLUMNS,
        "order_events": ("order_id", "event_type", "algo_id"),
        "accounts": ("account_id", "desk"),
    }
    by = "algo_id"
    others = "its other algorithms"
    at = "with "

    def fills(self, tables: Tables) -> pl.DataFrame:
        """Return executions with the algorithm of their order."""
        named = tables["order_events"].filter(pl.col("event_type") == "new", pl.col("algo_id").is_not_null())
        orders = named.select("order_id", "algo_id").unique("order_id", keep="any")
        return tables["executions"].join(orders, on="order_id", how="inner")
