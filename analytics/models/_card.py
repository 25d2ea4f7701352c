"""A model's card: what must be known before one of its outputs is used."""

from typing import Any

import polars as pl

from analytics.models._base import Model
from analytics.models._made_with import made_with
from analytics.models._skill import Skill, by_fold, rival_skills
from analytics.models._walk import AGREEMENT

SAME = "alike with the fold before"


def figure_words(model: Model) -> dict[str, str]:
    """Return what the figures told fold by fold are called."""
    return dict(model.figure_words) | ({AGREEMENT: SAME} if model.figure_words else {})


def card(model: Model, found: Skill, tested: pl.DataFrame) -> dict[str, Any]:
    """Return purpose, data, code, libraries and seeds, validation, skill over time, calibration, limits and owner, JSON-able.

    Args:
        model: The model.
        found: Its skill over ``tested``.
        tested: What ``walk_forward`` gave.
    """
    walk = model.walk
    return {
        "name": model.name,
        "title": model.title,
        "version": model.version,
        "made_with": made_with(type(model)),
        "purpose": model.purpose,
        "kind": model.kind,
        "unit": model.unit,
        "owner": model.owner,
        "page": model.page,
        "inputs": list(model.inputs),
        "target": model.target_name,
        "horizon": model.horizon,
        "baseline": model.baseline_name,
        "metric": model.metric,
        "references": list(model.references),
        "limits": list(model.limits),
        "validation": (
            f"walk-forward, {'expanding' if walk.span is None else f'last {walk.span} days as'} window, "
            f"first test after {walk.first} days, refitted every {walk.width} days, "
            f"purged by the horizon, embargo of {walk.embargo} days"
        ),
        "skill": found.as_dict(),
        "rivals": rival_skills(model, tested) if tested.height else {},
        "folds": by_fold(model, tested) if tested.height else [],
        "figure_words": figure_words(model),
        "calibration": model.calibration(tested) if tested.height else {},
        "subject": "name" if "id" in model.keys else model.keys[0],
        "subjects": tested["id" if "id" in model.keys else model.keys[0]].n_unique(),
        "rows": tested.height,
        "from": str(tested["date"].min()) if tested.height else None,
        "to": str(tested["date"].max()) if tested.height else None,
    }
