"""Days unlike those of the peers, as a list: the value as a dot on the peers' usual range, and why."""

from collections.abc import Mapping, Sequence
from math import log
from typing import Any

from dash import html

from components.formats import day, known, number

BARE = {"of currency", "o'clock UTC"}  # said by the words before it
SHARES = {"of orders", "of quantity", "of fills", "of the amount traded"}


def anomaly_list(rows: Sequence[Mapping[str, Any]]) -> html.Ul:
    """Draw the list, one item a day: who, when, the rank, and the numbers farthest from the peers'.

    Args:
        rows: Of ``app.queries.behaviour.anomalies``.
    """
    return html.Ul([_item(row) for row in rows], className="anoms")


def _item(row: Mapping[str, Any]) -> html.Li:
    choose = html.Button(
        str(row["name"]),
        type="button",
        className="lk",
        title=f"Narrow the view to this {row['who']}",
        **{"data-toggle-context": str(row["who"]), "data-value": str(row["id"])},
    )
    said_of = f"{row['who']}, {row['peers']}, rank {number(row['rank'], 3)}"
    about = [choose, html.Div(day(row["date"])), html.Div(said_of, className="t11 t2")]
    reasons = [_reason(one) for one in row["reasons"]]
    return html.Li([html.Div(about, className="anom-who"), html.Div(reasons, className="anom-why")])


def anomaly_rows(rows: Sequence[Mapping[str, Any]]) -> list[list[Any]]:
    """Return the list as plain rows: day, who, kind, peers, measure, value, low, high, unit, deviations, rank."""
    return [
        [row["date"], row["name"], row["who"], row["peers"], one["words"], one["value"], one["low"], one["high"],
         one["of"], one["contribution"], row["rank"]]
        for row in rows
        for one in row["reasons"]
    ]  # fmt: skip


HEADS = (
    "Day",
    "Who",
    "Kind",
    "Peers",
    "Measure",
    "Value",
    "Usual low",
    "Usual high",
    "Unit",
    "Deviations",
    "Rank",
)


def said(value: object, unit: str) -> str:
    """Return a number as people write it: shares in percent, hours as a clock."""
    number_ = known(value)
    if number_ is None:
        return "n/a"
    if unit in SHARES:
        return f"{number_:.0%}" if unit != "of the amount traded" else f"{number_:.2%}"
    if unit == "o'clock UTC":
        return f"{int(number_):02d}:{int(number_ % 1 * 60):02d}"
    return number(number_, 0 if abs(number_) >= 100 else 1)


def _reason(one: Mapping[str, Any]) -> html.Div:
    low, high, value = (known(one[name]) for name in ("low", "high", "value"))
    unit = str(one["of"])
    usual = f"{said(low, unit)} to {said(high, unit)}" + (
        "" if unit in SHARES or unit in BARE else f" {unit}"
    )
    return html.Div(
        [
            html.Span(str(one["words"]).capitalize(), className="anom-what"),
            html.B(said(value, unit), className="num"),
            _band(value, low, high, unit),
            html.Span(usual, className="t11 t2"),
        ],
        className="anom-row",
        title=f"{one['contribution']:+.1f} robust deviations from the peers' median; usual: tenth to ninetieth percentile",
    )


def _band(value: float | None, low: float | None, high: float | None, unit: str) -> html.Span:
    """Draw the usual range as a bar and the value as a dot, on a scale wide enough for both."""
    if value is None or low is None or high is None:
        return html.Span(className="anom-band")
    # Sizes, counts and times differ by factors: they are placed by their logarithms.
    if unit not in SHARES and unit != "o'clock UTC" and min(value, low, high) > 0:
        value, low, high = log(value), log(low), log(high)
    width = max(high - low, abs(high) * 0.02, 1e-9)
    # What is far away is drawn at the end of the scale: the number beside it says how far.
    first, last = (
        max(min(low - width, value), low - 2 * width),
        min(max(high + width, value), high + 2 * width),
    )

    def place(one: float) -> float:
        return 100 * min(max((one - first) / (last - first), 0.0), 1.0)

    bar = html.I(style={"left": f"{place(low):.1f}%", "width": f"{max(place(high) - place(low), 2):.1f}%"})
    return html.Span(
        [bar, html.B(style={"left": f"{place(value):.1f}%"})],
        className="anom-band",
        **{"aria-hidden": "true"},
    )
