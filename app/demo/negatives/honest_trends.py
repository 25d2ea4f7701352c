"""Look-alikes of ramping: an algorithm in a rally, a patient buy-back, a sweep that stays."""

from app.demo.stage import MINUTE, SECOND, Stage

NAME = "ramping"


def plant(stage: Stage) -> None:
    """Buy little through a rally, buy back a fair part of the market at the bid, and sweep a book once."""
    _rally(stage)
    _buy_back(stage)
    _sweep(stage)


def _rally(stage: Stage) -> None:
    # The price runs as far as a manipulator's, but somebody else makes it.
    session, instrument = stage.quiet()
    start = stage.moment(session, float(stage.rng.uniform(0.2, 0.7)))
    reach = 5.0 * stage.swing(instrument, 12)
    size = max(10, int(0.04 * stage.usual(instrument, 12) / 120) * 10)
    tickets = []
    for piece in range(12):
        time = start + piece * MINUTE
        stage.push(session, instrument, time, reach * (piece + 1) / 12)
        _, ask = stage.touch(session, instrument, time)
        order = stage.ticket(
            stage.plan.cast.client, session, instrument, "buy", size, limit=ask, strategy="twap"
        )
        tickets.append(order.enter(time).fill(time + 2_600, ask))
    stage.mark(NAME, tickets, abuse=False, note="a small algorithm buys through a rally others make")
    stage.square(tickets, 0.88)


def _buy_back(stage: Stage) -> None:
    session, instrument = stage.quiet()
    start = stage.moment(session, float(stage.rng.uniform(0.2, 0.7)))
    size = max(10, int(0.2 * stage.usual(instrument, 20) / 120) * 10)
    tickets = []
    for piece in range(12):
        time = start + piece * 100 * SECOND
        bid, _ = stage.touch(session, instrument, time)
        order = stage.ticket(stage.plan.cast.client, session, instrument, "buy", size, limit=bid)
        tickets.append(order.enter(time).fill(time + 40 * SECOND, bid, liquidity="maker"))
    stage.mark(NAME, tickets, abuse=False, note="a buy-back at the bid, a fifth of the market")
    stage.square(tickets, 0.88)


def _sweep(stage: Stage) -> None:
    session, instrument = stage.quiet()
    time = stage.moment(session, float(stage.rng.uniform(0.2, 0.7)))
    _, ask = stage.touch(session, instrument, time)
    size = max(10, int(0.3 * stage.usual(instrument, 5) / 60) * 10)
    limit = round(ask * 1.01, 2)
    order = stage.ticket(stage.plan.cast.client, session, instrument, "buy", 6 * size, limit=limit)
    order.enter(time)
    for level in range(6):
        price = round(min(ask * (1 + 0.0004 * level), limit), 2)
        order.fill(time + 2_600 + 300 * level, price, quantity=size)
    stage.mark(NAME, [order], abuse=False, note="one order through six levels")
    stage.square([order], 0.88)
