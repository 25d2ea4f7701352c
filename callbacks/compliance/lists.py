"""Wires pages/compliance/lists.py."""

from typing import Any

from dash import Dash, html

from app.queries import evidence, lists, preclearances, screening
from app.scope import SURVEILLANCE_ROLES
from callbacks._fill import Drawn, View, fill, nothing, opens
from callbacks._strip import fill_strip
from callbacks.compliance._list_forms import PAGE, wire_entries, wire_lookup, wire_matches, wire_requests
from components import listings as draw
from components.cards import segment
from components.formats import number, plural
from components.kpi import strip, tile
from components.states import link_button

KINDS = (("all", "All"), ("restricted", "Restricted"), ("watch", "Watch"), ("insider", "Insider"))
STATES = (("valid", "In force"), ("ended", "Ended"), ("all", "All"))
MATCHES = (("waiting", "Waiting"), ("all", "All"))
OWN = ("kind", "entries", "entry", "match", "matches")


def register(app: Dash) -> None:
    """Attach this page's callbacks to ``app``."""
    fill_strip(app, PAGE, ask=_figures, draw=_strip, ignores=OWN)
    fill(app, PAGE, "entries", "Lists", ask=_entries, draw=_listed, ignores=("entry", "match", "matches"))
    fill(app, PAGE, "matches", "Sanctions matches", ask=screening.hits, draw=_matches, ignores=OWN[:3])
    fill(
        app,
        PAGE,
        "match",
        "The match",
        ask=_match,
        draw=_one,
        ignores=("kind", "entries", "entry", "matches"),
    )
    fill(app, PAGE, "requests", "Private trades", ask=preclearances.requests, draw=_requests, ignores=OWN)
    fill(app, PAGE, "projects", "Insiders by project", ask=lists.projects, draw=_projects, ignores=OWN)
    opens(app, draw.ENTRIES_GRID)
    wire_entries(app)
    wire_matches(app)
    wire_requests(app)
    wire_lookup(app)


# --- key figures -----------------------------------------------------------------------------------
def _figures(desk: Any) -> dict[str, Any]:
    waits = [row for row in preclearances.requests(desk) if row["status"] == "pending"]
    return {"lists": lists.summary(desk), "screening": screening.summary(desk), "waits": len(waits)}


def _strip(found: dict[str, Any], view: View) -> Any:
    held, names, waits = found["lists"], found["screening"], found["waits"]
    tiles = [
        tile("restricted", "Restricted", held["restricted"], number(held["restricted"]), detail="entries in force"),
        tile("ending", "End within a week", held["ending"], number(held["ending"]), detail="of those in force"),
        tile("requests", "Private trades", waits, number(waits), detail="wait for an answer"),
    ]  # fmt: skip
    if view.role in SURVEILLANCE_ROLES:
        tiles += [
            tile("watched", "Watched", held["watch"], number(held["watch"]), detail=f"{number(held['insider'])} insider entries"),
            tile("matches", "Sanctions matches", names["waiting"], number(names["waiting"]),
                 detail=html.Span(f"wait, {number(names['strong'])} strong", className="crit" if names["strong"] else "")),
            tile("screened", "Sanctions entries", names["entries"], number(names["entries"]),
                 detail=f"{number(names['true'])} confirmed among parties"),
        ]  # fmt: skip
    return strip(tiles)


# --- lists -----------------------------------------------------------------------------------------
def _entries(desk: Any) -> list[dict[str, Any]]:
    kind, state = (desk.scope.extra.get(name) for name in ("kind", "entries"))
    wanted = None if state == "all" else state or "valid"
    people = evidence.names(desk)["person"]
    rows = lists.entries(desk, kind=None if kind in {None, "all"} else kind, state=wanted)
    return [row | {"person": people.get(row["person_id"] or "", row["person_id"])} for row in rows]


def _listed(rows: list[dict[str, Any]], view: View) -> Drawn:
    watches = view.role in SURVEILLANCE_ROLES
    tools: tuple[Any, ...] = (segment("Which", "entries", STATES, view.state("entries", "valid")),)
    if watches:
        tools = (segment("List", "kind", KINDS, view.state("kind", "all")), *tools)
    if not rows:
        start = link_button("See the orders", "/trading/blotter?view=orders")
        return nothing(
            view, "No entry here", "The control room has listed nothing of this kind.", start, tools=tools
        )
    return Drawn(
        draw.entries_grid(rows, full=watches, keeps=view.role == "compliance"),
        tools=tools,
        sub=plural(len(rows), "entry", "entries"),
        fit="flush",
    )


def _projects(rows: list[dict[str, Any]], view: View) -> Drawn:
    if not rows:
        return nothing(view, "Nobody is inside", "No insider entry is in force.")
    return Drawn(draw.project_table(rows), sub=plural(len(rows), "project"), fit="flush")


# --- screening -------------------------------------------------------------------------------------
def _matches(rows: list[dict[str, Any]], view: View) -> Drawn:
    show = view.state("matches", "waiting")
    tools = (segment("Which", "matches", MATCHES, show),)
    shown = [row for row in rows if show == "all" or row["status"] in {"open", "proposed"}]
    if not rows:
        start = link_button("Bring a sanctions list in", "/operations/pipeline")
        return nothing(
            view, "No name resembles an entry", "Nothing was found, or no list was imported.", start
        )
    if not shown:
        return nothing(
            view, "Nothing waits", f"All of {plural(len(rows), 'match', 'matches')} are decided.", tools=tools
        )
    return Drawn(
        draw.match_table(shown, chosen=view.state("match")),
        tools=tools,
        sub="from 80 of 100 on; from 92 two people must say no",
        fit="flush",
    )


def _match(desk: Any) -> dict[str, Any] | None:
    name = desk.scope.extra.get("match")
    return screening.hit(desk, name) if name else None


def _one(row: dict[str, Any] | None, view: View) -> Drawn:
    if row is None:
        return nothing(view, "No match is chosen", "Choose one in the table to see both records.")
    return Drawn(draw.match_card(row), badge=draw.tag(row["status"]), fit="pad")


# --- private trades --------------------------------------------------------------------------------
def _requests(rows: list[dict[str, Any]], view: View) -> Drawn:
    if not rows:
        return nothing(view, "Nobody has asked", "Requests to trade for oneself are listed here.")
    return Drawn(
        draw.request_table(rows),
        sub="an approval holds for 24 hours; nobody answers himself",
        fit="flush",
    )
