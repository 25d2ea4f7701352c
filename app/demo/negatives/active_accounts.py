"""Look-alikes of churning: an active account that pays next to nothing, a private one, a portfolio built once."""

from app.demo.abuse.churning import NAME, quiet_clients, turn_over
from app.demo.stage import MINUTE, SECOND, Stage


def plant(stage: Stage) -> None:
    """Turn a client's money over for free, trade privately at a cost, and invest a client's money once."""
    clients = quiet_clients(stage)
    turn_over(stage, clients[3], turnover=6.0, rate=0.0001, abuse=False, note="one fee covers everything")
    turn_over(
        stage,
        stage.plan.cast.personal_two,
        turnover=6.0,
        rate=0.02,
        abuse=False,
        note="a person trades for himself",
    )
    tickets = []
    stage.pay_in(clients[4], stage.sessions[0], 420_000.0 * len(stage.sessions))
    for session in stage.sessions:
        instrument = stage.name(session)
        time = stage.moment(session, 0.6)
        _, ask = stage.touch(session, instrument, time)
        size = stage.lot(session, instrument, 400_000)
        order = stage.ticket(clients[4], session, instrument, "buy", size, limit=ask).enter(time + MINUTE)
        tickets.append(order.fill(time + MINUTE + SECOND, ask, charge=round(0.02 * ask, 4)))
    stage.mark(NAME, tickets, abuse=False, note="a portfolio is built, dearly, and kept")
