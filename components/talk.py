"""The feed: a composer, posts with what may be done about them, rooms. Text is shown as text, never as markup."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from dash import html

from analytics.social.weighing import ABOUT
from analytics.social.wording import LONGEST
from analytics.social.wording import shown as visible
from components.casework import act_button, act_form, choose, enter, fold, submit, tick, write
from components.feed import tone_tag, with_cashtags
from components.formats import moment, number, percent, plural, short_id, since
from components.states import icon
from components.tables import link

Row = Mapping[str, Any]
POSTS, ROOMS, FOLLOWS = "/api/social/posts", "/api/social/rooms", "/api/social/follows"
SHORT = 700  # letters of a post in the list; its thread shows it whole
_WEIGHS = "Its tone weighs by this: how it is named, how early, beside how many others"
KINDS = {"firm": "whole firm", "desk": "desk", "members": "by list"}


def composer(
    rooms: Sequence[Row], *, room: str | None, about: Sequence[tuple[str, str]], answers: Row | None
) -> html.Div:
    """Draw where one writes.

    Args:
        rooms: Open rooms one may post in.
        room: The one the view is narrowed to.
        about: (kind:id, words) of what a thread may be attached to, the first one chosen.
        answers: The post that is answered: the answer stands where it stands.
    """
    asks = "Your answer" if answers is not None else "What is on your mind"
    parts: list[Any] = [
        write("text", asks, rows=3, hint="$SYMBOL names an instrument. Shown as plain text."),
        html.Div(
            f"At most {number(LONGEST)} characters",
            className="preview t12 t3",
            role="status",
            **{"data-preview": ""},
        ),
    ]
    fixed: dict[str, str] = {}
    if answers is not None:
        fixed["in_reply_to"] = str(answers["post_id"])
    else:
        fields: list[Any] = []
        if rooms:
            known = [("", "Everybody in the firm"), *((row["room_id"], str(row["name"])) for row in rooms)]
            first = [pair for pair in known if pair[0] == room]
            fields.append(
                choose(
                    "room_id", "Who reads it", [*first, *(p for p in known if p not in first)], needed=False
                )
            )
        if about:
            fields.append(choose("about", "About", [*about, ("", "Nothing in particular")], needed=False))
        if fields:
            parts.append(html.Div(fields, className="fields"))
    parts.append(
        html.Div([submit("Answer" if answers is not None else "Post", mark="send")], className="form-acts")
    )
    key = "|".join([str(room), str(about), str(fixed)])
    return html.Div(act_form(POSTS, *parts, fixed=fixed, done="Posted{note}", key=key), className="composer")


@dataclass(frozen=True)
class Reader:
    """Who reads, and what is known to draw for him."""

    role: str
    symbols: Mapping[str, str]  # symbol in capitals to instrument id
    names: Mapping[str, str]  # person id to name
    follows: frozenset[tuple[str, str]]  # (kind, id)
    thread: str | None = None  # the post whose thread this is: then everything about a post can be done here
    chosen: tuple[str, ...] = ()  # instruments the view is narrowed to


def post_list(rows: Sequence[Row], reader: Reader) -> html.Ol:
    """Draw posts: columns of ``app.queries.feed.posts``."""
    return html.Ol([_post(row, reader) for row in rows], className="posts talk")


def _post(row: Row, reader: Reader) -> html.Li:
    thread = reader.thread
    who = str(row["author_id"])
    author = visible(str(row["author"] or reader.names.get(who) or who))
    text = visible(str(row["text"]))
    cut = thread is None and len(text) > SHORT
    said = with_cashtags(text[: SHORT - 1] + "…" if cut else text, reader.symbols)
    named = {part.to_plotly_json()["props"]["data-value"] for part in said if not isinstance(part, str)}
    head: list[Any] = [
        html.Button(author, type="button", className="lk", title="Only posts of this author",
                    **{"data-set": "author", "data-value": who}),
    ]  # fmt: skip
    if row["room_id"]:
        head.append(_chip(str(row["room"]), "room", str(row["room_id"]), "people"))
    if row["context_kind"]:
        head.append(_about(str(row["context_kind"]), str(row["context_id"])))
    if row["origin"] == "imported":
        head.append(html.Span("imported", className="tag line"))
    if row["version"] and row["version"] > 1:
        head.append(html.Span("edited", className="t11 t3", title=f"{moment(row['edited_at'])} UTC"))
    parts: list[Any] = [
        html.Span(_initials(author), className="qd-avatar", **{"aria-hidden": "true"}),
        html.Div(head, className="by"),
        html.Span(since(row["transact_time"]), className="at", title=f"{moment(row['transact_time'])} UTC"),
    ]
    if row["hidden"]:
        why = f"Hidden from its readers: {row['hidden_reason']}"
        parts.append(html.Div([icon("eye-slash"), " ", why], className="taken t12"))
    parts += [
        html.Div(said, className="body", dir="auto"),
        html.Div(_marks(row, named, reader, whole=not cut), className="marks"),
    ]
    if thread is not None:
        parts.append(_acts(row, reader.role))
    look = " ".join(
        [
            "post",
            *(["hidden-post"] if row["hidden"] else []),
            *(["chosen"] if row["post_id"] == thread else []),
        ]
    )
    return html.Li(parts, className=look, tabIndex="0", **{"data-post-id": str(row["post_id"])})


def _share(row: Row, chosen: Sequence[str]) -> list[Any]:
    """Draw how much a post is about the instruments the view is narrowed to: it is why it counts little or much there."""
    pairs = zip(row["instrument_ids"] or [], row["relevance"] or [], strict=True)
    return [
        html.Span(
            f"{percent(value)} about {one}",
            className="tag line",
            title=_WEIGHS if value >= ABOUT else "Named among many: its tone does not count for it",
        )
        for one, value in pairs
        if one in chosen
    ][:4]


def _marks(row: Row, named: set[Any], reader: Reader, *, whole: bool) -> list[Any]:
    marks: list[Any] = [tone_tag(row["sentiment"], row["tone"]), *_share(row, reader.chosen)]
    marks += [
        html.Button(str(one), type="button", className="tag line", title="Narrow the view to this instrument",
                    **{"data-toggle-context": "instrument", "data-value": str(one)})
        for one in (row["instrument_ids"] or [])[:4]
        if one not in named and one not in reader.chosen
    ]  # fmt: skip
    if (row["likes"] or 0) > 0:
        marks.append(html.Span([icon("heart"), number(row["likes"])], className="tag line", title="Likes"))
    if reader.thread is None:
        words = "Read it whole" if not whole else "Answer in its thread" if row["in_reply_to"] else "Thread"
        marks.append(html.Button([icon("reply"), words], type="button", className="lk",
                                 **{"data-set": "post", "data-value": str(row["post_id"])}))  # fmt: skip
    if reader.thread is not None and reader.role != "auditor" and not row["may_edit"]:
        held = ("author", str(row["author_id"])) in reader.follows
        place = f"{FOLLOWS}/remove" if held else FOLLOWS
        fixed = {"kind": "author", "id": str(row["author_id"])}
        marks.append(
            act_button("Follow no more" if held else "Follow", place, fixed=fixed, mark="bell",
                       done="Not followed any more" if held else "Followed")
        )  # fmt: skip
    return [mark for mark in marks if mark is not None]


def _acts(row: Row, role: str) -> html.Div:
    """Draw what may be done about a post: its author edits, compliance hides and shows again."""
    place = f"{POSTS}/{quote(str(row['post_id']), safe='')}"
    acts: list[Any] = []
    if row["may_edit"]:
        form = act_form(f"{place}/edit", write("text", "Other words", rows=3, held=str(row["text"])),
                        submit("Save", mark="check2"), done="Saved{note}", key=f"{row['post_id']}.{row['version']}")  # fmt: skip
        acts.append(fold(f"edit-{row['post_id']}", "Edit", form))
    if role == "compliance" and row["origin"] == "own" and not row["may_edit"]:
        why = "At least 10 characters; auditors read it"
        if row["hidden"]:
            form = act_form(f"{place}/restore", write("reason", "Why it may be read again", rows=2, hint=why),
                            submit("Show again", mark="eye"), done="Shown again")  # fmt: skip
            acts.append(fold(f"restore-{row['post_id']}", "Show again", form))
        else:
            form = act_form(f"{place}/hide", write("reason", "Why nobody may read it", rows=2, hint=why),
                            submit("Hide", mark="eye-slash"), done="Hidden")  # fmt: skip
            acts.append(fold(f"hide-{row['post_id']}", "Hide", form))
    return html.Div(acts, className="item-acts")


def room_list(
    rows: Sequence[Row], *, chosen: str | None, follows: frozenset[tuple[str, str]], role: str, people: Sequence[Row],
    desks: Sequence[str],
) -> list[Any]:  # fmt: skip
    """Draw the rooms one may read, what may be done about the chosen one, and the form that opens another."""
    items = [
        html.Li(
            [
                html.Button(str(row["name"]), type="button", className="lk", title=row["purpose"] or None,
                            **{"data-set": "room", "data-value": row["room_id"],
                               "aria-pressed": "true" if row["room_id"] == chosen else "false"}),
                html.Span(row["desk"] if row["kind"] == "desk" else KINDS[row["kind"]], className="tag line"),
                html.Span("closed", className="tag") if row["closed_at"] else None,
                html.Span(plural(row["posts"], "post"), className="t11 t3 num push"),
            ],
            className="room",
        )
        for row in rows
    ]  # fmt: skip
    parts: list[Any] = [html.Ul(items, className="rooms list-unstyled mb-0")] if items else []
    here = next((row for row in rows if row["room_id"] == chosen), None)
    if here is not None and role != "auditor":
        parts.append(_room_acts(here, follows, people))
    if role != "auditor":
        parts.append(fold("open-room", "Open a room", _opening(role, people, desks)))
    return parts


def _room_acts(room: Row, follows: frozenset[tuple[str, str]], people: Sequence[Row]) -> html.Div:
    held = ("room", str(room["room_id"])) in follows
    acts: list[Any] = [
        act_button("Follow no more" if held else "Follow this room", f"{FOLLOWS}/remove" if held else FOLLOWS,
                   fixed={"kind": "room", "id": room["room_id"]}, mark="bell", done="Done"),
    ]  # fmt: skip
    if room["may_change"]:
        acts.append(
            act_button("Close the room", f"{ROOMS}/{room['room_id']}/close", done="Closed", mark="lock")
        )
    parts: list[Any] = [html.Div(acts, className="form-acts")]
    if room["purpose"]:
        parts.insert(0, html.P(str(room["purpose"]), className="t12 t2 mb-2"))
    if room["kind"] == "members":
        listed = {one["user_id"] for one in room["members"]}
        if room["may_change"]:
            ticks = [
                tick("members", one["name"], on=one["user_id"] in listed, of=one["user_id"]) for one in people
            ]
            form = act_form(f"{ROOMS}/{room['room_id']}/members", html.Div(ticks, className="scroll-items"),
                            submit("Save the list"), done="Saved", key=str(sorted(listed)))  # fmt: skip
            parts.append(fold("members", f"On its list: {number(len(listed))}", form))
        else:
            parts.append(html.P(", ".join(one["name"] for one in room["members"]), className="t12 t2 mb-0"))
    return html.Div(parts, className="room-acts")


def _opening(role: str, people: Sequence[Row], desks: Sequence[str]) -> html.Form:
    kinds = [("members", "Those on its list"), *([("desk", "Everybody who may see a desk")] if desks else [])]
    if role in {"risk", "compliance"}:
        kinds.append(("firm", "The whole firm"))
    fields = [enter("name", "Name", maxLength=80), choose("kind", "Who reads it", kinds)]
    if desks:
        fields.append(
            choose(
                "desk",
                "Desk, for a desk's room",
                [("", "None"), *((one, one) for one in desks)],
                needed=False,
            )
        )
    ticks = [tick("members", one["name"], of=one["user_id"]) for one in people]
    return act_form(
        ROOMS,
        html.Div(fields, className="fields"),
        enter("purpose", "What it is for", needed=False, maxLength=400),
        fold("room-list", "Who is on its list, beside you", html.Div(ticks, className="scroll-items")),
        submit("Open it", mark="plus-lg"),
        done="{name} is open",
    )


def _about(kind: str, name: str) -> Any:
    """Draw what a thread is about, as the way to its page with its context set."""
    safe = quote(name, safe="")
    href = {
        "instrument": f"/social/sentiment?instrument={safe}", "order": f"/trading/orders/{safe}",
        "account": f"/portfolio/positions?account={safe}", "alert": f"/compliance/alerts/{safe}",
    }[kind]  # fmt: skip
    return html.Span(
        [html.Span(f"on {kind}", className="t3"), " ", link(short_id(name), href, mono=True, carry=False)],
        className="t12",
    )


def _chip(words: str, key: str, value: str, mark: str) -> html.Button:
    return html.Button([icon(mark), words], type="button", className="tag line", title="Only this room",
                       **{"data-set": key, "data-value": value})  # fmt: skip


def _initials(author: str) -> str:
    return "".join(part[0] for part in author.replace("_", " ").split()[:2]).upper() or "?"
