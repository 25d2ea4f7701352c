"""Look-alikes of marking the close: a client's order on the close, a lone late trade, a cancel after news."""

from app.demo.stage import MINUTE, SECOND, Stage

NAME = "marking_the_close"


def plant(stage: Stage) -> None:
    """Work a client's order into a calm close, trade once in a thin name, and unwind on both sides."""
    _calm(stage)
    _lone(stage)
    _both_sides(stage)


def _calm(stage: Stage) -> None:
    # As large a share as a manipulator's, without moving the price: patient, at the bid.
    session, instrument = stage.quiet()
    start = int(stage.market.closes_us[session]) - 4 * MINUTE
    size = max(10, int(0.35 * 2.4 * stage.usual(instrument, 5) / 80) * 10)
    tickets = []
    for piece in range(8):
        time = start + piece * 25 * SECOND
        bid, _ = stage.touch(session, instrument, start)
        order = stage.ticket(stage.plan.cast.client, session, instrument, "buy", size, limit=bid)
        tickets.append(order.enter(time).fill(time + 9 * SECOND, bid, liquidity="maker"))
    stage.mark(NAME, tickets, abuse=False, note="a large share of the close, bought at the bid")
    stage.square(tickets, 0.3)


def _lone(stage: Stage) -> None:
    session, instrument = stage.quiet()
    time = int(stage.market.closes_us[session]) - 20 * SECOND
    _, ask = stage.touch(session, instrument, time)
    price = round(ask * 1.01, 2)
    order = stage.ticket(stage.plan.cast.client, session, instrument, "buy", 100, limit=price)
    stage.mark(
        NAME, [order.enter(time).fill(time + 3_000, price)], abuse=False, note="one late trade of 100 shares"
    )


def _both_sides(stage: Stage) -> None:
    session, instrument = stage.quiet()
    start = int(stage.market.closes_us[session]) - 4 * MINUTE
    size = max(10, int(0.2 * 2.4 * stage.usual(instrument, 5) / 60) * 10)
    first, second = stage.plan.cast.house
    tickets = []
    for piece in range(6):
        for account, side in ((first, "buy"), (second, "sell_short")):
            time = start + piece * 30 * SECOND + (4 * SECOND if side == "buy" else 0)
            bid, ask = stage.touch(session, instrument, time)
            price = ask if side == "buy" else bid
            order = stage.ticket(account, session, instrument, side, size, limit=price, time_in_force="ioc")
            tickets.append(order.enter(time).fill(time + 2_600, price))
    stage.mark(NAME, tickets, abuse=False, note="two books trade against the market, one each way")
    stage.square(tickets, 0.3)
