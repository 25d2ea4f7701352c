"""Screen everybody the firm deals with against the sanctions lists, and keep what people must decide."""

import hashlib
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from analytics.compliance.alerts import Metric
from analytics.compliance.name_match import THRESHOLD, VERSION, Party, judge
from analytics.compliance.screening import Found, screen
from analytics.datasets import SANCTIONS
from app.actions._roles import system
from app.actions.screening import RECORDS, reopened
from app.context import Context
from app.jobs._job import Job
from app.jobs._screened import READS, entries, subjects
from app.jobs._watch import NONE, Watch, finding, named, open_alerts
from app.storage.records import audit
from app.storage.records._base import now
from app.storage.records.alerts import Alert
from app.storage.records.counters import bump
from app.storage.records.screening import ScreeningHit

SOURCE, TITLE, PARAMETERS = "sanctions_match", "Confirmed match with a sanctions list", "names"
SCREENS = frozenset(dataset.name for dataset in READS)
_SETTLED = ("true_match", "false_match", "proposed")


def hit_id(found: Found) -> str:
    """Return the id of a pair: the same in every run."""
    told = "\x1f".join((*found.subject.key, *found.entry.key))
    return f"sh_{hashlib.sha256(told.encode()).hexdigest()[:24]}"


def screen_all(context: Context, org: str, *, cause: str) -> dict[str, Any]:
    """Screen all parties of an organisation and bring its review items up to date.

    Running it twice on the same tables changes nothing. A pair that somebody called a false match stays so
    until either record says something else; then it is open again. A pair that is no longer found lapses.

    Args:
        context: The installation's stores.
        org: The organisation's slug.
        cause: Why it runs, for the log of jobs.

    Returns:
        ``parties`` and ``entries`` compared, ``hits`` found, ``new``, ``reopened``, ``lapsed``, ``alerts``
        (new), ``seconds``.
    """
    began = time.perf_counter()
    said: dict[str, Any] = {"parties": 0, "entries": 0, "hits": 0, "new": 0, "reopened": 0, "lapsed": 0}
    said |= {"alerts": 0, "cause": cause}
    if context.lake.version(org, SANCTIONS) == NONE:
        return said | {"seconds": 0.0}
    today = now().date()
    if any("+" in context.lake.version(org, dataset) for dataset in READS):
        context.lake.flush(org)  # a hit pins Delta versions, so live rows move there first
    with context.lake.steady():
        versions = {dataset.name: context.lake.version(org, dataset) for dataset in READS}
        ours, listed = subjects(context, org, today), entries(context, org, today)
    found = screen(ours, listed)
    with context.database.session(org, write=True) as session:
        said |= _keep(session, org, found, versions)
    said |= {"parties": len(ours), "entries": len(listed), "hits": len(found)}
    said["alerts"] = raise_alerts(context, org)
    return said | {"seconds": round(time.perf_counter() - began, 3)}


def raise_alerts(context: Context, org: str) -> int:
    """Open the alert of every true match that has none yet; return how many."""
    with context.database.session(org) as session:
        hits = list(
            session.scalars(
                select(ScreeningHit).where(
                    ScreeningHit.status == "true_match", ScreeningHit.alert_id.is_(None)
                )
            )
        )
    for hit in hits:
        row = _finding(hit.hit_id, hit.explanation, hit.created_at)
        open_alerts(
            context, org, source=SOURCE, version=VERSION, parameters_version=PARAMETERS, rows=[row],
            data_versions=hit.data_versions, titles=TITLE,
        )  # fmt: skip
        with context.database.session(org, write=True) as session:
            kept = session.scalars(select(ScreeningHit).where(ScreeningHit.hit_id == hit.hit_id)).one()
            kept.alert_id = named(SOURCE, VERSION, PARAMETERS, row)["alert_id"]
            bump(session, org, RECORDS)
    return len(hits)


