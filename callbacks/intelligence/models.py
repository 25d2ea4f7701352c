"""Wires pages/intelligence/models.py."""

from typing import Any

from dash import Dash

from app.errors import NotFound
from app.queries import intelligence
from callbacks._fill import Drawn, View, fill, nothing
from components.cards import legend
from components.charts.skill_course import skill_course
from components.formats import day, known, number, percent, plural
from components.models import history_table, model_cards, model_facts, state_tag
from components.states import link_button
from components.tables import table

PAGE = "intelligence-models"
UNTRAINED = "Models are trained every night, once prices have been imported."


def register(app: Dash) -> None:
    """Attach this page's callbacks to ``app``."""
    fill(app, PAGE, "models", "Models", ask=_all, draw=_models)
    fill(app, PAGE, "skill", "Skill over time", ask=_chosen, draw=_skill)
    fill(app, PAGE, "card", "Model card", ask=_chosen, draw=_card)
    fill(app, PAGE, "history", "Versions", ask=_chosen, draw=_history)


def _all(desk: Any) -> tuple[list[dict[str, Any]], str]:
    rows = intelligence.models(desk)
    return rows, str(desk.scope.extra.get("model") or (rows[0]["name"] if rows else ""))


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
    sub = f"{number(shown)} of {plural(len(rows), 'model')} beat their baseline beyond noise"
    return Drawn(model_cards(rows, chosen=chosen), sub=sub, fit="flush")


def _skill(model: dict[str, Any] | None, view: View) -> Drawn:
    if model is None:
        return _none(view)
    folds = [fold for fold in model["folds"] if known(fold.get("skill")) is not None]
    title = str(model["card"].get("title") or model["name"])
    if not folds:
        why = model["reason"] or "No fold has been tested yet."
        return nothing(view, "No record out of sample yet", f"{why[:1].upper()}{why[1:]}.", sub=title)
    rows = [
        [day(f["from"]), day(f["to"]), f["n"], percent(f["skill"], plus=True), number(f["loss"], 4), number(f["baseline_loss"], 4)]
        for f in reversed(folds)
    ]  # fmt: skip
    keys = legend(
        ("sq", "up", "● better than the baseline"),
        ("sq", "down", "✕ worse"),
        ("ds", "acc", "Whole record with its 95% interval"),
    )
    return Drawn(
        skill_course(folds, look=view.look, height=276, whole=model["metrics"]),
        sub=f"{title}, {plural(len(folds), 'test fold')}",
        legend=keys,
        as_table=table(
            ["From", "To", "Days", "Skill", "Loss", "Baseline"],
            rows,
            numeric=(2, 3, 4, 5),
            label="Skill by fold",
        ),
    )


def _card(model: dict[str, Any] | None, view: View) -> Drawn:
    if model is None:
        return _none(view)
    return Drawn(
        model_facts(model),
        badge=state_tag(model["status"], model["reason"]),
        sub=model["reason"] or f"v{model['version']}",
        fit="flush",
    )


def _history(model: dict[str, Any] | None, view: View) -> Drawn:
    if model is None:
        return _none(view)
    return Drawn(history_table(model["history"]), sub=plural(len(model["history"]), "version"), fit="flush")
