"""Every figure of risk as a record, and how tails read under other houses' conventions."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
import polars as pl

from analytics.datasets import BENCHMARKS
from analytics.portfolio.houses_risk import tail_readings
from analytics.portfolio.passport import Passport, passport
from app.desk import Desk
from app.queries import portfolio
from app.queries._book import holdings
from app.queries._evenings import BOOK
from app.queries._passports import Subject
from app.queries._period import period
from app.queries._tail_passports import TAILS, leverage_record, tail_records
from app.queries.risk import BETA_WINDOW, STRESS_WINDOW, beta, kpis, parts, report, stressed
from app.queries.risk_backtest import backtest
from app.queries.risk_structure import underwater

METHOD = "historical"


def figures(desk: Desk, *, method: str = METHOD) -> list[Passport]:
    """Return the page's key figures as records; exceptions are those of ``method`` at 99 %."""
    found, worst, slope = portfolio.risk(desk), stressed(desk), beta(desk)
    values, reasons = kpis(desk, method=method)
    whole, why = portfolio.totals(desk)
    course = underwater(desk, years="all")["rows"]
    return [
        *tail_records(found),
        passport(
            "stressed_var_99_1d", worst["value"], unit="currency", n=worst["n"], reason=worst["reason"],
            confidence=0.99, days=1, window=f"the worst {STRESS_WINDOW} sessions on record",
            window_from=worst["from"], window_to=worst["to"], sign="positive = loss", currency=found["currency"],
        ),
        *backtest(desk, method=method)["metrics"],
        passport(
            "holdings_beta", slope["value"], unit="ratio", n=slope["n"], reason=slope["reason"],
            benchmark=slope["benchmark"], window=f"{BETA_WINDOW} sessions", weights="holdings at the last session",
        ),
        leverage_record(whole, why, accounts=holdings(desk)["account_id"].n_unique()),
        *(
            passport(name, values[name], unit="fraction", n=course.height, reason=reasons.get(name),
                     costs="net", weighting="time", over="the whole history")
            for name in ("drawdown", "max_drawdown")
        ),
    ]  # fmt: skip


def verdicts(desk: Desk, *, method: str = METHOD) -> list[Passport]:
    """Return the statistic of each test of the VaR model as a record."""
    judged = backtest(desk, method=method)
    return [
        passport(
            one["name"], one["value"], unit="ratio", n=one["n"], reason=one["reason"], method=method,
            p_value=one["p_value"], result=one["result"],
            **{name: value for name, value in one["convention"].items() if name != "counts"},
            **{words: value for words, value in one["convention"]["counts"].items() if words not in {"level", "confidence"}},
        )
        for one in judged["tests"]
    ]  # fmt: skip


def part_records(desk: Desk, *, confidence: float = 0.99) -> list[Passport]:
    """Return component, marginal and incremental VaR of each holding as records, the largest part first."""
    found = parts(desk, confidence=confidence)
    units = {"component": "currency", "marginal": "ratio", "incremental": "currency"}
    return [
        passport(
            f"{name}_var", row[name], unit=unit, n=found["n"], instrument=row["instrument_id"],
            confidence=found["confidence"], days=1, sign="positive adds risk", currency=found["currency"],
        )
        for row in found["rows"].iter_rows(named=True)
        for name, unit in units.items()
    ]  # fmt: skip


def _method(desk: Desk) -> str:
    return desk.scope.extra.get("method", METHOD)


def _records(desk: Desk) -> list[Passport]:
    method = _method(desk)
    return [
        *figures(desk, method=method), *report(desk)["table"], *verdicts(desk, method=method), *part_records(desk),
    ]  # fmt: skip


def readings(desk: Desk, record: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return a historical tail under our convention and under those of others; empty for other records."""
    name, told = record["name"], record["convention"]
    if name not in TAILS and (
        name not in {"value_at_risk", "expected_shortfall"} or told["method"] != METHOD
    ):
        return []
    kind, confidence = TAILS.get(name, (name, told.get("confidence")))
    pnl = portfolio.risk(desk)["pnl"]["pnl"].cast(pl.Float64).to_numpy().astype(np.float64)
    if record["value"] is None:
        return []
    return [asdict(one) for one in tail_readings(kind, pnl, confidence=confidence, days=told["days"])]


PASSPORTS = Subject(
    records=_records,
    datasets=(*BOOK, BENCHMARKS),
    readings=readings,
    period=lambda desk: period(desk).as_dict(),
)
