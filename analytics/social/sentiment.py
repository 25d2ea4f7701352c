"""Tone of a text by the lexicon: the baseline that any later model has to beat."""

import re
from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import polars as pl

from analytics.social.lexicon import EMOJI, NEGATIONS, PHRASES, STRONGER, WORDS

if TYPE_CHECKING:
    from analytics.social.tone_model import ToneModel

_WORD = re.compile(r"[a-z][a-z'’-]*|[0-9]+(?=[ -]?week)|[!?]+|\S", re.UNICODE)
_NOISE = re.compile(r"https?://\S+|[@$#]\w+[\w.]*|&\w+;")
_SIGNED = re.compile(r"(?<![\w.])([+-])\s?\d+(?:\.\d+)?\s?%")
_LONGEST = max(len(phrase.split()) for phrase in PHRASES)
_REACH = 3  # words a negation or an intensifier looks back
_NORMAL = 12.0  # of the squashing s / sqrt(s² + n): three plain words give about 0.8
NEUTRAL = 0.15  # scores nearer to zero are called neutral


@dataclass(frozen=True)
class Tone:
    """Tone of one text."""

    score: float  # -1 (bad) .. 1 (good)
    confidence: float  # 0 (no word known) .. 1
    label: str  # negative, neutral, positive


def tone(text: str) -> Tone:
    """Return the tone of a text.

    Words and phrases of the lexicon are summed; a negation up to three words before turns a word round
    at three quarters of its weight, an intensifier scales it; emoji count as words and a signed
    percentage counts with its sign. The sum is squashed into -1..1. Confidence grows with the number of
    known words and with their agreement. Links, handles and cashtags carry no tone.
    """
    lowered = text.lower().replace("’", "'")
    weights = [1.5 if sign == "+" else -1.5 for sign in _SIGNED.findall(lowered)]
    tokens = _WORD.findall(_NOISE.sub(" ", lowered))
    weights += [EMOJI[token[0]] for token in tokens if token[0] in EMOJI]
    at = 0
    while at < len(tokens):
        width, weight = _match(tokens, at)
        if weight is not None:
            weights.append(weight * _modified(tokens, at))
        at += width
    weights = [weight for weight in weights if weight]
    total = sum(weights)
    if "!" in text:
        total *= 1.1
    score = total / sqrt(total * total + _NORMAL)
    size = sum(abs(weight) for weight in weights)
    agreement = abs(sum(weights)) / size if size else 0.0
    confidence = agreement * (1 - 0.6 ** len(weights))
    label = "positive" if score > NEUTRAL else "negative" if score < -NEUTRAL else "neutral"
    return Tone(round(score, 6), round(confidence, 6), label)


def with_tone(posts: pl.DataFrame, model: "ToneModel | None" = None, *, column: str = "text") -> pl.DataFrame:
    """Add ``sentiment`` (-1..1), ``confidence`` (0..1) and ``tone`` (label) to posts; null text gives nulls.

    Args:
        posts: With ``column``.
        model: What was learnt from labelled posts; the lexicon when None, and for texts without a word.
        column: Where the text is.
    """
    texts = posts.get_column(column).unique(maintain_order=True).drop_nulls()
    return posts.join(
        _told(texts, model).rename({"text": column}), on=column, how="left", maintain_order="left"
    )


def _told(texts: pl.Series, model: "ToneModel | None") -> pl.DataFrame:
    if model is None:
        found = [tone(text) for text in texts]
        scores, sure = [one.score for one in found], [one.confidence for one in found]
        labels = [one.label for one in found]
    else:
        chances = model.chances(texts)
        scores = np.round(chances[:, 2] - chances[:, 0], 6).tolist()
        sure = np.round(chances.max(axis=1), 6).tolist() if len(texts) else []
        labels = [model.labels[at] for at in chances.argmax(axis=1)] if len(texts) else []
        for at in np.flatnonzero(wordless(texts)):
            one = tone(texts[int(at)])
            scores[at], sure[at], labels[at] = one.score, one.confidence, one.label
    return pl.DataFrame(
        {
            "text": pl.Series(texts.to_list(), dtype=pl.String),
            "sentiment": pl.Series(scores, dtype=pl.Float64),
            "confidence": pl.Series(sure, dtype=pl.Float64),
            "tone": pl.Series(labels, dtype=pl.String),
        }
    )


def wordless(texts: pl.Series) -> npt.NDArray[np.bool_]:
    """Return which texts have no word beside links, handles and tags: what was learnt from words cannot tell them.

    The lexicon can, for it knows emoji and signed percentages.
    """
    bare = texts.str.replace_all(_NOISE.pattern, " ")
    return np.asarray((~bare.str.contains(r"\p{L}")).fill_null(value=False).to_numpy(), dtype=np.bool_)


def _match(tokens: list[str], at: int) -> tuple[int, float | None]:
    """Return how many tokens the longest phrase or word at ``at`` takes, and its weight."""
    for width in range(min(_LONGEST, len(tokens) - at), 1, -1):
        weight = PHRASES.get(" ".join(tokens[at : at + width]))
        if weight is not None:
            return width, weight
    return 1, WORDS.get(tokens[at])


def _modified(tokens: list[str], at: int) -> float:
    factor = 1.0
    for token in tokens[max(0, at - _REACH) : at]:
        if token in NEGATIONS:
            factor *= -0.75
        else:
            factor *= STRONGER.get(token, 1.0)
    return factor
