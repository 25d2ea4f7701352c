"""What adds up to a total: one floating bar per part, from nought to the sum."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from dash import html

from components.formats import known
from components.graph import floats, graph
from components.theme import Theme


@dataclass(frozen=True)
class Fall:
    """One bar. A part moves on from where the last one ended; a total stands on nought.

    A total's ``value`` is what is shown, so a sum that does not come out is seen to. ``value`` None leaves a
    gap with ``hover`` as its reason.
    """

    label: str
    value: float | None
    total: bool = False
    hover: str = ""


def waterfall(
    falls: Sequence[Fall],
    *,
    look: Theme,
    height: int,
    words: Callable[[float], str],
    finding: str,
    ticks: Callable[[Sequence[float]], dict[str, Any]] | None = None,
    gain_is_good: bool = True,
    name: str | None = None,
) -> html.Div:
    """Draw parts that sum to a total.

    Args:
        falls: Bars from left to right.
        look: Theme.
        height: Pixels.
        words: How a value reads above its bar.
        finding: One sentence that says what the figure shows.
        ticks: From the levels reached to ``tickvals`` and ``ticktext``.
        gain_is_good: Whether positive parts are drawn as gains; costs are not.
        name: Component id, where clicks are read.
    """
    labels = [fall.label for fall in falls]
    starts, ends = _levels(falls)
    tones = [_tone(fall, look, gain_is_good=gain_is_good) for fall in falls]
    sizes = [
        None if fall.value is None else end - start
        for fall, start, end in zip(falls, starts, ends, strict=True)
    ]
    data = {
        "type": "bar",
        "x": labels,
        "base": list(starts),
        "y": floats(sizes),
        "marker": {"color": tones},
        "customdata": [fall.hover or ("–" if fall.value is None else words(fall.value)) for fall in falls],
        "hovertemplate": "%{customdata}<extra></extra>",
    }
    reached = [*starts, *ends, 0.0]
    low, high = min(reached), max(reached)
    room = (high - low) * 0.12 or 1.0
    layout = {
        "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
        "bargap": 0.34,
        "hovermode": "closest",
        "xaxis": {
            "type": "category",
            "showspikes": False,
            "tickfont": {"size": 12, "color": look["text2"]},
        },
        "yaxis": {
            "range": [low - room, high + room],
            "zeroline": True,
            "zerolinewidth": 1,
            **(ticks(reached) if ticks else {}),
        },
        "shapes": _steps(ends, look),
        "annotations": [
            {
                "x": fall.label,
                "y": max(start, end),
                "yanchor": "bottom",
                "yshift": 1,
                "text": f"<b>{words(fall.value)}</b>" if fall.total else words(fall.value),
                "font": {"size": 11, "color": look["text"] if fall.total else look["text2"]},
                "showarrow": False,
            }
            for fall, start, end in zip(falls, starts, ends, strict=True)
            if fall.value is not None
        ],
    }
    return graph([data], layout, look=look, height=height, finding=finding, name=name)


def _levels(falls: Sequence[Fall]) -> tuple[list[float], list[float]]:
    starts, ends, level = [], [], 0.0
    for fall in falls:
        value = known(fall.value) or 0.0
        starts.append(0.0 if fall.total else level)
        level = value if fall.total else level + value
        ends.append(level)
    return starts, ends


def _tone(fall: Fall, look: Theme, *, gain_is_good: bool) -> str:
    if fall.total:
        return look.faded("accent", 0.9)
    value = known(fall.value) or 0.0
    good = value >= 0 if gain_is_good else value <= 0
    return look.faded("up" if good else "down", 0.85)


def _steps(ends: Sequence[float], look: Theme) -> list[dict[str, Any]]:
    # Where one bar ends the next begins: a thin line carries the eye across the gap.
    return [
        {
            "type": "line",
            "x0": place + 0.33,
            "x1": place + 0.67,
            "y0": end,
            "y1": end,
            "line": {"color": look["ctl"], "width": 1},
        }
        for place, end in enumerate(ends[:-1])
    ]
