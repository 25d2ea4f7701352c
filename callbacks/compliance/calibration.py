"""Wires pages/compliance/calibration.py."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from dash import ALL, Dash, Input, Output, State, ctx, html, no_update

from app.actions import parameters as actions
from app.errors import FieldError, Invalid, QuarterdeckError
from app.gateway.auth import current_context, current_desk
from app.jobs import calibrate
from app.queries import calibration
from callbacks._fill import Drawn, View, fill, nothing
from callbacks._told import told
from components import calibration as draw
from components.cards import legend, segment
from components.charts.pareto import pareto
from components.charts.score_cuts import score_cuts
from components.formats import day, number, percent, plural
from components.ids import URL, at
from components.tables import table
from components.what_if import waiting

PAGE = "compliance-calibration"
OWN = ("try", "days", "moved", "side", "start", "end")
AGAIN = {name: at(PAGE, name, "retry") for name in ("versions", "detectors")}
SIDES = (
    ("added", "Gained"),
    ("lost", "Lost"),
    ("below_the_line", "Just below"),
    ("above_the_line", "Just above"),
)
WAITS = frozenset({"queued", "running"})
DOING = "Looking at the days behind with both sets of thresholds"
TRY_FIRST = "Write other values above and press Try: they are run on the days behind."


def register(app: Dash) -> None:
    """Attach this page's callbacks to ``app``."""
    fill(
        app,
        PAGE,
        "detectors",
        "Detectors",
        ask=calibration.parameters,
        draw=_detectors,
        ignores=(*OWN, "segment"),
    )
    fill(app, PAGE, "parameters", "Thresholds", ask=_asked, draw=_parameters, ignores=("side",))
    fill(app, PAGE, "outcome", "What they would have found", ask=_tried, draw=_outcome, ignores=("side",))
    fill(app, PAGE, "moves", "One number at a time", ask=_tried, draw=_moves, ignores=("side",))
    fill(app, PAGE, "gained", "Gained and lost", ask=_tried, draw=_gained)
    fill(app, PAGE, "versions", "Versions", ask=_chosen, draw=_versions, ignores=OWN)
    _acts(app)


def _acts(app: Dash) -> None:
    @app.callback(
        Output("calibrate-said", "children"),
        Output("calibrate-why", "value"),
        Output(AGAIN["versions"], "data", allow_duplicate=True),
        Output(AGAIN["detectors"], "data", allow_duplicate=True),
        Input("calibrate-propose", "n_clicks"),
        State("calibrate-why", "value"),
        State("calibrate-from", "value"),
        State("calibrate-withdraw", "value"),
        State(URL, "search"),
        prevent_initial_call=True,
    )
    def propose(
        clicks: int | None, why: str | None, since: str | None, withdraw: bool | None, search: str | None
    ) -> tuple[Any, ...]:
        untouched = (no_update, no_update, no_update)
        if not clicks:
            return no_update, *untouched
        try:
            desk = current_desk(search or "")
            row = _chosen(desk)
            values = {one["name"]: one["value"] for one in row["parameters"]} | _values(desk.scope.extra, row)
            made = actions.propose(
                desk.database,
                desk.identity,
                detector=row["detector"],
                values=values,
                rationale=why or "",
                effective_from=_day(since),
                segment=row["segment"],
                withdraw=bool(withdraw),
            )
        except QuarterdeckError as error:
            return told(error), *untouched
        changed = f"propose-{made.detector}-{made.version}"
        said = f"Version {made.version}, for {draw.segment_words(made.segment)}, waits for a second person."
        return said, "", changed, changed

    @app.callback(
        Output(AGAIN["versions"], "data", allow_duplicate=True),
        Output(AGAIN["detectors"], "data", allow_duplicate=True),
        Output("toast", "data", allow_duplicate=True),
        Input({"approve": ALL, "version": ALL}, "n_clicks"),
        prevent_initial_call=True,
    )
    def approve(clicks: list[int | None]) -> tuple[Any, Any, Any]:
        chosen = ctx.triggered_id
        if not any(clicks) or not isinstance(chosen, dict):
            return no_update, no_update, no_update
        try:
            desk = current_desk("")
            made = actions.approve(
                desk.database,
                desk.identity,
                detector=str(chosen["approve"]),
                version=_number(chosen["version"]),
            )
        except QuarterdeckError as error:
            return no_update, no_update, {"kind": "error", "fact": told(error)}
        said = {"fact": f"Version {made.version} is approved", "effect": "The next run looks with it."}
        changed = f"approve-{made.detector}-{made.version}"
        return changed, changed, said


