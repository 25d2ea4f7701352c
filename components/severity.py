"""Severity: always a shape and a word beside the colour."""

from dash import html

from components.states import icon

SEVERITIES: dict[str, tuple[str, str, str]] = {
    "critical": ("octagon-fill", "crit", "Critical"),
    "high": ("triangle-fill", "high", "High"),
    "medium": ("diamond-fill", "med", "Medium"),
    "low": ("circle-fill", "low", "Low"),
}


def severity(name: str) -> html.Span:
    """Draw a severity's shape and word."""
    shape, tone, words = SEVERITIES.get(name, ("circle", "low", name.capitalize()))
    return html.Span([icon(shape), html.Span(words)], className=f"sev {tone}")


def severity_mark(name: str) -> html.I:
    """Draw a severity's shape alone, named for people who listen."""
    shape, tone, words = SEVERITIES.get(name, ("circle", "low", name.capitalize()))
    return icon(shape, tone, label=words)


def severity_counts(counts: dict[str, int]) -> list[html.Span]:
    """Draw how many of each severity, worst first."""
    return [
        html.Span([icon(shape), f" {counts[name]}"], className=f"num {tone}", title=words)
        for name, (shape, tone, words) in SEVERITIES.items()
        if counts.get(name)
    ]
