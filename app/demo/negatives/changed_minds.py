"""Look-alikes of spoofing: a breakout's other leg, an old block, a block the venue took out, one change of mind."""

from app.demo.stage import MINUTE, SECOND, Stage
from app.demo.universe import TICK

NAME = "spoofing"


def plant(stage: Stage) -> None:
    """Plant all four."""
    _breakout(stage)
    _old_block(stage)
    _halted(stage)
    _once(stage)


def _breakout(stage: Stage) -> None:
    session = stage.session()
    instrument = stage.name(session)
    time = stage.moment(session, 0.3)
    account = stage.plan.cast.house[1]
    size = stage.lot(session, instrument, 50_000)
    tickets = []
    for _ in range(3):
        bid, ask = stage.touch(session, instrument, time)
        up = stage.ticket(account, session, instrument, "buy", size, limit=bid).enter(time)
        down = stage.ticket(account, session, instrument, "sell_short", size, limit=ask).enter(time + 4_000)
        up.fill(time + 20 * SECOND, bid, liquidity="maker")
        down.cancel(time + 20 * SECOND + 60_000)
        tickets += [up, down]
        time += 15 * MINUTE
    stage.mark(NAME, tickets, abuse=False, note="both legs of an entry are alike; one fill ends the other")


def _old_block(stage: Stage) -> None:
    session = stage.session()
    instrument = stage.name(session)
    time = stage.moment(session, 0.25)
    account = stage.plan.cast.unrelated[1]
    _, ask = stage.touch(session, instrument, time)
    small = stage.lot(session, instrument, 20_000)
    block = stage.ticket(
        account, session, instrument, "sell", 12 * small, limit=round(ask * 1.002, 2)
    ).enter(time)  # fmt: skip
    later = time + 40 * MINUTE
    bid, _ = stage.touch(session, instrument, later)
    bought = stage.ticket(account, session, instrument, "buy", small, limit=bid).enter(later)
    bought.fill(later + 5 * SECOND, bid, liquidity="maker")
    block.cancel(later + 7 * SECOND)
    stage.mark(NAME, [block, bought], abuse=False, note="the block had been exposed for 40 minutes")


def _halted(stage: Stage) -> None:
    session = stage.session()
    instrument = stage.name(session)
    time = stage.moment(session, 0.5)
    account = stage.plan.cast.house[0]
    small = stage.lot(session, instrument, 20_000)
    tickets = []
    for _ in range(3):
        bid, ask = stage.touch(session, instrument, time)
        block = stage.ticket(
            account, session, instrument, "sell_short", 10 * small, limit=round(ask + 2 * TICK, 2)
        ).enter(time)  # fmt: skip
        bought = stage.ticket(account, session, instrument, "buy", small, limit=bid).enter(time + SECOND)
        bought.fill(time + 4 * SECOND, bid, liquidity="maker")
        block.cancel(time + 6 * SECOND, by="venue", reason="Volatility interruption")
        tickets += [block, bought]
        time += 9 * MINUTE
    stage.mark(NAME, tickets, abuse=False, note="the venue took the block out, not the trader")


def _once(stage: Stage) -> None:
    session = stage.session()
    instrument = stage.name(session)
    time = stage.moment(session, 0.7)
    account = stage.plan.cast.unrelated[0]
    bid, ask = stage.touch(session, instrument, time)
    small = stage.lot(session, instrument, 20_000)
    block = stage.ticket(account, session, instrument, "sell", 6 * small, limit=ask).enter(time)
    bought = stage.ticket(account, session, instrument, "buy", small, limit=bid).enter(time + 2 * SECOND)
    bought.fill(time + 12 * SECOND, bid, liquidity="maker")
    block.cancel(time + 19 * SECOND)
    stage.mark(NAME, [block, bought], abuse=False, note="a single change of mind, never repeated")
