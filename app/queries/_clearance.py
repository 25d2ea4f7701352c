"""Whether somebody approved a private trade that is about to be sent."""

from collections.abc import Mapping
from typing import Any

import polars as pl

from analytics.compliance.pre_trade import Clearance, Proposed
from analytics.datasets import INSTRUMENTS, PRECLEARANCES
from app.desk import Desk

_FREE = ("fund", "index", "cash", "fx")  # nobody's knowledge moves them


def clearance(desk: Desk, order: Proposed, account: Mapping[str, Any]) -> Clearance:
    """Return what the rules for personal accounts say of an order, as surveillance will judge it afterwards.

    Args:
        desk: Who asks.
        order: What would be sent.
        account: Its row: kind, owner_id, pad.
    """
    ruled = account["pad"] if account["pad"] is not None else account["kind"] == "personal"
    if not ruled or _is_free(desk, order.instrument_id):
        return Clearance()
    mine = (pl.col("account_id") == order.account_id) | (
        pl.col("account_id").is_null() & pl.col("person_id").is_in([account["owner_id"], order.trader_id])
    )
    given = desk.collect(
        desk.lake.scan(desk.org, PRECLEARANCES)
        .filter((pl.col("status") == "approved") & (pl.col("instrument_id") == order.instrument_id))
        .filter(mine & (pl.col("side").is_null() | (pl.col("side") == order.side)))
        .filter((pl.col("valid_from") <= order.at) & (pl.col("valid_to") > order.at))
        .select("valid_from", pl.col("quantity").cast(pl.Float64))
    )
    if given.is_empty():
        return Clearance(needed=True)
    if given["quantity"].null_count():
        return Clearance(needed=True, approved=True)
    done = (
        desk.executions(dated=False, scoped=False)
        .filter((pl.col("account_id") == order.account_id) & (pl.col("instrument_id") == order.instrument_id))
        .filter((pl.col("side") == order.side) & (pl.col("transact_time") >= given["valid_from"].min()))
        .filter(pl.col("transact_time") <= order.at)
        .select(pl.col("last_qty").cast(pl.Float64).sum())
    )
    used = float(desk.collect(done).item() or 0.0)
    return Clearance(needed=True, approved=True, left=max(0.0, float(given["quantity"].sum()) - used))


def _is_free(desk: Desk, instrument_id: str) -> bool:
    rows = desk.rows(INSTRUMENTS, dated=False, scoped=False).filter(
        (pl.col("instrument_id") == instrument_id) & pl.col("asset_class").is_in(_FREE)
    )
    return not desk.collect(rows.select("instrument_id").head(1)).is_empty()
