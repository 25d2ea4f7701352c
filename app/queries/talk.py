"""Talk against price: whether it leads, who is talked about how, on which days talk burst."""

from datetime import timedelta
from typing import Any

import polars as pl

from analytics.datasets import INSTRUMENTS, POSTS, PRICES
from analytics.social.attention import daily_attention
from analytics.social.lead_lag import LAGS, LEAST_DAYS, lead_lag, sessions_of, tone_by_session
from analytics.social.weighing import by_instrument as named_in
from analytics.social.weighing import mean_tone
from app.desk import Desk
from app.queries._said import RECORDS, toned
from app.queries._tone import MODELS
from app.storage.cache import cached
from app.storage.records.ideas import RECORDS as IDEAS

BURST = 3.0  # z-score of a day from which talk burst
_BEFORE = timedelta(days=45)  # prices before the first post, so that its returns are known


@cached(POSTS, INSTRUMENTS, PRICES, records=(RECORDS, MODELS, IDEAS))
def leads(desk: Desk) -> dict[str, Any]:
    """Return whether the tone of talk goes with the return before, on or after its session.

    Returns:
        rows (lag in sessions, above zero talk came first; value: correlation -1..1; low, high: 95 % for all lags at
        once; n pairs, days), finding (leads, follows, with, none), instruments (how many), and reason: why there is
        no figure, null where there is one.
    """
    told, closes = _told(desk), _closes(desk)
    rows = lead_lag(tone_by_session(told), closes)
    reason = None
    if rows["value"].null_count() == rows.height:
        days = max(rows["days"].to_list(), default=0)
        reason = f"only {days} sessions with talk and prices; {LEAST_DAYS} are needed"
    clear = rows.filter((pl.col("low") > 0) | (pl.col("high") < 0))["lag"].to_list()
    finding = "none"
    if any(lag > 0 for lag in clear):
        finding = "leads"
    elif 0 in clear:
        finding = "with"
    elif clear:
        finding = "follows"
    return {
        "rows": rows.to_dicts(), "finding": finding, "clear": clear, "lags": len(LAGS), "reason": reason,
        "instruments": told["instrument_id"].n_unique(),
    }  # fmt: skip


@cached(POSTS, INSTRUMENTS, PRICES, records=(RECORDS, MODELS, IDEAS))
def by_instrument(desk: Desk) -> pl.DataFrame:
    """Return how each instrument is talked about in the scope, the most talked about first.

    Columns: instrument_id, posts, authors, relevance (mean of its posts, 0..1: how much they are about it),
    sentiment (mean weighted by confidence times relevance, -1..1; null without a known tone), low, high (95 % from the
    spread of posts; null with fewer than five of known tone), known (those), change (close to close over the sessions of the scope, a fraction; null without two prices).
    """
    told = _told(desk)
    weight, mean = pl.col("weight"), mean_tone()
    spread = ((pl.col("sentiment") - mean) * weight).pow(2).sum().sqrt() / weight.sum()
    found = told.group_by("instrument_id").agg(
        posts=pl.len(), authors=pl.col("author_id").n_unique(), relevance=pl.col("relevance").mean(),
        known=(weight > 0).sum(),
        sentiment=mean, error=pl.when((weight > 0).sum() >= 5).then(spread),
    )  # fmt: skip
    # The scope's own sessions: what lies before them is for returns only.
    closes = desk.collect(_prices(desk.rows(PRICES))).sort("instrument_id", "date")
    change = closes.group_by("instrument_id").agg(
        change=pl.when(pl.len() > 1).then(pl.col("close").last() / pl.col("close").first() - 1)
    )
    rows = found.join(change, on="instrument_id", how="left").with_columns(
        low=(pl.col("sentiment") - 1.96 * pl.col("error")).clip(-1, 1),
        high=(pl.col("sentiment") + 1.96 * pl.col("error")).clip(-1, 1),
    )
    names = [
        "instrument_id", "posts", "authors", "relevance", "sentiment", "low", "high", "known", "change",
    ]  # fmt: skip
    return rows.select(names).sort("posts", "instrument_id", descending=[True, False])


@cached(POSTS, INSTRUMENTS, PRICES, records=(RECORDS, MODELS, IDEAS))
def bursts(desk: Desk) -> pl.DataFrame:
    """Return the days on which an instrument was talked about far more than on comparable days, newest first.

    Columns: instrument_id, day (UTC), mentions, usual, z (at least ``BURST``), authors, sentiment (of that day's
    posts, weighted as in ``by_instrument``; null without a known tone), before, same, after (returns of the session
    before the one the posts belong to, of that session, and of the next; fractions, null where there is no price).
    """
    told = _told(desk)
    days = daily_attention(told.select("instrument_id", "transact_time")).filter(pl.col("z") >= BURST)
    about = told.with_columns(day=pl.col("transact_time").dt.date()).group_by("instrument_id", "day").agg(
        authors=pl.col("author_id").n_unique(), session=pl.col("session").min(),
        sentiment=mean_tone(),
    )  # fmt: skip
    move = (pl.col("close") / pl.col("close").shift(1) - 1).over("instrument_id")
    moves = (
        _closes(desk)
        .sort("instrument_id", "date")
        .with_columns(same=move)
        .with_columns(
            before=pl.col("same").shift(1).over("instrument_id"),
            after=pl.col("same").shift(-1).over("instrument_id"),
        )
        .select("instrument_id", "before", "same", "after", session="date")
    )
    rows = days.join(about, on=["instrument_id", "day"], how="left").join(
        moves, on=["instrument_id", "session"], how="left"
    )
    names = [
        "instrument_id",
        "day",
        "mentions",
        "usual",
        "z",
        "authors",
        "sentiment",
        "before",
        "same",
        "after",
    ]
    return rows.select(names).sort("day", "z", descending=True)


# --- steps -------------------------------------------------------------------------------------------
def _told(desk: Desk) -> pl.DataFrame:
    """Return the posts of the scope, a row per instrument named, with the session they belong to."""
    rows = named_in(toned(desk))
    if desk.scope.instrument:
        rows = rows.filter(pl.col("instrument_id").is_in(list(desk.scope.instrument)))
    return sessions_of(rows, _closes(desk))


def _closes(desk: Desk) -> pl.DataFrame:
    """Return closes of the scope's instruments from some weeks before its first day on."""
    start = desk.scope.start
    wide = desk.with_scope(start=start - _BEFORE if start is not None else None, end=None)
    return desk.collect(_prices(wide.rows(PRICES)))


def _prices(rows: pl.LazyFrame) -> pl.LazyFrame:
    """Return one close per instrument and day: adjusted for splits where there is such a price."""
    rank = pl.col("adj_basis").replace_strict(
        {"split": 0, "split_div": 1, "raw": 2}, default=3, return_dtype=pl.Int8
    )
    one = (
        rows.with_columns(rank=rank)
        .sort("rank")
        .unique(["instrument_id", "date"], keep="first", maintain_order=True)
    )
    return one.select("instrument_id", "date", pl.col("close").cast(pl.Float64))
