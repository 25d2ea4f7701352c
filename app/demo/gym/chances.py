"""What chance decides of innocent flow: when orders come, whose they are, how long they live, which trade."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from app.demo.market import MICROSECOND, Ints
from app.demo.microstructure import Quotes
from app.demo.universe import MICS, TICK, VENUES

_LEAN = 0.6  # busiest members first: weight 1 / rank ** _LEAN
# Of all orders, as real books have it: one in a hundred trades, a few are amended, some never rest.
_RESTING_FILLED = 0.005
_AMENDED = 0.03
_FLEETING = 0.05
_BUNCHED = 0.4  # follow another order within moments
_PARTLY = 0.2  # of the resting orders that trade
_LIFE_SECONDS, _LIFE_SPREAD = 4.0, 2.0  # median, and standard deviation of its logarithm
_FLEETING_US = 300

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Window:
    """Where background flow is added: a part of one session of one instrument, microseconds since 1970."""

    session: int
    instrument: int
    start: int
    end: int


def spread(windows: Sequence[Window], density: float, rng: np.random.Generator) -> dict[str, Ints]:
    """Return session, instrument and instant of every order, about ``density`` a second in each window."""
    seconds = np.array([(w.end - w.start) / MICROSECOND for w in windows])
    count = np.round(seconds * density).astype(np.int64)
    row = np.repeat(np.arange(len(windows)), count)
    start = np.array([w.start for w in windows])[row]
    length = np.array([w.end - w.start for w in windows])[row]
    share = rng.random(len(row))
    first = np.repeat(np.concatenate([[0], np.cumsum(count)[:-1]]), count)
    # Real flow comes in bunches: some orders follow another one of their window.
    leader = first + (rng.random(len(row)) * count[row]).astype(np.int64)
    bunched = rng.random(len(row)) < _BUNCHED
    lag = rng.exponential(0.2 * MICROSECOND, len(row)) / length
    share = np.where(bunched, np.minimum(share[leader] + lag, 1.0), share)
    return {
        "session": np.array([w.session for w in windows])[row],
        "instrument": np.array([w.instrument for w in windows])[row],
        "time": (start + share * length).astype(np.int64),
    }


@dataclass
class Orders:
    """Resting orders, one element each; prices in ticks."""

    number: Ints
    session: Ints
    instrument: Ints
    time: Ints
    gone: Ints
    member: Ints
    buying: Mask
    ticks: Ints
    quantity: Ints
    fleeting: Mask
    amended: Mask
    venue: Ints


def draw_orders(quotes: Quotes, where: dict[str, Ints], rng: np.random.Generator, members: int) -> Orders:
    """Return the orders that enter at ``where``, dealt to ``members`` accounts, with how long each lives."""
    session, instrument, time = where["session"], where["instrument"], where["time"]
    count = len(time)
    buying = rng.random(count) < 0.5
    fleeting = rng.random(count) < _FLEETING
    bid, ask, _, _ = quotes.at(session, instrument, time)
    away = np.where(fleeting, 0, rng.geometric(0.3, count) - 1)
    ticks = np.round(np.where(buying, bid, ask) / TICK).astype(np.int64) - np.where(buying, away, -away)
    life = rng.lognormal(np.log(_LIFE_SECONDS), _LIFE_SPREAD, count) * MICROSECOND
    life = np.where(fleeting, _FLEETING_US, np.maximum(life, 2_000)).astype(np.int64)
    round_lot = rng.random(count) < 0.6
    quantity = np.where(round_lot, 100, np.maximum(1, rng.lognormal(np.log(90), 0.9, count))).astype(np.int64)
    return Orders(
        number=np.arange(count),
        session=session,
        instrument=instrument,
        time=time,
        gone=np.minimum(time + life, np.maximum(quotes.market.closes_us[session] - 1_000, time + 1)),
        member=_dealt(rng, count, members),
        buying=buying,
        ticks=np.maximum(ticks, 1),
        quantity=quantity,
        fleeting=fleeting,
        amended=~fleeting & (rng.random(count) < _AMENDED),
        venue=rng.choice(len(MICS), size=count, p=[venue.share for venue in VENUES]),
    )


def _dealt(rng: np.random.Generator, count: int, members: int) -> Ints:
    weight = np.cumsum(1 / np.arange(1, members + 1) ** _LEAN)
    dealt = np.searchsorted(weight / weight[-1], rng.random(count), side="right")
    return np.minimum(dealt, members - 1).astype(np.int64)


@dataclass
class Trades:
    """Trades of resting orders, each with an order that came for it."""

    order: Ints  # of the resting side
    time: Ints
    quantity: Ints
    taker: Ints  # number of the order that took it
    member: Ints  # that it belongs to
    of: Orders


def draw_trades(orders: Orders, rng: np.random.Generator, members: int) -> Trades:
    """Return which of the orders trade, when, how much, and with whose order; never with their own."""
    life = orders.gone - orders.time
    able = np.nonzero(~orders.fleeting & (life > 20_000))[0]
    chosen = np.sort(
        rng.choice(able, size=min(len(able), round(_RESTING_FILLED * len(orders.time))), replace=False)
    )
    share = rng.uniform(0.05, 0.95, len(chosen))
    part = np.where(rng.random(len(chosen)) < _PARTLY, rng.uniform(0.1, 0.9, len(chosen)), 1.0)
    quantity = np.maximum(1, (orders.quantity[chosen] * part).astype(np.int64))
    # Somebody else takes it: the next member when chance picks the same one.
    taker = _dealt(rng, len(chosen), members)
    taker = np.where(taker == orders.member[chosen], (taker + 1) % members, taker)
    return Trades(
        order=chosen,
        time=(orders.time[chosen] + share * life[chosen]).astype(np.int64),
        quantity=quantity,
        taker=len(orders.time) + np.arange(len(chosen)),
        member=taker,
        of=orders,
    )
