"""Personal dealing: private trades that the firm's rules forbid, each in its own way."""

from app.demo.conduct import Approval
from app.demo.stage import MINUTE, Stage

NAME = "personal_dealing"


def plant(stage: Stage, severity: float) -> None:
    """Trade more than approved when mild, after the approval lapsed in between, without one when severe."""
    account = stage.plan.cast.personal_two
    session = stage.session()
    instrument = unasked(stage, account, session, stage.name(session))
    time = stage.moment(session, float(stage.rng.uniform(0.2, 0.8)))
    _, ask = stage.touch(session, instrument, time)
    size = stage.lot(session, instrument, 6_000 + 20_000 * severity)
    order = stage.ticket(account, session, instrument, "buy", size, limit=ask).enter(time)
    order.fill(time + 3_000, ask)
    stage.conduct.settled.add(order.number)
    if severity < 0.4:
        allowed, start, end = max(1, int(size * 0.8)), time - 60 * MINUTE, time + 60 * MINUTE
        stage.conduct.approvals.append(Approval(account, instrument, "buy", allowed, start, end))
        note = "a quarter more than approved"
    elif severity < 0.8:
        start, end = time - 48 * 60 * MINUTE, time - MINUTE
        stage.conduct.approvals.append(Approval(account, instrument, "buy", size, start, end))
        note = "a minute after the approval lapsed"
    else:
        start, end = time - 60 * MINUTE, time + 60 * MINUTE
        stage.conduct.approvals.append(
            Approval(account, instrument, "buy", size, start, end, status="denied")
        )
        note = "the approval had been denied"
    stage.mark(NAME, [order], abuse=True, severity=severity, note=note)


def unasked(stage: Stage, account: str, session: int, instrument: int) -> int:
    """Return the name itself, or the next one that no other scene has asked leave for.

    Approvals in force at the same time add up: two scenes in one name would allow each other.
    """
    asked = {one.instrument for one in stage.conduct.approvals if one.account_id == account}
    others = [(instrument + step) % 20 for step in range(20)]
    free = (n for n in others if n not in asked and not stage.closed[session, n])
    return next(free, instrument)
