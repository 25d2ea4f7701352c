"""When did it happen: one lane a severity, one mark a day, as large as its number of alerts."""

from collections import Counter
from collections.abc import Sequence
from datetime import date
from typing import Any

from dash import html

from components.formats import day, plural
from components.graph import graph
from components.severity import SEVERITIES
from components.theme import Theme

_SYMBOLS = {"critical": "octagon", "high": "triangle-up", "medium": "diamond", "low": "circle"}
_LEAST, _MORE = 12, 20  # pixels of a mark: one alert, and what the busiest day adds


def alert_days(counts: Sequence[tuple[date, str, int]], *, look: Theme, height: int) -> html.Div:
    """Draw alerts by day and severity.

    Args:
        counts: Day, severity, number of alerts; at least one.
        look: Theme.
        height: Pixels.
    """
    known = sorted({at for at, _, _ in counts})
    most = max(n for _, _, n in counts)
    data: list[dict[str, Any]] = []
    for name, (_, tone, words) in SEVERITIES.items():
        own = [(at, n) for at, severity, n in counts if severity == name]
        data.append(
            {
                "type": "scatter",
                "mode": "markers+text",
                "name": words,
                "x": [at.isoformat() for at, _ in own],
                "y": [words] * len(own),
                "text": [str(n) for _, n in own],
                "textposition": "middle right",
                "textfont": {"size": 11, "color": look["text2"]},
                "marker": {
                    "symbol": _SYMBOLS[name],
                    "size": [_LEAST + _MORE * ((n - 1) / most) ** 0.5 for _, n in own],
                    "color": look[tone],
                    "opacity": 1,
                    "line": {"width": 1.5, "color": look["s1"]},
                },
                "hovertemplate": "%{x|%-d %b}: %{text} " + words.lower() + "<extra></extra>",
            }
        )
    ends = [date.fromordinal(known[0].toordinal() - 1), date.fromordinal(known[-1].toordinal() + 1)]
    layout = {
        "margin": {"l": 8, "r": 14, "t": 6, "b": 6},
        "hovermode": "closest",
        "xaxis": {
            "type": "date",
            "tickformat": "%-d %b",
            "nticks": min(8, (ends[1] - ends[0]).days + 1),
            "range": [end.isoformat() for end in ends],
            "showspikes": False,
        },
        "yaxis": {
            "type": "category",
            "categoryorder": "array",
            "categoryarray": [words for _, _, words in reversed(SEVERITIES.values())],
            "range": [-0.6, len(SEVERITIES) - 0.4],
            "tickfont": {"size": 12, "color": look["text2"]},
        },
    }
    by_day: Counter[date] = Counter()
    for at, _, n in counts:
        by_day[at] += n
    worst, top = by_day.most_common(1)[0]
    finding = f"{plural(by_day.total(), 'alert')} from {day(known[0])} to {day(known[-1])}; most on {day(worst)}, {top}."
    return graph(data, layout, look=look, height=height, finding=finding)
