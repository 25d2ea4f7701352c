"""Insider dealing: somebody builds a position in a name new to him in the days before it jumps."""

from app.demo.history import Cash
from app.demo.past import moves, trade
from app.demo.stage import Stage

NAME = "insider_dealing"
BEFORE = 10  # sessions in which the position is built


def plant(stage: Stage, severity: float) -> None:
    """Buy in parts before a real rise and sell after it: larger, and nearer to it, as severity grows."""
    account, session, instrument = _chance(stage)
    clear = _clear(stage, session, instrument)
    first = max(session - BEFORE + round(5 * severity), clear)
    days = sorted({first, session - 1})
    notional = (150_000 + 300_000 * severity) / len(days)
    day = stage.market.sessions[max(0, days[0] - 1)]
    currency = stage.plan.books[stage.book(account)].currency
    stage.conduct.paid_in.append(
        Cash(account, day, "deposit", round(2.2 * notional, 2), currency, external=True)
    )
    tickets = [
        trade(stage, account, day, instrument, "buy", notional, fraction=float(stage.rng.uniform(0.2, 0.8)))
        for day in days
    ]
    stage.mark(NAME, tickets, abuse=True, severity=severity)
    held = sum(ticket.quantity for ticket in tickets) * float(stage.market.open[session + 1, instrument])
    trade(stage, account, session + 1, instrument, "sell", held, fraction=0.4)


def _chance(stage: Stage) -> tuple[str, int, int]:
    """Return who, and which rise: a name that the account does not trade otherwise, where there is one."""
    private = [book.account_id for book in stage.plan.books if book.kind == "personal"]
    used = {account: sum(one[0] == account for one in stage.conduct.insiders) for account in private}
    # An account that did it before hides behind what it did: who has done least goes first.
    accounts = [account for account in private if used[account] == min(used.values())]
    rises = [
        (session, name)
        for session, name in moves(stage)
        if not stage.closed[max(0, session - BEFORE) : session + 2, name].any()
        and _clear(stage, session, name) < session
    ]
    pairs = [(account, session, name) for session, name in rises for account in accounts]
    fresh = [one for one in pairs if (stage.book(one[0]), one[2]) not in stage.conduct.traded]
    # An account that traded a name once is new to it no more.
    done = {(account, name) for account, _, name in stage.conduct.insiders}
    free = [one for one in fresh if (one[0], one[2]) not in done]
    chosen = free or fresh or pairs
    account, session, instrument = chosen[int(stage.rng.integers(len(chosen)))]
    stage.conduct.insiders.append((account, session, instrument))
    return account, session, instrument


def _clear(stage: Stage, session: int, instrument: int) -> int:
    """Return the first session after the name's last jump, up or down, before this one."""
    earlier = [
        day + 1
        for up in (True, False)
        for day, name in moves(stage, sigmas=2.5, least=0.028, up=up)
        if name == instrument and day < session
    ]
    return max([1, *earlier])
