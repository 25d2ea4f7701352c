"""Look-alikes of cross-product manipulation: a hedge, a switch between relatives, and a push kept as a holding."""

from app.demo.abuse.cross_product import pair
from app.demo.stage import MINUTE, SECOND, Stage

NAME = "cross_product"


def plant(stage: Stage) -> None:
    """Play the three of them."""
    _play(stage, "sell_short buy", "buy_cover sell", "the two positions offset each other: a hedge")
    _play(stage, "- buy", "sell -", "one relative exchanged for the other and back, nothing held before")
    _play(stage, "buy buy", "sell -", "what was bought was kept")


def _play(stage: Stage, opening: str, closing: str, note: str) -> None:
    session, first, second = pair(stage)
    account = stage.plan.cast.linked[1]
    start = stage.moment(session, 0.4)
    size = int(0.3 * stage.usual(first, 1.0) / 10) * 10
    tickets = []
    before, act = opening.split()
    serve, undo = closing.split()
    steps = (
        (start - 40 * MINUTE, second, before, 2),
        (start, first, act, 1),
        (start + 40 * SECOND, second, serve, 2),
        (start + 4 * MINUTE, first, undo, 1),
    )
    for time, name, side, times in steps:
        if side == "-":
            continue
        bid, ask = stage.touch(session, name, time)
        price = ask if side.startswith("buy") else bid
        order = stage.ticket(account, session, name, side, max(10, size * times), limit=price)
        tickets.append(order.enter(time).fill(time + 2_600, price))
    stage.mark(NAME, tickets, abuse=False, note=note)
