"""Everything the evidence screen of an alert shows, as one answer for scripts."""

from typing import Any

from app.desk import Desk
from app.queries.alert_history import history
from app.queries.alternatives import alternatives
from app.queries.compliance import alert
from app.queries.episode_effect import effect
from app.queries.evidence import evidence, market
from app.queries.evidence_cards import chosen
from app.queries.evidence_course import course_of, gains, picked, position
from app.queries.evidence_risk import limit_behind, model_behind
from app.queries.evidence_rules import terms
from app.queries.replay import replay

_COURSES = {"position": position, "gains": gains, "picked": picked}
_ROWS = ("orders", "executions", "messages", "posts", "news")


def answer(desk: Desk, alert_id: str, *, stretch: str | None = None) -> dict[str, Any]:
    """Return the facts behind an alert: the same questions that the cards of its page ask.

    Returns:
        ``alert_id``, ``detector``, ``score``, ``story``, ``cards`` (which of the parts mean something for
        it, the most telling first); ``orders``, ``executions``, ``messages``, ``posts``, ``news`` as rows with
        ``messages_around`` and ``posts_around``; ``effect``, ``alternatives``, ``history``, ``terms``,
        ``market`` and ``replay`` of the queries of these names; ``course`` (what was held, gained by day or
        allocated), ``limit`` and ``model``, null for alerts of other kinds.

    Raises:
        Forbidden: If the role does not read surveillance.
        NotFound: If there is no such alert here, or it is about the one who asks.
        Invalid: If there is no such stretch.
    """
    found, behind = alert(desk, alert_id), evidence(desk, alert_id)
    shown = chosen(found)
    applied = terms(desk, alert_id)
    return {
        **{name: found[name] for name in ("alert_id", "detector", "score", "story")},
        "cards": list(shown),
        **{name: behind[name].to_dicts() for name in _ROWS},
        "messages_around": behind["around"],
        "posts_around": behind["posts_around"],
        "effect": effect(desk, alert_id),
        "alternatives": alternatives(desk, alert_id),
        "history": history(desk, alert_id),
        "terms": applied | {"allocations": applied["allocations"].to_dicts()},
        "market": market(desk, alert_id),
        "replay": replay(desk, alert_id, stretch=stretch),
        "course": _COURSES[course](desk, alert_id) if (course := course_of(found["detector"])) else None,
        "limit": limit_behind(desk, alert_id) if "limit" in shown else None,
        "model": _plain(model_behind(desk, alert_id)) if "model" in shown else None,
    }


def _plain(found: dict[str, Any]) -> dict[str, Any]:
    rows = found["rows"]
    return found | {"rows": [] if rows is None else rows.to_dicts()}
