"""Away account: orders elsewhere move the quotes for a moment, and an account here is filled in it."""

from app.demo.stage import SECOND, Stage

NAME = "away_account"


def plant(stage: Stage, severity: float) -> None:
    """Move the quotes down from outside, buy at the lower touch, let the quotes go; again and again."""
    rng = stage.rng
    session, instrument = stage.quiet()
    account = stage.plan.cast.house[0]
    size = stage.lot(session, instrument, 25_000)
    time = stage.moment(session, float(rng.uniform(0.1, 0.3)))
    tickets = []
    for _ in range(6 + round(10 * severity)):
        bid, ask = stage.touch(session, instrument, time)
        dip = (1.6 + 3 * severity) * (ask - bid) / bid
        begins = time - int(rng.uniform(1.0, 5.0) * SECOND)
        stage.push(session, instrument, begins, -dip)
        low, _ = stage.touch(session, instrument, time)
        order = stage.ticket(account, session, instrument, "buy", size, limit=low).enter(begins + SECOND // 2)
        tickets.append(order.fill(time, low, liquidity="maker"))
        stage.push(session, instrument, time + int(rng.uniform(0.8, 5.0) * SECOND), 0.0)
        time += int(rng.uniform(90, 420) * SECOND)
    stage.mark(NAME, tickets, abuse=True, severity=severity)
