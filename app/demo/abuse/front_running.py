"""Front running: an employee buys for himself between hearing of a client's order and working it."""

from app.demo.abuse.communications import NAME as TOLD
from app.demo.stage import MINUTE, SECOND, Stage
from app.demo.universe import SYMBOLS, TICK

NAME = "front_running"
PARTS, APART = 6, 4 * MINUTE  # how the client's order is worked


def plant(stage: Stage, severity: float) -> None:
    """Hear of a large client order, buy privately, work the order, sell privately at a gain."""
    cast = stage.plan.cast
    session, instrument, heard = _rising(stage, severity)
    client = stage.ticket(
        cast.client, session, instrument, "buy", stage.lot(session, instrument, 1.8e6),
        trader=cast.insider, received=heard, strategy="core",
    )  # fmt: skip
    symbol = SYMBOLS[instrument]
    message = stage.say(
        heard, stage.plan.books[client.book].traders[0],
        f"Large buy in {symbol} coming from the pension client, keep it quiet until we start", instrument,
        to=(cast.insider,),
    )  # fmt: skip
    ahead = heard + _lead(severity)
    most = client.quantity // 5
    own_size = max(10, min(most, stage.lot(session, instrument, 15_000 + 45_000 * severity)))
    _, ask = stage.touch(session, instrument, ahead)
    own = stage.ticket(cast.personal, session, instrument, "buy", own_size, limit=ask, trader=cast.insider)
    own.enter(ahead).fill(ahead + 3_000, ask)
    begin = ahead + 2 * MINUTE
    client.enter(begin)
    left, time = client.quantity, begin + 10 * SECOND
    while left > 0:
        part = min(left, max(10, -(-client.quantity // PARTS)))
        _, ask = stage.touch(session, instrument, time)
        client.fill(time, ask, quantity=part)
        left, time = left - part, time + APART
    bid, _ = stage.touch(session, instrument, time)
    out = stage.ticket(cast.personal, session, instrument, "sell", own_size, limit=bid, trader=cast.insider)
    out.enter(time).fill(time + 3_000, bid)
    stage.mark(NAME, [own, client, out], abuse=True, severity=severity, messages=(message,))
    # What was written is a breach of its own, whoever finds it.
    stage.mark(
        TOLD, [own], abuse=True, severity=severity, messages=(message,),
        people=(stage.plan.books[client.book].traders[0], cast.insider), span=(heard, heard),
    )  # fmt: skip


def _lead(severity: float) -> int:
    return int((20 + 400 * (1 - severity)) * SECOND)


def _rising(stage: Stage, severity: float) -> tuple[int, int, int]:
    """Return session, instrument and moment from which the price rises while the client buys.

    The simulated market does not feel the client's order, so a stretch that rose anyway stands for its
    impact: a small rise when mild, the steepest of those looked at when severe.
    """
    found = []
    for _ in range(60):
        session = stage.session()
        instrument = stage.name(session)
        heard = stage.moment(session, float(stage.rng.uniform(0.1, 0.75)))
        ahead = heard + _lead(severity)
        _, entry = stage.touch(session, instrument, ahead)
        first = ahead + 2 * MINUTE + 10 * SECOND
        paid = [stage.touch(session, instrument, first + n * APART)[1] for n in range(PARTS)]
        bid, ask = stage.touch(session, instrument, first + PARTS * APART)
        spreads = (bid - entry) / max(ask - bid, TICK)
        if spreads >= 1.5 and sum(paid) / PARTS >= entry:
            found.append((spreads, session, instrument, heard))
    if not found:
        session = stage.session()
        return session, stage.name(session), stage.moment(session, 0.3)
    _, session, instrument, heard = sorted(found)[round(severity * (len(found) - 1))]
    return session, instrument, heard
