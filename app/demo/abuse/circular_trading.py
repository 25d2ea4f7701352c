"""Circular trading: owners with nothing in common on paper pass a holding round in a ring."""

from app.demo.stage import SECOND, Stage

NAME = "circular_trading"


def plant(stage: Stage, severity: float) -> None:
    """Pass a holding round among three to six owners: tighter and more often as ``severity`` grows."""
    rng = stage.rng
    session, instrument = stage.quiet()
    ring = stage.strangers(int(rng.integers(3, 6)))
    laps = 2 + round(2 * severity)
    size = stage.lot(session, instrument, 60_000 + 120_000 * severity)
    length = stage.moment(session, 0.9) - stage.moment(session, 0.08)
    # The careful take all day for it, the careless a few minutes a hop.
    step = min(length / (laps * len(ring)), (20 + 5_000 * (1 - severity)) * SECOND)
    time = stage.moment(session, 0.08) + int(float(rng.uniform(0, 1)) * (length - step * laps * len(ring)))
    tickets = []
    for _ in range(laps):
        for place, seller in enumerate(ring):
            buyer = ring[(place + 1) % len(ring)]
            quantity = max(10, int(size * (1 + float(rng.uniform(-0.03, 0.03)) * (1 - severity))))
            bid, ask = stage.touch(session, instrument, time)
            price, match = round((bid + ask) / 2, 2), stage.flow.match()
            gap = int(rng.uniform(0.3, 40) * SECOND * (1.05 - severity))
            sell = stage.ticket(seller, session, instrument, "sell", quantity, limit=price).enter(time)
            buy = stage.ticket(buyer, session, instrument, "buy", quantity, limit=price).enter(time + gap)
            sell.fill(time + gap + 2_500, price, liquidity="maker", match=match)
            buy.fill(time + gap + 2_500, price, match=match)
            tickets += [sell, buy]
            time += int(step * float(rng.uniform(0.6, 1.0)))
    stage.mark(NAME, tickets, abuse=True, severity=severity)
