"""Marking the close: aggressive buying in the last minutes to hold up the closing price."""

from app.demo.stage import MINUTE, SECOND, Stage

NAME = "marking_the_close"


def plant(stage: Stage, severity: float) -> None:
    """Buy in many small aggressive pieces over the last four minutes; more of the market as it grows."""
    rng = stage.rng
    session = stage.session()
    instrument = stage.name(session)
    # Roughly 3 % of a day's volume trades in the last four minutes.
    window = 0.03 * float(stage.market.adv[instrument])
    pieces = 6 + round(19 * severity)
    total = (0.15 + 0.5 * severity) * window
    notional = min(total * float(stage.market.close[session, instrument]), 6e6)
    size = stage.lot(session, instrument, notional / pieces)
    start = int(stage.market.closes_us[session]) - 4 * MINUTE
    tickets = []
    for piece in range(pieces):
        time = start + int((piece + float(rng.uniform(0.1, 0.9))) / pieces * 230 * SECOND)
        _, ask = stage.touch(session, instrument, time)
        account = stage.plan.cast.house[piece % 2]
        order = stage.ticket(account, session, instrument, "buy", size, limit=ask, time_in_force="ioc")
        tickets.append(order.enter(time).fill(time + 2_600, ask))
    stage.mark(NAME, tickets, abuse=True, severity=severity)
