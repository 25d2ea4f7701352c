"""When did it happen: alerts by day, stacked by severity, the worst at the bottom."""

from collections import Counter
from collections.abc import Sequence
from datetime import date
from typing import Any

from dash import html

from components.formats import day, plural
from components.graph import days, floats, graph
from components.severity import SEVERITIES
from components.theme import Theme

# Severities are not told apart by colour alone: each has its own hatching too.
_HATCH = {"critical": "", "high": "/", "medium": "x", "low": "."}


def alert_days(counts: Sequence[tuple[date, str, int]], *, look: Theme, height: int) -> html.Div:
    """Draw alerts by day.

    Args:
        counts: Day, severity, number of alerts.
        look: Theme.
        height: Pixels.
    """
    known = sorted({at for at, _, _ in counts})
    by = Counter({(at, severity): n for at, severity, n in counts})
    data: list[dict[str, Any]] = [
        {
            "type": "bar",
            "name": words,
            "x": days(known),
            "y": floats(by[at, name] for at in known),
            "marker": {
                "color": look[tone],
                "pattern": {"shape": _HATCH[name], "fgcolor": look["s1"], "size": 5, "solidity": 0.25},
            },
            "width": 0.6 * 86_400_000,
            "hovertemplate": "%{y:.0f}",
        }
        for name, (_, tone, words) in SEVERITIES.items()
        if any(severity == name for _, severity, _ in counts)
    ]
    first, last = known[0].toordinal(), known[-1].toordinal()
    ends = [date.fromordinal(first - 1).isoformat(), date.fromordinal(last + 1).isoformat()]
    layout = {
        "barmode": "stack",
        "margin": {"l": 8, "r": 8, "t": 6, "b": 6},
        "xaxis": {"type": "date", "tickformat": "%-d %b", "nticks": min(8, last - first + 3), "range": ends},
        "yaxis": {"nticks": 4, "rangemode": "tozero", "tickformat": "d"},
    }
    total = sum(n for _, _, n in counts)
    worst = max(known, key=lambda at: sum(by[at, name] for name in SEVERITIES))
    most = sum(by[worst, name] for name in SEVERITIES)
    finding = (
        f"{plural(total, 'alert')} from {day(known[0])} to {day(known[-1])}; most on {day(worst)}, {most}."
    )
    return graph(data, layout, look=look, height=height, finding=finding)
