"""The family of tests of one organisation and day: who is in it, what passes, and what is told of it.

False discoveries are controlled at 5 % (Benjamini-Hochberg) over every look at every candidate of the day. A rule
that runs several times a day with another result has looked several times, and all of its looks count; its last one
says what holds. A rule whose inputs have not changed since an earlier day is in the family with its last looks.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from analytics.insights._rule import FALSE_DISCOVERY, Candidate, Rule, insight_id
from analytics.insights._stats import benjamini_hochberg
from app.storage.records import insights as kept
from app.storage.records._base import now

Looks = Mapping[str, tuple[float, dict[str, Any] | None]]
KEPT = timedelta(days=14)  # looks of former days are of no use for longer
_TOLD = (
    "kind", "title", "text", "domains", "severity", "effect", "p_value", "why", "evidence", "next", "context",
    "roles", "desks", "story", "chart",
)  # fmt: skip
# What may change without making an insight another one.
_MEASURED = ("q_value", "confidence", "data_versions", "fresh", "rule_version")


def look(session: Session, org: str, day: date, *, rule: type[Rule], said: Looks) -> None:
    """Write a rule's looks of this run into the day's family.

    Args:
        session: Of the organisation, for writing.
        org: Whose.
        day: Of the family.
        rule: Who looked.
        said: Insight id to p-value and what would be told (None where it cannot pass).
    """
    tests = kept.InsightTest
    session.execute(update(tests).where(tests.day == day, tests.rule == rule.name).values(current=False))
    known = {
        (row.insight_id, row.look): row
        for row in session.scalars(select(tests).where(tests.day == day, tests.rule == rule.name))
    }
    for name, (p, told) in said.items():
        key = name, f"{p:.9g}"
        row = known.get(key)
        if row is None:
            session.add(
                tests(
                    org=org,
                    day=day,
                    insight_id=name,
                    look=key[1],
                    rule=rule.name,
                    p=p,
                    said=told,
                    current=True,
                )
            )
        else:
            row.current, row.said = True, told
    session.flush()


def carry(session: Session, org: str, day: date, runs: Iterable[kept.InsightRun]) -> None:
    """Take the last looks of rules that had no reason to run today into today's family."""
    tests = kept.InsightTest
    for run in runs:
        former = tests.rule == run.rule, tests.day == run.day, tests.current.is_(True)
        for row in list(session.scalars(select(tests).where(*former))):
            session.add(
                tests(org=org, day=day, insight_id=row.insight_id, look=row.look, rule=row.rule, p=row.p,
                      said=row.said, current=True)
            )  # fmt: skip
        run.day = day
    session.flush()
    session.execute(delete(tests).where(tests.day < day - KEPT))


def tell(session: Session, org: str, day: date, ran: frozenset[str]) -> dict[str, int]:
    """Store what passes the day's control, and retire what does not hold any more.

    Args:
        session: Of the organisation, for writing.
        org: Whose.
        day: Of the family.
        ran: Rules of this run; what others said stands or falls by the family alone.

    Returns:
        ``insights`` (of these rules that stand), ``new``, ``changed``, ``expired``.
    """
    tests = kept.InsightTest
    rows = list(session.scalars(select(tests).where(tests.day == day).order_by(tests.insight_id, tests.look)))
    q_values = benjamini_hochberg([row.p for row in rows])
    passing = {
        row.insight_id: (row, q)
        for row, q in zip(rows, q_values, strict=True)
        if row.current and q <= FALSE_DISCOVERY and row.said is not None
    }
    judged = {row.rule for row in rows} | ran
    stored = {
        row.id: row for row in session.scalars(select(kept.Insight).where(kept.Insight.kind.in_(judged)))
    }
    at = now()
    counts = {
        "insights": sum(row.rule in ran for row, _ in passing.values()),
        "new": 0,
        "same": 0,
        "changed": 0,
        "expired": 0,
    }
    for name, (row, q) in passing.items():
        counts[
            _stored(session, stored.get(name), kept.Insight(org=org, id=name, created_at=at, **_of(row, q)))
        ] += 1
    for old in stored.values():
        if old.id not in passing and old.expired_at is None:
            old.expired_at = at
            counts["expired"] += 1
    counts.pop("same")
    return counts


