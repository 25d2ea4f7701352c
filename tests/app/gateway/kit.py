"""A real Dash app of one page and a few callbacks behind the real gate, with two organisations."""

from dataclasses import dataclass

import dash
from dash import ALL, Dash, Input, Output, State, dcc, html
from flask import Response, abort
from flask_openapi3 import OpenAPI
from pydantic import BaseModel

from app.actions import keys, sessions
from app.actions import sign_in as door
from app.actions._passwords import hash_password
from app.config import Settings
from app.context import Context
from app.errors import Invalid, Unavailable
from app.gateway import errors, gate, limits, sign_in
from app.gateway import json as json_provider
from app.gateway.auth import current_desk, current_identity
from app.gateway.resource import answer, resource
from app.observability import endpoints
from app.scope import Identity
from app.storage.records.people import Organisation, User
from tests.world import begin

PASSWORD = "a long password nobody guesses"
HOST = {"Origin": "http://localhost"}
WRITES: list[int] = []  # what the fixture's write was called with


class Body(BaseModel):
    """What the fixture's write takes."""

    amount: int


@dataclass
class House:
    """The app under test and what a test needs to drive it."""

    server: OpenAPI
    dash: Dash
    context: Context

    def client(self, email: str | None = None, *, org: str = "alpha"):
        client = self.server.test_client()
        if email is not None:
            identity = door.authenticate(self.context.database, email, PASSWORD, org=org)
            client.set_cookie("qd_session", sessions.open_session(self.context.database, identity))
        return client

    def key(self, *, org: str = "alpha", role: str = "compliance", scopes=("read",)) -> str:
        actor = Identity(org, "u_admin", "Admin", "admin")
        return keys.create(self.context.database, actor, name="test", role=role, scopes=scopes)[1]


def build(settings: Settings, budgets: limits.Budgets | None = None) -> House:
    context = Context.open(settings)
    begin(context.database)
    with context.database.session(None, write=True) as session:
        hashed = hash_password(PASSWORD)
        for slug in ("alpha", "beta"):
            session.add(Organisation(slug=slug, name=slug.title(), name_key=slug))
            for role in ("trader", "compliance", "admin"):
                session.add(
                    User(
                        org=slug,
                        email=f"{role}@{slug}.example",
                        name=role,
                        role=role,
                        password_hash=hashed,
                    )
                )
    return serve(context, budgets)


def serve(context: Context, budgets: limits.Budgets | None = None) -> House:
    """Build the app over stores that are open already, as a second worker would."""
    server = OpenAPI(
        "test",
        doc_ui=False,
        static_folder=None,
        validation_error_callback=errors.from_validation,
    )
    server.config["SECRET_KEY"] = context.settings.secret
    json_provider.install(server, strict=True)
    gate.install(server, context, budgets=budgets)
    errors.install(server)
    sign_in.install(server)
    endpoints.install(server, context)
    server.register_api(things())
    return House(server, shell(server), context)


def things():
    """One resource with reads, writes and ways to fail."""
    blueprint = resource("things", roles=("compliance", "trader"))

    @blueprint.get("/who")
    def who():
        return answer(current_desk(), {"org": current_identity().org})

    @blueprint.post("/write")
    def write(body: Body):
        WRITES.append(body.amount)
        if body.amount == 500:
            raise Unavailable("The lake does not answer.")
        if body.amount == 422:
            raise Invalid("No such amount.")
        return answer(current_desk(), {"amount": body.amount, "times": len(WRITES)}, status=201)

    @blueprint.get("/broken")
    def broken():
        secret = "postgresql://user:pw@db/records"
        raise RuntimeError(secret)

    @blueprint.get("/down")
    def down():
        raise Unavailable("The lake does not answer.")

    @blueprint.get("/gone")
    def gone() -> Response:
        abort(404)

    return blueprint


def shell(server: OpenAPI) -> Dash:
    dash.page_registry.clear()
    app = Dash(
        "test", server=server, use_pages=True, pages_folder="", use_async=False, add_log_handler=False,
        suppress_callback_exceptions=True, update_title=None, include_pages_meta=False,
    )  # fmt: skip
    dash.register_page("home", path="/", layout=lambda **_: html.Div(id="home"))
    dash.register_page("alert", path_template="/compliance/alerts/<alert_id>", layout=lambda **_: html.Div())
    app.layout = html.Div([dcc.Location(id="url"), dash.page_container])

    @app.callback(Output("out", "children"), Input("url", "search"), State("box", "value"))
    def one(search, value):
        return current_desk(search or "").org

    @app.callback(
        Output("a", "children"), Output("b", "children"), Input({"type": "row", "index": ALL}, "n_clicks")
    )
    def many(clicks):
        return len(clicks), current_identity().user_id

    gate.seal(server, app)
    return app
