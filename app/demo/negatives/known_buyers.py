"""Look-alikes of insider dealing: a savings plan, one more trade of the usual size, a purchase after the news."""

from app.demo.control_room import HOUR
from app.demo.past import moves, trade
from app.demo.stage import Stage

NAME = "insider_dealing"


def plant(stage: Stage) -> None:
    """Play the three of them before a real rise."""
    rises = [
        (session, name)
        for session, name in moves(stage)
        if not stage.closed[session - 8 : session + 2, name].any()
    ]
    if not rises:
        return
    client = stage.plan.cast.unrelated[0]
    session, name = rises[int(stage.rng.integers(len(rises)))]
    plan = [
        trade(stage, client, day, name, "buy", 20_000, fraction=0.3)
        for day in range(session - 40, session, 10)
    ]
    stage.mark(NAME, plan, abuse=False, note="a savings plan: the same amount every two weeks")
    session, name = rises[int(stage.rng.integers(len(rises)))]
    usual = trade(stage, client, session - 2, name, "buy", 60_000, fraction=0.5)
    stage.mark(NAME, [usual], abuse=False, note="of a size that is usual for the account")
    told = [(day, one) for day, one in rises if not stage.conduct.reported & {one}]
    if not told:
        return
    session, name = told[int(stage.rng.integers(len(told)))]
    account = stage.plan.books[-1].account_id
    stage.conduct.reported.add(name)
    stage.report(session - 3, stage.moment(session - 3, 0.1) - HOUR, name)
    stage.pay_in(account, session - 3, 130_000.0)
    after = trade(stage, account, session - 2, name, "buy", 120_000, fraction=0.5)
    stage.mark(NAME, [after], abuse=False, note="bought after the story was public")
