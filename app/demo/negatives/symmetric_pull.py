"""A look-alike of layering: a maker pulls both sides of his ladder after a fill."""

from app.demo.stage import SECOND, Stage
from app.demo.universe import TICK

NAME = "layering"


def plant(stage: Stage) -> None:
    """Quote four levels on both sides, be filled on one, pull all that is left within a second."""
    session = stage.session()
    instrument = stage.name(session)
    time = stage.moment(session, 0.4)
    bid, ask = stage.touch(session, instrument, time)
    maker = stage.plan.cast.maker
    ladder = []
    for level in range(4):
        size = 300 + 100 * level
        buy = stage.ticket(maker, session, instrument, "buy", size, limit=round(bid - level * TICK, 2))
        sell = stage.ticket(maker, session, instrument, "sell", size, limit=round(ask + level * TICK, 2))
        ladder += [buy.enter(time + level * 40_000), sell.enter(time + level * 40_000 + 700)]
    ladder[0].fill(time + 9 * SECOND, bid, liquidity="maker")
    for step, order in enumerate(ladder[1:]):
        order.cancel(time + 9 * SECOND + 150_000 + step * 3_000)
    stage.mark(NAME, ladder, abuse=False, note="both sides pulled alike")
