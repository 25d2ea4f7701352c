"""Order-to-trade ratio: an order is amended all day, and next to nothing comes of it."""

import polars as pl

from app.demo.stage import SECOND, Stage
from app.demo.universe import TICK

NAME = "order_to_trade"


def plant(stage: Stage, severity: float) -> None:
    """Amend two orders again and again; the milder ones trade once, the severest not at all."""
    rng = stage.rng
    account = stage.plan.cast.unrelated[1]
    session, instrument = quiet(stage, account)
    size = stage.lot(session, instrument, 20_000)
    tickets = []
    traded = severity < 0.8
    for place, (opens, venue) in enumerate(((0.1, "IEXG"), (0.5, "IEXG"))):
        time = stage.moment(session, opens)
        bid, _ = stage.touch(session, instrument, time)
        order = stage.ticket(
            account, session, instrument, "buy", size, limit=round(bid - 5 * TICK, 2), venue=venue
        ).enter(time)
        # An amendment counts twice: 60 of two orders are past a limit of 100, if one trade came of them.
        for turn in range(60 + round(240 * severity)):
            time += int(rng.uniform(4, 22) * SECOND)
            limit = round(bid - (4 + turn % 3) * TICK, 2)
            order.replace(time, limit=limit)
        if place == 1 and traded:
            order.fill(time + SECOND, limit, liquidity="maker")
        else:
            order.cancel(time + 3 * SECOND)
        tickets.append(order)
    stage.mark(NAME, tickets, abuse=True, severity=severity)


def quiet(stage: Stage, account_id: str) -> tuple[int, int]:
    """Return a session and a name in which the account does nothing else, so that its ratio is what is planted."""
    book = stage.book(account_id)
    own = pl.concat([orders for orders in stage.flow.orders if len(orders) > 50]).filter(
        pl.col("book") == book
    )
    busy = set(own.select("session", "instrument").unique().iter_rows())
    while True:
        session = stage.session()
        instrument = stage.name(session)
        if (session, instrument) not in busy:
            return session, instrument
