"""Which trade a message is about: the same instrument, side, time and size, out of a hundred."""

import re
from collections.abc import Mapping
from typing import Any

import polars as pl

from analytics.compliance._lexicon import BUYS, SELLS
from analytics.social.instruments import mentioned, symbols_of
from analytics.social.lexicon import AMBIGUOUS

INSTRUMENT, SIDE, TIME, SIZE = 40.0, 20.0, 20.0, 20.0
_AMOUNT = re.compile(
    r"(?<![\w.])(\d{1,3}(?:[, ]\d{3})+|\d+(?:\.\d+)?)\s?(k|m|mio|mm)?(?:\s?(?:shares|shs|lots))?(?![\w%:.])"
)
_DONE = 0.5  # of the points for time, where the trade came first
_SCALE = {"k": 1e3, "m": 1e6, "mio": 1e6, "mm": 1e6}
# Words of everyday English that are symbols of listed firms as well, beyond those that mislead in capitals.
_WORDS = frozenset(
    """
    cat car cars dog eat fun gas hog fast ball bill life real true cash wolf live love work play home open
    main safe team tree key net plus cake spot peak path post pace park pool rich rest ring rock root rush
    sail save seed ship sign site snap star stem step stay son sun tap ten tip trip turn two unit wash wave
    way well wing wire won you zip bar bat bow box bug cup day desk dim dip doc down edit even ever fate fix
    flow fly form four free gain gap gold good grow has her him hope host hour how huge its job joy kid land
    lead leg let lie like line link loan lock loop man map mark mat max mind mint mod mom more move much
    must near new nice nine note off old once one only our out over own pay pen pet pie pig pin pro pump
    push put ran rare ready run sea see she slim slow small some soon sum tax tech them then they tool top
    town toy try use vet via wait walk want war was web wet who win
    """.upper().split()
)
_SHORTEST = 3  # letters of a symbol that is known in small letters
_LEAST = 50.0  # smaller numbers are prices, hours or levels rather than quantities
_OLD = 3600 * 10**9  # ns a thread remembers which instrument it is about
SPOKEN: dict[str, Any] = {
    "transact_time_ns": pl.Int64, "message_id": pl.String, "person": pl.String, "instrument_id": pl.String,
    "said_side": pl.Int8, "said_size": pl.Float64,
}  # fmt: skip
DONE: dict[str, Any] = {
    "message_id": pl.String, "order_id": pl.String, "exec_ids": pl.List(pl.String), "account_id": pl.String,
    "linked_instrument": pl.String, "linked_side": pl.String, "linked_qty": pl.Float64, "away_s": pl.Float64,
    "link": pl.Float64,
}  # fmt: skip


def names_of(instruments: pl.DataFrame) -> dict[str, str]:
    """Return the first word of each instrument's name, lower case, to its id; shared or short ones left out."""
    pairs = (
        instruments.select("instrument_id", "name")
        .drop_nulls()
        .unique()
        .with_columns(first=pl.col("name").str.to_lowercase().str.extract(r"^([a-z]{4,})"))
    )
    once = pairs.drop_nulls("first").group_by("first").agg(pl.col("instrument_id").unique())
    return {word: ids[0] for word, ids in once.iter_rows() if len(ids) == 1}


def spoken_names(instruments: pl.DataFrame) -> set[str]:
    """Return what instruments are called, lower case: symbols that are no words, and first words of names."""
    symbols = {
        one.lower()
        for one in symbols_of(instruments)
        if len(one) > 1 and one not in AMBIGUOUS and one.isalnum()
    }
    return symbols | names_of(instruments).keys()


def named(text: str, symbols: Mapping[str, str], names: Mapping[str, str]) -> list[str]:
    """Return the instruments a text names by symbol or by the first word of their name, sorted.

    People type symbols in small letters: from three letters on these count, unless they are words too.
    """
    words = set(re.findall(r"[a-z]+", text.lower()))
    found = {names[word] for word in words & names.keys()}
    small = {one.upper() for one in words if len(one) >= _SHORTEST} - AMBIGUOUS - _WORDS
    found |= {symbols[one] for one in small & symbols.keys()}
    return sorted(found | set(mentioned(text, symbols)))


def side_of(text: str) -> int | None:
    """Return 1 where a text speaks of buying, -1 of selling, None where of neither or both."""
    words = set(re.findall(r"[a-z]+", text.lower()))
    buys, sells = bool(words & set(BUYS)), bool(words & set(SELLS))
    return None if buys == sells else 1 if buys else -1


def size_of(text: str) -> float | None:
    """Return the largest quantity a text speaks of, in units; None without one."""
    found = [
        float(re.sub("[, ]", "", number)) * _SCALE.get(unit, 1.0)
        for number, unit in _AMOUNT.findall(text.lower())
    ]
    return max((amount for amount in found if amount >= _LEAST), default=None)


