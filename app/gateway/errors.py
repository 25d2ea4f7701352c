"""What an error looks like: problem+json for scripts and callbacks, a page for people; never an inside."""

import logging
from collections.abc import Iterable
from functools import cache
from html import escape
from http import HTTPStatus
from typing import Any

from dash.exceptions import DashException, PreventUpdate
from flask import Flask, Response, current_app, g, request
from pydantic import BaseModel, ValidationError
from werkzeug.exceptions import HTTPException

from app.errors import FieldError, QuarterdeckError
from app.gateway.paths import is_api
from app.gateway.vendored import head_links, mark

log = logging.getLogger(__name__)

PROBLEM = "application/problem+json"
_ADVICE = {
    400: "The request is not one this server understands.",
    401: "Sign in, or send a valid key.",
    403: "Your role does not allow this.",
    404: "There is nothing here that you may see.",
    405: "This address does not answer that method.",
    413: "The body is larger than allowed here.",
    415: "The content type is not one this address reads.",
    429: "Too many requests; wait and try again.",
    500: "Something went wrong on our side. It is logged under the request id.",
    503: "A part this answer needs is down; the rest keeps working.",
}


class Problem(BaseModel):
    """RFC 9457: what went wrong."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    instance: str
    errors: list[dict[str, str]] = []

    @classmethod
    def model_json_schema(cls, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Return the schema, made once: at a start every refusal of every operation is described by it."""
        return _schema(*args, **kwargs)


@cache
def _schema(*args: Any, **kwargs: Any) -> dict[str, Any]:
    return super(Problem, Problem).model_json_schema(*args, **kwargs)


def install(server: Flask) -> None:
    """Answer every error of ``server`` in one of the two shapes."""
    server.register_error_handler(QuarterdeckError, _ours)
    server.register_error_handler(ValidationError, _fields)
    server.register_error_handler(HTTPException, http_error)
    server.register_error_handler(DashException, _dash)
    server.register_error_handler(RecursionError, _nested)
    server.register_error_handler(Exception, _unexpected)


def problem(
    status: int,
    title: str,
    detail: str,
    *,
    errors: Iterable[FieldError] = (),
    retry_after: int | None = None,
) -> Response:
    """Return an RFC 9457 body; ``errors`` names the fields."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": title,
        "status": status,
        "detail": detail,
        "instance": request_id(),
        "errors": [
            {"field": e.field, "message": e.message, **({"value": e.value} if e.value is not None else {})}
            for e in errors
        ],
    }
    response = Response(current_app.json.dumps(body), status=status, mimetype=PROBLEM)
    if status == HTTPStatus.UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = 'Bearer realm="Quarterdeck"'
    if retry_after is not None:
        response.headers["Retry-After"] = str(retry_after)
    return response


def request_id() -> str:
    """Return the id under which this request is logged."""
    return f"urn:quarterdeck:request:{g.get('request_id', '-')}"


def error_page(status: int, title: str, detail: str) -> Response:
    """Return a page that says what happened and where to go."""
    reference = escape(str(g.get("request_id", "-")))
    html = f"""<!doctype html>
<html lang="en" data-bs-theme="dark"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)} · Quarterdeck</title>{head_links()}</head>
<body><main class="signin" data-page="error"><section class="signin-form-side">
<div class="signin-brand">{mark()}Quarterdeck</div>
<div class="signin-form" data-card="error" data-state="error"><h1>{escape(title)}</h1><p class="lead">{escape(detail)}</p>
<p class="hint">Reference {reference}</p><p><a class="btn btn-primary" href="/">To the dashboard</a></p>
</div></section></main></body></html>"""
    return Response(html, status=status, mimetype="text/html")


def _answer(
    status: int,
    title: str,
    detail: str,
    *,
    errors: Iterable[FieldError] = (),
    retry_after: int | None = None,
) -> Response:
    # A file is fetched by a script of the page, which reads the status and says it in its own words.
    wants_page = not is_api(request.path) and not request.path.startswith(("/metrics", "/export/"))
    if not wants_page:
        return problem(status, title, detail, errors=errors, retry_after=retry_after)
    response = error_page(status, title, detail)
    if retry_after is not None:
        response.headers["Retry-After"] = str(retry_after)
    return response


def _ours(error: QuarterdeckError) -> Response:
    status = int(error.status)
    if status >= 500:
        log.error("%s: %s", type(error).__name__, error.detail)
    return _answer(status, error.title, error.detail, errors=error.errors, retry_after=error.retry_after)


def _fields(error: ValidationError) -> Response:
    return _answer(422, "Invalid input", "Some fields do not fit.", errors=field_errors(error))


def from_validation(error: ValidationError) -> Response:
    """Answer what flask-openapi3 found in path, query, headers or body."""
    return _fields(error)


def field_errors(error: ValidationError) -> list[FieldError]:
    """Return pydantic's findings by field; the values sent are not repeated."""
    return [
        FieldError(".".join(str(part) for part in found["loc"]) or "body", found["msg"])
        for found in error.errors(include_url=False, include_context=False, include_input=False)[:100]
    ]


def http_error(error: HTTPException) -> Response | HTTPException:
    """Answer one of Werkzeug's errors."""
    status = error.code or 500
    if status < 400:
        return error
    made = _answer(status, _title(status), _ADVICE.get(status, error.name))
    for name in ("Allow", "Retry-After"):
        if (value := error.get_response().headers.get(name)) is not None:
            made.headers[name] = value
    return made


def _dash(error: DashException) -> Response | tuple[str, int]:
    if isinstance(error, PreventUpdate):
        return "", 204
    if request.path.startswith("/_dash-component-suites/"):
        return _answer(404, _title(404), _ADVICE[404])
    # Without its words: they repeat the whole value that a callback returned.
    log.error("%s in the callback of %s", type(error).__name__, g.get("callback"))
    return _answer(500, _title(500), _ADVICE[500])


def _nested(_: RecursionError) -> Response:
    return _answer(400, _title(400), "The body is nested too deeply.")


def _unexpected(error: Exception) -> Response:
    log.error("unexpected error", exc_info=error)
    return _answer(500, _title(500), _ADVICE[500])


def _title(status: int) -> str:
    return HTTPStatus(status).phrase.capitalize() if status in HTTPStatus._value2member_map_ else "Error"
