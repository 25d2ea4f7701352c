"""Marking the close: aggressive trading in the last minutes that carries the closing price along."""

from app.demo.stage import MINUTE, SECOND, Stage

NAME = "marking_the_close"


def plant(stage: Stage, severity: float) -> None:
    """Buy or sell in many small aggressive pieces; more of the market and further as ``severity`` grows.

    Now and then it is one account, or two of them; or orders for the closing auction that are pulled seconds
    before it.
    """
    if stage.rng.random() < 0.2:
        _pull(stage, severity)
    else:
        _push(stage, severity)


def _push(stage: Stage, severity: float) -> None:
    rng = stage.rng
    session, instrument = stage.quiet()
    # The last five minutes trade about 2.4 times what five minutes do on average.
    total = (0.15 + 0.5 * severity) * 2.4 * stage.usual(instrument, 5)
    pieces = 6 + round(19 * severity)
    size = max(10, int(total / pieces / 10) * 10)
    reach = (2.0 + 4.5 * severity) * stage.swing(instrument, 15)
    sign = 1 if rng.random() < 0.75 else -1
    accounts = stage.plan.cast.house[: 1 + int(rng.random() < 0.7)]
    start = int(stage.market.closes_us[session]) - 4 * MINUTE
    tickets = []
    for piece in range(pieces):
        time = start + int((piece + float(rng.uniform(0.1, 0.9))) / pieces * 230 * SECOND)
        stage.push(session, instrument, time, sign * reach * (piece + 1) / pieces)
        bid, ask = stage.touch(session, instrument, time)
        price, side = (ask, "buy") if sign > 0 else (bid, "sell_short")
        account = accounts[piece % len(accounts)]
        order = stage.ticket(account, session, instrument, side, size, limit=price, time_in_force="ioc")
        tickets.append(order.enter(time).fill(time + 2_600, price))
    stage.mark(NAME, tickets, abuse=True, severity=severity)
    stage.square(tickets, 0.25)


def _pull(stage: Stage, severity: float) -> None:
    rng = stage.rng
    session, instrument = stage.quiet()
    account = stage.plan.cast.house[1]
    closes = int(stage.market.closes_us[session])
    size = int((0.8 + 4 * severity) * 2.4 * stage.usual(instrument, 5) / 30) * 10
    tickets = []
    for piece in range(3):
        time = closes - 6 * MINUTE + piece * int(rng.uniform(5, 20) * SECOND)
        order = stage.ticket(account, session, instrument, "buy", size, time_in_force="cls").enter(time)
        gone = closes - int((3 + 20 * (1 - severity) * float(rng.uniform(0.5, 1))) * SECOND) + piece * 10_000
        tickets.append(order.cancel(gone))
    stage.mark(NAME, tickets, abuse=True, severity=severity, note="orders for the auction, pulled before it")
