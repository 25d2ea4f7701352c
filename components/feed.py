"""Posts: who said what, when, about what, in which tone."""

from collections.abc import Mapping, Sequence
from typing import Any

from dash import html

from components.formats import known, moment, number, since
from components.states import icon


def posts(rows: Sequence[Mapping[str, Any]], *, short: bool = False) -> html.Ol:
    """Draw posts; text is shown as it was written, never as markup."""
    return html.Ol([_post(row, short=short) for row in rows], className="posts")


def tone_tag(value: Any) -> html.Span | None:
    """Draw the tone of a post: sign, shape and number."""
    tone = known(value)
    if tone is None:
        return None
    name = "up" if tone > 0.05 else "down" if tone < -0.05 else ""
    shape = {"up": "caret-up-fill", "down": "caret-down-fill"}.get(name, "dash")
    return html.Span(
        [icon(shape), number(tone, 2, plus=True)], className=f"tag {name}", title="Tone, -1 to 1"
    )


def _post(row: Mapping[str, Any], *, short: bool) -> html.Li:
    author = str(row.get("author") or row.get("author_name") or row["author_id"])
    initials = "".join(part[0] for part in author.replace("_", " ").split()[:2]).upper() or "?"
    at = row["transact_time"]
    text = str(row["text"])
    marks: list[Any] = [tone_tag(row.get("sentiment"))]
    marks.extend(
        html.Button(
            str(instrument),
            type="button",
            className="tag line",
            title="Narrow the view to this instrument",
            **{"data-toggle-context": "instrument", "data-value": str(instrument)},
        )
        for instrument in (row.get("instrument_ids") or [])[:4]
    )
    return html.Li(
        [
            html.Span(initials, className="qd-avatar", **{"aria-hidden": "true"}),
            html.Span(author, className="by"),
            html.Span(since(at), className="at", title=moment(at)),
            html.Div(text if not short or len(text) <= 140 else text[:139] + "…", className="body"),
            html.Div([mark for mark in marks if mark is not None], className="marks"),
        ],
        className="post",
    )