# --- questions ---------------------------------------------------------------------------------------
def _chosen(desk: Any) -> dict[str, Any]:
    """Return the detector that the address names, else the first.

    Raises:
        Invalid: If there is none of that name.
    """
    named = desk.scope.extra.get("segment", "")
    segment = calibration.known_segment(desk, "" if named == draw.EVERYWHERE else named)
    rows = calibration.parameters(desk, segment=segment)
    name = desk.scope.extra.get("detector")
    found = next((row for row in rows if name in {None, "", row["detector"]}), None)
    if found is None:
        raise Invalid("The address does not fit.", errors=[FieldError("detector", "is not one there is")])
    return found


def _asked(desk: Any) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return the chosen detector, and the segments there are."""
    return _chosen(desk), calibration.segments(desk)


def _values(extra: Mapping[str, str], row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values that the address tries.

    Raises:
        Invalid: If a part of it does not read.
    """
    kinds = {one["name"]: one["type"] for one in row["parameters"]}
    found: dict[str, Any] = {}
    for part in filter(None, extra.get("try", "").split(",")):
        name, _, text = part.partition(":")
        try:
            found[name] = _read(kinds.get(name, "str"), text)
        except ValueError as error:
            fault = FieldError(name[:80], "is no number", text[:80])
            raise Invalid("The address does not fit.", errors=[fault]) from error
    return found


def _read(kind: str, text: str) -> bool | int | float | str:
    if kind == "bool":
        return text == "yes"
    return int(text) if kind == "int" else float(text) if kind == "float" else text


def _tried(desk: Any) -> dict[str, Any] | None:
    extra = desk.scope.extra
    if not any(extra.get(name) for name in ("try", "days", "moved", "start", "end")):
        return None
    row = _chosen(desk)
    values = {one["name"]: one["value"] for one in row["parameters"]} | _values(desk.scope.extra, row)
    return calibrate.request(
        current_context(),
        desk,
        detector=row["detector"],
        values=values,
        days=_number(extra.get("days") or 20),
        perturb=extra.get("moved") == "yes",
        segment=row["segment"],
        start=_date("start", extra.get("start")),
        end=_date("end", extra.get("end")),
    )


def _number(text: Any) -> int:
    try:
        return int(text)
    except (TypeError, ValueError) as error:
        raise Invalid(
            "The address does not fit.", errors=[FieldError("days", "is a whole number")]
        ) from error


def _day(text: str | None) -> datetime | None:
    found = _date("effective_from", text)
    return None if found is None else datetime.combine(found, datetime.min.time(), UTC)


def _date(name: str, text: str | None) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(str(text)[:10])
    except ValueError as error:
        fault = FieldError(name, "must be a day", str(text)[:80])
        raise Invalid("The day does not fit.", errors=[fault]) from error


# --- drawings ----------------------------------------------------------------------------------------
def _detectors(rows: list[dict[str, Any]], view: View) -> Drawn:
    if not rows:
        return nothing(view, "No detectors", "This release has none.")
    waits = sum(one["state"] == "proposed" for row in rows for one in row["versions"])
    badge = html.Span(plural(waits, "proposal"), className="tag high") if waits else None
    chosen = view.state("detector") or rows[0]["detector"]
    own = sum(row["in_effect"] is not None for row in rows)
    return Drawn(
        draw.detector_list(rows, chosen=chosen),
        badge=badge,
        sub=f"{number(len(rows))}, {number(own)} with thresholds of your own",
        fit="flush",
    )


def _parameters(found: tuple[dict[str, Any], list[dict[str, Any]]], view: View) -> Drawn:
    row, segments = found
    tried = _values(view.scope.extra, row)
    days = view.state("days") or "20"
    form = draw.parameter_form(
        row,
        tried,
        segments=segments,
        start=view.state("start") or "",
        end=view.state("end") or "",
        days=int(days) if days.isdigit() else 20,
        moved=view.state("moved") == "yes",
        rows_may=view.role == "compliance",
    )
    said = f"version {row['in_effect']}" if row["in_effect"] else "the defaults"
    return Drawn(
        form,
        sub=f"{row['title']}: {said} in effect",
        badge=html.Span(row["code"], className="tag line"),
        fit="flush",
    )


def _pending(found: dict[str, Any] | None, view: View, name: str) -> Drawn | None:
    if found is None:
        return nothing(view, "Nothing tried yet", TRY_FIRST)
    if found["state"] in WAITS:
        return Drawn(waiting(at(PAGE, name, "retry"), found["state"], doing=DOING), "loading")
    if found["state"] == "failed":
        return nothing(view, "It could not be worked out", str(found["error"]))
    return None


