"""Look-alikes of momentum ignition: a sweep that is kept, trading on news, a stop-loss, a burst that moves nothing."""

from app.demo.flow import Ticket
from app.demo.stage import MINUTE, SECOND, Stage

NAME = "momentum_ignition"


def plant(stage: Stage) -> None:
    """Sweep and keep, cut a loss in one burst, and trade round a quiet price."""
    _sweep(stage)
    _stop(stage)
    _quiet(stage)


def _burst(
    stage: Stage, cell: tuple[int, int], account: str, side: str, *, start: int, reach: float
) -> list[Ticket]:
    session, instrument = cell
    size = max(10, int(stage.usual(instrument, 0.5) / 80) * 10)
    tickets = []
    for piece in range(8):
        time = start + piece * 2 * SECOND
        stage.push(session, instrument, time, reach * (piece + 1) / 8)
        bid, ask = stage.touch(session, instrument, time)
        price = ask if side == "buy" else bid
        order = stage.ticket(account, session, instrument, side, size, limit=price, time_in_force="ioc")
        tickets.append(order.enter(time).fill(time + 2_600, price))
    return tickets


def _sweep(stage: Stage) -> None:
    cell = stage.quiet()
    start = stage.moment(cell[0], float(stage.rng.uniform(0.2, 0.7)))
    reach = 10 * stage.swing(cell[1], 0.5)
    tickets = _burst(stage, cell, stage.plan.cast.client, "buy", start=start, reach=reach)
    stage.push(*cell, start + 5 * MINUTE, 0.0)
    stage.mark(NAME, tickets, abuse=False, note="a sweep of the book by a client who keeps what he bought")
    stage.square(tickets, 0.85)


def _stop(stage: Stage) -> None:
    # Bought long before, sold at once when the price fell: a loss, not a gain.
    cell = stage.quiet()
    start = stage.moment(cell[0], float(stage.rng.uniform(0.3, 0.7)))
    reach = -9 * stage.swing(cell[1], 0.5)
    tickets = _burst(stage, cell, stage.plan.cast.house[0], "sell", start=start, reach=reach)
    stage.push(*cell, start + 5 * MINUTE, 0.0)
    stage.mark(NAME, tickets, abuse=False, note="a position sold in one burst when its price fell")


def _quiet(stage: Stage) -> None:
    cell = stage.quiet()
    start = stage.moment(cell[0], float(stage.rng.uniform(0.2, 0.7)))
    account = stage.plan.cast.house[1]
    there = _burst(stage, cell, account, "buy", start=start, reach=0.0)
    back = _burst(stage, cell, account, "sell", start=start + 2 * MINUTE, reach=0.0)
    stage.mark(NAME, there + back, abuse=False, note="back and forth at a price that stands still")
