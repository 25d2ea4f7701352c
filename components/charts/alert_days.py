"""When did it happen: one lane a severity, one mark a day (week, month), as large as its number of alerts."""

from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from dash import html

from components.formats import day, plural
from components.graph import day_format, graph
from components.severity import SEVERITIES
from components.theme import Theme

_SYMBOLS = {"critical": "octagon", "high": "triangle-up", "medium": "diamond", "low": "circle"}
_STEPS = {"day": "%{x|%-d %b %Y}", "week": "Week of %{x|%-d %b %Y}", "month": "%{x|%B %Y}"}
_AXES = {"day": "Day, UTC", "week": "Week, UTC", "month": "Month, UTC"}
_DAYS, _WEEKS = 45, 300  # days up to which each day, each week has a mark of its own
_LEAST = 10  # pixels of the mark of one alert
_MORE = {"day": 20, "week": 12, "month": 9}  # pixels that the busiest one adds


def alert_days(counts: Sequence[tuple[date, str, int]], *, look: Theme, height: int) -> html.Div:
    """Draw alerts by day and severity.

    Args:
        counts: Day, severity, number of alerts; at least one.
        look: Theme.
        height: Pixels.
    """
    counts, step = _by_time(counts)
    known = sorted({at for at, _, _ in counts})
    most = max(n for _, _, n in counts)
    data: list[dict[str, Any]] = []
    for name, (_, tone, words) in SEVERITIES.items():
        own = [(at, n) for at, severity, n in counts if severity == name]
        data.append(
            {
                "type": "scatter",
                # Where marks stand close, a number beside one would lie under the next.
                "mode": "markers+text" if step == "day" else "markers",
                "name": words,
                "x": [at.isoformat() for at, _ in own],
                "y": [words] * len(own),
                "text": [str(n) for _, n in own],
                "textposition": "middle right",
                "textfont": {"size": 11, "color": look["text2"]},
                "marker": {
                    "symbol": _SYMBOLS[name],
                    "size": [_LEAST + _MORE[step] * ((n - 1) / most) ** 0.5 for _, n in own],
                    "color": look[tone],
                    "opacity": 1,
                    "line": {"width": 1.5, "color": look["s1"]},
                },
                "hovertemplate": f"{_STEPS[step]}: %{{text}} " + words.lower() + "<extra></extra>",
            }
        )
    # Room for the number beside the last mark.
    room = max(1, round((known[-1] - known[0]).days * 0.05))
    ends = [known[0] - timedelta(days=room), known[-1] + timedelta(days=room)]
    layout = {
        "margin": {"l": 8, "r": 14, "t": 6, "b": 6},
        "hovermode": "closest",
        "xaxis": {
            "type": "date",
            "tickformat": day_format([known[0].isoformat(), known[-1].isoformat()]),
            "title": {"text": _AXES[step]},
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
    when = {"day": f"on {day(worst)}", "week": f"in the week of {day(worst)}", "month": f"in {worst:%B %Y}"}[
        step
    ]
    finding = (
        f"{plural(by_day.total(), 'alert')} from {day(known[0])} to {day(known[-1])}; most {when}, {top}."
    )
    return graph(data, layout, look=look, height=height, finding=finding)


def _by_time(counts: Sequence[tuple[date, str, int]]) -> tuple[list[tuple[date, str, int]], str]:
    """Return counts by day, by week or by month: marks of a long time would else cover one another."""
    known = [at for at, _, _ in counts]
    span = (max(known) - min(known)).days
    step = "day" if span <= _DAYS else "week" if span <= _WEEKS else "month"
    found: Counter[tuple[date, str]] = Counter()
    for at, severity, n in counts:
        begin = (
            at
            if step == "day"
            else at - timedelta(days=at.weekday())
            if step == "week"
            else at.replace(day=1)
        )
        found[begin, severity] += n
    return [(at, severity, n) for (at, severity), n in sorted(found.items())], step
