"""A day unlike any other: a trader who slices quietly suddenly enters and pulls small orders in many names."""

from app.demo.stage import SECOND, Stage
from app.demo.universe import TICK

NAME = "behaviour"


def plant(stage: Stage, severity: float) -> None:
    """Enter 60 to 600 tiny orders in every name around one odd hour, and cancel nearly all."""
    rng = stage.rng
    session = stage.session()
    account = stage.plan.cast.index if severity < 0.8 else stage.plan.cast.house[0]
    tickets = []
    free = [n for n in range(20) if not stage.closed[session, n]]
    start = stage.moment(session, 0.9)
    for turn in range(60 + round(540 * severity)):
        instrument = free[turn % len(free)]
        time = start + int(turn * (1800 / (60 + 540 * severity)) * SECOND)
        bid, _ = stage.touch(session, instrument, time)
        limit = round(bid - (20 + turn % 7) * TICK, 2)
        order = stage.ticket(account, session, instrument, "buy", 1 + turn % 9, limit=limit).enter(time)
        if rng.random() < 0.02:
            tickets.append(order.fill(time + 3 * SECOND, limit, liquidity="maker"))
        else:
            tickets.append(order.cancel(time + int(rng.uniform(5, 40) * SECOND)))
    stage.mark(NAME, tickets, abuse=True, severity=severity)
