"""Momentum ignition: build quietly, set off a move in seconds, and leave into it."""

from app.demo.flow import Ticket
from app.demo.stage import MINUTE, SECOND, Stage

NAME = "momentum_ignition"


def plant(stage: Stage, severity: float) -> None:
    """Build, ignite, wait for others, and get out: faster, larger and farther as ``severity`` grows."""
    rng = stage.rng
    session, instrument = stage.quiet()
    accounts = (stage.plan.cast.house, stage.plan.cast.linked)[int(rng.random() < 0.4)]
    # One account, or the two of a family taking turns.
    hands = accounts if rng.random() < 0.5 else accounts[:1]
    total = (0.6 + 1.2 * severity) * stage.usual(instrument, 0.5)
    reach = (5.5 + 10.0 * severity) * stage.swing(instrument, 0.5)
    start = stage.moment(session, float(rng.uniform(0.12, 0.85)))
    tickets: list[Ticket] = []

    def trade(time: int, side: str, quantity: float, *, liquidity: str = "taker") -> None:
        bid, ask = stage.touch(session, instrument, time)
        price = ask if (side == "buy") == (liquidity == "taker") else bid
        size = max(10, int(quantity / 10) * 10)
        account = hands[len(tickets) % len(hands)]
        order = stage.ticket(account, session, instrument, side, size, limit=price)
        tickets.append(order.enter(time).fill(time + 2_600, price, liquidity=liquidity))

    builds = 3
    for piece in range(builds):
        time = start - 7 * MINUTE + piece * 100 * SECOND
        trade(time, "buy", (0.5 + severity) * total / builds, liquidity="maker")
    pieces = 5 + round(9 * severity)
    lasts = float(rng.uniform(6, 14 + 12 * (1 - severity)))
    for piece in range(pieces):
        time = start + int((piece + float(rng.uniform(0.2, 0.8))) / pieces * lasts * SECOND)
        stage.push(session, instrument, time, reach * (piece + 1) / pieces)
        trade(time, "buy", total / pieces)
    follow = start + int((lasts + 15) * SECOND)
    stage.push(session, instrument, follow, reach * 1.3)
    out = (1.5 + severity) * total * (0.7 + 0.3 * severity)
    exits = 3 + round(3 * severity)
    for piece in range(exits):
        time = follow + int((5 + piece * 150 / exits * float(rng.uniform(0.7, 1.2))) * SECOND)
        trade(time, "sell", out / exits)
    stage.push(session, instrument, follow + 6 * MINUTE, 0.0)
    stage.mark(NAME, tickets, abuse=True, severity=severity)
