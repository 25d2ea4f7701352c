"""Wires pages/intelligence/models.py."""

from typing import Any

from dash import ALL, Dash, Input, Output, ctx, html, no_update

from app.actions import models as actions
from app.errors import Invalid, NotFound, QuarterdeckError
from app.gateway.auth import current_context, current_desk
from app.jobs._queue import JobQueue
from app.queries import intelligence
from callbacks._fill import Drawn, View, fill, nothing
from callbacks._told import told
from components.called import called_card
from components.cards import legend
from components.charts.coverage_months import coverage_months
from components.charts.said_held import said_held
from components.charts.skill_course import skill_course
from components.formats import MISSING, day, known, number, percent, plural
from components.ids import at
from components.models import (
    backtests_table,
    drift_table,
    has_no_days,
    history_table,
    model_cards,
    model_facts,
    rivals_table,
    skill_words,
    state_tag,
)
from components.states import link_button
from components.structure import deciles_table, folds_table, found_card
from components.tables import table

PAGE = "intelligence-models"
UNTRAINED = "Models are trained every night, once there is data for them."
AGAIN = [at(PAGE, name, "retry") for name in ("models", "skill", "card", "calibration", "drift", "history")]


def register(app: Dash) -> None:
    """Attach this page's callbacks to ``app``."""
    fill(app, PAGE, "models", "Models", ask=_all, draw=_models)
    fill(app, PAGE, "skill", "Skill over time", ask=_chosen, draw=_skill)
    fill(app, PAGE, "card", "Model card", ask=_chosen, draw=_card)
    fill(app, PAGE, "calibration", "Calibration and findings", ask=_chosen, draw=_calibration)
    fill(app, PAGE, "drift", "Drift", ask=_chosen, draw=_drift)
    fill(app, PAGE, "history", "Versions", ask=_chosen, draw=_history)
    _acts(app)


def _acts(app: Dash) -> None:
    @app.callback(
        *(Output(name, "data", allow_duplicate=True) for name in AGAIN),
        Output("toast", "data", allow_duplicate=True),
        Input({"roll_back": ALL, "version": ALL}, "n_clicks"),
        prevent_initial_call=True,
    )
    def roll_back(clicks: list[int | None]) -> tuple[Any, ...]:
        chosen = ctx.triggered_id
        untouched = (no_update,) * len(AGAIN)
        if not any(clicks) or not isinstance(chosen, dict):
            return *untouched, no_update
        try:
            desk = current_desk("")
            said = actions.roll_back(
                desk.database, desk.identity, str(chosen["roll_back"]), version=_version(chosen["version"])
            )
            JobQueue(current_context()).put(desk.org, "predict", {"model": said["name"], "cause": "rollback"})
        except QuarterdeckError as error:
            return *untouched, {"kind": "error", "fact": told(error)}
        changed = f"{said['name']}-{said['version']}-{said['replaced']}"
        fact = {
            "fact": f"Version {said['version']} is in use",
            "effect": "What it says of today follows at once.",
        }
        return *((changed,) * len(AGAIN)), fact


def _version(text: Any) -> int:
    try:
        return int(text)
    except (TypeError, ValueError) as error:
        raise Invalid("A version is a whole number.") from error


def _all(desk: Any) -> tuple[list[dict[str, Any]], str]:
    rows = intelligence.models(desk)
    # One that speaks has the most to show; a view that does not say which begins with it.
    first = next((row for row in rows if row["status"] == "ok"), rows[0] if rows else {"name": ""})
    return rows, str(desk.scope.extra.get("model") or first["name"])


def _chosen(desk: Any) -> dict[str, Any] | None:
    rows, name = _all(desk)
    if not rows:
        return None
    if len(name) > 100:
        raise NotFound("No model of this name has been trained.")
    return intelligence.model(desk, name)


def _none(view: View) -> Drawn:
    start = link_button("Import prices", "/operations/pipeline")
    return nothing(view, "No model has been trained yet", UNTRAINED, start)


def _models(answer: tuple[list[dict[str, Any]], str], view: View) -> Drawn:
    rows, chosen = answer
    if not rows:
        return _none(view)
    shown = sum(row["status"] == "ok" for row in rows)
    sub = f"{number(shown)} of {plural(len(rows), 'model')} speak, the others leave it to their baseline"
    return Drawn(model_cards(rows, chosen=chosen), sub=sub, fit="flush")


