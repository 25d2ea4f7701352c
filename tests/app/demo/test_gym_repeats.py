"""Equal orders that scenes send for another end are labelled as the slips they are by rule."""

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from analytics.compliance.detectors.fat_finger import FatFingerParameters
from app.demo.firm import Label
from app.demo.gym.repeats import LEAST, WITHIN, repeats

START = datetime(2026, 11, 9, 15, 0, tzinfo=UTC)


def label(pattern="pinging", *, abuse=True, orders=9):
    return Label(
        "x", pattern, abuse=abuse, severity=0.5, accounts=("A",), traders=("t",), instrument_ids=("N",),
        start=START, end=START, order_ids=tuple(f"O{n}" for n in range(orders)),
    )  # fmt: skip


def sent(gaps_ms, *, parent=None, price=10.0):
    at, rows = START, []
    for n, gap in enumerate([0, *gaps_ms]):
        at += timedelta(milliseconds=gap)
        rows.append(
            {"order_id": f"O{n}", "account_id": "A", "trader_id": "t", "instrument_id": "N", "side": "buy", "venue": "X",
             "order_qty": 1.0, "limit_px": price + n * (parent == "ladder"), "event_type": "new", "transact_time": at,
             "parent_order_id": "P" if parent == "P" else None}
        )  # fmt: skip
    return {"order_events": pl.LazyFrame(rows, schema_overrides={"parent_order_id": pl.String})}


@pytest.mark.parametrize(
    ("rows", "told", "n"),
    [
        (sent([500, 500]), label(), 1),
        (sent([500, 501]), label(), 0),  # the third comes after a second
        (sent([10]), label(), 0),
        (sent([10, 10], parent="P"), label(), 0),  # slices of one parent
        (sent([10, 10], parent="ladder"), label(), 0),  # each at another price
        (sent([10, 10]), label(abuse=False), 0),
        (sent([10, 10]), label("fat_finger"), 0),  # planted, so labelled already
        (sent([10, 10]), label(orders=0), 0),  # nobody's scene
    ],
)
def test_runs_of_equal_orders_are_counted_from_the_rows(rows, told, n):
    found = repeats(rows, [told])
    assert len(found) == n
    assert all(
        (one.accounts, one.instrument_ids, one.pattern) == (("A",), ("N",), "fat_finger") for one in found
    )


def test_the_count_goes_by_the_rule_of_the_duplicate_check():
    known = FatFingerParameters()
    assert (known.repeats, timedelta(seconds=known.repeat_window)) == (LEAST, WITHIN)
