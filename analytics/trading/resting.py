"""What rests in a book after each event: of orders whose owner is known, and of anonymous book events."""

import polars as pl

from analytics.conventions import ZERO
from analytics.text import formatted

# What every move says, whichever source it comes from.
MOVES = ("key", "time", "seq", "kind", "side", "px", "qty", "last_qty", "last_px")
_ENDS = ("cancel", "reject", "expire")
_SEEN = ("new", "replace", "cancel", "reject", "expire", "fill", "bust", "restate", "trigger")


def order_moves(events: pl.LazyFrame) -> pl.LazyFrame:
    """Return how each order stood after each of its events, oldest first.

    Args:
        events: Rows of ORDER_EVENTS, any order; acknowledgements say nothing new and are left out.

    Returns:
        ``key`` (order id), ``time``, ``seq``, ``kind`` (type of the event), ``side`` (1 buys, -1 sells), ``px``
        (limit, null where it has none: it does not rest), ``qty`` (what still rests, 0 when it ended),
        ``last_qty`` and ``last_px`` (of a fill). Decimals; quantities never negative.
    """
    kind = pl.col("event_type")
    rows = events.filter(kind.is_in(_SEEN)).sort("order_id", "transact_time_ns", "event_seq")
    last = pl.col("last_qty").fill_null(ZERO)
    traded = pl.when(kind == "fill").then(last).when(kind == "bust").then(-last).otherwise(ZERO)
    rows = rows.with_columns(
        px=pl.col("limit_px").forward_fill().over("order_id"),
        asked=pl.col("order_qty").forward_fill().over("order_id"),
        filled=traded.cum_sum().over("order_id"),
        ended=kind.is_in(_ENDS).cum_max().over("order_id"),
    )
    left = (pl.col("asked") - pl.col("filled")).clip(ZERO)
    return rows.select(
        key="order_id",
        time="transact_time",
        seq="event_seq",
        kind=kind,
        side=_sign(),
        px="px",
        qty=pl.when("ended").then(ZERO).otherwise(left),
        last_qty=pl.when(kind == "fill").then("last_qty"),
        last_px=pl.when(kind == "fill").then("last_px"),
    ).sort("time", "seq", "key")


def book_moves(events: pl.LazyFrame) -> pl.LazyFrame:
    """Return what rests of each anonymous order (or of each level, where the feed names none) after each event.

    Args:
        events: Rows of BOOK_EVENTS of one instrument, any order. ``add`` and ``modify`` say what rests after
            them, ``reduce``, ``fill`` and ``trade`` what went, ``delete`` ends it; ``clear`` empties the book.

    Returns:
        The columns of ``order_moves``; ``key`` starts with ``book:``. Trades against no known order are left
        out. Where a feed clears its book, every order known until then ends.
    """
    action = pl.col("action")
    clears = (action == "clear").cum_sum()
    level = formatted("{}@{}", pl.col("side"), pl.col("px"))
    rows = events.sort("transact_time", "seq").with_columns(era=clears)
    named = rows.filter(action.is_in(["add", "modify", "reduce", "delete", "fill", "trade"])).with_columns(
        key=formatted("book:{}", pl.coalesce("book_order_id", level))
    )
    by = ["key", "era"]
    set_to = action.is_in(["add", "modify"])
    quantity = pl.col("qty").fill_null(ZERO)
    named = named.with_columns(
        spell=set_to.cum_sum().over(by),
        px=pl.col("px").forward_fill().over(by),
        side=pl.col("side").forward_fill().over(by),
    ).filter(pl.col("spell") > 0)
    spell = [*by, "spell"]
    gone = pl.when(~set_to & (action != "delete")).then(quantity).otherwise(ZERO).cum_sum().over(spell)
    base = pl.when(set_to).then(quantity).first().over(spell)
    ended = (action == "delete").cum_max().over(spell)
    trades = action.is_in(["fill", "trade"])
    moves = named.select(
        "era",
        "key",
        time="transact_time",
        seq="seq",
        kind=pl.when(trades)
        .then(pl.lit("fill"))
        .otherwise(
            action.replace({"add": "new", "modify": "replace", "reduce": "replace", "delete": "cancel"})
        ),
        side=pl.when(pl.col("side") == "buy").then(1).otherwise(-1).cast(pl.Int8),
        px="px",
        qty=pl.when(ended).then(ZERO).otherwise((base - gone).clip(ZERO)),
        last_qty=pl.when(trades).then("qty"),
        last_px=pl.when(trades).then("px"),
    )
    wiped = rows.filter(action == "clear").select("era", at="transact_time", at_seq="seq")
    standing = (
        moves.group_by("key", "era", maintain_order=True)
        .agg(pl.col("side", "px", "qty").last())
        .filter(pl.col("qty") > ZERO)
        .with_columns(era=pl.col("era") + 1)
        .join(wiped, on="era")
        .select(
            "era", "key", time="at", seq="at_seq", kind=pl.lit("cancel"), side="side", px="px", qty=ZERO,
            last_qty=pl.lit(None, moves.collect_schema()["last_qty"]),
            last_px=pl.lit(None, moves.collect_schema()["last_px"]),
        )
    )  # fmt: skip
    every = pl.concat([moves, standing], how="vertical_relaxed")
    return every.select(*MOVES).sort("time", "seq", "key")


def _sign() -> pl.Expr:
    return pl.when(pl.col("side").str.starts_with("buy")).then(1).otherwise(-1).cast(pl.Int8)


__all__ = ["MOVES", "book_moves", "order_moves"]
