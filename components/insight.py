"""An insight: a finding as its title, evidence, why, how sure, and what to do."""

import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode

from dash import html

from components.formats import (
    MISSING,
    bps,
    known,
    money,
    number,
    percent,
    probability,
    short_id,
    since,
    words,
)
from components.insight_parts import also, course, origin, verdicts
from components.interval import interval
from components.links import leads_somewhere
from components.severity import severity_mark
from components.states import icon
from components.tables import cell

# What is one thing is shown whatever the view is narrowed to: other dates or names would only hide it.
_ONE_THING = frozenset({"execution", "order", "post", "idea"})
# A filter of the blotter's grid: one execution.
_EQUALS = '{"exec_id":{"filterType":"text","type":"equals","filter":%s}}'


def insights(
    rows: Sequence[Mapping[str, Any]], *, currency: str, role: str | None = None, full: bool = False
) -> html.Ol:
    """Draw insights, the weightiest first, with the ways that are open to a role (all when None)."""
    return html.Ol([_insight(row, currency, role, full=full) for row in rows], className="insights")


def amount(value: Any, unit: str, currency: str, *, plus: bool = True) -> str:
    """Return an effect in its unit."""
    if unit in {"bp", "bps", "basis points"}:
        return bps(value, plus=plus)
    if unit in {"fraction", "share"}:
        return percent(value, plus=plus)
    if unit in {"currency", "money"}:
        return money(value, currency, plus=plus)
    if len(unit) == 3 and unit.isupper():  # a sum in a currency of its own
        return money(value, unit, plus=plus)
    found = known(value)
    if found is None:
        return MISSING
    return f"{number(found, 0 if found == int(found) else 1, plus=plus)} {unit}".strip()


def _insight(row: Mapping[str, Any], currency: str, role: str | None, *, full: bool) -> html.Li:
    head = html.Div(
        [
            severity_mark(str(row["severity"])),
            html.H3(str(row["title"])),
            html.Span("New", className="new") if row.get("new") else None,
            html.Span(since(row["created_at"]), className="age"),
        ],
        className="hd",
    )
    parts: list[Any] = [head]
    if full:
        parts += [
            html.P(str(row.get("text") or ""), className="says"),
            _effect(row, currency),
            course(row.get("chart")),
        ]
    parts.append(html.Div(_marks(row, currency, role, full=full), className="ev"))
    why = _why(row, currency, opened=full)
    if why is not None:
        parts.append(why)
    more = also(row.get("also") or ())
    if more is not None:
        parts.append(more)
    if full:
        parts.append(origin(row))
    parts.append(html.Div([*_foot(row, role), verdicts(row)], className="ft"))
    return html.Li(parts, className="insight", **{"data-insight": str(row["id"])})


def _effect(row: Mapping[str, Any], currency: str) -> html.Div | None:
    effect = row.get("effect") or {}
    text = _effect_words(effect, currency)
    if not text:
        return None
    mark = known(effect.get("against")) or 0.0
    unit = str(effect.get("unit", ""))
    of = amount(mark, unit, currency, plus=False).removesuffix(f" {unit}") if mark else "zero"
    drawn = interval(
        effect.get("low"),
        effect.get("value"),
        effect.get("high"),
        words=f"Effect {text}, against {of}",
        mark=mark,
    )
    text += f", against {of}" if mark else ""
    return html.Div([drawn, html.Span(text, className="num")], className="effect")


def _effect_words(effect: Mapping[str, Any], currency: str) -> str:
    if known(effect.get("value")) is None:
        return ""
    unit = str(effect.get("unit", ""))
    # What is held against something else than zero is no change: it has no plus.
    plus = not known(effect.get("against"))
    text = amount(effect["value"], unit, currency, plus=plus)
    low, high = effect.get("low"), effect.get("high")
    if known(low) is not None and known(high) is not None:
        ends = (amount(end, unit, currency, plus=plus) for end in (low, high))
        # A unit of several words is said once.
        text += ", " + " to ".join(end.removesuffix(f" {unit}") for end in ends)
    return text


def _marks(row: Mapping[str, Any], currency: str, role: str | None, *, full: bool) -> list[Any]:
    marks: list[Any] = []
    effect = row.get("effect") or {}
    text = _effect_words(effect, currency)
    if text and not full:
        marks.append(
            html.Span([icon("rulers"), text], className="tag line", title="Effect with its 95 % interval")
        )
    n = effect.get("n", (row.get("context") or {}).get("n"))
    if known(n) is not None:
        marks.append(html.Span(f"n = {number(n)}", className="tag line"))
    marks.extend(_evidence(item, role) for item in (row.get("evidence") or [])[: 10 if full else 4])
    marks.extend(html.Span(words(str(domain)), className="tag") for domain in row.get("domains") or [])
    return marks


