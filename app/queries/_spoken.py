"""What sentences call people, detectors and days: by name, not by what they are kept under.

Insights are kept with ids, so that they stay what they were when somebody marries or a detector is renamed; ids also
stay in their evidence, context and links. Page, bell, mail and REST read the sentences through this.
"""

import re
from collections.abc import Callable, Collection, Mapping
from datetime import date

from analytics.compliance.detector import all_detectors
from analytics.datasets import PEOPLE
from app.desk import Desk

_WORD = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@-]*[A-Za-z0-9_]|[A-Za-z0-9_]")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


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

    return _WORD.sub(said, sentence)


def _day(word: str) -> str:
    try:
        day = date.fromisoformat(word)
    except ValueError:
        return word
    return f"{day.day} {day:%b %Y}"
