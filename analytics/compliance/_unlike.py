"""How far each trader's day lies from his own habits and from his peers', in robust deviations."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from analytics.compliance._conduct import FEATURES, Feature
from analytics.compliance._oddness import MAD_TO_SD, Floats

CLIP = 50.0  # robust deviations beyond which more says nothing
_PEERS = 3  # traders that make a desk somebody's peers
_TOGETHER = 10  # traders who must be there before a day's common shift is believed
_PRIOR_DAYS = 15.0  # a habit of so many days counts as much as what is usual among the desk's habits


@dataclass(frozen=True)
class Unlike:
    """Rows x features, in the order of the days and of the features; zero where a number is missing.

    ``joint`` is the smaller of own and peers' distance, 0 where they point apart; ``usual_own`` and
    ``usual_peers`` are the medians in the features' own units; ``moved`` is ``own`` with what moved all still in it.
    """

    own: Floats
    peers: Floats
    usual_own: Floats
    usual_peers: Floats
    joint: Floats
    moved: Floats


def unlike(days: pl.DataFrame, *, least: int, features: Mapping[str, Feature] = FEATURES) -> Unlike:
    """Measure every trader's day against the medians of his own days and of his peers' days.

    Peers are the desk, where it has at least three traders and ``least`` days, else everybody. A trader's own
    spread is drawn towards the usual one among his peers, the more the fewer days he has: with a few odd days
    of ten, his own would hide them. What moved most traders on the same day is taken off both distances.

    Args:
        days: One row per trader and day: trader_id, day, desk and the features (floats, null where missing).
        least: Trader-days that make a desk peers.
        features: What the columns mean.
    """
    ratios = [name for name, feature in features.items() if feature.ratio]
    rows = days.with_columns(pl.col(ratios).clip(lower_bound=1e-9).log(), desk=pl.col("desk").fill_null(""))
    desk = (pl.len().over("desk") >= least) & (pl.col("trader_id").n_unique().over("desk") >= _PEERS)
    rows = rows.with_columns(
        peers=pl.when(desk).then("desk").otherwise(pl.lit("")), at=pl.int_range(pl.len())
    )
    parts = [_one(rows, name, feature) for name, feature in features.items()]
    own, peers, usual_own, usual_peers, moved = (np.stack(side, axis=1) for side in zip(*parts, strict=True))
    nearer = np.where(np.abs(own) <= np.abs(peers), own, peers)
    joint = np.where(np.sign(own) == np.sign(peers), nearer, 0.0)
    return Unlike(own, peers, usual_own, usual_peers, np.round(np.clip(joint, -CLIP, CLIP), 9), moved)


def _one(rows: pl.DataFrame, name: str, feature: Feature) -> tuple[Floats, ...]:
    value = pl.col(name)
    mine, theirs = value.median().over("trader_id"), value.median().over("peers")
    off = rows.select(
        "trader_id", "peers", "day", value=value, mine=mine, theirs=theirs,
        off=(value - mine).abs(), apart=(value - theirs).abs(), n=value.count().over("trader_id"),
    )  # fmt: skip
    spread = off.select(
        "value", "mine", "theirs", "day", "n",
        own=pl.col("off").median().over("trader_id") * MAD_TO_SD,
        common=pl.col("off").median().over("peers") * MAD_TO_SD,
        wide=(pl.col("apart").median().over("peers") * MAD_TO_SD).clip(lower_bound=feature.floor),
    )  # fmt: skip
    n = pl.col("n")
    drawn = ((n * pl.col("own") ** 2 + _PRIOR_DAYS * pl.col("common") ** 2) / (n + _PRIOR_DAYS)).sqrt()
    z = spread.with_columns(
        own=(pl.col("value") - pl.col("mine")) / drawn.clip(lower_bound=feature.floor),
        peers=(pl.col("value") - pl.col("theirs")) / pl.col("wide"),
    )
    many = pl.col("own").count().over("day") >= _TOGETHER
    shift = pl.when(many).then(pl.col("own").median().over("day")).otherwise(0.0)
    z = z.with_columns(own=pl.col("own") - shift, peers=pl.col("peers") - shift, moved="own")
    back = (
        (pl.col("mine").exp(), pl.col("theirs").exp())
        if feature.ratio
        else (pl.col("mine"), pl.col("theirs"))
    )
    done = z.select(
        pl.col("own").fill_null(0.0).fill_nan(0.0), pl.col("peers").fill_null(0.0).fill_nan(0.0),
        usual_own=back[0].cast(pl.Float64), usual_peers=back[1].cast(pl.Float64),
        moved=pl.col("moved").fill_null(0.0).fill_nan(0.0),
    )  # fmt: skip
    return tuple(done[column].to_numpy().astype(np.float64) for column in done.columns)


def by_family(joint: Floats, features: Mapping[str, Feature] = FEATURES) -> tuple[list[str], Floats]:
    """Return the families of features, and rows x families of the largest distance within each."""
    places: dict[str, list[int]] = {}
    for place, feature in enumerate(features.values()):
        places.setdefault(feature.family, []).append(place)
    largest: npt.NDArray[np.float64] = np.stack(
        [np.abs(joint[:, found]).max(axis=1) for found in places.values()], axis=1
    )
    return list(places), largest
