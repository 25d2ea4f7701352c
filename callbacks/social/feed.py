"""Wires pages/social/feed.py."""

from typing import Any

from dash import Dash, html

from app.actions.case_access import looked_at
from app.errors import Forbidden
from app.queries import evidence, feed, rooms, social
from app.queries.compliance import may_read
from callbacks._fill import Drawn, View, fill, nothing
from callbacks.social._course import course
from components.attention import UNUSUAL, attention_table
from components.cards import segment
from components.formats import day, known, number, plural, short_id, words
from components.states import icon, link_button
from components.talk import Reader, composer, post_list, room_list

PAGE = "social-feed"
STEP = 25  # posts that "Show more" adds
MOST = 500
LISTED = 14  # instruments of the attention table
TONES = ("negative", "neutral", "positive")
SHOW = (("", "All"), ("following", "Following"), ("own", "Ours"), ("imported", "Imported"))
LIST_ONLY = ("tone", "author", "n", "sort", "show", "room", "about", "post")


def register(app: Dash) -> None:
    """Attach this page's callbacks to ``app``."""
    fill(app, PAGE, "posts", "Posts", ask=_newest, draw=_posts)
    fill(
        app,
        PAGE,
        "compose",
        "Write",
        ask=_writing,
        draw=_composer,
        live=False,
        ignores=("tone", "author", "n", "sort", "show"),
    )
    fill(
        app,
        PAGE,
        "rooms",
        "Rooms",
        ask=_rooms,
        draw=_room_list,
        ignores=("tone", "author", "n", "sort", "show", "post"),
    )
    fill(app, PAGE, "tone", "Tone and price", ask=social.sentiment, draw=_tone, ignores=LIST_ONLY)
    fill(app, PAGE, "attention", "Attention", ask=_attended, draw=_attention, ignores=LIST_ONLY)


def note_reading(desk: Any) -> None:
    """Put on record that somebody who supervises read what others write in closed rooms."""
    if may_read(desk) and rooms.reads_of_others(desk):
        looked_at(desk.database, desk.identity, "feed", "rooms", what="posts")


def shown_of(text: str) -> int:
    """Return how many posts the address asks for, within bounds; the first page for what is no number."""
    return min(max(int(text), STEP), MOST) if text.isascii() and text.isdigit() and len(text) < 6 else STEP


def _newest(desk: Any) -> dict[str, Any]:
    state = desk.scope.extra
    which = {name: state.get(name) or None for name in ("author", "room", "about")}
    show = state.get("show") if state.get("show") in dict(SHOW) else None
    tone = state.get("tone") if state.get("tone") in TONES else None
    note_reading(desk)
    rows, total = feed.posts(desk, limit=shown_of(state.get("n", "")), tone=tone, show=show, **which)
    known = evidence.names(desk)
    return {
        "rows": rows.to_dicts(),
        "total": total,
        "tones": feed.tones(desk, show=show, **which),
        "symbols": {symbol.upper(): name for name, symbol in known["instrument"].items()},
        "names": known["person"],
        "follows": frozenset((one["kind"], one["id"]) for one in feed.follows(desk)),
        "rooms": {one["room_id"]: one["name"] for one in rooms.rooms(desk)} if which["room"] else {},
    }


def _posts(answer: dict[str, Any], view: View) -> Drawn:
    counts, tone, thread = answer["tones"], view.state("tone"), view.scope.post
    everything = sum(counts.values())
    options = [("", f"All {number(everything)}")]
    options += [(name, f"{name.capitalize()} {number(counts[name])}") for name in reversed(TONES)]
    tools = (segment("Tone", "tone", options, tone if tone in TONES else ""),)
    narrow = html.Div(
        [segment("Whose", "show", SHOW, view.state("show")), *_narrowed(answer, view)], className="facet pb-1"
    )
    total = answer["total"]
    if not total:
        held = any(view.state(name) for name in ("show", "tone", "author", "room", "about")) or thread
        why = (
            "No post fits what is chosen above."
            if held
            else "Nobody has posted, and no feed has been imported."
        )
        clear = html.Button("Show everything", type="button", className="btn btn-sm btn-outline-secondary",
                            **{"data-clear": "show,tone,author,room,about,post"})  # fmt: skip
        ways = (clear,) if held else (link_button("Import files", "/operations/pipeline"),)
        return nothing(view, "No posts here", why, *ways, tools=tools, legend=narrow)
    rows = answer["rows"]
    reader = Reader(
        view.role, answer["symbols"], answer["names"], answer["follows"], thread, view.scope.instrument
    )
    parts: list[Any] = [post_list(rows, reader)]
    order = "oldest first" if thread else "newest first"
    footer: list[Any] = [f"{number(len(rows))} of {plural(total, 'post')}, {order}"]
    if len(rows) < min(total, MOST):
        footer.append(
            html.Button(
                f"Show {number(min(STEP, total - len(rows)))} more",
                type="button",
                className="lk",
                **{"data-set": "n", "data-value": str(len(rows) + STEP)},
            )
        )
    return Drawn(
        parts, sub="a thread" if thread else None, tools=tools, legend=narrow, footer=footer, fit="flush"
    )


