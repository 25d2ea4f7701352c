"""What an author's words weigh: his record of ideas, as it was known when he spoke."""

import polars as pl

from analytics.social.leaderboard import MIN_IDEAS

UNKNOWN = 1.0  # weight of an author without a record


def with_author_weight(posts: pl.DataFrame, ended: pl.DataFrame, *, prior: int = MIN_IDEAS) -> pl.DataFrame:
    """Add ``author_weight``, 0 to 2: twice the chance that the author's next idea ends with a profit.

    The chance is the mean of a Beta posterior whose prior is a coin (``prior`` days of ideas, half of them right),
    so nobody is far from 1 on a short record, who is right in 60 % of 30 days weighs 1.1, and who is always wrong
    comes near 0 without turning round what he says.

    Args:
        posts: author_id, transact_time (UTC); other columns are kept, and so is the order.
        ended: author_id, entry_date, exit_date, won (net of costs): ideas that have ended. Ideas entered on one
            day share that day's market, so a day's mean counts as one observation, known once the last of them
            has ended.
        prior: Days of ideas the coin is worth.

    Point in time: only what ended on a day before the post counts. Source: the Beta-binomial posterior mean, e.g.
    Gelman et al., Bayesian Data Analysis, section 2.4.
    """
    days = (
        ended.filter(pl.col("won").is_not_null() & pl.col("exit_date").is_not_null())
        .group_by("author_id", "entry_date")
        .agg(right=pl.col("won").cast(pl.Float64).mean(), known=pl.col("exit_date").max())
        .sort("known", "entry_date", "author_id")
    )
    records = days.select(
        "author_id",
        "known",
        right=pl.col("right").cum_sum().over("author_id"),
        days=pl.int_range(1, pl.len() + 1).over("author_id"),
    )
    chance = (prior / 2 + pl.col("right")) / (prior + pl.col("days"))
    weights = records.select("author_id", "known", author_weight=2 * chance).unique(
        ["author_id", "known"], keep="last", maintain_order=True
    )
    return (
        posts.with_row_index("_row")
        .with_columns(_day=pl.col("transact_time").dt.date())
        .sort("_day")
        .join_asof(
            weights.sort("known"),
            left_on="_day",
            right_on="known",
            by="author_id",
            strategy="backward",
            allow_exact_matches=False,
            check_sortedness=False,
        )
        .sort("_row")
        .drop("_row", "_day", "known")
        .with_columns(pl.col("author_weight").fill_null(UNKNOWN))
    )
