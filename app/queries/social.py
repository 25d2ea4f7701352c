"""What is said: posts, their tone, and how much attention instruments get."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

import polars as pl

from analytics.datasets import INSTRUMENTS, POSTS, PRICES
from analytics.social.attention import daily_attention
from app.desk import Desk
from app.queries import ideas
from app.queries._said import RECORDS, named, toned
from app.queries._tone import MODELS, with_tone
from app.queries.feed import posts, tones
from app.storage.cache import cached

__all__ = ["attention", "posts", "sentiment", "summary", "tones"]
SHOWN = 5  # instruments of the overview's attention list
_LOOK_BACK = timedelta(days=60)  # enough for twenty comparable days, weekends included


@cached(POSTS, *ideas.READS, records=(RECORDS, MODELS, ideas.RECORDS))
def summary(desk: Desk) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the overview's social figures, and for each null why it is null.

    Values: posts, authors, sentiment (mean of posts with a known tone, weighted by confidence, -1..1),
    attention (instruments talked about more than usual on the last day, at most five), ideas_open and
    idea_hit_rate (share of the ended ones with a profit after costs; both null until ideas are put forward).
    """
    posts = toned(desk)
    told, why = ideas.figures(desk)
    values: dict[str, Any] = {
        "posts": posts.height,
        "authors": posts["author_id"].n_unique(),
        "sentiment": _mean_tone(posts),
        "attention": attention(desk).filter(pl.col("z") > 0).head(SHOWN).to_dicts(),
        "ideas_open": told["ideas_open"] if told["ideas"] else None,
        "idea_hit_rate": told["idea_hit_rate"],
    }
    reasons = {name: text for name, text in why.items() if name in values}
    if values["sentiment"] is None:
        reasons["sentiment"] = "no post in scope" if posts.is_empty() else "no post in scope has a known tone"
    return values, reasons


@cached(POSTS, INSTRUMENTS, PRICES, records=(RECORDS, MODELS))
def sentiment(desk: Desk) -> pl.DataFrame:
    """Return tone beside price by day, sorted by day.

    Columns: day, posts, sentiment (confidence-weighted mean, -1..1; null without a known tone), and
    price: the close of the one instrument in scope, else the equally weighted closes of all instruments
    in scope with 100 on the first day; null on days without a session.
    """
    told = toned(desk).with_columns(day=pl.col("transact_time").dt.date())
    weighted = (pl.col("sentiment") * pl.col("confidence")).sum() / pl.col("confidence").sum()
    by_day = told.group_by("day").agg(
        posts=pl.len(), sentiment=pl.when(pl.col("confidence").sum() > 0).then(weighted)
    )
    prices = _price_line(desk)
    return (
        by_day.join(prices, on="day", how="full", coalesce=True)
        .sort("day")
        .with_columns(pl.col("posts").fill_null(0))
    )


@cached(POSTS, INSTRUMENTS, records=(RECORDS, MODELS))
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
    spoken = with_tone(desk, mentions.filter(pl.col("transact_time").dt.date() == last["day"][0]))
    by_name = (
        spoken.filter(pl.col("confidence") > 0).group_by("instrument_id").agg(pl.col("sentiment").mean())
    )
    return last.join(by_name, on="instrument_id", how="left").sort(
        "z", "mentions", "instrument_id", descending=[True, True, False], nulls_last=True
    )


def _mentions(desk: Desk) -> pl.DataFrame:
    """Return one row per instrument named, with the history the last day is compared with."""
    rows = desk.rows(POSTS, dated=False, scoped=False)
    if desk.scope.end is not None:
        end = datetime.combine(desk.scope.end + timedelta(days=1), time(), UTC)
        rows = rows.filter(pl.col("transact_time") < end)
    rows = rows.filter(pl.col("transact_time") >= pl.col("transact_time").max() - _LOOK_BACK)
    talked = (
        named(desk, rows)
        .explode("instrument_ids", empty_as_null=True)
        .rename({"instrument_ids": "instrument_id"})
    )
    found = talked.filter(pl.col("instrument_id").is_not_null())
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
