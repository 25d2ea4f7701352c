"""Equal orders within moments, held against the rhythm of the account that sent them."""

import math

import polars as pl

from analytics.compliance._shared import computed
from analytics.compliance._spans import settled

SECOND = 10**9
_BUSY_SECONDS = 600
_KIND = ("account_id", "instrument_id", "side", "venue", "order_qty")
_EQUAL = (*_KIND, "limit_px", "parent_order_id")
_KEY, _NS = pl.struct(_EQUAL).hash(), pl.col("transact_time_ns")
_SECONDS = 2**32  # since 1970, and room for a century
_HALF = _KEY // _SECONDS


def equal_bursts(entered: pl.LazyFrame, *, repeats: int, window: float, chance: float) -> pl.LazyFrame:
    """Return the orders of each run of equal ones that is dense and not how the account trades anyway.

    A run is dense where ``repeats`` orders come within ``window`` seconds; its orders follow one another no
    further apart. How often such a run comes about by itself is told by the account's other orders in the
    instrument: their number in the same ten minutes gives the pace, the share of its kind (side, venue and
    quantity, at any price) in the day gives how many of them are equal. Linear: one narrow sort by key and
    time finds the few orders that anything else is asked of.

    Args:
        entered: New orders with the columns of ``order_events`` and ``day``.
        repeats: Orders of a dense run.
        window: Seconds.
        chance: Runs a day, expected of the account's own rhythm, above which a run says nothing.

    Returns:
        The rows of ``entered`` with ``burst`` (orders of the run) and ``by_chance`` (such runs expected a day).
    """
    span, back = int(window * SECOND), repeats - 1
    # One number holds half of the key and the second: a single sort of it brings equal orders together. What it
    # takes for equal or for near and is not falls out below.
    word = pl.col("word")
    marks = entered.select(word=_HALF * _SECONDS + (_NS // SECOND).cast(pl.UInt64)).sort("word")
    near = (word // _SECONDS == word.shift(back) // _SECONDS) & (
        word - word.shift(back) <= math.ceil(window) + 1
    )
    found = computed(marks.filter(near).select((word // _SECONDS).unique()))["word"]
    if found.is_empty():
        return entered.clear().with_columns(burst=pl.lit(0, pl.UInt32), by_chance=pl.lit(0.0))
    # Asked of the rows as they lie: joined, all of them would be carried along.
    some = entered.filter(_HALF.is_in(found.implode())).with_columns(key=_KEY)
    runs = settled(_runs(some, repeats, span))
    return _rare(runs, entered, window, chance).drop("key", "run")


def _runs(entered: pl.LazyFrame, repeats: int, span: int) -> pl.LazyFrame:
    """Return the dense runs with their number of orders."""
    # The same order may have been delivered twice.
    once = entered.sort("transact_time_ns", "event_seq", nulls_last=True).unique(
        "order_id", keep="first", maintain_order=True
    )
    ordered = once.sort("key", "transact_time_ns", "event_seq", "order_id", nulls_last=True)
    closes = (_NS - _NS.shift(repeats - 1).over("key") <= span).fill_null(value=False)
    apart = (_NS - _NS.shift(1).over("key") > span).fill_null(value=False)
    # An order belongs to a run when one of the next ``repeats`` orders closes a dense window.
    member = pl.any_horizontal(
        *(pl.col("closes").shift(-k).over("key").fill_null(value=False) for k in range(repeats))
    )
    return (
        ordered.with_columns(closes=closes, run=apart.cast(pl.Int32).cum_sum().over("key"))
        .filter(member)
        .with_columns(burst=pl.len().over("key", "run"))
        .drop("closes")
    )


def _rare(runs: pl.LazyFrame, entered: pl.LazyFrame, window: float, chance: float) -> pl.LazyFrame:
    """Keep runs that the account's other orders do not explain."""
    keys = ("key", "run")
    named = runs.group_by(keys).agg(
        pl.col(*_KIND, "day", "burst").first(), moment=_NS.min() // (_BUSY_SECONDS * SECOND)
    )
    book = ("account_id", "instrument_id")
    orders = (
        entered.join(named.select(book).unique(), on=book, how="semi")
        .with_columns(moment=_NS // (_BUSY_SECONDS * SECOND))
        .group_by(*_KIND, "day", "moment")
        .len("orders")
    )
    orders = settled(orders)  # orders by kind and ten minutes: all three counts are sums of it

    def beside(name: str, *by: str) -> pl.LazyFrame:
        return orders.group_by(by).agg(pl.col("orders").sum().alias(name))

    others = named
    for name, by in (
        ("all_day", (*book, "day")),
        ("busy", (*book, "moment")),
        ("same", (*_KIND, "day")),
    ):
        others = others.join(beside(name, *by), on=by, how="left", nulls_equal=True)
    rest = {
        name: (pl.col(name).cast(pl.Float64) - pl.col("burst")).clip(lower_bound=0.0)
        for name in ("all_day", "busy", "same")
    }
    pace = pl.col("same") / pl.col("all_day").clip(lower_bound=1.0) * pl.col("busy") / _BUSY_SECONDS
    again = 1 - (-pace * window).exp()  # that one more of the kind follows within the window
    judged = others.with_columns(**rest).with_columns(
        by_chance=(pl.col("same") + 1) * again ** (pl.col("burst").cast(pl.Float64) - 1)
    )
    kept = judged.filter(pl.col("by_chance") <= chance).select(*keys, "by_chance")
    return runs.join(kept, on=keys, how="inner")
