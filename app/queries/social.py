"""What is said: posts, their tone, and how much attention instruments get."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

import polars as pl

from analytics.datasets import INSTRUMENTS, POSTS, PRICES
from analytics.social.attention import daily_attention
from analytics.social.instruments import resolved
from analytics.social.sentiment import with_tone
from app.desk import Desk
from app.errors import FieldError, Invalid
from app.storage.cache import cached

SORTS = ("transact_time", "likes", "sentiment", "author_id")
SHOWN = 5  # instruments of the overview's attention list
_COLUMNS = ("post_id", "transact_time", "author_id", "text", "instrument_ids", "in_reply_to", "likes")
_LOOK_BACK = timedelta(days=60)  # enough for twenty comparable days, weekends included


@cached(POSTS, INSTRUMENTS)
def summary(desk: Desk) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the overview's social figures, and for each null why it is null.

    Values: posts, authors, sentiment (mean of posts with a known tone, weighted by confidence, -1..1),
    attention (instruments talked about more than usual on the last day, at most five), ideas_open and
    idea_hit_rate (null until ideas are put forward).
    """
    posts = _toned(desk)
    values: dict[str, Any] = {
        "posts": posts.height,
        "authors": posts["author_id"].n_unique(),
        "sentiment": _mean_tone(posts),
        "attention": attention(desk).filter(pl.col("z") > 0).head(SHOWN).to_dicts(),
        "ideas_open": None,
        "idea_hit_rate": None,
    }
    reasons = dict.fromkeys(("ideas_open", "idea_hit_rate"), "no idea has been put forward")
    if values["sentiment"] is None:
        reasons["sentiment"] = "no post in scope" if posts.is_empty() else "no post in scope has a known tone"
    return values, reasons


@cached(POSTS, INSTRUMENTS)
def posts(
    desk: Desk,
    *,
    limit: int | None = None,
    offset: int = 0,
    sort: str | None = None,
    tone: str | None = None,
    author: str | None = None,
) -> tuple[pl.DataFrame, int]:
    """Return one page of posts and how many there are.

    Args:
        desk: Its scope narrows dates and instruments.
        limit: Rows of the page; the scope's limit when None.
        offset: Rows to skip.
        sort: transact_time, likes, sentiment or author_id, a leading minus for largest first; newest
            first when None.
        tone: Only posts of this tone: negative, neutral or positive.
        author: Only posts of this author.

    Returns:
        post_id, transact_time, author_id, text, instrument_ids, in_reply_to, likes, sentiment (-1..1),
        confidence (0..1), tone (negative, neutral, positive); and the total.

    Raises:
        Invalid: If the sort is unknown.
    """
    order = sort or "-transact_time"
    name = order.removeprefix("-")
    if name not in SORTS:
        raise Invalid("Unknown sort.", errors=[FieldError("sort", f"must be one of {', '.join(SORTS)}")])
    size = desk.scope.limit if limit is None else limit
    found = _toned(desk).sort([name, "post_id"], descending=[order.startswith("-"), False], nulls_last=True)
    if desk.scope.post is not None:
        found = found.filter(pl.col("post_id") == desk.scope.post)
    if tone is not None:
        found = found.filter(pl.col("tone") == tone)
    if author is not None:
        found = found.filter(pl.col("author_id") == author)
    return found.slice(offset, size).select(*_COLUMNS, "sentiment", "confidence", "tone"), found.height


@cached(POSTS, INSTRUMENTS)
def tones(desk: Desk, *, author: str | None = None) -> dict[str, int]:
    """Return how many posts in scope have each tone: negative, neutral, positive."""
    found = _toned(desk)
    if author is not None:
        found = found.filter(pl.col("author_id") == author)
    counts = dict(found.group_by("tone").len().iter_rows())
    return {name: int(counts.get(name, 0)) for name in ("negative", "neutral", "positive")}


