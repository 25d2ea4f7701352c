"""Writes that may be sent twice: with an Idempotency-Key the second one changes nothing."""

import hashlib
from datetime import timedelta

from flask import Response, g, request
from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError

from app.errors import Conflict, FieldError, Invalid
from app.gateway.auth import current_context, current_identity
from app.storage.records._base import now
from app.storage.records.replies import Reply

HEADER = "Idempotency-Key"
KEPT = timedelta(hours=24)
RUNS_AT_MOST = timedelta(minutes=5)  # whoever holds a key longer has died with it
_LONGEST = 255
_MAX_BODY = 1024 * 1024


def begin() -> Response | None:
    """Claim this request's key, or return the answer it had.

    Raises:
        Conflict: While the first request is still running.
        Invalid: If the key was used for another payload, or is none.
    """
    key = request.headers.get(HEADER)
    if key is None:
        return None
    if not key or len(key) > _LONGEST or not key.isascii() or not key.isprintable():
        raise Invalid(
            "The Idempotency-Key does not fit.", errors=[FieldError(HEADER, "1 to 255 printable characters")]
        )
    identity = current_identity()
    # Bound to the person: a key that somebody else chose too is another key.
    reply_id = hashlib.sha256(f"{identity.user_id}|{key}".encode()).hexdigest()
    payload = hashlib.sha256(
        f"{request.method} {request.full_path}\n".encode() + request.get_data()
    ).hexdigest()
    at = now()
    try:
        with current_context().database.session(identity.org, write=True) as session:
            session.execute(delete(Reply).where(Reply.created_at < at - KEPT))
            found = session.get(Reply, (identity.org, reply_id))
            if found is not None and found.status is None and found.created_at < at - RUNS_AT_MOST:
                session.delete(found)
                session.flush()
                found = None
            if found is None:
                session.add(Reply(org=identity.org, id=reply_id, payload_hash=payload, created_at=at))
                g.idempotent = reply_id
                return None
    except IntegrityError as error:
        raise Conflict("The request with this Idempotency-Key is still running.") from error
    if found.payload_hash != payload:
        raise Invalid(
            "This Idempotency-Key was used for another request.",
            errors=[FieldError(HEADER, "belongs to another payload")],
        )
    if found.status is None:
        raise Conflict("The request with this Idempotency-Key is still running.", retry_after=1)
    replay = Response(found.body, status=found.status, mimetype=found.media_type)
    replay.headers["Idempotent-Replayed"] = "true"
    return replay


def finish(response: Response) -> Response:
    """Keep the answer under the request's key; a fault of ours frees the key for another try."""
    reply_id = g.pop("idempotent", None)
    if reply_id is None:
        return response
    identity = current_identity()
    with current_context().database.session(identity.org, write=True) as session:
        found = session.get(Reply, (identity.org, reply_id))
        if found is None:
            return response
        body = response.get_data(as_text=True) if not response.is_streamed else ""
        if response.status_code >= 500 or response.status_code == 429 or len(body) > _MAX_BODY:
            session.delete(found)
        else:
            found.status = response.status_code
            found.body = body
            found.media_type = response.mimetype or "application/json"
    return response
