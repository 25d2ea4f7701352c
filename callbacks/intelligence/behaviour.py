"""Wires pages/intelligence/behaviour.py."""

from typing import Any

from dash import ClientsideFunction, Dash, Input, Output, html

from app.queries import behaviour, patterns, regimes, styles
from callbacks._fill import Drawn, View, fill, nothing
from components.anomalies import HEADS, anomaly_list, anomaly_rows
from components.cards import legend, segment
from components.charts.behaviour_map import behaviour_map
from components.charts.regime_ribbon import regime_ribbon
from components.formats import day, number, percent, plural
from components.ids import at
from components.models import state_tag
from components.states import link_button
from components.structure import changes_list, changes_table, spread_words, tried_table, tried_words
from components.styles import HEADS as STYLE_HEADS
from components.styles import style_list, style_rows
from components.tables import table

PAGE = "intelligence-behaviour"
KINDS = (("trader", "Traders"), ("account", "Accounts"))
NARROWED = ("desk", "trader", "account", "who")  # nothing of the scope narrows what the models tried
NEAREST = 8  # patterns on the page; the API has all that are on record
SHOWN = 60  # of the list on the page; the API pages through all


def register(app: Dash) -> None:
    """Attach this page's callbacks to ``app``."""
    fill(app, PAGE, "map", "Behaviour map", ask=_points, draw=_map)
    fill(app, PAGE, "anomalies", "Anomalies", ask=_odd, draw=_anomalies)
    fill(app, PAGE, "styles", "Trading styles", ask=_alike, draw=_styles)
    fill(app, PAGE, "regime", "Market regime", ask=regimes.regimes, draw=_regime, ignores=("who",))
    fill(app, PAGE, "patterns", "Patterns", ask=patterns.patterns, draw=_patterns, ignores=NARROWED)
    target = at(PAGE, "map", "points")
    for event, name in (("clickData", "pick"), ("selectedData", "lasso")):
        app.clientside_callback(
            ClientsideFunction("behaviour", name),
            Output(target, event),
            Input(target, event),
            prevent_initial_call=True,
        )


def _who(desk: Any) -> str:
    return str(desk.scope.extra.get("who") or "trader")


def _points(desk: Any) -> dict[str, Any]:
    return behaviour.behaviour(desk, who=_who(desk))


def _odd(desk: Any) -> dict[str, Any]:
    return behaviour.anomalies(desk, who=_who(desk), limit=SHOWN)


def _alike(desk: Any) -> dict[str, Any]:
    return styles.styles(desk, who=_who(desk)) | {"who": _who(desk)}


def _silent(model: dict[str, Any], view: View, what: str, **more: Any) -> Drawn:
    why = str(model["reason"] or "No order has been imported yet.")
    way = link_button("See the models", "/intelligence/models")
    if model["status"] == "ok":
        return nothing(view, f"No {what} here", "No trader or account entered five orders on a day.", **more)
    return nothing(view, f"The model says nothing of {what}", f"{why[:1].upper()}{why[1:]}.", way, **more)


def _expected(answer: dict[str, Any], among: int) -> str:
    return f"Expect {number(answer['expected'], 1)} false alarms among {number(among)}: one ordinary day in a hundred is told"


def _map(answer: dict[str, Any], view: View) -> Drawn:
    who = view.state("who", "trader")
    tools = (segment("Days of", "who", KINDS, who),)
    points = answer["points"]
    if not points:
        return _silent(answer["model"], view, f"{who}-days", tools=tools)
    rows = [
        [p["date"], p["name"], p["peers"], number(p["rank"], 3), "odd" if p["odd"] else ""]
        for p in sorted(points, key=lambda p: (-p["rank"], p["date"], p["id"]))
    ]
    sub = f"{number(len(points))} {who}-days of {plural(answer['days'], 'day')}, {plural(len(answer['peers']), 'peer group')}"
    return Drawn(
        behaviour_map(points, look=view.look, height=430, name=at(PAGE, "map", "points"), kind=who),
        sub=sub,
        tools=tools,
        footer="Near points behave alike, measured from their peers. Draw round points, or click one, to narrow the page",
        as_table=table(["Day", "Who", "Peers", "Rank", "Told"], rows, numeric=(3,), label="Days by rank"),
    )


