"""What was looked for without being asked for: patterns before volume and pairs, each with its test."""

from typing import Any

from analytics.models.pairs import Pairs
from analytics.models.patterns import FALSE_DISCOVERY, Patterns
from app.desk import Desk
from app.errors import NotFound
from app.queries.intelligence_models import door
from app.queries.intelligence_models import model as card

_UNTRAINED = "the model has not been trained yet"


def patterns(desk: Desk) -> dict[str, Any]:
    """Return every pattern tried that is on record, those found first, and which models may speak of them.

    A pattern is found if it passed its test after allowing for all that were tried (Benjamini and Hochberg at 5 %)
    and the model it belongs to has shown skill on later days; else it is chance, or not proven.

    Returns:
        ``rows``: kind (volume, pair), pattern (in words), effect, effect_of (what the effect is), p, q, n (sessions),
        passed (q at most 5 %), later (skill on later days, of pairs; null where none), found. ``tried`` (how many
        were tested, by kind), ``found``, ``false_discovery``, ``models`` (name to status and reason).

    Raises:
        Forbidden: If the role reads no data.
    """
    door(desk)
    rows: list[dict[str, Any]] = []
    tried: dict[str, int] = {}
    models: dict[str, dict[str, Any]] = {}
    for kind, name in (("volume", Patterns.name), ("pair", Pairs.name)):
        try:
            known = card(desk, name)
        except NotFound:
            models[name], tried[kind] = {"status": "untrained", "reason": _UNTRAINED}, 0
            continue
        models[name] = {"status": known["status"], "reason": known["reason"]}
        calibration = known["calibration"]
        told = _volume(calibration) if kind == "volume" else _pairs(calibration)
        tried[kind] = int(calibration.get("tried", len(told)))
        rows += [
            {"kind": kind, **one, "found": bool(one["passed"] and known["status"] == "ok")} for one in told
        ]
    rows.sort(key=lambda row: (not row["found"], not row["passed"], row["p"], row["pattern"]))
    return {
        "rows": rows, "tried": tried, "found": sum(row["found"] for row in rows),
        "false_discovery": FALSE_DISCOVERY, "models": models,
    }  # fmt: skip


def _volume(calibration: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {"pattern": one["words"], "effect": one["correlation"], "effect_of": "rank correlation with the next session's volume",
         "p": one["p"], "q": one["q"], "n": one["n"], "passed": one["q"] <= FALSE_DISCOVERY, "later": None}
        for one in calibration.get("patterns", [])
    ]  # fmt: skip


def _pairs(calibration: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {"pattern": f"{one['pair'].replace('/', ' and ')} tied", "effect": one["half_life"],
         "effect_of": "sessions in which half of a gap closes", "p": one["p"], "q": one["q"], "n": one["n"],
         "passed": one["found"], "later": one["skill_later"]}
        for one in calibration.get("pairs", [])
    ]  # fmt: skip
