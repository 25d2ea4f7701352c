"""Churning: a client's account is bought and sold day after day, at several times the usual commission."""

from math import ceil

from app.demo.flow import Ticket
from app.demo.stage import MINUTE, SECOND, Stage

NAME = "churning"
_A_NAME = 450_000.0  # USD at once in one stock
_MOST_TOLD = 10  # names with a story of their own, of the twenty there are


def plant(stage: Stage, severity: float) -> None:
    """Turn a client's money over 3 to 10 times a year and charge 5 to 40 % of it."""
    account = quiet_clients(stage)[sum(mark.pattern == NAME for mark in stage.marks) % 3]
    turnover, cost = 3 + 7 * severity, 0.05 + 0.35 * severity
    turn_over(stage, account, turnover=turnover, rate=cost / (2 * turnover), abuse=True, severity=severity)


def quiet_clients(stage: Stage) -> list[str]:
    """Return dollar accounts of clients that no other scene leans on, smallest first."""
    cast = stage.plan.cast
    free = [
        book
        for book in stage.plan.books
        if book.kind == "client" and book.currency == "USD" and book.link_group is None
        and book.account_id not in {cast.client, cast.index}
    ]  # fmt: skip
    return [book.account_id for book in sorted(free, key=lambda book: book.deposit)]


def turn_over(
    stage: Stage,
    account: str,
    *,
    turnover: float,
    rate: float,
    abuse: bool,
    severity: float = 0.0,
    note: str = "",
) -> None:
    """Buy in every recent session, and sell in the next what was bought in the one before.

    Args:
        stage: Where.
        account: Whose.
        turnover: Purchases a year, in units of what was paid in.
        rate: Commission, as a fraction of the trade's value.
        abuse: Whether it is one.
        severity: 0..1.
        note: Why it is none.
    """
    deposit = stage.plan.books[stage.book(account)].deposit
    sessions = list(stage.sessions)
    amount = turnover * deposit * 30 / 365 / len(sessions)
    count = max(1, ceil(amount / _A_NAME))
    stage.pay_in(account, sessions[0], 1.2 * amount)
    held: list[tuple[int, int]] = []
    tickets = []
    for session in sessions:
        time = stage.moment(session, float(stage.rng.uniform(0.1, 0.5)))
        for instrument, size in held:
            time += int(stage.rng.uniform(1, 3) * MINUTE)
            tickets.append(_done(stage, account, session, instrument, "sell", size, time, rate))
        held = []
        # A private account's approvals are other scenes' stories; what is bought beside them would use them up.
        told = {one.instrument for one in stage.conduct.approvals if one.account_id == account}
        for _ in range(count):
            instrument = stage.name(session, days=2)
            while instrument in told and len(told) < _MOST_TOLD:
                instrument = stage.name(session, days=2)
            instrument = _unlimited(stage, account, session, instrument, told)
            time += int(stage.rng.uniform(1, 4) * MINUTE)
            size = stage.lot(session, instrument, amount / count)
            tickets.append(_done(stage, account, session, instrument, "buy", size, time, rate))
            held.append((instrument, size))
    stage.mark(NAME, tickets, abuse=abuse, severity=severity, note=note)


def _unlimited(stage: Stage, account: str, session: int, instrument: int, told: set[int]) -> int:
    """Return the name itself, or the next one that no scene has set the account a position limit in.

    What is bought beside such a scene would break its limit, or hide that the scene did.
    """
    limited = {one.instrument for one in stage.conduct.bounds if one.account_id == account}
    if instrument not in limited:
        return instrument
    others = [(instrument + step) % 20 for step in range(1, 20)]
    free = (n for n in others if n not in limited | told and not stage.closed[session : session + 2, n].any())
    return next(free, instrument)


def _done(  # noqa: PLR0917 (an order's own columns)
    stage: Stage, account: str, session: int, instrument: int, side: str, size: int, time: int, rate: float
) -> Ticket:  # fmt: skip
    bid, ask = stage.touch(session, instrument, time)
    price = ask if side == "buy" else bid
    order = stage.ticket(account, session, instrument, side, size, limit=price).enter(time)
    return order.fill(time + 2 * SECOND, price, charge=round(rate * price, 4))
