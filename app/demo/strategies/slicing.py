"""Execution algorithms: cut a day's parent orders into child orders, rest them, chase, and take."""

from typing import Any

import numpy as np
import numpy.typing as npt

from app.demo.flow import ACK_US, Flow, random_venues, walk_the_book
from app.demo.history import Trades, sides
from app.demo.market import MICROSECOND, Floats, Ints
from app.demo.microstructure import u_shape
from app.demo.universe import TICK

CHILD_NOTIONAL = 60_000.0  # USD, aimed at
MAX_CHILDREN = 10
MINUTE = 60 * MICROSECOND
# What becomes of a child order: takes at once, rests and fills, rests and is given up.
TAKES, RESTS, GIVES_UP = 0, 1, 2
TAKERS_BEAR = 2.7  # times the average: what makes the venue's average cost come out, makers included
COLLAR_BP = 25.0  # how far beyond the touch a marketable limit reaches


def slice_parents(flow: Flow, trades: Trades, rng: np.random.Generator) -> Ints:
    """Send ``trades`` as parent orders with children; every parent is done by its end.

    Args:
        flow: Where the orders go.
        trades: Net trades of the sessions that have quotes.
        rng: Source of chance.

    Returns:
        The parents' internal order numbers.
    """
    return _Slicer(flow, trades, rng).run()


