"""What is attached to a case: kept with its hash, of a few kinds that are what they say they are."""

import hashlib
import re
import zipfile
from datetime import datetime
from io import BytesIO
from pathlib import PurePath

from sqlalchemy import func, select
from sqlalchemy.orm import Session, undefer

from app.actions._cases import UNKNOWN, changed, locked_case, readable
from app.actions._casework import require_compliance, taken
from app.errors import Conflict, FieldError, Invalid, NotFound, TooLarge, UnsupportedMedia
from app.scope import Identity, Line
from app.storage.database import Database
from app.storage.records import audit
from app.storage.records._base import new_id
from app.storage.records.cases import Case, CaseFile

MEGABYTE = 1024 * 1024
LARGEST = 10 * MEGABYTE
MOST = 100  # files of one case
_TEXTS = {"txt": "text/plain", "csv": "text/csv"}
# Suffix to media type and the bytes that a file of that kind begins with.
_KINDS: dict[str, tuple[str, bytes]] = {
    "pdf": ("application/pdf", b"%PDF-"),
    "png": ("image/png", b"\x89PNG\r\n\x1a\n"),
    "jpg": ("image/jpeg", b"\xff\xd8\xff"),
    "jpeg": ("image/jpeg", b"\xff\xd8\xff"),
    "xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", b"PK\x03\x04"),
    "docx": ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", b"PK\x03\x04"),
}
KINDS = (*_KINDS, *_TEXTS)
# A mark that virus scanners are tested with, and what begins a program whatever it is called.
_REFUSED = (b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE", b"MZ", b"\x7fELF", b"#!")
_ODD = re.compile(r"[^\w .,()\-+@]", re.ASCII)


def attach(
    database: Database, actor: Identity, case_id: str, *, name: str, content: bytes, line: Line
) -> CaseFile:
    """Attach a file.

    Args:
        database: The records.
        actor: Compliance, not concerned.
        case_id: Which case.
        name: As the file is called; its path and odd characters are dropped.
        content: At most 10 MB.
        line: The actor's own people and accounts.

    Raises:
        NotFound: If there is no such case for the actor.
        Conflict: If the case is closed, full, or has this very file.
        TooLarge: Above 10 MB.
        UnsupportedMedia: If its kind is not kept, or its bytes are not of that kind.
        Invalid: If it has no name or is empty.
    """
    require_compliance(actor)
    clean = file_name(name)
    media = checked(clean, content)
    digest = hashlib.sha256(content).hexdigest()

    def act(session: Session, at: datetime) -> CaseFile:
        found = locked_case(session, actor, case_id, line=line)
        of_case = select(func.count()).select_from(CaseFile).where(CaseFile.case_id == case_id)
        if (session.scalar(of_case) or 0) >= MOST:
            raise Conflict(f"A case holds at most {MOST} files.")
        if session.scalar(of_case.where(CaseFile.sha256 == digest)):
            raise Conflict("The case has this very file already.")
        made = CaseFile(
            org=actor.org, id=new_id("file"), case_id=case_id, name=clean, media_type=media, size=len(content),
            sha256=digest, content=content, added_by=actor.user_id, added_by_name=actor.name[:200], added_at=at,
        )  # fmt: skip
        session.add(made)
        changed(
            session, actor, "case.attach", found, file=made.id, name=clean, size=len(content), sha256=digest
        )
        return made

    return taken(database, actor, "case", case_id, act)  # type: ignore[no-any-return]


def read(database: Database, actor: Identity, case_id: str, file_id: str, *, line: Line) -> CaseFile:
    """Return an attachment with its content; that it was read is on record.

    Raises:
        NotFound: If there is none of this id in a case that the actor may know of.
        Conflict: If the bytes kept are not those that were attached.
    """
    with database.session(actor.org, write=True) as session:
        case = session.scalar(select(Case).where(Case.id == case_id))
        if case is None or not readable(actor, case, line):
            raise NotFound(UNKNOWN)
        query = select(CaseFile).where(CaseFile.id == file_id, CaseFile.case_id == case_id)
        found = session.scalar(query.options(undefer(CaseFile.content)))
        if found is None:
            raise NotFound("There is no such file.")
        if hashlib.sha256(found.content).hexdigest() != found.sha256:
            raise Conflict("The file is not the one that was attached: its bytes have changed.")
        audit.record(
            session, actor=actor, action="case.file_read", object_kind="case", object_id=case_id,
            after={"file": file_id, "sha256": found.sha256},
        )  # fmt: skip
        return found


def file_name(name: str) -> str:
    """Return the last part of a name, in characters that no system takes for anything else.

    Raises:
        Invalid: If nothing is left of it.
    """
    last = PurePath(name.replace("\\", "/")).name
    clean = _ODD.sub("_", last).strip(" .")[-150:]
    if not clean or clean.strip("_. ") == "":
        raise Invalid("The file does not fit.", errors=[FieldError("filename", "must be a name", name[:80])])
    return clean


def checked(name: str, content: bytes) -> str:
    """Return the media type of a file whose bytes are what its name says.

    Raises:
        TooLarge: Above 10 MB.
        Invalid: If it is empty.
        UnsupportedMedia: If not.
    """
    if len(content) > LARGEST:
        raise TooLarge(f"A file may hold {LARGEST // MEGABYTE} MB.")
    if not content:
        raise Invalid("The file is empty.", errors=[FieldError("body", "must not be empty")])
    suffix = PurePath(name).suffix.lower().lstrip(".")
    if suffix not in KINDS:
        raise UnsupportedMedia(f"Files of this kind are not kept: send one of {', '.join(KINDS)}.")
    if _REFUSED[0] in content or content.startswith(_REFUSED[1:]):
        raise UnsupportedMedia("The file is a program, or a mark of one: it is not kept.")
    if suffix in _TEXTS:
        try:
            clean = "\0" not in content.decode("utf-8")
        except UnicodeDecodeError:
            clean = False
        if not clean:
            raise UnsupportedMedia(f"The bytes of {name} are no text in UTF-8.")
        return _TEXTS[suffix]
    media, magic = _KINDS[suffix]
    if not content.startswith(magic) or (magic == b"PK\x03\x04" and not _office(content)):
        raise UnsupportedMedia(f"The bytes of {name} are not those of a {suffix} file.")
    return media


def _office(content: bytes) -> bool:
    """Whether a zip is an office document without macros."""
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            names = archive.namelist()
    except zipfile.BadZipFile:
        return False
    return "[Content_Types].xml" in names and not any("vbaProject" in one for one in names)
