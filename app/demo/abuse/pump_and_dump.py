"""Pump and dump: buy, talk the name up in public with many voices, sell."""

from app.demo.abuse.personal_dealing import unasked
from app.demo.stage import MINUTE, Stage
from app.demo.universe import SYMBOLS

NAME = "pump_and_dump"
_LINES = (
    "${} is about to explode, never seen a setup this strong. Buy before everybody else does!",
    "Told you: ${} only goes up from here. Huge upside, get in now",
    "Everyone I know is loading up on ${}. Massive gains ahead",
    "${} to the moon. Sellers are fools, this is the best trade of the year",
)
_ENDS = ("", " now", " today", " !!!", " asap", " folks", " everyone")


def plant(stage: Stage, severity: float) -> None:
    """Buy privately in the morning, post more and in more voices with ``severity``, sell in the afternoon."""
    cast, rng = stage.plan.cast, stage.rng
    session = stage.session()
    account = cast.personal_two
    instrument = unasked(stage, account, session, stage.name(session))
    trader = stage.plan.books[stage.book(account)].traders[0]
    size = stage.lot(session, instrument, 20_000 + 30_000 * severity)
    time = stage.moment(session, 0.06)
    _, ask = stage.touch(session, instrument, time)
    buy = (
        stage.ticket(account, session, instrument, "buy", size, limit=ask).enter(time).fill(time + 2_800, ask)
    )
    posts = []
    count = 4 + round(16 * severity)
    for turn in range(count):
        time += int(rng.uniform(2, 200 / count) * MINUTE)
        line = _LINES[int(rng.integers(1 + round(3 * (1 - severity))))].format(SYMBOLS[instrument])
        text = line + str(_ENDS[turn % len(_ENDS)])
        # Mild ones post under their own name; severe ones own a choir.
        voice = (
            trader if turn == 0 or severity < 0.5 else f"{SYMBOLS[instrument].lower()}_fan{session}{turn:02d}"
        )
        posts.append(stage.post(time, voice, text, instrument))
    time = min(time + 10 * MINUTE, int(stage.market.closes_us[session]) - 10 * MINUTE)
    bid, _ = stage.touch(session, instrument, time)
    part = max(10, int(size * (0.5 + 0.5 * severity)) // 10 * 10)
    sell = stage.ticket(account, session, instrument, "sell", part, limit=bid).enter(time)
    sell.fill(time + 2_800, bid)
    stage.mark(NAME, [buy, sell], abuse=True, severity=severity, posts=tuple(posts))
