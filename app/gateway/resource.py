"""A REST resource comes with its door; every answer of it has one shape, one ETag, one way to page."""

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import orjson
from flask import Response, current_app, g, request
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag

from analytics.datasets import Dataset
from app.actions.refusals import refused
from app.desk import Desk
from app.errors import FieldError, Forbidden, Invalid
from app.gateway import idempotency
from app.gateway.auth import current_context, current_identity
from app.gateway.json import encode
from app.scope import DATA_ROLES, Identity
from app.storage.cache import served_stale

DOORS = "quarterdeck_door"
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


def resource(
    name: str,
    *,
    part: str = "",
    roles: Sequence[str] | frozenset[str] = DATA_ROLES,
    scope: str = "read",
    tag: str | None = None,
    write_roles: Sequence[str] | frozenset[str] | None = None,
    write_scope: str | None = None,
    refusals: str | None = None,
) -> APIBlueprint:
    """Return a blueprint under ``/api/<name>`` with its door attached.

    Args:
        name: Its place, also the subject of key scopes: a key with ``read:<name>`` may read here.
        part: Names one of several files that share the place and its door.
        roles: Who may enter.
        scope: What a key must be allowed for safe methods.
        tag: Heading in the API's documentation; the name when left out.
        write_roles: Who may change things; ``roles`` without auditors when left out.
        write_scope: What a key must be allowed to change things: ``write``, or ``ingest``.
        refusals: Kind of object under which the trail keeps who was refused at this door; none when left out.
    """
    own = f"{name}_{part}" if part else name
    blueprint = APIBlueprint(
        own,
        f"app.api.{own}",
        url_prefix=f"/api/{name}",
        abp_tags=[Tag(name=tag or name)],
        abp_security=[{"bearer": []}, {"api_key": []}],
    )
    readers = frozenset(roles)
    writers = frozenset(write_roles) if write_roles is not None else readers - {"auditor"}

    def door() -> Response | None:
        safe = request.method in _SAFE
        allowed = scope if safe else write_scope or "write"
        try:
            enter(readers if safe else writers, allowed, subject=name)
        except Forbidden:
            if refusals is not None:
                rule = request.url_rule.rule if request.url_rule is not None else ""
                note_refusal(refusals, f"{request.method} {rule}", request.view_args or {})
            raise
        # Imports keep their own keys, in the row that also says what became of the file.
        return None if safe or write_scope == "ingest" else idempotency.begin()

    blueprint.before_request(door)
    blueprint.after_request(idempotency.finish)
    setattr(blueprint, DOORS, (readers, writers, scope))
    return blueprint


def note_refusal(kind: str, way: str, named: Mapping[str, Any]) -> None:
    """Put on record that who sent this request may not go this way of surveillance.

    Args:
        kind: ``case`` or ``supervision``; everything else counts as ``alert``.
        way: Method and rule of a route, or a page.
        named: What the address names; ``<kind>_id`` of it is kept where there is such a thing.
    """
    kind = kind if kind in {"case", "supervision"} else "alert"
    one = named.get(f"{kind}_id")
    refused(
        current_context().database, current_identity(), kind, way, named=one if isinstance(one, str) else None
    )


def enter(roles: frozenset[str], scope: str, *, subject: str) -> Identity:
    """Let the caller through, or say why not.

    Raises:
        Unauthorised: When nobody is signed in.
        Forbidden: When the role or the key's scopes do not allow it.
    """
    identity = current_identity()
    if identity.role not in roles:
        raise Forbidden
    if g.get("credential") == "key" and not identity.scopes & {scope, f"{scope}:{subject}"}:
        raise Forbidden(f"This key lacks the scope {scope}:{subject}.")
    return identity