def spoken(messages: pl.DataFrame, around: pl.DataFrame, instruments: pl.DataFrame) -> pl.DataFrame:
    """Return what each message says of a trade, one row per person and instrument (``SPOKEN``).

    Args:
        messages: The messages in question.
        around: All messages of their threads: a message that names nothing is about what its thread was
            about within the hour before.
        instruments: Rows of INSTRUMENTS.
    """
    symbols, names = symbols_of(instruments), names_of(instruments)
    threads = around.join(messages.select("thread_id").drop_nulls().unique(), on="thread_id", how="semi")
    known: dict[str, list[tuple[int, list[str]]]] = {}
    for thread, at, text, given in (
        threads.sort("transact_time_ns", "message_id")
        .select("thread_id", "transact_time_ns", "text", "instrument_ids")
        .iter_rows()
    ):
        ids = given or named(text, symbols, names)
        if ids:
            known.setdefault(thread, []).append((at, ids))
    rows = []
    for row in messages.iter_rows(named=True):
        at = row["transact_time_ns"]
        ids = row["instrument_ids"] or named(row["text"], symbols, names)
        if not ids:
            earlier = [e for e in known.get(row["thread_id"], []) if 0 <= at - e[0] <= _OLD]
            ids = earlier[-1][1] if earlier else []
        people = sorted({row["sender_id"], *(row["recipient_ids"] or ())})
        rows += [
            (at, row["message_id"], person, one, side_of(row["text"]), size_of(row["text"]))
            for person in people
            for one in ids
        ]
    return pl.DataFrame(rows, schema=SPOKEN, orient="row")


def linked(
    said: pl.DataFrame,
    executions: pl.LazyFrame,
    accounts: pl.LazyFrame,
    *,
    before: float,
    after: float,
    tau: float,
) -> pl.DataFrame:
    """Return the order each message fits best (``DONE``); messages that fit none are left out.

    Args:
        said: ``spoken``.
        executions: Rows of EXECUTIONS as they stand.
        accounts: Rows of ACCOUNTS: a trade on somebody's own account is his, whoever sent it.
        before: Seconds a trade may precede the message.
        after: Seconds it may follow.
        tau: Seconds in which nearness in time falls by a factor e.

    Score: 40 for the instrument, 20 for the side, 20 x exp(-distance/tau) (half of it where the trade was
    done already: more is planned in words than told), 20 x smaller size / larger; what the
    message does not name counts nothing. Between equals the nearer wins, then the id.
    """
    if said.is_empty():
        return pl.DataFrame(schema=DONE)
    wanted = said.lazy().select("instrument_id").unique()
    # On one's own account one is the trader, and so is whoever's name is on the trade.
    owners = (
        accounts.filter(pl.col("kind") == "personal")
        .select("account_id", owner="owner_id")
        .unique("account_id")
    )
    trades = executions.join(wanted, on="instrument_id", how="semi").join(owners, on="account_id", how="left")
    trades = trades.with_columns(persons=pl.concat_list("trader_id", "owner").list.drop_nulls().list.unique())
    people = said.lazy().select("person").unique()
    orders = (
        trades.with_columns(order=pl.coalesce("order_id", "exec_id"))
        .group_by("order", "instrument_id")
        .agg(
            at=pl.col("transact_time_ns").min(),
            linked_side=pl.col("side").min(),
            qty=pl.col("last_qty").sum().cast(pl.Float64),
            account_id=pl.col("account_id").min(),
            order_id=pl.col("order_id").min(),
            exec_ids=pl.col("exec_id").unique().sort().head(20),
            person=pl.col("persons").explode(empty_as_null=True, keep_nulls=True).unique(),
        )
        .explode("person")
        .join(people, on="person", how="semi")
    )
    away = (pl.col("at") - pl.col("transact_time_ns")) / 1e9
    sign = pl.when(pl.col("linked_side").is_in(["buy", "buy_cover"])).then(1).otherwise(-1)
    same_side = (
        pl.when(pl.col("said_side").is_null())
        .then(0.0)
        .otherwise((pl.col("said_side") == sign).cast(pl.Float64))
    )
    ratio = pl.min_horizontal("qty", "said_size") / pl.max_horizontal("qty", "said_size")
    same_size = pl.when(pl.col("said_size").is_null()).then(0.0).otherwise(ratio)
    near = TIME * (-away.abs() / tau).exp() * pl.when(away < 0).then(_DONE).otherwise(1.0)
    score = INSTRUMENT + SIDE * same_side + near + SIZE * same_size
    return (
        said.lazy()
        .join(orders, on=["person", "instrument_id"], how="inner")
        .with_columns(away_s=away)
        .filter(pl.col("away_s").is_between(-before, after))
        .with_columns(link=score.round(4))
        .sort(["message_id", "link", pl.col("away_s").abs(), "order"], descending=[False, True, False, False])
        .unique("message_id", keep="first", maintain_order=True)
        .rename({"instrument_id": "linked_instrument", "qty": "linked_qty"})
        .select(*DONE)
        .collect()
    )
