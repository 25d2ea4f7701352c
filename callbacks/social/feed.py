"""Wires pages/social/feed.py."""

from typing import Any

from dash import Dash, html

from app.queries import evidence, social
from callbacks._fill import Drawn, View, fill, nothing
from components.attention import UNUSUAL, attention_table
from components.cards import legend, segment
from components.charts.tone_course import tone_course
from components.feed import posts
from components.formats import day, known, number, plural
from components.states import icon, link_button
from components.tables import table

PAGE = "social-feed"
STEP = 25  # posts that "Show more" adds
MOST = 500
LISTED = 14  # instruments of the attention table
TONES = ("negative", "neutral", "positive")
LIST_ONLY = ("tone", "author", "n", "sort")


def register(app: Dash) -> None:
    """Attach this page's callbacks to ``app``."""
    fill(app, PAGE, "posts", "Posts", ask=_newest, draw=_posts)
    fill(app, PAGE, "tone", "Tone and price", ask=social.sentiment, draw=_tone, ignores=LIST_ONLY)
    fill(app, PAGE, "attention", "Attention", ask=_attended, draw=_attention, ignores=LIST_ONLY)


def shown_of(text: str) -> int:
    """Return how many posts the address asks for, within bounds; the first page for what is no number."""
    return min(max(int(text), STEP), MOST) if text.isascii() and text.isdigit() and len(text) < 6 else STEP


def _newest(desk: Any) -> dict[str, Any]:
    state = desk.scope.extra
    tone = state.get("tone") if state.get("tone") in TONES else None
    author = state.get("author") or None
    rows, total = social.posts(desk, limit=shown_of(state.get("n", "")), tone=tone, author=author)
    symbols = {symbol.upper(): name for name, symbol in evidence.names(desk)["instrument"].items()}
    return {
        "rows": rows,
        "total": total,
        "tones": social.tones(desk, author=author),
        "symbols": symbols,
        "author": author,
        "post": desk.scope.post,
    }


def _posts(answer: dict[str, Any], view: View) -> Drawn:
    counts, tone = answer["tones"], view.state("tone")
    everything = sum(counts.values())
    options = [("", f"All {number(everything)}")]
    options += [(name, f"{name.capitalize()} {number(counts[name])}") for name in reversed(TONES)]
    tools = (segment("Tone", "tone", options, tone if tone in TONES else ""),)
    held = []
    if answer["author"]:
        held.append(_held("author", f"by {answer['author']}"))
    if answer["post"]:
        held.append(_held("post", "one post"))
    narrow = html.Div(held, className="facet pb-1") if held else None
    total = answer["total"]
    if not total:
        return nothing(
            view,
            "No posts here",
            "No post fits what is chosen above."
            if everything or held
            else "No feed of posts has been imported.",
            link_button("Import files", "/operations/pipeline"),
            tools=tools,
            legend=narrow,
        )
    rows = answer["rows"].to_dicts()
    parts: list[Any] = [posts(rows, symbols=answer["symbols"])]
    footer: list[Any] = [f"{number(len(rows))} of {plural(total, 'post')}, newest first"]
    if len(rows) < min(total, MOST):
        footer.append(
            html.Button(
                f"Show {number(min(STEP, total - len(rows)))} more",
                type="button",
                className="lk",
                **{"data-set": "n", "data-value": str(len(rows) + STEP)},
            )
        )
    return Drawn(parts, tools=tools, legend=narrow, footer=footer, fit="flush")


def _held(key: str, words: str) -> html.Button:
    return html.Button(
        [html.Span(words), icon("x"), html.Span("Remove", className="visually-hidden")],
        type="button",
        className="facet-v",
        **{"data-clear": key, "aria-pressed": "true"},
    )


def _tone(frame: Any, view: View) -> Drawn:
    days = frame.to_dicts()
    rows = [row for row in days if row["posts"]][-90:]
    if not rows:
        return nothing(view, "No posts in this period", "No feed of posts has been imported.")
    line = [row for row in days if row["price"] is not None and row["day"] >= rows[0]["day"]]
    one = view.scope.instrument[0] if len(view.scope.instrument) == 1 else None
    price = f"Close of {one}" if one else "All instruments, first day 100"
    keys = legend(
        ("ln", "acc", price), ("sq", "t3", "Posts"), ("sq", "up", "Positive tone"), ("sq", "down", "Negative")
    )
    shown = [
        [day(row["day"]), row["posts"], number(row["sentiment"], 2, plus=True), number(row["price"], 2)]
        for row in reversed(rows)
    ]
    return Drawn(
        tone_course(rows, look=view.look, height=250, prices=line, price_label=price),
        sub="by day",
        legend=keys,
        as_table=table(["Day", "Posts", "Tone", "Price"], shown, numeric=(1, 2, 3), label="Tone and price"),
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
