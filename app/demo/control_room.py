"""The control room's lists and the risk desk's limits of a demo firm, settled before anybody trades."""

from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt

from app.demo.firm import LimitEntry, ListEntry
from app.demo.firms import FirmPlan
from app.demo.market import MICROSECOND, Market
from app.demo.universe import INDEX

HOUR = 3600 * MICROSECOND


def lists(plan: FirmPlan, market: Market, *, first_recent: int) -> tuple[ListEntry, ...]:
    """Return the firm's lists: one name restricted and one watched in the recent sessions, some before.

    Args:
        plan: The firm.
        market: Its market.
        first_recent: First session with orders.
    """
    last = len(market.sessions)
    recent = last - first_recent
    restricted, watched, earlier = plan.cast.listed
    begin = first_recent + max(1, round(0.35 * recent))
    end = min(begin + max(2, round(0.3 * recent)), last - 1)
    opens = market.opens_us
    return (
        # From the middle of a day, so that an order of that morning rested before the listing.
        ListEntry(
            "restricted", restricted, instant(opens[begin] + 2 * HOUR), instant(opens[end]),
            "Advising on a transaction",
        ),
        ListEntry("watch", watched, instant(opens[begin]), None, "Possible mandate"),
        ListEntry(
            "restricted", earlier, instant(opens[last // 3]), instant(opens[last // 3 + 10]),
            "Research in preparation",
        ),
        ListEntry(
            "insider", restricted, instant(opens[begin] - 48 * HOUR), instant(opens[end]),
            "Deal team", (plan.cast.insider,),
        ),
    )  # fmt: skip


def closed_to_all(market: Market, entries: tuple[ListEntry, ...]) -> npt.NDArray[np.bool_]:
    """Return sessions x instruments in which nobody honest trades: any day a list touches."""
    closed = np.zeros(market.close.shape, dtype=np.bool_)
    for entry in entries:
        start = entry.start.timestamp() * MICROSECOND
        end = entry.end.timestamp() * MICROSECOND if entry.end else np.inf
        touched = (market.closes_us >= start) & (market.opens_us < end)
        closed[touched, INDEX[entry.instrument_id]] = True
    return closed


def limits(plan: FirmPlan) -> tuple[LimitEntry, ...]:
    """Return the firm's limits: on gross exposure, on single names, on the size of one order."""
    house = [book for book in plan.books if book.kind == "house"]
    capital = sum(book.deposit for book in plan.books)
    return (
        LimitEntry("Gross exposure of the firm", "gross_exposure", "organisation", None, 1.75 * capital, "USD"),
        LimitEntry("Leverage of the firm", "leverage", "organisation", None, 1.6, "ratio"),
        LimitEntry("Value at risk of the firm", "var_99_1d", "organisation", None, 0.045 * capital, "USD"),
        LimitEntry("Largest position", "position_weight", "organisation", None, 0.055, "fraction"),
        LimitEntry("Size of one order", "order_notional", "organisation", None, 5e6, "USD", hard=True),
        *(
            LimitEntry(
                f"Gross exposure of {book.name}", "gross_exposure", "account", book.account_id,
                2.8 * book.deposit, book.currency,
            )
            for book in house[:3]
        ),
    )  # fmt: skip


def instant(microseconds: int) -> datetime:
    """Return microseconds since 1970 as an instant in UTC."""
    return datetime.fromtimestamp(int(microseconds) / MICROSECOND, UTC)
