"""Does a model stay better than its baseline: skill by test fold, against zero and the whole record."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from dash import html

from components.formats import day, known, number, percent, plural
from components.graph import floats, graph
from components.theme import Theme

_MARKS = {
    1: ("circle", "up"),
    -1: ("x", "down"),
    0: ("circle-open", "text3"),
}  # symbol and colour by sign of the skill


def skill_course(
    folds: Sequence[Mapping[str, Any]],
    *,
    look: Theme,
    height: int,
    whole: Mapping[str, Any],
    batches: bool = False,
) -> html.Div:
    """Draw skill over time.

    Args:
        folds: ``from``, ``to`` (ISO days), ``n`` (days), ``skill`` (fraction, None where not known).
        look: Theme.
        height: Pixels.
        whole: ``value``, ``low`` and ``high`` of the whole record, and ``unit`` where skill is no fraction.
        batches: Folds are batches of examples without a day: they are numbered.
    """
    fraction = whole.get("unit") in (None, "fraction")
    shown = [fold for fold in folds if known(fold["skill"]) is not None]
    x = [str(fold["to"]) for fold in shown]
    axis: dict[str, Any] = {
        "type": "date",
        "nticks": 5,
        "tickangle": 0,
        "tickformat": "%b %Y",
        "ticklabelstandoff": 6,
        **_range(x),
    }
    if batches:
        x = [number(at) for at in range(1, len(shown) + 1)]
        axis = {"type": "category", "title": {"text": "Batch of examples"}}
    skill = [known(fold["skill"]) or 0.0 for fold in shown]
    # A fold in which a model found nothing to say is its baseline: neither better nor worse.
    marks = [_MARKS[(one > 0) - (one < 0)] for one in skill]
    data: list[dict[str, Any]] = [
        {
            "type": "scatter",
            "mode": "lines+markers",
            "x": x,
            "y": floats(fold["skill"] for fold in shown),
            "line": {"color": look["ctl"], "width": 1.2},
            "marker": {
                "size": 9,
                "opacity": 1,
                "symbol": [symbol for symbol, _ in marks],
                "color": [look[colour] for _, colour in marks],
                "line": {"width": 1.5, "color": look["s1"]},
            },
            "customdata": [
                plural(fold["n"], "group")
                if batches
                else f"{day(fold['from'])} to {day(fold['to'])}, {plural(fold['n'], 'day')}"
                for fold in shown
            ],
            "hovertemplate": f"<b>%{{y:{'+.1%' if fraction else '+.3f'}}}</b><br>%{{customdata}}<extra></extra>",
        }
    ]
    shapes: list[dict[str, Any]] = [_level(0.0, look["text2"], "solid")]
    notes: list[dict[str, Any]] = []
    value, low, high = (known(whole.get(name)) for name in ("value", "low", "high"))
    if low is not None and high is not None:
        shapes.append(
            {
                "type": "rect",
                "xref": "paper",
                "x0": 0,
                "x1": 1,
                "y0": low,
                "y1": high,
                "layer": "below",
                "fillcolor": look.faded("accent", 0.13),
                "line": {"width": 0},
            }
        )
    if value is not None:
        shapes.append(_level(value, look["accent"], "4px,3px"))
        notes.append(
            {
                "xref": "paper",
                "x": 1,
                "xanchor": "left",
                "xshift": 6,
                "y": value,
                "text": f"<b>{percent(value, plus=True) if fraction else number(value, 2, plus=True)}</b>",
                "font": {"size": 12, "color": look["accent"]},
                "showarrow": False,
            }
        )
    layout = {
        "margin": {"l": 8, "r": 58, "t": 8, "b": 8},
        "hovermode": "closest",
        "xaxis": axis,
        "yaxis": {
            "tickformat": "+.0%" if fraction else "+.2~f",
            "nticks": 6,
            "title": {"text": "Skill" if fraction else f"Skill, {whole['unit']}"},
            **({"range": [-0.1, 0.1]} if not any([*skill, value, low, high]) else {}),
        },
        "shapes": shapes,
        "annotations": notes,
    }
    better = sum(one > 0 for one in skill)
    finding = f"Better than the baseline in {number(better)} of {plural(len(shown), 'fold')}"
    told = "" if value is None else percent(value, plus=True) if fraction else f"{value:+.3f} {whole['unit']}"
    finding += f", over all {told}." if told else "."
    return graph(data, layout, look=look, height=height, finding=finding)


def _level(at: float, colour: str, dash: str) -> dict[str, Any]:
    return {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": at, "y1": at, "line": {"color": colour, "width": 1, "dash": dash}}  # fmt: skip


def _range(x: Sequence[str]) -> dict[str, Any]:
    # Labels take part in plotly's own choice of range, so it is never left to it.
    if not x:
        return {}
    first, last = date.fromisoformat(x[0][:10]), date.fromisoformat(x[-1][:10])
    room = timedelta(days=max(5, (last - first).days // 40))
    return {"range": [(first - room).isoformat(), (last + room).isoformat()]}
