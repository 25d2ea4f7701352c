"""The OpenAPI description and its offline reader."""

from importlib.resources import files

from flask import Flask, Response, send_from_directory
from werkzeug.exceptions import NotFound

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Quarterdeck API</title>
<link rel="stylesheet" href="/api/docs/static/css/swagger-ui.css">
</head>
<body><div id="swagger-ui" data-spec="/api/openapi.json"></div>
<script src="/api/docs/static/js/swagger-ui-bundle.js"></script>
<script src="/assets/20_js/api_docs.js"></script>
</body></html>"""


def install(server: Flask) -> None:
    """Serve ``/api/openapi.json`` and ``/api/docs``; both hold no organisation's data."""
    folder = str(files("flask_openapi3_swagger") / "templates" / "swagger")

    @server.get("/api/openapi.json")
    def openapi_json() -> Response:
        return server.json.response(server.api_doc)  # type: ignore[attr-defined]

    @server.get("/api/docs")
    def docs_page() -> Response:
        return Response(_PAGE, mimetype="text/html")

    @server.get("/api/docs/static/<path:name>")
    def docs_static(name: str) -> Response:
        if not name.startswith(("css/", "js/", "images/")):
            raise NotFound
        return send_from_directory(folder, name)
