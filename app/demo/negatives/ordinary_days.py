"""Look-alikes of unusual gains: size without a gain, a loss in size, many small wins."""

from app.demo.abuse.unusual_pnl import NAME
from app.demo.flow import Ticket
from app.demo.stage import SECOND, Stage


def plant(stage: Stage) -> None:
    """Trade much and gain little, lose much, and win often but small."""
    books = [b.account_id for b in stage.plan.books if b.kind == "house" and b.currency == "USD"]
    stage.mark(NAME, _day(stage, books[1], 1_500_000, chosen=0), abuse=False, note="size without a gain")
    stage.mark(NAME, _day(stage, books[2], 1_500_000, chosen=-1), abuse=False, note="a loss in size")
    stage.mark(NAME, _day(stage, books[3], 15_000, chosen=1), abuse=False, note="many small wins")


def _day(stage: Stage, account: str, notional: float, *, chosen: int) -> list[Ticket]:
    session = stage.session()
    tickets = []
    for _ in range(6):
        instrument = stage.name(session)
        time = stage.moment(session, 0.05) + int(stage.rng.uniform(0, 600) * SECOND)
        bid, ask = stage.touch(session, instrument, time)
        rises = float(stage.market.close[session, instrument]) > (bid + ask) / 2
        buying = rises if chosen > 0 else not rises if chosen < 0 else stage.rng.random() < 0.5
        # Both ways within the minute where nothing shall be gained.
        for turn in range(1 if chosen else 2):
            side = "buy" if buying == (turn == 0) else "sell"
            price, size = (ask if side == "buy" else bid), stage.lot(session, instrument, notional)
            order = stage.ticket(account, session, instrument, side, size, limit=price).enter(
                time + turn * SECOND
            )
            tickets.append(order.fill(time + (turn + 1) * SECOND, price))
    return tickets
