"""Texts as hashed counts: character and word n-grams of a whole batch by array arithmetic.

A bucket is a hash of the n-gram's bytes, so nothing has to be kept of the vocabulary and a message costs
some microseconds. The hash of a span is a difference of prefix sums of ``byte * P**position`` modulo 2**64,
shifted back to position zero by the inverse powers of ``P`` (Karp and Rabin, 1987), then mixed.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

Hashes = npt.NDArray[np.uint64]
Numbers = npt.NDArray[np.int64]

BITS = 18  # buckets of each block: 2**BITS
CHARACTERS = (4, 5)  # lengths of character n-grams, over word ends too
WORDS = (1, 2, 3)  # lengths of word n-grams
_P = 0x9E3779B97F4A7C15
_INVERSE = pow(_P, -1, 1 << 64)
_SPACE = 32


@dataclass(frozen=True)
class Tokens:
    """The words of a batch, in order: number of the text, place within it, hash."""

    row: Numbers
    place: Numbers
    word: Hashes


@dataclass(frozen=True)
class Grams:
    """What a batch is made of: (text, bucket) of every n-gram, by block, and its words."""

    texts: int
    characters: tuple[Numbers, Numbers]
    words: tuple[Numbers, Numbers]
    spans: dict[int, tuple[Numbers, Hashes]]  # length in words to (text, hash)
    tokens: Tokens


def plain(texts: pl.Series) -> pl.Series:
    """Return texts in the few signs the n-grams are made of.

    Lower case; links are left out; a cashtag becomes one sign, a signed percentage one for its direction, any
    other number a zero. Letters beyond a to z are spaces. Null becomes the empty text.
    """
    return (
        texts.fill_null("")
        .str.to_lowercase()
        .str.replace_all(r"https?://\S+", " ")
        .str.replace_all(r"\$[a-z][\w.]*", " ¤ ")
        .str.replace_all(r"\+\s?\d[\d,.]*\s?%", " ^% ")
        .str.replace_all(r"-\s?\d[\d,.]*\s?%", " ~% ")
        .str.replace_all(r"\d[\d,.]*", " 0 ")
        .str.replace_all("[’‘]", "'")
        .str.replace_all(r"([!?%])", " $1 ")
        .str.replace_all(r"[^a-z0!?%^~¤'&]+", " ")
        .str.strip_chars()
    )


def grams(texts: pl.Series) -> Grams:
    """Return the n-grams of a batch."""
    padded = " " + plain(texts) + " "
    sizes = padded.str.len_bytes().to_numpy().astype(np.int64)
    signs = np.frombuffer("".join(padded.to_list()).encode(), np.uint8)
    row = np.repeat(np.arange(len(sizes)), sizes)
    prefix, back = _prefix(signs)
    parts = []
    for length in CHARACTERS:
        at = np.arange(max(0, len(signs) - length + 1))
        at = at[row[at] == row[at + length - 1]]
        parts.append((row[at], mix((prefix[at + length] - prefix[at]) * back[at] + np.uint64(length))))
    spans, tokens = _words(signs, row, prefix, back)
    return Grams(
        texts=len(sizes),
        characters=_bucketed(parts),
        words=_bucketed([(rows, mix(found)) for rows, found in spans.values()]),
        spans=spans,
        tokens=tokens,
    )


def hashed(phrases: list[str]) -> Hashes:
    """Return the hash each phrase has where it stands in a text; a phrase has one to three words."""
    found = grams(pl.Series(phrases, dtype=pl.String))
    out = np.zeros(len(phrases), np.uint64)
    for length, (rows, spans) in found.spans.items():
        if len(rows):
            counts = np.bincount(found.tokens.row, minlength=len(phrases))
            whole = counts[rows] == length
            out[rows[whole]] = spans[whole]
    return out


def _prefix(signs: npt.NDArray[np.uint8]) -> tuple[Hashes, Hashes]:
    n = len(signs)
    ahead, back = np.full(n + 1, _P, np.uint64), np.full(n + 1, _INVERSE, np.uint64)
    ahead[0] = back[0] = 1
    ahead, back = np.multiply.accumulate(ahead), np.multiply.accumulate(back)
    prefix = np.zeros(n + 1, np.uint64)
    np.cumsum((signs.astype(np.uint64) + np.uint64(1)) * ahead[:n], out=prefix[1:])
    return prefix, back


def _words(
    signs: npt.NDArray[np.uint8], row: Numbers, prefix: Hashes, back: Hashes
) -> tuple[dict[int, tuple[Numbers, Hashes]], Tokens]:
    gap = signs == _SPACE
    start = np.flatnonzero(gap[:-1] & ~gap[1:]) + 1
    end = np.flatnonzero(~gap[:-1] & gap[1:]) + 1
    word, of = mix((prefix[end] - prefix[start]) * back[start]), row[start]
    first = np.flatnonzero(np.diff(of, prepend=-1))
    place = np.arange(len(of)) - np.repeat(first, np.diff(first, append=len(of)))
    spans = {}
    for length in WORDS:
        many = max(0, len(word) - length + 1)
        found = np.full(many, 77 * length, np.uint64)
        for step in range(length):
            found = found * np.uint64(31) + word[step : many + step]
        within = of[:many] == of[length - 1 : many + length - 1]
        spans[length] = (of[:many][within], found[within])
    return spans, Tokens(of, place, word)


def _bucketed(parts: list[tuple[Numbers, Hashes]]) -> tuple[Numbers, Numbers]:
    rows = np.concatenate([rows for rows, _ in parts])
    found = np.concatenate([found for _, found in parts])
    return rows, bucket(found)


def bucket(found: Hashes, bits: int = BITS) -> Numbers:
    """Return the bucket of mixed hashes."""
    return (found & np.uint64((1 << bits) - 1)).astype(np.int64)


def mix(h: Hashes) -> Hashes:
    """Return hashes whose every bit depends on every bit given."""
    h = h ^ (h >> np.uint64(29))
    h = h * np.uint64(0xBF58476D1CE4E5B9)
    return h ^ (h >> np.uint64(32))


def mixed(*parts: Hashes | int) -> Hashes:
    """Return one hash of several, in their order."""
    out: Hashes = np.zeros(1, np.uint64)
    for part in parts:
        term = np.asarray(part, np.uint64)
        out = mix(out * np.uint64(_P) + term + np.uint64(0x632BE5AB))
    return out
