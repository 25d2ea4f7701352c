"""Look-alikes of concentration: below the warning, bought and sold in turn, and large but in a wide limit."""

from app.demo.abuse.concentration import NAME, untouched
from app.demo.conduct import Bound
from app.demo.stage import MINUTE, Stage


def plant(stage: Stage) -> None:
    """Play the three of them in a client's account."""
    _steps(stage, "buy sell buy sell buy sell", 0.2, 1.3, "bought and sold in turn, never near the limit")
    _steps(stage, "buy buy", 0.5, 1.3, "held 77 % of the limit, below the warning")
    _steps(stage, "buy buy buy buy buy buy", 0.35, 2.0, "many purchases within a wide limit")


def _steps(stage: Stage, sides: str, fraction: float, share: float, note: str) -> None:
    account = stage.plan.cast.unrelated[1]
    session = stage.session()
    instrument = untouched(stage, account, session)
    if instrument is None:
        return  # every name is somebody's scene already
    size = stage.lot(session, instrument, 60_000)
    tickets = []
    for step, side in enumerate(sides.split()):
        at = stage.moment(session, fraction) + step * 7 * MINUTE
        bid, ask = stage.touch(session, instrument, at)
        price = ask if side == "buy" else bid
        order = stage.ticket(account, session, instrument, side, size, limit=price, strategy="core")
        tickets.append(order.enter(at).fill(at + 3_000, price))
    stage.conduct.bounds.append(Bound(account, instrument, session, share))
    stage.mark(NAME, tickets, abuse=False, note=note)
