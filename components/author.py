"""An author's page: mirrors of his ideas, and for surveillance whether he talks his book."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from dash import html

from analytics.social.wording import shown as visible
from components.feed import tone_tag
from components.formats import (
    MISSING,
    day,
    full_money,
    known,
    moment,
    money,
    number,
    percent,
    plural,
    quantity,
)
from components.ideas import signed
from components.states import icon
from components.tables import table

PAPER = "PAPER"
SHORT = 180  # letters of a post in a list
_TONES = (("positive", "up"), ("neutral", "t3"), ("negative", "down"))


def paper_tag() -> html.Span:
    """Draw the mark that everything of a mirror carries."""
    return html.Span(PAPER, className="tag med", title="No order, no money")


def mirror_list(rows: Sequence[Mapping[str, Any]], currency: str) -> html.Div:
    """Draw mirrors with their decisions; each has ``trades``."""
    return html.Div([_mirror(row, currency) for row in rows], className="vstack gap-3")


def _mirror(row: Mapping[str, Any], currency: str) -> html.Div:
    end = html.Button(
        [icon("stop-circle"), " End it"],
        id={"mirror": "stop", "id": row["mirror_id"]},
        type="button",
        className="btn btn-sm btn-outline-secondary ms-auto",
    )
    running = row["stopped_at"] is None
    since = f"since {day(row['started_at'].date())}" if running else f"ended {moment(row['stopped_at'])}"
    head = html.Div(
        [
            paper_tag(),
            html.Span(f"{row['owner_name']}, {money(row['capital'], currency)} {since}", className="w6"),
            end if running and row["mine"] else None,
        ],
        className="d-flex align-items-center gap-2 flex-wrap",
    )
    won = signed_money(row["realised"], currency)
    figures = html.Div(
        [
            html.Span(["Realised ", won]),
            html.Span(["Open ", signed_money(row["unrealised"], currency)]),
            html.Span(f"{plural(row['taken'], 'idea')} taken, {number(row['refused'])} refused"),
            html.Span(f"Invested {money(row['invested'], currency)}"),
            html.Span(f"Hits {percent(row['hit_rate'])}"),
        ],
        className="mirror-figures t12",
    )
    bounds = (
        f"An idea takes {percent(row['weight'])}; at most {percent(row['max_loss'])} may be lost; at most "
        f"{percent(row['adv_share'])} of usual daily volume. Same prices and costs as the score of the idea."
    )
    return html.Div(
        [head, figures, html.P(bounds, className="t3 t12 mb-1"), _decisions(row["trades"], currency)]
    )


def _decisions(trades: Sequence[Mapping[str, Any]], currency: str) -> html.Div:
    if not trades:
        return html.Div("No idea has been sealed since it began.", className="t2 t12")
    return table(
        ["When", "Idea", "Way", "Gate", "Quantity", "Notional", "Net", "P&L (paper)"],
        [
            [
                day(one["at"].date()),
                one["symbol"] or one["instrument_id"] or MISSING,
                one["direction"] or MISSING,
                html.Span(
                    [icon("check-circle" if one["accepted"] else "slash-circle", "ok" if one["accepted"] else "high"),
                     " taken" if one["accepted"] else f" {one['reason']}"],
                ),
                quantity(one["quantity"]),
                full_money(one["notional"], currency),
                signed(one["net"]) if one["accepted"] else MISSING,
                signed_money(one["pnl"], currency),
            ]
            for one in trades[:40]
        ],
        numeric=(4, 5, 6, 7),
        wrap=(3,),
        label="Decisions of the gate",
    )  # fmt: skip


def signed_money(value: Any, currency: str) -> html.Span:
    """Draw money with its sign and colour."""
    found = known(value)
    tone = "" if not found else "up" if found > 0 else "down"
    return html.Span(money(value, currency, plus=True), className=f"num {tone}".strip())


def said_card(
    rows: Sequence[Mapping[str, Any]], tones: Mapping[str, int], *, symbols: Mapping[str, str], listed: int
) -> html.Div:
    """Draw what an author talks about, in which tone, and his newest posts.

    Args:
        rows: Columns of ``app.queries.feed.posts``, the newest first.
        tones: Posts by tone, all he wrote.
        symbols: Instrument id to symbol.
        listed: How many posts are shown.
    """
    named = Counter(one for row in rows for one in row["instrument_ids"] or ())
    about = ", ".join(f"{symbols.get(one, one)} {number(n)}" for one, n in named.most_common(8))
    everything = sum(tones.values()) or 1
    shares = html.Div(
        [html.I(className=kind, style={"width": f"{tones[name] / everything:.1%}"}) for name, kind in _TONES],
        className="tone-bar",
        role="img",
        **{"aria-label": ", ".join(f"{percent(tones[name] / everything)} {name}" for name, _ in _TONES)},
    )
    words = html.P(
        f"Most about {about}." if about else "No post names an instrument.", className="t2 t12 mb-1"
    )
    cells = [
        [
            html.A(
                day(row["transact_time"].date()),
                href=f"/social/feed?{urlencode({'post': row['post_id']})}",
                title=f"{moment(row['transact_time'])} UTC, in its thread",
                className="nowrap",
            ),
            tone_tag(row["sentiment"], row["tone"]) or MISSING,
            html.Span(_cut(visible(str(row["text"]))), dir="auto"),
        ]
        for row in rows[:listed]
    ]
    return html.Div(
        [
            html.Div([shares, words], className="inset"),
            table(["Day", "Tone", "Said"], cells, wrap=(2,), label="Newest posts"),
        ]
    )


def _cut(text: str) -> str:
    return text if len(text) <= SHORT else text[: SHORT - 1] + "…"


def talk_card(rows: Sequence[Mapping[str, Any]], currency: str) -> html.Div:
    """Draw whether trades turn around what an author says, for each kind of trade, with the plainest cases."""
    return html.Div([_talk(row, currency) for row in rows], className="vstack gap-3")


def _talk(row: Mapping[str, Any], currency: str) -> html.Div:
    p = known(row["p_value"])
    marked = p is not None and p < 0.05
    if p is None:
        verdict = html.Span(row["reason"], className="t2")
    else:
        said = (
            "turn around what he says" if marked else "do not turn around what he says more than chance would"
        )
        shape = icon("exclamation-triangle", "high") if marked else icon("check-circle", "ok")
        chance = "p < 0.001" if p < 0.001 else f"p {number(p, 3)}"
        score = f"score {number(row['score'], 2, plus=True)}{_ends(row)}"
        verdict = html.Span(
            [shape, f" They {said}: {score}, {chance}, {plural(row['episodes'], 'episode')}."]
        )
    about = f"{plural(row['statements'], 'statement')}, {number(row['traded'])} with trades within {number(row['window'])} sessions"
    parts = [
        html.Div([html.Span(row["title"], className="w6"), html.Span(f" {about}", className="t2 t12")]),
        verdict,
    ]
    if row["cases"]:
        parts.append(
            table(
                ["Day", "Instrument", "Says", "Traded before", "Traded after", "Score", "Said", "Trades"],
                [
                    [
                        html.Span(day(case["date"]), className="nowrap"),
                        case["instrument_id"],
                        "praises" if case["side"] > 0 else "warns",
                        signed_money(case["before"], currency),
                        signed_money(case["after"], currency),
                        number(case["score"], 2, plus=True),
                        _words(case),
                        _trades(row, case),
                    ]
                    for case in row["cases"]
                ],
                numeric=(3, 4, 5),
                label=row["title"],
            )
        )
    return html.Div(parts, **{"data-talk": row["kind"]})


def _ends(row: Mapping[str, Any]) -> str:
    if known(row.get("low")) is None or known(row.get("high")) is None:
        return ""
    return f" (95% interval {number(row['low'], 2, plus=True)} to {number(row['high'], 2, plus=True)})"


def _words(case: Mapping[str, Any]) -> html.Span:
    """Draw the ways to what he said that day: each post in its thread, ideas in the list of them."""
    ways = [
        html.A(f"post {at}" if len(case["posts"]) > 1 else "post", href=f"/social/feed?{urlencode({'post': one})}")
        for at, one in enumerate(case["posts"][:3], start=1)
    ]  # fmt: skip
    if case["ideas"]:
        found = f"/social/ideas?{urlencode({'instrument': case['instrument_id']})}"
        ways.append(html.A(plural(len(case["ideas"]), "idea"), href=found))
    return html.Span([part for way in ways for part in (way, " ")][:-1])


def _trades(row: Mapping[str, Any], case: Mapping[str, Any]) -> html.A:
    """Draw the way to the executions that the window holds."""
    whose = {"account": ",".join(row["accounts"])} if row["accounts"] else {"trader": row["author_id"]}
    asked = whose | {"instrument": case["instrument_id"], "from": case["first"], "to": case["last"]}
    return html.A("trades", href=f"/trading/blotter?{urlencode(asked)}")
