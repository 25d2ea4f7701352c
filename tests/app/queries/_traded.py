"""A firm with a history: four instruments over many sessions, a hedge among them, bought on the first day."""

from datetime import date, timedelta

import numpy as np

from app.context import Context
from app.jobs.derive import derive
from tests.app._world import land

NAMES = ("AAA", "BBB", "CCC", "IDX")
ACCOUNTS = """
account_id  kind   base_currency  desk  name  strategy  benchmark_id
A1          house  USD            D1    One   -         MKT
A2          house  USD            D2    Two   -         MKT
"""
INSTRUMENTS = """
instrument_id  symbol  name   asset_class  currency  sector
AAA            AAA     Alpha  equity       USD       Tech
BBB            BBB     Beta   equity       USD       Tech
CCC            CCC     Gamma  equity       USD       Banks
IDX            IDX     Index  fund         USD       Funds
"""
TRADES = (("E1", "A1", "AAA", "buy", 100), ("E2", "A1", "BBB", "buy", 200), ("E3", "A2", "CCC", "buy", 50),
          ("E4", "A2", "IDX", "sell", 80))  # fmt: skip


_FILL = "trader_id instrument_id side last_qty last_px currency transact_time commission venue"


def weekdays(count: int) -> list[date]:
    """Return so many weekdays from 2 January 2025 on."""
    every = (date(2025, 1, 2) + timedelta(n) for n in range(2 * count + 10))
    return [day for day in every if day.weekday() < 5][:count]


def closes(sessions: int, *, seed: int = 3, flat: bool = False) -> np.ndarray:
    """Return closes by session and name: one market, betas 1, 1.4, 0.7 and 1, and noise of their own."""
    random = np.random.default_rng(seed)
    market = random.standard_normal(sessions) * 0.01
    own = random.standard_normal((sessions, 4)) * 0.006 * np.array([1, 1, 1, 0.1])
    moves = market[:, None] * np.array([1.0, 1.4, 0.7, 1.0]) + own
    return np.full((sessions, 4), 100.0) if flat else 100 * np.cumprod(1 + moves, axis=0)


def found_firm(
    context: Context, *, sessions: int = 380, flat: bool = False, until: dict[str, int] | None = None
) -> None:
    """Land the firm `acme` and derive its book.

    Args:
        context: Where.
        sessions: Days with prices.
        flat: Prices that never move.
        until: Instrument to its number of sessions with a price: delisted after them.
    """
    days, levels = weekdays(sessions), closes(sessions, flat=flat).round(6)
    ends = until or {}
    prices = [
        f"{name} {day} {levels[n, place]} USD"
        for n, day in enumerate(days)
        for place, name in enumerate(NAMES)
        if n < ends.get(name, sessions)
    ]
    trades = [
        f"{one} O{one} {account} T1 {name} {side} {size} {levels[0, NAMES.index(name)]} USD {days[0]}T14:30:00 0 XNAS"
        for one, account, name, side, size in TRADES
    ]
    land(
        context,
        "acme",
        accounts=ACCOUNTS,
        instruments=INSTRUMENTS,
        prices="\n".join(["instrument_id date close currency", *prices]),
        executions="\n".join(
            [f"exec_id order_id account_id {_FILL}", *trades]
        ),
        cash_flows=f"""
account_id  flow_id  date       kind     amount  currency
A1          F1       {days[0]}  deposit  100000  USD
A2          F2       {days[0]}  deposit  50000   USD
""",
        benchmarks="\n".join(
            ["benchmark_id date level", *(f"MKT {day} {levels[n, 3]}" for n, day in enumerate(days))]
        ),
    )  # fmt: skip
    derive(context, "acme", cause="test")
