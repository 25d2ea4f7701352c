"""Tone of posts: what labelled texts taught, measured against the lexicon."""

from collections import OrderedDict
from collections.abc import Mapping
from datetime import date, timedelta
from hashlib import sha256
from typing import Any, ClassVar, Self
from zlib import crc32

import numpy as np
import polars as pl

from analytics.models._base import Floats, Model, Tables, Walk
from analytics.models._calibration import reliability
from analytics.social._grams import plain
from analytics.social.sentiment import tone, wordless
from analytics.social.tone_model import LABELS, ToneModel

LABELLED = "labelled_texts"  # a table of texts that come with the product
LABELLED_SCHEMA: dict[str, pl.DataType] = {
    "text_id": pl.String(),
    "date": pl.Date(),
    "text": pl.String(),
    "label": pl.String(),
}
_EPOCH = date(1970, 1, 1)
_DAYS = 200  # the undated texts are dealt over
_SCORE = {"negative": -1.0, "neutral": 0.0, "positive": 1.0}


class Sentiment(Model):
    """A linear model on n-grams with boosted trees on top, see ``analytics.social.tone_model``.

    The texts that come with the product carry no dates: each is dealt to one of 200 days by what it says, equal
    texts to the same day, before the organisation's own labelled posts. So the record is of texts the model has
    not seen, the own posts among them.
    """

    name = "sentiment"
    title = "Tone of posts"
    version = "1.1.0"
    purpose = "How a post speaks of the market: from -1 (bad news) to 1 (good news), with how sure that is."
    unit = "score"
    inputs: ClassVar[Mapping[str, tuple[str, ...]]] = {
        LABELLED: tuple(LABELLED_SCHEMA),
        "posts": ("post_id", "transact_time", "text", "sentiment_label"),
    }
    keys = ("text_id", "date")
    target_name = "label of the text: -1 negative, 0 neutral, 1 positive"
    horizon = 0
    baseline_name = "lexicon"
    metric = "skill in squared error of the score: 1 - error / error of the lexicon"
    references = (
        "Wang and Manning, Baselines and bigrams: simple, good sentiment and topic classification, 2012",
        "Weinberger and others, Feature hashing for large scale multitask learning, 2009",
        "Guo and others, On calibration of modern neural networks, 2017",
    )
    limits = (
        "English only; irony and pictures are not understood; texts of emoji alone are told by the lexicon",
        "Negation is learnt from few texts: 'not good' and 'did not beat' come out neutral, 'isn't bullish' as good news",
        "Learnt from headlines and short posts of 2019 and 2020: new slang is not known until posts are labelled",
        "A tone is of the text, not of each instrument it names",
    )
    # One fold: the texts dealt to the first 160 days teach, the others and all own posts test.
    walk = Walk(first=160, width=100_000, embargo=0, least=40)
    seeds: ClassVar[Mapping[str, int]] = {
        "inner folds": 1,
        "held out for calibration": 2,
        "linear models": 0,
        "trees": 0,
    }
    page = "/social/sentiment"
    owner = "Social analytics"

    def features(self, tables: Tables) -> pl.DataFrame:
        """Return one row per labelled text: text, what the lexicon finds in it, ``baseline`` and ``target``."""
        frames = [tables.get(LABELLED, pl.DataFrame(schema=LABELLED_SCHEMA)).select(list(LABELLED_SCHEMA))]
        if "posts" in tables:
            frames.append(_own(tables["posts"]))
        rows = pl.concat(frames).sort("date", "text_id")
        said = [tone(text) for text in rows["text"]]
        return rows.select(
            "text_id",
            "date",
            "text",
            lexicon=pl.Series([one.score for one in said], dtype=pl.Float64),
            agreement=pl.Series([one.confidence for one in said], dtype=pl.Float64),
            signs=pl.col("text").str.len_chars().cast(pl.Float64),
            baseline=pl.Series([one.score for one in said], dtype=pl.Float64),
            target=pl.col("label").replace_strict(_SCORE, default=None, return_dtype=pl.Float64),
        )

    def fit(self, rows: pl.DataFrame) -> Self:
        """Learn from labelled texts.

        Raises:
            ValueError: With fewer than 20 of one of the three labels.
        """
        undated = bool(rows.select((pl.col("date") < _EPOCH + timedelta(days=_DAYS)).all()).item())
        self.tone_ = _taught(rows.select("text", "target"), shared=undated)
        return self

    def predict(self, rows: pl.DataFrame) -> Floats:
        """Return the chance of positive less that of negative: -1 to 1."""
        chances = self.tone_.chances(rows["text"])
        found: Floats = chances[:, LABELS.index("positive")] - chances[:, LABELS.index("negative")]
        # Of emoji alone it has learnt nothing; the lexicon knows them.
        return np.where(wordless(rows["text"]), rows["lexicon"].to_numpy(), found)

    def drivers(self, rows: pl.DataFrame) -> list[str]:
        """Watch what the lexicon finds and how long texts are."""
        return ["lexicon", "agreement", "signs"]

    def judge(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Return the default columns, ``sure`` (the chance of the label called) and ``right`` (0 or 1)."""
        chances = self.tone_.chances(rows["text"])
        called = np.array([_SCORE[name] for name in LABELS])[chances.argmax(axis=1)]
        right = called == rows["target"].to_numpy()
        return (
            super()
            .judge(rows)
            .with_columns(
                sure=pl.Series(chances.max(axis=1), dtype=pl.Float64), right=pl.Series(right).cast(pl.Float64)
            )
        )

    def calibration(self, tested: pl.DataFrame) -> dict[str, Any]:
        """Return accuracy and macro-F1 of the three labels out of sample, of the model and of the lexicon.

        Beside them ``kind``, ``brier``, ``ece`` and ``bins`` of the chance it gave the label it called, against how
        often that was the label.
        """
        from sklearn.metrics import accuracy_score, f1_score

        target = tested["target"].cast(pl.Int64).to_numpy()
        out: dict[str, Any] = reliability(tested.select(predicted="sure", target="right"))
        for name, column in (("model", "predicted"), ("lexicon", "baseline")):
            called = _called(tested[column], _CUT[name])
            out[name] = {
                "accuracy": round(float(accuracy_score(target, called)), 6),
                "macro_f1": round(float(f1_score(target, called, average="macro")), 6),
            }
        return out

    def reasons(self, rows: pl.DataFrame) -> list[list[dict[str, Any]]]:
        """Return, per text, the words that moved the tone most; shorter texts give their emptiness."""
        out = []
        for text in rows["text"]:
            found = [
                {"feature": one["words"], "words": f"says “{one['words']}”", "contribution": one["contribution"],
                 "unit": "score"}
                for one in self.tone_.reasons(text)
            ]  # fmt: skip
            blank = {"feature": "", "words": "no further word matters", "contribution": 0.0, "unit": "score"}
            out.append(found + [blank] * (3 - len(found)))
        return out

    def state(self) -> dict[str, Any]:
        """Return the fitted state, JSON-able."""
        return {"version": self.version, "tone": self.tone_.state()}

    @classmethod
    def restore(cls, state: Mapping[str, Any]) -> Self:
        """Return the model that ``state`` described."""
        model = cls.begun(state)
        model.tone_ = ToneModel.restore(state["tone"])
        return model


# What texts taught that were dealt to days: all organisations have those of the product, and would each wait for the
# same answer. The fold that is walked, and the whole for who labelled nothing; a fitted ``ToneModel`` never changes.
_held: OrderedDict[str, ToneModel] = OrderedDict()
_HELD = 2


def _taught(rows: pl.DataFrame, *, shared: bool) -> ToneModel:
    """Return what texts (text, target) teach; ``shared`` if others may ask the same."""
    names = {value: name for name, value in _SCORE.items()}
    labels = rows["target"].replace_strict(names, return_dtype=pl.String)
    if not shared:
        return ToneModel().fit(rows["text"], labels)
    digest = sha256(rows.write_ipc(None).getvalue()).hexdigest()
    if digest not in _held:
        _held[digest] = ToneModel().fit(rows["text"], labels)
    _held.move_to_end(digest)
    while len(_held) > _HELD:
        _held.popitem(last=False)
    return _held[digest]


def dealt(texts: pl.DataFrame) -> pl.DataFrame:
    """Return undated labelled texts (text, label) as ``LABELLED_SCHEMA``: dealt to days by what each says.

    Texts that differ in links, tickers, figures and case only come to the same day.
    """
    days = [crc32(text.encode()) % _DAYS for text in plain(texts["text"])]
    return texts.select(
        pl.Series("text_id", [f"S{at:06d}" for at in range(texts.height)], dtype=pl.String),
        pl.Series("date", [_EPOCH + timedelta(days=day) for day in days], dtype=pl.Date),
        "text",
        "label",
    )


_CUT = {"model": 0.34, "lexicon": 0.15}  # scores nearer to zero are called neutral


def _called(scores: pl.Series, cut: float) -> Any:
    return np.where(scores.to_numpy() > cut, 1, np.where(scores.to_numpy() < -cut, -1, 0))


def _own(posts: pl.DataFrame) -> pl.DataFrame:
    """Return the organisation's posts that came with a label."""
    return (
        posts.filter(pl.col("sentiment_label").is_in(list(LABELS)) & pl.col("text").is_not_null())
        .sort("transact_time", "post_id")
        .select(
            text_id="post_id",
            date=pl.col("transact_time").dt.date(),
            text="text",
            label="sentiment_label",
        )
    )
