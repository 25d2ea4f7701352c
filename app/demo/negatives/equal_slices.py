"""Look-alikes of slips: equal slices to three venues at once, and a far limit meant for the auction."""

from app.demo.stage import MINUTE, SECOND, Stage

NAME = "fat_finger"


def plant(stage: Stage) -> None:
    """Send one slice to each of three venues within a second; bid far up in the closing auction."""
    session = stage.session()
    instrument = stage.name(session)
    account = stage.plan.cast.house[0]
    time = stage.moment(session, 0.35)
    _, ask = stage.touch(session, instrument, time)
    size = stage.lot(session, instrument, 40_000)
    slices = []
    for place, venue in enumerate(("XNAS", "XNYS", "BATS")):
        at = time + place * 120_000
        order = stage.ticket(account, session, instrument, "buy", size, limit=ask, venue=venue).enter(at)
        slices.append(order.fill(at + 2_500, ask))
    stage.mark(NAME, slices, abuse=False, note="one equal slice to each of three venues")
    late = int(stage.market.closes_us[session]) - 9 * MINUTE
    price = round(float(stage.market.close[session, instrument]), 2)
    order = stage.ticket(
        account, session, instrument, "buy", size, limit=round(1.2 * price, 2), time_in_force="cls"
    )
    order.enter(late).fill(int(stage.market.closes_us[session]) - SECOND, price, liquidity="auction")
    stage.mark(NAME, [order], abuse=False, note="a limit far above the market, but for the auction only")
