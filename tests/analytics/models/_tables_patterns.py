"""Small tables for patterns before volume: heavy sessions after Mondays and after talk, or none."""

from datetime import UTC, date, datetime, timedelta

import numpy as np
import polars as pl

from tests.analytics.models._tables import Case

DAYS, NAMES = 460, 5


def tables(seed: int = 0, *, planted: bool = True) -> dict[str, pl.DataFrame]:
    rng = np.random.default_rng(seed)
    days = [day for day in (date(2024, 1, 1) + timedelta(days=at) for at in range(700)) if day.weekday() < 5]
    days = days[:DAYS]
    prices, posts = [], []
    for name in range(NAMES):
        said = rng.poisson(2, DAYS) + np.where(rng.random(DAYS) < 0.15, 8, 0)
        close = 50 * np.exp(np.cumsum(rng.normal(0, 0.01, DAYS)))
        log = 13 + rng.normal(0, 0.3, DAYS)
        for at in range(1, DAYS):
            if planted:
                log[at] += 0.25 * (days[at - 1].weekday() == 0) + 0.12 * np.log1p(said[at - 1])
        for at, day in enumerate(days):
            prices.append((f"N{name}", day, "raw", float(close[at]), float(np.exp(log[at]))))
            posts += [(f"p{name}-{at}-{one}", datetime(day.year, day.month, day.day, 12, tzinfo=UTC), [f"N{name}"])
                      for one in range(int(said[at]))]  # fmt: skip
    columns = ["instrument_id", "date", "adj_basis", "close", "volume"]
    return {
        "prices": pl.DataFrame(prices, schema=columns, orient="row"),
        "posts": pl.DataFrame(
            posts,
            schema={
                "post_id": pl.String,
                "transact_time": pl.Datetime("us", "UTC"),
                "instrument_ids": pl.List(pl.String),
            },
            orient="row",
        ),
    }


CASES = {"patterns": Case(tables)}
