"""Random samples for supervision: drawn so that anybody can draw them again, and what they let one conclude."""

import hashlib
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from scipy import stats

CONFIDENCE = 0.95
LARGEST = 1_000  # messages of one sample
REASONS = {
    "routine": "Routine sample of the period",
    "risk": "A period, desk or channel of higher risk",
    "follow_up": "Follows an earlier finding",
    "change": "Lexicon, model or thresholds have changed",
}


@dataclass(frozen=True)
class Message:
    """What is needed of a message: the text stays in the lake."""

    id: str
    sent_at: datetime
    people: tuple[str, ...]  # sender first
    channel: str | None = None
    instrument_ids: tuple[str, ...] = ()


@dataclass(frozen=True)
class Population:
    """What a sample is drawn from."""

    start: date
    end: date
    channel: str | None
    messages: Sequence[Message]  # every one of the period
    alerted: frozenset[str]  # ids that an alert names
    versions: Mapping[str, str] = field(default_factory=dict)


def drawn(ids: Iterable[str], *, seed: int, size: int) -> list[str]:
    """Return ``size`` of ``ids`` at random, in the order they were drawn.

    Each id has a place that follows from the seed and itself alone (SHA-256 of ``<seed>:<id>``), so the draw
    does not depend on the order of the ids, nor on the release of any library, and a smaller sample of the
    same seed is the beginning of a larger one.
    """
    places = {one: hashlib.sha256(f"{seed}:{one}".encode()).digest() for one in ids}
    return sorted(places, key=lambda one: (places[one], one))[:size]


def size_for(population: int, share: float, *, confidence: float = CONFIDENCE) -> int:
    """Return how many to draw so that at least one of those looked for is among them.

    Args:
        population: How many there are to draw from.
        share: Share of them that is looked for, 0 to 1 (exclusive).
        confidence: Probability of drawing at least one, 0 to 1 (exclusive).

    Returns:
        The least number by the hypergeometric approximation ``(1 - (1 - c)^(1/D)) * (N - (D - 1) / 2)`` with
        ``D = share * N``; the whole population where not even one would be among it.

    Raises:
        ValueError: If share or confidence are out of range.
    """
    if not 0 < share < 1 or not 0 < confidence < 1:
        raise ValueError("share and confidence must lie between 0 and 1")
    sought = share * population
    if sought < 1:
        return max(population, 0)
    part = 1 - (1 - confidence) ** (1 / sought)
    return int(min(population, math.ceil(part * (population - (sought - 1) / 2))))


def most(found: int, looked: int, *, confidence: float = CONFIDENCE) -> float | None:
    """Return the share that at most is so of all, by what was found among those looked at.

    The one-sided exact (Clopper-Pearson) bound: cautious, since it takes the population as endless.

    Returns:
        0 to 1; None where nothing was looked at.

    Raises:
        ValueError: If more was found than looked at.
    """
    if not 0 <= found <= looked:
        raise ValueError("more was found than looked at")
    if looked == 0:
        return None
    return 1.0 if found == looked else float(stats.beta.ppf(confidence, found + 1, looked - found))
