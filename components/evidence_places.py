"""Places of the evidence cards of an alert: which of them stand on its page depends on the alert."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from dash import html

from components.cards import card, slot
from components.states import bones

_CARDS: dict[str, tuple[str, int, Literal["bars", "rows"]]] = {
    "limit": ("The limit", 380, "bars"),
    "model": ("Is the model right", 520, "bars"),
    "position": ("What was held", 320, "bars"),
    "gains": ("Gains by day", 300, "bars"),
    "picked": ("Who got the winners", 320, "bars"),
    "replay": ("Price and book replay", 620, "bars"),
    "market": ("Price, orders and fills", 360, "bars"),
    "effect": ("What it earned", 180, "rows"),
    "timeline": ("Timeline", 300, "rows"),
    "evidence": ("Evidence", 300, "rows"),
    "alternatives": ("Other explanations", 200, "rows"),
}


@dataclass(frozen=True)
class _Of:
    key: str


def places(page: str, names: Iterable[str]) -> list[html.Div]:
    """Return the places of evidence cards on ``page`` (its key), in this order; unknown names are left out."""
    found: list[Any] = []
    for name in names:
        if name in _CARDS:
            title, height, skeleton = _CARDS[name]
            found.append(slot(_Of(page), name, title, span="", height=height, skeleton=skeleton))  # type: ignore[arg-type]
    return found


def waiting() -> html.Div:
    """Return what stands there until it is known which cards come."""
    return html.Div(
        card("evidence-cards", "Evidence", bones("bars"), state="loading"),
        className="slot",
        style={"minHeight": "620px"},
    )
