"""GET /api/analytics/overview with an API key, answered from kept answers, through the whole WSGI stack: key
checked, limits counted, organisation's rows only, versions looked up, ETag, metrics and access log; against a
Flask application of one route that returns the same bytes. Both are called as WSGI applications in one thread,
without a server around them. Also the same request answered 304, and the overview computed anew.
"""

import logging
import time
from collections.abc import Callable
from typing import Any
from wsgiref.types import WSGIApplication

from flask import Flask, Response
from werkzeug.test import EnvironBuilder, run_wsgi_app

from app.actions import keys
from app.actions._roles import console
from app.factory import create_app
from app.gateway.limits import Budgets
from app.queries.overview import overview
from tests.bench._firm import SLUG
from tests.bench._measure import Bench, Row, alternate, pair, timed

TITLE = "Overview route, warm"
PATH = "/api/analytics/overview"
MANY = "100000000 per minute"


def measure(bench: Bench) -> list[Row]:
    context = bench.firm.context
    _, key = keys.create(context.database, console(SLUG), name="bench", role="compliance", scopes=("read",))
    app = create_app(context=context, budgets=Budgets(caller=MANY, organisation=MANY, anonymous=MANY))
    logging.getLogger().setLevel(logging.WARNING)
    headers = {"Authorization": f"Bearer {key}", "Host": "localhost"}
    cold = timed(ours := caller(app.server.wsgi_app, headers))
    body, tag = ours()
    again = caller(app.server.wsgi_app, headers | {"If-None-Match": tag}, status="304")
    sides = {"ours": ours, "ours, 304": again, "bare Flask": caller(bare(body).wsgi_app, headers)}
    seconds = alternate(sides, rounds=bench.sizes.rounds, repeat=50)
    spent = {name: _processor(sides[name]) for name in ("ours", "bare Flask")}
    anew = alternate({"anew": lambda: overview(bench.firm.desk(dated=False))}, rounds=bench.sizes.rounds)[
        "anew"
    ]
    size = f"{len(body) / 1e3:.1f} KB; first answer after the start {cold * 1e3:.0f} ms"
    return [
        pair(
            "200 with the answer, times as fast",
            seconds,
            "bare Flask",
            inverse=True,
            goal=0.85,
            sense="at least",
            note=size,
        ),
        pair("304 not modified, times as fast", seconds, "bare Flask", ours="ours, 304", inverse=True),
        pair("200, in processor time", spent, "bare Flask", inverse=True),
        Row("Overview computed anew, nothing kept", anew * 1e3, "ms"),
    ]


def _processor(ask: Callable[[], Any], *, calls: int = 100) -> float:
    """Return processor seconds of one call: what a busy machine does not blur."""
    began = time.process_time()
    for _ in range(calls):
        ask()
    return (time.process_time() - began) / calls


def bare(body: bytes) -> Flask:
    """Return a Flask application that answers every overview with ``body``."""
    server = Flask("bare")

    @server.get(PATH)
    def overview() -> Response:
        return Response(body, mimetype="application/json")

    return server


def caller(
    app: WSGIApplication, headers: dict[str, str], *, status: str = "200"
) -> Callable[[], tuple[bytes, str]]:
    """Return a function that asks ``app`` once and returns the body and the ETag."""
    environ: dict[str, Any] = EnvironBuilder(
        path=PATH, base_url="http://localhost", headers=headers
    ).get_environ()

    def ask() -> tuple[bytes, str]:
        chunks, found, answered = run_wsgi_app(app, environ.copy())
        body = b"".join(chunks)
        if not found.startswith(status):
            raise AssertionError(f"answered {found}: {body[:300]!r}")
        return body, answered.get("ETag", "")

    return ask
