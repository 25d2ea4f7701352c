"""Restricted list: somebody trades a name after it was listed."""

from app.demo.control_room import HOUR
from app.demo.stage import SECOND, Stage, restricted_name

NAME = "restricted_list"


def plant(stage: Stage, severity: float) -> None:
    """Buy the restricted name: one second after the listing when mild, big and repeatedly when severe."""
    rng = stage.rng
    instrument, first, last = restricted_name(stage)
    mild = severity < 0.4
    session = first if mild else last
    account = stage.plan.cast.personal if severity > 0.8 else stage.plan.cast.house[0]
    listed = int(stage.market.opens_us[first]) + 2 * HOUR
    time = listed + SECOND if mild else stage.moment(session, float(rng.uniform(0.3, 0.6)))
    tickets = []
    for _ in range(1 + round(3 * severity)):
        _, ask = stage.touch(session, instrument, time)
        quantity = stage.lot(session, instrument, 8_000 + 20_000 * severity)
        order = stage.ticket(account, session, instrument, "buy", quantity, limit=ask).enter(time)
        tickets.append(order.fill(time + 3_000, ask))
        time += int(rng.uniform(30, 240) * SECOND)
    stage.mark(NAME, tickets, abuse=True, severity=severity)
    if account == stage.plan.cast.personal:
        # The same orders break the rules of personal dealing as well.
        stage.mark("personal_dealing", tickets, abuse=True, severity=severity, note="a restricted name")