class _Slicer:
    def __init__(self, flow: Flow, trades: Trades, rng: np.random.Generator) -> None:
        self.flow, self.rng, self.trades = flow, rng, trades
        self.market = flow.quotes.market
        count = len(trades.session)
        self.numbers = flow.numbers(count)
        self.side = sides(trades.quantity, trades.before)
        opened, closed = self.market.opens_us[trades.session], self.market.closes_us[trades.session]
        length = closed - opened
        begin = u_shape(rng.random(count)) * 0.8
        lasting = np.clip(rng.gamma(2.0, 0.07, count), 0.01, 0.95 - begin)
        self.start = (opened + (begin + 0.002) * length).astype(np.int64)
        self.end = (opened + (begin + lasting) * length).astype(np.int64)
        who = [flow.plan.books[int(b)].traders for b in trades.book]
        turn = rng.integers(0, 8, count)
        self.trader = np.array([names[int(t) % len(names)] for names, t in zip(who, turn, strict=True)])
        self.strategy = np.array([flow.plan.books[int(b)].strategy for b in trades.book])
        self.client = np.array([flow.plan.books[int(b)].kind == "client" for b in trades.book])
        self.algo = np.where(rng.random(count) < 0.5, "vwap", "twap")

    def run(self) -> Ints:
        trades, rng = self.trades, self.rng
        total = np.abs(trades.quantity)
        self._parents(total)
        pieces = np.clip(np.ceil(total * trades.price / CHILD_NOTIONAL), 1, MAX_CHILDREN).astype(np.int64)
        pieces = np.maximum(pieces - rng.integers(0, 2, len(pieces)), 1)
        parent = np.repeat(np.arange(len(total)), pieces)
        first = np.concatenate([[0], np.cumsum(pieces)[:-1]])
        slot = np.arange(len(parent)) - first[parent]
        u = (slot + rng.uniform(0.05, 0.95, len(parent))) / pieces[parent]
        shaped = np.where(self.algo[parent] == "vwap", u_shape(u), u)
        time = self.start[parent] + (shaped * (self.end - self.start)[parent]).astype(np.int64)
        upto = np.round(total[parent] * (slot + 1) / pieces[parent]).astype(np.int64)
        quantity = upto - np.round(total[parent] * slot / pieces[parent]).astype(np.int64)
        parent, time, quantity = parent[quantity > 0], time[quantity > 0], quantity[quantity > 0]
        fate = rng.choice([TAKES, RESTS, GIVES_UP], size=len(parent), p=[0.42, 0.46, 0.12])
        self._take(parent[fate == TAKES], time[fate == TAKES], quantity[fate == TAKES])
        self._rest(parent[fate == RESTS], time[fate == RESTS], quantity[fate == RESTS])
        self._give_up(parent[fate == GIVES_UP], time[fate == GIVES_UP], quantity[fate == GIVES_UP])
        return self.numbers

    def _parents(self, total: Ints) -> None:
        trades, rng = self.trades, self.rng
        received = self.start - rng.integers(2 * MICROSECOND, 90 * MICROSECOND, len(total))
        received = np.maximum(received, self.market.opens_us[trades.session])
        self.received = received
        self.flow.add_orders(
            {
                "number": self.numbers, "session": trades.session, "book": trades.book,
                "trader": self.trader, "instrument": trades.instrument, "side": self.side,
                "ord_type": np.full(len(total), "market"), "time_in_force": np.full(len(total), "day"),
                "strategy": self.strategy, "algo_id": self.algo, "received": received,
                "decided": received - rng.integers(5 * MICROSECOND, 600 * MICROSECOND, len(total)),
                "arrival": self.flow.quotes.mid(trades.session, trades.instrument, received),
                "capacity": self._capacity(np.arange(len(total))),
            }
        )  # fmt: skip
        # The parent never trades itself: what its children filled is restated on it when it is done.
        last = self.end + 35 * MINUTE
        last = np.minimum(last, self.market.closes_us[trades.session] - MICROSECOND)
        for kind, time in (("new", received + 150_000), ("ack", received + 160_000), ("restate", last)):
            self.flow.add_events(
                {"number": self.numbers, "time": time, "kind": np.full(len(total), kind), "order_qty": total}
            )

    def _take(self, parent: Ints, time: Ints, quantity: Ints) -> None:
        rng = self.rng
        limit, numbers, buying = self._send(parent, time, quantity, passive=False)
        done = time + ACK_US + rng.integers(300, 4_000, len(parent))
        bid, ask, bid_qty, ask_qty = self._at(parent, done)
        shown = np.where(buying, ask_qty, bid_qty)
        sign = np.where(buying, 1, -1)
        price = np.where(buying, ask, bid) + sign * walk_the_book(quantity, shown, bid, ask)
        price = price * (1 + sign * self._venue_cost() * 1e-4)
        bound: Floats = np.where(buying, np.minimum(price, limit), np.maximum(price, limit))
        self._fill(numbers, done, quantity, limit, done=quantity, price=np.round(bound, 4), role="taker")

    def _rest(self, parent: Ints, time: Ints, quantity: Ints) -> None:
        rng = self.rng
        limit, numbers, buying = self._send(parent, time, quantity, passive=True)
        wait = np.clip(rng.exponential(50, len(parent)), 1, 600) * MICROSECOND
        done = np.minimum(time + wait.astype(np.int64), self._last(parent))
        bid, ask, _, _ = self._at(parent, done)
        near = np.where(buying, bid, ask)
        # If the market has walked away, follow it once to the new touch.
        left_behind = np.where(buying, near > limit, near < limit)
        chase = np.nonzero(left_behind)[0]
        self._event("replace", numbers[chase], done[chase], quantity[chase], near[chase])
        limit = np.where(left_behind, near, limit)
        filled = done + np.where(left_behind, rng.integers(2_000, 8 * MICROSECOND, len(parent)), 0)
        part = np.where(rng.random(len(parent)) < 0.35, (quantity * rng.uniform(0.2, 0.8, len(parent))), 0)
        part = np.minimum(part.astype(np.int64), quantity - 1)
        some = np.nonzero(part > 0)[0]
        given = (numbers[some], filled[some], quantity[some], limit[some])
        self._fill(*given, done=part[some], price=limit[some], role="maker")
        later = filled + np.where(part > 0, rng.integers(1_000, 20 * MICROSECOND, len(parent)), 0)
        self._fill(numbers, later, quantity, limit, done=quantity - part, price=limit, role="maker")

    def _give_up(self, parent: Ints, time: Ints, quantity: Ints) -> None:
        limit, numbers, _ = self._send(parent, time, quantity, passive=True)
        wait = np.clip(self.rng.exponential(90, len(parent)), 5, 900) * MICROSECOND
        out = np.minimum(time + wait.astype(np.int64), self._last(parent))
        self._event("cancel", numbers, out, quantity, limit, cancel_by=np.full(len(parent), "user"))
        self._take(parent, out + 1_500, quantity)

    def _send(
        self, parent: Ints, time: Ints, quantity: Ints, *, passive: bool
    ) -> tuple[Floats, Ints, npt.NDArray[np.bool_]]:
        numbers = self.flow.numbers(len(parent))
        trades = self.trades
        bid, ask, _, _ = self._at(parent, time)
        buying = trades.quantity[parent] > 0
        if passive:
            limit = np.where(buying, bid, ask)
        else:
            reach = np.maximum(ask * COLLAR_BP * 1e-4, 3 * TICK)
            limit = np.where(buying, np.ceil((ask + reach) / TICK), np.floor((bid - reach) / TICK)) * TICK
        limit = limit.round(2)
        self.venues = random_venues(self.rng, len(parent))
        self.flow.add_orders(
            {
                "number": numbers, "session": trades.session[parent], "book": trades.book[parent],
                "trader": self.trader[parent], "instrument": trades.instrument[parent],
                "side": self.side[parent], "ord_type": np.full(len(parent), "limit"),
                "time_in_force": np.full(len(parent), "day" if passive else "ioc"), "venue": self.venues,
                "strategy": self.strategy[parent], "algo_id": self.algo[parent],
                "parent": self.numbers[parent], "received": time - 400, "decided": time - 900,
                "arrival": (bid + ask) / 2, "capacity": self._capacity(parent),
            }
        )  # fmt: skip
        self._event("new", numbers, time, quantity, limit)
        self._event("ack", numbers, time + self.rng.integers(400, 2 * ACK_US, len(parent)), quantity, limit)
        return limit, numbers, buying

    def _event(
        self, kind: str, numbers: Ints, time: Ints, quantity: Ints, limit: Floats, **more: Any
    ) -> None:
        columns = {"number": numbers, "time": time, "kind": np.full(len(numbers), kind)}
        self.flow.add_events(columns | {"order_qty": quantity, "limit": limit} | more)

    def _fill(
        self,
        numbers: Ints,
        time: Ints,
        quantity: Ints,
        limit: Floats,
        *,
        done: Ints,
        price: Floats,
        role: str,
    ) -> None:
        more = {"last_qty": done, "last_px": price, "liquidity": np.full(len(numbers), role)}
        self._event("fill", numbers, time, quantity, limit, **more)

    def _at(self, parent: Ints, time: Ints) -> tuple[Floats, Floats, Ints, Ints]:
        return self.flow.quotes.at(self.trades.session[parent], self.trades.instrument[parent], time)

    def _last(self, parent: Ints) -> Ints:
        limit = self.market.closes_us[self.trades.session[parent]] - MINUTE
        result: Ints = np.minimum(self.end[parent] + 20 * MINUTE, limit)
        return result

    def _capacity(self, parent: Ints) -> npt.NDArray[np.str_]:
        return np.where(self.client[parent], "agency", "principal")

    def _venue_cost(self) -> Floats:
        # Only takers can be filled worse than shown, so they bear the whole extra cost of the venue.
        costly = self.venues == (self.flow.plan.costly_venue or "")
        return np.where(costly, TAKERS_BEAR * self.flow.plan.costly_bp, 0.0)
