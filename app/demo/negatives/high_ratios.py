"""Look-alikes of an exceeded order-to-trade ratio: a maker's own limit, a market that cancels, enough trades."""

from app.demo.abuse.order_to_trade import quiet
from app.demo.stage import SECOND, Stage
from app.demo.universe import TICK

NAME = "order_to_trade"


def plant(stage: Stage) -> None:
    """Plant all three."""
    _maker(stage)
    _by_market(stage)
    _traded(stage)


def _maker(stage: Stage) -> None:
    session, instrument = quiet(stage, stage.plan.cast.maker)
    time = stage.moment(session, 0.2)
    bid, _ = stage.touch(session, instrument, time)
    order = stage.ticket(
        stage.plan.cast.maker, session, instrument, "buy", 200, limit=round(bid - 4 * TICK, 2), venue="IEXG"
    ).enter(time)
    for turn in range(120):
        order.replace(time + (turn + 1) * 9 * SECOND, limit=round(bid - (3 + turn % 4) * TICK, 2))
    order.cancel(time + 1_300 * SECOND)
    stage.mark(NAME, [order], abuse=False, note="a market maker has a higher limit")


def _by_market(stage: Stage) -> None:
    account = stage.plan.cast.unrelated[0]
    session, instrument = quiet(stage, account)
    time = stage.moment(session, 0.3)
    bid, _ = stage.touch(session, instrument, time)
    tickets = []
    for turn in range(70):
        order = stage.ticket(
            account,
            session,
            instrument,
            "buy",
            100,
            limit=round(bid - (9 + turn % 5) * TICK, 2),
            venue="IEXG",
        ).enter(time + turn * 20 * SECOND)
        tickets.append(
            order.cancel(time + turn * 20 * SECOND + 9 * SECOND, by="venue", reason="Auction over")
        )
    stage.mark(NAME, tickets, abuse=False, note="what the market takes out does not count")


def _traded(stage: Stage) -> None:
    account = stage.plan.cast.unrelated[1]
    session, instrument = quiet(stage, account)
    time = stage.moment(session, 0.4)
    bid, _ = stage.touch(session, instrument, time)
    size = stage.lot(session, instrument, 30_000)
    order = stage.ticket(account, session, instrument, "buy", size, limit=bid, venue="IEXG").enter(time)
    for turn in range(70):
        order.replace(time + (turn + 1) * 12 * SECOND, limit=round(bid - (turn % 3) * TICK, 2))
    done = time + 900 * SECOND
    order.fill(done, bid, quantity=size // 2, liquidity="maker")
    order.fill(done + 40 * SECOND, bid, quantity=size - size // 2, liquidity="maker")
    stage.mark(NAME, [order], abuse=False, note="amended all day, but it traded twice: below the limit")
