"""A look-alike of front running: a private purchase that came before the client's order was known."""

from app.demo.stage import MINUTE, Stage

NAME = "front_running"


def plant(stage: Stage) -> None:
    """Buy privately in the morning; hear of the client's order two hours later."""
    cast = stage.plan.cast
    session = stage.session()
    instrument = stage.name(session)
    time = stage.moment(session, 0.1)
    _, ask = stage.touch(session, instrument, time)
    size = stage.lot(session, instrument, 10_000)
    own = stage.ticket(cast.personal, session, instrument, "buy", size, limit=ask, trader=cast.insider)
    own.enter(time).fill(time + 3_000, ask)
    heard = time + 120 * MINUTE
    _, ask = stage.touch(session, instrument, heard + MINUTE)
    client = stage.ticket(
        cast.client, session, instrument, "buy", stage.lot(session, instrument, 5e5), limit=ask,
        trader=cast.insider, received=heard,
    )  # fmt: skip
    client.enter(heard + MINUTE).fill(heard + MINUTE + 3_000, ask)
    stage.mark(NAME, [own, client], abuse=False, note="the client's order was not known yet")
