"""What was looked for without being asked for: patterns before volume, pairs, trading before prices; each with its test."""

from typing import Any

from analytics.models.pairs import Pairs
from analytics.models.patterns import FALSE_DISCOVERY, Patterns
from analytics.models.trader_lead import TraderLead
from app.desk import Desk
from app.errors import NotFound
from app.queries._line import own_line
from app.queries._model_in_use import in_use
from app.queries.intelligence_models import door
from app.queries.intelligence_models import model as card
from app.scope import SURVEILLANCE_ROLES

_UNTRAINED = "the model has not been trained yet"


def patterns(desk: Desk) -> dict[str, Any]:
    """Return every pattern tried that is on record, those found first, and which models may speak of them.

    A pattern is found if it passed its test after allowing for all that were tried (Benjamini and Hochberg at 5 %)
    and the model it belongs to has shown skill on later days; else it is chance, or not proven. Whose trading comes
    before prices is told to those who read surveillance only, by name only where it is found, and to nobody of himself.

    Returns:
        ``rows``: kind (volume, pair, trader), pattern (in words), effect, effect_of (what the effect is), p, q, n (sessions),
        passed (q at most 5 %), later (skill on later days, of pairs; null where none), found. ``tried`` (how many
        were tested, by kind), ``found``, ``false_discovery``, ``models`` (name to status and reason).

    Raises:
        Forbidden: If the role reads no data.
    """
    door(desk)
    rows: list[dict[str, Any]] = []
    tried: dict[str, int] = {}
    models: dict[str, dict[str, Any]] = {}
    looked = [("volume", Patterns.name), ("pair", Pairs.name)]
    if desk.identity.role in SURVEILLANCE_ROLES:
        looked.append(("trader", TraderLead.name))
    for kind, name in looked:
        try:
            known = card(desk, name)
        except NotFound:
            models[name], tried[kind] = {"status": "untrained", "reason": _UNTRAINED}, 0
            continue
        models[name] = {"status": known["status"], "reason": known["reason"]}
        calibration = known["calibration"]
        told = {"volume": _volume, "pair": _pairs}[kind](calibration) if kind != "trader" else _traders(desk)
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


def _traders(desk: Desk) -> list[dict[str, Any]]:
    model = in_use(desk, TraderLead).model
    if model is None:
        return []
    line = own_line(desk)
    hidden = line.own | line.others
    return [
        {"pattern": f"{name} trades before prices move {'his way' if one['added'] > 0 else 'against him'}",
         "effect": one["added"], "effect_of": "what a day's trading adds, in deviations of the next session's return",
         "p": one["p"], "q": one["q"], "n": int(one["n"]), "passed": True, "later": None}
        for name in model.passed()
        if name not in hidden
        for one in (model.tests_[name],)
    ]  # fmt: skip
