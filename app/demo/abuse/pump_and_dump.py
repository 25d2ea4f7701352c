"""Pump and dump: buy, talk the name up in public, sell."""

from app.demo.stage import MINUTE, Stage
from app.demo.universe import INDEX, SYMBOLS

NAME = "pump_and_dump"
_LINES = (
    "${} is about to explode, never seen a setup this strong. Buy before everybody else does!",
    "Told you: ${} only goes up from here. Huge upside, get in now",
    "Everyone I know is loading up on ${}. Massive gains ahead",
    "${} to the moon. Sellers are fools, this is the best trade of the year",
)


def plant(stage: Stage, severity: float) -> None:
    """Buy privately in the morning, post more and louder with ``severity``, sell in the afternoon."""
    cast, rng = stage.plan.cast, stage.rng
    session = stage.session()
    instrument = INDEX["RRC"] if not stage.closed[session, INDEX["RRC"]] else stage.name(session)
    account = cast.personal_two
    trader = stage.plan.books[stage.book(account)].traders[0]
    size = stage.lot(session, instrument, 20_000 + 30_000 * severity)
    time = stage.moment(session, 0.1)
    _, ask = stage.touch(session, instrument, time)
    buy = (
        stage.ticket(account, session, instrument, "buy", size, limit=ask).enter(time).fill(time + 2_800, ask)
    )
    posts = []
    for turn in range(2 + round(6 * severity)):
        time += int(rng.uniform(4, 22) * MINUTE)
        text = _LINES[turn % len(_LINES)].format(SYMBOLS[instrument])
        posts.append(stage.post(time, trader, text, instrument))
    time = min(time + 10 * MINUTE, int(stage.market.closes_us[session]) - 10 * MINUTE)
    bid, _ = stage.touch(session, instrument, time)
    sell = stage.ticket(account, session, instrument, "sell", size, limit=bid).enter(time)
    sell.fill(time + 2_800, bid)
    stage.mark(NAME, [buy, sell], abuse=True, severity=severity, posts=tuple(posts))
