"""Ideas: lists, one idea with its proof, the leaderboard with its intervals."""

from collections.abc import Mapping, Sequence
from typing import Any

from dash import html

from components.formats import (
    clock,
    day,
    known,
    moment,
    number,
    percent,
    plural,
    price,
    probability,
    words,
)
from components.interval import interval
from components.links import leads_somewhere
from components.states import icon
from components.tables import column, facts, grid, link, table

GRID = "ideas-list"
SIGNED = {"valueFormatter": {"function": "qdPercent(params.value, true)"}}
# State to what people read: icon, tone, words.
STATES = {
    "waiting": ("hourglass-split", "", "Waits for a close"),
    "running": ("play-circle", "acc", "Running"),
    "target": ("bullseye", "ok", "Target reached"),
    "stop": ("x-octagon", "crit", "Stopped"),
    "expired": ("calendar-check", "", "Expired"),
    "void": ("slash-circle", "", "Void"),
}
_WHY = {
    "waiting": "No close since it was sealed.",
    "void": "At its entry the price was already beyond target or stop: nothing to trade.",
}


def state_tag(row: Mapping[str, Any]) -> html.Span:
    """Draw how an idea stands: icon and word."""
    shape, tone, said = STATES.get(str(row["state"]), ("question-circle", "", words(str(row["state"]))))
    return html.Span([icon(shape), said], className=f"tag {tone}".strip(), title=_WHY.get(str(row["state"])))


def direction_tag(row: Mapping[str, Any]) -> html.Span:
    """Draw which way an author looks."""
    rises = row["direction"] == "long"
    shape = "arrow-up-right" if rises else "arrow-down-right"
    return html.Span([icon(shape), row["direction"]], className=f"tag {'up' if rises else 'down'}")


def ideas_grid(rows: Sequence[Mapping[str, Any]], *, own: bool = False) -> html.Div:
    """Draw ideas; a click on one opens it beside. ``own`` leaves out whose they are."""
    columns = [
        column("posted_at", "Put forward", "minute", width=130),
        column("symbol", "Instrument", "mono", width=86),
        column("direction", "Way", "words", width=60),
        *([] if own else [column("author_name", "Author")]),
        column("probability", "Stated", "percent", width=68),
        column("state", "State", "words", width=86),
        column("net", "Net", "percent", width=70, cellRenderer="QdSigned", **SIGNED),
        column("ends", "Ended", "date", width=100),
    ]
    shown = [
        {name: row[name] for name in ("posted_at", "direction", "author_name", "probability", "state", "net")}
        | {
            "symbol": row["symbol"] or row["instrument_id"],
            "ends": row["exit_date"] if row["won"] is not None else None,
            "_set": {"idea": row["idea_id"]},
        }
        for row in rows
    ]
    height = 32 + 30 * max(3, min(len(shown), 16)) + 2
    return grid(GRID, columns, height=height, rows=shown, opens=True, label="Ideas")


def idea_body(row: Mapping[str, Any]) -> html.Div:
    """Draw what an idea says, what came of it and its marks."""
    name = row["symbol"] or row["instrument_id"]
    instrument = html.Button(
        name,
        type="button",
        className="cashtag",
        title="Narrow the view to this instrument",
        **{"data-toggle-context": "instrument", "data-value": row["instrument_id"]},
    )
    marks = [instrument, direction_tag(row), state_tag(row), _seal_tag(row)]
    if row["retracted_at"]:
        marks.append(html.Span([icon("arrow-counterclockwise"), "Taken back"], className="tag med"))
    if row["hidden"]:
        marks.append(html.Span([icon("eye-slash"), "Hidden"], className="tag med"))
    thesis: Any = html.P(row["thesis"], className="thesis")
    if row["thesis"] is None:
        thesis = html.P(
            "Compliance has hidden the words of this idea. It counts all the same.", className="t2"
        )
    return html.Div([html.Div(marks, className="marks"), thesis, facts(_facts(row))], className="idea")


