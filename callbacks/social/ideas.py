"""Wires pages/social/ideas.py."""

from typing import Any

from dash import Dash, html

from app.queries import ideas
from callbacks._fill import Drawn, View, fill, nothing, opens
from callbacks._strip import fill_strip
from callbacks.social._idea_forms import PAGE, wire_acts, wire_composer
from components import ideas as draw
from components.cards import segment
from components.charts.idea_course import idea_course
from components.formats import number, percent, plural
from components.idea_forms import acts_of
from components.kpi import strip, tile
from components.passport import passport_of

SHOW = (("", "All"), ("open", "Open"), ("ended", "Ended"), ("mine", "Mine"))
OWN = ("idea", "edit")


def register(app: Dash) -> None:
    """Attach this page's callbacks to ``app``."""
    fill_strip(app, PAGE, ask=ideas.figures, draw=_strip, ignores=(*OWN, "show"))
    fill(app, PAGE, "ideas", "Ideas", ask=_listed, draw=_list, ignores=OWN)
    fill(app, PAGE, "idea", "The idea", ask=_chosen, draw=_one, ignores=("show", "edit"))
    opens(app, draw.GRID)
    wire_composer(app)
    wire_acts(app)


def _strip(found: tuple[dict[str, Any], dict[str, str]], _: View) -> Any:
    told, why = found
    hits, net = told["idea_hit_rate"], told["mean_net"]
    return strip([
        tile("ideas_open", "Open", told["ideas_open"], number(told["ideas_open"]), detail="waiting or running"),
        tile("ideas_ended", "Ended", told["ideas_ended"], number(told["ideas_ended"]), detail="target, stop or expired"),
        tile("idea_hit_rate", "Hit rate", hits, percent(hits), detail="ended with a profit after costs", reason=why.get("idea_hit_rate"),
             passport=passport_of("idea_hit_rate", of="ideas")),
        tile("mean_net", "Net an idea", net, percent(net, plus=True), sign=True, detail="after costs", reason=why.get("mean_net"),
             passport=passport_of("mean_net", of="ideas")),
        tile("authors", "Authors", told["authors"], number(told["authors"]), href="/social/leaderboard"),
    ])  # fmt: skip


def _listed(desk: Any) -> list[dict[str, Any]]:
    state = desk.scope.extra.get("show")
    return ideas.ideas(desk, state=state if state in ideas.STATES else None)


def _list(rows: list[dict[str, Any]], view: View) -> Drawn:
    chosen = view.state("show")
    tools = (segment("Which", "show", SHOW, chosen if chosen in ideas.STATES else ""),)
    if not rows:
        why = "You have put none forward." if chosen == "mine" else "Nobody has put one forward."
        return nothing(view, "No ideas here", why, tools=tools)
    return Drawn(draw.ideas_grid(rows), tools=tools, sub=plural(len(rows), "idea"), fit="flush")


def _chosen(desk: Any) -> dict[str, Any] | None:
    name = desk.scope.extra.get("idea")
    return ideas.idea(desk, name) if name else None


def _one(row: dict[str, Any] | None, view: View) -> Drawn:
    if row is None:
        return nothing(view, "No idea is chosen", "Choose one in the list to see what it says.")
    parts: list[Any] = [draw.idea_body(row)]
    if row["course"]:
        parts.append(idea_course(row["course"], row, look=view.look, height=180))
    parts.append(acts_of(row, role=view.role))
    return Drawn(html.Div(parts), sub=row["symbol"] or row["instrument_id"], fit="pad")
