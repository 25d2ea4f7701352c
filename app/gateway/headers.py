"""Headers of every response: what a browser may load, who may keep a copy, who may frame us."""

from typing import Any

from flask import Flask, Response, current_app, g, request

from app.gateway.paths import is_api, is_probe, is_static

DASH = "quarterdeck_dash"
_COMMON = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
_BASE = (
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; object-src 'none'; "
    "base-uri 'self'; form-action 'self'; frame-ancestors 'none'; script-src 'self'"
)
_JSON = "default-src 'none'; frame-ancestors 'none'"


def install(server: Flask, *, production: bool) -> None:
    """Add the headers to every response of ``server``."""

    def add(response: Response) -> Response:
        for name, value in _COMMON.items():
            response.headers.setdefault(name, value)
        response.headers.setdefault("Content-Security-Policy", _policy(response))
        if production and request.is_secure:
            response.headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
        _keeping(response)
        if "request_id" in g:
            response.headers["X-Request-ID"] = g.request_id
        return response

    server.after_request(add)


def _policy(response: Response) -> str:
    if response.mimetype != "text/html":
        return _JSON
    dash: Any = current_app.extensions.get(DASH)
    # Per response: Dash adds inline scripts lazily, with the first page that asks for them.
    hashes = dict.fromkeys(dash.csp_hashes()) if dash is not None and g.get("shell") else {}
    return " ".join([_BASE, *hashes])


def _keeping(response: Response) -> None:
    """Say who may keep a copy: vendored files anybody, answers only the one who asked."""
    if is_static(request.path) and response.status_code in {200, 206, 304}:
        return
    response.vary.update(("Cookie", "Authorization"))
    answer = is_api(request.path) and not request.path.startswith("/_") and not is_probe(request.path)
    if response.status_code >= 400 or not answer:
        response.headers["Cache-Control"] = "private, no-store"
    elif "private" not in response.headers.get("Cache-Control", ""):
        response.headers["Cache-Control"] = "private, no-cache"
