"""What posts say of instruments together: the one way in which their tones are weighed, on pages, by REST and in insights.

A post weighs by how sure its tone is, by how much it is about the instrument, and by its author's record of ideas as it
was known when he spoke (``analytics.social.author_weight``); where the instrument is one of a long
list, it is mentioned and nothing is said of it. Mentions stay counts: what is unusual is judged by how counts spread, and a
post that is half about an instrument is no half of an event.
"""

from collections.abc import Collection

import polars as pl

from analytics.social.author_weight import UNKNOWN

ABOUT = (
    1 / 3
)  # least relevance with which a tone is one on the instrument; below it the instrument is one of many
_ROW = "_row"


def by_instrument(posts: pl.DataFrame) -> pl.DataFrame:
    """Return a row for each post and instrument it names; posts that name none are left out.

    Args:
        posts: instrument_ids, relevance (for each of them, 0..1), confidence (0..1; null or 0 without a known tone),
            and author_weight (0..2; 1 for all where there is no such column).

    Returns:
        The other columns with ``instrument_id``, its ``relevance``, and ``weight`` (0..2) = confidence x relevance x
        author_weight: 0 with a relevance below ``ABOUT`` and without a known tone, never null.
    """
    rows = posts.explode("instrument_ids", "relevance", empty_as_null=True).rename(
        {"instrument_ids": "instrument_id"}
    )
    return _weighed(rows.filter(pl.col("instrument_id").is_not_null()))


def together(posts: pl.DataFrame, instruments: Collection[str] = ()) -> pl.DataFrame:
    """Return the posts with one ``relevance``: to the chosen instruments together, or to any where none is chosen.

    It is the root of the sum of squares of the relevance to each, so that a post is as much about a set as about its one
    instrument, wholly where it names all of the set and nothing else, and never counts more often for naming more.

    Args:
        posts: As for ``by_instrument``.
        instruments: The set; all that are named when empty.

    Returns:
        The posts in their order, instrument_ids kept, with ``relevance`` (0..1; 0 for those that name none of the set)
        and ``weight``, as ``by_instrument``.
    """
    rows = posts.with_row_index(_ROW)
    named = rows.select(_ROW, "instrument_ids", "relevance").explode(
        "instrument_ids", "relevance", empty_as_null=True
    )
    if instruments:
        named = named.filter(pl.col("instrument_ids").is_in(list(instruments)))
    sums = named.group_by(_ROW).agg(relevance=pl.col("relevance").pow(2).sum().sqrt().clip(0.0, 1.0))
    one = rows.drop("relevance").join(sums, on=_ROW, how="left", maintain_order="left")
    return _weighed(one.with_columns(pl.col("relevance").fill_null(0.0))).drop(_ROW)


def mean_tone() -> pl.Expr:
    """Return the mean of ``sentiment`` (-1..1) by ``weight``: an aggregate, null where no post has any weight."""
    weight = pl.col("weight")
    return pl.when(weight.sum() > 0).then((pl.col("sentiment").fill_null(0.0) * weight).sum() / weight.sum())


def stances(posts: pl.DataFrame) -> pl.DataFrame:
    """Return the rows of ``by_instrument`` that take a side: with weight, and a tone that is not neutral.

    Returns:
        Its columns and ``side``: 1 for, -1 against (Int64).
    """
    side = pl.col("sentiment").sign().cast(pl.Int64)
    return by_instrument(posts).with_columns(side=side).filter(pl.col("weight") > 0, pl.col("side") != 0)


def _weighed(rows: pl.DataFrame) -> pl.DataFrame:
    about = pl.col("relevance").fill_null(0.0)
    weight = pl.col("confidence").fill_null(0.0) * about
    if "author_weight" in rows.columns:
        weight = weight * pl.col("author_weight").fill_null(UNKNOWN)
    return rows.with_columns(weight=pl.when(about >= ABOUT).then(weight).otherwise(0.0))
