"""The tone of posts by what speaks for it now: the model in use, or the lexicon while none may."""

import polars as pl

from analytics.models.sentiment import Sentiment
from analytics.social import sentiment
from app.desk import Desk
from app.queries._model_in_use import in_use

MODELS = "models"  # records that an answer with a tone depends on


def with_tone(desk: Desk, posts: pl.DataFrame) -> pl.DataFrame:
    """Add ``sentiment`` (-1..1), ``confidence`` (0..1) and ``tone`` to posts; null text gives nulls."""
    model = in_use(desk, Sentiment).model
    return sentiment.with_tone(posts, None if model is None else model.tone_)
