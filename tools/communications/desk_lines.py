"""Lines as people on a desk type them, each with its family and phrase family, read from ``desk_lines.csv``.

All of them are made up by the project's own hand, belong to it and fall under its licence; none comes from real
conversations or a published collection, and none may be used to measure.
"""

import csv
from pathlib import Path
from typing import NamedTuple

FILE = Path(__file__).with_name("desk_lines.csv")


class Line(NamedTuple):
    """One line: ``family`` is ``good`` or one of the lexicon, ``phrase_family`` what says the same within it."""

    family: str
    phrase_family: str
    text: str


def lines() -> list[Line]:
    """Return every line, as the file has them."""
    with FILE.open(encoding="utf-8", newline="") as source:
        return [Line(**row) for row in csv.DictReader(source)]
