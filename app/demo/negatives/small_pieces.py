"""Look-alikes of pinging: tiny orders that nothing, the other side, or an everyday order follows."""

from app.demo.stage import SECOND, Stage

NAME = "pinging"


def plant(stage: Stage) -> None:
    """Plant all three: they differ from pinging in nothing but what follows."""
    _probe(stage, 0.25, "none", "a test of the connection: nothing follows")
    _probe(stage, 0.5, "sell_short", "the order that follows is on the other side")
    _probe(stage, 0.75, "buy", "the order that follows is no larger than odd lots are", notional=0.0)


def _probe(stage: Stage, fraction: float, side: str, note: str, *, notional: float = 90_000.0) -> None:
    session = stage.session()
    instrument = stage.name(session)
    account = stage.plan.cast.house[0]
    time = stage.moment(session, fraction)
    bid, ask = stage.touch(session, instrument, time)
    middle = round((bid + ask) / 2, 2)
    tickets = []
    for turn in range(9):
        ping = stage.ticket(
            account, session, instrument, "buy", 1 + turn % 2, limit=middle, time_in_force="ioc"
        )
        ping.enter(time + turn * SECOND // 3)
        if turn == 8:
            ping.fill(time + turn * SECOND // 3 + 2_500, middle)
        else:
            ping.cancel(time + turn * SECOND // 3 + 2_500, by="ioc")
        tickets.append(ping)
    if side != "none":
        size = stage.lot(session, instrument, notional) if notional else 15
        price = ask if side == "buy" else bid
        after = stage.ticket(account, session, instrument, side, size, limit=price, time_in_force="ioc")
        tickets.append(after.enter(time + 3 * SECOND + 200_000).fill(time + 3 * SECOND + 203_000, price))
    stage.mark(NAME, tickets, abuse=False, note=note)
