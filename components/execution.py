"""Pieces of the execution quality page: its key figures, its league, its rows of orders."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any
from urllib.parse import quote

from dash import html

from components.formats import MISSING, bps, full_money, known, number, percent, plural, sigma
from components.interval import interval
from components.kpi import bullet, strip, tile
from components.passport import passport_of
from components.tables import table

BENCHMARKS = {
    "arrival": "Arrival", "decision": "Decision", "vwap": "Interval VWAP", "twap": "Interval TWAP", "close": "Close",
    "previous_close": "Previous close",
}  # fmt: skip
# Groups that are context types of the whole application, and groups that are filters of this page.
_CONTEXT = ("trader", "desk", "account", "instrument")
_FILTERS = ("venue", "algo", "broker", "liquidity")
NOBODY: Mapping[str, str] = MappingProxyType({})


def strip_of(answer: Mapping[str, Any], _: Any) -> html.Section:
    """Draw the key figures of ``execution_quality.study``; ``data-value`` is what REST answers."""
    found = {one["name"]: one for one in answer["summary"]}
    money = found["implementation_shortfall"]
    return strip(
        [
            _tile(found["slippage_bp"], "slippage", "Slippage to arrival", of="fill"),
            _tile(found["implementation_shortfall_bp"], "shortfall", "Implementation shortfall", of="order",
                  hover=full_money(money["value"], answer["currency"], plus=True)),
            _tile(found["effective_spread_bp"], "effective-spread", "Effective spread", of="fill"),
            _tile(found["realised_spread_bp"], "realised-spread", "Realised spread, 5 min", of="fill"),
            _tile(found["fill_rate"], "fill-rate", "Fill rate", of="order"),
            _tile(found["participation"], "participation", "Participation", of="order",
                  hover=f"of the market's volume {found['participation']['convention'].get('market_volume', '')}"),
            _tile(found["reversion_bp"], "reversion", "Reversion, 5 min", of="order"),
        ]
    )  # fmt: skip


def _tile(one: Mapping[str, Any], name: str, label: str, *, of: str, hover: str | None = None) -> Any:
    fraction = one["unit"] == "fraction"

    def shown(value: Any) -> str:
        return percent(value) if fraction else bps(value, 2, unit=False)

    low, high = known(one["low"]), known(one["high"])
    between = f"{shown(low)} to {shown(high)}" if low is not None else "no interval"
    viz = bullet(one["value"], limit=None, scale=1.0) if fraction else _against_zero(one, low, high, between)
    figure = shown(one["value"])
    if fraction and (known(one["value"]) or 1.0) < 0.01:
        figure = f"{number(float(one['value']) * 100, 2)}%"
        between = f"{number((low or 0) * 100, 2)}% to {number((high or 0) * 100, 2)}%"
    return tile(
        name,
        label,
        one["value"],
        figure,
        unit="" if fraction else " bps",
        detail=[between, f"n {number(one['n'])}"],
        viz=viz,
        reason=one["reason"],
        hover=hover or f"{plural(one['n'], of)}",
        passport=passport_of(one["name"], of="execution_quality"),
    )


def _against_zero(one: Mapping[str, Any], low: float | None, high: float | None, words: str) -> Any:
    value = known(one["value"])
    if value is None or low is None or high is None:
        return None
    tone = "down" if low > 0 else "up" if high < 0 else "acc"
    return interval(low, value, high, words=f"{bps(value, 2)}, {words}", tone=tone)


def league_table(
    rows: Sequence[Mapping[str, Any]], *, by: str, held: frozenset[str], called: Mapping[str, str] = NOBODY
) -> html.Div:
    """Draw a league: who, how much is known, the cost and where its interval lies, and what it says.

    Args:
        rows: ``league.standings`` with ``name``.
        by: What is compared.
        held: Names the view is narrowed to.
        called: What people call those that go by an id.
    """
    ends = [
        abs(end) for row in rows for key in ("low", "high", "shrunk") if (end := known(row[key])) is not None
    ]
    reach = max(ends, default=1.0)
    cells = []
    for row in rows:
        where = interval(
            row["low"], row["shrunk"], row["high"], words=_words(row), tone=_tone(row), reach=reach
        )
        cells.append(
            [
                _name(
                    str(row["name"]),
                    by,
                    shown=called.get(str(row["name"]), str(row["name"])),
                    held=str(row["name"]) in held,
                ),
                row["n"],
                row["clusters"],
                bps(row["mean"], 2, unit=False),
                where or html.Span(row["reason"] or MISSING, className="t3"),
                bps(row["shrunk"], 2, unit=False),
                _q(row["q"]),
                html.Span(_verdict(row), className=f"tag {_tone(row)}" if row["significant"] else "t3"),
            ]
        )
    heads = [
        by.capitalize(),
        "Fills",
        "Orders",
        "Mean, bps",
        "95% interval",
        "Drawn in",
        "q",
        "Against the rest",
    ]
    return table(heads, cells, numeric=(1, 2, 3, 5, 6), label=f"Cost by {by}")


def _name(name: str, by: str, *, shown: str, held: bool) -> Any:
    pressed = {"aria-pressed": "true" if held else "false"}
    if by in _CONTEXT:
        marks = {"data-toggle-context": by, "data-value": name}
    elif by in _FILTERS:
        marks = {"data-set": by, "data-value": "" if held else name}
    else:
        return html.Span(shown)
    return html.Button(shown, type="button", className="lk", **marks, **pressed)


def _dear(row: Mapping[str, Any]) -> bool:
    return float(row["mean"]) > float(row["league_mean"] or 0.0)


def _tone(row: Mapping[str, Any]) -> str:
    return ("down" if _dear(row) else "up") if row["significant"] else "acc"


def _verdict(row: Mapping[str, Any]) -> str:
    if row["reason"]:
        return "not compared"
    return ("dearer" if _dear(row) else "cheaper") if row["significant"] else "not told apart"


def _q(value: Any) -> str:
    found = known(value)
    if found is None:
        return MISSING
    return "< 0.001" if found < 0.001 else number(found, 3)


def _words(row: Mapping[str, Any]) -> str:
    if known(row["shrunk"]) is None:
        return f"{row['name']}: {row['reason']}"
    return f"{row['name']}: {bps(row['shrunk'], 2)}, {number(row['low'], 2)} to {number(row['high'], 2)}"


def outlier_row(row: Mapping[str, Any], *, traders: Mapping[str, str] = NOBODY) -> dict[str, Any]:
    """Return an order as a row of the grid that opens its page; an execution without an order opens nothing.

    Args:
        row: Of ``execution_quality.outliers``.
        traders: What people call each.
    """
    size = known(row["size"])
    more: dict[str, Any] = {"size_bp": None if size is None else size * 1e4}
    more["trader"] = traders.get(who, who) if (who := row.get("trader_id")) else None
    if row["order_id"]:
        more["_open"] = f"/trading/orders/{quote(str(row['order_id']), safe='')}"
    return {**row, **more, "outlier": sigma(row["z"]) if row["outlier"] else ""}
