"""Small tables for trading before prices: one trader whose buying comes before a rise, among others who guess."""

from datetime import UTC, date, datetime, timedelta

import numpy as np
import polars as pl

from tests.analytics.models._tables import Case

TRADERS, NAMES = 5, 4


def tables(seed: int = 0, *, days: int = 380, knows: float = 2.0) -> dict[str, pl.DataFrame]:
    rng = np.random.default_rng(seed)
    moves = 0.01 * rng.normal(size=(days, NAMES))
    close = 50 * np.exp(np.cumsum(moves, axis=0))
    prices, trades = [], []
    for at in range(days):
        day = date(2024, 1, 1) + timedelta(days=at)
        prices += [(f"N{name}", day, "raw", float(close[at, name])) for name in range(NAMES)]
        for trader in range(TRADERS):
            name = int(rng.integers(NAMES))
            guess = rng.normal()
            if trader == 2 and at + 1 < days:
                guess += knows * moves[at + 1, name] / 0.01
            when = datetime(day.year, day.month, day.day, 15, tzinfo=UTC)
            trades.append(
                (
                    f"t{trader}",
                    f"N{name}",
                    when,
                    "buy" if guess > 0 else "sell",
                    float(rng.integers(1, 9)),
                    50.0,
                )
            )
    return {
        "prices": pl.DataFrame(prices, schema=["instrument_id", "date", "adj_basis", "close"], orient="row"),
        "executions": pl.DataFrame(
            trades, orient="row",
            schema={"trader_id": pl.String, "instrument_id": pl.String, "transact_time": pl.Datetime("us", "UTC"),
                    "side": pl.String, "last_qty": pl.Float64, "last_px": pl.Float64},
        ),
    }  # fmt: skip


CASES = {"trader_lead": Case(tables)}
