"""A firm in which nothing depends on anything: random-walk prices, random trades, random talk, all of it small."""

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl

from analytics.insights._rule import all_rules, discover
from analytics.insights._tables import PSEUDO

SESSIONS = 150  # of prices and positions
TRADED = 60  # the last of them, with trades, orders and messages
NAMES = ("AAPL", "MSFT", "XOM", "PG")
DESKS = {"A": "alpha", "B": "beta"}
VENUES, BROKERS, ALGOS = ("XNAS", "XNYS", "IEXG"), ("b1", "b2", "b3"), ("vwap", "twap", "pov")
TRADERS = ("t1", "t2", "t3", "t4", "t5", "t6")
AUTHORS = ("u1", "u2", "u3", "u4", "t1", "t2")
FILLS = 1_800
CROSSES = 60
FIRST = datetime(2026, 1, 5, tzinfo=UTC)
DAYS = [d for d in (FIRST + timedelta(days=i) for i in range(SESSIONS * 7 // 5 + 7)) if d.weekday() < 5][
    :SESSIONS
]
START = SESSIONS - TRADED
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MIDNIGHTS = np.array([int((day - _EPOCH).total_seconds()) for day in DAYS], dtype=np.int64) * 1_000_000
_DATES = np.array([day.date() for day in DAYS], dtype="datetime64[D]")


def instants(days: np.ndarray, seconds: np.ndarray) -> pl.Series:
    """Return instants from numbers of sessions and seconds after midnight."""
    return pl.Series(_MIDNIGHTS[days] + (seconds * 1e6).astype(np.int64)).cast(pl.Datetime("us", "UTC"))


def hours(rng: np.random.Generator, n: int) -> np.ndarray:
    """Return random seconds of a trading day."""
    return rng.uniform(13.5 * 3600, 20 * 3600, n)


def firm(seed: int) -> dict[str, pl.DataFrame]:
    """Return the tables of one such firm, every one that a rule asks for."""
    rng = np.random.default_rng(seed)
    closes = 100 * np.exp(np.cumsum(rng.standard_t(5, (SESSIONS, len(NAMES))) * 0.011, axis=0))
    fills = _fills(rng, closes)
    orders = _orders(rng, fills)
    tables: dict[str, pl.DataFrame] = {
        "accounts": pl.DataFrame({"account_id": list(DESKS), "desk": list(DESKS.values()), "owner_id": [None, None]},
                                 schema_overrides={"owner_id": pl.String}),
        "prices": _prices(rng, closes),
        "daily_positions": _positions(rng, closes),
        "executions": fills,
        "order_events": orders,
        "posts": _posts(rng),
        "messages": _messages(rng),
        "news": _news(rng),
    }  # fmt: skip
    return tables | _records(rng, orders)


def found(tables: dict[str, pl.DataFrame]) -> list[Any]:
    """Return what every rule together finds in a firm."""
    return discover(tables, rules=list(all_rules().values()), scale=10_000.0)


def _prices(rng: np.random.Generator, closes: np.ndarray) -> pl.DataFrame:
    count = SESSIONS * len(NAMES)
    return pl.DataFrame({
        "instrument_id": np.tile(NAMES, SESSIONS),
        "date": np.repeat(_DATES, len(NAMES)),
        "adj_basis": np.repeat("raw", count),
        "close": closes.ravel(),
        "volume": rng.lognormal(15, 0.3, count),
    })  # fmt: skip


def _fills(rng: np.random.Generator, closes: np.ndarray) -> pl.DataFrame:
    day = np.sort(rng.integers(START, SESSIONS, FILLS))
    name = rng.integers(0, len(NAMES), FILLS)
    arrival = closes[day, name] * np.exp(rng.normal(0, 0.004, FILLS))
    trader = rng.integers(0, len(TRADERS), FILLS)
    side = rng.choice(["buy", "sell"], FILLS)
    price, time = arrival * (1 + rng.standard_t(4, FILLS) * 3e-4), hours(rng, FILLS)
    # Some fills meet by chance: two traders, opposite sides, one price, the same moment.
    left = rng.choice(FILLS // 2 - 1, CROSSES, replace=False) * 2
    for field in (name, price, time, arrival, day):
        field[left + 1] = field[left]
    side[left], side[left + 1] = "buy", "sell"
    trader[left + 1] = (trader[left] + rng.integers(1, len(TRADERS), CROSSES)) % len(TRADERS)
    return pl.DataFrame({
        "exec_id": [f"E{i}" for i in range(FILLS)],
        "order_id": [f"O{i}" for i in range(FILLS)],
        "account_id": np.array(list(DESKS))[trader % 2],
        "trader_id": np.array(TRADERS)[trader],
        "instrument_id": np.array(NAMES)[name],
        "side": side,
        "last_qty": rng.integers(1, 500, FILLS).astype(float),
        "last_px": price,
        "arrival_px": arrival,
        "transact_time": instants(day, time),
        "venue": rng.choice(VENUES, FILLS),
        "broker": rng.choice(BROKERS, FILLS),
        "currency": np.repeat("USD", FILLS),
        "to_base": np.repeat(1.0, FILLS),
        "match_id": pl.Series([None] * FILLS, dtype=pl.String),
    })  # fmt: skip


def _orders(rng: np.random.Generator, fills: pl.DataFrame) -> pl.DataFrame:
    entered = fills.select(
        "order_id", "trader_id", "instrument_id", "transact_time", event_type=pl.lit("new"), order_qty="last_qty",
        limit_px="last_px", to_base="to_base", algo_id=pl.Series(rng.choice(ALGOS, FILLS)),
    )  # fmt: skip
    cancelled = entered.filter(pl.Series(rng.random(FILLS) < 0.3)).with_columns(event_type=pl.lit("cancel"))
    return pl.concat([entered, cancelled])


def _positions(rng: np.random.Generator, closes: np.ndarray) -> pl.DataFrame:
    """Return holdings that random trades changed, marked at the closes."""
    parts = []
    for account in DESKS:
        held = rng.integers(3_000, 9_000, len(NAMES)) + np.cumsum(
            rng.normal(0, 120, (SESSIONS, len(NAMES))).round(), axis=0
        )
        value = held * closes
        pnl = np.vstack([np.zeros(len(NAMES)), held[:-1] * np.diff(closes, axis=0)])
        parts.append(pl.DataFrame({
            "account_id": np.repeat(account, SESSIONS * len(NAMES)),
            "instrument_id": np.tile(NAMES, SESSIONS),
            "date": np.repeat(_DATES, len(NAMES)),
            "quantity": held.ravel(),
            "market_value_base": value.ravel(),
            "pnl_base": pnl.ravel(),
        }))  # fmt: skip
    return pl.concat(parts)


def _posts(rng: np.random.Generator) -> pl.DataFrame:
    counts = rng.poisson(1.1, (SESSIONS, len(NAMES)))
    day, name = (np.repeat(grid.ravel(), counts.ravel()) for grid in np.indices(counts.shape))
    n = len(day)
    return pl.DataFrame({
        "post_id": [f"P{i}" for i in range(n)],
        "transact_time": instants(day, rng.uniform(8 * 3600, 21 * 3600, n)),
        "author_id": rng.choice(AUTHORS, n),
        "instrument_ids": pl.Series(np.array(NAMES)[name]).reshape((n, 1)).cast(pl.List(pl.String)),
        # From a stream of its own, so that everything else stays what it was.
        "relevance": pl.Series(np.random.default_rng(n).uniform(0.15, 1, n)).reshape((n, 1)).cast(pl.List(pl.Float64)),
        "sentiment": rng.uniform(-1, 1, n),
        "confidence": rng.uniform(0.3, 1, n),
    })  # fmt: skip


def _messages(rng: np.random.Generator) -> pl.DataFrame:
    n = 260
    sender = rng.integers(0, len(TRADERS), n)
    other = (sender + rng.integers(1, len(TRADERS), n)) % len(TRADERS)
    named = np.array(NAMES)[rng.integers(0, len(NAMES), n)]
    return pl.DataFrame({
        "message_id": [f"M{i}" for i in range(n)],
        "transact_time": instants(rng.integers(START, SESSIONS, n), hours(rng, n)),
        "sender_id": np.array(TRADERS)[sender],
        "recipient_ids": [[TRADERS[i]] for i in other],
        "instrument_ids": [[name] for name in named],
    })  # fmt: skip


def _news(rng: np.random.Generator) -> pl.DataFrame:
    n = 90
    return pl.DataFrame({
        "news_id": [f"N{i}" for i in range(n)],
        "published_time": instants(rng.integers(START, SESSIONS, n), rng.uniform(12 * 3600, 21 * 3600, n)),
        "instrument_ids": [[NAMES[i]] for i in rng.integers(0, len(NAMES), n)],
    })  # fmt: skip


def _records(rng: np.random.Generator, orders: pl.DataFrame) -> dict[str, pl.DataFrame]:
    picked = orders.filter(pl.col("event_type") == "new").sample(45, seed=int(rng.integers(1 << 31)))
    alerts = [
        (f"al{i}", f"d{i % 5}", 60.0, kind, row[column], row["transact_time"])
        for i, row in enumerate(picked.iter_rows(named=True))
        for kind, column in (("trader", "trader_id"), ("instrument", "instrument_id"))
    ]
    uses = [
        (f"L{i}", f"Limit {i}", "gross_exposure", "desk", desk, desk, 2e6, "USD", DAYS[s].date(), float(used))
        for i, desk in enumerate(DESKS.values())
        for s, used in enumerate(0.75 + np.cumsum(rng.normal(0, 0.008, SESSIONS)))
    ]
    evenings = [
        (kind, book, "filtered_historical", DAYS[s].date(), 50_000.0, float(pit))
        for kind, book in (("organisation", ""), ("desk", "alpha"), ("desk", "beta"))
        for s, pit in enumerate(rng.random(SESSIONS))
    ]
    counts = [
        (name, DAYS[s].date(), int(rows))
        for name, usual in (("quotes", 900), ("messages", 25), ("executions", 60), ("posts", 9))
        for s, rows in enumerate(rng.negative_binomial(usual / 3, 0.25, 60), start=START)
    ]
    imports = [
        (f"imp{name}{i}", name, DAYS[START + 2 * i], 2_000, int(rng.binomial(2_000, rng.beta(8, 1_600))))
        for name in ("executions", "quotes")
        for i in range(25)
    ]
    jobs = [
        (f"job{kind}{i}", kind, DAYS[START + i], float(seconds))
        for kind in ("surveil", "refresh", "insights")
        for i, seconds in enumerate(rng.lognormal(3, 0.4, 50))
    ]
    ideas = [
        (
            f"i{i}",
            str(rng.choice(AUTHORS)),
            str(rng.choice(NAMES)),
            str(rng.choice(["long", "short"])),
            DAYS[s],
        )
        for i, s in enumerate(rng.integers(START, SESSIONS, 60))
    ]
    scores = [
        (f"s{i}", f"a{i % 3}", str(rng.choice(NAMES)), float(rng.choice([-1.0, 1.0])), i < 270, DAYS[i // 3].date(), net,
         net > 0, (0.6 - (net > 0)) ** 2, 0.6)
        for i, net in enumerate(float(x) for x in rng.standard_t(5, 285) * 0.02)
    ]  # fmt: skip
    made = {
        "alerts": alerts, "limit_uses": uses, "var_evenings": evenings, "row_counts": counts, "imports": imports,
        "job_runs": jobs, "ideas": ideas, "idea_scores": scores,
    }  # fmt: skip
    return {name: pl.DataFrame(rows, schema=PSEUDO[name], orient="row") for name, rows in made.items()}
