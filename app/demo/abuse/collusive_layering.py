"""Collusive layering: one account shows the layers, a linked one is filled on the other side."""

from app.demo.stage import SECOND, Stage
from app.demo.universe import TICK

NAME = "layering"


def plant(stage: Stage, severity: float) -> None:
    """Show buy layers in one account, sell in another of the same owner, pull the layers."""
    rng = stage.rng
    session = stage.session()
    instrument = stage.name(session)
    shows, sells = stage.plan.cast.linked
    wanted = stage.lot(session, instrument, 35_000)
    time = stage.moment(session, float(rng.uniform(0.15, 0.6)))
    tickets = []
    for _ in range(3 + round(3 * severity)):
        bid, ask = stage.touch(session, instrument, time)
        layers = []
        for level in range(2 + round(4 * severity)):
            size = int(wanted * (2 + 8 * severity) * float(rng.uniform(0.7, 1.3)) / 10) * 10
            limit = round(bid - (1 + level) * TICK, 2)
            layers.append(
                stage.ticket(shows, session, instrument, "buy", size, limit=limit).enter(
                    time + int(rng.uniform(0, 0.8) * SECOND)
                )
            )
        dwell = int(rng.uniform(0.4, 1 + 20 * (1 - severity)) * SECOND)
        sell = stage.ticket(sells, session, instrument, "sell", wanted, limit=ask)
        sell.enter(time + SECOND).fill(time + SECOND + dwell, ask, liquidity="maker")
        gone = time + SECOND + dwell
        for layer in layers:
            layer.cancel(gone + int(rng.uniform(0.05, 0.5 + 5 * (1 - severity)) * SECOND))
        tickets += [*layers, sell]
        time = gone + int(rng.uniform(20, 200) * SECOND)
    stage.mark(NAME, tickets, abuse=True, severity=severity, note="layers and fills in linked accounts")
