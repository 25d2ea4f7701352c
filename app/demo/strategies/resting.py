"""Patient limit orders away from the market that mostly end unfilled: the other half of every day."""

import numpy as np
import numpy.typing as npt

from app.demo import firms
from app.demo.flow import ACK_US, Flow, random_venues
from app.demo.market import MICROSECOND
from app.demo.universe import TICK

HOUR = 3600 * MICROSECOND


def rest_orders(
    flow: Flow, rng: np.random.Generator, *, per_session: int, closed: npt.NDArray[np.bool_]
) -> None:
    """Leave ``per_session`` limit orders a session 10 to 120 bp behind the touch; all lapse or are pulled.

    They are legitimate: nothing is done on the other side, and they live for hours.
    """
    quotes = flow.quotes
    market = quotes.market
    books = [n for n, book in enumerate(flow.plan.books) if book.strategy not in {firms.MAKER, firms.PRIVATE}]
    sessions = np.arange(quotes.first_session, len(market.sessions))
    session = np.repeat(sessions, per_session)
    instrument = rng.integers(0, 20, len(session))
    free = ~closed[session, instrument]
    session, instrument = session[free], instrument[free]
    count = len(session)
    book = rng.choice(books, count)
    opened, shut = market.opens_us[session], market.closes_us[session]
    time = (opened + rng.uniform(0.02, 0.6, count) * (shut - opened)).astype(np.int64)
    buying = rng.random(count) < 0.5
    bid, ask, _, _ = quotes.at(session, instrument, time)
    away = rng.uniform(10, 120, count) * 1e-4
    limit = np.where(buying, bid * (1 - away), ask * (1 + away))
    limit = (np.round(limit / TICK) * TICK).round(2)
    quantity = 100 * rng.integers(1, 40, count)
    long_only = np.array([b.strategy in {firms.CORE, firms.INDEX_TRACKING} for b in flow.plan.books])
    side = np.where(buying, "buy", np.where(long_only[book], "sell", "sell_short"))
    numbers = flow.numbers(count)
    client = np.array([b.kind == "client" for b in flow.plan.books])[book]
    traders = [flow.plan.books[int(b)].traders[0] for b in book]
    flow.add_orders(
        {
            "number": numbers, "session": session, "book": book, "trader": np.array(traders),
            "instrument": instrument, "side": side, "ord_type": np.full(count, "limit"),
            "time_in_force": np.full(count, "day"), "venue": random_venues(rng, count),
            "strategy": np.array([flow.plan.books[int(b)].strategy for b in book]),
            "received": time - 300_000, "decided": time - 3 * MICROSECOND, "arrival": (bid + ask) / 2,
            "capacity": np.where(client, "agency", "principal"),
        }
    )  # fmt: skip
    columns = {"number": numbers, "order_qty": quantity, "limit": limit}
    flow.add_events(columns | {"time": time, "kind": np.full(count, "new")})
    flow.add_events(columns | {"time": time + ACK_US, "kind": np.full(count, "ack")})
    out = time + (rng.uniform(0.3, 4, count) * HOUR).astype(np.int64)
    lapses = out >= shut
    kinds = np.where(lapses, "expire", "cancel")
    by = [None if gone else "user" for gone in lapses]
    flow.add_events(columns | {"time": np.minimum(out, shut), "kind": kinds, "cancel_by": by})
