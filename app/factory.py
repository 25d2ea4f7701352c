"""The one place where everything meets: stores, doors, routes, pages, callbacks."""

from collections.abc import Callable, Mapping
from importlib.metadata import version as installed
from pathlib import Path
from typing import Any

import dash
from dash import Dash, html
from flask import request
from flask_compress import Compress
from flask_openapi3.models.info import Info
from flask_openapi3.openapi import OpenAPI

import callbacks
import pages
from analytics.registry import modules
from app import api
from app.config import Settings
from app.context import Context
from app.errors import Unavailable
from app.gateway import api_docs, gate, renderer, sign_in
from app.gateway import errors as error_pages
from app.gateway import json as json_provider
from app.gateway.auth import current_desk, current_identity, identify
from app.gateway.limits import Budgets
from app.gateway.resource import note_refusal
from app.gateway.written import WritingDash
from app.jobs import interrupted
from app.observability import endpoints
from app.queries.pulse import pulse
from app.storage import schema
from app.storage.anchors import Anchors
from components.page import SURVEILLANCE_ROLES, Page, guarded
from components.shell import shell

ROOT = Path(__file__).resolve().parent.parent
RELEASE = "0.1.0"
YEAR_S = 31_536_000


def create_app(
    settings: Settings | None = None, *, context: Context | None = None, budgets: Budgets | None = None
) -> Dash:
    """Build the Dash app and the REST routes on its Flask server.

    Args:
        settings: The installation's settings; read from the environment when left out.
        context: Stores that are open already (tests).
        budgets: How much each caller may ask; the usual ones when left out.
    """
    settings = settings or (context.settings if context else Settings.load())
    context = context or Context.open(settings)
    schema.upgrade(context.database)
    context.check()
    context.lake.recover()
    interrupted.recover(context)
    anchors = Anchors.of(context.database)
    if anchors is not None:
        anchors.catch_up(context.database)
    server = _server(settings, context, budgets)
    app = _dash(server)
    renderer.install(server)
    for module in modules(api):
        server.register_api(module.blueprint)
    app.layout = _frame(_register_pages())
    for module in modules(callbacks, deep=True):
        module.register(app)
    gate.seal(server, app)
    _complete(server, app)
    return app


def _complete(server: OpenAPI, app: Dash) -> None:
    """Let Dash finish itself here, alone, and not on the first request, when others are answered beside it.

    It would register the callback that shows pages while another thread goes through the callbacks: that
    request fails with "dictionary changed size during iteration", and callbacks are unknown until it is done.
    """
    with server.test_request_context("/livez"):
        server.preprocess_request()
    if not all(app._got_first_request.values()):  # noqa: SLF001
        raise RuntimeError("Dash was not set up before the first request.")


def _server(settings: Settings, context: Context, budgets: Budgets | None) -> OpenAPI:
    server = OpenAPI(
        "quarterdeck",
        info=Info(
            title="Quarterdeck",
            version=RELEASE,
            description="Trading, portfolio, compliance and social in one.",
        ),
        security_schemes={
            "bearer": {"type": "http", "scheme": "bearer", "description": "API key: qd_..."},
            "api_key": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
        },
        doc_ui=False,
        static_folder=None,
        validation_error_callback=error_pages.from_validation,
        validation_error_model=error_pages.Problem,
    )
    server.config.update(
        SECRET_KEY=settings.secret,
        SEND_FILE_MAX_AGE_DEFAULT=YEAR_S,  # asset addresses carry their time of change
        COMPRESS_ALGORITHM=["zstd", "br", "gzip"],
        COMPRESS_MIN_SIZE=1024,
    )
    json_provider.install(server)
    # The door comes before anything that could answer.
    gate.install(server, context, budgets=budgets)
    error_pages.install(server)
    sign_in.install(server)
    api_docs.install(server)
    endpoints.install(server, context, schema=lambda: schema.check(context.database))
    Compress(server)
    return server


def _dash(server: OpenAPI) -> Dash:
    dash.page_registry.clear()  # global to the process: a second app (tests) starts clean
    return WritingDash(
        "quarterdeck",
        server=server,  # type: ignore[arg-type]
        use_pages=True,
        pages_folder="",
        assets_folder=str(ROOT / "assets"),
        assets_ignore=r"^api_docs\.",
        title="Quarterdeck",
        update_title=None,  # type: ignore[arg-type]
        suppress_callback_exceptions=True,
        use_async=False,  # with asgiref anywhere, Dash would wrap every hook in an event loop
        add_log_handler=False,
        include_pages_meta=False,
        serve_locally=True,
        compress=False,
        enable_mcp=False,
        meta_tags=[{"name": "viewport", "content": "width=device-width, initial-scale=1"}],
    )


def _register_pages() -> tuple[Page, ...]:
    found = []
    for module in modules(pages, deep=True):
        page: Page = module.PAGE
        found.append(page)
        # Dash shows the page of this module name where no path fits.
        name = "pages.not_found_404" if page.name == "not-found" else module.__name__
        dash.register_page(  # type: ignore[no-untyped-call]
            name,
            path=page.path,
            path_template=page.path_template,
            name=page.title,
            title=f"{page.title} · Quarterdeck",
            order=page.order,
            layout=guarded(page, module.layout, lambda: current_identity().role, _turned_away),
            page=page,
        )
    return tuple(found)


def _turned_away(page: Page, given: Mapping[str, Any]) -> None:
    """Put on record who tried to open a page of surveillance that is closed to him."""
    if page.roles <= SURVEILLANCE_ROLES:
        note_refusal(page.name, f"page {page.path_template or page.path}", given)


def _frame(found: tuple[Page, ...]) -> Callable[[], Any]:
    """Return the layout: drawn for whoever asks, since navigation depends on the role."""

    def frame() -> Any:
        if identify() is None:
            # Dash looks the frame over once, on the first request, whoever sends it.
            return html.Div(dash.page_container)
        return shell(
            found,
            who=current_identity(),
            theme=request.cookies.get("qd_theme"),
            release=RELEASE,
            data=_version(),
        )

    return frame


def _version() -> str | None:
    """Return the version of the data; None where the stores do not answer: the cards will say so."""
    try:
        return pulse(current_desk(""))
    except Unavailable:
        return None


def release() -> str:
    """Return the release and the libraries that decide numbers."""
    return f"{RELEASE} polars-{installed('polars')} deltalake-{installed('deltalake')}"
