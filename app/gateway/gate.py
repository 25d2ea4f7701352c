"""One gate in front of everything: nothing is reached that is not let through here by name."""

import re
import secrets
import time
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, urlsplit

import dash
from flask import Flask, Response, current_app, g, redirect, request
from werkzeug.exceptions import MethodNotAllowed, NotFound, RequestEntityTooLarge
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.routing import RequestRedirect

from app.context import Context
from app.errors import Forbidden, QuarterdeckError, Unauthorised
from app.gateway import callbacks, headers, limits, paths
from app.gateway.auth import EXTENSION, identify
from app.observability import logs, metrics, series
from app.storage.cache import start_noting_stale
from app.storage.records import audit

MEGABYTE = 1024 * 1024
_BODY = (
    # First match counts. Everything else: what a callback or a form needs.
    (re.compile(r"/api/ingest/"), 256 * MEGABYTE),
    (re.compile(r"/api/compliance/cases/[^/]+/attachments$"), 10 * MEGABYTE),
    (re.compile(r"/sign-"), 16 * 1024),
)
_DEFAULT_BODY = MEGABYTE
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_CATCH_ALL = "<path:path>"


class OddRequestError(QuarterdeckError):
    """A spelling that two programs may read differently."""

    status = HTTPStatus.BAD_REQUEST
    title = "Bad request"


def install(server: Flask, context: Context, *, budgets: limits.Budgets | None = None) -> None:
    """Put the gate in front of ``server``: call it before anything that could answer.

    Order within a request: spelling, host, identity, limits, then who may pass. Limits stand in the
    middle so that refusals and unknown paths are counted as well.
    """
    settings = context.settings
    server.extensions[EXTENSION] = context
    server.config.update(
        MAX_CONTENT_LENGTH=_DEFAULT_BODY, MAX_FORM_PARTS=50, MAX_FORM_MEMORY_SIZE=_DEFAULT_BODY
    )
    if settings.trusted_proxies:
        n = settings.trusted_proxies
        server.wsgi_app = ProxyFix(server.wsgi_app, x_for=n, x_proto=n, x_host=n)  # type: ignore[method-assign]
    hosts = frozenset(settings.allowed_hosts)

    def enter() -> None:
        _open_request()
        _refuse_odd(hosts)
        _bound_body()
        if not paths.is_static(request.path) and not paths.is_probe(request.path):
            try:
                identify()
            except Unauthorised as error:
                # Kept until the limits have counted it: guessing keys must cost the guesser.
                g.refused = error
        identity = g.get("identity")
        audit.origin.set(audit.Origin(g.request_id, request.remote_addr or "") if identity else None)
        if request.method in _SAFE or request.path == callbacks.PATH:
            # Every question of one request reads the same published state, looked up once.
            g.steady = context.lake.steady()
            g.steady.__enter__()

    def leave(_: BaseException | None) -> None:
        steady = g.pop("steady", None)
        if steady is not None:
            steady.__exit__(None, None, None)

    server.before_request(enter)
    server.teardown_request(leave)
    # Responses pass these from the last to the first.
    server.after_request(_close_request)
    headers.install(server, production=settings.production)
    server.after_request(limits.add_headers)
    limits.install(server, settings, budgets or limits.Budgets())
    server.before_request(_guard)


def seal(server: Flask, app: dash.Dash) -> None:
    """Tell the gate of the Dash app whose callbacks and pages it guards; call it when all are registered."""
    server.extensions[headers.DASH] = app


# --- the request's frame -------------------------------------------------------------------------
def _open_request() -> None:
    g.started = time.perf_counter()
    # Our own, always: an id a caller chooses could be made to point at another's log lines.
    g.request_id = secrets.token_hex(8)
    g.callback = None
    start_noting_stale()


def _close_request(response: Response) -> Response:
    if g.get("unknown_page") and response.status_code == 200:
        response.status_code = 404
    if "started" not in g or paths.is_static(request.path) or paths.is_probe(request.path):
        return response
    seconds = time.perf_counter() - g.started
    identity = g.get("identity")
    org = identity.org if identity is not None else None
    route = _route_name()
    metrics.observe_request(route, g.get("callback"), request.method, response.status_code, seconds)
    series.observe(org, g.get("callback") or f"{request.method} {route}", seconds, response.status_code)
    logs.access(
        request_id=g.request_id,
        org=org,
        user=identity.user_id if identity is not None else None,
        method=request.method,
        route=g.get("callback") or route,
        status=response.status_code,
        ms=round(seconds * 1000, 2),
    )
    return response


