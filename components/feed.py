"""Posts: who said what, when, about what, in which tone."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from dash import html

from analytics.social.wording import shown as visible
from components.formats import known, moment, number, since
from components.states import icon

_CASHTAG = re.compile(r"(\$[A-Za-z][A-Za-z0-9]{0,5}(?:\.[A-Za-z]{1,2})?)(?![A-Za-z0-9])")


def posts(
    rows: Sequence[Mapping[str, Any]], *, short: bool = False, symbols: Mapping[str, str] | None = None
) -> html.Ol:
    """Draw posts; text is shown as it was written, never as markup.

    Args:
        rows: Columns of ``app.queries.social.posts``.
        short: Cut long texts.
        symbols: Symbol in capitals to instrument id: cashtags in the text become chips that narrow the
            view, authors too.
    """
    return html.Ol([_post(row, short=short, symbols=symbols) for row in rows], className="posts")


def with_cashtags(text: str, symbols: Mapping[str, str]) -> list[Any]:
    """Return a text in parts: cashtags of known instruments as buttons, all else as plain text."""
    parts: list[Any] = []
    for part in _CASHTAG.split(text):
        instrument = symbols.get(part[1:].upper()) if part.startswith("$") else None
        if instrument is None:
            parts.append(part)
        else:
            parts.append(
                html.Button(
                    part,
                    type="button",
                    className="cashtag",
                    title="Narrow the view to this instrument",
                    **{"data-toggle-context": "instrument", "data-value": instrument},
                )
            )
    return [part for part in parts if part != ""]


def tone_tag(value: Any, called: str | None = None) -> html.Span | None:
    """Draw a tone: sign, shape and number.

    Args:
        value: -1 to 1.
        called: What a post counts as (negative, neutral, positive), which then says the colour; a mean has none.
    """
    tone = known(value)
    if tone is None:
        return None
    name = "up" if tone > 0.05 else "down" if tone < -0.05 else ""
    if called is not None:
        name = {"positive": "up", "negative": "down"}.get(called, "")
    shape = {"up": "caret-up-fill", "down": "caret-down-fill"}.get(name, "dash")
    return html.Span(
        [icon(shape), number(tone, 2, plus=True)],
        className=f"tag {name}",
        title="Tone, -1 to 1" + (f": counts as {called}" if called else ""),
    )


def _post(row: Mapping[str, Any], *, short: bool, symbols: Mapping[str, str] | None = None) -> html.Li:
    author = visible(str(row.get("author") or row.get("author_name") or row["author_id"]))
    initials = "".join(part[0] for part in author.replace("_", " ").split()[:2]).upper() or "?"
    at = row["transact_time"]
    text = visible(str(row["text"]))
    said: Any = text if not short or len(text) <= 140 else text[:139] + "…"
    shown = set()
    by: Any = html.Span(author, className="by")
    if symbols is not None:
        said = with_cashtags(text, symbols)
        shown = {part.to_plotly_json()["props"]["data-value"] for part in said if not isinstance(part, str)}
        by = html.Span(
            html.Button(
                author,
                type="button",
                className="lk",
                title="Only posts of this author",
                **{"data-set": "author", "data-value": str(row["author_id"])},
            ),
            className="by",
        )
    marks: list[Any] = [tone_tag(row.get("sentiment"), row.get("tone"))]
    marks.extend(
        html.Button(
            str(instrument),
            type="button",
            className="tag line",
            title="Narrow the view to this instrument",
            **{"data-toggle-context": "instrument", "data-value": str(instrument)},
        )
        for instrument in (row.get("instrument_ids") or [])[:4]
        if instrument not in shown
    )
    if symbols is not None:
        likes = int(row.get("likes") or 0)
        marks.append(
            html.Span([icon("heart"), number(likes)], className="tag line", title="Likes") if likes else None
        )
        marks.append(
            html.Span([icon("reply"), "reply"], className="tag line") if row.get("in_reply_to") else None
        )
    return html.Li(
        [
            html.Span(initials, className="qd-avatar", **{"aria-hidden": "true"}),
            by,
            html.Span(since(at), className="at", title=f"{moment(at)} UTC"),
            html.Div(said, className="body", dir="auto"),
            html.Div([mark for mark in marks if mark is not None], className="marks"),
        ],
        className="post",
    )
