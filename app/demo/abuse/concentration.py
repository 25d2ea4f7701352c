"""Concentration: a client's holding drifts through its limit during the day, and is back before the close."""

from app.demo.conduct import Bound
from app.demo.stage import MINUTE, Stage

NAME = "concentration"


def plant(stage: Stage, severity: float) -> None:
    """Buy through the limit in four steps and sell again: just reaching it when mild, far beyond when severe."""
    account = stage.plan.cast.unrelated[0]
    session = stage.session()
    instrument = stage.name(session)
    size = stage.lot(session, instrument, 90_000 + 200_000 * severity)
    time = stage.moment(session, float(stage.rng.uniform(0.15, 0.45)))
    tickets = []
    for step in range(8):
        at = time + step * 11 * MINUTE
        bid, ask = stage.touch(session, instrument, at)
        side, price = ("buy", ask) if step < 4 else ("sell", bid)
        order = stage.ticket(account, session, instrument, side, size, limit=price, strategy="core")
        tickets.append(order.enter(at).fill(at + 3_000, price))
    # Scenes of one account and name would share a limit, so each has its own.
    stage.conduct.bounds.append(Bound(account, instrument, session, 1.0 - 0.5 * severity))
    stage.mark(NAME, tickets, abuse=True, severity=severity)
