"""A value with its interval on a line with a zero mark: drawn with boxes, so that it follows the theme."""

from typing import Any

from dash import html

from components.formats import known


def interval(
    low: Any,
    value: Any,
    high: Any,
    *,
    words: str,
    tone: str = "acc",
    reach: float | None = None,
    mark: float = 0.0,
) -> html.Div | None:
    """Draw where a value and its interval lie against zero, or another mark.

    Args:
        low: Lower end of the interval; None draws the dot alone.
        value: The value; None draws nothing.
        high: Upper end of the interval.
        words: What it shows, read to people who do not see it.
        tone: Class name of the colour.
        reach: Half the width of the line in the value's unit; from the numbers when None.
        mark: Where the mark stands.
    """
    middle = known(value)
    if middle is None:
        return None
    start, end = known(low), known(high)
    numbers = [number for number in (middle, start, end, mark) if number is not None]
    left, right = (-reach, reach) if reach else (min(numbers), max(numbers))
    room = (right - left) * 0.12 or 1.0
    left, right = left - room, right + room

    def place(number: float) -> float:
        return min(max((number - left) / (right - left), 0.0), 1.0) * 100

    parts: list[Any] = [html.I(className="zero", style={"left": f"{place(mark):.1f}%"})]
    if start is not None and end is not None:
        width = max(place(end) - place(start), 0.5)
        parts.append(html.Span(style={"left": f"{place(start):.1f}%", "width": f"{width:.1f}%"}))
    parts.append(html.B(style={"left": f"{place(middle):.1f}%"}))
    return html.Div(parts, className=f"ival {tone}", role="img", **{"aria-label": words})
