"""One generated organisation: the same seed gives the same rows."""

import json
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Self

import numpy as np
import polars as pl

from analytics.datasets import DATASETS, DECIMAL, Dataset
from app.actions import limits, orgs
from app.actions._roles import console
from app.config import Settings
from app.context import Context
from app.desk import Desk
from app.jobs.derive import derive
from app.jobs.limits import monitor
from app.scope import Identity, Scope
from app.storage import schema
from app.storage.records._base import now

SEED = 7
SLUG = "bench"
SESSIONS = 250
NAMES = 120
BOOKS = 8
TRADERS = 40
PERIOD = 30  # calendar days
VENUES = ("XNAS", "XNYS", "ARCX", "BATS", "IEXG")


def settings_of(home: Path) -> Settings:
    return Settings.load(home=home, secret_key="only-for-benches-0123456789-abcdef", _env_file=None)


def days() -> list[date]:
    """Return the sessions: weekdays up to a fixed Friday."""
    found, day = [], date(2026, 11, 20)
    while len(found) < SESSIONS:
        if day.weekday() < 5:
            found.append(day)
        day -= timedelta(days=1)
    return found[::-1]


def _pick(chance: np.random.Generator, names: list[str], rows: int) -> pl.Series:
    return pl.Series(names).gather(chance.integers(0, len(names), rows))


def _fixed(values: np.ndarray, places: int) -> pl.Series:
    return pl.Series(np.round(values, places)).cast(DECIMAL)


def instruments() -> pl.DataFrame:
    ids = [f"N{i:03d}" for i in range(NAMES)]
    sectors = ("Energy", "Financials", "Industrials", "Health Care", "Materials", "Utilities")
    return pl.DataFrame(
        {
            "instrument_id": ids,
            "symbol": ids,
            "name": ids,
            "asset_class": "equity",
            "currency": "USD",
            "sector": [sectors[i % len(sectors)] for i in range(NAMES)],
            "multiplier": Decimal(1),
        }
    )


def accounts() -> pl.DataFrame:
    ids = [f"A{i}" for i in range(BOOKS)]
    return pl.DataFrame(
        {
            "account_id": ids,
            "name": ids,
            "desk": [f"desk{i // 2}" for i in range(BOOKS)],
            "kind": "house",
            "base_currency": "USD",
        }
    )


def courses(chance: np.random.Generator) -> np.ndarray:
    """Return closes, a row per session and a column per name."""
    moves = chance.normal(0.0002, 0.015, (SESSIONS, NAMES))
    return np.round(chance.uniform(20, 300, NAMES) * np.exp(np.cumsum(moves, axis=0)), 2)


def prices(course: np.ndarray) -> pl.DataFrame:
    dates = pl.Series(days()).gather(np.repeat(np.arange(SESSIONS), NAMES))
    return pl.DataFrame(
        {
            "instrument_id": instruments()["instrument_id"].gather(np.tile(np.arange(NAMES), SESSIONS)),
            "date": dates,
            "close": _fixed(course.ravel(), 2),
            "currency": "USD",
        }
    )


