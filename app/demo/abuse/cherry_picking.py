"""Cherry picking: blocks are allocated in the afternoon, and the winners go to one account."""

from math import ceil

from app.demo.flow import Ticket
from app.demo.stage import MINUTE, SECOND, Stage

NAME = "cherry_picking"
_BLOCKS = 130


def plant(stage: Stage, severity: float) -> None:
    """Wait and see, and give the best third of each day to a favourite more often than not."""
    rng = stage.rng
    book = managers(stage)[sum(mark.pattern == NAME and mark.abuse for mark in stage.marks) % 3]
    others = [b.account_id for b in stage.plan.books if b.kind == "client"]
    at = int(rng.integers(len(others)))
    pool = [others[(at + step) % len(others)] for step in range(4)]
    tickets = []
    for session in stage.sessions:
        blocks = blocks_of(stage, book, session, ceil(_BLOCKS / len(stage.sessions)))
        gains = [float(stage.market.close[session, b.instrument]) / price - 1 for b, price in blocks]
        good = sorted(gains)[-ceil(0.3 * len(gains))]
        late = int(stage.market.closes_us[session]) - 5 * MINUTE
        for (block, price), gain in zip(blocks, gains, strict=True):
            picked = gain >= good and rng.random() < 0.5 + 0.45 * severity
            account = (
                pool[0]
                if picked
                else pool[1 + int(rng.integers(3))]
                if gain < good
                else str(rng.choice(pool))
            )
            stage.allot(block, account, block.quantity, price, time=late + int(rng.integers(0, 4 * MINUTE)))
            tickets.append(block)
    stage.mark(NAME, tickets, abuse=True, severity=severity, accounts=(pool[0],))


def managers(stage: Stage) -> list[str]:
    """Return the house books whose traders trade blocks for others, one per trader."""
    seen: dict[str, str] = {}
    for book in stage.plan.books:
        if book.kind == "house":
            seen.setdefault(book.traders[0], book.account_id)
    return list(seen.values())


def blocks_of(stage: Stage, account: str, session: int, count: int) -> list[tuple[Ticket, float]]:
    """Trade ``count`` blocks in the first half of a session; returns each with its price."""
    done = []
    for _ in range(count):
        instrument = stage.name(session)
        time = stage.moment(session, float(stage.rng.uniform(0.02, 0.45)))
        _, ask = stage.touch(session, instrument, time)
        size = stage.lot(session, instrument, 25_000)
        block = stage.ticket(account, session, instrument, "buy", size, limit=ask).enter(time)
        done.append((block.fill(time + SECOND, ask), ask))
    return done
