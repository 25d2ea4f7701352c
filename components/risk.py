"""What the risk page draws without a plot: verdicts, the traffic light, parts of VaR, the table of methods."""

from collections.abc import Mapping, Sequence
from typing import Any

from dash import html

from components.formats import (
    MISSING,
    full_money,
    known,
    money,
    money_alike,
    number,
    percent,
    percent_alike,
    plural,
)
from components.passport import passport_link
from components.states import icon
from components.tables import table

TESTS = {
    "kupiec_pof": "Kupiec coverage",
    "christoffersen_independence": "Christoffersen indep.",
    "conditional_coverage": "Conditional coverage",
    "acerbi_szekely_z2": "Acerbi-Szekely Z2",
    "pit_uniformity": "PIT uniformity, KS",
    "volatility_bias": "Volatility bias",
}
METHODS = {
    "historical": "Historical",
    "filtered_historical": "Filtered hist.",
    "parametric": "Normal",
    "ewma": "EWMA",
    "cornish_fisher": "Cornish-Fisher",
    "monte_carlo": "Monte Carlo",
}
_RESULTS = {
    "holds": ("ok", "check2"),
    "watch": ("high", "exclamation-triangle"),
    "fails": ("down", "x-octagon"),
    "unknown": ("t3", "dash"),
}
_LIKELIHOOD = ("kupiec_pof", "christoffersen_independence", "conditional_coverage")
SHOWN = 11  # parts with a line of their own
AXIS = 12  # exceptions the bar reaches to, at least


def verdicts(tests: Sequence[Mapping[str, Any]]) -> html.Div:
    """Draw the tests of a model: value, p and a word."""
    rows = []
    for test in tests:
        tone, sign = _RESULTS[test["result"]]
        value = number(test["value"], 2 if test["name"] != "pit_uniformity" else 3)
        prefix = "LR " if test["name"] in _LIKELIHOOD and test["value"] is not None else ""
        word = html.Span([icon(sign), f" {test['result']}"], className=tone, title=test["reason"] or None)
        p_value = known(test["p_value"])
        shown = MISSING if p_value is None else "< 0.01" if p_value < 0.01 else number(p_value, 2)
        title = passport_link(test["name"], TESTS.get(test["name"]), of="risk")
        rows.append([title, f"{prefix}{value}", shown, word])
    return table(["Test", "Value", "p", "Result"], rows, numeric=(1, 2), label="Tests of the model")


def zone_tag(zone: Mapping[str, Any] | None) -> html.Span | None:
    """Draw the zone as a tag; nothing where no session could be judged."""
    if zone is None:
        return None
    tone, sign = {"green": ("ok", "check-circle"), "yellow": ("high", "exclamation-triangle")}.get(
        str(zone["zone"]), ("crit", "x-octagon")
    )
    return html.Span([icon(sign), f"{zone['zone']} zone"], className=f"tag {tone}")


def traffic_light(zone: Mapping[str, Any] | None) -> html.Div | None:
    """Draw where the number of exceptions stands among Basel's zones."""
    if zone is None:
        return None
    hits, yellow, red = int(zone["exceptions"]), int(zone["from_yellow"]), int(zone["from_red"])
    expected = float(zone["expected"])
    reach = max(AXIS, hits + 2, red + 2) + 0.5

    def place(count: float) -> str:
        return f"{(count + 0.5) / (reach + 0.5) * 100:.2f}%"

    parts = [
        html.Span(className="ok", style={"left": "0", "width": place(yellow - 0.5)}),
        html.Span(className="high", style={"left": place(yellow - 0.5), "right": "0"}),
        html.Span(className="crit", style={"left": place(red - 0.5), "right": "0"}),
        html.I(style={"left": place(expected)}),
        html.B(style={"left": place(hits)}),
    ]
    step = 2 if reach <= 16 else 5
    ticks = [html.Span(str(tick), style={"left": place(tick)}) for tick in range(0, int(reach) + 1, step)]
    told = (
        f"{plural(hits, 'exception')} in {plural(zone['n'], 'session')}, {number(expected, 1)} expected; green to "
        f"{yellow - 1}, red from {red}."
    )
    return html.Div(
        [
            html.Div(f"Exceptions in {plural(zone['n'], 'session')}", className="t12 t2"),
            html.Div(parts, className="zone-bar", role="img", **{"aria-label": told}),
            html.Div(ticks, className="zone-ticks", **{"aria-hidden": "true"}),
        ],
        className="zone",
    )


