"""Wires the frame: context chips, pickers, next steps, the pulse of the data, notices."""

from typing import Any

import dash
from dash import ALL, ClientsideFunction, Dash, Input, Output, State, no_update

from app.errors import QuarterdeckError
from app.gateway.auth import current_desk, current_identity
from app.queries import compliance, intelligence, operations, pulse
from components import context
from components.formats import number
from components.ids import DATA, URL, at
from components.page import CONTEXT, SURVEILLANCE_ROLES, TRADING_ROLES, Page

MAX_STEPS = 5


def register(app: Dash) -> None:
    """Attach the frame's callbacks to ``app``."""

    @app.callback(
        Output(context.CHIPS, "children"),
        Output(context.DATES, "children"),
        Input(URL, "search"),
        Input(URL, "pathname"),
    )
    def show_chips(search: str | None, pathname: str | None) -> tuple[Any, Any]:
        page = page_at(pathname)
        accepts = page.accepts if page else ()
        try:
            desk = current_desk(search or "")
            scope = desk.scope
            found = {kind: _listed(getattr(scope, kind)) for kind in CONTEXT}
            names = _names(desk, found)
        except QuarterdeckError:
            return context.chips({}, accepts=accepts), context.date_chip(None, None)
        return (
            context.chips(found, accepts=accepts, names=names),
            context.date_chip(scope.start, scope.end, scope.as_of),
        )

    @app.callback(
        Output(context.PICK_VALUES, "options"),
        Output("context-title", "children"),
        Input(context.PICK_KIND, "data"),
        prevent_initial_call=True,
    )
    def show_choices(picked: dict[str, Any] | None) -> tuple[list[dict[str, str]], str]:
        kind = str(picked.get("kind", "")) if isinstance(picked, dict) else ""
        title = CONTEXT.get(kind, ("",))[0]
        return pulse.names(current_desk(""), kind), f"Narrow the view: {title.lower()}"

    @app.callback(Output(DATA, "data"), Input("refresh", "n_intervals"), State(DATA, "data"))
    def beat(_: int | None, held: str | None) -> Any:
        found = pulse.pulse(current_desk(""))
        return no_update if found == held else found

    @app.callback(
        Output({"type": "nav-count", "path": ALL}, "children"),
        Output({"type": "nav-pip", "section": ALL}, "children"),
        Input(DATA, "data"),
        State({"type": "nav-count", "path": ALL}, "id"),
        State({"type": "nav-pip", "section": ALL}, "id"),
    )
    def show_counts(
        _: str | None, paths: list[dict[str, str]], sections: list[dict[str, str]]
    ) -> tuple[Any, Any]:
        counts = facts(current_desk(""))
        shown = {"/compliance/alerts": counts.get("open_alerts")}
        critical = {"compliance": counts.get("critical")}
        return (
            [number(n) if (n := shown.get(path["path"])) else None for path in paths],
            [number(n) if (n := critical.get(section["section"])) else None for section in sections],
        )

    @app.callback(
        Output("next-dock", "children"),
        Input(URL, "pathname"),
        Input(URL, "search"),
        Input(DATA, "data"),
    )
    def show_dock(pathname: str | None, search: str | None, _: str | None) -> Any:
        return _steps(page_at(pathname), search)

    for page in _pages():
        if page.next:
            _wire_next(app, page)

    app.clientside_callback(
        ClientsideFunction("qd", "notice"), Output("toast", "clear_data"), Input("toast", "data")
    )
    app.clientside_callback(
        ClientsideFunction("qd", "picked"),
        Output(context.PICK_KIND, "clear_data"),
        Input(context.PICK_VALUES, "value"),
    )


def _wire_next(app: Dash, page: Page) -> None:
    @app.callback(Output(at(page.key, "next"), "children"), Input(URL, "search"), Input(DATA, "data"))
    def show_next(search: str | None, _: str | None) -> Any:
        return _steps(page, search)


def _steps(page: Page | None, search: str | None) -> Any:
    if page is None or not page.next:
        return []
    try:
        role = current_identity().role
        desk = current_desk(search or "")
        known = facts(desk)
    except QuarterdeckError:
        return []
    open_paths = {other.path for other in _pages() if other.allows(role)}
    entries = []
    for step in page.next:
        if step.path.split("?")[0] not in open_paths:
            continue
        count = known.get(step.fact) if step.fact else None
        path = step.leads_to({"account": desk.scope.account, "instrument": desk.scope.instrument})
        if path is None or (step.fact and not count):
            continue
        entries.append(
            {
                "label": step.label,
                "path": path,
                "why": step.why,
                "metric": number(count) if count else None,
            }
        )
    return context.steps(entries[:MAX_STEPS])


def facts(desk: Any) -> dict[str, int]:
    """Return the counts that next steps and the rail show, of what the role may know."""
    role = desk.identity.role
    found: dict[str, int] = {}
    if role in TRADING_ROLES:
        found["insights"] = intelligence.insights(desk, limit=1)["total"]
    if role in SURVEILLANCE_ROLES:
        facets = compliance.alerts(desk, filters={"open": "true"}, limit=1)
        found["open_alerts"] = facets["total"]
        found["critical"] = facets["facets"]["severity"].get("critical", 0)
    else:
        newest, _ = operations.imports(desk, limit=20)
        found["rejected"] = sum(record["rejected"] for record in newest)
    return found


def _pages() -> list[Page]:
    return [entry["page"] for entry in dash.page_registry.values() if isinstance(entry.get("page"), Page)]


def page_at(pathname: str | None) -> Page | None:
    """Return the page at a path, templates included."""
    path = (pathname or "/").rstrip("/") or "/"
    for page in _pages():
        if page.path == path:
            return page
    for page in _pages():
        if page.path_template and path.startswith(page.path_template.partition("<")[0]):
            return page
    return None


def _listed(value: Any) -> tuple[str, ...]:
    return value if isinstance(value, tuple) else (value,) if value else ()


def _names(desk: Any, found: dict[str, tuple[str, ...]]) -> dict[str, str]:
    names: dict[str, str] = {}
    if desk.identity.role not in TRADING_ROLES:
        return names
    for kind in ("account", "trader", "instrument"):
        if found.get(kind):
            names |= {
                one["value"]: one["label"].partition(" · ")[0]
                for one in pulse.names(desk, kind)
                if one["value"] in found[kind]
            }
    return names
