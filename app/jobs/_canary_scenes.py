"""What canaries do: a few known patterns as files, the plainest form of each, for one day."""

import csv
import io
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

EXPECTED = frozenset({"wash_trade", "restricted_list", "layering"})
_ACCOUNTS = [
    {"account_id": f"CANARY-A{n}", "kind": "house", "base_currency": "USD", "owner_id": "CANARY-O1"}
    for n in (1, 2)
]
_LISTED = "CANARY-LISTED"


def listing(day: date) -> dict[str, Any]:
    """Return the entry of the restricted list that an order breaks."""
    return {"kind": "restricted", "instrument_id": _LISTED, "valid_from": _at(day, -3600)}


def files(day: date) -> dict[str, str]:
    """Return data set name to a file's text: what happened to the canaries' accounts on ``day``."""
    orders: list[dict[str, Any]] = []
    for cycle in range(4):
        _layers(orders, day, 60 * cycle)
    _order(orders, day, 600, side="buy", px="10.00", qty=100, instrument=_LISTED)
    fills = [
        {
            "exec_id": f"CANARY-E{n}{side}",
            "order_id": f"CANARY-W{n}{side}",
            "account_id": account,
            "instrument_id": "CANARY-WASH",
            "side": side,
            "last_qty": 100,
            "last_px": "50.00",
            "currency": "USD",
            "transact_time": _at(day, 30 * n).isoformat(),
            "match_id": f"CANARY-M{n}",
        }
        for n in range(3)
        for side, account in (("buy", "CANARY-A1"), ("sell", "CANARY-A2"))
    ]
    events = [row | {"event_seq": n} for n, row in enumerate(orders, 1)]
    return {"accounts": _text(_ACCOUNTS), "order_events": _text(events), "executions": _text(fills)}


def _layers(rows: list[dict[str, Any]], day: date, at: float) -> None:
    """Show four offers, be filled on the bid, pull the offers."""
    for level in range(4):
        _order(rows, day, at, side="sell", px=f"100.0{level + 2}", qty=300, out=at + 5.5 + level / 100)
    _order(rows, day, at + 0.5, side="buy", px="100.00", qty=100, fill=at + 5)


def _order(
    rows: list[dict[str, Any]],
    day: date,
    at: float,
    *,
    side: str,
    px: str,
    qty: int,
    instrument: str = "CANARY-BOOK",
    out: float | None = None,
    fill: float | None = None,
) -> None:
    base = {
        "order_id": f"CANARY-{len(rows) + 1:04}",
        "instrument_id": instrument,
        "account_id": "CANARY-A1",
        "trader_id": "CANARY-T1",
        "side": side,
        "ord_type": "limit",
        "limit_px": px,
        "order_qty": qty,
    }
    rows.append(base | {"event_type": "new", "transact_time": _at(day, at).isoformat()})
    if fill is not None:
        done = {"last_qty": qty, "last_px": px, "exec_id": f"CANARY-F{len(rows):04}"}
        rows.append(base | done | {"event_type": "fill", "transact_time": _at(day, fill).isoformat()})
    if out is not None:
        gone = {"event_type": "cancel", "cancel_by": "user", "transact_time": _at(day, out).isoformat()}
        rows.append(base | gone)


def _at(day: date, seconds: float) -> datetime:
    return datetime.combine(day, time(15), UTC) + timedelta(seconds=seconds)


def _text(rows: Iterable[Mapping[str, Any]]) -> str:
    listed = list(rows)
    names = list(dict.fromkeys(name for row in listed for name in row))
    file = io.StringIO()
    writer = csv.DictWriter(file, names, restval="")
    writer.writeheader()
    writer.writerows(listed)
    return file.getvalue()
