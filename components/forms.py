"""Parts of forms."""

from typing import Any

from dash import html


def field(label: str, control: Any, help_text: str = "") -> html.Div:
    """Draw a control with its label above and a hint below."""
    parts = [html.Label(label, htmlFor=control.id), control]
    if help_text:
        parts.append(html.Span(help_text, className="form-text"))
    return html.Div(parts, className="field")