def _evidence(item: Any, role: str | None) -> Any:
    if not isinstance(item, Mapping):
        return html.Span(str(item), className="tag line")
    kind, found = str(item.get("kind") or ""), str(item.get("id") or "")
    label = str(
        item.get("label") or item.get("title") or f"{words(kind)} {short_id(found)}".strip() or "Evidence"
    )
    href = leads_somewhere(item.get("href"), role) or leads_somewhere(_place(kind, found), role)
    if href:
        carry = {} if kind in _ONE_THING else {"data-carry": "1"}
        return html.A(label, href=href, className="tag line", title=found, **carry)
    return html.Span(label, className="tag line", title=found)


def _place(kind: str, found: str) -> str | None:
    value = quote(found, safe="")
    places = {
        "alert": f"/compliance/alerts/{value}",
        "order": f"/trading/blotter?order={value}",
        "execution": "/trading/blotter?filter=" + quote(_EQUALS % json.dumps(found), safe=""),
        "instrument": f"/portfolio/positions?instrument={value}",
        "account": f"/portfolio/positions?account={value}",
        "trader": f"/trading/blotter?trader={value}",
        "post": f"/social/feed?post={value}",
        "author": f"/social/feed?author={value}",
        "idea": f"/social/ideas?idea={value}",
        "limit": f"/compliance/limits?limit_id={value}",
        "detector": f"/compliance/calibration?detector={value}",
        "dataset": f"/operations/pipeline?dataset={value}",
        "import": f"/operations/pipeline?import={value}",
        "job": "/operations/health",
    }
    return places.get(kind) if found else None


def _why(row: Mapping[str, Any], currency: str, *, opened: bool) -> html.Details | None:
    reasons = row.get("why") or []
    if not reasons:
        return None
    lines = []
    # Bars compare, so they are drawn only where every driver counts the same thing.
    sizes = [abs(known(r.get("value")) or 0.0) for r in reasons if isinstance(r, Mapping)]
    alike = (
        len({r.get("unit") for r in reasons if isinstance(r, Mapping)}) == 1 and max(sizes, default=0.0) > 0
    )
    for reason in reasons[:8]:
        if isinstance(reason, Mapping):
            name = (
                reason.get("driver") or reason.get("label") or reason.get("name") or reason.get("text") or ""
            )
            value = reason.get("value", reason.get("contribution"))
            unit = str(reason.get("unit", ""))
            shown = (
                amount(value, unit, currency, plus=False)
                if known(value) is not None
                else cell(value)
                if value is not None
                else ""
            )
            size = abs(known(value) or 0.0)
            bar = (
                html.Div(className="bar", style={"width": f"{size / max(sizes) * 100:.0f}%"})
                if alike
                else None
            )
            lines.append(
                html.Tr(
                    [
                        html.Td(str(name)[:1].upper() + str(name)[1:]),
                        html.Td(bar, className="b"),
                        html.Td(shown, className="n num"),
                    ]
                )
            )
        else:
            lines.append(html.Tr(html.Td(str(reason), colSpan=3)))
    table = html.Table(html.Tbody(lines), **{"aria-label": "Why"})
    return html.Details(
        [html.Summary("Why"), html.Div(table, className="inner")], className="why", open=opened
    )


def _foot(row: Mapping[str, Any], role: str | None) -> list[Any]:
    parts: list[Any] = []
    sure = known(row.get("confidence"))
    if sure is not None:
        meter = html.Span(html.B(style={"width": f"{min(max(sure, 0), 1) * 100:.0f}%"}))
        title = "One less the false discovery rate q"
        parts.append(html.Span(["Confidence", meter, probability(sure)], className="conf", title=title))
    q = known(row.get("q_value"))
    if q is not None:
        parts.append(
            html.Span(
                f"q {number(q, 3)}" if q >= 0.001 else "q < 0.001",
                className="num",
                title="False discovery rate",
            )
        )
    steps = [step for step in row.get("next") or [] if isinstance(step, Mapping)]
    ways = [
        (str(step.get("label", "Open")), href)
        for step in steps
        if (href := leads_somewhere(step.get("href"), role))
    ][:3]
    for label, href in ways or _trades(row.get("context") or {}):
        parts.append(html.A(label, href=href, **{"data-carry": "1", "data-next": href.partition("?")[0]}))
    return parts


def _trades(context: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the way to the trades of what a finding is about, where it names any."""
    held = {name: str(context[name]) for name in ("desk", "trader", "instrument") if context.get(name)}
    if not held:
        return []
    dates = {name: str(context[name]) for name in ("from", "to") if context.get(name)}
    href = leads_somewhere("/trading/blotter?" + urlencode(held | dates))
    return [("See the trades", href)] if href else []
