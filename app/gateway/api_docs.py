"""The OpenAPI description and its offline reader."""

from copy import deepcopy
from functools import cache
from importlib.resources import files
from typing import Any

from flask import Flask, Response, send_from_directory
from werkzeug.exceptions import NotFound

from app.gateway.errors import PROBLEM

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Quarterdeck API</title><link rel="icon" href="/assets/favicon.svg">
<link rel="stylesheet" href="/api/docs/static/css/swagger-ui.css">
</head>
<body><div id="swagger-ui" data-spec="/api/openapi.json"></div>
<script src="/api/docs/static/js/swagger-ui-bundle.js"></script>
<script src="/assets/20_js/api_docs.js"></script>
</body></html>"""


def install(server: Flask) -> None:
    """Serve ``/api/openapi.json`` and ``/api/docs``; both hold no organisation's data."""
    folder = str(files("flask_openapi3_swagger") / "templates" / "swagger")

    @cache
    def description() -> str:
        # Of routes, which are all there before anybody asks: it stays as it is, and takes a third of a second.
        return server.json.dumps(_as_sent(server.api_doc))  # type: ignore[attr-defined]

    def openapi_json() -> Response:
        return Response(description(), mimetype="application/json")

    def docs_page() -> Response:
        return Response(_PAGE, mimetype="text/html")

    def docs_static(name: str) -> Response:
        if not name.startswith(("css/", "js/", "images/")):
            raise NotFound
        return send_from_directory(folder, name)

    # Not by the OpenAPI server's own decorators: these are not operations to describe.
    server.add_url_rule("/api/openapi.json", view_func=openapi_json)
    server.add_url_rule("/api/docs", view_func=docs_page)
    server.add_url_rule("/api/docs/static/<path:name>", view_func=docs_static)


def _as_sent(described: dict[str, Any]) -> dict[str, Any]:
    """Return a description whose errors have the media type they are sent with."""
    described = deepcopy(described)
    for path in described["paths"].values():
        for operation in path.values():
            for status, answer in operation.get("responses", {}).items():
                content = answer.get("content", {})
                if int(status) >= 400 and "application/json" in content:
                    answer["content"] = {PROBLEM: content["application/json"]}
    return described
