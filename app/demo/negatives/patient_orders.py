"""Look-alikes of slips: a passive limit far from the market, and a large but usual order."""

from app.demo.stage import Stage

NAME = "fat_finger"


def plant(stage: Stage) -> None:
    """Bid a quarter below the market, and work a block well within a tenth of the day's volume."""
    session = stage.session()
    instrument = stage.name(session)
    time = stage.moment(session, 0.2)
    bid, ask = stage.touch(session, instrument, time)
    size = stage.lot(session, instrument, 80_000)
    far = stage.ticket(stage.plan.cast.client, session, instrument, "buy", size, limit=round(0.75 * bid, 2))
    far.enter(time).cancel(stage.moment(session, 0.95), by="eod", reason="Day order lapsed")
    stage.mark(NAME, [far], abuse=False, note="a bid a quarter below the market: passive, so no collar")
    block = stage.lot(session, instrument, 1.2e6)
    later = stage.moment(session, 0.5)
    _, ask = stage.touch(session, instrument, later)
    large = stage.ticket(stage.plan.cast.client, session, instrument, "buy", block, limit=ask).enter(later)
    large.fill(later + 4_000, ask)
    stage.mark(NAME, [large], abuse=False, note="a large order within the market's means")
