"""What an episode earned, and what else may explain it."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from dash import html

from components.formats import full_money, number, plural, price, quantity
from components.states import icon
from components.tables import link, table

_LEANS = {
    "for": ("check-circle", "ok", "Speaks for it"),
    "against": ("x-circle", "crit", "Speaks against it"),
    "open": ("question-circle", "", "Open"),
}


def effect(found: Mapping[str, Any], dates: Mapping[str, str]) -> list[Any]:
    """Draw what the fills earned, to the cent, and each account's part: ``app.queries.episode_effect.effect``."""
    money, total = found["currency"], found["total"]
    tiles = (
        ("Effect after costs", total["pnl"], "pnl"),
        ("Before costs", total["new_trades"], "new_trades"),
        ("Costs", total["fees"], "fees"),
        ("All P&L of these days", total["day_pnl"], "day_pnl"),
    )
    head = html.Dl(
        [
            html.Div(
                [
                    html.Dt(words),
                    html.Dd(
                        full_money(value, money, plus=True),
                        className=_tone(value) if name == "pnl" else "",
                        **{"data-effect": name, "data-value": "" if value is None else repr(value)},
                    ),
                ],
                className="pair",
            )
            for words, value, name in tiles
        ],
        className="effect-sums",
    )
    cells = [
        [
            link(row["account_id"], _pnl(row, dates), mono=True),
            row["instrument_id"],
            _traded(row["bought"], row["bought_px"]),
            _traded(row["sold"], row["sold_px"]),
            full_money(row["fees"], money, plus=True),
            full_money(row["pnl"], money, plus=True),
            full_money(row["day_pnl"], money, plus=True),
        ]
        for row in found["rows"]
    ]
    heads = ["Account", "Instrument", "Bought", "Sold", "Costs", "Effect", "All of these days"]
    parts: list[Any] = [
        head,
        html.Div(
            table(heads, cells, numeric=(2, 3, 4, 5, 6), label="Effect by account and instrument"),
            className="scroll-y",
        ),
    ]
    left = found["rows_in_all"] - len(found["rows"])
    if left:
        parts.append(
            html.Div(f"{plural(left, 'smaller row')} are in the total only.", className="subhead pb-2")
        )
    parts.append(
        html.P(
            "Each fill at the close of its day against what was paid, as in the P&L of trades; “all” is everything the "
            "same accounts held and traded in the same instruments on these days.",
            className="replay-note",
        )
    )
    return parts


def _tone(value: float | None) -> str:
    return "" if value is None or value == 0 else "up" if value > 0 else "down"


def _traded(amount: float | None, at: float | None) -> str:
    return f"{quantity(amount)} at {price(at)}" if amount else "–"


def _pnl(row: Mapping[str, Any], dates: Mapping[str, str]) -> str:
    query = {"account": row["account_id"], "instrument": row["instrument_id"], **dates}
    return f"/trading/pnl?{urlencode(query)}"


def alternatives(found: Mapping[str, Any]) -> list[Any]:
    """Draw other explanations with what the records say: ``app.queries.alternatives.alternatives``."""
    items = []
    for check in found["checks"]:
        shape, tone, words = _LEANS[check["leans"]]
        items.append(
            html.Li(
                [
                    html.Span(
                        [icon(shape), html.Span(words, className="visually-hidden")],
                        className=f"sev {tone}",
                        title=words,
                    ),
                    html.Div([html.Span(check["question"], className="w5"), html.P(check["answer"])]),
                ],
                **{"data-check": check["name"], "data-leans": check["leans"]},
            )
        )
    parts: list[Any] = [html.Ul(items, className="checks-else")] if items else []
    if found["known"]:
        parts += [
            html.Div("Known to look like it without being it", className="subhead"),
            html.Ul([html.Li(text) for text in found["known"]], className="plainlist"),
        ]
    return parts


def standing(stands: Mapping[str, Any] | None) -> str:
    """Say where a measure stands among the firm's other alerts of the same rule; empty where there is none."""
    if stands is None or not stands["of"]:
        return ""
    if stands["percentile"] is not None:
        return f"more than {number(stands['percentile'] * 100)}% of {stands['of']} alerts of this rule here"
    rest = f" and equal to {stands['same']}" if stands["same"] else ""
    return f"more than {stands['below']}{rest} of {plural(stands['of'], 'other alert')} of this rule here"
