"""Client orders that wait for a price, what triggered them, and who traded just before."""

import polars as pl

from analytics.compliance._features import with_group
from analytics.compliance._products import direction
from analytics.compliance._shared import once
from analytics.compliance.alerts import listed
from analytics.compliance.detector import GAP_SCHEMA, Tables
from analytics.text import formatted

SECOND = 10**9
# Wait on the far side of the market: a sale is triggered by a rise.
TOUCHED = ("take_profit", "take_profit_limit", "market_if_touched", "limit_if_touched")
STOPS = ("stop", "stop_limit", "trailing_stop", "trailing_stop_limit")
_OWN = ("house", "personal", "mm")


def triggered(tables: Tables) -> pl.LazyFrame:
    """Return client orders with a stop price that were triggered, one row an order.

    The moment is that of the ``trigger`` event, else of the first fill. The stop price is the last one set
    before it; known from when the desk received it, or from its amendment. ``way`` is the direction of the
    price that triggers it: +1 a rise, -1 a fall.

    Columns: client_order, client_account, client_trader, client_desk, client_group, client_qty, instrument_id,
    stop_px, touched, way, known_ns, known_at, fired_ns, fired_at.
    """
    return once(tables, "triggered_orders", lambda: _triggered(tables))


def _triggered(tables: Tables) -> pl.LazyFrame:
    events = tables["order_events"]
    levels = _client(events.filter(pl.col("stop_px").is_not_null()), tables).filter(
        pl.col("event_type").is_in(["new", "replace"])
    )
    touched = pl.col("ord_type").is_in(TOUCHED).fill_null(value=False)
    sign = direction().cast(pl.Float64)
    set_to = with_group(levels, tables).select(
        "instrument_id", "event_seq",
        client_order="order_id", client_account="account_id", client_trader="trader_id", client_desk="desk",
        client_group="actor_group", client_qty=pl.col("order_qty").cast(pl.Float64),
        stop_px=pl.col("stop_px").cast(pl.Float64), touched=touched,
        way=pl.when(touched).then(-sign).otherwise(sign), level_ns="transact_time_ns",
        known_ns=pl.when(pl.col("event_type") == "new")
        .then(pl.min_horizontal(pl.col("received_time").dt.epoch("us") * 1000, "transact_time_ns"))
        .otherwise("transact_time_ns"),
    )  # fmt: skip
    fired = (
        events.filter(
            (pl.col("event_type") == "trigger")
            | ((pl.col("event_type") == "fill") & (pl.col("last_qty") > 0))
        )
        .select("transact_time", "transact_time_ns", client_order="order_id")
        .join(set_to.select("client_order").unique(), on="client_order", how="semi")
        .group_by("client_order")
        .agg(fired_ns=pl.col("transact_time_ns").min(), fired_at=pl.col("transact_time").min())
    )
    return (
        set_to.join(fired, on="client_order", how="inner")
        .filter(pl.col("level_ns") <= pl.col("fired_ns"))
        .sort("client_order", "level_ns", "event_seq")
        .unique("client_order", keep="last", maintain_order=True)
        .with_columns(
            known_at=pl.from_epoch(pl.col("known_ns") // 1000, time_unit="us").dt.replace_time_zone("UTC")
        )
        .drop("level_ns", "event_seq")
    )


def own_fills(tables: Tables, stops: pl.LazyFrame, *, role: bool | None = True) -> pl.LazyFrame:
    """Return own fills in the instruments of ``stops``, with the moment their order was decided.

    Left out are riskless and agency orders, orders that waited for a price themselves, and passive fills.

    Args:
        tables: Data sets by name.
        stops: As ``triggered`` returns them.
        role: True for fills known to be aggressive; None adds those that do not say.
    """
    kinds = tables["accounts"].select("account_id", "kind").unique("account_id", keep="any")
    kinds = kinds.filter(pl.col("kind").is_in(_OWN))
    events = (
        tables["order_events"]
        .filter(pl.col("event_type").is_in(["new", "fill"]))
        .filter(~pl.col("capacity").is_in(["riskless", "agency"]).fill_null(value=False))
        .join(stops.select("instrument_id").unique(), on="instrument_id", how="semi")
        .join(kinds, on="account_id", how="inner")
    )
    entered = (
        events.filter(pl.col("event_type") == "new")
        .group_by("order_id")
        .agg(entered_ns=pl.col("transact_time_ns").min(), waits=pl.col("stop_px").is_not_null().any())
    )
    fills = events.filter((pl.col("event_type") == "fill") & (pl.col("last_qty") > 0)).select(
        "order_id", "parent_order_id", "exec_id", "account_id", "trader_id", "desk", "instrument_id", "kind",
        ns="transact_time_ns", at="transact_time", qty=pl.col("last_qty").cast(pl.Float64),
        px=pl.col("last_px").cast(pl.Float64), sign=direction().cast(pl.Float64),
        aggressive=pl.col("liquidity") != "maker",
    )  # fmt: skip
    parents = entered.select(parent_order_id="order_id", parent_ns="entered_ns")
    personal = pl.col("kind") == "personal"
    one_will = pl.coalesce(
        formatted("trader:{}", pl.col("trader_id")), formatted("account:{}", pl.col("account_id"))
    )
    wanted = pl.col("aggressive") if role else pl.col("aggressive").fill_null(value=True)
    return (
        with_group(fills.filter(wanted), tables)
        .join(entered, on="order_id", how="left")
        .filter(~pl.col("waits").fill_null(value=False))
        .join(parents, on="parent_order_id", how="left")
        .with_columns(
            decided_ns=pl.coalesce("parent_ns", "entered_ns", "ns"),
            person=pl.when(personal).then(pl.coalesce("owner_id", "trader_id")).otherwise("trader_id"),
            # The house is one owner with many traders; only the trader's own book is one will.
            actor_group=pl.when(personal).then("actor_group").otherwise(one_will),
        )
        .drop("parent_ns", "entered_ns", "waits", "kind")
    )


def quotes_before(met: pl.LazyFrame, tables: Tables) -> pl.LazyFrame:
    """Return, by client order and actor, the last sound quote before the first own fill.

    Columns: client_order, actor_group, before (mid), spread, bid_qty, ask_qty (null where not shown). A quote
    of another day is none.
    """
    asked = met.select(
        "client_order", "actor_group", "instrument_id", "first_ns", day=pl.col("first_at").dt.date()
    )
    bid, ask = pl.col("bid_px").cast(pl.Float64), pl.col("ask_px").cast(pl.Float64)
    quotes = (
        tables["quotes"]
        .filter((pl.col("bid_px") > 0) & (pl.col("ask_px") > pl.col("bid_px")))
        .with_columns(day=pl.col("transact_time").dt.date())
        .join(asked.select("instrument_id", "day").unique(), on=["instrument_id", "day"], how="semi")
        .sort("transact_time_ns", "seq")
        .select(
            "instrument_id", "day", quote_ns="transact_time_ns", before=(bid + ask) / 2, spread=ask - bid,
            bid_qty=pl.col("bid_qty").cast(pl.Float64), ask_qty=pl.col("ask_qty").cast(pl.Float64),
        )
    )  # fmt: skip
    return (
        asked.sort("first_ns")
        .join_asof(
            quotes,
            left_on="first_ns",
            right_on="quote_ns",
            by=["instrument_id", "day"],
            strategy="backward",
            allow_exact_matches=False,
            check_sortedness=False,
        )
        .drop_nulls("before")
        .select("client_order", "actor_group", "before", "spread", "bid_qty", "ask_qty")
    )


def messages_between(pushed: pl.LazyFrame, tables: Tables, *, lead: float) -> pl.LazyFrame:
    """Return, by client order and actor, messages on the instrument that joined both before the first own fill."""
    said = tables["messages"].filter(pl.col("instrument_ids").list.len() > 0).select(
        "message_id", said_ns="transact_time_ns", instrument_id="instrument_ids",
        people=pl.concat_list("sender_id", pl.col("recipient_ids").fill_null([])),
    ).explode("instrument_id")  # fmt: skip
    asked = pushed.select(
        "client_order", "actor_group", "instrument_id", "persons", "client_trader", "known_ns", "first_ns"
    )
    return (
        said.join(asked, on="instrument_id", how="inner")
        .filter(
            (pl.col("said_ns") >= pl.col("known_ns"))
            & (pl.col("said_ns") < pl.col("first_ns"))
            & (pl.col("said_ns") >= pl.col("first_ns") - int(lead * SECOND))
            & pl.col("people").list.contains(pl.col("client_trader"))
            & (pl.col("people").list.set_intersection("persons").list.len() > 0)
        )
        .group_by("client_order", "actor_group")
        .agg(message_ids=listed("message_id"))
    )


def unpriced(tables: Tables) -> pl.LazyFrame:
    """Return a gap for each instrument with client stop orders whose stop price is not on record."""
    waits = pl.col("ord_type").is_in([*STOPS, *TOUCHED]) & pl.col("stop_px").is_null()
    entered = _client(tables["order_events"].filter((pl.col("event_type") == "new") & waits), tables)
    return (
        entered.group_by("instrument_id")
        .agg(missing=pl.len().cast(pl.UInt32))
        .with_columns(reason=pl.lit("Client stop orders carry no stop price; they were not judged."))
        .select(*GAP_SCHEMA)
    )


def none_on_record(tables: Tables) -> pl.LazyFrame:
    """Return a gap where there are client orders and not one of them waits for a price."""
    entered = _client(tables["order_events"].filter(pl.col("event_type") == "new"), tables)
    waits = pl.col("stop_px").is_not_null() | pl.col("ord_type").is_in([*STOPS, *TOUCHED])
    return (
        entered.select(missing=pl.len().cast(pl.UInt32), waiting=waits.sum())
        .filter((pl.col("missing") > 0) & (pl.col("waiting") == 0))
        .with_columns(
            reason=pl.lit("No stop or take-profit order of a client is on record; none could be judged."),
            instrument_id=pl.lit(None, pl.String),
        )
        .select(*GAP_SCHEMA)
    )


def _client(events: pl.LazyFrame, tables: Tables) -> pl.LazyFrame:
    clients = tables["accounts"].filter(pl.col("kind") == "client").select("account_id").unique()
    return events.join(clients, on="account_id", how="semi")
