"""Cases: alerts that somebody investigates, with what was looked at, written, attached and decided."""

from datetime import datetime

from sqlalchemy import Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.storage.records._base import Document, Listing, OrgScoped, new_id, now


class Case(OrgScoped):
    """One investigation. Its alerts name it in ``Alert.case_id``."""

    __tablename__ = "cases"
    __table_args__ = (
        UniqueConstraint("org", "number"),
        Index("ix_cases_org_status", "org", "status", "due_at"),
    )

    id: Mapped[str] = mapped_column(String(40), primary_key=True, default=lambda: new_id("case"))
    number: Mapped[int]  # what people call it by: 17 is C-0017
    title: Mapped[str] = mapped_column(String(300))
    abuse_type: Mapped[str] = mapped_column(String(40))
    severity: Mapped[str] = mapped_column(String(10))
    status: Mapped[str] = mapped_column(String(30), default="investigation")
    level: Mapped[str] = mapped_column(String(10), default="l2")  # l2 lead legal
    owner: Mapped[str | None] = mapped_column(String(40), index=True)
    owner_name: Mapped[str | None] = mapped_column(String(200))
    actors: Mapped[Listing] = mapped_column(default=list)  # [{kind, id}]
    instrument_ids: Mapped[Listing] = mapped_column(default=list)
    # [{key, text, mandatory, state: open done not_applicable, comment, by, by_name, at}]
    checklist: Mapped[Listing] = mapped_column(default=list)
    restricted: Mapped[bool] = mapped_column(default=False)
    access: Mapped[Listing] = mapped_column(default=list)  # user ids that may read a restricted case
    legal_hold: Mapped[bool] = mapped_column(default=False)
    hold_reason: Mapped[str | None] = mapped_column(Text)
    suspicion_at: Mapped[datetime | None]  # when a suspicion was formed: the clock of a report
    # {submit, reasons, by, by_name, by_person, at, approved_by, approved_name, approved_at, review_id}
    decision: Mapped[Document | None]
    report: Mapped[Document] = mapped_column(
        default=dict
    )  # what people wrote for a report: submitter, narrative, ...
    submitted_at: Mapped[datetime | None]
    submitted_ref: Mapped[str | None] = mapped_column(String(200))
    outcome: Mapped[str | None] = mapped_column(String(30))
    outcome_reason: Mapped[str | None] = mapped_column(String(63))
    due_at: Mapped[datetime | None]
    created_by: Mapped[str] = mapped_column(String(40))
    created_by_name: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime] = mapped_column(default=now)
    updated_at: Mapped[datetime] = mapped_column(default=now, onupdate=now)
    closed_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)  # counts changes: who saw an older one is told


class CaseNote(OrgScoped):
    """One version of a note. A correction is a further version; none is ever changed or removed."""

    __tablename__ = "case_notes"
    __table_args__ = (Index("ix_case_notes_org_case", "org", "case_id"),)

    org: Mapped[str] = mapped_column(String(63), primary_key=True)
    note_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[str] = mapped_column(String(40))
    kind: Mapped[str] = mapped_column(String(20), default="note")  # note request answer search
    text: Mapped[str] = mapped_column(Text)
    evidence: Mapped[Listing] = mapped_column(default=list)  # [{kind: order alert message ..., id}]
    author: Mapped[str] = mapped_column(String(40))
    author_name: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime] = mapped_column(default=now)


class CaseFile(OrgScoped):
    """One attachment, kept with its hash."""

    __tablename__ = "case_files"
    __table_args__ = (Index("ix_case_files_org_case", "org", "case_id"),)

    id: Mapped[str] = mapped_column(String(40), primary_key=True, default=lambda: new_id("file"))
    case_id: Mapped[str] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(String(200))
    media_type: Mapped[str] = mapped_column(String(100))
    size: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    added_by: Mapped[str] = mapped_column(String(40))
    added_by_name: Mapped[str] = mapped_column(String(200))
    added_at: Mapped[datetime] = mapped_column(default=now)
