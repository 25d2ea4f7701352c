"""Market making: two-sided quotes, refreshed all day, flat by the close."""

import numpy as np
import numpy.typing as npt

from app.demo import firms
from app.demo.flow import ACK_US, Flow, random_venues
from app.demo.market import MICROSECOND, Floats, Ints
from app.demo.microstructure import u_shape
from app.demo.universe import TICK

FILL_CHANCE = 0.24
LOT = 100
Closed = npt.NDArray[np.bool_]


def make_markets(
    flow: Flow, books: list[int], rng: np.random.Generator, *, names: int, refreshes: int, closed: Closed
) -> None:
    """Quote ``names`` instruments a day for every book of ``books``, ``refreshes`` times each.

    Args:
        flow: Where the orders go.
        books: Numbers of the market-making accounts.
        rng: Source of chance.
        names: Instruments a book quotes each session.
        refreshes: Times a session that both quotes are renewed.
        closed: Sessions x instruments to keep out of.
    """
    quotes = flow.quotes
    sessions = np.arange(quotes.first_session, len(quotes.market.sessions))
    for place, book in enumerate(books):
        # Each book keeps to its own names, so that makers of one firm do not meet one another.
        own = np.arange(place, 20, max(len(books), 4))[:names]
        session = np.repeat(sessions, len(own) * refreshes)
        instrument = np.tile(np.repeat(own, refreshes), len(sessions))
        slot = np.tile(np.arange(refreshes), len(sessions) * len(own))
        free = ~closed[session, instrument]
        _quote(flow, book, (session[free], instrument[free]), slot[free], rng, refreshes=refreshes)


def _quote(
    flow: Flow, book: int, where: tuple[Ints, Ints], slot: Ints, rng: np.random.Generator, *, refreshes: int
) -> None:
    session, instrument = where
    market = flow.quotes.market
    opened = market.opens_us[session]
    length = market.closes_us[session] - opened - 20 * 60 * MICROSECOND
    share = u_shape((slot + rng.uniform(0.1, 0.9, len(slot))) / refreshes)
    time = (opened + 2 * MICROSECOND + share * length).astype(np.int64)
    life = np.clip(rng.gamma(1.5, 60, len(slot)), 4, 400) * MICROSECOND
    out = time + life.astype(np.int64)
    inventory = np.zeros(len(slot))
    sizes = LOT * rng.integers(2, 9, len(slot))
    for buying in (True, False):
        bid, ask, _, _ = flow.quotes.at(session, instrument, time)
        away = rng.integers(0, 2, len(slot)) * TICK
        limit = np.where(buying, bid - away, ask + away).round(2)
        sent = time + (0 if buying else 250)
        numbers = _orders(flow, book, where, rng, buying=buying, sent=sent, limit=limit, sizes=sizes)
        hit = rng.random(len(slot)) < FILL_CHANCE
        at = (sent + (out - sent) * rng.uniform(0.1, 0.95, len(slot))).astype(np.int64)
        done, gone = np.nonzero(hit)[0], np.nonzero(~hit)[0]
        columns = {"number": numbers, "order_qty": sizes, "limit": limit}
        some = {name: values[done] for name, values in columns.items()}
        flow.add_events(
            some | {
                "time": at[done], "kind": np.full(len(done), "fill"), "last_qty": sizes[done],
                "last_px": limit[done], "liquidity": np.full(len(done), "maker"),
            }
        )  # fmt: skip
        rest = {name: values[gone] for name, values in columns.items()}
        pulled = out[gone] + (0 if buying else 180)
        flow.add_events(
            rest | {
                "time": pulled, "kind": np.full(len(gone), "cancel"), "cancel_by": np.full(len(gone), "user")
            }
        )  # fmt: skip
        inventory += np.where(hit, sizes if buying else -sizes, 0)
    _flatten(flow, book, where, inventory, rng)


def _orders(
    flow: Flow, book: int, where: tuple[Ints, Ints], rng: np.random.Generator, *, buying: bool, sent: Ints,
    limit: Floats, sizes: Ints, time_in_force: str = "day",
) -> Ints:  # fmt: skip
    session, instrument = where
    count = len(sent)
    numbers = flow.numbers(count)
    plan = flow.plan.books[book]
    flow.add_orders(
        {
            "number": numbers, "session": session, "book": np.full(count, book),
            "trader": np.full(count, plan.traders[0]), "instrument": instrument,
            "side": np.full(count, "buy" if buying else "sell"), "ord_type": np.full(count, "limit"),
            "time_in_force": np.full(count, time_in_force), "venue": random_venues(rng, count),
            "strategy": np.full(count, firms.MAKER), "algo_id": np.full(count, "two-sided"),
            "received": sent - 60, "decided": sent - 90,
            "arrival": flow.quotes.mid(session, instrument, sent), "capacity": np.full(count, "principal"),
        }
    )  # fmt: skip
    columns = {"number": numbers, "order_qty": sizes, "limit": limit}
    flow.add_events(columns | {"time": sent, "kind": np.full(count, "new")})
    answered = sent + rng.integers(200, ACK_US, count)
    flow.add_events(columns | {"time": answered, "kind": np.full(count, "ack")})
    return numbers


def _flatten(
    flow: Flow, book: int, where: tuple[Ints, Ints], inventory: Floats, rng: np.random.Generator
) -> None:
    session, instrument = where
    market = flow.quotes.market
    width = market.close.shape[1]
    net = np.bincount(session * width + instrument, inventory, minlength=len(market.sessions) * width)
    for buying in (True, False):
        cell = np.nonzero(net < 0 if buying else net > 0)[0]
        day, name = cell // width, cell % width
        quantity = np.abs(net[cell]).astype(np.int64)
        sent = market.closes_us[day] - (8 * 60 * MICROSECOND + rng.integers(0, 120 * MICROSECOND, len(cell)))
        bid, ask, _, _ = flow.quotes.at(day, name, sent + 2_500)
        limit = np.where(buying, ask * 1.001, bid * 0.999).round(2)
        numbers = _orders(
            flow, book, (day, name), rng,
            buying=buying, sent=sent, limit=limit, sizes=quantity, time_in_force="ioc",
        )  # fmt: skip
        flow.add_events(
            {
                "number": numbers, "time": sent + 2_500, "kind": np.full(len(cell), "fill"),
                "order_qty": quantity, "limit": limit, "last_qty": quantity,
                "last_px": np.where(buying, ask, bid), "liquidity": np.full(len(cell), "taker"),
            }
        )  # fmt: skip
