"""What more return would cost in risk: the frontier as fitted, and what its points did on days not seen."""

from collections.abc import Mapping, Sequence
from typing import Any

from dash import html

from components.formats import percent
from components.graph import graph
from components.theme import Theme

_SHAPES = {"optimised": "diamond", "equal": "square", "current": "circle"}
_WORDS = {"optimised": "Optimised", "equal": "Equal weights", "current": "Now"}


def frontier(answer: Mapping[str, Any], *, look: Theme, height: int) -> html.Div:
    """Draw risk against return, both annualised.

    Args:
        answer: ``in_sample`` and ``out_of_sample`` (``risk``, ``return``; same order), ``points`` (name to the
            same, in sample).
        look: Theme.
        height: Pixels.
    """
    fitted, tested = _pairs(answer["in_sample"]), _pairs(answer["out_of_sample"])
    named = {
        name: (point["risk"], point["return"])
        for name, point in answer["points"].items()
        if point["risk"] is not None
    }
    links = [
        part
        for one, other in zip(fitted, tested, strict=False)
        for part in (one, other, (None, None))
    ]  # fmt: skip
    data: list[dict[str, Any]] = [
        {"type": "scatter", "mode": "lines", "x": [x for x, _ in links], "y": [y for _, y in links],
         "line": {"color": look["line2"], "width": 1}, "hoverinfo": "skip"},
        {"type": "scatter", "mode": "lines", "x": [x for x, _ in fitted], "y": [y for _, y in fitted],
         "line": {"color": look["accent"], "width": 2}, "name": "As fitted",
         "hovertemplate": "as fitted: risk %{x:.1%}, return %{y:.1%}<extra></extra>"},
        {"type": "scatter", "mode": "markers", "x": [x for x, _ in tested], "y": [y for _, y in tested],
         "marker": {"size": 8, "color": look["s1"], "line": {"width": 2, "color": look["down"]}},
         "hovertemplate": "out of sample: risk %{x:.1%}, return %{y:.1%}<extra></extra>"},
    ]  # fmt: skip
    data += [
        {"type": "scatter", "mode": "markers", "x": [x], "y": [y],
         "marker": {"size": 10, "symbol": _SHAPES[name], "color": look["text"], "line": {"width": 1.5, "color": look["s1"]}},
         "hovertemplate": f"{_WORDS[name]}, in sample: risk %{{x:.1%}}, return %{{y:.1%}}<extra></extra>"}
        for name, (x, y) in named.items()
    ]  # fmt: skip
    points = [*fitted, *tested, *named.values()]
    xs, ys = [x for x, _ in points], [y for _, y in points]
    left, right = (max(xs) - min(xs)) * 0.12 or 0.01, (max(ys) - min(ys)) * 0.12 or 0.01
    # Equal weights often lie where the book does: one name above its point, the others below.
    notes = [
        {
            "x": x,
            "y": y,
            "text": _WORDS[name],
            "yanchor": "bottom" if name == "equal" else "top",
            "yshift": 8 if name == "equal" else -8,
            "font": {"size": 11, "color": look["text2"]},
            "bgcolor": look["s1"],
            "borderpad": 1,
        }
        for name, (x, y) in named.items()
    ]
    layout = {
        "hovermode": "closest",
        "margin": {"l": 8, "r": 12, "t": 6, "b": 34},
        "xaxis": {"range": [min(xs) - left, max(xs) + left], "tickformat": ".0%", "nticks": 5, "showgrid": True, "title": {"text": "volatility, a year"}, "showspikes": False},
        "yaxis": {"range": [min(ys) - right, max(ys) + right], "tickformat": ".0%", "nticks": 6, "zeroline": True},
        "annotations": notes,
    }  # fmt: skip
    worst = min(tested, key=lambda point: point[1]) if tested else (None, None)
    best = max(fitted, key=lambda point: point[1])
    finding = f"The frontier as fitted reaches {percent(best[1])} a year; out of sample its points earned as little as {percent(worst[1])}."
    return graph(data, layout, look=look, height=height, finding=finding)


def _pairs(points: Sequence[Mapping[str, Any]]) -> list[tuple[float, float]]:
    return [(point["risk"], point["return"]) for point in points if point["risk"] is not None]
