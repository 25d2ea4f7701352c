"""Small tables for the models of conduct, alerts and the market's states."""

from datetime import UTC, date, datetime, timedelta

import numpy as np
import polars as pl

from analytics.models._alert_facts import ALERT_FACTS, ALERT_FACTS_SCHEMA
from analytics.models._spreads import COLUMNS as SPREAD_COLUMNS
from analytics.models._spreads import DAILY_SPREADS
from tests.analytics.models._tables import Case

FIRST = date(2024, 1, 1)


def alert_rows(seed: int = 0, *, days: int = 40, each: int = 8) -> dict[str, pl.DataFrame]:
    """Return alerts of two detectors; which are followed up hangs on the score and on one measure."""
    rng = np.random.default_rng(seed)
    rows = []
    for day in range(days):
        for number in range(each):
            at = datetime(2024, 1, 1, 9, number * 5, tzinfo=UTC) + timedelta(days=day)
            score, measure = float(rng.uniform(0, 100)), float(rng.lognormal())
            good = float(score / 25 + 1.5 * np.log(measure) + rng.normal() > 2.2)
            decided = at + timedelta(days=2)
            known = day < days - 2
            rows.append({
                "alert_id": f"a{day:03d}-{number}", "date": at.date(), "time": at,
                "detector": ("spoofing", "ramping")[number % 2], "score": score, "actor_group": f"g{rng.integers(5)}",
                "people": ["p1"], "instrument_ids": [f"N{rng.integers(3)}"], "seconds": 60.0, "orders": 3, "fills": 1,
                "messages": 0, "posts": 0,
                "metrics": [{"name": "size", "value": measure, "threshold": 1.0, "percentile": None}],
                "outcome": good if known else None, "decided": decided if known else None,
            })  # fmt: skip
    return {ALERT_FACTS: pl.DataFrame(rows, schema=ALERT_FACTS_SCHEMA)}