def _route_name() -> str:
    # The rule, not the path: ids in metrics would be endless and could be another's.
    rule = request.url_rule
    if rule is None:
        return "unknown"
    return "page" if _is_catch_all(rule.rule) or rule.rule == "/" else rule.rule


# --- spelling, host, size --------------------------------------------------------------------------
def _refuse_odd(hosts: frozenset[str]) -> None:
    found = paths.odd(request.environ)
    if found is not None:
        raise OddRequestError(f"The path {found}.")
    if request.method not in paths.METHODS:
        raise MethodNotAllowed
    if not paths.is_probe(request.path) and not paths.host_allowed(
        request.environ.get("HTTP_HOST", ""), hosts
    ):
        raise OddRequestError("This server does not answer to that host name.")
    if len(request.query_string) > 16 * 1024:
        raise OddRequestError("The query string is too long.")


def _bound_body() -> None:
    limit = next((size for rule, size in _BODY if rule.match(request.path)), _DEFAULT_BODY)
    request.max_content_length = limit
    if request.content_length is not None and request.content_length > limit:
        raise RequestEntityTooLarge


# --- who may pass ----------------------------------------------------------------------------------
def _guard() -> Any:
    path = request.path
    if paths.is_static(path):
        if request.method not in {"GET", "HEAD"}:
            raise MethodNotAllowed(valid_methods=["GET", "HEAD"])
        return None
    if "refused" in g and path != "/sign-in":
        raise g.refused
    _refuse_cross_site()
    signed_in = g.get("identity") is not None
    if not signed_in and not paths.is_public(path):
        return _to_sign_in()
    _refuse_unknown(path)
    if path == callbacks.PATH and request.method == "POST":
        g.callback = callbacks.check_body(current_app.extensions[headers.DASH].callback_map)
    return None


def _to_sign_in() -> Any:
    if paths.is_api(request.path) or request.method not in {"GET", "HEAD"}:
        raise Unauthorised("Sign in, or send a valid key.")
    target = request.full_path.rstrip("?")
    suffix = "" if target == "/" else f"?next={quote(paths.local_path(target), safe='/')}"
    return redirect(f"/sign-in{suffix}", code=302)


def _refuse_cross_site() -> None:
    """Refuse a change that another site makes a signed-in browser send.

    Raises:
        Forbidden: Unless the browser itself says where the request comes from, and it is here.
    """
    if request.method in _SAFE or (
        g.get("credential") != "session" and not request.path.startswith("/sign-")
    ):
        return
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    if site is not None and site not in {"same-origin", "none"}:
        raise Forbidden("The request comes from another site.")
    if origin is not None:
        sent = urlsplit(origin)
        if sent.netloc != request.host or sent.scheme not in {request.scheme, "https"}:
            raise Forbidden("The request comes from another site.")
    elif site is None:
        raise Forbidden("The request does not say which site it comes from (Origin).")


def _is_catch_all(rule: str) -> bool:
    return rule.lstrip("/") == _CATCH_ALL


def _refuse_unknown(path: str) -> None:
    """Answer 404 where only Dash's catch-all would: it says 200 to any path.

    Raises:
        NotFound: If no rule of ours fits.
        MethodNotAllowed: If one fits, with other methods.
    """
    rule = request.url_rule
    if rule is not None and not _is_catch_all(rule.rule):
        g.shell = rule.rule == "/"
        return
    if isinstance(request.routing_exception, RequestRedirect):
        raise NotFound
    if methods := _methods_of(path):
        raise MethodNotAllowed(valid_methods=sorted(methods))
    if rule is None or paths.is_api(path):
        raise NotFound
    if not _is_page(path):
        # A page that is not there is still drawn by the shell, but says so in its status.
        g.unknown_page = True
    g.shell = True


def _methods_of(path: str) -> set[str]:
    """Return the methods that rules other than the catch-all take at ``path``."""
    adapter = current_app.create_url_adapter(request)
    if adapter is None:
        return set()
    found = set()
    for method in paths.METHODS - {"OPTIONS"}:
        try:
            rule, _ = adapter.match(path, method=method, return_rule=True)
        except (NotFound, MethodNotAllowed, RequestRedirect):
            continue
        if not _is_catch_all(rule.rule):
            found.add(method)
    return found


def _is_page(path: str) -> bool:
    trimmed = path.rstrip("/") or "/"
    for page in dash.page_registry.values():
        if page.get("path_template"):
            pattern = re.sub(r"<[^>]*>", "[^/]+", re.escape(page["path_template"]).replace(r"\<", "<"))
            if re.fullmatch(pattern, trimmed):
                return True
        elif page["path"] == trimmed:
            return True
    return False
