"""Wires pages/portfolio/risk.py; its stress tests are wired by callbacks/portfolio/stress.py."""

from collections.abc import Sequence
from typing import Any

from dash import Dash, html

from app.queries import risk, risk_backtest, risk_structure
from callbacks._fill import Drawn, View, fill, nothing
from callbacks._strip import fill_strip
from components import risk as draw
from components.cards import legend, segment
from components.charts.correlation_map import correlation_map
from components.charts.factor_dots import factor_dots
from components.charts.underwater import underwater
from components.charts.var_course import var_course
from components.formats import day, full_money, known, money, number, percent, plural, words
from components.kpi import bullet, spark, strip, tile
from components.passport import passport_link, passport_of
from components.states import link_button
from components.tables import table

PAGE = "portfolio-risk"
METHODS = (
    ("historical", "Historical"),
    ("filtered_historical", "Filtered hist."),
    ("parametric", "Normal"),
    ("ewma", "EWMA"),
)
WINDOWS = (("60", "60 d"), ("250", "250 d"), ("stress", "Stress"))
YEARS = (("2", "2Y"), ("1", "1Y"), ("all", "All"))
CONFIDENCE = 0.99
NO_LIMIT = "No limit on drawdown has been set."
# The page's own parameters; a card ignores those of the others.
_OWN = ("method", "window", "years", "stress", "scenario", "mine")


def register(app: Dash) -> None:
    """Attach this page's callbacks to ``app``."""
    fill_strip(app, PAGE, ask=_figures, draw=_strip, ignores=_all_but("method"))
    fill(app, PAGE, "backtest", "VaR backtest", ask=_judged, draw=_backtest, ignores=_all_but("method"))
    fill(
        app,
        PAGE,
        "verdicts",
        "Is the VaR model right",
        ask=_judged,
        draw=_verdicts,
        ignores=_all_but("method"),
    )
    fill(app, PAGE, "parts", "Component VaR", ask=_parts_of, draw=_parts, ignores=_all_but())
    fill(
        app,
        PAGE,
        "factors",
        "Factor exposures",
        ask=risk_structure.factors,
        draw=_factors,
        ignores=_all_but(),
    )
    fill(app, PAGE, "correlation", "Correlation", ask=_alike, draw=_correlation, ignores=_all_but("window"))
    fill(app, PAGE, "drawdown", "Drawdown", ask=_sunk, draw=_drawdown, ignores=_all_but("years"))
    fill(
        app,
        PAGE,
        "methods",
        "Value at risk by method",
        ask=risk.report,
        draw=_methods,
        ignores=_all_but("method"),
    )


def _all_but(*names: str) -> tuple[str, ...]:
    return tuple(name for name in _OWN if name not in names)


# --- questions -------------------------------------------------------------------------------------
def _method(state: Any) -> str:
    return str(state.get("method", METHODS[0][0]))


def _figures(desk: Any) -> Any:
    return risk.kpis(desk, method=_method(desk.scope.extra))


def _judged(desk: Any) -> dict[str, Any]:
    return risk_backtest.backtest(desk, method=_method(desk.scope.extra), confidence=CONFIDENCE)


def _parts_of(desk: Any) -> dict[str, Any]:
    return risk.parts(desk, confidence=CONFIDENCE)


def _alike(desk: Any) -> dict[str, Any]:
    return risk_structure.correlation(desk, window=desk.scope.extra.get("window", "60"))


def _sunk(desk: Any) -> dict[str, Any]:
    return risk_structure.underwater(desk, years=desk.scope.extra.get("years", "2"))