def _narrowed(answer: dict[str, Any], view: View) -> list[Any]:
    """Draw what the list is narrowed to beside the segments, each to be taken off."""
    found = []
    if author := view.state("author"):
        found.append(_held("author", f"by {answer['names'].get(author, author)}"))
    if room := view.state("room"):
        found.append(_held("room", f"in {answer['rooms'].get(room, room)}"))
    if about := view.state("about"):
        found.append(_held("about", f"about: {_words_of(about)}"))
    if view.scope.post:
        found.append(_held("post", "one thread"))
    return found


def _writing(desk: Any) -> dict[str, Any]:
    if desk.identity.role == "auditor":
        raise Forbidden("You read what is posted; an auditor changes nothing.")
    post = desk.scope.post
    return {"rooms": [one for one in rooms.rooms(desk) if one["closed_at"] is None],
            "answers": feed.one(desk, post) if post else None}  # fmt: skip


def _words_of(about: str) -> str:
    """Return what a thread is about, ``kind:id`` in the address, as words."""
    kind, _, name = about.partition(":")
    return f"{words(kind)} {short_id(name)}"


def _composer(answer: dict[str, Any], view: View) -> Drawn:
    about = [(view.state("about"), _words_of(view.state("about")))] if view.state("about") else []
    about += [(f"instrument:{one}", f"Instrument {one}") for one in view.scope.instrument[:3]]
    if view.scope.order:
        about.append((f"order:{view.scope.order}", f"Order {view.scope.order}"))
    about += [(f"account:{one}", f"Account {one}") for one in view.scope.account[:3]]
    if view.scope.alert and view.role == "compliance":
        about.append((f"alert:{view.scope.alert}", f"Alert {short_id(view.scope.alert)}"))
    body = composer(answer["rooms"], room=view.state("room") or None, about=about, answers=answer["answers"])
    return Drawn(body, sub="watched as every communication of the firm is", fit="pad")


def _rooms(desk: Any) -> dict[str, Any]:
    reads = desk.identity.role == "auditor"
    return {"rows": rooms.rooms(desk), "people": [] if reads else rooms.colleagues(desk),
            "desks": rooms.desks(desk), "follows": frozenset((one["kind"], one["id"]) for one in feed.follows(desk))}  # fmt: skip


def _room_list(answer: dict[str, Any], view: View) -> Drawn:
    parts = room_list(answer["rows"], chosen=view.state("room") or None, follows=answer["follows"], role=view.role,
                      people=answer["people"], desks=answer["desks"])  # fmt: skip
    if not parts:
        return nothing(view, "No rooms yet", "Whoever posts may open one.")
    foot = None if answer["rows"] else "No rooms yet: what is posted is read by everybody in the firm."
    return Drawn(
        parts, sub=plural(len(answer["rows"]), "room") if answer["rows"] else None, footer=foot, fit="pad"
    )


def _held(key: str, words: str) -> html.Button:
    return html.Button(
        [html.Span(words), icon("x"), html.Span("Remove", className="visually-hidden")],
        type="button",
        className="facet-v",
        **{"data-clear": key, "aria-pressed": "true"},
    )


def _tone(frame: Any, view: View) -> Drawn:
    return course(frame, view, most=90, height=250) or nothing(
        view, "No posts in this period", "No feed of posts has been imported."
    )


def _attended(desk: Any) -> tuple[Any, dict[str, str]]:
    return social.attention(desk), evidence.names(desk)["instrument"]


def _attention(answer: tuple[Any, dict[str, str]], view: View) -> Drawn:
    frame, symbols = answer
    rows = frame.to_dicts()
    if not rows:
        return nothing(view, "Nobody is talked about", "No post of this period names an instrument.")
    unusual = sum((known(row["z"]) or 0.0) >= UNUSUAL for row in rows)
    last = rows[0]["day"]
    footer = [
        f"against comparable days before; from z {UNUSUAL:.0f} it stands out",
        html.Span(f"{number(min(len(rows), LISTED))} of {number(len(rows))}", className="nowrap"),
    ]
    return Drawn(
        attention_table(rows[:LISTED], symbols=symbols, chosen=view.scope.instrument),
        sub=f"{plural(unusual, 'instrument')} above usual on {day(last)}",
        footer=footer,
        fit="flush",
    )
