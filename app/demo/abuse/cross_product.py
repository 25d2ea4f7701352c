"""Cross-product manipulation: push one stock to sell its close relative dearer, then undo the push."""

import numpy as np

from app.demo.stage import MINUTE, SECOND, Stage

NAME = "cross_product"


def relatives(stage: Stage) -> list[tuple[int, int]]:
    """Return pairs of stocks whose second moves with the first: beta and share of variance high."""
    returns = np.diff(np.log(stage.market.history[-63:, :20]), axis=0)
    both = np.cov(returns.T)
    fit = np.corrcoef(returns.T) ** 2
    beta = both / np.diag(both)[:, None]  # of the column on the row
    close = (fit >= 0.66) & (beta >= 0.86) & ~np.eye(20, dtype=bool)
    return [(int(a), int(b)) for a, b in np.argwhere(close)]


def pair(stage: Stage) -> tuple[int, int, int]:
    """Return a session and two related stocks, the first of which no other scene has moved that day."""
    found = [
        (session, first, second)
        for session in stage.sessions
        for first, second in relatives(stage)
        if not stage.closed[session, [first, second]].any()
    ]
    fresh = [one for one in found if one[:2] not in stage.taken] or found
    # The thinner the first, the less it takes.
    worth = np.array([stage.market.adv[a] * stage.market.close[-1, a] for _, a, _ in fresh])
    chosen = fresh[int(stage.rng.choice(len(fresh), p=(1 / worth) / (1 / worth).sum()))]
    stage.taken.add(chosen[:2])
    return chosen


def plant(stage: Stage, severity: float) -> None:
    """Hold the second, push up the first, sell the second into it, undo: harder as severity grows."""
    session, first, second = pair(stage)
    account = stage.plan.cast.linked[0]
    start = stage.moment(session, float(stage.rng.uniform(0.25, 0.75)))
    push = int((0.28 + 0.4 * severity) * stage.usual(first, 1.0) / 10) * 10
    reach = (4.5 + 5 * severity) * stage.swing(first, 2.0)
    value = push * float(stage.market.open[session, first])
    hold = int((4.0 + 2 * severity) * value / float(stage.market.open[session, second]) / 10) * 10
    tickets = []

    def trade(time: int, name: int, side: str, quantity: int) -> None:
        bid, ask = stage.touch(session, name, time)
        price = ask if side == "buy" else bid
        order = stage.ticket(account, session, name, side, max(10, quantity), limit=price)
        tickets.append(order.enter(time).fill(time + 2_600, price))

    trade(start - 50 * MINUTE, second, "buy", hold)
    for part in range(4):
        time = start + part * 9 * SECOND
        stage.push(session, first, time, reach * (part + 1) / 4)
        trade(time, first, "buy", push // 4)
    trade(start + 55 * SECOND, second, "sell", hold)
    # Nobody followed: once the pushing stops the price falls back, and undoing the push costs money.
    stage.push(session, first, start + 90 * SECOND, 0.1 * reach)
    trade(start + 4 * MINUTE, first, "sell", int((0.7 + 0.3 * severity) * 4 * (push // 4)))
    stage.push(session, first, start + 5 * MINUTE, 0.0)
    stage.mark(NAME, tickets, abuse=True, severity=severity)
