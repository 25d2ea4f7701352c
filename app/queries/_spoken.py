"""What sentences call people, detectors and days: by name, not by what they are kept under.

Insights and alerts are kept with ids, so that they stay what they were when somebody marries or a detector is renamed
(and an alert can be reproduced word by word); ids also stay in their evidence, context and links. Page, bell, mail,
REST and case pack read the sentences through this.
"""

import re
from collections.abc import Callable, Collection, Mapping
from datetime import date

from analytics.compliance.detector import all_detectors
from analytics.datasets import PEOPLE
from app.desk import Desk

_WORD = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@-]*[A-Za-z0-9_]|[A-Za-z0-9_]")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_GROUP = re.compile(
    r"\b(account|owner|link|trader|person):(?=\S)"
)  # a group is told as its kind and its name
_ONE = re.compile(
    r"(?<![\w.,:-])1 (alert|day|fill|hour|message|minute|order|post|second|session|time|trade|unit)s\b"
)
_ONE_WERE = re.compile(r"(?<![\w.,:-])(1 order of [^.;]*?) were\b")
_R2 = re.compile(r"\bR2\b(?= -?[\d.])")
_NO_CHANCE = re.compile(r"\bp = 0\.0e\+00")  # smaller than a float can hold


Say = Callable[[str, Collection[str]], str]


def speaker(desk: Desk) -> Say:
    """Return a function that puts names where a sentence has ids.

    It takes the sentence and the ids it is about: no others are looked for, since somebody's id may be a word.
    """
    people = desk.rows(PEOPLE, scoped=False).select("person_id", "name").drop_nulls()
    names = dict(desk.collect(people.unique("person_id", keep="any")).iter_rows())
    # A detector called by one word is a word of sentences as well.
    rules = {name: kind.title.lower() for name, kind in all_detectors().items() if "_" in name}

    def say(sentence: str, about: Collection[str]) -> str:
        return spoken(sentence, rules | {one: names[one] for one in about if one in names})

    return say


def spoken(sentence: str, names: Mapping[str, str]) -> str:
    """Return ``sentence`` with each id of ``names`` replaced by its name, and days as people write them."""

    def said(found: re.Match[str]) -> str:
        word = found[0]
        if word in names:
            return names[word]
        return _day(word) if _DAY.fullmatch(word) else word

    return _WORD.sub(said, _plain(sentence))


def _plain(sentence: str) -> str:
    """Return a sentence with one of a thing in the singular, and without what only scripts write."""
    for pattern, instead in (
        (_GROUP, r"\1 "), (_ONE, r"1 \1"), (_ONE_WERE, r"\1 was"), (_NO_CHANCE, "p < 1e-300"), (_R2, "R²"),
    ):  # fmt: skip
        sentence = pattern.sub(instead, sentence)
    return sentence


def _day(word: str) -> str:
    try:
        day = date.fromisoformat(word)
    except ValueError:
        return word
    return f"{day.day} {day:%b %Y}"
