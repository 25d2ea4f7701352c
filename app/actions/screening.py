"""What people decide about names that resemble a sanctions list: the same party, or somebody else."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from analytics.compliance.name_match import STRONG
from app.actions._casework import LEAST_RATIONALE, expect_version, prose, refuse_own, require_person, taken
from app.errors import Conflict, FieldError, Forbidden, Invalid, NotFound
from app.scope import Identity, Line
from app.storage.database import Database
from app.storage.records import audit
from app.storage.records.counters import bump
from app.storage.records.screening import REASONS, ScreeningHit

RECORDS = "screening"
VERDICTS = ("true_match", "false_match")


def decide(
    database: Database,
    actor: Identity,
    hit_id: str,
    *,
    verdict: str,
    reason: str,
    rationale: str,
    line: Line,
    version: int | None = None,
) -> ScreeningHit:
    """Decide whether a party is the listed one.

    One person confirms a true match. Of a strong resemblance two people must agree that it is somebody
    else: the first proposes, another one agrees with the same verdict.

    Args:
        database: The records.
        actor: Compliance, not concerned.
        hit_id: Which pair.
        verdict: true_match or false_match.
        reason: One of ``REASONS``.
        rationale: Why, in words.
        line: The actor's own people and accounts.
        version: Of the hit as it was seen; not checked when None.

    Raises:
        Forbidden: If the actor may not: role, key, a proposal of his own, his reporting line.
        NotFound: If there is no such hit for the actor.
        Conflict: If it is decided, lapsed, or was changed in between.
        Invalid: If verdict, reason or words do not fit.
    """
    require_person(actor)
    errors = []
    if verdict not in VERDICTS:
        errors.append(FieldError("verdict", f"must be one of {', '.join(VERDICTS)}", verdict[:40]))
    fits = [code for code in REASONS if code.startswith("confirmed") == (verdict == "true_match")]
    if not errors and reason not in fits:
        errors.append(FieldError("reason", f"must be one of {', '.join(fits)}", reason[:63]))
    if errors:
        raise Invalid("The decision does not fit.", errors=errors)
    words = prose("rationale", rationale, least=LEAST_RATIONALE)

    def act(session: Session, at: Any) -> ScreeningHit:
        found = session.scalar(select(ScreeningHit).where(ScreeningHit.hit_id == hit_id).with_for_update())
        if found is None:
            raise NotFound("There is no such match.")
        refuse_own(actor, [{"id": found.subject_id}], line, what="match")
        expect_version(found, version)
        if found.status not in {"open", "proposed"}:
            raise Conflict(f"It is {found.status.replace('_', ' ')}: nothing is left to decide.")
        before = _shown(found)
        if verdict == "false_match" and found.status == "proposed":
            again = actor.person_id is not None and actor.person_id == found.decided_person
            if again or actor.user_id == found.decided_by:
                raise Forbidden("You proposed this yourself: a second person must agree to it.")
            found.second_by, found.second_name, found.second_at = actor.user_id, actor.name[:200], at
            found.status = "false_match"
        else:
            strong = verdict == "false_match" and found.score >= STRONG
            found.status = "proposed" if strong else verdict
            found.reason, found.rationale = reason, words
            found.decided_by, found.decided_name = actor.user_id, actor.name[:200]
            found.decided_person, found.decided_at = actor.person_id, at
        found.version += 1
        found.updated_at = at
        bump(session, actor.org, RECORDS)
        audit.record(
            session, actor=actor, action="screening.decide", object_kind="screening_hit", object_id=hit_id,
            before=before, after=_shown(found),
        )  # fmt: skip
        return found

    made: ScreeningHit = taken(database, actor, "screening_hit", hit_id, act)
    return made


def reopened(hit: ScreeningHit) -> None:
    """Put a hit back to where nobody has decided; the trail keeps what was."""
    hit.status, hit.version = "open", hit.version + 1
    hit.reason = hit.rationale = hit.decided_by = hit.decided_name = hit.decided_person = None
    hit.second_by = hit.second_name = hit.decided_at = hit.second_at = None


def _shown(hit: ScreeningHit) -> dict[str, Any]:
    names = ("subject_kind", "subject_id", "list_name", "entry_id", "score", "status", "reason", "rationale")
    return {name: getattr(hit, name) for name in names} | {
        "decided_by": hit.decided_by,
        "second_by": hit.second_by,
    }
