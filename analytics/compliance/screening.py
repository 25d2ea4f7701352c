"""Screening: every party that resembles an entry of a list, without comparing each with each."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl
from rapidfuzz import fuzz, process

from analytics.compliance._names import keys
from analytics.compliance.name_match import LEAST_NAME, Party, compare, is_firm, judge

# Names of a list that may share one key before it says too little to be worth comparing.
_CROWDED = {"1": 60, "2": 400, "3": 60, "4": 60, "5": 60}
_AT_ONCE = 20_000  # parties whose keys are in memory together
_ROUGH = 66.0  # of the consonants in order of the alphabet; what ``judge`` passes is above it


@dataclass(frozen=True)
class Found:
    """A party, the entry it resembles, and what ``judge`` says of them."""

    subject: Party
    entry: Party
    verdict: dict[str, Any]


def screen(subjects: Sequence[Party], entries: Sequence[Party]) -> list[Found]:
    """Return every pair that reaches the threshold, the highest score first.

    Names are put into blocks by sound; only names that share an uncrowded block are compared, so the work
    grows with the number of names and not with its square.

    Args:
        subjects: Who is screened.
        entries: What against.
    """
    listed = _blocks(entries, listed=True)
    if listed.is_empty():
        return []
    limit = pl.col("sort").replace_strict(_CROWDED, return_dtype=pl.UInt32)
    useful = listed.filter(pl.len().over("key") <= limit).drop("sort")
    near: dict[tuple[int, int], None] = {}
    for start in range(0, len(subjects), _AT_ONCE):
        ours = _blocks(subjects[start : start + _AT_ONCE]).drop("sort")
        met = ours.join(useful, on="key", how="inner", suffix="_listed").drop("key").unique()
        for place, name, other, alias in _rough(met).sort("party", "party_listed").iter_rows():
            pair = start + place, other
            subject, entry = subjects[pair[0]], entries[other]
            if pair in near or (subject.kind and entry.kind and subject.kind != entry.kind):
                continue
            firm = is_firm(subject, entry)
            if compare(subject.read[name], entry.read[alias], firm=firm).score >= LEAST_NAME:
                near[pair] = None
    judged = ((subjects[ours], entries[theirs]) for ours, theirs in near)
    found = [Found(one, two, verdict) for one, two in judged if (verdict := judge(one, two)) is not None]
    return sorted(found, key=lambda one: (-one.verdict["score"], one.subject.key, one.entry.key))


def _blocks(parties: Sequence[Party], *, listed: bool = False) -> pl.DataFrame:
    """Return one row per party, name and key: party and name (places), said (its consonants), sort, key."""
    rows = [
        (place, at, name.bag, list(keys(name, listed=listed)))
        for place, party in enumerate(parties)
        for at, name in enumerate(party.read)
    ]
    frame = pl.DataFrame(
        rows,
        schema={"party": pl.UInt32, "name": pl.UInt32, "said": pl.String, "key": pl.List(pl.String)},
        orient="row",
    )
    exploded = frame.explode("key", empty_as_null=False)
    return exploded.with_columns(sort=pl.col("key").str.slice(0, 1), key=pl.col("key").hash())


def _rough(pairs: pl.DataFrame) -> pl.DataFrame:
    """Leave out pairs whose letters have too little in common for any rule to pass them."""
    score = process.cpdist(
        pairs["said"].to_list(), pairs["said_listed"].to_list(), scorer=fuzz.ratio,
        score_cutoff=_ROUGH, workers=1,
    )  # fmt: skip
    near = pairs.filter(pl.Series(score) >= _ROUGH)
    return near.select("party", "name", "party_listed", "name_listed")
