"""People, a clock and ideas that the tests of ideas share."""

from dataclasses import replace
from decimal import Decimal

from app.actions import ideas
from app.actions.ideas import Known, Said

SAID = Said(
    "AAPL",
    "long",
    20,
    Decimal("0.6"),
    "Margins turn this year, and few expect it.",
    Decimal(120),
    Decimal(90),
)
KNOWN = Known(close=100.0, close_date="2026-11-20")


def posted(database, actor, said=SAID):
    return ideas.post(database, actor, said, known=KNOWN)[0]


def sealed(database, actor, clock, number=3):
    made = [posted(database, actor, replace(SAID, horizon=10 + i)) for i in range(number)]
    clock(16)
    assert len(ideas.seal(database, "acme")) == number
    return [one.id for one in made]
