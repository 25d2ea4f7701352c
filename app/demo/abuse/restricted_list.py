"""Restricted list: somebody trades a name after it was listed."""

from app.demo.control_room import HOUR
from app.demo.stage import MINUTE, SECOND, Stage, restricted_name

NAME = "restricted_list"


def plant(stage: Stage, severity: float) -> None:
    """Buy the restricted name: one second after the listing when mild, big and repeatedly when severe."""
    rng = stage.rng
    instrument, first, last = restricted_name(stage)
    mild = severity < 0.4
    session = first if mild else last
    account = stage.plan.cast.personal if severity > 0.8 else stage.plan.cast.house[0]
    listed = int(stage.market.opens_us[first]) + 2 * HOUR
    if 0.4 <= severity < 0.65:
        _amend(stage, severity, instrument, first, listed)
        return
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


def _amend(stage: Stage, severity: float, instrument: int, session: int, listed: int) -> None:
    """Raise the limit of an order that rested before the listing, ten minutes after it."""
    time = listed - 30 * MINUTE
    bid, ask = stage.touch(session, instrument, time)
    size = stage.lot(session, instrument, 30_000)
    order = stage.ticket(stage.plan.cast.house[0], session, instrument, "buy", size, limit=bid).enter(time)
    late = listed + 10 * MINUTE
    _, ask = stage.touch(session, instrument, late)
    order.replace(late, limit=ask).fill(late + 3_000, ask)
    note = "an order of before the listing, amended after it"
    stage.mark(NAME, [order], abuse=True, severity=severity, note=note)
