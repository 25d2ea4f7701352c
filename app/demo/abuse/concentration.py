"""Concentration: a client's holding drifts through its limit during the day, and is back before the close."""

from app.demo.conduct import Bound
from app.demo.stage import MINUTE, Stage

NAME = "concentration"


def plant(stage: Stage, severity: float) -> None:
    """Buy through the limit in four steps and sell again: just reaching it when mild, far beyond when severe."""
    account = stage.plan.cast.unrelated[0]
    session = stage.session()
    # What another scene holds would be above the limit before this one begins.
    free = untouched(stage, account, session)
    instrument = stage.name(session) if free is None else free
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


def untouched(stage: Stage, account: str, session: int) -> int | None:
    """Pick a name that no other scene trades that day or holds in the account: it would count towards the limit."""
    book = stage.book(account)
    moved: set[int] = set()
    left: dict[int, int] = {}
    for ticket in (ticket for mark in stage.marks for ticket in mark.tickets if ticket.book == book):
        if ticket.session == session:
            moved.add(ticket.instrument)
        elif ticket.session < session:
            sign = 1 if ticket.side in {"buy", "buy_cover"} else -1
            left[ticket.instrument] = left.get(ticket.instrument, 0) + sign * ticket.quantity
    free = [n for n in range(20) if not stage.closed[session, n] and n not in moved and not left.get(n)]
    return int(stage.rng.choice(free)) if free else None
