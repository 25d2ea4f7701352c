"""Wires pages/compliance/limits.py."""

from typing import Any

from dash import Dash, html

from app.actions import breaches as settling
from app.queries import evidence, limits, lists
from app.scope import SURVEILLANCE_ROLES
from callbacks._fill import Drawn, View, fill, nothing
from callbacks._strip import fill_strip
from callbacks.compliance._limit_forms import PAGE, wire_definitions, wire_settling
from components.cards import segment
from components.charts.limit_course import limit_course
from components.formats import day, known, number, percent, plural, probability
from components.kpi import bullet, strip, tile
from components.limits import amount, breach_table, bullets, list_table, subject
from components.passport import passport_link, passport_of
from components.states import link_button
from components.tables import table

STATES = (("all", "All"), ("breach", "Breached"), ("warn", "Warned"))
OWN = ("limit_id", "breach", "show")


def register(app: Dash) -> None:
    """Attach this page's callbacks to ``app``."""
    fill_strip(app, PAGE, ask=limits.summary, draw=_strip, ignores=OWN)
    fill(app, PAGE, "limits", "Limits", ask=limits.measured, draw=_limits, ignores=("breach",))
    fill(app, PAGE, "course", "Course and forecast", ask=_chosen, draw=_course, ignores=("breach", "show"))
    fill(app, PAGE, "breaches", "Breaches", ask=limits.breaches, draw=_breaches, ignores=("limit_id", "show"))
    fill(app, PAGE, "lists", "Control room lists", ask=_listed, draw=_lists, ignores=OWN)
    wire_settling(app)
    wire_definitions(app)


# --- key figures -----------------------------------------------------------------------------------
def _strip(found: dict[str, Any], _: View) -> Any:
    nearest = found["nearest"] or {}
    used = known(nearest.get("utilisation"))
    one_left = found["unconfirmed"]
    return strip([
        tile("limits", "Limits", found["limits"], number(found["limits"]), detail="in force and in view"),
        tile("breached", "Breached", found["breached"], number(found["breached"]),
             detail=html.Span("above their limit now", className="crit" if found["breached"] else "")),
        tile("warned", "Warned", found["warned"], number(found["warned"]), detail="from their warning level on"),
        tile("nearest", "Nearest to a breach", used, percent(used), detail=nearest.get("name"), viz=bullet(used),
             reason="No limit that is not breached is measured.", passport=passport_of("utilisation", of="limits")),
        tile("unacknowledged", "Not acknowledged", found["unacknowledged"], number(found["unacknowledged"]),
             detail=f"{number(one_left) if one_left else 'none'} {'wait' if one_left > 1 else 'waits'} for a second"),
    ])  # fmt: skip


# --- limits ----------------------------------------------------------------------------------------
def _limits(rows: list[dict[str, Any]], view: View) -> Drawn:
    show = view.state("show", "all")
    tools = (segment("Show", "show", STATES, show),)
    shown = [row for row in rows if show in {"all", row["state"]}]
    if not rows:
        why = "Risk has set none that concerns what you may see."
        return nothing(view, "No limits", why, tools=tools)
    if not shown:
        words = "breached" if show == "breach" else "near enough to warn of"
        return nothing(
            view, f"No limit is {words}", f"All of {plural(len(rows), 'limit')} are below.", tools=tools
        )
    chosen = view.state("limit_id") or rows[0]["limit_id"]
    last = rows[0]["date"]
    return Drawn(
        bullets(shown, chosen=chosen, may_retire=view.role == "risk"),
        tools=tools,
        sub=f"at the close of {day(last)}, the most used first" if last else "nothing is measured yet",
        fit="flush",
    )


def _chosen(desk: Any) -> dict[str, Any] | None:
    """Return the course of the limit that the address names, else of the one most used."""
    name = desk.scope.extra.get("limit_id")
    if not name:
        rows = limits.measured(desk)
        name = rows[0]["limit_id"] if rows else None
    return limits.history(desk, name) if name else None


