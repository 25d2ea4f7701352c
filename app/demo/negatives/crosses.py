"""Look-alikes of wash trades: a documented agency cross, and a self-match the venue prevented."""

from app.demo.stage import SECOND, Stage

NAME = "wash_trade"


def plant(stage: Stage) -> None:
    """Cross two unrelated clients at the mid, and let a maker's own orders meet and be cancelled."""
    _agency_cross(stage)
    _prevented(stage)


def _agency_cross(stage: Stage) -> None:
    session = stage.session()
    instrument = stage.name(session)
    time = stage.moment(session, 0.45)
    size = stage.lot(session, instrument, 400_000)
    bid, ask = stage.touch(session, instrument, time)
    price, match = round((bid + ask) / 2, 2), stage.flow.match()
    buyer, seller = stage.plan.cast.unrelated
    buy = stage.ticket(buyer, session, instrument, "buy", size, limit=price).enter(time)
    sell = stage.ticket(seller, session, instrument, "sell", size, limit=price).enter(time + 4 * SECOND)
    buy.fill(time + 5 * SECOND, price, liquidity="maker", match=match)
    sell.fill(time + 5 * SECOND, price, liquidity="taker", match=match)
    stage.mark(NAME, [buy, sell], abuse=False, note="agency cross of two clients with different owners")


def _prevented(stage: Stage) -> None:
    session = stage.session()
    instrument = stage.name(session)
    time = stage.moment(session, 0.55)
    _, ask = stage.touch(session, instrument, time)
    maker = stage.plan.cast.maker
    resting = stage.ticket(maker, session, instrument, "sell", 300, limit=ask).enter(time)
    crossing = stage.ticket(maker, session, instrument, "buy", 400, limit=ask).enter(time + 3 * SECOND)
    crossing.cancel(time + 3 * SECOND + 2_500, by="smp", reason="Self-match prevented")
    resting.cancel(time + 40 * SECOND)
    note = "the venue prevented the self-match; nothing traded"
    stage.mark(NAME, [resting, crossing], abuse=False, note=note)
