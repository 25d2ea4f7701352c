"""A day on which a book is right about everything, early and in size."""

from app.demo.stage import SECOND, Stage

NAME = "unusual_pnl"


def plant(stage: Stage, severity: float) -> None:
    """Trade, in the first minutes, the names that will have moved most by the close, in the right direction."""
    rng = stage.rng
    # Hedged books trade little, so that a day of this is not lost in the ordinary.
    books = [
        b for b in stage.plan.books if b.kind == "house" and b.strategy == "hedged" and b.currency == "USD"
    ]
    account = books[sum(mark.pattern == NAME for mark in stage.marks) % len(books)].account_id
    # A day on which there was something to be right about.
    session, best = max(
        (
            (session, _moves(stage, session)[: 3 + round(6 * severity)])
            for session in {stage.session() for _ in range(6)}
        ),
        key=lambda one: (sum(abs(gain) for gain, _ in one[1]), one[0]),
    )
    tickets = []
    for gain, instrument in best:
        time = stage.moment(session, 0.03) + int(rng.uniform(0, 300) * SECOND)
        bid, ask = stage.touch(session, instrument, time)
        side, price = ("buy", ask) if gain > 0 else ("sell", bid)
        size = stage.lot(session, instrument, 800_000 + 3_200_000 * severity)
        order = stage.ticket(account, session, instrument, side, size, limit=price).enter(time)
        tickets.append(order.fill(time + 3_000, price))
    stage.mark(NAME, tickets, abuse=True, severity=severity)


def _moves(stage: Stage, session: int) -> list[tuple[float, int]]:
    # What each open name will have gained from the first minutes to the close, largest moves first.
    moves = []
    for instrument in range(20):
        if not stage.closed[session, instrument]:
            bid, ask = stage.touch(session, instrument, stage.moment(session, 0.03))
            moves.append((float(stage.market.close[session, instrument]) / ((bid + ask) / 2) - 1, instrument))
    return sorted(moves, key=lambda one: -abs(one[0]))
