"""Posts as they stand: those of the tables, less what was hidden, in the words they have now."""

from typing import Any

import polars as pl
from sqlalchemy import select

from analytics.datasets import INSTRUMENTS, POSTS
from analytics.social.author_weight import with_author_weight
from analytics.social.instruments import resolved
from analytics.social.relevance import with_relevance
from app.desk import Desk
from app.queries._idea_rows import scored
from app.queries._tone import MODELS, with_tone
from app.storage.cache import cached
from app.storage.records.ideas import RECORDS as IDEAS
from app.storage.records.rooms import RoomPost

RECORDS = "room_posts"
OWN = "own-posts"  # what own posts say they came with
AHEAD = "FUTURE_TIME"  # flag of what was dated later than it came in
COLUMNS = ("post_id", "transact_time", "author_id", "text", "instrument_ids", "in_reply_to", "likes")


def named(desk: Desk, rows: pl.LazyFrame) -> pl.DataFrame:
    """Return posts with the instruments they name, narrowed to the scope's instruments.

    Hidden posts are left out; an edited one has its present words.

    Returns:
        ``COLUMNS``, ``own``: whether it was written here, and ``ahead``: whether it is dated later than it came in.
    """
    instruments = desk.collect(desk.rows(INSTRUMENTS, scoped=False).select("instrument_id", "symbol"))
    ahead = pl.col("dq_flags").list.contains(AHEAD).fill_null(value=False)
    found = resolved(
        _amended(desk, desk.collect(rows.select(*COLUMNS, own=pl.col("import_id") == OWN, ahead=ahead))),
        instruments,
    )
    if desk.scope.instrument:
        wanted = pl.col("instrument_ids").list.set_intersection(list(desk.scope.instrument))
        found = found.filter(wanted.list.len() > 0)
    return found


def toned(desk: Desk) -> pl.DataFrame:
    """Return the posts of ``every_toned`` but those dated ahead: one wrong date would be the last day of everything."""
    return every_toned(desk).filter(~pl.col("ahead")).drop("ahead")


@cached(POSTS, INSTRUMENTS, records=(RECORDS, MODELS, IDEAS))
def every_toned(desk: Desk) -> pl.DataFrame:
    """Return the posts of the scope's dates and instruments that the whole firm may read, with their tone.

    Returns:
        Columns of ``named`` with sentiment (-1..1), confidence (0..1), tone, and ``relevance``: for each of
        ``instrument_ids``, 0 to 1, how much the post is about it (``analytics.social.relevance``); and
        ``author_weight``, 0 to 2, what its author's words weighed then (``analytics.social.author_weight``).
    """
    return heard(desk, named(desk, desk.rows(POSTS, scoped=False)))


def heard(desk: Desk, posts: pl.DataFrame) -> pl.DataFrame:
    """Add what ``spoken`` adds, and what the author's words weighed by the record of ideas he then had.

    Args:
        desk: Its models, instruments and ideas are what speaks.
        posts: With text, instrument_ids, author_id and transact_time.

    Returns:
        Them with sentiment, confidence, tone, relevance and author_weight, as in ``toned``.
    """
    return with_author_weight(spoken(desk, posts), scored(desk))


def spoken(desk: Desk, posts: pl.DataFrame) -> pl.DataFrame:
    """Add the tone of posts and how much each is about the instruments it names.

    Args:
        desk: Its models and instruments are what speaks.
        posts: With text and instrument_ids.

    Returns:
        Them with sentiment, confidence, tone and relevance, as in ``toned``.
    """
    described = desk.rows(INSTRUMENTS, scoped=False).select("instrument_id", "symbol", "name")
    return with_relevance(with_tone(desk, posts), desk.collect(described))


def _amended(desk: Desk, posts: pl.DataFrame) -> pl.DataFrame:
    """Leave hidden posts out, put edited ones into their present words."""
    if not posts["own"].any():
        return posts
    changed = select(RoomPost.id, RoomPost.text, RoomPost.instrument_ids, RoomPost.hidden).where(
        RoomPost.hidden | (RoomPost.version > 1)
    )
    with desk.session() as session:
        rows: list[Any] = list(session.execute(changed))
    if not rows:
        return posts
    gone = [row.id for row in rows if row.hidden]
    now = pl.DataFrame(
        [(row.id, row.text, row.instrument_ids or None) for row in rows if not row.hidden],
        schema={"post_id": pl.String, "said": pl.String, "names": pl.List(pl.String)},
        orient="row",
    )
    kept = posts.filter(~pl.col("post_id").is_in(gone)).join(
        now, on="post_id", how="left", maintain_order="left"
    )
    edited = pl.col("said").is_not_null()
    return kept.with_columns(
        text=pl.when(edited).then("said").otherwise("text"),
        instrument_ids=pl.when(edited).then("names").otherwise("instrument_ids"),
    ).drop("said", "names")
