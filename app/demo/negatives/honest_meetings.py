"""Look-alikes of matched orders: a dealer's quotes to one client, written crosses, patient orders that meet."""

from app.demo.flow import Ticket
from app.demo.stage import MINUTE, SECOND, Stage

NAME = "matched_orders"


def plant(stage: Stage) -> None:
    """Let a dealer answer one client, a broker cross two clients on record, and two patient clients meet."""
    first, second = stage.strangers(2)
    maker = stage.plan.cast.maker
    _meet(stage, first, maker, 8, gap=SECOND, note="one client asks one dealer for quotes")
    note = "two clients crossed by their broker, each time on record"
    _meet(stage, first, second, 7, gap=SECOND, strategy="cross", note=note)
    third, fourth = stage.strangers(2)
    _meet(stage, third, fourth, 7, gap=9 * MINUTE, note="patient orders that meet minutes after entry")


def _meet(
    stage: Stage, buyer: str, seller: str, times: int, *, gap: int, note: str, strategy: str = "manual"
) -> None:
    tickets: list[Ticket] = []
    for _ in range(times):
        session = stage.session()
        instrument = stage.name(session)
        time = stage.moment(session, float(stage.rng.uniform(0.1, 0.9)))
        size = stage.lot(session, instrument, 80_000)
        bid, ask = stage.touch(session, instrument, time)
        price, match = round((bid + ask) / 2, 2), stage.flow.match()
        more = {"limit": price, "strategy": strategy}
        buy = stage.ticket(buyer, session, instrument, "buy", size, **more).enter(time)
        sell = stage.ticket(seller, session, instrument, "sell", size, **more).enter(time + gap)
        buy.fill(time + gap + 2_600, price, liquidity="maker", match=match)
        sell.fill(time + gap + 2_600, price, match=match)
        tickets += [buy, sell]
    stage.mark(NAME, tickets, abuse=False, note=note)
