"""Anchors: the signed head of every audit chain, kept outside the database.

A line is appended to ``<home>/anchors/<organisation>.log`` after each transaction that audited
something. Who can rewrite the database but does not know the installation's secret cannot make lines
that fit a rewritten, shortened or restored chain. Copy the files elsewhere to also guard against
somebody who can remove them.
"""

import hashlib
import hmac
import json
import logging
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self
from weakref import WeakKeyDictionary

from sqlalchemy import Engine, event, select
from sqlalchemy.orm import Session

from app.storage.database import Database
from app.storage.records._base import now
from app.storage.records.audit import CHANGED, AuditHead, stamp

log = logging.getLogger(__name__)
_watching: "WeakKeyDictionary[Engine, Anchors]" = WeakKeyDictionary()


@dataclass(frozen=True)
class Anchor:
    """The head of one chain at one moment. ``mac`` signs the other fields."""

    org: str
    seq: int
    hash: str
    time: str
    mac: str


class Anchors:
    """The anchor files of one installation."""

    def __init__(self, folder: Path, secret: str) -> None:
        self.folder = folder
        # A key of its own, so that it can be shown to an auditor without giving away the sessions' secret.
        self.key = hmac.new(secret.encode(), b"quarterdeck audit anchor", hashlib.sha256).hexdigest()

    @classmethod
    def of(cls, database: Database) -> "Self | None":
        """Return the anchors that watch ``database``, if any do."""
        found = _watching.get(database.engine)
        return found if isinstance(found, cls) else None

    def watch(self, database: Database) -> None:
        """Anchor after every transaction on ``database`` that audited something."""
        _watching[database.engine] = self

    def catch_up(self, database: Database) -> None:
        """Anchor heads that a killed process left without an anchor; called at start."""
        with database.session(None) as session:
            heads = session.execute(select(AuditHead.org, AuditHead.seq, AuditHead.hash)).all()
        for org, seq, digest in heads:
            if self._newest(org) < seq:
                self.write(org, seq, digest)

    def write(self, org: str, seq: int, digest: str) -> None:
        """Append one signed line and wait until the disk has it."""
        line = json.dumps(asdict(self.sign(org, seq, digest, stamp(now())))) + "\n"
        new = not self.path(org).exists()
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        # One write in append mode: lines of several processes follow one another, in any order.
        descriptor = os.open(self.path(org), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(descriptor, line.encode())
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        if new:
            _sync_folder(self.folder)

    def read(self, org: str) -> Iterator[Anchor]:
        """Yield the anchors of an organisation; a line torn by a power cut is skipped, a forged one is not.

        Raises:
            ValueError: If a line's signature does not hold.
        """
        if not self.path(org).exists():
            return
        text = self.path(org).read_text()
        lines = text.splitlines() if text.endswith("\n") else text.splitlines()[:-1]
        for number, line in enumerate(lines, 1):
            try:
                anchor = Anchor(**json.loads(line))
            except (ValueError, TypeError):
                continue  # torn, then appended to; every later anchor covers it
            good = self.sign(anchor.org, anchor.seq, anchor.hash, anchor.time)
            if anchor.org != org or not hmac.compare_digest(good.mac, anchor.mac):
                raise ValueError(f"line {number} of the anchor file is not signed by this installation")
            yield anchor

    def _newest(self, org: str) -> int:
        """Return the number in the last lines of the file; reading all of it would slow down every start."""
        if not self.path(org).exists():
            return 0
        with self.path(org).open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - 4096))
            tail = file.read().split(b"\n")
        numbers = [0]
        for line in tail:
            try:
                numbers.append(int(json.loads(line)["seq"]))
            except (ValueError, TypeError, KeyError):
                continue  # the cut first line, a torn one, the empty end
        return max(numbers)

    def forget(self, org: str) -> None:
        """Remove the anchors of a deleted organisation."""
        self.path(org).unlink(missing_ok=True)

    def path(self, org: str) -> Path:
        """Return the anchor file of an organisation."""
        return self.folder / f"{org}.log"

    def sign(self, org: str, seq: int, digest: str, time: str) -> Anchor:
        """Return the signed anchor of a head."""
        message = f"{org}|{seq}|{digest}|{time}"
        mac = hmac.new(self.key.encode(), message.encode(), hashlib.sha256).hexdigest()
        return Anchor(org, seq, digest, time, mac)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@event.listens_for(Session, "after_commit")
def _anchor(session: Session) -> None:
    heads = session.info.pop(CHANGED, None)
    bind = session.get_bind()
    anchors = _watching.get(bind) if isinstance(bind, Engine) else None
    if not heads or anchors is None:
        return
    for org, (seq, digest) in heads.items():
        try:
            anchors.write(org, seq, digest)
        except OSError:
            # The action is committed and its entry with it; the next anchor covers both.
            log.exception("the audit anchor of %s could not be written", org)
