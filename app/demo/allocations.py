"""Who got what of the blocks that scenes traded."""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from analytics.datasets import ALLOCATIONS
from app.demo.ledger import Ledger, conform, instant
from app.demo.universe import SYMBOLS


@dataclass(frozen=True)
class Allotment:
    """Part of a block (by its internal number) given to an account at ``time``, microseconds since 1970."""

    block: int
    trader: str
    account_id: str
    instrument: int
    side: str
    quantity: int
    price: float
    time: int


def allocations(given: Sequence[Allotment], ledger: Ledger) -> pl.DataFrame:
    """Return the allocations file."""
    rows = [
        {
            "allocation_id": f"AL{place:06d}", "version": 1, "order_id": ledger.order_ids[one.block],
            "instrument_id": SYMBOLS[one.instrument], "account_id": one.account_id, "side": one.side,
            "quantity": one.quantity, "price": one.price, "time": one.time, "allocated_by": one.trader,
        }
        for place, one in enumerate(sorted(given, key=lambda one: (one.time, one.block, one.account_id)), 1)
    ]  # fmt: skip
    schema = {name: column.dtype for name, column in ALLOCATIONS.columns.items()}
    if not rows:
        return pl.DataFrame(schema=schema)
    return conform(pl.DataFrame(rows).with_columns(alloc_time=instant("time")), ALLOCATIONS)
