"""Wires pages/social/author.py."""

from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import urlencode

from dash import ALL, Dash, Input, Output, State, ctx, html, no_update

from app.actions import idea_proof
from app.actions import mirrors as acting
from app.errors import FieldError, Invalid, QuarterdeckError
from app.gateway.auth import current_desk
from app.queries import book_talk, evidence, feed, ideas, mirrors
from callbacks._fill import Drawn, View, fill, nothing
from callbacks._strip import fill_strip
from callbacks._told import told
from callbacks.social.feed import note_reading
from components import author as draw
from components.cards import legend
from components.charts.idea_record import idea_record
from components.charts.stated_dots import stated_dots
from components.formats import day, number, percent, plural, probability
from components.ideas import ideas_table, luck_tag
from components.ids import DATA, at
from components.kpi import strip, tile
from components.states import icon, link_button
from components.tables import table

PAGE = "social-author"
AGAIN = at(PAGE, "mirrors", "retry")
LATEST = 6  # posts on the page; the feed has all
NAMED_OF = 200  # posts whose instruments are counted
_FIELDS = ("capital", "weight", "loss", "adv")


def register(app: Dash) -> None:
    """Attach this page's callbacks to ``app``."""
    fill_strip(app, PAGE, ask=ideas.author, draw=_strip, about=True)
    fill(app, PAGE, "record", "Record", ask=ideas.author, draw=_record, about=True)
    fill(app, PAGE, "stated", "Stated chances", ask=ideas.author, draw=_stated, about=True)
    fill(app, PAGE, "ideas", "Ideas", ask=ideas.author, draw=_ideas, about=True)
    fill(app, PAGE, "said", "What he says", ask=_posts_of, draw=_said, about=True)
    fill(app, PAGE, "talk", "Does he talk his book?", ask=book_talk.talks, draw=_talk, about=True)
    fill(app, PAGE, "mirrors", "Paper mirrors", ask=_mirrors_of, draw=_mirrors, about=True)
    _wire(app)


# --- cards -----------------------------------------------------------------------------------------
def _strip(found: dict[str, Any], _: View) -> Any:
    record, counts, stated = found["record"] or {}, found["figures"], found["stated"]
    why = record.get("reason") or "no idea has ended yet"
    between = None
    if record.get("low") is not None:
        between = f"{number(record['low'], 2, plus=True)} to {number(record['high'], 2, plus=True)}, luck {number(record['band'], 2)}"
    ratio = record.get("ratio") if between else None
    hits, net, brier = record.get("hit_rate"), record.get("mean"), stated["brier"]
    base = (
        f"{number(stated['brier_base'], 3)} by always stating {percent(stated['base'])}"
        if stated["n"]
        else None
    )
    return strip([
        tile("ratio", "Ratio of a day", ratio, number(ratio, 2, plus=True), detail=between, reason=why),
        tile("skill", "Chance it is skill", record.get("skill"), probability(record.get("skill")), detail=luck_tag(record) if between else None, reason=why),
        tile("hit_rate", "Hit rate", hits, percent(hits), detail=f"of {plural(counts['ended'], 'idea')}", reason=why),
        tile("mean_net", "Net an idea", net, percent(net, plus=True), sign=True, detail="after costs, a day's mean", reason=why),
        tile("brier", "Brier", brier, number(brier, 3), detail=base, reason="no stated chance has come due"),
        tile("ideas", "Ideas", counts["ideas"], number(counts["ideas"]),
             detail=f"{number(counts['open'])} open, {number(counts['retracted'])} taken back"),
    ])  # fmt: skip


def _record(found: dict[str, Any], view: View) -> Drawn:
    rows = found["course"]
    if not rows:
        return nothing(
            view,
            "No record yet",
            "None of his ideas has ended.",
            link_button("See all ideas", "/social/ideas"),
        )
    return Drawn(
        idea_record(rows, look=view.look, height=240),
        sub="sum of net results, each idea the same size",
        as_table=table(["Ended", "That day", "So far"], [[day(r["date"]), percent(r["net"], plus=True), percent(r["total"], plus=True)] for r in rows], numeric=(1, 2), label="Record"),
    )  # fmt: skip


