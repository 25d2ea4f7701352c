"""Parts of the P&L page: the calendar of days, both sides of the identity, the cost methods."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from dash import html

from components.formats import MISSING, day, full_money, known, money, number, plural
from components.states import icon
from components.tables import table
from components.theme import Theme

PARTS = (
    ("price", "Price"),
    ("new_trades", "New trades"),
    ("carry", "Carry and income"),
    ("fx", "Currency"),
    ("fees", "Fees"),
    ("residual", "Residual"),
)
ROOMY = 5  # weeks up to which a day shows its amount
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def calendar(rows: Sequence[Mapping[str, Any]], *, look: Theme, currency: str, chosen: str = "") -> html.Div:
    """Draw one cell per day, weeks side by side; a click narrows the view to the day.

    Args:
        rows: ``group`` (ISO day) and ``pnl`` (money, null where not known), oldest first.
        look: Theme; gains and losses are coloured on its diverging scale, clipped at a robust limit.
        currency: Of the money.
        chosen: The day the view is narrowed to.
    """
    by_day = {date.fromisoformat(str(row["group"])): known(row["pnl"]) for row in rows}
    first, last = min(by_day), max(by_day)
    start = first - timedelta(days=first.weekday())
    weeks = (last - start).days // 7 + 1
    shown = 7 if any(one.weekday() > 4 for one in by_day) else 5
    limit = _limit([value for value in by_day.values() if value is not None])
    heads = [html.Span(_DAYS[place], className="cal-d") for place in range(shown)]
    columns: list[Any] = [html.Div([html.Span("", className="cal-m"), *heads], className="cal-w heads")]
    month = 0
    for week in range(weeks):
        monday = start + timedelta(days=7 * week)
        days = [monday + timedelta(days=place) for place in range(shown)]
        inside = [one for one in days if one in by_day]
        label = ""
        if inside and inside[0].month != month:
            month, label = inside[0].month, f"{inside[0]:%b}"
        cells = [
            _cell(
                one,
                by_day,
                look=look,
                currency=currency,
                limit=limit,
                chosen=chosen,
                roomy=weeks <= ROOMY,
            )
            for one in days
        ]
        columns.append(html.Div([html.Span(label, className="cal-m"), *cells], className="cal-w"))
    kind = "cal roomy" if weeks <= ROOMY else "cal"
    return html.Div(columns, className=kind, tabIndex=0, role="group", **{"aria-label": "P&L by day"})


def _cell(
    one: date,
    by_day: Mapping[date, float | None],
    *,
    look: Theme,
    currency: str,
    limit: float,
    chosen: str,
    roomy: bool,
) -> Any:
    if one not in by_day:
        return html.Span(className="cal-c off", **{"aria-hidden": "true"})
    value = by_day[one]
    said = f"{day(one)}: {full_money(value, currency, plus=True) if value is not None else 'not known'}"
    style = {} if value is None else {"backgroundColor": look.gain_loss(value, limit)}
    strong = value is not None and abs(value) > 0.9 * limit
    words = [html.Span(f"{one.day}", className="cal-n")]
    if roomy:
        words.append(html.Span(MISSING if value is None else money(value, plus=True), className="cal-v"))
    return html.Button(
        words if roomy else "",
        type="button",
        title=said,
        className="cal-c strong" if strong else "cal-c",
        style=style,
        **{
            "data-set-day": one.isoformat(),
            "aria-label": said,
            "aria-pressed": "true" if one.isoformat() == chosen else "false",
        },
    )


def _limit(values: Sequence[float]) -> float:
    # One wild day must not pale all others: nine days of ten lie within.
    sizes = sorted(abs(value) for value in values)
    return (sizes[min(int(len(sizes) * 0.9), len(sizes) - 1)] if sizes else 0.0) or 1.0


def identity_state(answer: Mapping[str, Any]) -> tuple[str, str]:
    """Return in words whether the identity holds, and the tone to say it in."""
    checked, holds = answer["checked"], answer["holds"]
    own = answer.get("accounts") or {}
    broken = (checked - holds) + (own.get("checked", 0) - own.get("holds", 0))
    if not checked:
        return "nothing to check", "line"
    return ("holds", "ok") if not broken else (f"{number(broken)} off", "crit")


def identity_table(answer: Mapping[str, Any]) -> html.Div:
    """Draw both sides by currency, and the days that differ, if any."""
    parts = [_sums(row) for row in answer["currencies"]]
    own = answer.get("accounts") or {}
    lines = [_said("Positions", "position day", answer)]
    if own:
        lines.append(_said("Accounts", "account day", own))
    parts.insert(0, html.Ul(lines, className="checks"))
    breaks = [*answer["breaks"], *own.get("breaks", ())]
    if breaks:
        parts.append(
            table(
                ["Account", "Instrument", "Day", "Earned", "Counted", "Difference"],
                [
                    [
                        row["account_id"],
                        row.get("instrument_id"),
                        day(row["date"]),
                        full_money(row["left"], plus=True),
                        full_money(row["right"], plus=True),
                        full_money(row["difference"], plus=True),
                    ]
                    for row in breaks[:10]
                ],
                numeric=(3, 4, 5),
                label="Where the two sides differ",
            )
        )
    return html.Div(parts)


def _said(who: str, unit: str, found: Mapping[str, Any]) -> html.Li:
    checked, holds = found["checked"], found["holds"]
    good = checked == holds
    words = f"{number(holds)} of {plural(checked, unit)} to the cent" if checked else "not checked here"
    more = []
    if found.get("worst") is not None and checked:
        more.append(f"largest difference {_tiny(found['worst'])}")
    if found["unknown"]:
        more.append(f"{number(found['unknown'])} without a price or rate")
    if not checked and found.get("reason"):
        more.append(str(found["reason"]))
    mark = icon("check-circle" if good and checked else "dash-circle" if good else "x-octagon")
    tone = "ok" if good and checked else "t3" if good else "crit"
    return html.Li(
        [
            html.Span(mark, className=tone),
            html.Span(who, className="w5"),
            html.Span(words),
            html.Span("; ".join(more), className="t3"),
        ]
    )


def _tiny(value: float) -> str:
    return "0" if value == 0 else "below 0.000001" if value < 1e-6 else f"{value:,.6f}"


def _sums(row: Mapping[str, Any]) -> html.Div:
    currency = row["currency"]

    def said(name: str) -> str:
        return full_money(row[name], currency, plus=True)

    left = [
        ("Realised", said("realised")),
        ("Unrealised change", said("unrealised_change")),
        ("Income", said("income")),
        ("Fees", full_money(-row["fees"], currency, plus=True)),
        ("Earned", said("left")),
    ]
    right = [
        ("Cash change", said("cash_change")),
        ("Value change", said("value_change")),
        ("", ""),
        ("Difference", said("difference") if abs(row["difference"]) >= 0.005 else full_money(0, currency)),
        ("Counted", said("right")),
    ]
    rows = [[a, b, c, d] for (a, b), (c, d) in zip(left, right, strict=True)]
    rows = [[html.Span(one) for one in line] for line in rows]
    heads = [f"Earned, {currency}", "", f"Counted, {currency}", ""]
    return table(heads, rows, numeric=(1, 3), label=f"Both sides in {currency}")


def methods(
    answer: Mapping[str, Any], options: Sequence[tuple[str, str, str]], *, may: bool, who: str
) -> html.Div:
    """Draw the cost methods: which one stands, what each says, and a button for who may change it.

    Args:
        answer: The convention of an answer: ``cost_method``, maybe ``cost_method_asked`` and ``note``.
        options: (method, title, what it means).
        may: Whether the reader may choose.
        who: Who may, in words.
    """
    kept, asked = answer["cost_method"], answer.get("cost_method_asked", answer["cost_method"])
    items = []
    for method, title, meaning in options:
        state = "in force" if method == kept == asked else "being worked out" if method == asked else ""
        tag = html.Span(state, className="tag ok" if method == kept else "tag high") if state else None
        choose = html.Button(
            "Use this",
            type="button",
            id={"cost-method": method},
            className="btn btn-sm btn-outline-secondary",
            disabled=method == asked,
        )
        head = html.Div(
            [html.Span(title, className="w5"), tag, choose if may and method != asked else None],
            className="method-h",
        )
        items.append(html.Li([head, html.Div(meaning, className="t2")]))
    words = [html.Ul(items, className="methods")]
    if answer.get("note"):
        words.append(html.P(answer["note"], className="t3"))
    words.append(
        html.P(
            "Net P&L and net asset value are the same by all three; only what counts as realised differs."
            + ("" if may else f" {who} may change it."),
            className="t3",
        )
    )
    return html.Div(words)
