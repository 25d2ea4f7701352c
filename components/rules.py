"""The rules that look for insights, and how their findings are to be read."""

from collections.abc import Mapping, Sequence
from typing import Any

from dash import html

from components.formats import number, percent, words
from components.tables import facts

_READING = (
    (
        "Effect",
        "how much it is, with the interval that holds it 95 times in 100; the bar is drawn against zero",
    ),
    ("n", "what was observed that many times, such as sessions or posts"),
    ("q", "of findings with this q or a smaller one, at most this share is chance"),
    ("Confidence", "one minus q, never certain"),
)


def rule_list(rules: Sequence[Mapping[str, Any]]) -> html.Ul:
    """Draw each rule with what it looks for and how many of its findings stand."""
    return html.Ul(
        [
            html.Li(
                [
                    html.Div(
                        [
                            html.Button(
                                rule["title"],
                                type="button",
                                className="lk",
                                title="Show what it found",
                                **{"data-set": "kind", "data-value": str(rule["name"])},
                            )
                            if rule.get("name") and rule["found"]
                            else html.Span(rule["title"], className="w5"),
                            html.Span(f"{number(rule['found'])} found", className="t3 nowrap push"),
                        ],
                        className="hd",
                    ),
                    html.P(rule["description"], className="t2 t12"),
                    html.P(rule["test"], className="t3 t12") if rule.get("test") else None,
                    html.Div(
                        [html.Span(words(name), className="tag") for name in rule["domains"]],
                        className="tags",
                    ),
                ]
            )
            for rule in rules
        ],
        className="talk",
    )


def reading(level: float) -> list[Any]:
    """Say how findings were let through and what their numbers mean.

    Args:
        level: Share of false findings the control allows.
    """
    said = (
        f"Every rule looks at many desks, people and instruments. What is shown passed a control that lets "
        f"at most {percent(level)} of all shown findings be chance; the rest was left out."
    )
    return [html.P(said, className="t2 mb-2"), facts(_READING)]