def _anomalies(answer: dict[str, Any], view: View) -> Drawn:
    rows = answer["rows"]
    if not answer["looked_at"]:
        return _silent(answer["model"], view, "odd days")
    told = _expected(answer, answer["looked_at"])
    if not rows:
        return nothing(view, "No odd day", f"{told}.", sub=f"{number(answer['looked_at'])} days looked at")
    more = answer["total"] - len(rows)
    return Drawn(
        anomaly_list(rows),
        sub=plural(answer["total"], "odd day"),
        badge=state_tag(answer["model"]["status"], answer["model"]["reason"]),
        footer=f"{told}. Odd is no offence: it is a reason to look"
        + (f". {plural(more, 'day')} more" if more else ""),
        as_table=table(list(HEADS), anomaly_rows(rows), label="Anomalies"),
        fit="flush",
    )


def _styles(answer: dict[str, Any], view: View) -> Drawn:
    who, found = answer["who"], answer["styles"]
    again = (
        ""
        if answer["stability"] is None
        else (
            f"Adjusted Rand {number(answer['stability'], 2)} over days drawn anew, {number(answer['needed'], 2)} is needed; "
            f"silhouette {number(answer['silhouette'], 2)}"
        )
    )
    if not found and not answer["unlike"]:
        model = answer["model"]
        if model["status"] == "ok" and (answer["stability"] or 0.0) < answer["needed"]:
            return nothing(
                view,
                f"No styles of {who}s",
                "No two groups of three or more come out again from days drawn anew.",
                footer=again,
            )
        if model["status"] == "ok":
            return nothing(
                view, f"No {who} with a style here", "A style takes three days of five orders.", footer=again
            )
        return _silent(model, view, "styles", footer=again or None)
    return Drawn(
        style_list(found + answer["unlike"], who=who),
        sub=f"{plural(len(found), 'style')} of {plural(answer['people'], who)}, until {day(answer['until'])}",
        badge=state_tag(answer["model"]["status"], answer["model"]["reason"]),
        footer=f"{again}. A style is a habit, not an offence",
        as_table=table(
            list(STYLE_HEADS), style_rows(found + answer["unlike"]), numeric=(0, 3), label="Trading styles"
        ),
        fit="flush",
    )


def _patterns(answer: dict[str, Any], view: View) -> Drawn:
    rows = answer["rows"]
    if not rows:
        return nothing(
            view, "No pattern has been tried yet", "Models are trained every night, once there is data."
        )
    rate = percent(answer["false_discovery"])
    return Drawn(
        tried_table(rows[:NEAREST]),
        sub="tried before they are told",
        footer=f"{tried_words(answer)}. Found: passed with at most {rate} false discoveries among all that were tried, and worth something later. "
        "To trade before a price moves is no offence: it is a reason to look",
        as_table=tried_table(rows),
        fit="flush",
    )


def _regime(answer: dict[str, Any], view: View) -> Drawn:
    now, days = answer["now"], answer["days"]
    changes = changes_list(answer["changes"], test=answer["test"])
    if now is None or not days:
        # Change points have a test of their own: they are told where no state is.
        return _silent(
            answer["model"], view, "the market's state", footer=changes if answer["changes"] else None
        )
    dwell = ", ".join(f"{name} {number(value)}" for name, value in answer["dwell"].items())
    sub = f"{now['state'].capitalize()} on {day(now['date'])}, {percent(now['probability'])} sure, since {day(now['since'])}"
    rows = [[one["from"], one["to"], one["state"], one["sessions"]] for one in reversed(answer["stretches"])]
    return Drawn(
        html.Div([regime_ribbon(days, look=view.look, height=130, changes=answer["changes"]), changes]),
        sub=sub,
        legend=legend(
            ("sq", "ok", "Calm"),
            ("sq", "acc", "Trending"),
            ("sq", "crit", "Stressed"),
            ("ds", "t2", "Lasting change"),
        ),
        footer=f"What is said of a day rests on that day and those before it; a lasting change is placed looking back. "
        f"States last, in sessions: {dwell}. {spread_words(answer['spread'])}",
        as_table=html.Div(
            [
                table(
                    ["From", "To", "State", "Sessions"], rows, numeric=(3,), label="Stretches of one state"
                ),
                changes_table(answer["changes"]),
            ]
        ),
    )
