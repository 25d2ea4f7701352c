"""A person's daily digest: what is new to him since the last one, in the bell and, where he wants it, by mail."""

import hashlib
import logging
import smtplib
import ssl
from collections.abc import Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from email.message import EmailMessage
from typing import Any
from urllib.parse import unquote, urlsplit

from sqlalchemy import select

from app.actions import insights as saying
from app.context import Context
from app.desk import Desk
from app.errors import BadSettings
from app.jobs._job import Job
from app.queries import insights as told
from app.scope import DATA_ROLES, Identity, Scope
from app.storage.records._base import now
from app.storage.records.insights import InsightVisit
from app.storage.records.notifications import Notification
from app.storage.records.people import Organisation, User

log = logging.getLogger(__name__)
LINES = 8  # insights in one digest
KIND = "digest"
PAGE = "/intelligence/insights"
SENDER = "quarterdeck@localhost"
TIMEOUT_S = 20
_NEVER = datetime(2000, 1, 1, tzinfo=UTC)  # before anything was told


def send_digests(context: Context, org: str) -> dict[str, int]:
    """Tell every person who wants it what is new to him since his last digest; once a day.

    What he may read is what the page would show him. A mail that cannot be sent is tried again by the next run of the
    day, and the notification stands either way.

    Args:
        context: The installation's stores.
        org: The organisation's slug.

    Returns:
        ``people`` (asked), ``digests`` (written now), ``mails`` (sent now), ``failed`` (mails).
    """
    counts = {"people": 0, "digests": 0, "mails": 0, "failed": 0}
    for user, identity in _people(context, org):
        counts["people"] += 1
        wants = saying.digest(context.database, identity)
        if not wants["on"]:
            continue
        note = _written(context, org, identity, counts)
        if (
            note is None
            or not wants["mail"]
            or note.delivered_at is not None
            or not context.settings.smtp_url
        ):
            continue
        _mailed(context, org, note, user.email, counts)
    return counts


def _people(context: Context, org: str) -> list[tuple[User, Identity]]:
    with context.database.session(org) as session:
        firm = session.scalar(select(Organisation).where(Organisation.slug == org))
        users = session.scalars(select(User).where(User.disabled.is_(False)).order_by(User.id))
        return [
            (
                user,
                Identity(
                    org, user.id, user.name, user.role, tuple(user.desks) if user.desks is not None else None,
                    person_id=user.person_id, currency=firm.base_currency if firm else "USD",
                    org_name=firm.name if firm else org,
                ),
            )
            for user in users
            if user.role in DATA_ROLES
        ]  # fmt: skip


def _written(context: Context, org: str, identity: Identity, counts: dict[str, int]) -> Notification | None:
    """Return today's digest of a person, written now if it was not; None where there is nothing to tell."""
    at = now()
    name = "ntf_" + hashlib.sha256(f"{org}|{identity.user_id}|{at:%Y-%m-%d}".encode()).hexdigest()[:24]
    desk = Desk(context.lake, context.database, identity, Scope())
    with context.database.session(org) as session:
        note = session.get(Notification, name)
        visit = session.get(InsightVisit, (org, identity.user_id))
        since = visit.digest_at if visit is not None else None
    if note is not None:
        return note
    rows = [
        row
        for row in told.insights(desk, limit=200, state="new")["rows"]
        if since is None or (row["changed_at"] or row["created_at"]) > since
    ]
    if not rows:
        return None
    rank = {"low": 0, "medium": 1, "high": 2, "critical": 3}
    note = Notification(
        org=org,
        id=name,
        user_id=identity.user_id,
        kind=KIND,
        severity=max((str(row["severity"]) for row in rows), key=lambda one: rank[one]),
        title=f"{len(rows)} new insight{'s' if len(rows) > 1 else ''} since your last digest",
        text="\n".join(row["title"] for row in rows[:LINES]),
        href=f"{PAGE}?state=new",
    )
    with context.database.session(org, write=True) as session:
        session.add(note)
        session.merge(
            InsightVisit(
                org=org, user_id=identity.user_id, digest_at=at,
                seen_at=visit.seen_at if visit is not None else _NEVER,
            )
        )  # fmt: skip
    counts["digests"] += 1
    return note


# --- mail --------------------------------------------------------------------------------------------
def _mailed(context: Context, org: str, note: Notification, address: str, counts: dict[str, int]) -> None:
    message = EmailMessage()
    message["Subject"], message["From"], message["To"] = (
        f"Quarterdeck: {note.title}",
        _sender(context),
        address,
    )
    message.set_content(
        f"{note.title}\n\n{note.text}\n\nThe evidence is on the page Insights ({note.href}).\n"
    )
    sent = True
    try:
        with mail_server(context.settings.smtp_url) as server:
            server.send_message(message)
    except (OSError, smtplib.SMTPException) as error:
        # The next run tries again; the notification stands in the bell.
        log.warning("a digest of %s could not be mailed: %s", org, type(error).__name__)
        sent = False
    with context.database.session(org, write=True) as session:
        kept = session.get(Notification, note.id)
        if kept is not None:
            kept.attempts += 1
            kept.delivered_at = now() if sent else None
    counts["mails" if sent else "failed"] += 1


@contextmanager
def mail_server(url: str) -> Any:
    """Open a mail server: ``smtp://[user:password@]host[:port]``, ``smtp+tls://`` (STARTTLS) or ``smtps://``.

    Raises:
        BadSettings: If the address is no such thing.
        OSError: If it does not answer.
    """
    place = urlsplit(url)
    if place.scheme not in {"smtp", "smtp+tls", "smtps"} or not place.hostname:
        raise BadSettings("QUARTERDECK_SMTP_URL must be smtp://, smtp+tls:// or smtps:// with a host.")
    kind: Any = smtplib.SMTP_SSL if place.scheme == "smtps" else smtplib.SMTP
    more = {"context": ssl.create_default_context()} if place.scheme == "smtps" else {}
    port = place.port or {"smtps": 465, "smtp+tls": 587, "smtp": 25}[place.scheme]
    with kind(place.hostname, port, timeout=TIMEOUT_S, **more) as server:
        if place.scheme == "smtp+tls":
            server.starttls(context=ssl.create_default_context())
        if place.username:
            server.login(unquote(place.username), unquote(place.password or ""))
        yield server


def _sender(context: Context) -> str:
    name = unquote(urlsplit(context.settings.smtp_url).username or "")
    return name if "@" in name else SENDER


def _run(context: Context, org: str, _: Mapping[str, Any]) -> dict[str, Any]:
    return dict(send_digests(context, org))


JOB = Job("digest", "Tell people what is new to them", _run, hour=7)
