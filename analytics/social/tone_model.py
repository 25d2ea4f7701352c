"""Tone of a post by what labelled posts taught: bearish, neutral or bullish, with a calibrated chance.

Two steps. Linear models (SVM, one against the rest) read hashed character, word and class n-grams: once as they
are, once each weighed by how unevenly it stands in the labels (Wang and Manning, Baselines and bigrams, 2012).
Boosted trees, and a regression beside them, then weigh their six margins, taken out of fold in training, together
with what the sentence is made of (lexicon weights, classes of words, compared figures, shape of the text). A
temperature found on a held-out part makes the chances honest (Guo and others, On calibration of modern neural networks, 2017).
"""

import base64
import zlib
from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
import polars as pl
from threadpoolctl import threadpool_limits

from analytics.social import _grams
from analytics.social._tone_reading import (
    BLOCKS,
    Batch,
    inverse_frequency,
    read_batch,
    scaled_by,
)

Floats = npt.NDArray[np.float64]
LABELS = ("negative", "neutral", "positive")
VERSION = "1.1.0"
SHIPPED = "financial-tweets-1"  # the labelled texts that come with the product
_INNER = 4  # folds whose held-out margins the trees learn from
_BALANCE = {0: 1.6, 1: 1.0, 2: 1.4}  # weights of negative, neutral, positive in the linear model
_MARGINS = 6  # plain and weighed, of each label
_EASY = 0.05  # how far from the best the linear models may stop: the margins differ in the fourth digit
_MOST, _FEWEST = 2.0, 0.1  # weights by unevenness reach from the second to their sum with the first
_UPPER = {0: 1.4, 1: 1.0, 2: 1.18}  # in the trees and the regression beside them
_PLAIN, _PLAIN_SHARE = (
    _MARGINS + 3,
    0.5,
)  # leading columns of the rows that the regression reads; its share in the mean
_SHAPE_WEIGHT = 0.15
_LONGEST = 80  # words that are looked at for reasons


