"""Authors who say nearly the same about the same instrument within minutes, against what chance would bring."""

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from rapidfuzz import fuzz, process
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

WINDOW_S = 600  # seconds between two posts of a pair, at most
ALIKE = 85.0  # of 100: token-sorted likeness of two texts without symbols, links, numbers
LEAST_WORDS = 3  # shorter texts are alike by chance
DRAWS = 20
CLAIM = 0.05  # of the pairs of authors called unusual, at most this share may be chance
_CROWD = 200  # posts on one instrument in one window that are compared with one another
_DAY_US = 86_400_000_000
_NOISE = re.compile(r"https?://\S+|[@$#]\w+[\w.]*|&\w+;|[^\w\s]|\d+")
PAIRS: dict[str, Any] = {
    "a": pl.String,
    "b": pl.String,
    "instrument_id": pl.String,
    "post_a": pl.String,
    "post_b": pl.String,
}
LINKS: dict[str, Any] = {
    "a": pl.String, "b": pl.String, "pairs": pl.Int64, "crowd": pl.Int64, "q": pl.Float64, "unusual": pl.Boolean,
}  # fmt: skip
GROUPS: dict[str, Any] = {
    "instrument_id": pl.String, "start": pl.Datetime("us", "UTC"), "end": pl.Datetime("us", "UTC"), "posts": pl.Int64,
    "authors": pl.List(pl.String), "text": pl.String, "post_ids": pl.List(pl.String), "expected": pl.Float64,
}  # fmt: skip


@dataclass(frozen=True)
class Coordination:
    """What was found, and what chance would bring."""

    links: pl.DataFrame  # ``LINKS``: pairs of authors, the strongest first
    groups: pl.DataFrame  # ``GROUPS``: posts tied by pairs, of three authors or more, newest first
    pairs: int  # pairs of posts found
    expected: float  # pairs of posts when every author's days are shuffled, mean of the draws
    highest: int  # most pairs in one draw
    draws: int
    posts: int  # looked at
    authors: int


def bare(text: str) -> str:
    """Return a text without symbols, links, numbers and signs, its words in small letters and in order."""
    return " ".join(sorted(_NOISE.sub(" ", text.lower()).split()))


def coordination(posts: pl.DataFrame, *, draws: int = DRAWS, seed: int = 0) -> Coordination:
    """Find authors who post nearly the same at nearly the same time.

    Two posts of two authors are a pair when they name one instrument, lie within ten minutes and their texts are
    alike. Chance is what is left when each author keeps his posts and hours and his days are moved round the
    period by a random number of them: words that everybody uses, busy hours and prolific authors stay as they are.

    Args:
        posts: post_id, author_id, transact_time, text, instrument_id; one row per instrument named.
        draws: How often days are moved.
        seed: Of the draws: the same posts give the same answer.
    """
    told = _prepared(posts)
    found = _pairs(told, told["at"].to_numpy())
    rng = np.random.default_rng(seed)
    chance = [_grouped(_pairs(told, _moved(told, rng))) for _ in range(draws if told.height else 0)]
    counts = [drawn.height for drawn in chance]
    grouped = _grouped(found)
    links = _links(_counted(grouped), [_counted(drawn) for drawn in chance])
    return Coordination(
        links, _groups(grouped, told, chance), found.height, float(np.mean(counts)) if counts else 0.0,
        max(counts, default=0), draws, posts["post_id"].n_unique(), posts["author_id"].n_unique(),
    )  # fmt: skip


def _prepared(posts: pl.DataFrame) -> pl.DataFrame:
    texts = posts["text"].unique().drop_nulls()
    words = pl.DataFrame({"text": texts, "bare": pl.Series([bare(text) for text in texts], dtype=pl.String)})
    told = posts.join(words, on="text").filter(pl.col("bare").str.count_matches(" ") >= LEAST_WORDS - 1)
    return told.with_columns(at=pl.col("transact_time").dt.epoch("us")).sort("at", "post_id", "instrument_id")


