"""Dynamic layering after a well-known case: five layers, three and more levels away, five cycles, moved along."""

from app.demo.stage import SECOND, Stage
from app.demo.universe import TICK

NAME = "layering"
LAYERS, CYCLES, LOTS = 5, 5, (188, 289)


def plant(stage: Stage, severity: float) -> None:
    """Replay the case once, as the most severe one: the layers keep away from the touch and never trade."""
    if severity < 0.85:
        return
    session = stage.session()
    instrument = stage.name(session)
    account = stage.plan.cast.house[1]
    time = stage.moment(session, 0.3)
    tickets = []
    for cycle in range(CYCLES):
        bid, ask = stage.touch(session, instrument, time)
        layers = [
            stage.ticket(
                account, session, instrument, "sell_short", 10 * LOTS[(cycle + level) % 2],
                limit=round(ask + (3 + level) * TICK, 2),
            ).enter(time + level * 30_000)
            for level in range(LAYERS)
        ]  # fmt: skip
        # The program moves every layer with the market, so that it stays as far away.
        for step, layer in enumerate(layers):
            layer.replace(time + 9 * SECOND + step * 5_000, limit=round(ask + (4 + step) * TICK, 2))
        buy = stage.ticket(account, session, instrument, "buy", 100, limit=bid).enter(time + 12 * SECOND)
        buy.fill(time + 15 * SECOND, bid, liquidity="maker")
        for step, layer in enumerate(layers):
            layer.cancel(time + 15 * SECOND + 300_000 + step * 4_000)
        tickets += [*layers, buy]
        time += 150 * SECOND
    stage.mark(NAME, tickets, abuse=True, severity=severity, note="five layers, five cycles, moved along")
