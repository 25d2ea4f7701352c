"""Bursts of posts: a day on which a name is talked about far more than usual, and where the talk began."""

import re
from collections.abc import Sequence
from itertools import combinations
from typing import Any

import polars as pl

from analytics.compliance.alerts import listed
from analytics.social.attention import mentions_by_day

_HEAVY = 0.3  # of a burst's posts: who writes that many is behind it
_COMPARED = 200  # posts of one burst compared word by word
_MAD_TO_SD = 1.4826
_LEAST_DAYS = 5  # of a name's own, before they say what is usual for it
BURSTS: dict[str, Any] = {
    "instrument_id": pl.String, "day": pl.Date, "started": pl.Datetime("us", "UTC"), "start_ns": pl.Int64,
    "posts": pl.Int64, "usual": pl.Float64, "own_days": pl.Int64, "z": pl.Float64, "duplicates": pl.Float64,
    "fresh": pl.Float64, "authors": pl.List(pl.String), "heavy": pl.List(pl.String),
    "chorus": pl.List(pl.String), "post_ids": pl.List(pl.String),
}  # fmt: skip


def daily_talk(mentions: pl.DataFrame, *, days: int = 20) -> pl.DataFrame:
    """Return mentions per instrument and day against what was usual before, earlier bursts notwithstanding.

    What is usual is the median of the ``days`` days before (weekends against weekends), its spread the median
    deviation, never below that of a Poisson count or one post: an earlier burst does not raise the bar for the next. A name with fewer than five days
    of its own is held against the mean of all names up to that day.

    Args:
        mentions: instrument_id and transact_time; one row per mention.
        days: Days of a name that count.

    Returns:
        instrument_id, day, mentions, usual, own_days (earlier days compared with) and z.
    """
    rows = mentions_by_day(mentions)
    before, keys = pl.col("mentions").shift(1).cast(pl.Float64), ["instrument_id", "weekend"]
    rows = rows.with_columns(
        middle=before.rolling_median(days, min_samples=_LEAST_DAYS).over(keys),
        own_days=before.is_not_null().cum_sum().clip(upper_bound=days).over(keys).cast(pl.Int64),
    ).with_columns(off=(pl.col("mentions") - pl.col("middle")).abs())
    spread = pl.col("off").shift(1).rolling_median(days, min_samples=_LEAST_DAYS).over(keys) * _MAD_TO_SD
    common = rows.group_by("weekend", "day").agg(level=pl.col("mentions").mean()).sort("weekend", "day")
    common = common.with_columns(
        level=pl.col("level").cum_sum().over("weekend") / pl.int_range(1, pl.len() + 1).over("weekend")
    )
    rows = rows.with_columns(spread=spread).join(common, on=["weekend", "day"], how="left")
    usual = pl.coalesce("middle", "level")
    sd = pl.max_horizontal(pl.col("spread").fill_null(0.0), usual.sqrt(), pl.lit(1.0))
    return rows.select(
        "instrument_id", "day", "mentions", "own_days", usual=usual, z=(pl.col("mentions") - usual) / sd
    ).sort("instrument_id", "day")


def bursts(posts: pl.DataFrame, *, burst: float, least: int, alike: float) -> pl.DataFrame:
    """Return the days on which a name is talked about that much more than usual (``BURSTS``).

    ``heavy`` wrote much of the talk, ``chorus`` something in nearly the words of another post.

    The talk begins where the first tenth of the posts is over that look arranged (of an author never seen
    before that day, of one who writes much of it, or in nearly the words of another); where none does, with
    the first of the day.

    Args:
        posts: post_id, transact_time, transact_time_ns, author_id, text and instrument_ids.
        burst: Standard deviations above the usual.
        least: Posts.
        alike: Share of words in common that makes near-duplicates.
    """
    first = posts.group_by("author_id").agg(first=pl.col("transact_time").min())
    named = (
        posts.explode("instrument_ids")
        .rename({"instrument_ids": "instrument_id"})
        .drop_nulls("instrument_id")
    )
    if named.is_empty():
        return pl.DataFrame(schema=BURSTS)
    usual = daily_talk(named.select("instrument_id", "transact_time"))
    loud = usual.filter((pl.col("z") >= burst) & (pl.col("mentions") >= least))
    key = ["instrument_id", "day"]
    rows = named.with_columns(day=pl.col("transact_time").dt.date()).join(
        loud.select(*key, "usual", "own_days", "z"), on=key, how="inner"
    )
    rows = rows.join(first, on="author_id", how="left").sort(*key, "transact_time_ns", "post_id")
    if rows.is_empty():
        return pl.DataFrame(schema=BURSTS)
    same = [
        hit
        for group in rows.group_by(key, maintain_order=True).agg("text")["text"].to_list()
        for hit in copies(group, alike=alike)
    ]
    voice = pl.len().over(*key, "author_id") / pl.len().over(key)
    rows = rows.with_columns(
        # Somebody who first spoke on that very day has no past.
        fresh=pl.col("first").dt.date() == pl.col("day"),
        voice=voice,
        same=pl.Series(same, dtype=pl.Boolean),
    ).with_columns(arranged=pl.col("fresh") | pl.col("same") | (pl.col("voice") >= _HEAVY))

    def begun(column: str) -> pl.Expr:
        # One in ten may have spoken earlier by chance.
        chosen = pl.col(column).filter("arranged")
        return pl.coalesce(chosen.get(chosen.len() // 10, null_on_oob=True), pl.col(column).first())

    return (
        rows.group_by(key, maintain_order=True)
        .agg(
            started=begun("transact_time"),
            start_ns=begun("transact_time_ns"),
            posts=pl.len().cast(pl.Int64),
            usual=pl.col("usual").first(),
            own_days=pl.col("own_days").first(),
            z=pl.col("z").first(),
            duplicates=pl.col("same").mean(),
            fresh=pl.col("author_id").filter("fresh").n_unique() / pl.col("author_id").n_unique(),
            authors=listed("author_id"),
            heavy=pl.col("author_id").filter(pl.col("voice") >= _HEAVY).unique().sort(),
            chorus=pl.col("author_id").filter("same").unique().sort(),
            post_ids=listed("post_id"),
        )
        .select(*BURSTS)
    )


def copies(texts: Sequence[str], *, alike: float) -> list[bool]:
    """Return, for each text, whether another has at least ``alike`` of their words in common (Jaccard)."""
    words = [frozenset(re.findall(r"[a-z$]{2,}", text.lower())) for text in texts[:_COMPARED]]
    hit: set[int] = set()
    for one, other in combinations(range(len(words)), 2):
        union = len(words[one] | words[other])
        if union and len(words[one] & words[other]) / union >= alike:
            hit |= {one, other}
    return [n in hit for n in range(len(texts))]
