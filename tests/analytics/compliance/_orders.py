"""Order books in a few words: orders with what became of them."""

from datetime import UTC, datetime, timedelta

import polars as pl

from analytics.datasets import DATASETS
from tests.analytics.compliance._kit import tables

START = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
ACCOUNTS = "account_id kind base_currency owner_id link_group\n" + "\n".join(
    [f"A{n} house USD O1 -" for n in range(1, 7)] + ["M1 mm USD O2 -", "X1 client USD O3 -"]
)


class Book:
    """Collects events; times are seconds after 15:00."""

    def __init__(self) -> None:
        self.rows: list[dict] = []
        self.count = 0

    def order(
        self, at, side, px, qty, *, out=None, fill=None, account="A1", instrument="AAPL", by="user",
        moved=(), **more,
    ):  # fmt: skip
        """Enter an order; ``moved`` are (at, px), ``fill`` is (at, qty), ``out`` when it is withdrawn."""
        self.count += 1
        base = {
            "order_id": f"O{self.count:05}", "side": side, "limit_px": px, "order_qty": qty,
            "account_id": account, "trader_id": f"T-{account}", "instrument_id": instrument,
            "ord_type": "limit", **more,
        }  # fmt: skip
        self._event(base, at, "new")
        for when, price in moved:
            base = base | {"limit_px": price}
            self._event(base, when, "replace")
        if fill is not None:
            when, done = fill
            self._event(
                base, when, "fill", last_qty=done, last_px=base["limit_px"], exec_id=f"E{self.count:05}"
            )
        if out is not None:
            self._event(base, out, "cancel", cancel_by=by)
        return self

    def _event(self, base, at, kind, **more):
        self.rows.append(base | {"event_type": kind, "transact_time": START + timedelta(seconds=at), **more})

    def events(self) -> pl.LazyFrame:
        schema = DATASETS["order_events"].schema
        rows = [dict.fromkeys(schema) | row | {"event_seq": n} for n, row in enumerate(self.rows, 1)]
        frame = pl.DataFrame(rows, infer_schema_length=None).select(
            pl.col(c).cast(t) for c, t in schema.items()
        )
        return frame.with_columns(transact_time_ns=pl.col("transact_time").dt.epoch("us") * 1000).lazy()

    def given(self, **more) -> dict[str, pl.LazyFrame]:
        return {"order_events": self.events(), **tables(accounts=ACCOUNTS)} | more


def split(given, ways: int):
    """Deal the orders of A1 in turn over linked accounts."""
    turn = pl.col("order_id").str.slice(1).cast(pl.Int64) % ways + 1
    dealt = pl.when(pl.col("account_id") == "A1").then(pl.format("A{}", turn)).otherwise("account_id")
    return given | {"order_events": given["order_events"].with_columns(account_id=dealt)}