def answer(
    desk: Desk,
    data: Any,
    *,
    datasets: Sequence[Dataset] = (),
    next_cursor: str | None = None,
    stale: Mapping[str, Any] | None = None,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Return ``data`` in the shape of every answer, or 304 when the caller has it already.

    Args:
        desk: Whose question it was.
        data: JSON values, frames, dataclasses or models.
        datasets: Tables it rests on; their versions are told.
        next_cursor: Where the next page begins; None on the last one.
        stale: Since when and why the answer is old; taken from the cache when left out.
        status: Of the response.
        headers: Further ones.
    """
    body = encode(
        {
            "data": data,
            "meta": {
                "as_of": desk.scope.as_of or datetime.now(UTC),
                "scope": desk.scope.key,
                "versions": desk.versions(*datasets),
                "next_cursor": next_cursor,
                "stale": stale if stale is not None else _stale(),
            },
        },
        strict=getattr(current_app.json, "strict", False),
    )
    response = Response(body, status=status, mimetype="application/json", headers=dict(headers or {}))
    if request.method in {"GET", "HEAD"} and status == 200:
        response.set_etag(_tag(desk.identity, data, next_cursor, desk.scope.key))
        response.make_conditional(request)
    return response


def _stale() -> dict[str, Any] | None:
    found = served_stale()
    if not found:
        return None
    oldest = min(found, key=lambda item: item.as_of)
    return {"since": oldest.as_of, "reason": oldest.reason, "questions": sorted({s.question for s in found})}


def _tag(identity: Identity, data: Any, cursor: str | None, scope: str) -> str:
    """Return an ETag that says nothing about the data and fits one identity only."""
    secret = current_context().settings.secret.encode()
    whose = f"{identity.user_id}|{identity.entitlements}|{request.path}|{scope}|{cursor or ''}|"
    return hmac.new(secret, whose.encode() + encode(data), hashlib.sha256).hexdigest()[:32]


# --- pages -----------------------------------------------------------------------------------------
def cursor_of(identity: Identity, position: Any) -> str:
    """Return an opaque cursor for ``position`` (JSON values), good for this organisation, route and scope."""
    body = orjson.dumps(position)
    return base64.urlsafe_b64encode(_seal(identity, body) + body).decode().rstrip("=")


def position_of(identity: Identity, cursor: str | None) -> Any | None:
    """Return the position in a cursor; None without one.

    Raises:
        Invalid: If it was not given out for this organisation, route and scope.
    """
    if cursor is None:
        return None
    try:
        raw = base64.urlsafe_b64decode(cursor.encode() + b"=" * (-len(cursor) % 4))
        seal, body = raw[:16], raw[16:]
        if not hmac.compare_digest(seal, _seal(identity, body)):
            raise ValueError
        return orjson.loads(body)
    except ValueError as error:
        raise Invalid(
            "The cursor does not fit this question.",
            errors=[FieldError("cursor", "is not one given out here")],
        ) from error


def paginate(
    desk: Desk, rows: Sequence[Any], *, limit: int | None = None, position: Callable[[Any], Any] | None = None
) -> tuple[list[Any], str | None]:
    """Cut ``rows`` to one page.

    Args:
        desk: Its scope holds limit and cursor.
        rows: All rows in their order; or, with ``position``, at least one more than the page holds,
            beginning after the cursor.
        limit: Rows of a page; the scope's when left out.
        position: Returns what the next page begins after, of a row; without it the cursor counts rows.

    Returns:
        The page, and the cursor of the next one or None.
    """
    size = limit or desk.scope.limit
    if position is not None:
        page = list(rows[:size])
        more = len(rows) > size
        return page, cursor_of(desk.identity, position(page[-1])) if more else None
    start = position_of(desk.identity, desk.scope.cursor) or 0
    if not isinstance(start, int) or start < 0:
        raise Invalid("The cursor does not fit.", errors=[FieldError("cursor", "is not one given out here")])
    page = list(rows[start : start + size])
    after = start + size
    return page, cursor_of(desk.identity, after) if after < len(rows) else None


def _seal(identity: Identity, body: bytes) -> bytes:
    # Everything but the cursor and the page's size belongs to the question it continues.
    query = sorted(
        (name, value) for name, value in request.args.items(multi=True) if name not in {"cursor", "limit"}
    )
    bound = orjson.dumps([identity.org, identity.entitlements, request.path, query])
    secret = current_context().settings.secret.encode()
    return hmac.new(secret, b"cursor|" + bound + body, hashlib.sha256).digest()[:16]
