"""Painting the tape: a burst of small trades back and forth that leaves nothing but prints."""

from app.demo.stage import MINUTE, Stage

NAME = "painting_the_tape"


def plant(stage: Stage, severity: float) -> None:
    """Trade small lots back and forth: more prints, smaller and evener, as ``severity`` grows."""
    rng = stage.rng
    session, instrument = stage.quiet()
    minutes = float(rng.uniform(8, 14))
    prints = 22 + 2 * round(20 * severity)
    accounts = (stage.plan.cast.house, stage.plan.cast.linked)[int(rng.random() < 0.5)]
    usual = stage.lot(session, instrument, 16_000 - 9_000 * severity)
    start = stage.moment(session, float(rng.uniform(0.1, 0.85)))
    tickets = []
    buying = bool(rng.random() < 0.5)
    for piece in range(prints):
        time = start + int((piece + float(rng.uniform(0.1, 0.9))) / prints * minutes * MINUTE)
        bid, ask = stage.touch(session, instrument, time)
        size = max(10, int(usual * (1 + rng.normal(0, 0.15 * (1 - severity))) / 10) * 10)
        account = accounts[int(rng.integers(0, len(accounts)))]
        side, price = ("buy", ask) if buying else ("sell", bid)
        order = stage.ticket(account, session, instrument, side, size, limit=price, time_in_force="ioc")
        tickets.append(order.enter(time).fill(time + 2_600, price))
        # A careful hand goes the same way twice now and then, and makes up for it.
        buying = not buying
    stage.mark(NAME, tickets, abuse=True, severity=severity)
