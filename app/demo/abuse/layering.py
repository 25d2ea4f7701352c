"""Layering: large orders on one side that are never meant to trade, to be filled on the other."""

from app.demo.stage import SECOND, Stage
from app.demo.universe import TICK

NAME = "layering"


def plant(stage: Stage, severity: float) -> None:
    """Show sell layers above the market, be filled on a bid, pull the layers; again and again."""
    rng = stage.rng
    session = stage.session()
    instrument = stage.name(session)
    account = stage.plan.cast.house[1]
    wanted = stage.lot(session, instrument, 40_000)
    time = stage.moment(session, float(rng.uniform(0.15, 0.6)))
    tickets = []
    for _ in range(2 + round(4 * severity)):
        bid, ask = stage.touch(session, instrument, time)
        layers = []
        for level in range(2 + round(4 * severity)):
            size = int(wanted * (2 + 8 * severity) * float(rng.uniform(0.8, 1.2)) / 10) * 10
            limit = round(ask + level * TICK, 2)
            layer = stage.ticket(account, session, instrument, "sell_short", size, limit=limit)
            layers.append(layer.enter(time + level * 90_000))
        dwell = int((0.6 + 6 * (1 - severity)) * SECOND)
        buy = stage.ticket(account, session, instrument, "buy", wanted, limit=bid)
        buy.enter(time + SECOND).fill(time + SECOND + dwell, bid, liquidity="maker")
        gone = time + SECOND + dwell + int(rng.uniform(0.1, 0.4 + 3 * (1 - severity)) * SECOND)
        for step, layer in enumerate(layers):
            layer.cancel(gone + step * 12_000)
        tickets += [*layers, buy]
        time = gone + int(rng.uniform(20, 120) * SECOND)
    stage.mark(NAME, tickets, abuse=True, severity=severity)
