"""What is said: posts, their tone, and how much attention instruments get."""

from typing import Any

import polars as pl

from analytics.datasets import POSTS
from app.desk import Desk
from app.storage.cache import cached


@cached(POSTS)
def summary(desk: Desk) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the overview's social figures, and for each null why it is null."""
    posts = desk.rows(POSTS)
    counts = desk.collect(posts.select(posts=pl.len(), authors=pl.col("author_id").n_unique())).row(
        0, named=True
    )
    values: dict[str, Any] = {
        **counts,
        "sentiment": None,
        "attention": [],
        "ideas_open": None,
        "idea_hit_rate": None,
    }
    reasons = dict.fromkeys(("ideas_open", "idea_hit_rate"), "no idea has been put forward")
    return values, reasons
