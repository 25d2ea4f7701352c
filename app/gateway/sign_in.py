"""Signing in and out: a plain form, so that nothing behind the gate is needed to pass it."""

import time
from typing import Any

from flask import Flask, Response, current_app, g, redirect, request
from flask_limiter import Limiter
from flask_limiter.errors import RateLimitExceeded
from sqlalchemy import select

from app.actions import sessions, users
from app.actions.sign_in import authenticate
from app.errors import Conflict, Invalid, TooMany, Unauthorised
from app.gateway.auth import COOKIE, current_context, current_identity, session_token
from app.gateway.errors import http_error
from app.gateway.limits import EXTENSION as LIMITER
from app.gateway.paths import local_path
from app.gateway.sign_in_page import DemoAccount, page
from app.storage.records.people import Organisation, User

_MAX_PASSWORD = 1000  # characters; hashing takes longer the longer it is


def install(server: Flask) -> None:
    """Serve ``/sign-in``, ``/sign-out`` and ``/sign-out-everywhere``."""
    server.register_error_handler(RateLimitExceeded, _over_limit)
    server.add_url_rule("/sign-in", "sign_in", _show, methods=["GET"])
    server.add_url_rule("/sign-in", "sign_in_post", _sign_in, methods=["POST"])
    server.add_url_rule("/sign-out", "sign_out", _sign_out, methods=["POST"])
    server.add_url_rule("/sign-out-everywhere", "sign_out_everywhere", _sign_out_everywhere, methods=["POST"])


def _over_limit(error: RateLimitExceeded) -> Any:
    # A person who signs in gets the page itself, which says what follows.
    if request.path != "/sign-in":
        return http_error(error)
    seconds = _wait()
    made = _page(error=f"Too many failed sign-ins. The next try is possible in {_span(seconds)}.", status=429)
    made.headers["Retry-After"] = str(seconds)
    return made


def _show() -> Any:
    target = local_path(request.args.get("next"))
    if g.get("credential") == "session":
        return redirect(target, code=303)
    notice = "You are signed out." if request.args.get("signed-out") == "1" else None
    return _page(email=request.args.get("email", "")[:320], notice=notice, target=target)


def _sign_in() -> Any:
    form = request.form
    email, password = form.get("email", "").strip(), form.get("password", "")
    organisation = form.get("organisation", "").strip().casefold() or None
    if not email or not password or len(email) > 320 or len(password) > _MAX_PASSWORD:
        return _page(error="Enter your email and your password.", status=422)
    database = current_context().database
    try:
        identity = authenticate(database, email, password, org=organisation)
    except TooMany as error:
        seconds = error.retry_after or 30
        made = _page(
            error=f"Too many failed sign-ins. The next try is possible in {_span(seconds)}.", status=429
        )
        made.headers["Retry-After"] = str(seconds)
        return made
    except (Unauthorised, Invalid):
        return _page(error=f"The email or the password is not right. {_tries_left()}", status=401)
    except Conflict:
        return _page(
            error="This email is known to several organisations: enter the short name of yours.",
            status=409,
            ask_organisation=True,
        )
    _drop_old_session()
    token = sessions.open_session(database, identity, user_agent=request.headers.get("User-Agent", "")[:300])
    answer = redirect(local_path(form.get("next")), code=303)
    settings = current_context().settings
    answer.set_cookie(
        COOKIE, token, max_age=24 * 3600, httponly=True, samesite="Lax", secure=settings.production, path="/"
    )
    return answer


def _sign_out() -> Any:
    token = session_token()
    if token is not None and g.get("credential") == "session":
        sessions.revoke(current_context().database, current_identity(), token)
    return _signed_out()


def _sign_out_everywhere() -> Any:
    if g.get("credential") != "session":
        raise Unauthorised
    identity = current_identity()
    users.log_out_everywhere(current_context().database, identity, identity.user_id)
    return _signed_out()


def _signed_out() -> Any:
    answer = redirect("/sign-in?signed-out=1", code=303)
    answer.delete_cookie(
        COOKIE, path="/", httponly=True, samesite="Lax", secure=current_context().settings.production
    )
    # What the browser kept of the pages must not come back with its back button.
    answer.headers["Clear-Site-Data"] = '"cache"'
    return answer


def _drop_old_session() -> None:
    """End the session this browser came with: whoever planted its cookie must not share the new one."""
    token = session_token()
    if token is not None and g.get("credential") == "session":
        sessions.revoke(current_context().database, current_identity(), token)


def _page(*, status: int = 200, target: str | None = None, **parts: Any) -> Response:
    form = request.form if request.method == "POST" else {}
    parts.setdefault("email", form.get("email", "")[:320])
    parts.setdefault("organisation", form.get("organisation", "")[:63])
    where = local_path(target if target is not None else form.get("next"))
    return Response(page(target=where, demo=_demo_accounts(), **parts), status=status, mimetype="text/html")


def _demo_accounts() -> list[DemoAccount]:
    context = current_context()
    if context.settings.production:
        return []
    query = (
        select(Organisation.name, User.email, User.role)
        .join(User, User.org == Organisation.slug)
        .where(Organisation.demo, ~Organisation.disabled, ~User.disabled)
        .order_by(Organisation.slug, User.email)
        .limit(20)
    )
    with context.database.session(None) as session:
        return [DemoAccount(name, email, role) for name, email, role in session.execute(query)]


def _tries_left() -> str:
    """Say how many tries are left and what follows; the same whether or not anybody has the email."""
    limiter: Limiter = current_app.extensions[LIMITER]
    left = [
        found.remaining - 1
        for found in limiter.current_limits
        if "sign-in" in found.key and not found.breached
    ]
    tries = max(0, min(left, default=0))
    if tries == 0:
        return "That was the last try for now; a pause follows."
    return f"{tries} {'try' if tries == 1 else 'tries'} left, then a pause of up to 15 minutes."


def _wait() -> int:
    limiter: Limiter = current_app.extensions[LIMITER]
    found = limiter.current_limit
    return 60 if found is None else max(1, int(found.reset_at - time.time()) + 1)


def _span(seconds: int) -> str:
    return f"{seconds} seconds" if seconds < 90 else f"{-(-seconds // 60)} minutes"
