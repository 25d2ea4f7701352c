"""A look-alike of marking the close: an index fund trades many names in the closing auction."""

from app.demo.stage import MINUTE, SECOND, Stage

NAME = "marking_the_close"


def plant(stage: Stage) -> None:
    """Send market-on-close orders in eight names, some bought and some sold, as rebalances do."""
    session = stage.session()
    time = int(stage.market.closes_us[session]) - 12 * MINUTE
    done = int(stage.market.closes_us[session]) - SECOND
    free = [n for n in range(20) if not stage.closed[session, n]][:8]
    tickets = []
    for place, instrument in enumerate(free):
        side = "buy" if place % 2 == 0 else "sell"
        size = stage.lot(session, instrument, 250_000)
        order = stage.ticket(
            stage.plan.cast.index, session, instrument, side, size, time_in_force="cls", strategy="index"
        )
        price = round(float(stage.market.close[session, instrument]), 2)
        tickets.append(order.enter(time + place * 2 * SECOND).fill(done, price, liquidity="auction"))
    stage.mark(NAME, tickets, abuse=False, note="on-close orders of a rebalance, both sides, many names")
