"""The nouns of the desk: the schema of every fact table. One file per subject."""

from analytics.datasets import _base as _base
from analytics.datasets import (
    allocations,
    conduct,
    control_room,
    holdings,
    intake,
    market,
    reference,
    social,
    trading,
)
from analytics.datasets._base import DECIMAL, INSTANT, SYSTEM, Column, Dataset, Unit
from analytics.datasets.allocations import ALLOCATIONS
from analytics.datasets.conduct import POSITION_LIMITS, PRECLEARANCES
from analytics.datasets.control_room import LIST_ENTRIES, PARTIES, SANCTIONS
from analytics.datasets.holdings import CASH_FLOWS, DAILY_NAV, DAILY_POSITIONS, NAV, POSITIONS
from analytics.datasets.intake import RAW_RECORDS, REJECTS
from analytics.datasets.market import (
    BARS,
    BENCHMARKS,
    BOOK_EVENTS,
    CORPORATE_ACTIONS,
    FX_RATES,
    PRICES,
    QUOTES,
    TAPE,
)
from analytics.datasets.reference import ACCOUNTS, INSTRUMENTS, PEOPLE
from analytics.datasets.social import FOLLOWS, MESSAGES, NEWS, POSTS
from analytics.datasets.trading import EXECUTIONS, ORDER_EVENTS, SIDES

DATASETS: dict[str, Dataset] = {
    dataset.name: dataset
    for module in (
        reference,
        trading,
        market,
        holdings,
        social,
        conduct,
        control_room,
        allocations,
        intake,
    )
    for dataset in vars(module).values()
    if isinstance(dataset, Dataset)
}
# What a file or a request may bring in.
IMPORTABLE: dict[str, Dataset] = {name: d for name, d in DATASETS.items() if not d.derived}

# Read by surveillance alone: what people wrote to one another, and what is listed before others may know.
CONFIDENTIAL = frozenset({MESSAGES.name, LIST_ENTRIES.name})
# Brought in by those who answer for it: nobody approves his own trades by a file, or lists by one.
CONTROLLED = frozenset({LIST_ENTRIES.name, PRECLEARANCES.name, SANCTIONS.name})

__all__ = [
    "ACCOUNTS",
    "ALLOCATIONS",
    "BARS",
    "BENCHMARKS",
    "BOOK_EVENTS",
    "CASH_FLOWS",
    "CONFIDENTIAL",
    "CONTROLLED",
    "CORPORATE_ACTIONS",
    "DAILY_NAV",
    "DAILY_POSITIONS",
    "DATASETS",
    "DECIMAL",
    "EXECUTIONS",
    "FOLLOWS",
    "FX_RATES",
    "IMPORTABLE",
    "INSTANT",
    "INSTRUMENTS",
    "LIST_ENTRIES",
    "MESSAGES",
    "NAV",
    "NEWS",
    "ORDER_EVENTS",
    "PARTIES",
    "PEOPLE",
    "POSITIONS",
    "POSITION_LIMITS",
    "POSTS",
    "PRECLEARANCES",
    "PRICES",
    "QUOTES",
    "RAW_RECORDS",
    "REJECTS",
    "SANCTIONS",
    "SIDES",
    "SYSTEM",
    "TAPE",
    "Column",
    "Dataset",
    "Unit",
]
