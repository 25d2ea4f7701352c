"""What an alert says of a limit that is passed."""

from collections.abc import Mapping
from datetime import UTC, datetime, time
from typing import Any

from analytics.compliance.alerts import Metric
from analytics.portfolio.limit_episodes import Episode
from analytics.portfolio.limit_measures import FRACTION, MEASURES, MONEY
from app.jobs._watch import finding
from app.storage.records.lists import Limit

SOURCE, TITLE, VERSION, PARAMETERS = "limit_breach", "Limit passed", "1", "limits"
_HARD, _SOFT = 75.0, 50.0
_REACH = 20.0  # points that a measure at twice its limit adds
_ORDER_MEASURES = ("order_notional", "order_qty")
_INSTRUMENT_MEASURES = ("position_weight", "participation")


def key(limit: Limit, opened: object) -> tuple[str, str]:
    """Return what makes an alert the same one however long its episode grows."""
    return limit.id, str(opened)


def of_episode(limit: Limit, episode: Episode, *, opened: object, currency: str) -> Mapping[str, Any]:
    """Return the finding about one episode above a limit.

    Args:
        limit: Which.
        episode: As far as it is known.
        opened: Its first day on record.
        currency: Of the limit's money.
    """
    bound, kind = float(limit.value), MEASURES[limit.measure]

    def shown(value: float) -> str:
        if kind.unit == MONEY:
            return f"{currency} {value:,.0f}"
        return f"{100 * value:,.2f} %" if kind.unit == FRACTION else f"{value:,.3f}"

    subject = "the firm" if limit.subject_id is None else f"{limit.subject_kind} {limit.subject_id}"
    above = f"{episode.sessions} session{'s' * (episode.sessions != 1)} so far"
    story = [
        f"{kind.title} of {subject} was {shown(episode.current)} on {episode.last_day}.",
        f"The {'hard' if limit.hard else 'soft'} limit is {shown(bound)}.",
        f"It has been above since {opened}, {above}.",
        f"The highest was {shown(episode.peak)} on {episode.peak_day}.",
        f"Measured as: {kind.definition}.",
    ]
    evidence: dict[str, list[str]] = {}
    instruments = [limit.subject_id] if limit.subject_kind == "instrument" and limit.subject_id else []
    if episode.driver and limit.measure in _ORDER_MEASURES:
        evidence["order_ids"] = [episode.driver]
        story.append(f"Behind it is order {episode.driver}.")
    elif episode.driver:
        story.append(f"Behind it is {episode.driver}.")
        instruments += [episode.driver] if limit.measure in _INSTRUMENT_MEASURES else []
    if episode.closed is not None:
        story.append(f"On {episode.closed} it was {episode.closed_why}.")
    concerned = limit.subject_kind in {"account", "desk", "trader"} and limit.subject_id is not None
    return finding(
        key(limit, opened),
        subject=limit.name,
        score=min(95.0, (_HARD if limit.hard else _SOFT) + _REACH * min(episode.peak / bound - 1.0, 1.0)),
        metrics=[
            Metric(limit.measure, episode.current, bound, kind.unit),
            Metric("highest", episode.peak, bound, kind.unit),
            Metric("sessions_above", float(episode.sessions), None, "count"),
        ],
        story=story,
        window=(_at(episode.opened), _at(episode.last_day, end=True)),
        actors=[(limit.subject_kind, limit.subject_id)] if concerned and limit.subject_id else [],
        instrument_ids=instruments,
        regulation=("Internal limit",),
        **evidence,
    )


def _at(day: Any, *, end: bool = False) -> datetime:
    return datetime.combine(day, time(23, 59, 59) if end else time(), UTC)