# --- drawings --------------------------------------------------------------------------------------
def _strip(answer: Any, view: View) -> Any:
    values, reasons = answer
    currency = view.currency

    def used(name: str) -> float | None:
        bound, value = known(values[f"{name}_limit"]), known(values[name])
        return value / bound if bound and value is not None else None

    var, es, lever = used("var_99_1d"), used("es_975_1d"), used("leverage")
    worst = [part for part in (_month(values["stressed_from"]), _month(values["stressed_to"])) if part]
    change = None if values["beta_before"] is None else (values["beta"] or 0.0) - values["beta_before"]
    hits = known(values["exceptions"])
    return strip(
        [
            tile("var", "VaR 99%, 1 day", values["var_99_1d"], money(values["var_99_1d"], currency), viz=bullet(var),
                 detail=_of(var, money(values["var_99_1d_limit"], currency)), reason=reasons.get("var_99_1d"),
                 hover=full_money(values["var_99_1d"], currency),
                 passport=passport_of("var_99_1d", of="risk")),
            tile("es", "ES 97.5%, 1 day", values["es_975_1d"], money(values["es_975_1d"], currency), viz=bullet(es),
                 detail=_of(es, money(values["es_975_1d_limit"], currency), otherwise=_beyond(values)), reason=reasons.get("es_975_1d"),
                 hover=full_money(values["es_975_1d"], currency),
                 passport=passport_of("es_975_1d", of="risk")),
            tile("stressed-var", "Stressed VaR", values["stressed_var_99_1d"],
                 money(values["stressed_var_99_1d"], currency), detail=[_span(worst)],
                 reason=reasons.get("stressed_var_99_1d"), hover=full_money(values["stressed_var_99_1d"], currency),
                 passport=passport_of("stressed_var_99_1d", of="risk")),
            tile("exceptions", "Exceptions", values["exceptions"], number(values["exceptions"]),
                 unit=f"of {number(values['exceptions_n'])}", reason=reasons.get("exceptions"),
                 detail=[f"expected {number(values['exceptions_expected'], 1)}, {values['zone']}"],
                 viz=None if hits is None else bullet(hits / (values["red_from"] - 0.5), scale=1.5),
                 passport=passport_of("exceptions", of="risk")),
            tile("beta", f"Beta to {values['benchmark'] or 'benchmark'}", values["beta"], number(values["beta"], 2),
                 detail=[number(change, 2, plus=True), "on the day"], reason=reasons.get("beta"),
                 viz=spark(values["beta_course"], "acc"),
                 passport=passport_of("holdings_beta", of="risk")),
            tile("leverage", "Gross leverage", values["leverage"], number(values["leverage"], 2), unit="×",
                 detail=_of(lever, f"{number(values['leverage_limit'], 2)}×"), viz=bullet(lever),
                 reason=reasons.get("leverage"),
                 passport=passport_of("leverage", of="risk")),
            tile("drawdown", "Drawdown now", values["drawdown"], percent(values["drawdown"]), sign=True,
                 detail=_fallen(values), reason=reasons.get("drawdown"),
                 viz=bullet(_depth(values), limit=1.0) if values["drawdown_limit"] else None,
                 passport=passport_of("drawdown", of="risk")),
        ]
    )  # fmt: skip


def _beyond(values: Any) -> list[Any]:
    var, es = known(values["var_99_1d"]), known(values["es_975_1d"])
    return [f"{number(es / var, 2)}× the VaR"] if var and es is not None else []


def _of(share: float | None, bound: str, *, otherwise: Sequence[Any] = ()) -> list[Any]:
    if share is None:
        return list(otherwise)
    tone = "crit" if share > 1 else "high" if share >= 0.8 else ""
    return [html.Span(percent(share), className=tone), f"of {bound}"]


def _fallen(values: Any) -> list[Any]:
    said = [f"worst {percent(values['max_drawdown'])}"]
    if bound := known(values["drawdown_limit"]):
        said.append(f"limit {percent(-bound)}")
    return said


def _depth(values: Any) -> float | None:
    now, bound = known(values["drawdown"]), known(values["drawdown_limit"])
    return -now / bound if now is not None and bound else None


def _span(months: Sequence[str]) -> str:
    """Return ``Aug 2025 to Aug 2026``; a year that both share is said once."""
    if not months:
        return ""
    first, last = months[0], months[-1]
    if first == last:
        return f"in {first}"
    return f"{first.removesuffix(last[-5:])} to {last}"


def _month(value: Any) -> str:
    return day(value).partition(" ")[2] if value else ""


def _backtest(answer: dict[str, Any], view: View) -> Drawn:
    tools = (segment("VaR method", "method", METHODS, answer["method"]),)
    rows = answer["rows"].to_dicts()
    why = answer["reasons"].get("rows")
    if why or not rows:
        return nothing(view, "No back-test yet", why or "No session can be judged yet.", tools=tools)
    label = f"VaR {answer['confidence'] * 100:g}%"
    figure = var_course(
        rows, look=view.look, currency=answer["currency"], height=300, confidence=answer["confidence"]
    )
    as_table = table(
        ["Date", "P&L", label, "ES 97.5%", "Exception"],
        [
            [r["date"], full_money(r["pnl"], answer["currency"], plus=True), full_money(r["var"], answer["currency"]),
             full_money(r["es"], answer["currency"]), "yes" if r["exception"] else r["reason"] or ""]
            for r in reversed(rows)
        ],
        numeric=(1, 2, 3), label="Back-test by day",
    )  # fmt: skip
    return Drawn(
        figure,
        sub=f"daily P&L against the VaR made the evening before, {plural(len(rows), 'session')}",
        tools=tools,
        legend=legend(("sq", "t3", "Daily P&L"), ("ln", "acc", label), ("ds", "high", "ES 97.5%"),
                      ("dot", "down", "Exception")),
        as_table=as_table,
    )  # fmt: skip


def _verdicts(answer: dict[str, Any], view: View) -> Drawn:
    why = answer["reasons"].get("rows")
    if why:
        return nothing(view, "No model to judge yet", why)
    zone = answer["zone"] | {"expected": answer["metrics"][1]["value"]}
    dated = answer["exceptions"]
    footer = "No exception in these sessions"
    if dated:
        last, currency = dated[0], answer["currency"]
        footer = (
            f"Last exception {day(last['date'])}, {money(last['pnl'], currency)} against "
            f"{money(-last['var'], currency)}"
        )
    body = html.Div([draw.verdicts(answer["tests"]), draw.traffic_light(zone)])
    return Drawn(body, badge=draw.zone_tag(zone), footer=[footer], fit="flush")


