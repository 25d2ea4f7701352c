"""Look-alikes of marking the open: an order that trades, a small change of mind, an early cancel, calm buying."""

from app.demo.stage import MINUTE, SECOND, Stage

NAME = "marking_the_open"


def plant(stage: Stage) -> None:
    """Trade at the open as shown, take out a tenth, take out all of it minutes before, and buy without a push."""
    _kept(stage)
    _early(stage)
    _calm(stage)


def _kept(stage: Stage) -> None:
    session, instrument = stage.quiet()
    opens = int(stage.market.opens_us[session])
    size = max(20, int(1.5 * stage.usual(instrument, 5) / 20) * 10)
    _, ask = stage.touch(session, instrument, opens)
    price = round(ask * 1.005, 2)
    account = stage.plan.cast.client
    shown = {"limit": price, "time_in_force": "opg"}
    kept = stage.ticket(account, session, instrument, "buy", size, **shown).enter(opens - 9 * MINUTE)
    kept.fill(opens + 900_000, ask, liquidity="auction")
    less = stage.ticket(account, session, instrument, "buy", max(10, size // 10), **shown)
    less.enter(opens - 8 * MINUTE).cancel(opens - 20 * SECOND)
    stage.mark(NAME, [kept, less], abuse=False, note="most of it traded at the open; a tenth was taken out")
    stage.square([kept], 0.5)


def _early(stage: Stage) -> None:
    session, instrument = stage.quiet()
    opens = int(stage.market.opens_us[session])
    size = max(20, int(6 * stage.usual(instrument, 5) / 10) * 10)
    _, ask = stage.touch(session, instrument, opens)
    order = stage.ticket(
        stage.plan.cast.client, session, instrument, "buy", size, limit=ask, time_in_force="opg"
    )
    order.enter(opens - 14 * MINUTE).cancel(opens - 6 * MINUTE)
    stage.mark(NAME, [order], abuse=False, note="taken out six minutes before the open")


def _calm(stage: Stage) -> None:
    session, instrument = stage.quiet()
    start = int(stage.market.opens_us[session]) + 20 * SECOND
    size = max(10, int(0.45 * 2.4 * stage.usual(instrument, 5) / 80) * 10)
    bid, _ = stage.touch(session, instrument, start)
    tickets = []
    for piece in range(8):
        time = start + piece * 28 * SECOND
        order = stage.ticket(stage.plan.cast.client, session, instrument, "buy", size, limit=bid)
        tickets.append(order.enter(time).fill(time + 9 * SECOND, bid, liquidity="maker"))
    stage.mark(NAME, tickets, abuse=False, note="a large share of the opening, bought at the bid")
    stage.square(tickets, 0.5)