def parts(rows: Sequence[Mapping[str, Any]], *, currency: str, chosen: Sequence[str]) -> html.Div:
    """Draw what each holding adds to VaR; each line narrows the page to its instrument.

    Args:
        rows: ``instrument_id``, ``symbol``, ``component``, ``share``, ``incremental``, largest first.
        currency: Of the money.
        chosen: Instruments the page is narrowed to.
    """
    shown = _shown(rows)
    sizes = [known(row["component"]) or 0.0 for row in shown]
    low, high = min([0.0, *sizes]), max([0.0, *sizes])
    span = (high - low) or 1.0
    zero = -low / span * 100
    amounts = money_alike((row["component"] for row in shown), currency)
    shares = percent_alike(row["share"] for row in shown)
    lines = []
    for place, (row, size) in enumerate(zip(shown, sizes, strict=True)):
        tone = "up" if size < 0 else "high" if place == 0 else "acc"
        left = zero if size >= 0 else zero + size / span * 100
        bar = html.Span(
            [html.I(style={"left": f"{zero:.2f}%"}),
             html.B(style={"left": f"{left:.2f}%", "width": f"{abs(size) / span * 100:.2f}%"})],
            className=f"part-bar {tone}",
        )  # fmt: skip
        inside = [
            html.Span(row["symbol"], className="trunc part-name"),
            bar,
            html.Span(amounts[place], className="num part-value"),
            html.Span(shares[place], className="num t3 part-share"),
        ]
        if row["instrument_id"] is None:
            lines.append(html.Div(inside, className="part"))
            continue
        lines.append(
            html.Button(
                inside,
                type="button",
                className="part",
                title=f"Without it VaR would change by {full_money(_less(row['incremental']), currency, plus=True)}",
                **{
                    "data-toggle-context": "instrument",
                    "data-value": row["instrument_id"],
                    "aria-pressed": "true" if row["instrument_id"] in chosen else "false",
                },
            )
        )
    return html.Div(lines, className="parts")


def _less(value: Any) -> float | None:
    found = known(value)
    return None if found is None else -found


def _shown(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the largest parts and the hedges, and the rest as one line."""
    known_rows = [dict(row) for row in rows]
    if len(known_rows) <= SHOWN + 1:
        return known_rows
    by_size = sorted(known_rows, key=lambda row: -abs(known(row["component"]) or 0.0))
    kept = {row["instrument_id"] for row in by_size[:SHOWN]}
    rest = [row for row in known_rows if row["instrument_id"] not in kept]

    def total(name: str) -> float | None:
        values = [known(row[name]) for row in rest]
        return None if None in values else sum(value for value in values if value is not None)

    other = {"instrument_id": None, "symbol": f"Other {len(rest)}", "component": total("component"),
             "share": total("share"), "incremental": None}  # fmt: skip
    mine = [row for row in known_rows if row["instrument_id"] in kept]
    gains = [row for row in mine if (known(row["component"]) or 0.0) >= 0]
    return [*gains, other, *(row for row in mine if row not in gains)]


def methods(records: Sequence[Mapping[str, Any]], *, currency: str, chosen: str) -> html.Div:
    """Draw VaR and ES by six methods, two confidences and two horizons.

    Args:
        records: Passports ``value_at_risk`` and ``expected_shortfall``.
        currency: Of the money.
        chosen: Method that the page shows.
    """
    at = {
        (r["name"], r["convention"]["method"], r["convention"]["confidence"], r["convention"]["days"]): r
        for r in records
    }
    cuts = [(confidence, days) for days in (1, 10) for confidence in (0.95, 0.99)]
    heads = ["Method"] + [
        f"{kind} {confidence * 100:g}%, {days}\u00a0d" for confidence, days in cuts for kind in ("VaR", "ES")
    ]
    kinds = [
        (name, confidence, days)
        for confidence, days in cuts
        for name in ("value_at_risk", "expected_shortfall")
    ]
    # All figures of the table compare with one another, so all are written alike.
    found = [
        at.get((name, method, confidence, days)) for method in METHODS for name, confidence, days in kinds
    ]
    written = money_alike((one["value"] if one else None for one in found), currency)
    told = iter(zip(found, written, strict=True))
    rows = []
    for method, title in METHODS.items():
        cells = [_cell(*next(told), currency) for _ in kinds]
        link = passport_link("value_at_risk", title, of="risk", method=method, confidence=0.99, days=1)
        lead = html.B(link) if method == chosen else link
        rows.append([lead, *cells, _scaling(at.get(("value_at_risk", method, 0.99, 10)))])
    return table([*heads, "10 days by"], rows, numeric=tuple(range(1, 9)), label="Value at risk by method")


def _cell(record: Mapping[str, Any] | None, shown: str, currency: str) -> html.Span:
    if record is None or record["value"] is None:
        return html.Span(MISSING, className="t3", title=record["reason"] if record else None)
    low, high = record["low"], record["high"]
    said = full_money(record["value"], currency)
    if low is not None and high is not None:
        said += f"; 95% interval {money(low, currency)} to {money(high, currency)}"
    return html.Span(shown, title=f"{said}; {record['n']} sessions")


def _scaling(record: Mapping[str, Any] | None) -> html.Span:
    return html.Span(record["convention"]["scaling"] if record else "", className="t3")


def variance(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return in words where the variance comes from, largest first."""
    found = sorted(((known(row["share"]) or 0.0, str(row["block"])) for row in rows), reverse=True)
    return "Variance: " + ", ".join(f"{block} {percent(share)}" for share, block in found if share >= 0.0005)
