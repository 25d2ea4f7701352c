"""Look-alikes of cherry picking: settled before, shared alike, and an account that is simply good."""

from app.demo.abuse.cherry_picking import NAME, blocks_of, managers
from app.demo.flow import Ticket
from app.demo.stage import MINUTE, SECOND, Stage


def plant(stage: Stage) -> None:
    """Allocate before the fill, allocate alike after it, and let one account pick well on its own."""
    book = managers(stage)[3]
    pool = [b.account_id for b in stage.plan.books if b.kind == "client"][:4]
    before: list[Ticket] = []
    alike: list[Ticket] = []
    skilled: list[Ticket] = []
    for session in stage.sessions:
        late = int(stage.market.closes_us[session]) - 3 * MINUTE
        for block, price in blocks_of(stage, book, session, 2):
            time = stage.moment(session, 0.01)
            account = str(stage.rng.choice(pool))
            stage.allot(block, account, block.quantity, price, time=time)
            before.append(block)
        for block, price in blocks_of(stage, book, session, 2):
            for account in pool:
                stage.allot(block, account, max(1, block.quantity // 4), price, time=late)
            alike.append(block)
        good = max(
            range(20), key=lambda n: 0.0 if stage.closed[session, n] else float(
                stage.market.close[session, n] / stage.market.open[session, n])
        )  # fmt: skip
        time = stage.moment(session, 0.1)
        _, ask = stage.touch(session, good, time)
        size = stage.lot(session, good, 25_000)
        block = stage.ticket(book, session, good, "buy", size, limit=ask).enter(time).fill(time + SECOND, ask)
        stage.allot(block, pool[1], size, ask, time=time + SECOND)
        skilled.append(block)
    stage.mark(NAME, before, abuse=False, note="settled before the block was traded")
    stage.mark(NAME, alike, abuse=False, note="shared alike after it was traded")
    stage.mark(NAME, skilled, abuse=False, note="picked well, and named its account at once")
