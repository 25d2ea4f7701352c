"""Look-alikes of front running: a quote hit while a client waits, a stranger's trade, a trade facilitated."""

from app.demo.flow import Ticket
from app.demo.stage import MINUTE, SECOND, Stage

NAME = "front_running"


def plant(stage: Stage) -> None:
    """Play the three of them."""
    _quoted(stage)
    _stranger(stage)
    _other_way(stage)


def _quoted(stage: Stage) -> None:
    """Let a maker's resting bid be hit just after a client's purchase was received, and sell later."""
    session, instrument, heard = _start(stage, 0.35)
    bid, _ = stage.touch(session, instrument, heard + 20 * SECOND)
    maker = stage.plan.cast.maker
    quote = stage.ticket(maker, session, instrument, "buy", 300, limit=bid).enter(heard + 20 * SECOND)
    quote.fill(heard + 30 * SECOND, bid, liquidity="maker")
    client = _client(stage, session, instrument, heard)
    _, ask = stage.touch(session, instrument, heard + 9 * MINUTE)
    out = stage.ticket(maker, session, instrument, "sell", 300, limit=ask).enter(heard + 9 * MINUTE)
    out.fill(heard + 10 * MINUTE, ask, liquidity="maker")
    stage.mark(NAME, [quote, client, out], abuse=False, note="a maker's standing quote was hit")


def _stranger(stage: Stage) -> None:
    """Let another desk, which knows nothing, buy at the same time."""
    session, instrument, heard = _start(stage, 0.5)
    house = stage.plan.cast.house[1]
    size = stage.lot(session, instrument, 30_000)
    _, ask = stage.touch(session, instrument, heard + MINUTE)
    own = stage.ticket(house, session, instrument, "buy", size, limit=ask).enter(heard + MINUTE)
    own.fill(heard + MINUTE + 4_000, ask)
    client = _client(stage, session, instrument, heard)
    bid, _ = stage.touch(session, instrument, heard + 30 * MINUTE)
    out = stage.ticket(house, session, instrument, "sell", size, limit=bid).enter(heard + 30 * MINUTE)
    out.fill(heard + 30 * MINUTE + 4_000, bid)
    stage.mark(NAME, [own, client, out], abuse=False, note="another desk, which did not know")


def _other_way(stage: Stage) -> None:
    """Have the client's own trader buy privately while the client sells."""
    session, instrument, heard = _start(stage, 0.6)
    cast = stage.plan.cast
    size = stage.lot(session, instrument, 12_000)
    _, ask = stage.touch(session, instrument, heard + MINUTE)
    own = stage.ticket(cast.personal, session, instrument, "buy", size, limit=ask, trader=cast.insider)
    own.enter(heard + MINUTE).fill(heard + MINUTE + 4_000, ask)
    client = _client(stage, session, instrument, heard, side="sell")
    stage.mark(NAME, [own, client], abuse=False, note="the private trade went the other way")


def _start(stage: Stage, fraction: float) -> tuple[int, int, int]:
    session = stage.session()
    return session, stage.name(session), stage.moment(session, fraction)


def _client(stage: Stage, session: int, instrument: int, heard: int, *, side: str = "buy") -> Ticket:
    cast = stage.plan.cast
    begin = heard + 2 * MINUTE
    bid, ask = stage.touch(session, instrument, begin)
    size = stage.lot(session, instrument, 1.5e6)
    order = stage.ticket(cast.client, session, instrument, side, size, trader=cast.insider, received=heard)
    return order.enter(begin).fill(begin + 5_000, ask if side == "buy" else bid)
