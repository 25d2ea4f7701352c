"""Front running: an employee buys for himself between hearing of a client's order and working it."""

from app.demo.stage import MINUTE, SECOND, Stage
from app.demo.universe import SYMBOLS

NAME = "front_running"


def plant(stage: Stage, severity: float) -> None:
    """Hear of a large client order, buy privately, work the order, sell privately at a gain."""
    rng, cast = stage.rng, stage.plan.cast
    session = stage.session()
    instrument = stage.name(session)
    heard = stage.moment(session, float(rng.uniform(0.1, 0.5)))
    client = stage.ticket(
        cast.client, session, instrument, "buy", stage.lot(session, instrument, 1.2e6),
        trader=cast.insider, received=heard, strategy="core",
    )  # fmt: skip
    symbol = SYMBOLS[instrument]
    message = stage.say(
        heard, stage.plan.books[client.book].traders[0],
        f"Large buy in {symbol} coming from the pension client, keep it quiet until we start", instrument,
        to=(cast.insider,),
    )  # fmt: skip
    ahead = heard + int((20 + 400 * (1 - severity)) * SECOND)
    own_size = stage.lot(session, instrument, 15_000 + 45_000 * severity)
    bid, ask = stage.touch(session, instrument, ahead)
    own = stage.ticket(cast.personal, session, instrument, "buy", own_size, limit=ask, trader=cast.insider)
    own.enter(ahead).fill(ahead + 3_000, ask)
    begin = ahead + 2 * MINUTE
    client.enter(begin)
    left, time = client.quantity, begin + 10 * SECOND
    while left > 0:
        part = min(left, max(10, client.quantity // 6))
        bid, ask = stage.touch(session, instrument, time)
        client.fill(time, ask, quantity=part)
        left, time = left - part, time + 4 * MINUTE
    bid, _ = stage.touch(session, instrument, time)
    out = stage.ticket(cast.personal, session, instrument, "sell", own_size, limit=bid, trader=cast.insider)
    out.enter(time).fill(time + 3_000, bid)
    stage.mark(NAME, [own, client, out], abuse=True, severity=severity, messages=(message,))
