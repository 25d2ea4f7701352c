"""The tiles of the overview's strip, from the one answer that scripts get too."""

from datetime import UTC, datetime
from typing import Any

from dash import html

from callbacks._fill import View
from components.formats import (
    MISSING,
    age,
    bps,
    compact,
    full_money,
    instant,
    known,
    money,
    number,
    percent,
    plural,
    since,
)
from components.kpi import bullet, freshness_bars, severity_bar, spark, strip, tile
from components.page import SURVEILLANCE_ROLES
from components.passport import passport_of
from components.severity import severity_counts

LATE_S = 4 * 86_400  # a daily source older than a long weekend is late


def kpi_strip(answer: dict[str, Any], view: View, *, course: Any, fresh: Any) -> html.Section:
    """Draw the strip.

    Args:
        answer: ``app.queries.overview.overview``.
        view: Whose view it is.
        course: Rows of ``trading.pnl_series``.
        fresh: Rows of ``trading.freshness``.
    """
    currency = answer["currency"]
    tiles = [
        _pnl(answer, currency, course),
        _exposure(answer, currency),
        _risk(answer, currency),
        _slippage(answer),
        _alerts(answer) if view.role in SURVEILLANCE_ROLES else _fills(answer),
        _social(answer),
        _freshness(fresh),
    ]
    return strip(tiles)


def _why(answer: dict[str, Any], section: str, name: str) -> str | None:
    return answer["reasons"].get(f"{section}.{name}")


def _pnl(answer: dict[str, Any], currency: str, course: Any) -> Any:
    value = answer["trading"]["net_pnl"]
    nav = known(answer["portfolio"]["nav"])
    detail: Any = None
    found = known(value)
    if found is not None and nav:
        share = found / nav * 1e4
        arrow = "▲" if share > 0 else "▼" if share < 0 else ""
        detail = [
            html.Span(f"{arrow} {bps(share, plus=True)}".strip(), className="up" if share > 0 else "down"),
            "of NAV",
        ]
    points = [known(row["cumulative"]) for row in course.to_dicts()]
    return tile(
        "net-pnl",
        f"Net P&L, {plural(answer['period']['sessions'], 'session')}",
        value,
        money(value, currency, plus=True),
        sign=True,
        detail=detail,
        viz=spark(points, "up" if (found or 0) >= 0 else "down"),
        href="/portfolio/positions",
        reason=_why(answer, "trading", "net_pnl"),
        passport=passport_of("net_pnl", of="pnl"),
        hover=full_money(value, currency, plus=True),
    )


def _exposure(answer: dict[str, Any], currency: str) -> Any:
    found = answer["portfolio"]
    gross, net, nav = known(found["gross_exposure"]), known(found["net_exposure"]), known(found["nav"])
    viz = (
        bullet(
            gross / nav,
            marker=abs(net) / nav if net is not None else None,
            limit=1.0,
            scale=max(1.2, gross / nav * 1.15),
        )
        if gross is not None and nav and nav > 0
        else None
    )
    detail = [
        "net ",
        html.Span(money(net, currency, plus=True), className="t2"),
    ]
    return tile(
        "gross-exposure",
        "Gross exposure",
        gross,
        money(gross, currency),
        detail=detail,
        viz=_neutral(viz),
        href="/portfolio/positions",
        reason=_why(answer, "portfolio", "gross_exposure"),
        passport=passport_of("gross_exposure", of="portfolio"),
        hover=full_money(gross, currency),
    )


def _neutral(viz: Any) -> Any:
    # Exposure against NAV is a measure, not a limit: it does not turn amber.
    if viz is not None:
        viz.className = "bullet"
    return viz


def _risk(answer: dict[str, Any], currency: str) -> Any:
    found = answer["portfolio"]
    used = known(found["var_limit_used"])
    if used is None:
        detail: Any = [
            f"ES {money(found['es_975_1d'], currency)}",
            html.Span("no limit set", title=_why(answer, "portfolio", "var_limit_used")),
        ]
    else:
        word = " breach" if used > 1 else ""
        tone = "crit" if used > 1 else "high" if used >= 0.8 else "t2"
        detail = [html.Span(f"{percent(used)}{word}", className=tone), "of the limit"]
    return tile(
        "var",
        "VaR 99%, 1 day",
        found["var_99_1d"],
        money(found["var_99_1d"], currency),
        detail=detail,
        viz=bullet(used) if used is not None else None,
        href="/portfolio/positions",
        reason=_why(answer, "portfolio", "var_99_1d"),
        passport=passport_of("var_99_1d", of="portfolio"),
        hover=full_money(found["var_99_1d"], currency),
    )


