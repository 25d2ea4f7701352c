"""Spoofing: one large order that is never meant to trade, to be filled on the other side."""

from app.demo.stage import SECOND, Stage
from app.demo.universe import TICK

NAME = "spoofing"


def plant(stage: Stage, severity: float) -> None:
    """Show one large order, be filled against it, pull it; larger, faster and more often with ``severity``."""
    rng = stage.rng
    session = stage.session()
    instrument = stage.name(session)
    account = stage.plan.cast.house[0]
    wanted = stage.lot(session, instrument, 30_000)
    buying = bool(rng.random() < 0.5)
    time = stage.moment(session, float(rng.uniform(0.1, 0.5)))
    tickets = []
    for _ in range(2 + round(4 * severity)):
        bid, ask = stage.touch(session, instrument, time)
        size = int(wanted * (6 + 20 * severity) * float(rng.uniform(0.85, 1.15)) / 10) * 10
        away = int(rng.integers(0, 3)) * TICK
        limit = round(ask + away if buying else bid - away, 2)
        large = stage.ticket(
            account, session, instrument, "sell_short" if buying else "buy", size, limit=limit
        ).enter(time)
        dwell = int(rng.uniform(0.3, 1.5 + 25 * (1 - severity)) * SECOND)
        price = bid if buying else ask
        small = stage.ticket(
            account, session, instrument, "buy" if buying else "sell_short", wanted, limit=price
        ).enter(time + SECOND // 2)  # fmt: skip
        done = time + SECOND // 2 + dwell
        small.fill(done, price, liquidity="maker")
        gone = done + int(rng.uniform(0.05, 0.4 + 6 * (1 - severity)) * SECOND)
        if rng.random() < 0.2:
            # Now and then somebody is quick enough to take a part of it.
            large.fill(done - dwell // 3, limit, quantity=max(10, size // 10), liquidity="maker")
        large.cancel(gone)
        tickets += [large, small]
        time = gone + int(rng.uniform(20, 300) * SECOND)
    stage.mark(NAME, tickets, abuse=True, severity=severity)
