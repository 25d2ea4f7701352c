"""What is said: posts, their tone, and how much attention instruments get."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

import polars as pl

from analytics.datasets import INSTRUMENTS, POSTS, PRICES
from analytics.social.attention import daily_attention
from analytics.social.weighing import by_instrument, mean_tone, together
from app.desk import Desk
from app.queries import ideas
from app.queries._said import AHEAD, RECORDS, heard, named, toned
from app.queries._tone import MODELS
from app.queries.feed import posts, tones
from app.storage.cache import cached

__all__ = ["attention", "posts", "sentiment", "summary", "tones"]
SHOWN = 5  # instruments of the overview's attention list
_LOOK_BACK = timedelta(days=60)  # enough for twenty comparable days, weekends included


@cached(POSTS, *ideas.READS, records=(RECORDS, MODELS, ideas.RECORDS))
def summary(desk: Desk) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the overview's social figures, and for each null why it is null.

    Values: posts, authors, sentiment (mean weighted as in ``sentiment``, over the scope, -1..1),
    attention (instruments talked about more than usual on the last day, at most five), ideas_open and
    idea_hit_rate (share of the ended ones with a profit after costs; both null until ideas are put forward).
    """
    posts = toned(desk)
    told, why = ideas.figures(desk)
    values: dict[str, Any] = {
        "posts": posts.height,
        "authors": posts["author_id"].n_unique(),
        "sentiment": together(posts, desk.scope.instrument).select(mean_tone()).item(),
        "attention": attention(desk).filter(pl.col("z") > 0).head(SHOWN).to_dicts(),
        "ideas_open": told["ideas_open"] if told["ideas"] else None,
        "idea_hit_rate": told["idea_hit_rate"],
    }
    reasons = {name: text for name, text in why.items() if name in values}
    if values["sentiment"] is None:
        reasons["sentiment"] = (
            "no post in scope"
            if posts.is_empty()
            else "no post in scope that names an instrument has a known tone"
        )
    return values, reasons


@cached(POSTS, INSTRUMENTS, PRICES, records=(RECORDS, MODELS, ideas.RECORDS))
def sentiment(desk: Desk) -> pl.DataFrame:
    """Return tone beside price by day, sorted by day.

    Columns: day, posts, relevance (mean of the posts: how much they are about the instruments in scope together, about
    any where none is chosen, 0..1; see ``analytics.social.weighing.together``), sentiment (mean by confidence times
    relevance times what the author's words weigh, -1..1; null without a known tone), and price: the close of the one instrument in scope, else the equally
    weighted closes of all instruments in scope with 100 on the first day; null on days without a session.
    """
    told = together(toned(desk), desk.scope.instrument).with_columns(day=pl.col("transact_time").dt.date())
    by_day = told.group_by("day").agg(
        posts=pl.len(), relevance=pl.col("relevance").mean(), sentiment=mean_tone()
    )
    prices = _price_line(desk)
    return (
        by_day.join(prices, on="day", how="full", coalesce=True)
        .sort("day")
        .with_columns(pl.col("posts").fill_null(0))
    )


@cached(POSTS, INSTRUMENTS, records=(RECORDS, MODELS, ideas.RECORDS))
def attention(desk: Desk) -> pl.DataFrame:
    """Return who was talked about on the last day in scope, the most unusual first.

    Mentions are counted, not weighed: what is unusual is judged by how counts spread (``daily_attention``), and sums of
    weights spread otherwise. How much the day's posts are about the instrument stands beside the count.

    Columns: instrument_id, day, mentions, usual (mean of comparable days before), n (how many of those),
    z (null with fewer than five), and of that day's posts relevance (mean, 0..1; null without any) and sentiment (mean
    by confidence times relevance, -1..1; null without a known tone).
    """
    talked = _talked(desk)
    mentions = talked.select("transact_time", instrument_id="instrument_ids").explode(
        "instrument_id", empty_as_null=True
    )
    if desk.scope.instrument:
        mentions = mentions.filter(pl.col("instrument_id").is_in(list(desk.scope.instrument)))
    rows = daily_attention(mentions.drop_nulls("instrument_id"))
    start = desk.scope.start
    if rows.is_empty() or (start is not None and rows["day"].max() < start):  # type: ignore[operator]
        rows = rows.clear()
        return rows.with_columns(pl.lit(None, pl.Float64).alias(name) for name in ("relevance", "sentiment"))
    last = rows.filter(pl.col("day") == pl.col("day").max())
    told = by_instrument(heard(desk, talked.filter(pl.col("transact_time").dt.date() == last["day"][0])))
    by_name = told.group_by("instrument_id").agg(pl.col("relevance").mean(), sentiment=mean_tone())
    return last.join(by_name, on="instrument_id", how="left").sort(
        "z", "mentions", "instrument_id", descending=[True, True, False], nulls_last=True
    )


def _talked(desk: Desk) -> pl.DataFrame:
    """Return the posts of the scope's last day with those of the days it is compared with."""
    rows = desk.rows(POSTS, dated=False, scoped=False)
    if desk.scope.end is not None:
        end = datetime.combine(desk.scope.end + timedelta(days=1), time(), UTC)
        rows = rows.filter(pl.col("transact_time") < end)
    rows = rows.filter(~pl.col("dq_flags").list.contains(AHEAD).fill_null(value=False))
    rows = rows.filter(pl.col("transact_time") >= pl.col("transact_time").max() - _LOOK_BACK)
    return named(desk, rows)


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