@cached(POSTS, INSTRUMENTS, PRICES)
def sentiment(desk: Desk) -> pl.DataFrame:
    """Return tone beside price by day, sorted by day.

    Columns: day, posts, sentiment (confidence-weighted mean, -1..1; null without a known tone), and
    price: the close of the one instrument in scope, else the equally weighted closes of all instruments
    in scope with 100 on the first day; null on days without a session.
    """
    toned = _toned(desk).with_columns(day=pl.col("transact_time").dt.date())
    weighted = (pl.col("sentiment") * pl.col("confidence")).sum() / pl.col("confidence").sum()
    by_day = toned.group_by("day").agg(
        posts=pl.len(), sentiment=pl.when(pl.col("confidence").sum() > 0).then(weighted)
    )
    prices = _price_line(desk)
    return (
        by_day.join(prices, on="day", how="full", coalesce=True)
        .sort("day")
        .with_columns(pl.col("posts").fill_null(0))
    )


@cached(POSTS, INSTRUMENTS)
def attention(desk: Desk) -> pl.DataFrame:
    """Return who was talked about on the last day in scope, the most unusual first.

    Columns: instrument_id, day, mentions, usual (mean of comparable days before), n (how many of those),
    z (null with fewer than five), sentiment of that day's posts.
    """
    mentions = _mentions(desk)
    rows = daily_attention(mentions.select("instrument_id", "transact_time"))
    if rows.is_empty():
        return rows.with_columns(sentiment=pl.lit(None, pl.Float64))
    last = rows.filter(pl.col("day") == pl.col("day").max())
    toned = with_tone(mentions.filter(pl.col("transact_time").dt.date() == last["day"][0]))
    tones = toned.filter(pl.col("confidence") > 0).group_by("instrument_id").agg(pl.col("sentiment").mean())
    return last.join(tones, on="instrument_id", how="left").sort(
        "z", "mentions", "instrument_id", descending=[True, True, False], nulls_last=True
    )


def _toned(desk: Desk) -> pl.DataFrame:
    return with_tone(_named(desk, desk.rows(POSTS, scoped=False)))


def _named(desk: Desk, rows: pl.LazyFrame) -> pl.DataFrame:
    """Return posts with the instruments they name, narrowed to the scope's instruments."""
    instruments = desk.collect(desk.rows(INSTRUMENTS, scoped=False).select("instrument_id", "symbol"))
    found = resolved(desk.collect(rows.select(_COLUMNS)), instruments)
    if desk.scope.instrument:
        wanted = pl.col("instrument_ids").list.set_intersection(list(desk.scope.instrument))
        found = found.filter(wanted.list.len() > 0)
    return found


def _mentions(desk: Desk) -> pl.DataFrame:
    """Return one row per instrument named, with the history the last day is compared with."""
    rows = desk.rows(POSTS, dated=False, scoped=False)
    if desk.scope.end is not None:
        end = datetime.combine(desk.scope.end + timedelta(days=1), time(), UTC)
        rows = rows.filter(pl.col("transact_time") < end)
    rows = rows.filter(pl.col("transact_time") >= pl.col("transact_time").max() - _LOOK_BACK)
    named = (
        _named(desk, rows)
        .explode("instrument_ids", empty_as_null=True)
        .rename({"instrument_ids": "instrument_id"})
    )
    found = named.filter(pl.col("instrument_id").is_not_null())
    return (
        found.filter(pl.col("instrument_id").is_in(list(desk.scope.instrument)))
        if desk.scope.instrument
        else found
    )


def _price_line(desk: Desk) -> pl.DataFrame:
    rows = (
        desk.rows(PRICES)
        .sort("adj_basis")
        .unique(["instrument_id", "date"], keep="first", maintain_order=True)
    )
    closes = desk.collect(rows.select("instrument_id", "date", pl.col("close").cast(pl.Float64)))
    if len(desk.scope.instrument) == 1:
        return closes.select(day="date", price="close")
    change = closes.sort("instrument_id", "date").with_columns(
        change=(pl.col("close") / pl.col("close").shift(1)).over("instrument_id")
    )
    daily = change.group_by(day=pl.col("date")).agg(change=pl.col("change").mean()).sort("day")
    return daily.select("day", price=100 * pl.col("change").fill_null(1.0).cum_prod())


def _mean_tone(posts: pl.DataFrame) -> float | None:
    known = posts.filter(pl.col("confidence") > 0)
    if known.is_empty():
        return None
    weighted = (pl.col("sentiment") * pl.col("confidence")).sum() / pl.col("confidence").sum()
    return float(known.select(weighted).item())