def _facts(row: Mapping[str, Any]) -> list[tuple[str, Any]]:
    by = link(row["author_name"], f"/social/authors/{row['author_id']}")
    pairs: list[tuple[str, Any]] = [
        ("By", by),
        ("Put forward", f"{moment(row['posted_at'])} UTC"),
        ("Sealed", f"{moment(row['sealed_at'])} UTC"),
        ("Target", price(row["target"])),
        ("Stop", price(row["stop"])),
        ("Horizon", plural(row["horizon"], "session")),
        ("Stated chance", percent(row["probability"])),
    ]
    if known(row["entry"]) is not None:
        pairs.append(("Entered", [price(row["entry"]), f" at the close of {day(row['entry_date'])}"]))
        end = "Ended" if row["won"] is not None else "Last close"
        pairs.append((end, [price(row["exit"]), f" on {day(row['exit_date'])}"]))
        pairs.append(("Net of costs", signed(row["net"])))
    if known(row["brier"]) is not None:
        pairs.append(("Brier", number(row["brier"], 3)))
    if row["versions"] > 1:
        pairs.append(("Changed", f"{plural(row['versions'] - 1, 'time')} before it was sealed"))
    if row["retracted_why"]:
        pairs.append(("Taken back", f"{moment(row['retracted_at'])}: {row['retracted_why']}"))
    if row["hidden_why"]:
        pairs.append(("Hidden because", row["hidden_why"]))
    place = leads_somewhere(row["context"])
    if place is not None:
        pairs.append(("Rests on", link("Open the page it rests on", place, carry=False)))
    return pairs


def signed(value: Any) -> html.Span:
    """Draw a fraction with its sign and colour."""
    found = known(value)
    tone = "" if found is None or found == 0 else "up" if found > 0 else "down"
    return html.Span(percent(value, plus=True), className=f"num {tone}".strip())


def _seal_tag(row: Mapping[str, Any], *, short: bool = False) -> html.Span:
    if not row["sealed"] and row["retracted_at"]:
        return html.Span([icon("lock"), f"Sealed at {clock(row['sealed_at'])} UTC"], className="tag")
    if not row["sealed"]:
        until = f"until {clock(row['sealed_at'])} UTC"
        return html.Span([icon("pencil"), f"Open to change {until}"], className="tag acc")
    entry = row["seal_entry"]
    said = "Sealed" if entry is None else f"{'Entry' if short else 'Sealed, entry'} {number(entry)}"
    why = (
        "Its link of the chain is an entry of the audit trail."
        if entry is not None
        else "The link follows within a minute."
    )
    return html.Span([icon("lock"), said], className="tag", title=why)


def proof_list(checks: Sequence[tuple[str, bool, str]], *, link_of: Mapping[str, Any]) -> html.Div:
    """Draw what a verification found: each check, and the link of the chain."""
    names = {"entries": "The trail", "anchor": "The anchor", "rows": "The idea"}
    rows = [
        html.Li(
            [
                icon("check-circle" if holds else "x-octagon", "ok" if holds else "crit"),
                html.Span(f"{names.get(name, name)}: {said}"),
            ]
        )
        for name, holds, said in checks
    ]
    pairs = [("Link", link_of["hash"]), ("Follows", link_of["previous"])]
    chain = [
        html.Div(
            [
                html.Span(f"{name} ", className="t2"),
                html.Span(value[:16] + "…", className="mono", title=value),
            ]
        )
        for name, value in pairs
        if value
    ]
    return html.Div([html.Ul(rows, className="proof"), *chain], className="t12")


# --- leaderboard -----------------------------------------------------------------------------------
def board_table(rows: Sequence[Mapping[str, Any]], *, meant: str = "") -> html.Div:
    """Draw ranked authors: no rank without its interval and the mark of what luck reaches; ``meant`` is an author."""
    ends = [
        value for row in rows for name in ("low", "high", "band") if (value := known(row[name])) is not None
    ]
    reach = max((abs(value) for value in ends), default=1.0)
    return table(
        ["#", "Author", "Ratio of a day, 95%", "Ratio", "PSR", "Beyond luck", "Net an idea", "Drawn in", "Hits", "Brier", "Against own rate", "Days", "Ideas"],
        [_board_row(row, reach) for row in rows],
        numeric=(0, 3, 4, 6, 7, 8, 9, 10, 11, 12),
        meant=_places(rows, meant),
        label="Leaderboard",
    )  # fmt: skip


