"""Look-alikes of bad execution: a limit that waited, a market that moved, a wide spread paid once."""

from app.demo.abuse.best_execution import NAME
from app.demo.abuse.churning import quiet_clients
from app.demo.stage import MINUTE, SECOND, Stage


def plant(stage: Stage) -> None:
    """Fill clients at the quotes of the moment, however far those are from the arrival price."""
    account = quiet_clients(stage)[1]
    session = stage.session()
    instrument = stage.name(session)
    time = stage.moment(session, 0.1)
    bid, _ = stage.touch(session, instrument, time)
    size = stage.lot(session, instrument, 200_000)
    resting = stage.ticket(account, session, instrument, "buy", size, limit=bid).enter(time)
    resting.fill(
        stage.moment(session, 0.1) + 5 * MINUTE, bid, quantity=max(10, size // 20 * 10), liquidity="maker"
    )
    resting.cancel(stage.moment(session, 0.9), reason="Client's limit was not reached again")
    stage.mark(NAME, [resting], abuse=False, note="a limit order that was half missed")
    session = stage.session()
    instrument = stage.name(session)
    time = stage.moment(session, 0.05)
    size = stage.lot(session, instrument, 300_000)
    slow = stage.ticket(account, session, instrument, "buy", size).enter(time)
    for part, when in ((size // 2, 0.4), (size - size // 2, 0.9)):
        at = stage.moment(session, when)
        slow.fill(at, stage.touch(session, instrument, at)[1], quantity=part)
    stage.mark(NAME, [slow], abuse=False, note="worked over the day at the quotes of each moment")
    session = stage.session()
    instrument = stage.name(session)
    time = stage.moment(session, 0.5)
    bid, _ = stage.touch(session, instrument, time)
    size = stage.lot(session, instrument, 250_000)
    taker = stage.ticket(account, session, instrument, "sell", size, limit=bid).enter(time)
    taker.fill(time + SECOND, bid)
    stage.mark(NAME, [taker], abuse=False, note="the spread, and no more")
