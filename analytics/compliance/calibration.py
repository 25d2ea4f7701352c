"""What other thresholds would have found: gained, lost, and at what price in reviewers' time."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

import polars as pl

from analytics.compliance.parameters import Parameters

STEPS = {"small": 0.05, "medium": 0.15, "large": 0.30}  # relative moves of one parameter
CURVE = tuple(range(0, 101, 5))  # cuts of the score
# What people made of an alert: worth following up, or not; anything else is undecided.
FOLLOWED = frozenset({
    "escalated", "investigation", "near_miss", "breach_internal", "stor_draft", "stor_approved", "stor_submitted",
    "regulator_follow_up",
})  # fmt: skip
DISMISSED = frozenset({"closed_false_positive", "closed_no_issue", "no_action"})
_KEYS = ["actor_group", "instrument_id"]


def matched(before: pl.DataFrame, after: pl.DataFrame) -> pl.DataFrame:
    """Pair findings of two runs of one detector that tell of the same thing.

    Two findings are the same where group and first instrument are and their windows touch: ids differ with
    the parameters.

    Args:
        before: ``ALERT_SCHEMA`` rows of kind ``alert``.
        after: The same, of the other run.

    Returns:
        ``alert_id`` (of before) and ``alert_id_after``; a finding may stand in several pairs.
    """
    return (
        _keyed(before)
        .join(_keyed(after), on=_KEYS, suffix="_after", nulls_equal=True)
        .filter(
            (pl.col("window_start") <= pl.col("window_end_after"))
            & (pl.col("window_end") >= pl.col("window_start_after"))
        )
        .select("alert_id", "alert_id_after")
    )


def compare(before: pl.DataFrame, after: pl.DataFrame, ends: Mapping[str, str]) -> dict[str, Any]:
    """Return what a change of thresholds gains and loses.

    Args:
        before: Findings under the thresholds in effect.
        after: Findings under the others.
        ends: Alert id (of before) to what became of it: ``followed``, ``dismissed``; others are undecided.

    Returns:
        ``added`` and ``lost`` (frames), ``lost_followed`` (ids that people followed up: each must be looked
        at), ``kept`` (findings of before that stay), and for each side its ``tally``.
    """
    pairs = matched(before, after)
    lost = before.join(pairs.select("alert_id"), on="alert_id", how="anti")
    added = after.join(pairs.select(alert_id="alert_id_after"), on="alert_id", how="anti")
    inherited = {
        late: ends[early]
        for early, late in pairs.sort("alert_id_after", "alert_id").iter_rows()
        if early in ends
    }
    return {
        "added": added,
        "lost": lost,
        "lost_followed": [one for one in lost["alert_id"] if ends.get(one) == "followed"],
        "kept": before.height - lost.height,
        "before": tally(before, ends),
        "after": tally(after, inherited),
        "curve": curve(before, ends),
        "curve_after": curve(after, inherited),
    }


def tally(found: pl.DataFrame, ends: Mapping[str, str]) -> dict[str, Any]:
    """Return counts: alerts, followed, dismissed, undecided; precision = followed / decided, else None."""
    said = [ends.get(one) for one in found["alert_id"]]
    followed, dismissed = said.count("followed"), said.count("dismissed")
    decided = followed + dismissed
    return {
        "alerts": found.height,
        "followed": followed,
        "dismissed": dismissed,
        "undecided": found.height - decided,
        "precision": followed / decided if decided else None,
    }


def curve(found: pl.DataFrame, ends: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return one tally per cut of the score, alerts at or above it; ``recall`` is of what was followed up."""
    whole = tally(found, ends)["followed"]
    rows = []
    for cut in CURVE:
        one = tally(found.filter(pl.col("score") >= cut), ends)
        rows.append({"score": cut, **one, "recall": one["followed"] / whole if whole else None})
    return rows


def perturbed(params: Parameters) -> Iterator[tuple[str, str, Parameters]]:
    """Yield (parameter, step, parameters) with one number moved by a step, inside its range.

    Steps read ``small up``, ``large down``, ...; a whole number moves by at least one. Moves that change
    nothing, or that the parameters refuse, are left out.
    """
    bounds = {row["name"]: row for row in params.describe()}
    for name, value in asdict(params).items():
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            continue
        low, high = bounds[name]["low"], bounds[name]["high"]
        for size, share in STEPS.items():
            for word, sign in (("down", -1), ("up", 1)):
                moved: float = value + sign * abs(value) * share
                if isinstance(value, int):
                    moved = value + sign * max(1, round(abs(value) * share))
                moved = max(moved, low) if low is not None else moved
                moved = min(moved, high) if high is not None else moved
                moved = int(moved) if isinstance(value, int) else float(moved)
                if moved == value:
                    continue
                try:
                    yield name, f"{size} {word}", replace(params, **{name: moved})
                except ValueError:  # it does not fit the other parameters
                    continue


def sample(ids: Sequence[str], n: int) -> list[str]:
    """Return at most ``n`` ids, the same ones every time: ids are hashes, so the lowest are as good as drawn."""
    return sorted(ids)[:n]


def _keyed(found: pl.DataFrame) -> pl.DataFrame:
    return found.select(
        "alert_id",
        "actor_group",
        "window_start",
        "window_end",
        instrument_id=pl.col("instrument_ids").list.first(),
    )
