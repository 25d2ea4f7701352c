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
    """Return the firm's lists: one name restricted and one watched in the recent sessions, some before, one from now on.

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
        # In force now: it begins when the last session is over, so that nobody has traded under it yet.
        ListEntry("restricted", earlier, instant(market.closes_us[-1] + HOUR), None, "Mandate to be announced"),
    )  # fmt: skip


def closed_to_all(market: Market, entries: tuple[ListEntry, ...]) -> npt.NDArray[np.bool_]:
    """Return sessions x instruments in which nobody honest trades: any day a list touches."""
    closed = np.zeros(market.close.shape, dtype=np.bool_)
    for entry in entries:
        start = entry.start.timestamp() * MICROSECOND
        end = entry.end.timestamp() * MICROSECOND if entry.end else np.inf
        # Orders for the opening auction come before it.
        touched = (market.closes_us >= start) & (market.opens_us - HOUR < end)
        closed[touched, INDEX[entry.instrument_id]] = True
    return closed


def limits(plan: FirmPlan) -> tuple[LimitEntry, ...]:
    """Return the firm's limits without their bounds, which ``app.demo.limits`` sets around what happened."""
    house = [book for book in plan.books if book.kind == "house"]
    return (
        LimitEntry("Gross exposure of the firm", "gross_exposure", "organisation", None, "USD"),
        LimitEntry("Leverage of the firm", "leverage", "organisation", None, "ratio"),
        LimitEntry("Value at risk of the firm", "var_99_1d", "organisation", None, "USD"),
        LimitEntry("Largest position of the firm", "position_weight", "organisation", None, "fraction", "near"),
        LimitEntry("Loss of the firm in one day", "loss_1d", "organisation", None, "USD"),
        LimitEntry("Size of one order", "order_notional", "organisation", None, "USD", "slip", hard=True),
        LimitEntry("Share of a day's volume", "participation", "organisation", None, "fraction"),
        *(LimitEntry(f"Gross exposure of {desk}", "gross_exposure", "desk", desk, "USD") for desk in plan.desks),
        *(
            LimitEntry(f"Gross exposure of {book.name}", "gross_exposure", "account", book.account_id, book.currency)
            for book in house[:3]
        ),
        *(
            LimitEntry(f"{title} of {book.name}", measure, "account", book.account_id, "fraction", "passed", hard=True)
            for book in house
            for title, measure in (("Drawdown", "drawdown"), ("Largest position", "position_weight"))
        ),
    )  # fmt: skip


def instant(microseconds: int) -> datetime:
    """Return microseconds since 1970 as an instant in UTC."""
    return datetime.fromtimestamp(int(microseconds) / MICROSECOND, UTC)
