"""What moves together: a square of numbers, coloured."""

from collections.abc import Sequence

from dash import html

from components.formats import MINUS, MISSING, known, number
from components.graph import graph
from components.theme import Theme

# UX.md section 2: correlation, -1 to 1.
_SCALE = {
    "dark": ("#A4561C", "#653F28", "#161B23", "#223F6E", "#2F68C8"),
    "light": ("#DB8A4E", "#F0CFB4", "#FFFFFF", "#C3D6F5", "#79A5EC"),
}


def correlation_map(
    names: Sequence[str], matrix: Sequence[Sequence[float | None]], *, look: Theme, height: int
) -> html.Div:
    """Draw a correlation matrix in the order given.

    Args:
        names: Of rows and columns.
        matrix: -1 to 1, None where not known.
        look: Theme.
        height: Pixels.
    """
    values = [[known(value) for value in row] for row in matrix]
    shown = [["" if i == j else _short(value) for j, value in enumerate(row)] for i, row in enumerate(values)]
    told = [
        [f"<b>{a} and {b}</b>: {number(value, 2)}" for b, value in zip(names, row, strict=True)]
        for a, row in zip(names, values, strict=True)
    ]
    data = [
        {
            "type": "heatmap", "x": list(names), "y": list(names), "z": values, "zmin": -1, "zmax": 1,
            "xgap": 1.5, "ygap": 1.5, "showscale": False, "text": shown, "texttemplate": "%{text}",
            "textfont": {"size": 10.5, "color": look["text"]}, "customdata": told,
            "hovertemplate": "%{customdata}<extra></extra>",
            "colorscale": [[place / 4, colour] for place, colour in enumerate(_SCALE[look.name])],
        }
    ]  # fmt: skip
    ticks = {"tickfont": {"size": 10.5, "color": look["text2"]}, "type": "category", "showspikes": False}
    layout = {
        "hovermode": "closest",
        "margin": {"l": 6, "r": 4, "t": 4, "b": 4},
        "xaxis": {**ticks, "showgrid": False, "autotickangles": [0, 90]},
        "yaxis": {**ticks, "showgrid": False, "autorange": "reversed"},
    }
    return graph(data, layout, look=look, height=height, finding=_finding(names, values))


def _short(value: float | None) -> str:
    if value is None:
        return MISSING
    text = f"{abs(value):.2f}"
    return (MINUS if value < 0 and text != "0.00" else "") + text.removeprefix("0")


def _finding(names: Sequence[str], values: Sequence[Sequence[float | None]]) -> str:
    pairs = [
        (value, names[i], names[j])
        for i, row in enumerate(values)
        for j, value in enumerate(row)
        if j < i and value is not None
    ]
    if not pairs:
        return "Correlations are not known."
    top, low = max(pairs), min(pairs)
    return (
        f"Most alike are {top[1]} and {top[2]} with {number(top[0], 2)}, least {low[1]} and {low[2]} "
        f"with {number(low[0], 2)}."
    )
