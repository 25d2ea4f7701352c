"""Look-alikes of a list breach: orders of before a listing, filled or cancelled in it, and one of after it."""

from app.demo.control_room import HOUR
from app.demo.market import MICROSECOND
from app.demo.stage import MINUTE, Stage, restricted_name

NAME = "restricted_list"


def plant(stage: Stage) -> None:
    """Enter before the listing and be filled, or be cancelled, after; enter in the instant that it ends."""
    instrument, first, _ = restricted_name(stage)
    listed = int(stage.market.opens_us[first]) + 2 * HOUR
    time = listed - HOUR
    bid, _ = stage.touch(first, instrument, time)
    size = stage.lot(first, instrument, 50_000)
    order = stage.ticket(stage.plan.cast.unrelated[0], first, instrument, "buy", size, limit=bid).enter(time)
    order.fill(listed + 30 * MINUTE, bid, liquidity="maker")
    stage.mark(NAME, [order], abuse=False, note="entered before the listing and never amended")
    _, ask = stage.touch(first, instrument, time)
    client = stage.plan.cast.unrelated[1]
    away = stage.ticket(client, first, instrument, "sell", size, limit=round(1.01 * ask, 2)).enter(time)
    away.cancel(listed + 45 * MINUTE)
    stage.mark(NAME, [away], abuse=False, note="taken out after the listing, as one should")
    ends = stage.lists[0].end
    if ends is None:
        return
    end = int(ends.timestamp() * MICROSECOND)
    day = next(s for s in stage.sessions if stage.market.closes_us[s] > end)
    _, ask = stage.touch(day, instrument, end)
    after = stage.ticket(client, day, instrument, "buy", size, limit=ask).enter(end)
    after.fill(end + 3_000, ask)
    stage.mark(NAME, [after], abuse=False, note="entered in the instant that the listing ended")