def _stated(found: dict[str, Any], view: View) -> Drawn:
    stated = found["stated"]
    if not stated["n"]:
        return nothing(view, "No stated chance has come due", "They are compared once ideas have ended.")
    heads = ["Stated", "Ideas", "Happened", "95% interval"]
    rows = [
        [percent(row["stated"]), number(row["n"]), percent(row["happened"]), f"{percent(row['happened_low'])} to {percent(row['happened_high'])}"]
        for row in stated["bins"]
    ]  # fmt: skip
    return Drawn(
        stated_dots(stated["bins"], look=view.look, height=220),
        sub=f"{plural(stated['n'], 'idea')}, mean gap {percent(stated['ece'])}",
        legend=legend(("dot", "acc", "happened, with its 95% interval"), ("ln", "t3", "as often as stated")),
        as_table=table(heads, rows, numeric=(0, 1, 2), label="Stated chances"),
    )


def _ideas(found: dict[str, Any], view: View) -> Drawn:
    rows, counts = found["ideas"], found["figures"]
    if not rows:
        return nothing(view, "No ideas", f"{found['author_name']} has put none forward.")
    footer = [f"{number(counts['sealed'])} sealed in the trail"]
    if counts["seeded"]:
        footer.append(f"{number(counts['seeded'])} made for the demo, on its own clock")
    return Drawn(
        ideas_table(rows),
        sub=f"{number(counts['open'])} open, {number(counts['ended'])} ended, {number(counts['void'])} void",
        footer=footer,
        fit="flush",
    )


def _posts_of(desk: Any, author_id: str) -> dict[str, Any]:
    bare = desk.with_scope(start=None, end=None, instrument=(), desk=(), account=(), trader=(), post=None)
    note_reading(bare)
    rows, total = feed.posts(bare, limit=NAMED_OF, author=author_id)
    return {"author": author_id, "rows": rows.to_dicts(), "total": total, "tones": feed.tones(bare, author=author_id),
            "symbols": evidence.names(bare)["instrument"]}  # fmt: skip


def _said(found: dict[str, Any], view: View) -> Drawn:
    if not found["total"]:
        return nothing(
            view,
            "No posts",
            "No post of this author is readable to you.",
            link_button("Open the feed", "/social/feed"),
        )
    tones, whole = found["tones"], f"/social/feed?{urlencode({'author': found['author']})}"
    return Drawn(
        draw.said_card(found["rows"], tones, symbols=found["symbols"], listed=LATEST),
        sub=f"{plural(found['total'], 'post')}: {number(tones['positive'])} positive, {number(tones['neutral'])} neutral, {number(tones['negative'])} negative",
        footer=[f"the newest {number(min(LATEST, found['total']))}", html.A("All in the feed", href=whole)],
        fit="flush",
    )


def _talk(rows: list[dict[str, Any]], view: View) -> Drawn:
    if not rows:
        return nothing(view, "Nothing to compare", "Nothing has been traded yet.")
    return Drawn(
        draw.talk_card(rows, view.currency),
        sub="seen by compliance and auditors only",
        badge=icon("shield-lock", label="surveillance only"),
        footer="1: all before it the way of what he says, all after against it; 0: chance. Signs of episodes drawn anew for p.",
        fit="pad",
    )


def _mirrors_of(desk: Any, author_id: str) -> list[dict[str, Any]]:
    return [mirrors.mirror(desk, row["mirror_id"]) for row in mirrors.mirrors(desk, author=author_id)]


def _mirrors(rows: list[dict[str, Any]], view: View) -> Drawn:
    if not rows:
        return nothing(
            view,
            "No mirror of this author",
            "One keeps his ideas on paper, behind a gate.",
            badge=draw.paper_tag(),
        )
    return Drawn(
        draw.mirror_list(rows, view.currency),
        sub=plural(len(rows), "mirror"),
        badge=draw.paper_tag(),
        fit="pad",
    )


