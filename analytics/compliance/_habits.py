"""What an account usually does, so that what is unusual for it shows."""

import polars as pl

_YEAR = 365  # days: about 250 sessions of own history
_LEAST_SPREAD = 0.35  # of log sizes: half as much again is no news


def with_habits(
    built: pl.LazyFrame, flows: pl.LazyFrame, *, block: int, least: int, novelty: int
) -> pl.LazyFrame:
    """Add how large, how new and how rare what was built is for its actor: the year before it began.

    Columns: ``size_z`` (robust deviations of the log of its size from the actor's own, null for one that
    hardly traded), ``slept`` (that it hardly traded), ``share`` (of all that the actor did in those days),
    ``new`` (not traded before), ``windows`` (its other windows, times names), ``as_much`` (in how many it did
    as much), ``placebo_p`` (their share, never zero)
    and ``own_profit`` (what the move would have earned on its median trade).

    Args:
        built: actor_group, product_id, event_day, first_day, window_end, notional, abnormal.
        flows: actor_group, product_id, day, money (signed), one row a day.
        block: Days of a placebo window.
        least: Own trades without which there is no habit.
        novelty: Days of data before which nothing is called new.
    """
    keys = ["actor_group", "product_id", "event_day"]
    history = built.select(*keys, "first_day", "notional", "abnormal").join(
        flows.select("actor_group", "day", "money", other="product_id"), on="actor_group", how="inner"
    )
    ago = (pl.col("first_day") - pl.col("day")).dt.total_days()
    history = history.with_columns(ago=ago).filter((pl.col("ago") > 0) & (pl.col("ago") <= _YEAR))
    size = pl.col("money").abs().clip(lower_bound=1e-9).log()
    typical = history.with_columns(size=size).with_columns(usual=pl.col("size").median().over(keys))
    habits = typical.group_by(keys).agg(
        traded_days=pl.len(),
        usual=pl.col("usual").first(),
        spread=1.4826 * (pl.col("size") - pl.col("usual")).abs().median(),
        known=(pl.col("other") == pl.col("product_id")).any(),
        own_profit=(pl.col("money").abs() * pl.col("abnormal").abs()).median(),
    )
    blocks = _YEAR // block
    cells = (
        history.with_columns(cell=(pl.col("ago") - 1) // block)
        .group_by(*keys, "other", "cell")
        .agg(done=pl.col("money").sum().abs(), notional=pl.col("notional").first())
        .group_by(keys)
        .agg(
            as_much=(pl.col("done") >= pl.col("notional")).sum(),
            names=pl.col("other").n_unique(),
            reach=pl.col("cell").max() + 1,
        )
    )
    enough = (pl.col("traded_days") >= least).fill_null(value=False)
    # Sizes that hardly vary would make any other one infinitely unusual.
    z = (pl.col("notional").log() - pl.col("usual")) / pl.max_horizontal("spread", pl.lit(_LEAST_SPREAD))
    windows = pl.col("names") * pl.min_horizontal(pl.col("reach"), pl.lit(blocks))
    seen = (pl.col("first_day") - pl.col("begin")).dt.total_days()
    return (
        built.join(habits, on=keys, how="left")
        .join(cells, on=keys, how="left")
        .join(_others(built, flows, keys), on=keys, how="left")
        .join(flows.select(begin=pl.col("day").min()), how="cross")
        .with_columns(
            slept=~enough,
            windows=windows,
            as_much=pl.when(enough).then(pl.col("as_much")),
            size_z=pl.when(enough).then(z),
            share=pl.col("notional") / pl.col("all_money"),
            new=(~pl.col("known").fill_null(value=False) & (seen >= novelty)).fill_null(value=False),
            placebo_p=pl.when(enough).then((1 + pl.col("as_much")) / (1 + windows)),
        )
    )


def _others(built: pl.LazyFrame, flows: pl.LazyFrame, keys: list[str]) -> pl.LazyFrame:
    """Return, by actor and event, what the actor did in all names from the first to the last of those days."""
    spans = built.select(*keys, "first_day", last_day=pl.col("window_end").dt.date())
    return (
        spans.join(
            flows.select("actor_group", "day", "money", other="product_id"), on="actor_group", how="inner"
        )
        .filter((pl.col("day") >= pl.col("first_day")) & (pl.col("day") <= pl.col("last_day")))
        .group_by(*keys, "other")
        .agg(pl.col("money").sum().abs())
        .group_by(keys)
        .agg(all_money=pl.col("money").sum())
    )
