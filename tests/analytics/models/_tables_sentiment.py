"""Small tables for the tone of posts."""

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl

from analytics.models.sentiment import LABELLED, dealt
from tests.analytics.models._tables import Case

GOOD = ("shares jump", "profit beats", "strong growth", "record sales", "buy rating")
BAD = ("shares plunge", "profit misses", "weak demand", "heavy losses", "sell rating")
FLAT = ("annual meeting", "new chairman", "webcast on Monday", "office moves", "report filed")
TAILS = ("today", "in Europe", "says board", "after the call", "this quarter", "at noon", "again", "so far")


def tables(seed: int = 0):
    """Five hundred texts with a clear tone, 120 posts of one's own."""
    rng = np.random.default_rng(seed)

    def said() -> tuple[str, str]:
        label = ("negative", "neutral", "positive")[rng.integers(3)]
        words = {"negative": BAD, "neutral": FLAT, "positive": GOOD}[label]
        names = rng.choice(["Alpha", "Beta", "Gamma", "Delta", "Omega", "Sigma", "Kappa", "Lambda"], 2)
        return f"{names[0]} {rng.choice(words)} {rng.choice(TAILS)} {names[1]} {rng.choice(TAILS)}", label

    shipped = [said() for _ in range(500)]
    own = [said() for _ in range(120)]
    start = datetime(2025, 1, 6, 9, tzinfo=UTC)
    return {
        LABELLED: dealt(pl.DataFrame(shipped, schema=["text", "label"], orient="row")),
        "posts": pl.DataFrame(
            {
                "post_id": [f"P{at:03d}" for at in range(120)],
                "transact_time": [start + timedelta(hours=12 * at) for at in range(120)],
                "text": [text for text, _ in own],
                "sentiment_label": [label for _, label in own],
            },
            schema_overrides={"transact_time": pl.Datetime("us", "UTC")},
        ),
    }


CASES = {"sentiment": Case(tables)}
