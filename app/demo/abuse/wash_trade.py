"""Wash trades: linked accounts trade with one another, back and forth."""

from app.demo.stage import SECOND, Stage

NAME = "wash_trade"


def plant(stage: Stage, severity: float) -> None:
    """Cross between two linked accounts: more often, tighter and faster as ``severity`` grows."""
    rng = stage.rng
    first, second = stage.plan.cast.linked if rng.random() < 0.7 else stage.plan.cast.house
    session = stage.session()
    instrument = stage.name(session)
    quantity = stage.lot(session, instrument, 150_000 + 450_000 * severity)
    time = stage.moment(session, float(rng.uniform(0.15, 0.7)))
    tickets = []
    for turn in range(1 + round(5 * severity)):
        buyer, seller = (first, second) if turn % 2 == 0 else (second, first)
        # Blatant ones repeat the very size; careful ones vary it.
        size = max(10, int(quantity * (1 + rng.normal(0, 0.05 * (1 - severity)))))
        bid, ask = stage.touch(session, instrument, time)
        price = round((bid + ask) / 2, 2)
        match = stage.flow.match()
        delay = int(rng.uniform(0.2, 30 * (1.05 - severity)) * SECOND)
        buy = stage.ticket(buyer, session, instrument, "buy", size, limit=price).enter(time)
        sell = stage.ticket(seller, session, instrument, "sell", size, limit=price).enter(time + delay)
        done = time + delay + 2_400
        buy.fill(done, price, liquidity="maker", match=match)
        sell.fill(done, price, liquidity="taker", match=match)
        tickets += [buy, sell]
        time += int(rng.uniform(20, 200 + 500 * (1 - severity)) * SECOND)
    stage.mark(NAME, tickets, abuse=True, severity=severity)
