"""Look-alikes of painting the tape: a child order in small lots, a maker's day, one round trip in pieces."""

from app.demo.flow import Ticket
from app.demo.stage import SECOND, Stage

NAME = "painting_the_tape"


def plant(stage: Stage) -> None:
    """Buy in small lots and keep it, make a market for half an hour, and buy in pieces what is sold later."""
    _drip(stage)
    _maker(stage)
    _round_trip(stage)


def _prints(stage: Stage, account: str, sides: list[str], notional: float, *, liquidity: str) -> list[Ticket]:
    session = stage.session()
    instrument = stage.name(session)
    start = stage.moment(session, float(stage.rng.uniform(0.15, 0.8)))
    size = stage.lot(session, instrument, notional)
    tickets = []
    for place, side in enumerate(sides):
        time = start + place * 20 * SECOND
        bid, ask = stage.touch(session, instrument, time)
        takes = liquidity == "taker"
        price = ask if (side == "buy") == takes else bid
        order = stage.ticket(account, session, instrument, side, size, limit=price)
        tickets.append(order.enter(time).fill(time + 4 * SECOND, price, liquidity=liquidity))
    return tickets


def _drip(stage: Stage) -> None:
    tickets = _prints(stage, stage.plan.cast.client, ["buy"] * 36, 8_000, liquidity="taker")
    stage.mark(NAME, tickets, abuse=False, note="an order worked in small lots, and kept")


def _maker(stage: Stage) -> None:
    tickets = _prints(stage, stage.plan.cast.maker, ["buy", "sell"] * 18, 8_000, liquidity="maker")
    stage.mark(NAME, tickets, abuse=False, note="a market maker's two sides")


def _round_trip(stage: Stage) -> None:
    sides = ["buy"] * 18 + ["sell"] * 18
    tickets = _prints(stage, stage.plan.cast.house[0], sides, 9_000, liquidity="taker")
    stage.mark(NAME, tickets, abuse=False, note="bought in pieces, sold in pieces, once")
