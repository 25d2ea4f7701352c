"""Look-alikes of personal dealing breaches: approved to the last share, an early sale allowed, the tracker."""

from app.demo.abuse.concentration import untouched
from app.demo.conduct import Approval
from app.demo.stage import MINUTE, Stage
from app.demo.universe import INDEX, INDEX_FUND

NAME = "personal_dealing"


def plant(stage: Stage) -> None:
    """Play the three of them."""
    account = stage.plan.cast.personal_two
    _approved(stage, account)
    _allowed_early(stage, account)
    _tracker(stage, account)


def _approved(stage: Stage, account: str) -> None:
    """Buy just what was approved, in two parts, from the first minute to before the last."""
    session = stage.session()
    instrument = _own_name(stage, account, session)
    time = stage.moment(session, 0.3)
    size = 2 * stage.lot(session, instrument, 5_000)
    later = time + 40 * MINUTE
    orders = []
    for at in (time, later):
        _, ask = stage.touch(session, instrument, at)
        order = stage.ticket(account, session, instrument, "buy", size // 2, limit=ask).enter(at)
        orders.append(order.fill(at + 3_000, ask))
        stage.conduct.settled.add(order.number)
    stage.conduct.approvals.append(
        Approval(account, instrument, "buy", size, time + 3_000, later + MINUTE, waives=("holding_period",))
    )
    stage.mark(NAME, orders, abuse=False, note="approved, to the last share")


def _allowed_early(stage: Stage, account: str) -> None:
    """Sell after two hours what was bought, with leave to do so."""
    session = stage.session()
    instrument = _own_name(stage, account, session)
    time = stage.moment(session, 0.2)
    size = stage.lot(session, instrument, 8_000)
    orders = []
    for at, side in ((time, "buy"), (time + 120 * MINUTE, "sell")):
        bid, ask = stage.touch(session, instrument, at)
        price = ask if side == "buy" else bid
        order = stage.ticket(account, session, instrument, side, size, limit=price).enter(at)
        orders.append(order.fill(at + 3_000, price))
        stage.conduct.settled.add(order.number)
        stage.conduct.approvals.append(
            Approval(
                account, instrument, side, size, at - MINUTE, at + 60 * MINUTE, waives=("holding_period",)
            )
        )
    stage.mark(NAME, orders, abuse=False, note="an early sale that was approved as such")


def _tracker(stage: Stage, account: str) -> None:
    """Buy the index tracker without asking: funds are out of scope."""
    session, instrument = stage.session(), INDEX[INDEX_FUND]
    time = stage.moment(session, 0.6)
    _, ask = stage.touch(session, instrument, time)
    size = stage.lot(session, instrument, 4_000)
    order = stage.ticket(account, session, instrument, "buy", size, limit=ask).enter(time)
    order.fill(time + 3_000, ask)
    stage.conduct.settled.add(order.number)
    stage.mark(NAME, [order], abuse=False, note="an index fund, which the rules leave out")


def _own_name(stage: Stage, account: str, session: int) -> int:
    """Pick a name that no other scene trades in the account: it would use the approval up."""
    free = untouched(stage, account, session)
    return stage.name(session) if free is None else free