class ToneModel:
    """Three-way tone of short market texts.

    Fitted state: ``weights_`` (one dense matrix per block), ``idf_``, ``upper_`` (regression and trees) and ``temperature_``. The same
    texts in the same order give the same model to the last bit.
    """

    labels: ClassVar[tuple[str, ...]] = LABELS

    def fit(self, texts: pl.Series, labels: pl.Series, *, groups: npt.ArrayLike | None = None) -> Self:
        """Learn from texts and their labels (``LABELS``).

        Args:
            texts: Texts.
            labels: One of ``LABELS`` each.
            groups: What must not be on both sides of an inner fold; by default equal texts.

        Raises:
            ValueError: If a label is unknown, or one of the three has fewer than 20 texts.
        """
        y = labels.replace_strict({name: at for at, name in enumerate(LABELS)}, default=None).cast(pl.Int64)
        if y.null_count() or min(np.bincount(y.to_numpy(), minlength=3)) < 20:
            raise ValueError("tone is learnt from at least 20 texts each of negative, neutral and positive")
        target, read = y.to_numpy(), read_batch(texts)
        group = same_text(texts) if groups is None else np.asarray(groups)
        margins, fold = np.zeros((len(target), _MARGINS)), _dealt(group, _INNER, seed=1)
        # One thread: the sums come in the same order on every machine.
        with threadpool_limits(1):
            for one in range(_INNER):
                held = np.flatnonzero(fold == one)
                train = np.flatnonzero(fold != one)
                self._fit_linear(read.part(train), target[train])
                margins[held] = self._margins(read.part(held))
            self._fit_upper(np.column_stack([margins, read.dense]), target, group)
            self._fit_linear(read, target)
        return self

    def chances(self, texts: pl.Series) -> Floats:
        """Return the chance of each of ``LABELS``, one row per text."""
        if not len(texts):
            return np.zeros((0, 3))
        read = read_batch(texts)
        with threadpool_limits(1):
            logits = np.log(self._raw(np.column_stack([self._margins(read), read.dense])))
        return _softmax(logits / self.temperature_)

    def reasons(self, text: str, *, count: int = 3) -> list[dict[str, Any]]:
        """Return the words without which the tone would be another, the strongest first.

        Each with ``words`` and ``contribution``: the score (chance of positive less that of negative) of the text
        less that of the text without the word; positive = towards good news. Words that change nothing are left out.
        """
        words = text.split()[:_LONGEST]
        without = [" ".join(words[:at] + words[at + 1 :]) for at in range(len(words))]
        chances = self.chances(pl.Series([" ".join(words), *without], dtype=pl.String))
        score = chances[:, 2] - chances[:, 0]
        moved = [
            (word, round(float(score[0] - rest), 6)) for word, rest in zip(words, score[1:], strict=True)
        ]
        ranked = sorted(moved, key=lambda one: (-abs(one[1]), one[0]))
        return [{"words": word, "contribution": change} for word, change in ranked[:count] if change]

    # --- state ---------------------------------------------------------------------------------------
    def state(self) -> dict[str, Any]:
        """Return the fitted state, JSON-able."""
        from analytics.models._state import pack

        return {
            "version": VERSION,
            "weights": [_packed(block) for block in (*self.weights_, self.extra_)],
            "idf": [_packed(block) for block in self.idf_],
            "upper": [pack(one) for one in self.upper_],
            "temperature": self.temperature_,
        }

    @classmethod
    def restore(cls, state: Mapping[str, Any]) -> Self:
        """Return the model that ``state`` described.

        Raises:
            ValueError: If the state is none of this code.
        """
        from analytics.models._state import unpack

        if state.get("version") != VERSION:
            raise ValueError(f"this state is of version {state.get('version')}, the code of {VERSION}")
        model = cls()
        *weights, model.extra_ = (_unpacked(block) for block in state["weights"])
        model.weights_ = weights
        model.idf_ = [_unpacked(block) for block in state["idf"]]
        model.upper_ = [unpack(one) for one in state["upper"]]
        model.temperature_ = float(state["temperature"])
        return model

    # --- the two steps -------------------------------------------------------------------------------
    def _fit_linear(self, read: Batch, target: npt.NDArray[np.int64]) -> None:
        from scipy.sparse import csr_matrix, hstack

        self.idf_ = [_single(inverse_frequency(block)) for block in read.blocks]
        scaled = scaled_by(read.blocks, self.idf_)
        used = [np.flatnonzero(idf) for idf in self.idf_]
        columns = [block[:, kept] for block, kept in zip(scaled, used, strict=True)]
        columns += [read.shapes * _SHAPE_WEIGHT, csr_matrix(read.lexicon)]
        found, intercept = _linear(hstack(columns).tocsr(), target)
        self.weights_, at = [], 0
        for kept, bits in zip(used, BLOCKS, strict=True):
            dense = np.zeros((1 << bits, _MARGINS))
            dense[kept] = _single(found[at : at + len(kept)])
            self.weights_.append(dense)
            at += len(kept)
        self.extra_ = _single(np.vstack([found[at:], intercept]))

    def _margins(self, read: Batch) -> Floats:
        total = read.lexicon @ self.extra_[-4:-1] + self.extra_[-1]
        total += (read.shapes @ self.extra_[:-4]) * _SHAPE_WEIGHT
        for block, weight in zip(scaled_by(read.blocks, self.idf_), self.weights_, strict=True):
            total += block @ weight
        found: Floats = total
        return found

    def _fit_upper(self, rows: Floats, target: npt.NDArray[np.int64], group: npt.NDArray[Any]) -> None:
        held = _dealt(group, 5, seed=2) == 0
        self.upper_ = _upper(rows[~held], target[~held])
        self.temperature_ = _temperature(np.log(self._raw(rows[held])), target[held])
        self.upper_ = _upper(rows, target)

    def _raw(self, rows: Floats) -> Floats:
        regression, *trees = self.upper_
        plain = regression.predict_proba(rows[:, :_PLAIN])
        mean = np.mean([tree.predict_proba(rows) for tree in trees], axis=0)
        mixed = _PLAIN_SHARE * plain + (1 - _PLAIN_SHARE) * mean
        found: Floats = np.clip(mixed, 1e-6, None)
        return found


def same_text(texts: pl.Series) -> npt.NDArray[np.int64]:
    """Return a number per text, the same for texts that differ in links, tickers, figures and case only."""
    found: npt.NDArray[np.int64] = _grams.plain(texts).rank("dense").to_numpy().astype(np.int64)
    return found


def labelled() -> pl.DataFrame:
    """Return the texts that come with the product: text, label; none where somebody took the file away.

    Source and licence: docs/third_party/financial-tweets.md.
    """
    from importlib.resources import files

    kept = files("analytics.social").joinpath("labelled/financial_tweets.csv.gz")
    if not kept.is_file():
        return pl.DataFrame(schema={"text": pl.String, "label": pl.String})
    with kept.open("rb") as file:
        rows = pl.read_csv(file.read())
    names = {0: "negative", 1: "positive", 2: "neutral"}
    return rows.select("text", pl.col("label").replace_strict(names, return_dtype=pl.String))


