"""What scenes break beside their own pattern: equal orders, sent again and again within a second.

Who feels for hidden liquidity or floods a queue may send the same order many times, and that is a breach of the
duplicate check whatever it was meant for. Such runs are counted from the rows of planted abuse, so that an alert
on one is known to be right; innocent flow repeats itself by chance, and its runs are no breach. The count is
written out here and shares nothing with the detector.
"""

from collections.abc import Iterable, Mapping
from datetime import timedelta

import polars as pl

from app.demo.firm import Label

PATTERN = "fat_finger"
LEAST = 3  # equal orders
WITHIN = timedelta(seconds=1)
_EQUAL = ("account_id", "trader_id", "instrument_id", "side", "venue", "order_qty", "limit_px")


def repeats(tables: Mapping[str, pl.LazyFrame], labels: Iterable[Label]) -> tuple[Label, ...]:
    """Return a label for every place where planted abuse of another pattern repeats an order.

    Args:
        tables: A gym day's tables.
        labels: Everything planted.

    Returns:
        Labels of severity 0, one for each scene and set of equal orders; children of a parent are left out.
    """
    sent = {order: label.label_id for label in labels if label.abuse and label.pattern != PATTERN
            for order in label.order_ids}  # fmt: skip
    scene = pl.col("order_id").replace_strict(sent, default=None, return_dtype=pl.String)
    entered = (
        tables["order_events"]
        .filter((pl.col("event_type") == "new") & pl.col("parent_order_id").is_null())
        .filter(pl.col("order_id").is_in(list(sent)))
        .select(*_EQUAL, "transact_time", "order_id", scene=scene)
        .sort("transact_time", "order_id")
        .collect(engine="streaming")
    )
    keys = ("scene", *_EQUAL)
    back = pl.col("transact_time").shift(LEAST - 1).over(keys)
    runs = (
        entered.with_columns(begun=back)
        .filter(pl.col("transact_time") - pl.col("begun") <= WITHIN)
        .group_by(keys, maintain_order=True)
        .agg(start=pl.col("begun").min(), end=pl.col("transact_time").max())
    )
    return tuple(
        Label(
            f"repeat-{n:05d}", PATTERN, abuse=True, severity=0.0, accounts=(row["account_id"],),
            traders=(row["trader_id"],) if row["trader_id"] else (), instrument_ids=(row["instrument_id"],),
            start=row["start"], end=row["end"], note="not planted: counted from the rows",
        )
        for n, row in enumerate(runs.iter_rows(named=True))
    )  # fmt: skip