def _outcome(found: dict[str, Any] | None, view: View) -> Drawn:
    pending = _pending(found, view, "outcome")
    if pending is not None or found is None:
        return pending or nothing(view, "Nothing tried yet", TRY_FIRST)
    result = found["result"]
    body = html.Div(
        [
            draw.lost_followed(result["lost_followed"]),
            draw.outcome_table(result),
            score_cuts(result["curve"], result["curve_after"], look=view.look, height=170),
            pareto(
                result["curve"],
                result["curve_after"],
                hours=found["asked"]["minutes"] / 60,
                look=view.look,
                height=150,
            )
            or html.P(
                "What a reviewer's hour buys is drawn once some alert of these days was followed up.",
                className="t3 t12 mb-0",
            ),
        ]
    )
    cuts = [
        [row["score"], row["alerts"], then["alerts"], percent(row["recall"]), percent(then["recall"])]
        for row, then in zip(result["curve"], result["curve_after"], strict=True)
    ]
    heads = ["Score at or above", "In effect", "Tried", "Followed up, in effect", "Followed up, tried"]
    return Drawn(
        body,
        sub=_days_of(found["asked"]),
        legend=legend(("ds", "t2", "In effect"), ("ln", "acc", "Tried")),
        footer=["Hours at 20 minutes an alert"],
        as_table=table(heads, cuts, numeric=(0, 1, 2, 3, 4), label="Alerts by score"),
    )


def _days_of(asked: Mapping[str, Any]) -> str:
    """Return which days of which part of the business were compared."""
    where = draw.segment_words(asked.get("segment") or "")
    since, until = asked.get("start"), asked.get("end")
    if not since and not until:
        return f"last {plural(asked['days'], 'day')} of findings, {where}"
    told = [f"from {day(since)}" if since else "", f"to {day(until)}" if until else ""]
    return f"findings {' '.join(filter(None, told))}, {where}"


def _moves(found: dict[str, Any] | None, view: View) -> Drawn:
    pending = _pending(found, view, "moves")
    if pending is not None or found is None:
        return pending or nothing(view, "Nothing tried yet", TRY_FIRST)
    rows = found["result"]["moves"]
    if not rows:
        return nothing(view, "Not asked for", "Tick \u201cMove every number too\u201d and try again.")
    telling = [row for row in rows if row["added"] or row["lost"]]
    if not telling:
        why = "Each number was moved by 5, 15 and 30% down and up; the findings stay the same."
        return nothing(view, "No single move changes anything", why)
    body = html.Div(draw.moves_table(telling), className="cal-moves")
    left = f"{number(len(rows) - len(telling))} of {plural(len(rows), 'move')} change nothing"
    return Drawn(body, sub="5, 15 and 30% down and up", footer=[left], fit="flush")


def _gained(found: dict[str, Any] | None, view: View) -> Drawn:
    pending = _pending(found, view, "gained")
    if pending is not None or found is None:
        return pending or nothing(view, "Nothing tried yet", TRY_FIRST)
    result = found["result"]
    side = view.state("side", "added")
    side = side if side in {name for name, _ in SIDES} else "added"
    totals = {
        "added": result["added_total"],
        "lost": result["lost_total"],
        "below_the_line": len(result["below_the_line"]),
        "above_the_line": len(result["above_the_line"]),
    }
    options = [(name, f"{shown} {totals[name]}") for name, shown in SIDES]
    tools = (segment("Side", "side", options, side),)
    rows = result[side]
    if not rows:
        why = {
            "added": "What is tried finds nothing that is not found now.",
            "lost": "What is tried finds everything that is found now.",
            "below_the_line": "Move every number too, and what lies just below is sampled here.",
            "above_the_line": "Move every number too, and what lies just above is sampled here.",
        }[side]
        return nothing(view, "None", why, tools=tools)
    label = dict(SIDES)[side]
    return Drawn(
        draw.findings_table(rows, label), sub=plural(totals[side], "finding"), tools=tools, fit="flush"
    )


def _versions(row: dict[str, Any], view: View) -> Drawn:
    if not row["versions"]:
        return nothing(view, "The defaults are in effect", "Nobody has proposed other thresholds yet.")
    return Drawn(
        draw.version_table(row, may_approve=view.role == "compliance"),
        sub="nothing is changed or removed; going back is proposing old values again",
        fit="flush",
    )
