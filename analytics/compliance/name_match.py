"""How much a party resembles an entry of a list: a score of 0 to 100, and what speaks for and against."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from rapidfuzz.distance import JaroWinkler

from analytics.compliance._names import Name, alike, is_full, name_of, weight

VERSION = "1.1.0"
THRESHOLD = 80.0  # from which a pair is shown to somebody
STRONG = 92.0  # from which two people must agree that it is somebody else
LEAST_NAME = 72.0  # what the name alone must reach: no birthday makes a name
_NO_NAME = 75.0  # most that words of many firms can reach together
_LEAST_FIRM = 0.8
_LEAST_SOLID = 0.8  # of names written as one word, for joining of tokens to be tried
_JOINED = 0.97
_ONE_NAME = 84.0  # most that one full name and initials can reach
_EVIDENCE = {"same": 10.0, "near": 3.0, "close": -3.0, "other": -18.0}
_SAME_COUNTRY, _OTHER_COUNTRY = 3.0, -6.0
_EXTRA_PERSON, _EXTRA_FIRM = 0.25, 0.6  # share of its weight that a name on one side only costs


@dataclass(frozen=True)
class Party:
    """Who is screened, or an entry to screen against.

    ``kind``: person, entity, vessel, aircraft or "" when unknown. ``born``: ISO date, month or year.
    """

    key: tuple[str, ...]
    name: str
    kind: str = ""
    aliases: tuple[str, ...] = ()
    country: str = ""
    born: str = ""
    more: Mapping[str, Any] = field(default_factory=dict, hash=False, compare=False)

    @property
    def names(self) -> tuple[str, ...]:
        """The name and every alias, once each."""
        return tuple(dict.fromkeys(said for said in (self.name, *self.aliases) if said and said.strip()))

    @cached_property
    def read(self) -> tuple[Name, ...]:
        """The names as they are compared."""
        return tuple(name_of(said) for said in self.names)

    @property
    def digest(self) -> str:
        """SHA-256 of everything that is compared: it changes when the record does."""
        told = [self.kind, self.name, sorted(self.aliases), self.country, self.born]
        return hashlib.sha256(json.dumps(told, ensure_ascii=False).encode()).hexdigest()


@dataclass(frozen=True)
class Match:
    """Two names side by side: the score of the names alone, and which tokens met which."""

    score: float
    pairs: tuple[tuple[str, str, str], ...]  # token, token, how
    left: tuple[str, ...]  # tokens of the first that met nothing
    right: tuple[str, ...]


def compare(one: Name, other: Name, *, firm: bool) -> Match:
    """Return how alike two names are, whatever the order of their tokens.

    A name on one side only (a middle name, a patronymic) costs little where two full names meet; names that
    differ on both sides cost in full. Splitting and joining of words does not matter.
    """
    best = _side_by_side(one.tokens, other.tokens, firm=firm)
    if best.score >= THRESHOLD or len(one.tokens) == len(other.tokens):
        return best
    if JaroWinkler.similarity(one.solid, other.solid) < _LEAST_SOLID:
        return best
    for joined in _joined(one.tokens) if len(one.tokens) > len(other.tokens) else ():
        best = max(best, _discounted(_side_by_side(joined, other.tokens, firm=firm)), key=_score)
    for joined in _joined(other.tokens) if len(other.tokens) > len(one.tokens) else ():
        best = max(best, _discounted(_side_by_side(one.tokens, joined, firm=firm)), key=_score)
    return best


def _score(match: Match) -> float:
    return match.score


def _discounted(match: Match) -> Match:
    return replace(match, score=_JOINED * match.score)


def _joined(tokens: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Yield the tokens with two or three neighbours written as one word."""
    for size in (2, 3):
        for at in range(min(len(tokens), 6) - size + 1):
            yield (*tokens[:at], "".join(tokens[at : at + size]), *tokens[at + size :])


def _side_by_side(one: tuple[str, ...], other: tuple[str, ...], *, firm: bool) -> Match:
    pairs, left, right = _aligned(one, other, firm=firm)
    met = sum(min(weight(a), weight(b)) for a, b, *_ in pairs)
    agreed = sum(min(weight(a), weight(b)) * near for a, b, _, near in pairs)
    full = sum(is_full(a) and is_full(b) for a, b, *_ in pairs)
    lone = sorted((sum(map(weight, left)), sum(map(weight, right))))
    # Particles on either side do not contradict each other.
    clash = lone[0] if lone[0] > 0.2 else 0.5 * lone[0]
    share = _EXTRA_FIRM if firm else _EXTRA_PERSON if full >= 2 else 1.0
    whole = met + clash + (lone[1] - lone[0]) * share
    score = 100.0 * agreed / whole if whole else 0.0
    if score < 100.0 and full < (1 if firm else 2):
        score = min(score, _NO_NAME if firm else _ONE_NAME)
    return Match(score, tuple((a, b, how) for a, b, how, _ in pairs), left, right)


