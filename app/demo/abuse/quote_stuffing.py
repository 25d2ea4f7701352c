"""Quote stuffing: a flood of entries and cancellations that slows everybody else."""

from app.demo.stage import Stage
from app.demo.universe import TICK

NAME = "quote_stuffing"


def plant(stage: Stage, severity: float) -> None:
    """Enter and cancel at once, 60 to 200 times within a second or two; nothing trades."""
    session = stage.session()
    instrument = stage.name(session)
    time = stage.moment(session, float(stage.rng.uniform(0.2, 0.8)))
    bid, _ = stage.touch(session, instrument, time)
    account = stage.plan.cast.maker
    tickets = []
    for turn in range(60 + round(140 * severity)):
        # Two levels in turn, so that no two equal orders follow one another.
        limit = round(bid - (2 + turn % 5) * TICK, 2)
        order = stage.ticket(account, session, instrument, "buy", 100 + turn, limit=limit)
        tickets.append(order.enter(time + turn * 9_000).cancel(time + turn * 9_000 + 5_000))
    stage.mark(NAME, tickets, abuse=True, severity=severity)
