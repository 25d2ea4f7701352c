"""Everything a firm's order system wrote: orders and what happened to them, in bulk or one by one."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl

from app.demo.firms import FirmPlan
from app.demo.market import MICROSECOND, Floats, Ints
from app.demo.microstructure import Quotes
from app.demo.pressure import Pressure

NONE = -1
SIDES = ("buy", "sell", "sell_short", "buy_cover")
ACK_US = 1_800  # a typical way to the venue and back

ORDER_COLUMNS: dict[str, Any] = {
    "number": pl.Int64, "session": pl.Int64, "book": pl.Int64, "trader": pl.String, "instrument": pl.Int64,
    "side": pl.String, "ord_type": pl.String, "time_in_force": pl.String, "venue": pl.String,
    "strategy": pl.String, "algo_id": pl.String, "parent": pl.Int64, "received": pl.Int64,
    "decided": pl.Int64, "arrival": pl.Float64, "capacity": pl.String, "stop_px": pl.Float64,
}  # fmt: skip
EVENT_COLUMNS: dict[str, Any] = {
    "number": pl.Int64, "time": pl.Int64, "kind": pl.String, "order_qty": pl.Int64, "limit": pl.Float64,
    "last_qty": pl.Int64, "last_px": pl.Float64, "liquidity": pl.String, "match": pl.Int64,
    "cancel_by": pl.String, "reason": pl.String, "charge": pl.Float64,  # a fill's own commission per share
}  # fmt: skip


@dataclass
class Flow:
    """Orders and their events, kept by internal numbers until the whole day is known.

    Public identifiers are given out in order of time at the end, so that nothing tells planted orders from
    the rest.
    """

    plan: FirmPlan
    quotes: Quotes
    orders: list[pl.DataFrame] = field(default_factory=list)
    events: list[pl.DataFrame] = field(default_factory=list)
    # Of orders written by hand, row by row: thousands of frames of one row would cost more than all the rest.
    order_rows: list[dict[str, Any]] = field(default_factory=list)
    event_rows: list[dict[str, Any]] = field(default_factory=list)
    taken: int = 0
    matches: int = 0
    pressure: Pressure = field(default_factory=Pressure)  # what planted trading did to the quotes

    def numbers(self, count: int) -> Ints:
        """Reserve internal numbers for ``count`` orders."""
        found = np.arange(self.taken, self.taken + count)
        self.taken += count
        return found

    def match(self) -> int:
        """Reserve a number that two legs of one trade will share."""
        self.matches += 1
        return self.matches

    def add_orders(self, columns: dict[str, Any]) -> None:
        """Add many orders; absent columns are null."""
        self.orders.append(_frame(columns, ORDER_COLUMNS))

    def add_events(self, columns: dict[str, Any]) -> None:
        """Add many events; absent columns are null."""
        self.events.append(_frame(columns, EVENT_COLUMNS))

    def every_order(self) -> pl.DataFrame:
        """Return all orders."""
        return pl.concat([*self.orders, _by_row(self.order_rows, ORDER_COLUMNS)])

    def every_event(self) -> pl.DataFrame:
        """Return all events."""
        return pl.concat([*self.events, _by_row(self.event_rows, EVENT_COLUMNS)])

    def sides_of(self, buying: Any) -> Any:
        """Return side words of booleans, for accounts that run flat."""
        return np.where(buying, "buy", "sell")


def _frame(columns: dict[str, Any], schema: dict[str, Any]) -> pl.DataFrame:
    length = len(next(iter(columns.values())))
    made = {
        name: pl.Series(name, columns[name], dtype=dtype, strict=False)
        if name in columns
        else pl.Series(name, [None] * length, dtype=dtype)
        for name, dtype in schema.items()
    }
    return pl.DataFrame(made)


def _by_row(rows: list[dict[str, Any]], schema: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame(
        [[row.get(name) for name in schema] for row in rows], schema, orient="row", strict=False
    )


@dataclass
class Ticket:
    """One order written by hand, event by event: the pen of planted abuse and its look-alikes."""

    flow: Flow
    session: int
    book: int
    instrument: int
    side: str
    quantity: int
    trader: str
    venue: str = "XNAS"
    limit: float | None = None
    strategy: str = "manual"
    time_in_force: str = "day"
    received: int | None = None
    arrival: float | None = None  # mid at arrival, on the days before there are quotes
    stop: float | None = None  # it waits for this price
    number: int = field(init=False)

    def __post_init__(self) -> None:
        """Take a number."""
        self.number = int(self.flow.numbers(1)[0])

    def enter(self, time: int) -> "Ticket":
        """Send the order at ``time`` (microseconds since 1970) and have it acknowledged."""
        received = self.received or time - 200_000
        client = self.flow.plan.books[self.book].kind == "client"
        self.flow.order_rows.append(
            {
                "number": self.number, "session": self.session, "book": self.book,
                "trader": self.trader, "instrument": self.instrument, "side": self.side,
                "ord_type": self._type(), "stop_px": self.stop,
                "time_in_force": self.time_in_force, "venue": self.venue, "strategy": self.strategy,
                "received": received, "decided": received - 5 * MICROSECOND,
                "arrival": self._mid(time) if self.arrival is None else self.arrival,
                "capacity": "agency" if client else "principal",
            }
        )  # fmt: skip
        self._event(time, "new")
        self._event(time + ACK_US, "ack")
        return self

    def fill(
        self, time: int, price: float, *, quantity: int | None = None, liquidity: str = "taker",
        match: int | None = None, charge: float | None = None,
    ) -> "Ticket":  # fmt: skip
        """Fill it, wholly or in part; ``charge`` is its commission per share where it is not the usual one."""
        done = quantity or self.quantity
        self._event(
            time, "fill", last_qty=done, last_px=price, liquidity=liquidity, match=match, charge=charge
        )
        return self

    def replace(self, time: int, *, limit: float) -> "Ticket":
        """Amend the limit."""
        self.limit = limit
        self._event(time, "replace")
        return self

    def cancel(self, time: int, *, by: str = "user", reason: str | None = None) -> "Ticket":
        """Take it out."""
        self._event(time, "cancel", cancel_by=by, reason=reason)
        return self

    def reject(self, time: int, *, reason: str) -> "Ticket":
        """Have the venue or a control refuse it."""
        self._event(time, "reject", reason=reason)
        return self

    def trigger(self, time: int) -> "Ticket":
        """Have the venue send it off: the price it waited for was reached."""
        self._event(time, "trigger")
        return self

    def _type(self) -> str:
        if self.stop is not None:
            return "stop" if self.limit is None else "stop_limit"
        return "market" if self.limit is None else "limit"

    def _mid(self, time: int) -> float:
        where = (np.array([self.session]), np.array([self.instrument]), np.array([time]))
        moved = 1 + self.flow.pressure.at(self.session, self.instrument, time)
        return float(self.flow.quotes.mid(*where)[0]) * moved

    def _event(self, time: int, kind: str, **more: Any) -> None:
        self.flow.event_rows.append(
            {
                "number": self.number, "time": time, "kind": kind, "order_qty": self.quantity,
                "limit": self.limit, **more,
            }
        )  # fmt: skip


def random_venues(rng: np.random.Generator, count: int) -> Any:
    """Return ``count`` venues, as often as each one's share."""
    from app.demo.universe import MICS, VENUES

    return rng.choice(np.array(MICS), size=count, p=[venue.share for venue in VENUES])


def walk_the_book(quantity: Ints, shown: Ints, bid: Floats, ask: Floats) -> Floats:
    """Return how far beyond the touch an aggressive order trades, in price: impact of what it takes."""
    excess = np.clip(quantity / np.maximum(shown, 1) - 1, 0, 8)
    result: Floats = 0.25 * excess * (ask - bid)
    return result
