"""A client's order filled far from the market, so that somebody else gains what he loses."""

from app.demo.abuse.churning import quiet_clients
from app.demo.stage import SECOND, Stage

NAME = "best_execution"


def plant(stage: Stage, severity: float) -> None:
    """Fill a client's purchase or sale 20 to 200 basis points away from the quote of its moment."""
    rng = stage.rng
    session = stage.session()
    instrument = stage.name(session)
    account = quiet_clients(stage)[int(rng.integers(3))]
    time = stage.moment(session, float(rng.uniform(0.1, 0.8)))
    bid, ask = stage.touch(session, instrument, time)
    side = "buy" if rng.random() < 0.5 else "sell"
    size = stage.lot(session, instrument, 150_000 + 350_000 * severity)
    away = (20 + 180 * severity) * 1e-4
    price = round(ask * (1 + away), 2) if side == "buy" else round(bid * (1 - away), 2)
    order = stage.ticket(account, session, instrument, side, size).enter(time)
    order.fill(time + 2 * SECOND, price)
    stage.mark(NAME, [order], abuse=True, severity=severity)