def _board_row(row: Mapping[str, Any], reach: float) -> list[Any]:
    said = f"{number(row['ratio'], 2, plus=True)}, {number(row['low'], 2, plus=True)} to {number(row['high'], 2, plus=True)}"
    bar = interval(
        row["low"], row["ratio"], row["high"],
        words=f"{row['author_name']}: ratio {said}; luck reaches {number(row['band'], 2)}",
        tone="up" if row["beyond_luck"] else "acc", reach=reach,
    )  # fmt: skip
    return [
        number(row["rank"]),
        author_link(row),
        html.Div([bar, _luck_mark(row["band"], reach)], className="ival-luck", title=said),
        html.Span(number(row["ratio"], 2, plus=True), title=said),
        probability(row["skill"]),
        luck_tag(row),
        signed(row["mean"]),
        signed(row["shrunk"]),
        percent(row["hit_rate"]),
        number(row["brier"], 3),
        number(row["brier_skill"], 2, plus=True),
        number(row["days"]),
        number(row["ideas"]),
    ]


def _luck_mark(value: Any, reach: float) -> html.I | None:
    found = known(value)
    if found is None:
        return None
    room = 2 * reach * 0.12
    place = (found + reach + room) / (2 * reach + 2 * room) * 100
    return html.I(
        className="luck", style={"left": f"{min(max(place, 0.0), 100.0):.1f}%"}, **{"aria-hidden": "true"}
    )


def luck_tag(row: Mapping[str, Any]) -> html.Span:
    """Draw whether a record is beyond what luck reaches."""
    if row["beyond_luck"]:
        return html.Span([icon("check-circle"), "Beyond luck"], className="tag ok")
    return html.Span("Within luck", className="tag", title="A coin flipper of this league reaches as much.")


def apart_table(rows: Sequence[Mapping[str, Any]], *, meant: str = "") -> html.Div:
    """Draw authors who are not ranked, with why; ``meant`` is one of them."""
    return table(
        ["Author", "Days", "Ideas", "Open", "Hits", "Net an idea", "Why not ranked"],
        [
            [
                author_link(row), number(row["days"]), number(row["ideas"]), number(row["open"]),
                percent(row["hit_rate"]), signed(row["mean"]), row["reason"],
            ]
            for row in rows
        ],
        numeric=(1, 2, 3, 4, 5),
        wrap=(6,),
        meant=_places(rows, meant),
        label="Authors not ranked",
    )  # fmt: skip


def _places(rows: Sequence[Mapping[str, Any]], author: str) -> list[int]:
    return [place for place, row in enumerate(rows) if row["author_id"] == author]


def author_link(row: Mapping[str, Any]) -> Any:
    """Draw an author's name as the way to his record."""
    return link(row["author_name"] or row["author_id"], f"/social/authors/{row['author_id']}")


def needed_table(band: Mapping[str, Any]) -> html.Div:
    """Draw after how many days an author of a skill stands above the band."""
    return table(
        ["Information coefficient", "Ideas a day", "Ratio of a day", "Days needed"],
        [
            [number(row["ic"], 2), number(row["ideas_a_day"]), number(row["ratio"], 2), number(row["days"])]
            for row in band["needed"]
        ],
        numeric=(0, 1, 2, 3),
        label="Record needed",
    )


def ideas_table(rows: Sequence[Mapping[str, Any]]) -> html.Div:
    """Draw an author's ideas, the newest first, each with the way to it."""
    return table(
        ["Put forward", "Instrument", "Way", "Stated", "Target", "Stop", "State", "Net", "Brier", "Seal"],
        [
            [
                html.Span(
                    link(moment(row["posted_at"]), f"/social/ideas?idea={row['idea_id']}", carry=False),
                    className="nowrap",
                ),
                row["symbol"] or row["instrument_id"],
                direction_tag(row),
                percent(row["probability"]),
                price(row["target"]),
                price(row["stop"]),
                state_tag(row),
                signed(row["net"]),
                number(row["brier"], 3),
                _seal_tag(row, short=True),
            ]
            for row in rows[:200]
        ],
        numeric=(3, 4, 5, 7, 8),
        label="Ideas of the author",
    )
