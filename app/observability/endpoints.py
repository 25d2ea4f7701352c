"""``/livez``, ``/readyz`` and ``/metrics``: for the machinery around us, without anybody's data."""

import ipaddress
from collections.abc import Callable
from typing import Any

from flask import Flask, Response, abort, current_app, g, request

from app.errors import Unavailable
from app.observability import metrics
from app.observability.health import Check, Health, job_states, standard

EXTENSION = "quarterdeck_health"


def install(server: Flask, context: Any, *, schema: Callable[[], None] | None = None) -> None:
    """Serve the probes.

    Args:
        server: The Flask server.
        context: The installation's stores.
        schema: Raises when the records are not of this release's schema.
    """
    checks = standard(context)
    if schema is not None:
        checks.append(Check("schema", schema, essential=True))
    server.extensions[EXTENSION] = Health(checks, draining=context.settings.root / "run" / "draining")

    def livez() -> Response:
        # Asks no other part: restarting us would not heal a database.
        return Response("ok\n", mimetype="text/plain")

    def readyz() -> Response:
        reasons = current_health().not_ready()
        if not reasons:
            return Response("ok\n", mimetype="text/plain")
        answer = Response("".join(f"{reason}\n" for reason in reasons), status=503, mimetype="text/plain")
        answer.headers["Retry-After"] = "5"
        return answer

    def prometheus() -> Response:
        identity = g.get("identity")
        # A proxy on this host also comes from loopback: whom it speaks for stands in its headers.
        local = _loopback(request.remote_addr) and "X-Forwarded-For" not in request.headers
        if not local and (identity is None or identity.role != "operator"):
            abort(401 if identity is None else 403)
        for name, figure in context.cache.stats().items():
            metrics.cache.labels(name).set(figure)
        try:
            for state, count in job_states(context).items():
                metrics.jobs.labels(state).set(count)
        except Unavailable:
            # With the database gone the other figures matter all the more.
            metrics.jobs.clear()
        return Response(metrics.text(), content_type=metrics.CONTENT_TYPE)

    # By rule, not by the OpenAPI server's decorators: these are no operations of the REST surface.
    server.add_url_rule("/livez", view_func=livez)
    server.add_url_rule("/readyz", view_func=readyz)
    server.add_url_rule("/metrics", view_func=prometheus)


def current_health() -> Health:
    """Return the parts of the installation that serves this request."""
    found: Health = current_app.extensions[EXTENSION]
    return found


def _loopback(address: str | None) -> bool:
    try:
        return address is not None and ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
