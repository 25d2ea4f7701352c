"""Marking the open: large orders shown before the auction and pulled, or a first minute that one hand carries."""

from app.demo.stage import MINUTE, SECOND, Stage

NAME = "marking_the_open"


def plant(stage: Stage, severity: float) -> None:
    """Show and pull orders before the open, or trade the first minutes up: more of it as ``severity`` grows."""
    if stage.rng.random() < 0.6:
        _pull(stage, severity)
    else:
        _push(stage, severity)


def _pull(stage: Stage, severity: float) -> None:
    rng = stage.rng
    session, instrument = stage.quiet()
    accounts = stage.plan.cast.house[: 1 + int(rng.random() < 0.5)]
    opens = int(stage.market.opens_us[session])
    total = (0.9 + 2.1 * severity) * 2.4 * stage.usual(instrument, 5)
    pieces = int(rng.integers(2, 5))
    tickets = []
    for piece in range(pieces):
        time = opens - int(rng.uniform(2, 12) * MINUTE)
        _, ask = stage.touch(session, instrument, opens)
        limit = round(ask * (1 + 0.01 + 0.03 * severity), 2)
        size = max(10, int(total / pieces / 10) * 10)
        order = stage.ticket(
            accounts[piece % len(accounts)],
            session,
            instrument,
            "buy",
            size,
            limit=limit,
            time_in_force="opg",
        ).enter(time)
        gone = opens - int((4 + 45 * (1 - severity) * float(rng.uniform(0.3, 1))) * SECOND) + piece * 9_000
        tickets.append(order.cancel(gone))
    stage.mark(NAME, tickets, abuse=True, severity=severity, note="orders for the opening, pulled before it")


def _push(stage: Stage, severity: float) -> None:
    rng = stage.rng
    session, instrument = stage.quiet()
    pieces = 6 + round(12 * severity)
    total = (0.3 + 0.5 * severity) * 2.4 * stage.usual(instrument, 5)
    size = max(10, int(total / pieces / 10) * 10)
    reach = (3.0 + 5.0 * severity) * stage.swing(instrument, 5)
    accounts = stage.plan.cast.house
    start = int(stage.market.opens_us[session]) + 10 * SECOND
    tickets = []
    for piece in range(pieces):
        time = start + int((piece + float(rng.uniform(0.1, 0.9))) / pieces * 230 * SECOND)
        stage.push(session, instrument, time, reach * (piece + 1) / pieces)
        _, ask = stage.touch(session, instrument, time)
        order = stage.ticket(
            accounts[piece % 2], session, instrument, "buy", size, limit=ask, time_in_force="ioc"
        )
        tickets.append(order.enter(time).fill(time + 2_600, ask))
    stage.push(session, instrument, start + 8 * MINUTE, 0.0)
    stage.mark(NAME, tickets, abuse=True, severity=severity)
    stage.square(tickets, 0.55)