def _parts(answer: dict[str, Any], view: View) -> Drawn:
    why = answer["reasons"].get("rows")
    if why:
        return nothing(view, "No parts of risk", why)
    rows, currency = answer["rows"].to_dicts(), answer["currency"]
    as_table = table(
        ["Instrument", "Value", "Component", "Share", "Marginal", "Incremental"],
        [
            [r["symbol"], full_money(r["value"], currency, plus=True), full_money(r["component"], currency),
             percent(r["share"]), number(r["marginal"], 4), full_money(r["incremental"], currency, plus=True)]
            for r in rows
        ],
        numeric=(1, 2, 3, 4, 5), label="Component, marginal and incremental VaR",
    )  # fmt: skip
    return Drawn(
        draw.parts(rows, currency=currency, chosen=view.scope.instrument),
        sub=f"adds up to {money(answer['total'], currency)}",
        footer=[passport_link(f"{name}_var", of="risk") for name in ("component", "marginal", "incremental")],
        as_table=as_table,
    )


def _factors(answer: dict[str, Any], view: View) -> Drawn:
    why = answer["reasons"].get("rows")
    if why:
        return nothing(view, "No factor exposures", why)
    rows = answer["rows"]
    as_table = table(
        ["Factor", "Kind", "Now", "30 sessions ago", "Usually from", "to"],
        [
            [
                r["title"],
                words(r["block"]),
                *(_fine(r[name]) for name in ("exposure", "before", "low", "high")),
            ]
            for r in rows
        ],
        numeric=(2, 3, 4, 5),
        label="Factor exposures",
    )
    per = "NAV" if answer["per"] == "nav" else "gross value"
    return Drawn(
        factor_dots(rows, look=view.look, height=330),
        sub=f"a one-sigma day, share of {per}",
        legend=legend(("dot", "acc", "Now"), ("ring", "t3", "30 sessions ago"), ("band", "t3", "Usual band")),
        footer=[draw.variance(answer["variance"])],
        as_table=as_table,
    )


def _fine(value: Any) -> str:
    found = known(value)
    return number(None if found is None else found * 100, 3, plus=True)


def _correlation(answer: dict[str, Any], view: View) -> Drawn:
    tools = (segment("Window", "window", WINDOWS, answer["window"]),)
    why = answer["reasons"].get("matrix")
    if why:
        return nothing(view, "No correlations", why, tools=tools)
    names = answer["symbols"]
    as_table = table(
        ["", *names],
        [[name, *(number(v, 2) for v in row)] for name, row in zip(names, answer["matrix"], strict=True)],
        numeric=tuple(range(1, len(names) + 1)),
        label="Correlations",
    )
    more = "" if answer["held"] <= len(names) else f", {len(names)} of {answer['held']}"
    return Drawn(
        correlation_map(names, answer["matrix"], look=view.look, height=360),
        sub=f"clustered, to {day(answer['to'])}{more}",
        tools=tools,
        as_table=as_table,
    )


def _drawdown(answer: dict[str, Any], view: View) -> Drawn:
    tools = (segment("Period", "years", YEARS, view.state("years", "2")),)
    rows = answer["rows"].to_dicts()
    if not rows:
        return nothing(
            view, "No drawdown yet", answer["reasons"].get("rows", "No return is known yet."),
            link_button("Import files", "/operations/pipeline"), tools=tools,
        )  # fmt: skip
    falls = answer["worst"].to_dicts()
    as_table = table(
        ["Depth", "High", "Low", "Made good", "Sessions"],
        [
            [percent(f["depth"]), day(f["peak"]) if f["peak"] else "start", day(f["trough"]),
             day(f["recovery"]) if f["recovery"] else "not yet", f["length"]]
            for f in falls
        ],
        numeric=(0, 4), label="Worst falls",
    )  # fmt: skip
    return Drawn(
        underwater(rows, look=view.look, height=338, worst=falls, limit=known(answer["limit"])),
        sub="from the high, worst three marked",
        tools=tools,
        footer=None if answer["limit"] else [str(answer["reasons"].get("limit", NO_LIMIT))],
        as_table=as_table,
    )


def _methods(answer: dict[str, Any], view: View) -> Drawn:
    if all(record["value"] is None for record in answer["table"]):
        return nothing(view, "No value at risk", answer["table"][0]["reason"] or "Nothing is known yet.")
    lacking = next(
        (
            r["reason"]
            for r in answer["table"]
            if r["value"] is None and r["convention"]["method"] == "filtered_historical"
        ),
        None,
    )
    return Drawn(
        draw.methods(answer["table"], currency=answer["currency"], chosen=view.state("method", "historical")),
        sub=f"positive = loss, {plural(answer['n'], 'session')} replayed",
        footer=[f"Filtered historical: {lacking}"] if lacking else None,
        fit="flush",
    )
