"""Why a row of numbers is odd: the numbers farthest from habit and from peers, in words and units."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from analytics.compliance._conduct import Feature
from analytics.compliance._oddness import Floats
from analytics.compliance._unlike import Unlike, by_family

LEAST = 3  # kinds of numbers that must agree, each of them a reason
_MOST = 5
_STRONGEST = 20.0  # deviations beyond which a number is no odder
_SHARES = {"of orders", "of quantity", "of fills"}
REASONS = pl.List(pl.Struct({
    "name": pl.String, "value": pl.Float64, "usual": pl.Float64, "peers": pl.Float64, "z": pl.Float64,
    "own_z": pl.Float64, "peers_z": pl.Float64,
}))  # fmt: skip


def odd_rows(
    far: Unlike,
    rank: Floats,
    *,
    least_rank: float,
    deviations: float,
    agreement: float,
    features: Mapping[str, Feature],
) -> pl.DataFrame:
    """Return the rows that are odd in every sense asked for: ``at`` (place), rank, kinds and ``strength``.

    Args:
        far: Distances.
        rank: Mean rank of each row, above 0 to 1.
        least_rank: Rank from which a row is odd.
        deviations: Distance that one number must reach.
        agreement: Distance that ``LEAST`` kinds of numbers must reach.
        features: What the columns mean.
    """
    _, largest = by_family(far.joint, features)
    kinds: npt.NDArray[np.int64] = (largest >= agreement).sum(axis=1)
    hit = (rank >= least_rank) & far_enough(
        far, deviations=deviations, agreement=agreement, features=features
    )
    places = np.nonzero(hit)[0]
    strength = np.sort(np.minimum(largest, _STRONGEST), axis=1)[:, -LEAST:].mean(axis=1)
    return pl.DataFrame({
        "at": places.astype(np.int64), "rank": rank[places], "kinds": kinds[places].astype(np.int64),
        "strength": np.round(strength[places], 9),
    })  # fmt: skip


def far_enough(
    far: Unlike, *, deviations: float, agreement: float, features: Mapping[str, Feature]
) -> npt.NDArray[np.bool_]:
    """Return which rows are far enough off to be odd, if their rank says so too."""
    _, largest = by_family(far.joint, features)
    enough: npt.NDArray[np.bool_] = (largest.max(axis=1) >= deviations) & (
        (largest >= agreement).sum(axis=1) >= LEAST
    )
    return enough


def reasons(
    row: Mapping[str, Any], far: Unlike, at: int, *, agreement: float, features: Mapping[str, Feature]
) -> list[dict[str, Any]]:
    """Return the numbers that make a row odd, the oddest first, one of each family, at most five.

    Args:
        row: The row's own values by name.
        far: Distances.
        at: The row's place.
        agreement: Distance from which a number is a reason.
        features: What the columns mean.
    """
    names, joint = list(features), far.joint[at]
    told: list[dict[str, Any]] = []
    families: set[str] = set()
    for place in np.lexsort((np.arange(joint.size), -np.abs(joint))).tolist():
        family = features[names[place]].family
        if family in families or abs(joint[place]) < agreement or len(told) == _MOST:
            continue
        families.add(family)
        told.append({
            "name": names[place], "value": row[names[place]], "z": float(joint[place]),
            "usual": round(float(far.usual_own[at, place]), 9), "peers": round(float(far.usual_peers[at, place]), 9),
            "own_z": round(float(far.own[at, place]), 4), "peers_z": round(float(far.peers[at, place]), 4),
        })  # fmt: skip
    return told


def sentence(one: Mapping[str, Any], feature: Feature) -> str:
    """Say a reason in words: the number, what is usual, how far that is."""
    value, usual, peers = (said(one[key], feature.unit) for key in ("value", "usual", "peers"))
    return (
        f"{feature.words.capitalize()}: {value} {feature.unit}, where {usual} is the habit and {peers} the peers' "
        f"({one['own_z']:+.1f} and {one['peers_z']:+.1f} robust deviations)."
    )


def said(value: float, unit: str) -> str:
    """Return a number as people write it: shares in percent, hours as a clock."""
    if unit in _SHARES:
        return f"{value:.0%}"
    if unit == "of the amount traded":
        return f"{value:.2%}"
    if unit == "o'clock UTC":
        return f"{int(value):02d}:{int(value % 1 * 60):02d}"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:,.3g}"
