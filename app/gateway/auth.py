"""Who is asking: a browser's session or a script's key, looked up once per request and kept in ``flask.g``."""

import contextlib
import re

from flask import current_app, g, has_request_context, request

from app.actions import keys, sessions
from app.context import Context
from app.desk import Desk
from app.errors import QuarterdeckError, Unauthorised
from app.scope import Identity, Scope

EXTENSION = "quarterdeck"
COOKIE = "qd_session"
KEY_PREFIX = "qd_"
# A key is long; a word that merely starts like one may be searched for.
_KEY_IN_URL = re.compile(r"qd_[A-Za-z0-9_\-]{16,}")
_KEY_NAMES = frozenset({"api_key", "apikey", "api-key", "x-api-key", "access_token", "authorization"})


class KeyInUrlError(QuarterdeckError):
    """URLs end up in logs and histories: a key that was in one is no secret any more."""

    status = 400  # type: ignore[assignment]
    title = "A key must not be in the URL"


def current_context() -> Context:
    """Return the stores of this installation."""
    found: Context = current_app.extensions[EXTENSION]
    return found


def identify() -> Identity | None:
    """Return who sent this request, or None; looked up once.

    A key in a header counts alone: a bad one is refused even where a good session cookie came along.

    Raises:
        Unauthorised: When a credential was sent that does not hold.
        KeyInUrlError: When a key is part of the URL.
    """
    if "identity" in g:
        return g.identity  # type: ignore[no-any-return]
    refuse_key_in_url()
    g.identity, g.credential = None, None
    key, token = _key(), session_token()
    if key is not None:
        g.identity, g.credential = keys.find_key(current_context().database, key), "key"
    elif token is not None:
        # A session that ended is nobody, not an error: the sign-in page must come up.
        with contextlib.suppress(Unauthorised):
            g.identity = sessions.find_session(current_context().database, token)
        # Only a session that holds: the sign-in page sends whoever has one back to where they came from.
        g.credential = "session" if g.identity is not None else None
    return g.identity  # type: ignore[no-any-return]


def current_identity() -> Identity:
    """Return who sent this request.

    Raises:
        Unauthorised: When nobody did, or outside a request.
    """
    found = identify() if has_request_context() else None
    if found is None:
        raise Unauthorised
    return found


def current_desk(search: str | None = None, own: frozenset[str] | None = None) -> Desk:
    """Return the desk of this request's identity.

    Args:
        search: The page's query string, in a callback (there the request's own says nothing); None for
            the request's query string.
        own: Extra parameters understood. With ``search`` None means any, otherwise none.

    Raises:
        Unauthorised: When nobody is signed in.
        Invalid: Naming the parameters that do not fit.
    """
    context = current_context()
    identity = current_identity()
    if search is None:
        query = request.query_string.decode("utf-8", "replace")
        scope = Scope.parse(query, own=own if own is not None else frozenset())
    else:
        scope = Scope.parse(search, own=own)
    return Desk(context.lake, context.database, identity, scope, context.cache)


def session_token() -> str | None:
    """Return the token in the session cookie, whether or not it holds; None for what cannot be one."""
    token = request.cookies.get(COOKIE, "")
    return token if 20 <= len(token) <= 200 and token.isascii() and token.isprintable() else None


def refuse_key_in_url() -> None:
    """Refuse a request that carries a key in its URL.

    Raises:
        KeyInUrlError: When it does.
    """
    named = any(name.lower() in _KEY_NAMES for name in request.args)
    if named or _KEY_IN_URL.search(request.full_path):
        raise KeyInUrlError(
            "Send the key in the Authorization header, and replace this one: URLs are logged."
        )


def _key() -> str | None:
    """Return the key of the request's headers; None when it has none."""
    header = request.headers.get("Authorization")
    given = []
    if header is not None:
        scheme, _, value = header.partition(" ")
        given.append(value.strip() if scheme.lower() == "bearer" else "")
    if "X-API-Key" in request.headers:
        given.append(request.headers["X-API-Key"].strip())
    if not given:
        return None
    # Two different keys: whoever guards in front of us may have looked at the other one.
    return given[0] if len(set(given)) == 1 else ""
