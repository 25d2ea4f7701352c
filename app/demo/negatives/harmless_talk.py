"""Look-alikes of misconduct in writing: training, jokes, public news, and an order passed on properly."""

from app.demo.stage import MINUTE, SECOND, Stage
from app.demo.universe import SYMBOLS

NAME = "communications"
_LINES = (
    ("training", "Compliance training: spoofing and front running, how to spot them and whom to tell"),
    ("a surprise party", "Do not tell him about the surprise on Friday, cake is at four"),
    ("public news", "Takeover of {s} was announced this morning, it is on every wire"),
    ("sports", "We were robbed last night, two penalties in the last minute"),
)


def plant(stage: Stage) -> None:
    """Say harmless things in dangerous words, and pass on an order as one should."""
    rng, cast = stage.rng, stage.plan.cast
    other = stage.plan.books[stage.book(cast.house[0])].traders[0]
    for note, line in _LINES:
        session = stage.session()
        instrument = stage.name(session)
        time = stage.moment(session, float(rng.uniform(0.05, 0.9)))
        key = stage.say(time, cast.insider, line.format(s=SYMBOLS[instrument]), instrument, to=(other,))
        stage.mark(
            NAME, [], abuse=False, messages=(key,), people=(cast.insider, other), instruments=(instrument,),
            span=(time, time), note=note,
        )  # fmt: skip
    session = stage.session()
    instrument = stage.name(session)
    time = stage.moment(session, 0.4)
    trader = stage.plan.books[stage.book(cast.client)].traders[0]
    size = stage.lot(session, instrument, 90_000)
    text = f"Please buy {size} {SYMBOLS[instrument]} for the client, limit at the offer"
    key = stage.say(time, cast.insider, text, instrument, to=(trader,))
    _, ask = stage.touch(session, instrument, time + MINUTE)
    order = stage.ticket(cast.client, session, instrument, "buy", size, limit=ask).enter(time + MINUTE)
    order.fill(time + MINUTE + 2 * SECOND, ask)
    stage.mark(NAME, [order], abuse=False, messages=(key,), note="an order passed on in the open")