# --- acts ------------------------------------------------------------------------------------------
def _wire(app: Dash) -> None:
    @app.callback(Output(at(PAGE, "title"), "children"), Input(at(PAGE, "id"), "data"), Input(DATA, "data"))
    def show_title(author_id: str | None, _: Any) -> str:
        try:
            return str(ideas.author(current_desk(""), str(author_id or "")[:200])["author_name"])
        except QuarterdeckError:
            return "Author"

    @app.callback(
        Output("author-proof", "children"),
        Input("author-prove", "n_clicks"),
        State(at(PAGE, "id"), "data"),
        prevent_initial_call=True,
        running=[(Output("author-prove", "disabled"), True, False)],
    )
    def prove(clicks: int | None, author_id: str | None) -> Any:
        if not clicks:
            return no_update
        try:
            desk = current_desk("")
            own = {row["idea_id"] for row in ideas.author(desk, str(author_id or "")[:200])["ideas"]}
            report = idea_proof.verify(desk.database, desk.org)
        except QuarterdeckError as error:
            return told(error)
        faults = [fault for fault in report.faults if fault.idea_id in own]
        gone = len(report.faults) - len(faults)
        if faults:
            parts = [
                html.Li([icon("x-octagon", "crit"), html.Span(f"{one.idea_id}: {one.what}")])
                for one in faults[:20]
            ]
        else:
            parts = [
                html.Li(
                    [
                        icon("check-circle", "ok"),
                        html.Span(f"All of his {plural(len(own), 'idea')} are what the trail holds."),
                    ]
                )
            ]
        if gone:
            words = f"{plural(gone, 'fault')} elsewhere, ideas that were removed among them: ask compliance."
            parts.append(html.Li([icon("exclamation-triangle", "high"), html.Span(words)]))
        return html.Ul(parts, className="proof")

    @app.callback(
        Output("mirror-said", "children"),
        Output(AGAIN, "data", allow_duplicate=True),
        Input("mirror-start", "n_clicks"),
        *(State(f"mirror-{name}", "value") for name in _FIELDS),
        State(at(PAGE, "id"), "data"),
        prevent_initial_call=True,
    )
    def start(clicks: int | None, *given: Any) -> tuple[Any, Any]:
        if not clicks:
            return no_update, no_update
        try:
            desk = current_desk("")
            author_id = str(given[-1] or "")[:200]
            capital, weight, loss, adv = (
                _number(name, text) for name, text in zip(_FIELDS, given, strict=False)
            )
            made = acting.start(
                desk.database, desk.identity, author_id=author_id,
                author_name=ideas.author(desk, author_id)["author_name"], capital=capital, weight=float(weight) / 100,
                max_loss=float(loss) / 100, adv_share=float(adv) / 100,
            )  # fmt: skip
        except QuarterdeckError as error:
            return told(error), no_update
        return "Mirrored on paper from now on.", f"start-{made.id}"

    @app.callback(
        Output("toast", "data", allow_duplicate=True),
        Output(AGAIN, "data", allow_duplicate=True),
        Input({"mirror": ALL, "id": ALL}, "n_clicks"),
        prevent_initial_call=True,
    )
    def stop(clicks: list[int | None]) -> tuple[Any, Any]:
        chosen = ctx.triggered_id
        if not isinstance(clicks, list) or not any(clicks) or not isinstance(chosen, dict):
            return no_update, no_update
        try:
            desk = current_desk("")
            acting.stop(desk.database, desk.identity, str(chosen["id"]))
        except QuarterdeckError as error:
            return {"kind": "error", "fact": told(error)}, no_update
        return {"fact": "The mirror has ended; what it took runs on."}, f"stop-{chosen['id']}"


def _number(name: str, text: Any) -> Decimal:
    try:
        found = Decimal(str(text or "").replace(",", "").replace("%", "").replace(" ", "")[:30])
    except InvalidOperation:
        found = Decimal("NaN")
    if not found.is_finite() or not Decimal("1e-6") <= found <= Decimal("1e13"):
        said = FieldError(name, "must be a number above zero", str(text)[:40])
        raise Invalid("The mirror does not fit.", errors=[said])
    return found
