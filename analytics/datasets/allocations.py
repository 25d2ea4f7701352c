"""Who got what of a block: allocations of executed orders to accounts."""

from analytics.datasets._base import Dataset, Unit, count, instant, number, text
from analytics.datasets.trading import SIDES

ALLOCATIONS = Dataset(
    "allocations",
    "Allocations of blocks to accounts",
    {
        "allocation_id": text("Allocation.", required=True, fix=70),
        "version": count("1 for the first instruction, higher for later ones.", default=1),
        "order_id": text("Block that was executed.", required=True, fix=11),
        "exec_id": text("Execution, where one is allocated by itself.", fix=17),
        "instrument_id": text("Instrument.", required=True, fix=55),
        "account_id": text("Account that gets it.", required=True, fix=79),
        "side": text("Side.", required=True, values=SIDES, fix=54),
        "quantity": number(
            "Allocated, always positive.", Unit.QUANTITY, required=True, positive=True, fix=80
        ),
        "price": number("Price to the account.", Unit.PRICE, required=True, positive=True, fix=153),
        "alloc_time": instant("When it was decided who gets it.", required=True, fix=60),
        "allocated_by": text("Who decided."),
        "strategy": text("Mandate it was bought for."),
    },
    key=("allocation_id", "version"),
    time="alloc_time",
)