def _course(found: dict[str, Any] | None, view: View) -> Drawn:
    if found is None:
        return nothing(view, "No limit to follow", "Risk has set none that concerns what you may see.")
    rows = [row for row in found["rows"] if row["value"] is not None]
    if not rows:
        why = found["reason"] or "It has not been measured yet."
        return nothing(view, f"{found['name']} is not measured", why)
    first = found["rows"].index(rows[0])
    ahead = found["forecast"]
    warn = found["warn_at"] / found["limit"] if found["warn_at"] is not None else None
    figure = limit_course(
        found["rows"][first:],
        look=view.look,
        height=374,
        warn_at=warn,
        fan=ahead["fan"] if ahead["probability"] is not None else (),
        since=found["valid_from"],
        shown=[amount(row["value"], found) for row in found["rows"][first:]],
    )
    as_table = table(
        ["Date", found["title"], "Used", "Behind it"],
        [
            [row["date"], amount(row["value"], found, full=True), percent(row["utilisation"]), row["driver"]]
            for row in reversed(rows[-250:])
        ],
        numeric=(1, 2),
        label=f"Course of {found['name']}",
    )
    said = html.P(
        [html.B(found["name"]), f" of {subject(found)}. ", *_ahead(ahead, found["limit_id"])],
        className="t12 t2 px-2 mb-1",
    )
    return Drawn(
        html.Div([said, figure]),
        sub=f"{plural(len(rows), 'session')}, {found['definition']}",
        footer=[_method(ahead)] if ahead["probability"] is not None else None,
        as_table=as_table,
    )


def _ahead(found: dict[str, Any], limit_id: str) -> list[Any]:
    """Say how likely a breach is, or why nothing is said."""
    chance = known(found["probability"])
    if chance is None:
        why = str(found["reason"])
        return [f"No forecast: {why[:1].lower()}{why[1:]}"]
    words: list[Any] = [
        "Probability of a breach within ", plural(found["horizon"], "session"), ": ",
        html.B(passport_link("breach_probability", probability(chance), of="limits", limit_id=limit_id), className="num"),
        f" ({probability(found['low'])} to {probability(found['high'])}).",
    ]  # fmt: skip
    expected = known(found["sessions"])
    if expected is not None and found["method"] == "first_passage":
        soonest, latest = known(found["sessions_low"]), known(found["sessions_high"])
        until = f"to {number(latest)}" if latest is not None else "on, or never"
        words.append(
            f" At the drift seen it is reached in about {number(expected)} sessions (from {number(soonest)} {until})."
        )
    return words


def _method(found: dict[str, Any]) -> str:
    if found["method"] == "frequency":
        return f"Share of {plural(found['n'], 'past session')} above the limit, 90% interval"
    return f"First passage of a random walk with the drift of {plural(found['n'], 'session')}, 90% interval"


# --- breaches --------------------------------------------------------------------------------------
def _breaches(rows: list[dict[str, Any]], view: View) -> Drawn:
    if not rows:
        return Drawn(
            html.P("Nothing has been above a limit since they are measured.", className="t12 t2 p-3 mb-0"),
            "empty",
        )
    lasting = sum(row["state"] == "open" for row in rows)
    settles = view.role in settling.SETTLERS
    return Drawn(
        breach_table(rows, may_settle=settles, chosen=view.state("breach")),
        sub=f"{number(lasting)} lasting, {number(len(rows) - lasting)} over",
        badge=html.Span("breach", className="tag crit") if lasting else None,
        footer=["Two people settle a breach: one acknowledges, another confirms."] if settles else None,
        fit="flush",
    )


# --- lists -----------------------------------------------------------------------------------------
def _listed(desk: Any) -> list[dict[str, Any]]:
    """Return the entries of the lists that the role may see, and whether each is in force."""
    people = evidence.names(desk)["person"]
    return [
        row
        | {"valid": row["state"] == "valid", "person": people.get(row["person_id"] or "", row["person_id"])}
        for row in lists.entries(desk)
    ]


def _lists(rows: list[dict[str, Any]], view: View) -> Drawn:
    if not rows:
        start = link_button("See the orders", "/trading/blotter?view=orders")
        return Drawn(
            nothing(view, "Nothing is restricted", "The control room has listed nothing.", start).body,
            "empty",
        )
    valid = sum(row["valid"] for row in rows)
    shown = sorted(rows, key=lambda row: not row["valid"])
    return Drawn(
        list_table(shown, full=view.role in SURVEILLANCE_ROLES),
        sub=f"{number(valid)} in force, {number(len(rows) - valid)} over",
        fit="flush",
    )
