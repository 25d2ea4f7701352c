"""What the triage model says of an alert: a second opinion, with its reasons."""

from collections.abc import Mapping
from typing import Any

from dash import html

from components.formats import known, number, percent


def triage_line(told: Mapping[str, Any]) -> html.Div | None:
    """Draw the chance that an alert is worth escalation and the three reasons; None where no model has spoken.

    Args:
        told: ``probability`` (0 to 1 or None), ``reasons`` (words, contribution in log odds).
    """
    chance = known(told.get("probability"))
    if chance is None:
        return None
    reasons = [
        f"{one['words']} {'raises' if one['contribution'] > 0 else 'lowers'} it by {number(abs(one['contribution']), 1)}"
        for one in told.get("reasons", ())
    ]
    return html.Div(
        [
            html.B(f"{percent(chance)} likely to be worth escalation"),
            html.Span(
                f" by the triage model, from how earlier alerts ended. In log odds: {'; '.join(reasons)}."
                if reasons
                else " by the triage model, from how earlier alerts ended.",
                className="t2",
            ),
        ],
        className="t11 waysto",
    )
