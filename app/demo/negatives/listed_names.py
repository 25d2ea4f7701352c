"""A look-alike of a list breach: an order that rested before the listing and was filled after it."""

from app.demo.control_room import HOUR
from app.demo.stage import MINUTE, Stage, restricted_name

NAME = "restricted_list"


def plant(stage: Stage) -> None:
    """Enter an hour before the listing, do not touch it, be filled half an hour after."""
    instrument, first, _ = restricted_name(stage)
    listed = int(stage.market.opens_us[first]) + 2 * HOUR
    time = listed - HOUR
    bid, _ = stage.touch(first, instrument, time)
    size = stage.lot(first, instrument, 50_000)
    order = stage.ticket(stage.plan.cast.unrelated[0], first, instrument, "buy", size, limit=bid).enter(time)
    order.fill(listed + 30 * MINUTE, bid, liquidity="maker")
    stage.mark(NAME, [order], abuse=False, note="entered before the listing and never amended")
