"""Wires pages/compliance/audit.py."""

import time
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from dash import Dash, Input, Output, html, no_update

from app.actions import audit as trail
from app.errors import Forbidden, QuarterdeckError
from app.gateway.auth import current_desk
from app.queries.casework import hidden_objects
from callbacks._fill import Drawn, View, failed, fill, nothing
from components import audit as draw
from components.formats import number, plural
from components.ids import at
from components.states import icon

PAGE = "compliance-audit"
SIZE = 100
PROVE = at(PAGE, "chain", "prove")
ANSWER = at(PAGE, "chain", "answer")


def register(app: Dash) -> None:
    """Attach this page's callbacks to ``app``."""
    fill(
        app,
        PAGE,
        "chain",
        "Does the chain hold",
        ask=_count,
        draw=_chain,
        ignores=("kind", "object", "older"),
    )
    fill(app, PAGE, "entries", "Entries", ask=_entries, draw=_shown)

    @app.callback(
        Output(ANSWER, "children"),
        Input(PROVE, "n_clicks"),
        prevent_initial_call=True,
        running=[(Output(PROVE, "disabled"), True, False)],
    )
    def prove(clicks: int | None) -> Any:
        if not clicks:
            return no_update
        try:
            desk = current_desk("")
            if desk.identity.role not in trail.READERS:
                raise Forbidden("The audit trail is read by compliance, auditors and admins.")
            began = time.perf_counter()
            report = asdict(trail.verify(desk.database, desk.org))
        except QuarterdeckError as problem:
            return failed(problem, retry=at(PAGE, "chain", "retry")).body
        return draw.chain(report | {"seconds": time.perf_counter() - began, "at": datetime.now(UTC)})


def _hidden(desk: Any) -> frozenset[str]:
    return hidden_objects(desk) if desk.identity.role != "admin" else frozenset()


def _count(desk: Any) -> int:
    return sum(trail.kinds(desk.database, desk.identity, without=_hidden(desk)).values())


def _chain(entries: int, _: View) -> Drawn:
    button = html.Button(
        [icon("link-45deg"), " Prove it now"],
        type="button",
        id=PROVE,
        className="btn btn-sm btn-outline-secondary",
    )
    said = html.P(
        "Every entry seals the one before it. Proving recomputes every hash and compares it with the anchors kept "
        "outside the database; an edited, removed, reordered or cut-off entry is named.",
        className="t2 t12 mb-2",
    )
    return Drawn(
        html.Div([said, html.Div(id=ANSWER, role="status")]),
        sub=f"{plural(entries, 'entry', 'entries')} you may read",
        tools=(button,),
        fit="pad",
    )


def _entries(desk: Any) -> dict[str, Any]:
    extra = desk.scope.extra
    hidden = _hidden(desk)
    older = extra.get("older", "")
    rows = trail.entries(
        desk.database,
        desk.identity,
        object_kind=extra.get("kind") or None,
        object_id=extra.get("object") or None,
        before_seq=int(older) if older.isdigit() and len(older) < 18 else None,
        limit=SIZE + 1,
        without=hidden,
    )
    return {"rows": rows, "kinds": trail.kinds(desk.database, desk.identity, without=hidden)}


def _shown(answer: dict[str, Any], view: View) -> Drawn:
    kind = view.state("kind")
    legend = draw.kind_facets(answer["kinds"], kind)
    rows = answer["rows"][:SIZE]
    if not rows:
        return nothing(view, "No entries", "Nothing of this kind was done yet.", legend=legend)
    parts: list[Any] = []
    if view.state("older"):
        parts.append(_step("Newest", "older", ""))
    if len(answer["rows"]) > SIZE:
        parts.append(_step("Older", "older", str(rows[-1]["seq"])))
    return Drawn(
        draw.entry_table(rows),
        sub=f"{number(rows[-1]['seq'])} to {number(rows[0]['seq'])}",
        tools=tuple(parts),
        legend=legend,
        fit="flush",
    )


def _step(words: str, key: str, value: str) -> html.Button:
    return html.Button(
        words,
        type="button",
        className="btn btn-sm btn-outline-secondary",
        **{"data-set": key, "data-value": value},
    )
