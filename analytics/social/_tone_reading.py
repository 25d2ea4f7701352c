"""A batch of texts as the tone model reads it: sparse counts, shape, lexicon, classes."""

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from analytics.social import _grams, _word_classes
from analytics.social._grams import Grams, Hashes, grams, hashed
from analytics.social.lexicon import PHRASES, WORDS

Floats = npt.NDArray[np.float64]
BLOCKS = (_grams.BITS, _grams.BITS, _word_classes.BITS)  # characters, words, classes of words
_WEIGHTS = (1.0, 1.0, 0.8)  # length of a text in each block
_LEAST = 2  # texts a bucket must stand in
_LEVELS = 9  # a shape counts from 0 to 8


@dataclass(frozen=True)
class Batch:
    """A batch as the model sees it; all parts have one row per text."""

    blocks: tuple[Any, Any, Any]  # sparse counts
    shapes: Any  # sparse, one column per shape and level
    lexicon: Floats  # good weight, bad weight, words known: each squashed to 0..1
    dense: Floats  # what the trees see beside the margins

    def part(self, rows: npt.NDArray[np.int64]) -> "Batch":
        """Return the batch of these rows."""
        first, second, third = (block[rows] for block in self.blocks)
        return Batch((first, second, third), self.shapes[rows], self.lexicon[rows], self.dense[rows])


def read_batch(texts: pl.Series) -> Batch:
    """Return what the model reads of these texts."""
    found = grams(texts)
    pairs, counts = _word_classes.features(texts, found)
    shape, lexicon = _shape(texts), _lexicon(found)
    blocks = (
        counted(found.characters, len(texts), BLOCKS[0]),
        counted(found.words, len(texts), BLOCKS[1]),
        counted(pairs, len(texts), BLOCKS[2], log=False),
    )
    return Batch(blocks, _levels(shape), lexicon, np.column_stack([lexicon, shape, counts]))


def counted(found: tuple[Any, Any], texts: int, bits: int, *, log: bool = True) -> Any:
    """Return a sparse matrix of texts by buckets: 1 + log of the count, or 1 where one stands at all."""
    from scipy.sparse import csr_matrix

    rows, buckets = found
    matrix = csr_matrix((np.ones(len(rows)), (rows, buckets)), shape=(texts, 1 << bits))
    matrix.sum_duplicates()
    matrix.data = 1 + np.log(matrix.data) if log else np.ones_like(matrix.data)
    return matrix


def inverse_frequency(block: Any) -> Floats:
    """Return log((1 + texts) / (1 + texts with it)) + 1 per bucket, 0 where fewer than two have it."""
    texts = block.shape[0]
    stands = np.bincount(block.indices, minlength=block.shape[1])
    return np.where(stands >= _LEAST, np.log((1 + texts) / (1 + stands)) + 1, 0.0)


def scaled_by(blocks: Any, idf: Any) -> list[Any]:
    """Return blocks times ``idf``, each text scaled to its block's length."""
    out = []
    for block, weight, length in zip(blocks, idf, _WEIGHTS, strict=False):
        scaled = block.copy()
        scaled.data = scaled.data * weight[scaled.indices]
        row = np.repeat(np.arange(block.shape[0]), np.diff(block.indptr))
        size = np.sqrt(np.bincount(row, weights=scaled.data**2, minlength=block.shape[0]))
        scaled.data *= (length / np.where(size > 0, size, 1.0))[row]
        out.append(scaled)
    return out


def _lexicon(found: Grams) -> Floats:
    """Return good and bad weight of the lexicon's words and phrases, and how many stand there: squashed."""
    out = np.zeros((found.texts, 3))
    for length, (known, weight) in _weights().items():
        rows, spans = found.spans[length]
        at = np.minimum(np.searchsorted(known, spans), len(known) - 1)
        has = known[at] == spans
        value, rows = weight[at][has], rows[has]
        for column, part in enumerate((np.maximum(value, 0), np.maximum(-value, 0), np.ones(len(value)))):
            out[:, column] += np.bincount(rows, weights=part, minlength=found.texts)
    squashed: Floats = np.tanh(out / 4)
    return squashed


@cache
def _weights() -> dict[int, tuple[Hashes, Floats]]:
    """Return, by length in words, the sorted hashes of the lexicon's entries and their weights."""
    entries = WORDS | PHRASES
    said = _grams.plain(pl.Series(list(entries))).to_list()
    out = {}
    for length in _grams.WORDS:
        chosen = [
            (text, w) for text, w in zip(said, entries.values(), strict=True) if len(text.split()) == length
        ]
        hashes = hashed([text for text, _ in chosen])
        order = np.argsort(hashes, kind="stable")
        out[length] = hashes[order], np.array([w for _, w in chosen])[order]
    return out


def _shape(texts: pl.Series) -> Floats:
    """Return what a text looks like, one column each, counts cut off at eight."""
    text = pl.col("text")
    columns = {
        "link": text.str.contains("http", literal=True),
        "cashtags": text.str.count_matches(r"\$[A-Za-z]").clip(0, 4),
        "starts with one": text.str.starts_with("$"),
        "length": (text.str.len_chars() // 30).clip(0, 8),
        "capitalised": text.str.count_matches(r"\b[A-Z][a-z]")
        * 5
        // (1 + text.str.count_matches(" ", literal=True)),
        "shouted": text.str.count_matches(r"\b[A-Z]{3,}\b").clip(0, 4),
        "asks": text.str.contains("?", literal=True),
        "colon": text.str.contains(": ", literal=True),
        "dash": text.str.contains(" - ", literal=True),
        "cut short": text.str.contains("...", literal=True) | text.str.contains("…", literal=True),
        "figures": text.str.count_matches(r"\d+").clip(0, 5),
        "percents": text.str.count_matches("%", literal=True).clip(0, 3),
        "money": text.str.contains(r"\$\d"),
        "hashtags": text.str.count_matches("#", literal=True).clip(0, 3),
        "handle": text.str.contains("@", literal=True),
        "two sentences": text.str.contains(". ", literal=True),
        "ends": text.str.ends_with(".") | text.str.ends_with("!"),
    }
    frame = pl.DataFrame({"text": texts.fill_null("")})
    cells = frame.select(
        **{name: cell.cast(pl.Float64).clip(0, _LEVELS - 1) for name, cell in columns.items()}
    )
    return cells.to_numpy()


def _levels(shape: Floats) -> Any:
    """Return one column per shape and level."""
    from scipy.sparse import csr_matrix

    texts, shapes = shape.shape
    columns = shape.astype(np.int64) + np.arange(shapes) * _LEVELS
    rows = np.repeat(np.arange(texts), shapes)
    return csr_matrix((np.ones(texts * shapes), (rows, columns.ravel())), shape=(texts, shapes * _LEVELS))
