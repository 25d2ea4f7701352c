"""Look-alikes of help from an away account: moves that stay, two lucky fills, dips that are not traded."""

from app.demo.stage import MINUTE, SECOND, Stage

NAME = "away_account"


def plant(stage: Stage) -> None:
    """Plant all three."""
    _dips(stage, count=9, back=False, better=True, note="the price moved and stayed: that was information")
    _dips(stage, count=2, back=True, better=True, note="lucky twice, as everybody is")
    _dips(stage, count=9, back=True, better=False, note="bought just before each dip, not in it")


def _dips(stage: Stage, *, count: int, back: bool, better: bool, note: str) -> None:
    session, instrument = stage.quiet()
    account = stage.plan.cast.unrelated[0]
    size = stage.lot(session, instrument, 25_000)
    time = stage.moment(session, 0.15)
    tickets, moved = [], 0.0
    for _ in range(count):
        bid, ask = stage.touch(session, instrument, time)
        dip = 3 * (ask - bid) / bid
        begins = time - 3 * SECOND
        if not better:
            early = stage.ticket(account, session, instrument, "buy", size, limit=bid).enter(
                begins - 2 * SECOND
            )
            tickets.append(early.fill(begins - SECOND, bid, liquidity="maker"))
        stage.push(session, instrument, begins, moved - dip)
        if better:
            low, _ = stage.touch(session, instrument, time)
            order = stage.ticket(account, session, instrument, "buy", size, limit=low).enter(begins + SECOND)
            tickets.append(order.fill(time, low, liquidity="maker"))
        if back:
            stage.push(session, instrument, time + 3 * SECOND, moved)
        else:
            moved -= dip
        time += 7 * MINUTE
    stage.mark(NAME, tickets, abuse=False, note=note)