def _aligned(
    one: tuple[str, ...], other: tuple[str, ...], *, firm: bool
) -> tuple[list[tuple[str, str, str, float]], tuple[str, ...], tuple[str, ...]]:
    """Pair tokens off, the most alike first."""
    ranked = sorted(
        (
            (near * min(weight(a), weight(b)), near, how, i, j)
            for i, a in enumerate(one)
            for j, b in enumerate(other)
            for near, how in (alike(a, b) if a <= b else alike(b, a),)
            # Firms write their names in one way: what merely sounds alike is another one.
            if near > (_LEAST_FIRM if firm else 0.0)
        ),
        key=lambda row: (-row[0], -row[1], row[3], row[4]),
    )
    mine: set[int] = set()
    theirs: set[int] = set()
    pairs = []
    for _, near, how, i, j in ranked:
        if i not in mine and j not in theirs:
            mine.add(i)
            theirs.add(j)
            pairs.append((one[i], other[j], how, near))
    left = tuple(token for i, token in enumerate(one) if i not in mine)
    right = tuple(token for j, token in enumerate(other) if j not in theirs)
    return pairs, left, right


def judge(subject: Party, entry: Party) -> dict[str, Any] | None:
    """Return score and explanation of a pair; None when it does not reach ``THRESHOLD``.

    Args:
        subject: Who is screened.
        entry: Of a list.

    Returns:
        ``score`` (0..100), ``name_score``, ``subject_name`` and ``entry_name`` (those that met best),
        ``pairs`` ([token, token, how]), ``left`` and ``right`` (tokens that met nothing), ``evidence``
        ([{fact, says, points}]) and ``story`` (sentences).
    """
    if subject.kind and entry.kind and subject.kind != entry.kind:
        return None
    firm = is_firm(subject, entry)
    best: tuple[Match, str, str] | None = None
    for ours in subject.read:
        for theirs in entry.read:
            found = compare(ours, theirs, firm=firm)
            if best is None or found.score > best[0].score:
                best = found, ours.said, theirs.said
    if best is None or best[0].score < LEAST_NAME:
        return None
    match, said, listed = best
    evidence = [one for one in (_birth(subject.born, entry.born), _country(subject, entry)) if one]
    score = min(100.0, max(0.0, match.score + sum(one["points"] for one in evidence)))
    if score < THRESHOLD:
        return None
    return {
        "score": round(score, 1),
        "name_score": round(match.score, 1),
        "subject_name": said,
        "entry_name": listed,
        "pairs": [list(pair) for pair in match.pairs],
        "left": list(match.left),
        "right": list(match.right),
        "evidence": evidence,
        "story": _story(match, said, listed, entry, evidence),
    }


def is_firm(subject: Party, entry: Party) -> bool:
    """Whether names are compared as those of firms: neither is known to be a person."""
    return "person" not in {subject.kind, entry.kind}


def _birth(one: str, other: str) -> dict[str, Any] | None:
    if not one or not other:
        return None
    if one == other and len(one) == 10:
        says = "same"
    elif one.startswith(other) or other.startswith(one):
        says = "near"  # as far as the less exact one goes
    elif _swapped(one) == other or abs(_year(one) - _year(other)) <= 1:
        says = "close"
    else:
        says = "other"
    words = {
        "same": "The dates of birth are the same",
        "near": "The dates of birth agree as far as they are known",
        "close": "The dates of birth are close",
        "other": "The dates of birth differ",
    }
    text = f"{words[says]} ({one} and {other})."
    return {"fact": "date_of_birth", "says": says, "points": _EVIDENCE[says], "text": text}


def _swapped(born: str) -> str:
    """Return a date with day and month exchanged, as lists often have it."""
    return f"{born[:4]}-{born[8:10]}-{born[5:7]}" if len(born) == 10 else ""


def _year(born: str) -> int:
    return int(born[:4]) if born[:4].isdigit() else 0


def _country(subject: Party, entry: Party) -> dict[str, Any] | None:
    if not subject.country or not entry.country:
        return None
    same = subject.country.casefold() == entry.country.casefold()
    text = f"The countries {'are the same' if same else 'differ'} ({subject.country} and {entry.country})."
    points = _SAME_COUNTRY if same else _OTHER_COUNTRY
    return {"fact": "country", "says": "same" if same else "other", "points": points, "text": text}


_HOW = {
    "same": "is the same as", "initial": "is or has the initial of", "sound": "sounds like",
    "spelling": "is spelled nearly like",
}  # fmt: skip


def _story(match: Match, said: str, listed: str, entry: Party, evidence: list[dict[str, Any]]) -> list[str]:
    alias = "" if listed == entry.name else f", an alias of “{entry.name}”"
    told = [f"“{said}” resembles “{listed}”{alias}: {match.score:.0f} of 100 by the name alone."]
    told += [f"“{a}” {_HOW[how]} “{b}”." for a, b, how in match.pairs]
    for tokens, where in ((match.left, "ours"), (match.right, "the list's")):
        if tokens:
            told.append(f"Only {where} has {', '.join(f'“{token}”' for token in tokens)}.")
    return told + [one["text"] for one in evidence]