def cash_flows() -> pl.DataFrame:
    """Return what each account began with, a deposit in the middle of the year and a withdrawal after it."""
    flows = [
        ("deposit", 0, 1_000_000_000),
        ("deposit", SESSIONS // 2, 50_000_000),
        ("withdrawal", 180, -20_000_000),
    ]
    rows = [
        {"account_id": f"A{i}", "flow_id": f"F{i}-{at}", "date": days()[at], "kind": kind, "amount": Decimal(amount),
         "currency": "USD"}
        for i in range(BOOKS) for kind, at, amount in flows
    ]  # fmt: skip
    return pl.DataFrame(rows)


def benchmarks(course: np.ndarray) -> pl.DataFrame:
    """Return the level of all names held alike from the first day on, and what each weighs at every close."""
    grown = course / course[0]
    weights = grown / grown.sum(axis=1, keepdims=True)
    names = instruments()["instrument_id"].to_list()
    told = [json.dumps(dict(zip(names, row.round(10).tolist(), strict=True))) for row in weights]
    return pl.DataFrame(
        {
            "benchmark_id": "ALL",
            "date": days(),
            "level": _fixed(1000 * grown.mean(axis=1), 6),
            "weights": told,
        }
    )


# Measure, whose, how much, unit: each kind of measure that reads other tables.
LIMITS = (
    ("gross_exposure", "organisation", None, "20000000000", "USD"),
    ("leverage", "organisation", None, "4", "ratio"),
    ("var_99_1d", "organisation", None, "500000000", "USD"),
    ("position_weight", "organisation", None, "0.2", "fraction"),
    ("loss_1d", "organisation", None, "400000000", "USD"),
    ("order_notional", "organisation", None, "1000000", "USD"),
    ("drawdown", "account", "A1", "0.2", "fraction"),
    *(("gross_exposure", "desk", f"desk{i}", "5000000000", "USD") for i in range(BOOKS // 2)),
)


def bound(context: Context) -> None:
    """Set limits for the last 20 sessions and measure them."""
    actor = replace(console(SLUG), role="risk", currency="USD")
    for measure, kind, subject, value, unit in LIMITS:
        limits.add(
            context.database, actor, name=f"{measure} of {subject or SLUG}", measure=measure, value=Decimal(value),
            subject_kind=kind, subject_id=subject, unit=unit, valid_from=days()[-20],
        )  # fmt: skip
    monitor(context, SLUG, cause="bench")


def executions(rows: int, *, seed: int = SEED) -> pl.DataFrame:
    """Return executions in order of time, a hundredth of them correcting an earlier one."""
    chance = np.random.default_rng([seed, 1])
    course = courses(np.random.default_rng([SEED, 0]))
    session = np.sort(chance.integers(0, SESSIONS, rows))
    name = chance.integers(0, NAMES, rows)
    instant = _instants(chance, session)
    price = course[session, name] * (1 + chance.normal(0, 0.002, rows))
    ids = pl.select(pl.format("E{}", pl.int_range(rows))).to_series()
    changed = chance.random(rows) < 0.01
    changed[: rows // 10] = False
    earlier = ids.gather(np.maximum(np.arange(rows) - chance.integers(1, 50, rows), 0))
    frame = pl.DataFrame(
        {
            "exec_id": ids,
            "version": pl.Series(np.where(changed, 2, 1)).cast(pl.Int64),
            "exec_status": pl.Series(np.where(changed, "corrected", "new")),
            "exec_ref_id": earlier,
            "order_id": pl.select(pl.format("O{}", pl.int_range(rows) // 2)).to_series(),
            "account_id": _pick(chance, [f"A{i}" for i in range(BOOKS)], rows),
            "trader_id": _pick(chance, [f"T{i}" for i in range(TRADERS)], rows),
            "instrument_id": instruments()["instrument_id"].gather(name),
            "side": _pick(chance, ["buy", "sell"], rows),
            "last_qty": pl.Series(chance.integers(1, 50, rows) * 10).cast(DECIMAL),
            "last_px": _fixed(price, 4),
            "currency": "USD",
            "commission": _fixed(chance.uniform(0.1, 5, rows), 2),
            "transact_time": instant,
            "trade_date": pl.Series(days()).gather(session),
            "venue": _pick(chance, list(VENUES), rows),
            "arrival_px": _fixed(price * (1 + chance.normal(0, 0.0005, rows)), 4),
        }
    )
    return frame.with_columns(exec_ref_id=pl.when(pl.col("version") > 1).then("exec_ref_id"))


def order_events(rows: int) -> pl.DataFrame:
    """Return events of orders in order of time: new, then a fill or a withdrawal."""
    chance = np.random.default_rng([SEED, 2])
    half = rows // 2
    number = np.repeat(np.arange(half), 2)
    first = np.tile([True, False], half)
    session = np.repeat(np.sort(chance.integers(0, SESSIONS, half)), 2)
    filled = np.repeat(chance.random(half) < 0.4, 2)
    quantity = pl.Series(np.repeat(chance.integers(1, 50, half) * 10, 2)).cast(DECIMAL)
    name = np.repeat(chance.integers(0, NAMES, half), 2)
    start = _instants(chance, session[::2])
    frame = pl.DataFrame(
        {
            "order_id": pl.select(pl.format("O{}", pl.Series(number))).to_series(),
            "event_seq": pl.Series(np.where(first, 1, 2)).cast(pl.Int64),
            "event_type": np.where(first, "new", np.where(filled, "fill", "cancel")),
            "transact_time": start.gather(number)
            + pl.Series(np.where(first, 0, 900_000)).cast(pl.Duration("us")),
            "instrument_id": instruments()["instrument_id"].gather(name),
            "account_id": pl.Series([f"A{i}" for i in range(BOOKS)]).gather(number % BOOKS),
            "trader_id": pl.Series([f"T{i}" for i in range(TRADERS)]).gather(number % TRADERS),
            "side": pl.Series(["buy", "sell"]).gather(number % 2),
            "order_qty": quantity,
            "last_qty": quantity,
        }
    )
    return frame.with_columns(last_qty=pl.when(pl.col("event_type") == "fill").then("last_qty"))


def quotes(sessions: list[date]) -> pl.DataFrame:
    """Return best bid and ask of every name each minute of some sessions."""
    chance = np.random.default_rng([SEED, 3])
    course = courses(np.random.default_rng([SEED, 0]))
    minutes = 7 * 60
    parts = []
    for day in sessions:
        opened = int(datetime.combine(day, datetime.min.time(), UTC).timestamp()) + 14 * 3600
        close = course[days().index(day)]
        mid = close * np.exp(np.cumsum(chance.normal(0, 0.0002, (minutes, NAMES)), axis=0))
        half = mid * chance.uniform(0.00005, 0.0004, mid.shape)
        seconds = np.repeat(opened + 60 * np.arange(minutes), NAMES)
        parts.append(
            pl.DataFrame(
                {
                    "instrument_id": instruments()["instrument_id"].gather(
                        np.tile(np.arange(NAMES), minutes)
                    ),
                    "transact_time": pl.Series(seconds * 1_000_000).cast(pl.Datetime("us", "UTC")),
                    "bid_px": _fixed((mid - half).ravel(), 4),
                    "ask_px": _fixed((mid + half).ravel(), 4),
                    "bid_qty": _fixed(np.full(mid.size, 500.0), 0),
                    "ask_qty": _fixed(np.full(mid.size, 500.0), 0),
                }
            )
        )
    return pl.concat(parts).with_columns(seq=pl.int_range(pl.len()))


def _instants(chance: np.random.Generator, session: np.ndarray) -> pl.Series:
    second = chance.integers(14 * 3600, 21 * 3600, len(session)) * 1_000_000
    midnight = np.array([int(datetime.combine(d, datetime.min.time(), UTC).timestamp()) for d in days()])
    stamps = np.sort(midnight[session] * 1_000_000 + second)
    return pl.Series(stamps).cast(pl.Datetime("us", "UTC"))


def stored(dataset: Dataset, frame: pl.DataFrame) -> pl.DataFrame:
    """Return ``frame`` as an import lands it: every column, the lake's own among them."""
    system = {
        "ingest_time": pl.lit(now(), pl.Datetime("us", "UTC")),
        "import_id": pl.lit("imp_bench"),
        "raw_id": pl.format("{}-{}", pl.lit(dataset.name), pl.int_range(pl.len())),
        "dq_flags": pl.lit([], pl.List(pl.String)),
    }
    if dataset.time:
        system["transact_time_ns"] = pl.col(dataset.time).dt.epoch("us") * 1000
    given = frame.with_columns(**system)
    absent = {name: pl.lit(None, kind) for name, kind in dataset.schema.items() if name not in given.columns}
    return given.with_columns(**absent).select(pl.col(name).cast(t) for name, t in dataset.schema.items())


def land(context: Context, org: str, **tables: pl.DataFrame) -> None:
    """Append tables and publish them together."""
    with context.lake.writing(org) as writer, context.database.session(org, write=True) as session:
        staged = [
            writer.append(DATASETS[name], stored(DATASETS[name], rows), import_id="imp_bench")
            for name, rows in tables.items()
        ]
        writer.publish(staged, session)


def identity_of(org: str = SLUG) -> Identity:
    return Identity(org, "u_bench", "Bench", "compliance", currency="USD")


@dataclass(frozen=True)
class Firm:
    """The organisation, its stores, and the last 30 days."""

    context: Context
    identity: Identity
    start: date
    end: date

    @classmethod
    def found(cls, home: Path, *, rows: int) -> Self:
        home.mkdir(parents=True)
        context = Context.open(settings_of(home))
        schema.upgrade(context.database)
        orgs.create(context.database, console(SLUG), slug=SLUG, name="Bench Capital")
        course = courses(np.random.default_rng([SEED, 0]))
        land(
            context,
            SLUG,
            instruments=instruments(),
            accounts=accounts(),
            prices=prices(course),
            benchmarks=benchmarks(course),
            cash_flows=cash_flows(),
            executions=executions(rows),
            order_events=order_events(rows),
        )
        derive(context, SLUG, cause="bench")
        bound(context)
        end = days()[-1]
        return cls(context, identity_of(), end - timedelta(days=PERIOD - 1), end)

    def land(self, **tables: pl.DataFrame) -> None:
        """Append tables to the firm's own."""
        land(self.context, SLUG, **tables)

    def desk(self, *, dated: bool = True) -> Desk:
        """Return a desk that keeps no answers."""
        scope = Scope(start=self.start, end=self.end) if dated else Scope()
        return Desk(self.context.lake, self.context.database, self.identity, scope, None)

    def files(self, name: str) -> list[str]:
        """Return the Parquet files of the published version of a table."""
        dataset = DATASETS[name]
        head = self.context.lake.head(SLUG, dataset)
        assert head is not None
        return [path for path, _ in self.context.lake.snapshot(SLUG, dataset, head).files]
