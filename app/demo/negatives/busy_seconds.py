"""Look-alikes of quote stuffing: the rush of everybody, a lost line, one quote on many names."""

from app.demo.stage import SECOND, Stage
from app.demo.universe import TICK

NAME = "quote_stuffing"


def plant(stage: Stage) -> None:
    """Plant all three."""
    _rush(stage)
    _lost_line(stage)
    _many_names(stage)


def _rush(stage: Stage) -> None:
    session = stage.session()
    instrument = stage.name(session)
    # A whole second, so that the rush of all does not look like two smaller ones.
    time = stage.moment(session, 0.15) // SECOND * SECOND
    bid, _ = stage.touch(session, instrument, time)
    cast = stage.plan.cast
    tickets = []
    for place, account in enumerate(dict.fromkeys((cast.maker, cast.client, *cast.unrelated))):
        for turn in range(28):
            at = time + 10_000 + place * 1_100 + turn * 24_000
            order = stage.ticket(
                account, session, instrument, "buy", 100 + turn, limit=round(bid - (1 + turn % 7) * TICK, 2)
            ).enter(at)
            tickets.append(order.cancel(at + 15_000))
    stage.mark(NAME, tickets, abuse=False, note="everybody is busy in the same second, as after news")


def _lost_line(stage: Stage) -> None:
    session = stage.session()
    instrument = stage.name(session)
    time = stage.moment(session, 0.3)
    bid, _ = stage.touch(session, instrument, time)
    orders = [
        stage.ticket(
            stage.plan.cast.maker, session, instrument, "buy", 200, limit=round(bid - (3 + turn) * TICK, 2)
        ).enter(time + turn * SECOND)
        for turn in range(70)
    ]
    for turn, order in enumerate(orders):
        order.cancel(time + 90 * SECOND + turn * 2_000)
    stage.mark(NAME, orders, abuse=False, note="a mass withdrawal after a lost connection")


def _many_names(stage: Stage) -> None:
    session = stage.session()
    time = stage.moment(session, 0.45)
    free = [n for n in range(20) if not stage.closed[session, n]][:12]
    tickets = []
    for instrument in free:
        bid, ask = stage.touch(session, instrument, time)
        for turn in range(4):
            at = time + turn * 200_000 + instrument * 900
            for side, limit in (("buy", bid - (turn + 1) * TICK), ("sell", ask + (turn + 1) * TICK)):
                order = stage.ticket(
                    stage.plan.cast.maker, session, instrument, side, 300, limit=round(limit, 2)
                ).enter(at)
                tickets.append(order.cancel(at + 150_000))
    stage.mark(NAME, tickets, abuse=False, note="one quote of a maker on twelve names at once")
