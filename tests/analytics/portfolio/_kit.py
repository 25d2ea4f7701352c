"""Facts of a small firm from blank-separated tables."""

from decimal import Decimal
from typing import Any

import polars as pl

from analytics.datasets import DATASETS
from analytics.portfolio.facts import Facts
from analytics.portfolio.nav import daily_nav
from analytics.portfolio.positions import daily_positions
from tests.conftest import parse_table

NAMES = ("executions", "prices", "accounts", "instruments", "cash_flows", "fx_rates", "corporate_actions")


def facts(**tables: str) -> Facts:
    """Return facts of the tables given; the others are empty."""
    assert set(tables) <= set(NAMES)
    return Facts(
        **{
            name: parse_table(tables[name], DATASETS[name]) if name in tables else DATASETS[name].empty()
            for name in NAMES
        }
    )


def book(given: Facts) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return positions and NAV by day."""
    positions = daily_positions(given).collect(engine="streaming")
    return positions, daily_nav(given, positions.lazy()).collect(engine="streaming")


def column(frame: pl.DataFrame, *names: str) -> list[Any]:
    """Return columns as plain values, fixed point as Decimal without trailing zeros."""
    rows = [tuple(_plain(value) for value in row) for row in frame.select(*names).iter_rows()]
    return [row[0] for row in rows] if len(names) == 1 else rows


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == int(value) else value.normalize()
    return value
