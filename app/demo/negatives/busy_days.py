"""Look-alikes of odd behaviour: twice the orders, a day in one name, a day of cancels after news."""

from app.demo.abuse.behaviour import NAME
from app.demo.stage import SECOND, Stage
from app.demo.universe import TICK


def plant(stage: Stage) -> None:
    """Be busier, narrower or more careful than usual, within what people do."""
    rng = stage.rng
    for account, count, cancels, note in (
        (stage.plan.cast.house[1], 20, 0.3, "a busier day than usual"),
        (stage.plan.cast.unrelated[0], 8, 0.0, "a day in one name"),
        (stage.plan.cast.client, 10, 0.6, "many cancels after news"),
    ):
        session = stage.session()
        instrument = stage.name(session)
        tickets = []
        for _ in range(count):
            time = stage.moment(session, float(rng.uniform(0.1, 0.9)))
            bid, _ = stage.touch(session, instrument, time)
            size = stage.lot(session, instrument, 40_000)
            order = stage.ticket(account, session, instrument, "buy", size, limit=round(bid - TICK, 2)).enter(
                time
            )
            gone = rng.random() < cancels
            done = (
                order.cancel(time + 40 * SECOND)
                if gone
                else order.fill(time + 30 * SECOND, round(bid - TICK, 2))
            )
            tickets.append(done)
        stage.mark(NAME, tickets, abuse=False, note=note)
