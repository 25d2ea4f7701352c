"""Does talk lead price: a dot with its interval for each lag, in order, against zero."""

from collections.abc import Mapping, Sequence
from typing import Any

from dash import html

from components.formats import known, number, plural
from components.graph import floats, graph
from components.theme import Theme

FINDINGS = {
    "leads": "Talk comes before the price",
    "with": "Talk and price move on the same day; neither comes first",
    "follows": "Talk comes after the price",
    "none": "Talk and price have nothing to do with one another, as far as this shows",
}


def lead_lag(rows: Sequence[Mapping[str, Any]], *, look: Theme, height: int, finding: str) -> html.Div:
    """Draw correlations by lag.

    Args:
        rows: lag (sessions; above zero talk came first), value, low, high, n, days; by lag. Nulls are left out.
        look: Theme.
        height: Pixels.
        finding: A key of ``FINDINGS``.
    """
    kept = [row for row in rows if known(row["value"]) is not None]
    clear = [row["low"] > 0 or row["high"] < 0 for row in kept]
    data = {
        "type": "scatter",
        "mode": "markers",
        "x": [row["lag"] for row in kept],
        "y": floats(row["value"] for row in kept),
        "error_y": {
            "type": "data", "symmetric": False, "array": [row["high"] - row["value"] for row in kept],
            "arrayminus": [row["value"] - row["low"] for row in kept], "color": look["ctl"], "thickness": 1.5, "width": 0,
        },
        "marker": {
            "size": 9, "color": [look["accent"] if one else look["text3"] for one in clear],
            "symbol": ["circle" if one else "circle-open" for one in clear], "line": {"width": 1.5, "color": look["text3"]},
        },
        "customdata": [
            f"{number(row['low'], 2, plus=True)} to {number(row['high'], 2, plus=True)}, {plural(row['n'], 'pair')}, "
            f"{plural(row['days'], 'session')}"
            for row in kept
        ],
        "hovertemplate": "lag %{x}: <b>%{y:+.2f}</b><br>%{customdata}<extra></extra>",
    }  # fmt: skip
    layout = {
        "margin": {"l": 8, "r": 8, "t": 8, "b": 44},
        "hovermode": "closest",
        "xaxis": {
            "title": {"text": "Sessions from talk to return<br>(below 0 the return came first)"},
            "dtick": 1,
            "tickangle": 0,
            "showgrid": False,
            "zeroline": True,
            "showspikes": False,
        },
        "yaxis": {"zeroline": True, "title": {"text": "Correlation"}, **_steps(kept)},
    }
    said = ", ".join(str(row["lag"]) for row, one in zip(kept, clear, strict=True) if one)
    words = f"{FINDINGS[finding]}. " + (
        f"The interval clears zero at lag {said}." if said else "Every interval holds zero."
    )
    return graph([data], layout, look=look, height=height, finding=words)


def _steps(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return marks of the upright axis: a sign before every number but the zero."""
    far = max((max(abs(row["low"]), abs(row["high"])) for row in rows), default=0.0)
    step = next((one for one in (0.1, 0.2) if far / one <= 3.5), 0.5)
    marks = [place * step for place in range(-int(far / step), int(far / step) + 1)]
    return {"tickvals": marks, "ticktext": [number(one, 1, plus=True) if one else "0" for one in marks]}
