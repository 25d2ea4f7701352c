"""Names that resemble a sanctions list: what waits for somebody, what was decided, and a look at one name."""

from typing import Any

from sqlalchemy import select

from analytics.compliance.name_match import STRONG, THRESHOLD, Party
from analytics.compliance.screening import screen
from analytics.datasets import SANCTIONS
from analytics.datasets.control_room import KINDS
from app.desk import Desk
from app.errors import FieldError, Forbidden, Invalid, NotFound
from app.queries._line import own_line
from app.scope import SURVEILLANCE_ROLES
from app.storage.records._base import now
from app.storage.records.screening import HIT_STATES, REASONS, ScreeningHit

_LONGEST = 200
_LISTED = 5


def hits(desk: Desk, *, status: str | None = None) -> list[dict[str, Any]]:
    """Return pairs of party and list entry, those that wait first, the highest score first.

    What is about the asking person is left out: he does not learn of it.

    Args:
        desk: Who asks: compliance or an auditor.
        status: open, proposed, true_match, false_match or lapsed; ``waiting`` for the first two; all when None.

    Raises:
        Forbidden: If the role does not read surveillance.
        Invalid: If there is no such status.
    """
    _door(desk)
    wanted = ("open", "proposed") if status == "waiting" else (status,)
    if status is not None and not set(wanted) <= set(HIT_STATES):
        allowed = FieldError("status", f"must be one of waiting, {', '.join(HIT_STATES)}", status[:40])
        raise Invalid("Some parameters do not fit.", errors=[allowed])
    query = select(ScreeningHit).order_by(ScreeningHit.score.desc(), ScreeningHit.hit_id)
    if status is not None:
        query = query.where(ScreeningHit.status.in_(wanted))
    own = own_line(desk).own | {desk.identity.person_id}
    with desk.session() as session:
        found = [hit for hit in session.scalars(query) if hit.subject_id not in own]
    return sorted((_told(hit) for hit in found), key=lambda row: HIT_STATES.index(row["status"]))


def hit(desk: Desk, hit_id: str) -> dict[str, Any]:
    """Return one pair.

    Raises:
        NotFound: If there is none of this id for the asking person.
        Forbidden: If the role does not read surveillance.
    """
    for row in hits(desk):
        if row["hit_id"] == hit_id:
            return row
    raise NotFound("There is no such match.")


def summary(desk: Desk) -> dict[str, Any]:
    """Return how many pairs wait, are proposed, are true; null where the role must not know."""
    if desk.identity.role not in SURVEILLANCE_ROLES:
        return {"waiting": None, "strong": None, "true": None, "entries": None}
    rows = hits(desk)
    waiting = [row for row in rows if row["status"] in {"open", "proposed"}]
    entries = desk.collect(desk.lake.scan(desk.org, SANCTIONS).select("list_name", "entry_id").unique())
    return {
        "waiting": len(waiting),
        "strong": sum(row["score"] >= STRONG for row in waiting),
        "true": sum(row["status"] == "true_match" for row in rows),
        "entries": entries.height,
    }


def catalogue() -> dict[str, Any]:
    """Return the thresholds and the reasons that may be given."""
    return {
        "threshold": THRESHOLD,
        "strong": STRONG,
        "reasons": [
            {"code": code, "text": text, "verdict": _verdict(code)} for code, text in REASONS.items()
        ],
    }


def look_up(
    desk: Desk, *, name: str, kind: str | None = None, country: str | None = None, born: str | None = None
) -> list[dict[str, Any]]:
    """Return entries of the sanctions lists that a name resembles, the most alike first; nothing is kept.

    Raises:
        Forbidden: If the role does not read surveillance.
        Invalid: If the name is empty or too long, or there is no such kind.
    """
    _door(desk)
    clean = name.strip()
    if not 0 < len(clean) <= _LONGEST or not clean.isprintable():
        raise Invalid(
            "The name does not fit.", errors=[FieldError("name", f"must be 1 to {_LONGEST} characters")]
        )
    if kind and kind not in KINDS:
        raise Invalid(
            "The kind does not fit.", errors=[FieldError("kind", f"must be one of {', '.join(KINDS)}")]
        )
    asked = Party(("asked", ""), clean, kind or "", (), country or "", born or "")
    found = screen([asked], _listed(desk))
    return [
        {"list_name": one.entry.key[0], "entry_id": one.entry.key[1], "name": one.entry.name, **one.verdict}
        for one in found[:_LISTED]
    ]


def blocked(desk: Desk, *, ids: frozenset[str]) -> bool:
    """Whether a true match stands on any of these accounts, owners or people."""
    query = select(ScreeningHit.hit_id).where(
        ScreeningHit.status == "true_match", ScreeningHit.subject_id.in_(sorted(ids))
    )
    with desk.session() as session:
        return session.scalar(query.limit(1)) is not None


def _door(desk: Desk) -> None:
    if desk.identity.role not in SURVEILLANCE_ROLES:
        raise Forbidden("Screening is read by compliance only.")


def _listed(desk: Desk) -> list[Party]:
    today = now().date()
    rows = desk.collect(desk.rows(SANCTIONS, dated=False, scoped=False)).to_dicts()
    latest: dict[tuple[str, str], dict[str, Any]] = {}
    for row in sorted(rows, key=lambda row: (row["valid_from"] is not None, row["valid_from"])):
        if row["valid_from"] is None or row["valid_from"] <= today:
            latest[row["list_name"], row["entry_id"]] = row
    return [
        Party(key, row["name"], row["kind"] or "", tuple(row["aliases"] or ()), row["country"] or "",
              row["date_of_birth"] or "")
        for key, row in sorted(latest.items())
        if row["valid_to"] is None or row["valid_to"] >= today
    ]  # fmt: skip


def _verdict(code: str) -> str:
    return "true_match" if code.startswith("confirmed") else "false_match"


def _told(found: ScreeningHit) -> dict[str, Any]:
    names = (
        "hit_id", "status", "score", "subject_kind", "subject_id", "list_name", "entry_id", "reason", "rationale",
        "decided_by", "decided_name", "decided_at", "second_name", "second_at", "alert_id", "data_versions",
        "version", "created_at", "updated_at",
    )  # fmt: skip
    return {name: getattr(found, name) for name in names} | {
        "subject_name": found.explanation["subject"]["name"],
        "entry_name": found.explanation["entry"]["name"],
        "explanation": dict(found.explanation),
        "strong": found.score >= STRONG,
    }
