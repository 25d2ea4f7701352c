"""Pinging: tiny orders feel for hidden liquidity; once one is met, a large one follows."""

from app.demo.stage import SECOND, Stage

NAME = "pinging"


def plant(stage: Stage, severity: float) -> None:
    """Send tiny orders that vanish at once until one is filled, then an order many times as large."""
    rng = stage.rng
    session = stage.session()
    instrument = stage.name(session)
    account = stage.plan.cast.house[0]
    buying = bool(rng.random() < 0.5)
    side = "buy" if buying else "sell_short"
    time = stage.moment(session, float(rng.uniform(0.1, 0.8)))
    tickets = []
    for _ in range(1 + round(2 * severity)):
        count = 6 + round(12 * severity)
        step = int((0.15 + 0.9 * (1 - severity)) * SECOND)
        for turn in range(count):
            bid, ask = stage.touch(session, instrument, time)
            middle = round((bid + ask) / 2, 2)
            ping = stage.ticket(
                account, session, instrument, side, 1 + turn % 2, limit=middle, time_in_force="ioc"
            )
            ping.enter(time)
            if turn == count - 1:
                ping.fill(time + 2_500, middle)
            else:
                ping.cancel(time + 2_500, by="ioc")
            tickets.append(ping)
            time += int(step * float(rng.uniform(0.6, 1.2)))
        time = time - step + int((0.05 + 1.0 * (1 - severity)) * SECOND)
        bid, ask = stage.touch(session, instrument, time)
        price = ask if buying else bid
        size = stage.lot(session, instrument, 50_000 + 150_000 * severity)
        large = stage.ticket(account, session, instrument, side, size, limit=price, time_in_force="ioc")
        tickets.append(large.enter(time).fill(time + 2_800, price))
        time += int(rng.uniform(30, 200) * SECOND)
    stage.mark(NAME, tickets, abuse=True, severity=severity)