def markets(
    seed: int = 0, *, days: int = 420, names: int = 6, states: bool = True
) -> dict[str, pl.DataFrame]:
    """Return prices whose moves are large for months, then small; without ``states`` every day is drawn alike."""
    rng = np.random.default_rng(seed)
    wild = (np.arange(days) // 30) % 2 == 1 if states else np.zeros(days, dtype=bool)
    swing = np.where(wild, 0.03, 0.008)
    common = rng.normal(size=days)
    rows = []
    for name in range(names):
        close = 100 * np.exp(np.cumsum(swing * (0.5 * common + rng.normal(size=days))))
        volume = 1e6 * np.exp(0.2 * rng.normal(size=days) + 0.3 * wild)
        rows += [
            (f"N{name}", FIRST + timedelta(days=day), "raw", close[day], round(volume[day]))
            for day in range(days)
        ]
    columns = ["instrument_id", "date", "adj_basis", "close", "volume"]
    return {"prices": pl.DataFrame(rows, schema=columns, orient="row")}


def quoted(
    seed: int = 0, *, days: int = 420, quotes: int = 300, states: bool = True
) -> dict[str, pl.DataFrame]:
    """Return ``markets`` and spreads of the last ``quotes`` days; wide when moves are large, where there are states."""
    rng = np.random.default_rng((seed, 1))
    wild = (np.arange(days) // 30) % 2 == 1 if states else np.zeros(days, dtype=bool)
    spreads = [
        (f"N{name}", FIRST + timedelta(days=day), float(2 * np.exp(0.3 * rng.normal() + 0.8 * wild[day])))
        for name in range(3)
        for day in range(days - quotes, days)
    ]
    frame = pl.DataFrame(spreads, schema=list(SPREAD_COLUMNS), orient="row")
    return markets(seed, days=days, states=states) | {DAILY_SPREADS: frame}


def conduct(
    seed: int = 0, *, days: int = 20, heavy: bool = True, styles: bool = False
) -> dict[str, pl.DataFrame]:
    """Return orders of six traders; with ``heavy`` sizes and lives are wild on some days, as people's are.

    With ``styles`` t0, t2 and t5 enter large orders that live long, the others small ones that do not.
    """
    rng = np.random.default_rng(seed)
    events, seq = [], 0
    for day in range(days):
        for trader in range(6):
            wild = float(rng.choice([1.0, 1.0, 1.0, 30.0])) if heavy else 1.0
            wild *= 12.0 if styles and trader in (0, 2, 5) else 1.0
            for order in range(int(rng.integers(5, 9))):
                at = datetime(2024, 1, 1, 9, tzinfo=UTC) + timedelta(
                    days=day, seconds=int(rng.integers(20_000))
                )
                life = timedelta(seconds=float(rng.lognormal(3.0, 0.5)) * wild)
                base = {
                    "order_id": f"o{day}-{trader}-{order}", "instrument_id": f"N{rng.integers(3)}",
                    "account_id": f"A{trader}", "trader_id": f"t{trader}", "desk": f"d{trader % 2}",
                    "side": str(rng.choice(["buy", "sell"])), "ord_type": "limit", "time_in_force": "day",
                    "limit_px": 100.0, "order_qty": float(rng.lognormal(5.0, 0.3) * wild), "venue": "XPAR",
                }  # fmt: skip
                done = bool(rng.random() < 0.5)
                ends = base | {"event_type": "fill" if done else "cancel", "transact_time": at + life}
                ends |= (
                    {"last_qty": base["order_qty"], "last_px": 100.0, "liquidity": "maker"} if done else {}
                )
                for one in (base | {"event_type": "new", "transact_time": at}, ends):
                    seq += 1
                    events.append(one | {"event_seq": seq})
    frame = pl.DataFrame(events, infer_schema_length=None).with_columns(
        pl.col("transact_time").cast(pl.Datetime("us", "UTC")), stop_px=pl.lit(None, pl.Float64)
    )
    frame = frame.with_columns(transact_time_ns=pl.col("transact_time").dt.epoch("us") * 1000)
    accounts = pl.DataFrame({"account_id": [f"A{n}" for n in range(6)], "kind": ["client"] * 6})
    prices = pl.DataFrame(schema={
        "instrument_id": pl.String, "date": pl.Date, "adj_basis": pl.String, "close": pl.Float64, "volume": pl.Float64,
    })  # fmt: skip
    return {"order_events": frame, "accounts": accounts, "prices": prices}


def related(seed: int = 0, *, days: int = 250, groups: bool = True) -> dict[str, pl.DataFrame]:
    """Return prices of eight instruments in four pairs that share a driver; sectors cut across the pairs."""
    rng = np.random.default_rng(seed)
    drivers = rng.normal(size=(4, days))
    rows = []
    for name in range(8):
        own = rng.normal(size=days)
        moves = 0.01 * (0.8 * drivers[name // 2] + 0.6 * own) if groups else 0.01 * own
        close = 100 * np.exp(np.cumsum(moves))
        rows += [(f"N{name}", FIRST + timedelta(days=day), "raw", close[day]) for day in range(days)]
    columns = ["instrument_id", "date", "adj_basis", "close"]
    names = [f"N{name}" for name in range(8)]
    sectors = pl.DataFrame({"instrument_id": names, "sector": [f"S{name % 4}" for name in range(8)]})
    return {"prices": pl.DataFrame(rows, schema=columns, orient="row"), "instruments": sectors}


CASES = {
    "alert_triage": Case(alert_rows),
    "regimes": Case(quoted, lambda seed: quoted(seed, states=False)),
    "clusters": Case(related, lambda seed: related(seed, groups=False)),
    "styles": Case(
        lambda seed: conduct(seed, heavy=False, styles=True), lambda seed: conduct(seed, heavy=False)
    ),
    "behaviour": Case(conduct, lambda seed: conduct(seed, heavy=False)),
}
