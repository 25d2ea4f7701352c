"""Reports that leave as files: which there are, and the tables each consists of."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from app.desk import Desk
from app.queries import execution_quality, limits, performance, pnl, portfolio, trading

# Title of a table, its rows, and how many rows there are in all.
Part = tuple[str, pl.DataFrame, int]
_HELD = (
    "account_id", "desk", "instrument_id", "symbol", "quantity", "avg_cost", "market_px", "currency", "market_value",
    "weight", "unrealised_pnl", "pnl", "sector", "date",
)  # fmt: skip
_PASSPORT = ("name", "value", "unit", "low", "high", "n", "reason")


@dataclass(frozen=True)
class Report:
    """One report: its heading, and its tables of a desk and of at most so many rows each."""

    title: str
    parts: Callable[[Desk, int], list[Part]]


def _executions(desk: Desk, most: int) -> list[Part]:
    rows, total = trading.all_executions(desk, most=most)
    return [("Executions", rows, total)]


def _orders(desk: Desk, most: int) -> list[Part]:
    rows, total = trading.all_orders(desk, most=most)
    return [("Orders", rows, total)]


def _positions(desk: Desk, _: int) -> list[Part]:
    # What counts most comes first: a sheet of paper holds only so many columns.
    return [_whole("Positions", portfolio.positions(desk).select(*_HELD, pl.exclude(_HELD)))]


def _exposure(desk: Desk, _: int) -> list[Part]:
    by = desk.scope.group_by or "sector"
    return [_whole(f"Exposure by {by.replace('_', ' ')}", portfolio.exposure(desk, group_by=by)["rows"])]


def _pnl(desk: Desk, _: int) -> list[Part]:
    by = desk.scope.group_by or "desk"
    return [
        _whole(f"P&L by {by.replace('_', ' ')}", pnl.by_group(desk, group_by=by)["rows"]),
        _whole("P&L by day", trading.pnl_series(desk)["rows"]),
    ]


def _performance(desk: Desk, _: int) -> list[Part]:
    return [_whole("Measures", _passports(performance.performance(desk)["metrics"]))]


def _tca(desk: Desk, most: int) -> list[Part]:
    found = execution_quality.study(desk)
    by = desk.scope.group_by or "venue"
    outliers, total = execution_quality.outliers(desk, limit=most)
    return [
        _whole("Measures", _passports(found["summary"])),
        _whole("Slippage by benchmark", found["benchmarks"]),
        _whole("Mark-outs", found["markouts"]),
        _whole(f"League by {by}", _frame(execution_quality.league(desk, by=by)["rows"])),
        ("Orders furthest from their expected cost", outliers, total),
    ]


def _limits(desk: Desk, _: int) -> list[Part]:
    return [_whole("Limits", _frame(limits.measured(desk)))]


def _reconciliation(desk: Desk, _: int) -> list[Part]:
    return [_whole("Against broker and custodian", portfolio.reconciliation(desk)["rows"])]


REPORTS: dict[str, Report] = {
    "blotter": Report("Blotter", _executions),
    "orders": Report("Orders", _orders),
    "positions": Report("Positions", _positions),
    "exposure": Report("Exposure", _exposure),
    "pnl": Report("P&L", _pnl),
    "performance": Report("Performance", _performance),
    "tca": Report("Execution quality", _tca),
    "limits": Report("Limits", _limits),
    "reconciliation": Report("Reconciliation", _reconciliation),
}


def _whole(title: str, rows: pl.DataFrame) -> Part:
    return title, rows, rows.height


def _passports(found: Sequence[Any]) -> pl.DataFrame:
    kinds = (
        dict.fromkeys(_PASSPORT, pl.String())
        | dict.fromkeys(("value", "low", "high"), pl.Float64())
        | {"n": pl.Int64()}
    )
    rows = [
        {name: one.get(name) for name in _PASSPORT}
        | {"convention": ", ".join(f"{k} {v}" for k, v in one["convention"].items())}
        for one in found
    ]
    return pl.DataFrame(rows, schema=kinds | {"convention": pl.String()})


def _frame(rows: Any) -> pl.DataFrame:
    return rows if isinstance(rows, pl.DataFrame) else pl.DataFrame(rows, infer_schema_length=None)