def _dealt(group: npt.NDArray[Any], folds: int, *, seed: int) -> npt.NDArray[np.int64]:
    """Return a fold per row, the same for rows of one group."""
    _, number = np.unique(group, return_inverse=True)
    found: npt.NDArray[np.int64] = np.random.default_rng(seed).integers(0, folds, number.max() + 1)[number]
    return found


def _linear(rows: Any, target: npt.NDArray[np.int64]) -> tuple[Floats, Floats]:
    """Return weights (columns x margins) and intercepts of the linear models, for columns as they are."""
    from sklearn.svm import LinearSVC

    plain = LinearSVC(C=0.5, class_weight=_BALANCE, random_state=0, tol=_EASY).fit(rows, target)
    weights, intercepts = list(plain.coef_), list(plain.intercept_)
    for label, uneven in enumerate(_unevenness(rows, target).T):
        weighed = rows.copy()
        weighed.data = weighed.data * uneven[weighed.indices]
        one = LinearSVC(C=0.3, class_weight={1: _BALANCE[label], 0: 1.0}, random_state=0, tol=_EASY)
        one.fit(weighed, (target == label).astype(np.int64))
        weights.append(one.coef_[0] * uneven)
        intercepts.append(one.intercept_[0])
    return np.column_stack(weights), np.array(intercepts)


def _unevenness(rows: Any, target: npt.NDArray[np.int64]) -> Floats:
    """Return, per column and label, how much oftener or rarer it stands in the label than in the others."""
    stands = rows.copy()
    stands.data = np.ones_like(stands.data)
    of = np.eye(3)[target]
    inside, texts = stands.T @ of, of.sum(axis=0)
    outside = inside.sum(axis=1, keepdims=True) - inside
    ratio = np.log((inside + 0.5) / texts) - np.log((outside + 0.5) / (len(target) - texts))
    found: Floats = np.clip(np.abs(ratio), 0.0, 3.0) * (_MOST / 3.0) + _FEWEST
    return found


def _upper(rows: Floats, target: npt.NDArray[np.int64]) -> list[Any]:
    """Return a regression on margins and lexicon, then trees on all there is."""
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.linear_model import LogisticRegression

    regression = LogisticRegression(C=1.0, class_weight=_UPPER, max_iter=300)
    trees = [
        HistGradientBoostingClassifier(
            max_iter=50, max_bins=127, learning_rate=0.06, max_leaf_nodes=6, min_samples_leaf=80, l2_regularization=3.0,
            max_features=0.3, class_weight=_UPPER, random_state=seed, early_stopping=False,
        )
        for seed in (0, 1)
    ]  # fmt: skip
    return [regression.fit(rows[:, :_PLAIN], target), *(one.fit(rows, target) for one in trees)]


def _temperature(logits: Floats, target: npt.NDArray[np.int64]) -> float:
    """Return by what to divide logits so that the held-out texts are likeliest."""
    from scipy.optimize import minimize_scalar

    def surprise(temperature: float) -> float:
        chances = _softmax(logits / temperature)
        return -float(np.log(np.clip(chances[np.arange(len(target)), target], 1e-9, None)).mean())

    return round(float(minimize_scalar(surprise, bounds=(0.3, 3.0), method="bounded").x), 6)


def _softmax(logits: Floats) -> Floats:
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    found: Floats = raised / raised.sum(axis=1, keepdims=True)
    return found


def _packed(array: Floats) -> dict[str, Any]:
    """Return an array of mostly zeros, ``_single``, as text: its shape, where it is not zero, and what is there."""
    flat = array.ravel()
    at = np.flatnonzero(flat)
    return {
        "shape": list(array.shape),
        "at": _text(np.diff(at, prepend=0).astype("<i4").tobytes()),
        "values": _text(flat[at].astype("<f4").tobytes()),
    }


def _unpacked(kept: Mapping[str, Any]) -> Floats:
    flat = np.zeros(int(np.prod(kept["shape"])))
    at = np.cumsum(np.frombuffer(_data(kept["at"]), "<i4"))
    flat[at] = np.frombuffer(_data(kept["values"]), "<f4")
    return flat.reshape(kept["shape"])


def _single(array: Floats) -> Floats:
    """Return numbers of single precision: as many margins again then take no more room where a model is kept."""
    found: Floats = array.astype(np.float32).astype(np.float64)
    return found


def _text(data: bytes) -> str:
    return base64.b64encode(zlib.compress(data, 6)).decode("ascii")


def _data(text: str) -> bytes:
    return zlib.decompress(base64.b64decode(text))
