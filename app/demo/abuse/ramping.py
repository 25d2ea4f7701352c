"""Ramping: small trades that lift a price step by step, and a block sold at the top."""

from app.demo.stage import MINUTE, SECOND, Stage

NAME = "ramping"


def plant(stage: Stage, severity: float) -> None:
    """Lift (or press) a price in small steps: further, and with more of the market, as ``severity`` grows."""
    rng = stage.rng
    session, instrument = stage.quiet()
    minutes = float(rng.uniform(7, 16))
    pieces = 9 + round(9 * severity) + int(rng.integers(0, 4))
    total = (0.13 + 0.4 * severity) * stage.usual(instrument, minutes)
    size = max(10, int(total / pieces / 10) * 10)
    reach = (3.0 + 5.0 * severity) * stage.swing(instrument, minutes)
    sign = 1 if rng.random() < 0.75 else -1
    accounts = (stage.plan.cast.house, stage.plan.cast.linked)[int(rng.random() < 0.4)]
    start = stage.moment(session, float(rng.uniform(0.1, 0.8)))
    tickets = []
    for piece in range(pieces):
        time = start + int((piece + float(rng.uniform(0.1, 0.9))) / pieces * minutes * MINUTE)
        # A careful hand lets the price fall back now and then.
        slip = float(rng.random() < 0.15 * (1 - severity)) * 1.6
        stage.push(session, instrument, time, sign * reach * max(0.0, piece + 1 - slip) / pieces)
        bid, ask = stage.touch(session, instrument, time)
        price, side = (ask, "buy") if sign > 0 else (bid, "sell_short")
        account = accounts[piece % len(accounts)]
        order = stage.ticket(account, session, instrument, side, size, limit=price, time_in_force="ioc")
        tickets.append(order.enter(time).fill(time + 2_600, price))
    done = start + int(minutes * MINUTE) + int(rng.uniform(20, 200) * SECOND)
    bid, ask = stage.touch(session, instrument, done)
    price, side = (bid, "sell") if sign > 0 else (ask, "buy_cover")
    for place, account in enumerate(accounts):
        own = size * len(range(place, pieces, len(accounts)))
        back = stage.ticket(account, session, instrument, side, own, limit=price)
        tickets.append(back.enter(done + place * SECOND).fill(done + place * SECOND + 3_000, price))
    stage.push(session, instrument, done + 30 * SECOND, 0.0)
    stage.mark(NAME, tickets, abuse=True, severity=severity)
