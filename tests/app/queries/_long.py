"""A firm with a history long enough for betas, tails and walking forward, its prices shifted from their days."""

from datetime import date, timedelta

import numpy as np
import polars as pl

from app.jobs.derive import derive
from tests.app._world import context_of, land

DAYS = 330
NAMES = {"AAA": "Energy", "BBB": "Tech", "CCC": "Tech", "DDD": "Energy"}
LAST = date(2026, 11, 20)
# What is kept under a day of 2026 was made that many days before.
SHIFT = timedelta(days=365 * 4 + 1)


def sessions(count=DAYS) -> list[date]:
    days, day = [], LAST
    while len(days) < count:
        if day.weekday() < 5:
            days.append(day)
        day -= timedelta(days=1)
    return days[::-1]


def closes(days) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(4)
    market = rng.normal(0.0003, 0.01, len(days))
    market[0] = 0.0
    made = {"SPX": 1000 * np.cumprod(1 + market)}
    for beta, name in zip((0.5, 1.0, 1.5, 0.8), NAMES, strict=True):
        own = rng.normal(0, 0.004, len(days))
        own[0] = 0.0
        made[name] = 100 * np.cumprod(1 + beta * market + own)
    return made


def firm_of(home, database):
    """Return the stores of an installation with the firm `acme`: 300 AAA, 200 BBB in A1, -100 CCC in A2."""
    context = context_of(home, database)
    days = sessions()
    made = closes(days)
    prices = [
        f'{name} {day} {value:.6f} USD 1000000 [["original_date",%20"{day - SHIFT}"]]'.replace("%20", "")
        for name in NAMES
        for day, value in zip(days, made[name], strict=True)
    ]
    levels = [f"SPX {day} {value:.6f}" for day, value in zip(days, made["SPX"], strict=True)]
    first = f"{days[0]}T14:30:00"
    trades = (
        ("E1", "A1", "AAA", "buy", 300),
        ("E2", "A1", "BBB", "buy", 200),
        ("E3", "A2", "CCC", "sell_short", 100),
    )
    land(
        context,
        "acme",
        accounts="account_id kind base_currency desk name\nA1 house USD D1 One\nA2 house USD D2 Two",
        instruments="instrument_id symbol asset_class currency sector lot_size\n"
        + "\n".join(f"{name} {name} equity USD {sector} 10" for name, sector in NAMES.items()),
        executions="exec_id order_id account_id instrument_id side last_qty last_px currency transact_time\n"
        + "\n".join(f"{e} O{e} {a} {i} {side} {qty} 100 USD {first}" for e, a, i, side, qty in trades),
        prices="instrument_id date close currency volume ext\n" + "\n".join(prices),
        benchmarks="benchmark_id date level\n" + "\n".join(levels),
        cash_flows=f"account_id flow_id date kind amount currency\nA1 F1 {days[0]} deposit 100000 USD\nA2 F2 {days[0]} deposit 50000 USD",
    )
    derive(context, "acme", cause="test")
    return context


def values(desk) -> pl.DataFrame:
    """Return instrument_id and its net market value."""
    from app.queries.portfolio import positions

    return positions(desk).group_by("instrument_id").agg(pl.col("market_value").cast(pl.Float64).sum())
