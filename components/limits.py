"""Limits: bars of what is used, and episodes above."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from dash import html

from components.formats import MISSING, day, full_money, known, moment, money, number, percent, words
from components.links import leads_somewhere
from components.passport import passport_link
from components.states import hidden
from components.tables import link, table

SCALE = 1.25  # share of the limit at the right end of a bar
WORDS = {
    "breach": "breach",
    "warn": "warning",
    "ok": "",
    "unknown": "not known",
    "not_in_force": "not in force yet",
}
TONES = {"breach": "crit", "warn": "high", "ok": "ok"}
SETTLED = {"new": "open", "acknowledged": "one of two", "confirmed": "settled"}


def amount(value: object, row: Mapping[str, Any], *, full: bool = False) -> str:
    """Return a measured value in the unit of its limit."""
    found = known(value)
    if found is None:
        return MISSING
    if row["unit"] == "money":
        return (full_money if full else money)(found, row["currency"])
    return percent(found) if row["unit"] == "fraction" else f"{number(found, 2)}×"


def subject(row: Mapping[str, Any]) -> str:
    """Return what a limit bounds, in words."""
    return "the firm" if row["subject_id"] is None else f"{row['subject_kind']} {row['subject_id']}"


def used_bar(row: Mapping[str, Any]) -> html.Span | None:
    """Draw how much of a limit is used, with ticks at the warning and at the limit."""
    used = known(row["utilisation"])
    if used is None:
        return None

    def place(share: float) -> str:
        return f"{min(max(share / SCALE, 0.0), 1.0) * 100:.1f}%"

    warn = known(row["warn_at"])
    parts: list[Any] = [html.B(style={"width": place(used)}), html.I(style={"left": place(1.0)})]
    if warn is not None and warn < row["limit"]:
        parts.append(html.S(style={"left": place(warn / row["limit"])}))
    kind = row["state"] if row["state"] in {"breach", "warn"} else ""
    return html.Span(parts, className=f"bullet {kind}".strip(), **{"aria-hidden": "true"})


def bullets(rows: Sequence[Mapping[str, Any]], *, chosen: str, may_retire: bool) -> html.Ul:
    """Draw limits as a list of bars; one opens its course.

    Args:
        rows: ``app.queries.limits.measured``.
        chosen: Id of the limit whose course is shown.
        may_retire: Whether each has a button that takes it out of force.
    """
    return html.Ul([_bullet(row, chosen, may_retire=may_retire) for row in rows], className="limits")


def _bullet(row: Mapping[str, Any], chosen: str, *, may_retire: bool) -> html.Li:
    state = WORDS[row["state"]]
    kind = "hard" if row["hard"] else "soft"
    used = percent(row["utilisation"])
    name = html.Button(
        [html.Span(row["name"], className="trunc"), hidden(f"{used} of the limit used. Show its course.")],
        type="button",
        className="lim-name",
        **{
            "data-set": "limit_id",
            "data-value": row["limit_id"],
            "aria-pressed": str(row["limit_id"] == chosen).lower(),
        },
    )
    detail = [
        html.Span(f"{row['title']} of {subject(row)}", className="trunc"),
        html.Span(f"{kind} limit"),
        html.Span(_validity(row)) if row["valid_to"] else None,
        html.Span(f"behind it: {row['driver']}", className="trunc") if row["driver"] else None,
    ]
    figure = [
        html.B(amount(row["value"], row), className="num", title=amount(row["value"], row, full=True)),
        html.Span([" of ", amount(row["limit"], row)], className="t3 num"),
    ]
    side: list[Any] = [
        _use(row, used),
        html.Span(state, className=f"tag {TONES.get(row['state'], '')}") if state else None,
    ]
    if may_retire:
        # Two presses: a retired limit does not come back.
        sure = html.Button(
            "Retire for good",
            id={"limit": "retire", "id": row["limit_id"]},
            type="button",
            className="lk crit",
            n_clicks=0,
        )
        side.append(html.Details([html.Summary("Retire", className="lk"), sure], className="lim-retire"))
    reason = html.Span(row["reason"], className="t3") if row["value"] is None and row["reason"] else None
    return html.Li(
        [
            html.Div([name, html.Div(figure, className="lim-fig")], className="lim-top"),
            used_bar(row) or reason,
            html.Div(
                [html.Div(detail, className="lim-detail"), html.Div(side, className="lim-side")],
                className="lim-foot",
            ),
        ],
        className=f"lim is-{row['state']}",
        **{
            "data-limit": row["limit_id"],
            "data-value": "" if row["utilisation"] is None else repr(row["utilisation"]),
        },
    )


def _use(row: Mapping[str, Any], used: str) -> Any:
    tone = f"num w6 {TONES.get(row['state'], '')}".strip()
    if row["value"] is None:
        return html.Span(MISSING, className=tone, title=row["reason"] or "It is not known.")
    return html.Span(
        passport_link("utilisation", used, of="limits", limit_id=row["limit_id"]), className=tone
    )


def _validity(row: Mapping[str, Any]) -> str:
    return f"until {day(row['valid_to'])}"


# --- breaches ----------------------------------------------------------------------------------------
def evidence_link(row: Mapping[str, Any]) -> tuple[str, str] | None:
    """Return words and address of what stands behind a breach; the context travels along."""
    named = {"account": "account", "desk": "desk", "trader": "trader", "instrument": "instrument"}
    kind, name, driver = row["subject_kind"], row["subject_id"], row["driver"]
    if row["measure"].startswith("order_") and driver:
        return "order", f"/trading/orders/{driver}"
    asked = {named[kind]: name} if kind in named and name else {}
    if row["measure"] in {"position_weight", "participation"} and driver:
        asked["instrument"] = driver
    if row["measure"] in {"participation", "loss_1d"} or kind == "trader":
        asked |= {"from": str(row["opened"]), "to": str(row["last_day"])}
        return "executions", f"/trading/blotter?{urlencode(asked)}"
    return "positions", f"/portfolio/positions{'?' + urlencode(asked) if asked else ''}"


def breach_table(rows: Sequence[Mapping[str, Any]], *, may_settle: bool, chosen: str) -> html.Div:
    """Draw episodes above a limit."""
    return table(
        ["Limit", "Above it", "State", "Peak", "Limit", "Behind it", "Settled", ""],
        [
            [
                _titled(row),
                _days(row),
                html.Span("breach", className="tag crit") if row["state"] == "open" else html.Span(row["closed_why"], className="tag"),
                html.Span(amount(row["peak"], row), title=f"on {day(row['peak_day'])}"),
                amount(row["bound"], row),
                _behind(row),
                _settled(row),
                _settle_button(row, chosen) if may_settle else _alert_link(row),
            ]
            for row in rows
        ],
        numeric=(3, 4),
        label="Breaches",
    )  # fmt: skip


def _titled(row: Mapping[str, Any]) -> html.Span:
    hard = html.Span("hard", className="tag crit") if row["hard"] else None
    return html.Span([html.Span(row["name"], className="w6"), " ", hard], title=f"of {subject(row)}")


def _days(row: Mapping[str, Any]) -> str:
    first, last = row["opened"], row["last_day"]
    if first == last:
        return day(first)
    start = f"{first.day} {first:%b}" if first.year == last.year else day(first)
    if (first.year, first.month) == (last.year, last.month):
        start = str(first.day)
    return f"{start} to {day(last)}"


def _behind(row: Mapping[str, Any]) -> Any:
    found = evidence_link(row)
    target = leads_somewhere(found[1]) if found else None
    if found is None or target is None:
        return row["driver"] or MISSING
    what = f"{found[0]} {row['driver']}" if found[0] == "order" else found[0]
    return link(what, target)


def _settled(row: Mapping[str, Any]) -> html.Span:
    tone = {"new": "high", "acknowledged": "med", "confirmed": "ok"}[row["settled"]]
    who = [name for name in (row.get("acknowledged_by"), row.get("confirmed_by")) if name]
    said = [f"by {' and '.join(who)}" if who else "", f"“{row['comment']}”" if row.get("comment") else ""]
    hover = ": ".join(filter(None, said))
    return html.Span(SETTLED[row["settled"]], className=f"tag {tone}", **({"title": hover} if hover else {}))


def _settle_button(row: Mapping[str, Any], chosen: str) -> html.Button | str:
    if row["settled"] == "confirmed":
        return ""
    return html.Button(
        "Settle",
        type="button",
        className="lk",
        **{
            "data-set": "breach",
            "data-value": row["breach_id"],
            "aria-pressed": str(row["breach_id"] == chosen).lower(),
        },
    )


def _alert_link(row: Mapping[str, Any]) -> Any:
    return link("Alert", f"/compliance/alerts/{row['alert_id']}") if row.get("alert_id") else ""


def chosen_breach(row: Mapping[str, Any] | None) -> Any:
    """Say which breach the form is about, and what has been said of it."""
    if row is None:
        return "Choose a breach in the table."
    lines: list[Any] = [
        html.B(row["name"]),
        f": {amount(row['peak'], row)} at most against {amount(row['bound'], row)}, since {day(row['opened'])}. ",
    ]
    if row.get("acknowledged_by"):
        lines.append(
            f"{row['acknowledged_by']} acknowledged on {moment(row['acknowledged_at'])}: “{row['comment']}” "
        )
    if row.get("confirmed_by"):
        lines.append(f"{row['confirmed_by']} confirmed on {moment(row['confirmed_at'])}.")
    elif row.get("mine"):
        lines.append("You acknowledged it, so somebody else must confirm.")
    if row.get("alert_id"):
        lines.append(link("Open the alert", f"/compliance/alerts/{row['alert_id']}"))
    return lines


def list_table(rows: Sequence[Mapping[str, Any]], *, full: bool) -> html.Div:
    """Draw entries of the control room's lists; ``full`` with whom and why."""
    heads = ["List", "Instrument", "From", "Until", *(["Person", "Reason"] if full else [])]
    return table(
        heads,
        [
            [
                html.Span(words(row["kind"]), className="tag high" if row["valid"] else "tag"),
                link(row["instrument_id"], f"/trading/blotter?instrument={row['instrument_id']}") if row["instrument_id"] else MISSING,
                day(row["valid_from"]),
                day(row["valid_to"]) if row["valid_to"] else "further notice",
                *([row["person"] or MISSING, row["reason"] or MISSING] if full else []),
            ]
            for row in rows
        ],
        wrap=(5,),
        label="Lists of the control room",
    )  # fmt: skip
