"""Talk in tables: instruments, days on which talk burst, who follows whom, who posts together."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from dash import html

from analytics.social.wording import shown as visible
from components.feed import tone_tag
from components.formats import MISSING, day, moment, number, percent
from components.interval import interval
from components.states import icon
from components.tables import link, table

Row = Mapping[str, Any]


def pick(name: str, words: str, chosen: Sequence[str]) -> html.Button:
    """Draw an instrument that narrows the view to itself."""
    return html.Button(
        words,
        type="button",
        className="lk",
        title="Narrow the view to this instrument",
        **{
            "data-toggle-context": "instrument",
            "data-value": name,
            "aria-pressed": "true" if name in chosen else "false",
        },
    )


_ABOUT = (
    "How much its posts are about it: 100% named by cashtag alone at the start; less by name, late, or beside others. "
    "The tone weighs posts by this and by how sure the tone is."
)


def instruments_table(rows: Sequence[Row], *, symbols: Mapping[str, str], chosen: Sequence[str]) -> html.Div:
    """Draw ``talk.by_instrument``: tone with its interval beside the change of price."""
    cells = []
    for row in rows:
        words = "Tone and 95% interval against zero"
        bar = interval(row["low"], row["sentiment"], row["high"], words=words, reach=1.0)
        cells.append(
            [
                pick(row["instrument_id"], symbols.get(row["instrument_id"], row["instrument_id"]), chosen),
                number(row["posts"]),
                number(row["authors"]),
                html.Span(percent(row["relevance"]), title=_ABOUT),
                tone_tag(row["sentiment"]) or html.Span(MISSING, title="No post of a known tone"),
                bar or html.Span(MISSING, title="No post of a known tone"),
                percent(row["change"], plus=True),
            ]
        )
    heads = ["Instrument", "Posts", "Authors", "About it", "Tone", "With interval", "Price"]
    return table(heads, cells, numeric=(1, 2, 3, 6), label="Instruments talked about")


def bursts_table(rows: Sequence[Row], *, symbols: Mapping[str, str], chosen: Sequence[str]) -> html.Div:
    """Draw ``talk.bursts``: days of much talk with the returns around them."""
    cells = [
        [
            _day(row),
            pick(row["instrument_id"], symbols.get(row["instrument_id"], row["instrument_id"]), chosen),
            f"{number(row['mentions'])}, usual {number(row['usual'], 1)}",
            number(row["z"], 1, plus=True),
            number(row["authors"]),
            tone_tag(row["sentiment"]) or html.Span(MISSING, title="No post of the day has a known tone"),
            percent(row["before"], plus=True),
            percent(row["same"], plus=True),
            percent(row["after"], plus=True),
        ]
        for row in rows
    ]
    heads = [
        "Day",
        "Instrument",
        "Posts",
        "z-score",
        "Authors",
        "Tone",
        "Session before",
        "That session",
        "Next",
    ]
    return table(heads, cells, numeric=(3, 4, 6, 7, 8), label="Bursts of talk")


def _day(row: Row) -> html.A | html.Span:
    there = urlencode({"from": row["day"], "to": row["day"], "instrument": row["instrument_id"]})
    return link(day(row["day"]), f"/social/feed?{there}", carry=False)


def people_table(rows: Sequence[Row]) -> html.Div:
    """Draw who is followed and follows most: rows of ``network.follow_network``."""
    cells = [
        [_author(row["id"], row["name"]), "yes" if row["inside"] else "no", number(row["followers"]), number(row["following"])]
        for row in rows
    ]  # fmt: skip
    return table(
        ["Author", "Of the firm", "Followers", "Follows"], cells, numeric=(2, 3), label="Who follows whom"
    )


def links_table(rows: Sequence[Row], names: Mapping[str, str]) -> html.Div:
    """Draw who posts together: rows of ``network.burst_network``."""
    cells = [
        [
            _author(row["a"], names.get(row["a"], row["a"])),
            _author(row["b"], names.get(row["b"], row["b"])),
            number(row["pairs"]),
            number(row["crowd"]),
            html.Span(number(row["q"], 2), title="Links as strong that chance brings, of those found as strong"),
            html.Span([icon("exclamation-triangle"), "beyond chance"], className="tag high") if row["unusual"] else "as by chance",
        ]
        for row in rows
    ]  # fmt: skip
    heads = ["Author", "And", "Pairs of posts", "Authors together", "Share by chance", "Judged"]
    return table(heads, cells, numeric=(2, 3, 4), label="Who posts together")


def groups_table(rows: Sequence[Row], names: Mapping[str, str], symbols: Mapping[str, str]) -> html.Div:
    """Draw groups of three authors or more who posted nearly the same together."""
    cells = []
    for row in rows:
        who = [names.get(one, one) for one in row["authors"]]
        more = f" and {number(len(who) - 3)} more" if len(who) > 3 else ""
        cells.append(
            [
                f"{moment(row['start'])} UTC",
                pick(row["instrument_id"], symbols.get(row["instrument_id"], row["instrument_id"]), ()),
                number(row["posts"]),
                html.Span(
                    f"{', '.join(visible(one) for one in who[:3])}{more}",
                    title=", ".join(map(visible, who[:40])),
                ),
                number(row["expected"], 1),
                link(
                    visible(row["text"])[:90],
                    "/social/feed?" + urlencode({"post": row["post_ids"][0]}),
                    carry=False,
                ),
            ]
        )
    heads = ["Begins", "Instrument", "Posts", "Authors", "By chance", "First words"]
    return table(heads, cells, numeric=(2, 4), wrap=(3, 5), label="Groups that post together")


def _author(name: str, words: str) -> html.A | html.Span:
    return link(visible(words), "/social/feed?" + urlencode({"author": name}), carry=False)