def _of(row: kept.InsightTest, q: float) -> dict[str, Any]:
    said = dict(row.said or {})
    materiality = float(said.pop("materiality"))
    sure = min(0.99, 1 - q)
    return said | {
        "kind": row.rule,
        "q_value": number(q),
        "confidence": round(sure, 4),
        "severity": "high" if materiality >= 0.75 else "medium" if materiality >= 0.4 else "low",
        "context": said["context"] | {"rank": round(materiality * sure, 6)},
    }


def _stored(session: Session, old: kept.Insight | None, fresh: kept.Insight) -> str:
    if old is None:
        session.add(fresh)
        return "new"
    another = old.expired_at is not None or _said(old) != _said(fresh)
    for name in (*_TOLD, *_MEASURED):
        if getattr(old, name) != getattr(fresh, name):
            setattr(old, name, getattr(fresh, name))
    if not another:
        return "same"
    old.expired_at, old.changed_at = None, fresh.created_at
    return "changed"


def _said(row: kept.Insight) -> dict[str, Any]:
    """Return what is said, without how it was measured."""
    context = {name: value for name, value in row.context.items() if name != "rank"}
    return {name: getattr(row, name) for name in _TOLD} | {"context": context}


def fields_of(
    rule: type[Rule],
    one: Candidate,
    *,
    scale: float,
    versions: Mapping[str, str],
    fresh: Mapping[str, str],
    currency: str,
) -> dict[str, Any]:
    """Return a candidate as the fields of a stored insight, with ``materiality`` and without what q decides.

    Args:
        rule: Who found it.
        one: What was found.
        scale: Money that counts as half material.
        versions: Table to version.
        fresh: Table to its newest time.
        currency: The organisation's; what its sums are in is said with them.
    """
    materiality = one.money / (one.money + scale) if one.money > 0 else 0.0
    if one.weight is not None:
        materiality = max(materiality, min(1.0, one.weight))
    context = {name: value for name, value in one.context.items() if value is not None}
    return {
        "title": one.title[:300],
        "text": one.text,
        "domains": list(rule.domains),
        "effect": {
            "value": number(one.tested.value),
            "unit": _unit(one.unit, currency),
            "low": number(one.tested.low),
            "high": number(one.tested.high),
            "n": one.tested.n,
        }
        | ({"against": number(one.against)} if one.against else {}),
        "p_value": number(one.tested.p),
        "why": [_plain(item) | {"unit": _unit(item.get("unit", ""), currency)} for item in one.why],
        "evidence": [_plain(item) for item in one.evidence],
        "next": [dict(item) for item in one.next],
        "context": _plain(context),
        "roles": list(rule.roles) if rule.roles is not None else None,
        "desks": list(one.desks) if one.desks is not None else None,
        "data_versions": dict(versions),
        "rule_version": rule.version,
        "story": one.story,
        "chart": dict(one.chart) if one.chart is not None else None,
        "fresh": dict(fresh),
        "materiality": number(materiality),
    }


def _unit(unit: Any, currency: str) -> str:
    """Return the unit of a figure, a sum's as its currency: a figure that is passed on must say which."""
    return currency if unit == "currency" else str(unit)


def number(value: float) -> float:
    """Return a number without the last digits of a float: they differ between machines and mean nothing."""
    return float(f"{value:.9g}")


def said_of(
    rule: type[Rule], found: Sequence[Candidate], **more: Any
) -> dict[str, tuple[float, dict[str, Any] | None]]:
    """Return what a rule's candidates say by insight id; only where it could pass."""
    return {
        insight_id(rule.name, one.subject): (
            one.tested.p,
            fields_of(rule, one, **more) if one.tested.p <= FALSE_DISCOVERY else None,
        )
        for one in found
    }


def _plain(item: Mapping[str, Any]) -> dict[str, Any]:
    def plain(value: Any) -> Any:
        if isinstance(value, float):
            return number(value)
        return str(value) if isinstance(value, (date, datetime)) else value

    return {name: plain(value) for name, value in item.items()}
