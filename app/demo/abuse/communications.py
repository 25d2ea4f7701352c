"""Messages that should never have been written, each about a trade that follows or precedes it."""

from app.demo.stage import MINUTE, SECOND, Stage
from app.demo.universe import SYMBOLS

NAME = "communications"
# From what one might explain away to what one cannot; {s} is the name, {n} the size.
_MILD = (
    "better not in writing: somebody wants {n} {s} from us shortly",
    "they work {s} all day, take some for us before we start and say nothing",
)
_PLAIN = (
    "{n} {s} coming from the pension client, buy ours first and keep it quiet",
    "my contact at {s} says the bid is coming, not public yet. buy {n}",
    "need {s} higher into the bell, lift {n} and push the close",
)
_BLATANT = (
    "delete this after reading: buy {n} {s} ahead of the client order, compliance must not know",
    "i saw the numbers of {s}, not public yet. buy {n} now and keep this between us",
    "buy {n} {s} from me, same price back tomorrow, nobody needs to know. whatsapp me",
)


def plant(stage: Stage, severity: float) -> None:
    """Write to a colleague, and have him trade what was written about."""
    rng, cast = stage.rng, stage.plan.cast
    session = stage.session()
    instrument = stage.name(session)
    time = stage.moment(session, float(rng.uniform(0.1, 0.7)))
    account = cast.house[int(rng.integers(2))]
    trader = stage.plan.books[stage.book(account)].traders[0]
    size = stage.lot(session, instrument, 60_000 + 200_000 * severity)
    lines = _MILD if severity < 0.5 else _PLAIN if severity < 0.9 else _BLATANT
    spoken = f"{size // 1000}k" if size % 1000 == 0 else f"{size}"
    text = str(lines[int(rng.integers(len(lines)))]).format(s=SYMBOLS[instrument], n=spoken)
    key = stage.say(time, cast.insider, text, instrument, to=(trader,))
    done = time + int(rng.uniform(2, 12 + 50 * (1 - severity)) * MINUTE)
    done = min(done, int(stage.market.closes_us[session]) - MINUTE)
    _, ask = stage.touch(session, instrument, done)
    order = stage.ticket(account, session, instrument, "buy", size, limit=ask).enter(done)
    order.fill(done + 3 * SECOND, ask)
    stage.mark(
        NAME,
        [order],
        abuse=True,
        severity=severity,
        messages=(key,),
        people=(cast.insider, trader),
        span=(time, time),
    )