def _slippage(answer: dict[str, Any]) -> Any:
    value = answer["trading"]["slippage_bp"]
    fills = answer["trading"]["executions"]
    return tile(
        "slippage",
        "Slippage vs arrival",
        value,
        number(value, 2, plus=False),
        unit="bps",
        detail=[
            plural(fills, "fill"),
            f"costs {money(answer['trading']['commission'], answer['currency'])}"
            if known(answer["trading"]["commission"]) is not None
            else "",
        ],
        href="/trading/blotter",
        reason=_why(answer, "trading", "slippage_bp"),
        passport=passport_of("slippage_bp", of="trading"),
    )


def _alerts(answer: dict[str, Any]) -> Any:
    counts = answer["compliance"]["alerts_open"]
    if not counts:
        reason = _why(answer, "compliance", "alerts_open") or "No detector has run yet."
        return tile("open-alerts", "Open alerts", None, MISSING, reason=reason, href="/compliance/alerts")
    total = sum(int(n) for n in counts.values())
    return tile(
        "open-alerts",
        "Open alerts",
        total,
        number(total),
        detail=severity_counts(counts) if total else "nothing waits",
        viz=severity_bar(counts),
        href="/compliance/alerts",
    )


def _fills(answer: dict[str, Any]) -> Any:
    value = answer["trading"]["fill_rate"]
    return tile(
        "fill-rate",
        "Fill rate",
        value,
        percent(value),
        detail=plural(answer["trading"]["orders"], "order"),
        viz=_neutral(bullet(value, limit=None, scale=1.0)),
        href="/trading/blotter",
        reason=_why(answer, "trading", "fill_rate"),
        passport=passport_of("fill_rate", of="trading"),
    )


def _social(answer: dict[str, Any]) -> Any:
    found = answer["social"]
    tone = known(found["sentiment"])
    top = (found["attention"] or [None])[0]
    detail: list[Any] = []
    if tone is not None:
        detail.append(
            html.Span(
                f"tone {number(tone, 2, plus=True)}",
                className="up" if tone > 0 else "down" if tone < 0 else "",
            )
        )
    if isinstance(top, dict):
        name = top.get("symbol") or str(top.get("instrument_id")).rpartition(":")[2]
        detail.append(
            f"{name} {number(top.get('z'), 1, plus=True)}σ" if known(top.get("z")) is not None else str(name)
        )
    points = [known(entry.get("z")) for entry in found["attention"] or [] if isinstance(entry, dict)]
    return tile(
        "social-attention",
        "Social attention",
        found["posts"],
        compact(found["posts"]),
        unit="posts",
        detail=detail or f"{plural(found['authors'], 'author')}",
        viz=spark(points, "acc", kind="bar") if len(points) > 1 else None,
        href="/social/feed",
        reason=_why(answer, "social", "posts"),
    )


def _freshness(fresh: Any) -> Any:
    now = datetime.now(UTC)
    ages = []
    for row in fresh.to_dicts():
        last = instant(row["last_event"])
        if last is not None:
            ages.append((max(0.0, (now - last).total_seconds()), row["title"]))
    if not ages:
        return tile(
            "data-freshness",
            "Data freshness",
            None,
            MISSING,
            reason="Nothing has been imported yet.",
            href="/operations/health",
        )
    ages.sort()
    middle, worst = ages[len(ages) // 2][0], ages[-1]
    shown = age(middle).split(" ")
    return tile(
        "data-freshness",
        "Data freshness",
        middle,
        shown[0],
        unit=f"{shown[1]} median",
        detail=["oldest", html.Span(f"{worst[1]} {age(worst[0])}", className="t2 trunc")],
        viz=freshness_bars([(1 - seconds / (2 * LATE_S), seconds > LATE_S) for seconds, _ in ages]),
        href="/operations/health",
        hover=since(now),
    )