def _pairs(told: pl.DataFrame, at: np.ndarray) -> pl.DataFrame:
    """Return pairs of posts when they were written at ``at`` (microseconds)."""
    width = WINDOW_S * 1_000_000
    rows = told.select(
        "post_id", "author_id", "instrument_id", "bare", at=pl.Series(at, dtype=pl.Int64)
    ).with_columns(part=pl.col("at") // width)
    rows = rows.sort("at", "post_id").filter(pl.int_range(pl.len()).over("instrument_id", "part") < _CROWD)
    keys = ["instrument_id", "part"]
    near = [
        rows.join(rows.with_columns(part=pl.col("part") - step), on=keys, suffix="_b").filter(
            pl.col("author_id") != pl.col("author_id_b"),
            (pl.col("at_b") - pl.col("at")).abs() <= width,
            pl.col("post_id") < pl.col("post_id_b") if step == 0 else pl.lit(value=True),
        )
        for step in (0, 1)
    ]
    both = pl.concat(near)
    if both.is_empty():
        return pl.DataFrame(schema=PAIRS)
    like = process.cpdist(
        both["bare"].to_list(), both["bare_b"].to_list(), scorer=fuzz.ratio, score_cutoff=ALIKE
    )
    kept = both.filter(pl.Series(like) >= ALIKE)
    turned = pl.col("author_id") > pl.col("author_id_b")
    return kept.select(
        a=pl.when(turned).then("author_id_b").otherwise("author_id"),
        b=pl.when(turned).then("author_id").otherwise("author_id_b"),
        instrument_id="instrument_id", post_a="post_id", post_b="post_id_b",
    )  # fmt: skip


def _moved(told: pl.DataFrame, rng: np.random.Generator) -> np.ndarray:
    """Return times with each author's days moved round the period by a number of his own."""
    at = told["at"].to_numpy()
    first = at.min() // _DAY_US
    span = int(at.max() // _DAY_US - first) + 1
    authors = told["author_id"].rank("dense").to_numpy() - 1
    shift = rng.integers(0, span, int(authors.max()) + 1)[authors]
    day = (at // _DAY_US - first + shift) % span
    moved: np.ndarray = (first + day) * _DAY_US + at % _DAY_US
    return moved


def _grouped(pairs: pl.DataFrame) -> pl.DataFrame:
    """Add to pairs of posts which group they hang together in (``group``), and how many authors it has (``crowd``)."""
    if pairs.is_empty():
        return pairs.with_columns(group=pl.lit(None, pl.Int64), crowd=pl.lit(None, pl.Int64))
    place = pl.DataFrame(
        {"post": pl.concat([pairs["post_a"], pairs["post_b"]]).unique().sort()}
    ).with_row_index("node")
    tied = pairs.join(place.rename({"post": "post_a", "node": "i"}), on="post_a", maintain_order="left").join(
        place.rename({"post": "post_b", "node": "j"}), on="post_b", maintain_order="left"
    )
    ends = (tied["i"].to_numpy().astype(np.int64), tied["j"].to_numpy().astype(np.int64))
    links = coo_array((np.ones(tied.height), ends), shape=(place.height, place.height))
    label = connected_components(links, directed=False)[1][ends[0]]
    rows = tied.drop("i", "j").with_columns(group=pl.Series(label, dtype=pl.Int64))
    crowd = (
        pl.concat([rows.select("group", who="a"), rows.select("group", who="b")])
        .group_by("group")
        .agg(crowd=pl.col("who").n_unique().cast(pl.Int64))
    )
    return rows.join(crowd, on="group", how="left", maintain_order="left")


def _counted(pairs: pl.DataFrame) -> pl.DataFrame:
    """Return each pair of authors with its pairs of posts and the largest crowd it was part of."""
    # A pair of posts that names two instruments is one pair.
    once = pairs.unique(["a", "b", "post_a", "post_b"])
    return once.group_by("a", "b").agg(pairs=pl.len().cast(pl.Int64), crowd=pl.col("crowd").max())


def _links(found: pl.DataFrame, by_chance: list[pl.DataFrame]) -> pl.DataFrame:
    """Return the pairs of authors with ``q``: links as strong that chance brings, of those found as strong.

    A link is the stronger the more often two post together, and the more others post together with them.
    """
    if found.is_empty():
        return pl.DataFrame(schema=LINKS)
    strength = pl.col("pairs") + pl.col("crowd") - 2
    rows = found.with_columns(strength=strength)
    drawn = pl.concat(by_chance).select(strength).to_series().to_numpy() if by_chance else np.zeros(0)
    held = rows["strength"].to_numpy()
    levels = np.unique(held)
    # One more than was drawn: twenty draws without any do not say that there never is one.
    chance = np.array([((drawn >= k).sum() + 1) / max(len(by_chance), 1) for k in levels])
    q = np.minimum.accumulate(np.minimum(chance / np.array([(held >= k).sum() for k in levels]), 1.0))
    key = pl.DataFrame({"strength": levels, "q": q, "unusual": q <= CLAIM})
    return (
        rows.join(key, on="strength")
        .sort("strength", "a", "b", descending=[True, False, False])
        .select(list(LINKS))
    )


def _groups(pairs: pl.DataFrame, told: pl.DataFrame, chance: list[pl.DataFrame]) -> pl.DataFrame:
    """Return posts that hang together, where three authors or more wrote them, with how many such chance brings."""
    wide = pairs.filter(pl.col("crowd") >= 3)
    if wide.is_empty():
        return pl.DataFrame(schema=GROUPS)
    of = pl.concat([wide.select("group", post_id="post_a"), wide.select("group", post_id="post_b")]).unique()
    rows = told.unique("post_id", maintain_order=True).join(of, on="post_id").sort("at", "post_id")
    found = rows.group_by("group").agg(
        instrument_id=pl.col("instrument_id").mode().sort().first(), start=pl.col("transact_time").min(),
        end=pl.col("transact_time").max(), posts=pl.len().cast(pl.Int64), authors=pl.col("author_id").unique().sort(),
        text=pl.col("text").first(), post_ids=pl.col("post_id"),
    )  # fmt: skip
    crowds = [drawn.unique("group")["crowd"].drop_nulls().to_numpy() for drawn in chance]
    drawn = np.concatenate(crowds) if crowds else np.zeros(0)
    sizes = found["authors"].list.len()
    expected = [float((drawn >= size).sum()) / max(len(chance), 1) for size in sizes]
    return (
        found.with_columns(expected=pl.Series(expected, dtype=pl.Float64))
        .select(list(GROUPS))
        .sort("start", "instrument_id", descending=[True, False])
    )
