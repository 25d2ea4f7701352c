"""Small tables for the models of orders: what they cost, and whether they are filled."""

from datetime import UTC, date, datetime, timedelta

import numpy as np
import polars as pl

from tests.analytics.models._tables import Case

FIRST = datetime(2024, 1, 1, tzinfo=UTC)
INSTANT = pl.Datetime("us", "UTC")


def closes(rng: np.random.Generator, *, days: int, before: int = 30) -> pl.DataFrame:
    """Return prices of three instruments, from ``before`` days ahead of the first order on."""
    rows = []
    for name in range(3):
        close = 100 * np.exp(np.cumsum(0.01 * rng.normal(size=days + before)))
        rows += [
            (f"N{name}", date(2024, 1, 1) + timedelta(days=day - before), "raw", close[day], 1e6)
            for day in range(days + before)
        ]
    columns = ["instrument_id", "date", "adj_basis", "close", "volume"]
    return pl.DataFrame(rows, schema=columns, orient="row")


def costly(seed: int = 0, *, days: int = 101, each: int = 20) -> dict[str, pl.DataFrame]:
    """Return executions that cost what the law says, and four basis points more on one venue."""
    rng = np.random.default_rng(seed)
    rows = []
    for day in range(days):
        for number in range(each):
            venue, quantity = int(rng.integers(3)), float(np.round(rng.lognormal(7, 1)) + 1)
            side = str(rng.choice(["buy", "sell"]))
            cost = 10 * np.sqrt(quantity / 1e6) * 100 * 0.01 + 4 * (venue == 2) + 2 * rng.normal()
            sign = 1 if side == "buy" else -1
            at = FIRST + timedelta(days=day, hours=10 + number % 6, seconds=number)
            rows.append({
                "exec_id": f"e{day}-{number}", "order_id": f"o{day}-{number}", "instrument_id": f"N{rng.integers(3)}",
                "side": side, "last_qty": quantity, "last_px": 100 * (1 + sign * cost / 1e4), "transact_time": at,
                "venue": f"V{venue}", "strategy": "core", "desk": "d1", "arrival_px": 100.0,
                "decision_time": at - timedelta(seconds=int(rng.integers(1, 60))),
            })  # fmt: skip
    fills = pl.DataFrame(rows).with_columns(pl.col("transact_time", "decision_time").cast(INSTANT))
    return {"executions": fills, "prices": closes(rng, days=days)}


def resting(seed: int = 0, *, days: int = 16, each: int = 40) -> dict[str, pl.DataFrame]:
    """Return orders near a quiet book: near ones are filled, large ones less."""
    rng = np.random.default_rng(seed)
    events, quotes, seq = [], [], 0
    for day in range(days):
        for number in range(each):
            at = FIRST + timedelta(days=day, hours=10, minutes=number)
            name, size = f"N{rng.integers(3)}", float(rng.integers(100, 5_000))
            quotes.append(
                (
                    name,
                    at - timedelta(seconds=5),
                    number,
                    99.99,
                    1_000.0,
                    100.01,
                    float(rng.integers(200, 3_000)),
                )
            )
            away = float(rng.integers(0, 5))
            order = {
                "order_id": f"o{day}-{number}", "instrument_id": name, "side": "buy", "ord_type": "limit",
                "time_in_force": "day", "limit_px": 99.99 - 0.02 * away, "order_qty": size,
            }  # fmt: skip
            filled = rng.random() < 1 / (1 + np.exp(-(1.5 - away - size / 2_500)))
            after = timedelta(seconds=float(rng.uniform(1, 59)))
            end = (
                {"event_type": "fill", "last_qty": size, "last_px": order["limit_px"]}
                if filled
                else {"event_type": "cancel"}
            )
            for one in (
                order | {"event_type": "new", "transact_time": at},
                order | end | {"transact_time": at + after},
            ):
                seq += 1
                events.append(one | {"event_seq": seq})
    frame = pl.DataFrame(events, infer_schema_length=None).with_columns(
        pl.col("transact_time").cast(INSTANT),
        pl.col("limit_px", "order_qty", "last_qty", "last_px").cast(pl.Decimal(38, 12)),
    )
    columns = ["instrument_id", "transact_time", "seq", "bid_px", "bid_qty", "ask_px", "ask_qty"]
    book = pl.DataFrame(quotes, schema=columns, orient="row").with_columns(
        pl.col("transact_time").cast(INSTANT)
    )
    return {
        "order_events": frame.with_columns(transact_time_ns=pl.col("transact_time").dt.epoch("us") * 1000),
        "quotes": book,
        "prices": closes(rng, days=days),
    }


CASES = {"execution_cost": Case(costly), "fill_probability": Case(resting)}
