"""Look-alikes of layering: a maker renews one side, a ladder from the morning goes, an order is amended."""

from app.demo.stage import MINUTE, SECOND, Stage
from app.demo.universe import TICK

NAME = "layering"


def plant(stage: Stage) -> None:
    """Plant all three."""
    _renewed(stage)
    _old_ladder(stage)
    _amended(stage)


def _renewed(stage: Stage) -> None:
    session = stage.session()
    instrument = stage.name(session)
    time = stage.moment(session, 0.35)
    bid, ask = stage.touch(session, instrument, time)
    maker = stage.plan.cast.maker
    tickets = []
    for turn in range(3):
        asks = [
            stage.ticket(
                maker, session, instrument, "sell", 400, limit=round(ask + (level - turn) * TICK, 2)
            ).enter(time + level * 9_000)
            for level in range(4)
        ]
        bought = stage.ticket(maker, session, instrument, "buy", 300, limit=round(bid - turn * TICK, 2))
        bought.enter(time + 2_000).fill(time + 6 * SECOND, round(bid - turn * TICK, 2), liquidity="maker")
        for level, order in enumerate(asks):
            order.cancel(time + 6 * SECOND + 90_000 + level * 4_000)
        tickets += [*asks, bought]
        time += 6 * SECOND + 120_000
    last = [
        stage.ticket(maker, session, instrument, "sell", 400, limit=round(ask + (level - 3) * TICK, 2)).enter(
            time + level * 9_000
        )
        for level in range(4)
    ]
    for order in last:
        order.cancel(time + 4 * MINUTE)
    stage.mark(NAME, [*tickets, *last], abuse=False, note="a maker moves its offers down after each purchase")


def _old_ladder(stage: Stage) -> None:
    session = stage.session()
    instrument = stage.name(session)
    time = stage.moment(session, 0.2)
    _, ask = stage.touch(session, instrument, time)
    account = stage.plan.cast.unrelated[0]
    size = stage.lot(session, instrument, 60_000)
    ladder = [
        stage.ticket(
            account, session, instrument, "sell", size, limit=round(ask * (1 + step / 500), 2)
        ).enter(time + step * SECOND)
        for step in range(1, 6)
    ]
    later = time + 50 * MINUTE
    bid, _ = stage.touch(session, instrument, later)
    bought = stage.ticket(account, session, instrument, "buy", size // 4, limit=bid).enter(later)
    bought.fill(later + 3 * SECOND, bid, liquidity="maker")
    for step, order in enumerate(ladder):
        order.cancel(later + 4 * SECOND + step * 200_000)
    stage.mark(NAME, [*ladder, bought], abuse=False, note="a ladder that rested for 50 minutes is withdrawn")


def _amended(stage: Stage) -> None:
    session = stage.session()
    instrument = stage.name(session)
    time = stage.moment(session, 0.6)
    bid, ask = stage.touch(session, instrument, time)
    client = stage.plan.cast.client
    size = stage.lot(session, instrument, 80_000)
    child = stage.ticket(client, session, instrument, "sell", size, limit=ask, strategy="core").enter(time)
    for turn in range(50):
        limit = round(ask + (turn % 3) * TICK, 2)
        child.replace(time + (turn + 1) * 4 * SECOND, limit=limit)
    # Another desk buys for the same client meanwhile.
    other = stage.ticket(client, session, instrument, "buy", size // 6, limit=bid).enter(time + 70 * SECOND)
    other.fill(time + 81 * SECOND, bid, liquidity="maker")
    child.fill(time + 210 * SECOND, limit, liquidity="maker")
    stage.mark(NAME, [child, other], abuse=False, note="one order amended fifty times to follow the market")
