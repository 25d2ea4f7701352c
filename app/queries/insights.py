"""What the rules found, for one person: who may read what, in what order, told once for page, bell, mail and script.

An insight's place is materiality x confidence x novelty x relevance x use: what somebody has seen already, what is
far from his work or from what he looks at, and what rules say that nobody finds useful, come later.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from analytics.insights._rule import FALSE_DISCOVERY, all_rules
from app.desk import Desk
from app.errors import Forbidden, NotFound
from app.queries._line import own_line
from app.queries._spoken import Say, speaker
from app.scope import DATA_ROLES, SURVEILLANCE_ROLES
from app.storage.records._base import now
from app.storage.records.alerts import Alert
from app.storage.records.insights import Insight, InsightFeedback, InsightVisit

USEFUL, NOT_USEFUL = "useful", "not_useful"
WEEKS = 8  # of feedback that say whether a rule is of use
_PRIOR = 4  # useful votes a rule starts with
_CHANGED, _SEEN = 0.85, 0.6  # what was told before weighs less
_ABOUT = 1.5  # what the view is narrowed to weighs more
_LEAST = 0.6  # what is far from a role's work
# How near each domain is to a role's work; what is not named is _LEAST.
_NEAR: dict[str, dict[str, float]] = {
    "trader": {"trading": 1.0, "social": 0.85, "portfolio": 0.8},
    "portfolio_manager": {"portfolio": 1.0, "trading": 0.85, "social": 0.85},
    "risk": {"portfolio": 1.0, "trading": 0.8, "compliance": 0.8, "operations": 0.7},
    "compliance": {"compliance": 1.0, "operations": 0.75, "social": 0.7},
    "auditor": {"compliance": 1.0, "operations": 0.8},
}
_FIELDS = (
    "id", "kind", "title", "text", "domains", "severity", "effect", "p_value", "q_value", "confidence", "why",
    "evidence", "next", "context", "data_versions", "created_at", "changed_at", "rule_version", "chart", "fresh",
)  # fmt: skip


@dataclass(frozen=True)
class Mine:
    """What one person has said and seen."""

    seen_at: datetime | None = None
    feedback: Mapping[str, InsightFeedback] = field(default_factory=dict)
    use: Mapping[str, float] = field(default_factory=dict)  # rule to 0..1, from everybody's feedback

    def is_new(self, row: Insight) -> bool:
        """Whether it was told, or told anew, after the last look."""
        return self.seen_at is None or (row.changed_at or row.created_at) > self.seen_at

    def snoozed(self, row: Insight) -> datetime | None:
        """Until when the person does not want to see it; None if he does."""
        said = self.feedback.get(row.id)
        until = said.snoozed_until if said is not None else None
        return until if until is not None and until > now() else None


# --- the list ----------------------------------------------------------------------------------------
def insights(
    desk: Desk,
    *,
    limit: int | None = None,
    offset: int = 0,
    domain: str | None = None,
    severity: str | None = None,
    kind: str | None = None,
    state: str | None = None,
) -> dict[str, Any]:
    """Return ``rows`` (CONTRACT section 5, the weightiest first), ``total`` and ``facets``.

    Findings on one thing are one story: the weightiest of them leads and names the others in ``also``. ``facets``
    counts stories by domain (of the severity asked for) and by severity (of the domain asked for), so that each says
    what choosing it would show.

    What is about surveillance is read by compliance and auditors only, and never by its subject; what is about desks,
    by those who may see all of them. The scope's instruments and traders narrow the list to insights that name them in
    context or evidence; its desks leave out what is about another desk.

    Args:
        desk: Who asks, in what view.
        limit: Rows; the scope's when None.
        offset: Rows left out before.
        domain: Only with this one.
        severity: Only of this one.
        kind: Only of this rule.
        state: ``new`` (since the last look), ``snoozed``; what is not snoozed when None.
    """
    mine = _mine(desk)
    rows = [row for row in readable(desk) if _in_scope(desk, row) and _fits(row, mine, kind, state)]
    of_domain = [row for row in rows if domain is None or domain in row.domains]
    of_severity = [row for row in rows if severity is None or row.severity == severity]
    stories = _stories(desk, mine, [row for row in of_domain if severity is None or row.severity == severity])
    size, say = desk.scope.limit if limit is None else limit, speaker(desk)
    domains = {name for row in of_severity for name in row.domains}
    return {
        "rows": [_told(story, mine, say) for story in stories[offset : offset + size]],
        "total": len(stories),
        "facets": {
            "domain": {
                name: _count(row for row in of_severity if name in row.domains) for name in sorted(domains)
            },
            "severity": {
                name: _count(row for row in of_domain if row.severity == name)
                for name in dict.fromkeys(row.severity for row in of_domain)
            },
        },
        "new": _count(row for row in rows if mine.is_new(row)),
    }


def insight(desk: Desk, insight_id: str) -> dict[str, Any]:
    """Return one insight that stands, whether snoozed or not.

    Raises:
        NotFound: If there is none of this id that the identity may read; both look alike.
    """
    mine = _mine(desk)
    for row in readable(desk):
        if row.id == insight_id:
            return _told([row], mine, speaker(desk))
    raise NotFound("There is no insight of this id, or it does not stand any more.")


def readable(desk: Desk) -> list[Insight]:
    """Return the insights that stand and that the identity may read, the most material and certain first.

    Raises:
        Forbidden: If the role reads no data.
    """
    if desk.identity.role not in DATA_ROLES:
        raise Forbidden("Your role administers; it does not read the organisation's data.")
    with desk.session() as session:
        rows = list(session.scalars(select(Insight).where(Insight.expired_at.is_(None))))
        me = desk.identity.person_id
        about_me: frozenset[str] = frozenset()
        if me is not None and desk.identity.role in SURVEILLANCE_ROLES:
            own = own_line(desk).own
            alerts = session.execute(select(Alert.alert_id, Alert.actors))
            about_me = own | {
                alert_id for alert_id, actors in alerts if any(one.get("id") in own for one in actors)
            }
    found = [row for row in rows if _may_read(desk, row, about_me)]
    return sorted(found, key=lambda row: (-_weight(row), row.id))


def false_discovery() -> float:
    """Return the share of shown insights that may be chance."""
    return FALSE_DISCOVERY


def rules(desk: Desk) -> list[dict[str, Any]]:
    """Return what is looked for: name, title, description, test, version, domains, and how many insights stand now.

    That there are rules about surveillance is for those to know who may read what they find.
    """
    watches = desk.identity.role in SURVEILLANCE_ROLES
    standing = Counter(row.kind for row in readable(desk))
    return [
        {
            "name": name,
            "title": rule.title,
            "description": rule.description,
            "test": rule.test,
            "version": rule.version,
            "inputs": sorted(rule.inputs),
            "domains": list(rule.domains),
            "found": standing[name],
        }
        for name, rule in all_rules().items()
        if watches or "compliance" not in rule.domains
    ]


# --- who may read what -------------------------------------------------------------------------------
def _may_read(desk: Desk, row: Insight, about_me: frozenset[str]) -> bool:
    me = desk.identity
    if row.roles is not None:
        if me.role not in row.roles:
            return False
        named = {item.get("id") for item in row.evidence if isinstance(item, dict)}
        named |= {row.context.get("trader"), row.context.get("author")}
        named |= set(str(row.context.get("traders") or "").split(","))
        if SURVEILLANCE_ROLES & set(row.roles) and me.person_id is not None:
            return not named & (about_me | {me.person_id})
    # It may say what any of its desks did, so one of them is not enough.
    return row.desks is None or me.desks is None or set(row.desks) <= set(me.desks)


def _in_scope(desk: Desk, row: Insight) -> bool:
    """Whether it names the people and instruments the view is narrowed to, and speaks of no other desk."""
    scope = desk.scope
    for kind, wanted in (("instrument", scope.instrument), ("trader", scope.trader)):
        if wanted and _names(row, kind).isdisjoint(wanted):
            return False
    told = _names(row, "desk")
    return not scope.desk or not told or not told.isdisjoint(scope.desk)


def _names(row: Insight, kind: str) -> set[str]:
    """Return the ids of a kind that an insight is about: in its context, and, but for desks, in its evidence."""
    context = row.context
    if kind == "desk":
        return {str(context["desk"])} if context.get("desk") else set()
    found = {str(one["id"]) for one in row.evidence if one.get("kind") == kind and "id" in one}
    if kind == "trader":
        found |= {str(context[one]) for one in ("trader", "author") if context.get(one)}
        found |= set(filter(None, str(context.get("traders") or "").split(",")))
        found |= {str(one["id"]) for one in row.evidence if one.get("kind") == "author" and "id" in one}
    elif context.get(kind):
        found.add(str(context[kind]))
    return found


def _fits(row: Insight, mine: Mine, kind: str | None, state: str | None) -> bool:
    if kind is not None and row.kind != kind:
        return False
    if state == "new":
        return mine.is_new(row) and mine.snoozed(row) is None
    return (mine.snoozed(row) is not None) == (state == "snoozed")


# --- one person's order --------------------------------------------------------------------------------
def _mine(desk: Desk) -> Mine:
    since = now() - timedelta(weeks=WEEKS)
    own = InsightFeedback.user_id == desk.identity.user_id
    with desk.session() as session:
        visit = session.get(InsightVisit, (desk.org, desk.identity.user_id))
        said = list(
            session.scalars(select(InsightFeedback).where(own | (InsightFeedback.created_at >= since)))
        )
    votes: dict[str, Counter[str]] = {}
    for one in said:
        if one.created_at >= since and one.verdict:
            votes.setdefault(one.rule, Counter())[one.verdict] += 1
    return Mine(
        visit.seen_at if visit is not None else None,
        {one.insight_id: one for one in said if one.user_id == desk.identity.user_id},
        {
            rule: (found[USEFUL] + _PRIOR) / (found[USEFUL] + found[NOT_USEFUL] + _PRIOR)
            for rule, found in votes.items()
        },
    )


def _weight(row: Insight) -> float:
    return float(row.context.get("rank", 0.0))


def _rank(desk: Desk, mine: Mine, row: Insight) -> float:
    novelty = 1.0
    if mine.seen_at is not None and row.created_at <= mine.seen_at:
        novelty = _CHANGED if mine.is_new(row) else _SEEN
    near = _NEAR.get(desk.identity.role, {})
    relevance = max([near.get(str(name), _LEAST) for name in row.domains], default=_LEAST)
    if _about(desk, row):
        relevance *= _ABOUT
    said = mine.feedback.get(row.id)
    own = 0.25 if said is not None and said.verdict == NOT_USEFUL else 1.0
    return _weight(row) * novelty * relevance * mine.use.get(row.kind, 1.0) * own


def _about(desk: Desk, row: Insight) -> bool:
    """Whether it names something that the view is narrowed to."""
    scope = desk.scope
    asked = {"instrument": scope.instrument, "trader": scope.trader, "desk": scope.desk}
    return any(not _names(row, kind).isdisjoint(wanted) for kind, wanted in asked.items())


def _stories(desk: Desk, mine: Mine, rows: Sequence[Insight]) -> list[list[Insight]]:
    ranked = sorted(rows, key=lambda row: (-_rank(desk, mine, row), row.id))
    stories: dict[str, list[Insight]] = {}
    for row in ranked:
        stories.setdefault(row.story or row.id, []).append(row)
    return list(stories.values())


def _count(rows: Any) -> int:
    return len({row.story or row.id for row in rows})


def _told(story: Sequence[Insight], mine: Mine, say: Say) -> dict[str, Any]:
    lead, *others = story
    said = mine.feedback.get(lead.id)
    rule = all_rules().get(lead.kind)
    return {name: getattr(lead, name) for name in _FIELDS} | {
        "title": say(lead.title, _named(lead)),
        "text": say(lead.text, _named(lead)),
        "why": [{**one, "driver": say(str(one.get("driver", "")), _named(lead))} for one in lead.why],
        "evidence": [_called(one, say) for one in lead.evidence],
        "chart": lead.chart and {**lead.chart, "label": say(str(lead.chart["label"]), _named(lead))},
        "rule": {
            "name": lead.kind,
            "title": rule.title if rule else lead.kind,
            "test": rule.test if rule else "",
            "version": lead.rule_version,
        },
        "also": [
            {"id": one.id, "kind": one.kind, "title": say(one.title, _named(one)), "severity": one.severity}
            for one in others
        ],
        "new": any(mine.is_new(one) for one in story),
        "verdict": (said.verdict or None) if said is not None else None,
        "snoozed_until": mine.snoozed(lead),
    }


def _called(item: Mapping[str, Any], say: Say) -> dict[str, Any]:
    """Return a piece of evidence with what people call it, where that is something else than its id."""
    if item.get("kind") not in {"trader", "author", "day", "detector", "alert"}:
        return dict(item)
    label, name = str(item.get("label") or item["id"]), str(item["id"])
    called = say(label, {name})
    return dict(item) if called == name else {**item, "label": called[:1].upper() + called[1:]}


def _named(row: Insight) -> set[str]:
    """Return the ids an insight is about: of its evidence, its drivers and the context it sets."""
    ids = {str(one["id"]) for one in row.evidence if "id" in one} | {
        str(one.get("driver")) for one in row.why
    }
    return ids.union(*(str(value).split(",") for value in row.context.values()))