def _skill(model: dict[str, Any] | None, view: View) -> Drawn:
    if model is None:
        return _none(view)
    folds = [fold for fold in model["folds"] if known(fold.get("skill")) is not None]
    title = str(model["card"].get("title") or model["name"])
    if not folds:
        why = model["reason"] or "No fold has been tested yet."
        return nothing(view, "No record out of sample yet", f"{why[:1].upper()}{why[1:]}.", sub=title)
    fraction = model["metrics"].get("unit") in (None, "fraction")
    batches = has_no_days(folds)
    rows = [
        [
            day(f["taught_to"]) if f.get("taught_to") and not batches else MISSING,
            *((f"batch {number(at)}", MISSING) if batches else (day(f["from"]), day(f["to"]))),
            f["n"],
            percent(f["skill"], plus=True) if fraction else number(f["skill"], 3, plus=True),
            number(f["loss"], 4),
            number(f["baseline_loss"], 4),
        ]
        for at, f in reversed(list(enumerate(folds, start=1)))
    ]
    keys = legend(
        ("dot", "up", "better than the baseline"),
        ("cross", "down", "worse"),
        *([("ring", "t3", "as good")] if any(fold["skill"] == 0 for fold in folds) else []),
        ("ds", "acc", "Whole record with its 95% interval"),
    )
    return Drawn(
        skill_course(folds, look=view.look, height=276, whole=model["metrics"], batches=batches),
        sub=f"{title}, {plural(len(folds), 'test fold')}",
        legend=keys,
        as_table=table(
            ["Taught until", "From", "To", "Days", "Skill", "Loss", "Baseline"],
            rows,
            numeric=(3, 4, 5, 6),
            label="Skill by fold",
        ),
    )


def _card(model: dict[str, Any] | None, view: View) -> Drawn:
    if model is None:
        return _none(view)
    why = f"{model['reason'][:1].upper()}{model['reason'][1:]}." if model["reason"] else None
    parts = [html.P(why, className="inset t12 mb-1")] if why else []
    parts += model_facts(model)
    if model["rivals"]:
        parts.append(rivals_table(model["rivals"]))
    return Drawn(
        html.Div(parts),
        badge=state_tag(model["status"], model["reason"]),
        sub=f"v{model['version']}",
        fit="flush",
    )


def _calibration(model: dict[str, Any] | None, view: View) -> Drawn:
    if model is None:
        return _none(view)
    found = model["calibration"]
    bands = [band for band in found.get("bands", []) if known(band.get("held")) is not None]
    title = str(model["card"].get("title") or model["name"])
    if found.get("kind") == "probability" and found.get("bins"):
        points = [{"said": b["said"], "held": b["seen"], "n": b["n"]} for b in found["bins"]]
        rows = [[percent(p["said"]), percent(p["held"]), p["n"]] for p in points]
        called = called_card(found)
        chart = said_held(points, look=view.look, height=190 if called else 276, came="came")
        return Drawn(
            chart if called is None else html.Div([chart, called]),
            sub=title,
            footer=f"Brier score {number(found['brier'], 4)}, calibration error {percent(found['ece'])}, {plural(found['n'], 'row')}.",
            as_table=table(["Said", "Came", "Rows"], rows, numeric=(0, 1, 2), label="Reliability"),
        )
    structure = found_card(found) or called_card(found)
    course = folds_table(model["folds"], model["card"].get("figure_words") or {})
    if structure is not None:
        return Drawn(html.Div([structure, course]), sub=title, fit="flush")
    if not bands:
        why = "It gives no chances and no ranges, or none has been tested."
        return nothing(view, "Nothing to calibrate", why, sub=title)
    widest = min(bands, key=lambda band: (abs(band["nominal"] - 0.9), band["nominal"]))
    rows = [
        [percent(b["nominal"]), percent(b["held"]), f"{percent(b['low'])} to {percent(b['high'])}", b["n"]]
        for b in bands
    ]
    summed = table(["Range", "Held", "95% interval", "Outcomes"], rows, numeric=(0, 1, 3), label="Coverage")
    parts: list[Any] = [
        coverage_months(widest["months"], nominal=widest["nominal"], look=view.look, height=190),
        summed,
    ]
    tenths = deciles_table(found)
    if tenths is not None:
        parts.append(tenths)
    if found.get("backtests"):
        parts.append(backtests_table(found["backtests"]))
    return Drawn(
        html.Div(parts),
        sub=f"{title}, {percent(widest['nominal'])} range by month",
        as_table=table(
            ["Month", "Held", "Outcomes"],
            [[m["month"], percent(m["held"]), m["n"]] for m in reversed(widest["months"])],
            numeric=(1, 2),
            label="Coverage by month",
        ),
    )


def _drift(model: dict[str, Any] | None, view: View) -> Drawn:
    if model is None:
        return _none(view)
    report = model["drift_report"]
    if not report or not (report.get("features") or report.get("coverage")):
        return nothing(view, "Drift has not been looked for", "It is, once a version has been fitted.")
    if report["drifting"]:
        badge = html.Span("drifting, the baseline is served", className="tag high")
    else:
        badge = html.Span("within bounds", className="tag ok")
    recent = known(report.get("skill"))
    metrics = {"value": recent, "unit": model["metrics"].get("unit")}
    footer = None if recent is None else f"Skill over the last {report['days']} days: {skill_words(metrics)}."
    return Drawn(
        drift_table(report),
        badge=badge,
        sub=f"last {plural(report['days'], 'day')} against training",
        footer=footer,
        fit="flush",
    )


def _history(model: dict[str, Any] | None, view: View) -> Drawn:
    if model is None:
        return _none(view)
    return Drawn(
        history_table(model["history"], name=model["name"], may_use=model["may_roll_back"]),
        sub=plural(len(model["history"]), "version"),
        fit="flush",
    )
