"""Look-alikes of a ring: a chain that does not close, dealing with drift, a ring through a market maker."""

from app.demo.flow import Ticket
from app.demo.stage import MINUTE, Stage

NAME = "circular_trading"


def plant(stage: Stage) -> None:
    """Pass a block down a chain, let three owners deal as it comes, and trade round through a maker."""
    first, second, third = stage.strangers(3)
    _play(stage, [(first, second, 1.0), (second, third, 1.0)] * 2, "a block that goes down a chain and stays")
    drift = [(first, second, 1.0), (second, third, 0.5), (third, first, 0.2)] * 2
    _play(stage, drift, "three owners who deal with one another and drift apart")
    maker = stage.plan.cast.maker
    through = [(first, maker, 1.0), (maker, second, 1.0), (second, first, 1.0)] * 2
    _play(stage, through, "a market maker in between, as makers are")


def _play(stage: Stage, hops: list[tuple[str, str, float]], note: str) -> None:
    session = stage.session()
    instrument = stage.name(session)
    time = stage.moment(session, float(stage.rng.uniform(0.1, 0.6)))
    size = stage.lot(session, instrument, 90_000)
    tickets: list[Ticket] = []
    for seller, buyer, part in hops:
        bid, ask = stage.touch(session, instrument, time)
        price, match = round((bid + ask) / 2, 2), stage.flow.match()
        quantity = max(10, int(size * part))
        sell = stage.ticket(seller, session, instrument, "sell", quantity, limit=price).enter(time)
        buy = stage.ticket(buyer, session, instrument, "buy", quantity, limit=price).enter(time + MINUTE)
        sell.fill(time + MINUTE + 2_500, price, liquidity="maker", match=match)
        buy.fill(time + MINUTE + 2_500, price, match=match)
        tickets += [sell, buy]
        time += 7 * MINUTE
    stage.mark(NAME, tickets, abuse=False, note=note)
