"""Matched orders: two owners with nothing in common who keep meeting at the same second and size."""

from app.demo.stage import SECOND, Stage

NAME = "matched_orders"


def plant(stage: Stage, severity: float) -> None:
    """Have two clients meet over several days: more often and more exactly as ``severity`` grows."""
    rng = stage.rng
    first, second = stage.strangers(2)
    _, instrument = stage.quiet()
    start = int(rng.integers(0, max(1, len(stage.sessions) - 9)))
    days = stage.sessions[start : start + 10]
    open_days = [s for s in days if not stage.closed[s, instrument]] or [days[0]]
    tickets = []
    for turn in range(6 + round(6 * severity)):
        session = open_days[int(rng.integers(0, len(open_days)))]
        size = stage.lot(session, instrument, float(rng.uniform(30_000, 120_000)))
        time = stage.moment(session, float(rng.uniform(0.1, 0.9)))
        # The careful wait a little and vary the size.
        other = max(10, int(size * (1 - float(rng.uniform(0, 0.05)) * (1 - severity))))
        gap = int((0.05 + float(rng.uniform(0, 2.1)) * (1 - severity)) * SECOND)
        back = turn % 2 == 1 and rng.random() < 0.3 + 0.5 * severity
        buyer, seller = (second, first) if back else (first, second)
        bid, ask = stage.touch(session, instrument, time)
        price = round(bid + float(rng.uniform(0.3, 0.7)) * (ask - bid), 2)
        match = stage.flow.match()
        buy = stage.ticket(buyer, session, instrument, "buy", size, limit=price).enter(time)
        sell = stage.ticket(seller, session, instrument, "sell", other, limit=price).enter(time + gap)
        done = min(size, other)
        buy.fill(time + gap + 2_600, price, quantity=done, liquidity="maker", match=match)
        sell.fill(time + gap + 2_600, price, match=match)
        if size > done:
            buy.cancel(time + gap + 30 * SECOND)
        tickets += [buy, sell]
    stage.mark(NAME, tickets, abuse=True, severity=severity)
