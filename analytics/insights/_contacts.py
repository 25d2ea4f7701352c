"""Who wrote with whom, and when: messages between two people, and bursts of them."""

import polars as pl

FEW = 2  # recipients up to which a message is a talk and no announcement
BURST = 3  # messages of a pair ...
MINUTES = 30  # ... within these minutes are a burst


def talks(messages: pl.DataFrame) -> pl.DataFrame:
    """Return one row per message and pair: message_id, transact_time, a, b (a < b)."""
    pairs = (
        messages.filter(pl.col("recipient_ids").list.len().is_between(1, FEW))
        .explode("recipient_ids", empty_as_null=True)
        .filter(pl.col("recipient_ids") != pl.col("sender_id"))
    )
    return pairs.select(
        "message_id",
        "transact_time",
        a=pl.min_horizontal("sender_id", "recipient_ids"),
        b=pl.max_horizontal("sender_id", "recipient_ids"),
    )


def bursts(messages: pl.DataFrame) -> pl.DataFrame:
    """Return the messages that end a burst of their pair: a, b, transact_time, message_ids of the burst."""
    ordered = talks(messages).sort("a", "b", "transact_time", "message_id")
    pair = ["a", "b"]
    first = pl.col("transact_time").shift(BURST - 1).over(pair)
    ids = pl.concat_list(pl.col("message_id").shift(back).over(pair) for back in reversed(range(BURST)))
    return (
        ordered.with_columns(since=pl.col("transact_time") - first, message_ids=ids)
        .filter(pl.col("since") <= pl.duration(minutes=MINUTES))
        .select("a", "b", "transact_time", "message_ids")
    )
