"""Orders on the days before there are quotes, and the days on which prices moved by themselves."""

import numpy as np

from app.demo.flow import Ticket
from app.demo.market import WARMUP
from app.demo.stage import Stage

MODEL = 120  # sessions a move is judged by


def moves(
    stage: Stage, *, sigmas: float = 3.5, least: float = 0.036, up: bool = True
) -> list[tuple[int, int]]:
    """Return sessions and instruments of real moves that the market does not explain, before the last session.

    Args:
        stage: Whose market.
        sigmas: Standard deviations of the 120 sessions before.
        least: Size of the move, as a log return.
        up: Rises or falls.
    """
    returns = np.diff(np.log(stage.market.history[:, :20]), axis=0)
    common = returns.mean(axis=1)
    found: list[tuple[int, int]] = []
    for session in range(45, len(stage.market.sessions) - 1):
        row = WARMUP + session - 1
        # What came before the firm's own prices nobody who reads them can know.
        before = slice(max(WARMUP, row - MODEL), row)
        spread = common[before] - common[before].mean()
        beta = spread @ (returns[before] - returns[before].mean(axis=0)) / (spread @ spread)
        apart = returns[row] - beta * common[row]
        sigma = (returns[before] - np.outer(common[before], beta)).std(axis=0)
        sized = apart if up else -apart
        names = np.nonzero((sized >= sigmas * sigma) & (sized >= least))[0]
        found.extend((session, int(name)) for name in names)
    return found


def trade(  # noqa: PLR0917 (an order in one line)
    stage: Stage, account: str, session: int, instrument: int, side: str, notional: float, *, fraction: float
) -> Ticket:
    """Enter and fill an order at the day's price at a fraction of a session, quotes or none."""
    market = stage.market
    first, last = float(market.open[session, instrument]), float(market.close[session, instrument])
    price = round(first + fraction * (last - first), 2)
    quantity = max(10, int(min(notional / price, 0.01 * float(market.adv[instrument])) / 10) * 10)
    time = stage.moment(session, fraction)
    order = stage.ticket(account, session, instrument, side, quantity, limit=price, arrival=price)
    return order.enter(time).fill(time + 3_000, price)