# --- keeping ---------------------------------------------------------------------------------------
def _keep(session: Session, org: str, found: list[Found], versions: Mapping[str, str]) -> dict[str, int]:
    at = now()
    known = {hit.hit_id: hit for hit in session.scalars(select(ScreeningHit))}
    new, again, seen = [], [], set()
    for one in found:
        name = hit_id(one)
        seen.add(name)
        digests = (one.subject.digest, one.entry.digest)
        hit = known.get(name)
        if hit is None:
            session.add(_hit(org, name, one, versions, at))
            new.append(name)
        elif hit.status == "lapsed" or (hit.subject_digest, hit.entry_digest) != digests:
            # What was decided was decided on other words: somebody must look again.
            again += [name] if hit.status in {"lapsed", *_SETTLED} else []
            hit.score, hit.explanation = one.verdict["score"], explained(one.subject, one.entry, one.verdict)
            hit.subject_digest, hit.entry_digest = digests
            hit.data_versions, hit.updated_at = dict(versions), at
            reopened(hit)
    gone = [hit for name, hit in known.items() if name not in seen and hit.status in {"open", "proposed"}]
    gone += [hit for name, hit in known.items() if name not in seen and hit.status == "false_match"]
    for hit in gone:
        hit.status, hit.updated_at = "lapsed", at
    if new or again or gone:
        bump(session, org, RECORDS)
        after = {"new": new[:100], "reopened": again[:100], "lapsed": [hit.hit_id for hit in gone][:100]}
        audit.record(
            session, actor=system(org, "Screening"), action="screening.run", object_kind="screening",
            object_id="sanctions", after=after,
        )  # fmt: skip
    return {"new": len(new), "reopened": len(again), "lapsed": len(gone)}


def _hit(org: str, name: str, one: Found, versions: Mapping[str, str], at: datetime) -> ScreeningHit:
    return ScreeningHit(
        org=org, hit_id=name, subject_kind=one.subject.key[0], subject_id=one.subject.key[1],
        list_name=one.entry.key[0], entry_id=one.entry.key[1], score=one.verdict["score"],
        explanation=explained(one.subject, one.entry, one.verdict), subject_digest=one.subject.digest,
        entry_digest=one.entry.digest, status="open", data_versions=dict(versions), created_at=at, updated_at=at,
        version=1,
    )  # fmt: skip


def explained(subject: Party, entry: Party, verdict: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is kept of a pair: both records side by side, and the verdict."""

    def told(party: Party) -> dict[str, Any]:
        return {
            "key": list(party.key), "name": party.name, "kind": party.kind or None, "aliases": list(party.aliases),
            "country": party.country or None, "date_of_birth": party.born or None,
        } | dict(party.more)  # fmt: skip

    return {"subject": told(subject), "entry": told(entry), **verdict}


# --- alerts ----------------------------------------------------------------------------------------
def _finding(name: str, told: Mapping[str, Any], at: datetime) -> dict[str, Any]:
    subject, entry = told["subject"], told["entry"]
    moment = datetime.combine(at.date(), datetime.min.time(), UTC)
    confirmed = (
        f"{subject['name']} ({subject['key'][0]} {subject['key'][1]}) is confirmed to be "
        f"“{entry['name']}”, entry {entry['key'][1]} of the list {entry['key'][0]}."
    )
    return finding(
        (name, told["subject_name"], told["entry_name"], str(told["score"])),
        subject=subject["name"],
        score=95.0,  # somebody has confirmed it: how alike the names are does not matter any more
        metrics=[
            Metric("similarity", told["score"], THRESHOLD, "score"),
            Metric("name_similarity", told["name_score"], None, "score"),
        ],
        story=[
            confirmed,
            *told["story"],
            "Its accounts are blocked before a trade while the match stands.",
        ],
        window=(moment, moment),
        actors=[(subject["key"][0], subject["key"][1])],
    )


def _again(context: Context, org: str, alert: Alert) -> Mapping[str, Any] | None:
    """Compare the pair behind an alert once more, from the table versions it is pinned to."""
    with context.database.session(org) as session:
        hit = session.scalar(select(ScreeningHit).where(ScreeningHit.alert_id == alert.alert_id))
    if hit is None:
        return None
    day = hit.created_at.date()
    key, other = (hit.subject_kind, hit.subject_id), (hit.list_name, hit.entry_id)
    subject = next((p for p in subjects(context, org, day, alert.data_versions) if p.key == key), None)
    entry = next((p for p in entries(context, org, day, alert.data_versions) if p.key == other), None)
    verdict = judge(subject, entry) if subject and entry else None
    if subject is None or entry is None or verdict is None:
        return None
    row = _finding(hit.hit_id, explained(subject, entry, verdict), hit.created_at)
    return named(SOURCE, VERSION, PARAMETERS, row)


def _run(context: Context, org: str, params: Mapping[str, Any]) -> dict[str, Any]:
    return screen_all(context, org, cause=str(params.get("cause", "scheduled")))


JOB = Job("screening", "Screen names against sanctions lists", _run, hour=4)
WATCH = Watch(
    SOURCE, TITLE, VERSION, PARAMETERS, _again,
    description="A party of the firm was confirmed to be an entry of a sanctions list.",
    false_positives=("Another person of the same name", "A party that shares a name with a listed firm"),
)  # fmt: skip
