"""Orders sent for an auction and taken out just before it."""

import polars as pl

from analytics.compliance._features import with_group
from analytics.compliance._volumes import bought
from analytics.compliance.detector import Tables
from analytics.text import formatted

OPENING = ("opg", "ato", "moo", "loo")
_OF_ORDER = (
    *("instrument_id", "day", "account_id", "trader_id", "side", "edge", "market_volume", "market_source"),
)
CLOSING = ("cls", "atc", "moc", "loc")


def pulled_orders(
    tables: Tables, edges: pl.LazyFrame, *, edge: str, words: tuple[str, ...], seconds: float
) -> pl.LazyFrame:
    """Return who pulled auction orders shortly before an edge of the session.

    An order is meant for the auction if its time in force or its type says so, or, for the opening, if it was
    entered before the session. Cancels by venue, prevention or expiry do not count; nor does an order taken out
    after the instrument was in the news since its entry.

    Args:
        tables: order_events; accounts and news help.
        edges: instrument_id, day, opens, closes, and what the market traded in the five minutes at the edge:
            market_volume, market_source.
        edge: ``opens`` or ``closes``.
        words: What names the auction in time in force or order type.
        seconds: How long before the edge counts.

    Returns:
        One row per actor group, instrument, day and side: entered_qty and pulled_qty (floats, units), orders
        (how many were pulled), order_ids, accounts, traders, event_seqs, first_ns, last_ns, window_start,
        window_end, first_seq, last_seq; ``lead``: seconds from the last cancel to the edge; ``share``: pulled_qty
        as a multiple of market_volume.
    """
    events = tables["order_events"].filter(pl.col("event_type").is_in(["new", "cancel"]))
    named = pl.col("time_in_force").is_in(words) | pl.col("ord_type").is_in(words)
    early = pl.lit(value=False)
    if edge == "opens":
        # Nothing after the latest opening of any day can be before one.
        latest = edges.select(latest=pl.col("opens").dt.time().max())
        events = events.join(latest, how="cross")
        early = (pl.col("transact_time").dt.time() < pl.col("latest")).fill_null(value=False)
    spans = edges.select("instrument_id", "day", "market_volume", "market_source", pl.col(edge).alias("edge"))
    near = (
        events.filter(named.fill_null(value=False) | early)
        .with_columns(day=pl.col("transact_time").dt.date())
        .join(spans, on=["instrument_id", "day"], how="inner")
        .filter(pl.col("transact_time") < pl.col("edge"))
    )
    orders = near.group_by("order_id").agg(
        *(pl.col(c).first() for c in _OF_ORDER),
        qty=pl.col("order_qty").cast(pl.Float64).max(),
        entered=pl.col("transact_time").filter(pl.col("event_type") == "new").min(),
        entered_ns=pl.col("transact_time_ns").filter(pl.col("event_type") == "new").min(),
        gone=pl.col("transact_time")
        .filter((pl.col("event_type") == "cancel") & (pl.col("cancel_by").fill_null("user") == "user"))
        .max(),
        gone_ns=pl.col("transact_time_ns").filter(pl.col("event_type") == "cancel").max(),
        seq=pl.col("event_seq").max(),
    )
    orders = orders.filter(pl.col("entered").is_not_null())
    told = _news(tables)
    last_word = orders.sort("gone").join_asof(
        told, left_on="gone", right_on="published_time", by="instrument_id", check_sortedness=False
    )
    excused = (pl.col("published_time") >= pl.col("entered")).fill_null(value=False)
    late = pl.col("gone") >= pl.col("edge") - pl.duration(microseconds=int(seconds * 1e6))
    pulled = late.fill_null(value=False) & ~excused
    sided = with_group(last_word, tables).with_columns(buys=bought(), pulled=pulled)
    return (
        sided.group_by("actor_group", "instrument_id", "day", "buys")
        .agg(
            entered_qty=pl.col("qty").sum(),
            pulled_qty=pl.col("qty").filter("pulled").sum(),
            orders=pl.col("pulled").sum(),
            order_ids=pl.col("order_id").filter("pulled").unique().sort().head(500),
            accounts=pl.col("account_id").filter("pulled").unique().sort(),
            traders=pl.col("trader_id").filter("pulled").drop_nulls().unique().sort(),
            event_seqs=pl.col("seq").filter("pulled").unique().sort().head(500),
            first_ns=pl.col("entered_ns").filter("pulled").min(),
            last_ns=pl.col("gone_ns").filter("pulled").max(),
            window_start=pl.col("entered").filter("pulled").min(),
            window_end=pl.col("gone").filter("pulled").max(),
            **{name: pl.col(name).first() for name in ("edge", "market_volume", "market_source")},
        )
        .filter(pl.col("orders") > 0)
        .with_columns(
            lead=(pl.col("edge") - pl.col("window_end")).dt.total_microseconds() / 1e6,
            share=pl.col("pulled_qty") / pl.col("market_volume"),
            first_seq=formatted("{}.0", "first_ns"),
            last_seq=formatted("{}.0", "last_ns"),
        )
        .drop("edge")
    )


def _news(tables: Tables) -> pl.LazyFrame:
    return (
        tables["news"]
        .select("published_time", instrument_id="instrument_ids")
        .explode("instrument_id")
        .drop_nulls()
        .sort("published_time")
    )
