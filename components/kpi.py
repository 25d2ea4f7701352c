"""Key figures: a tile says what, how much, against what, and draws its own course."""

from collections.abc import Sequence
from typing import Any, Literal
from urllib.parse import quote

from dash import html

from components.formats import MISSING, known
from components.safe import safe_url

WARN_AT = 0.8  # share of a limit from which a bullet turns amber


def tile(
    name: str,
    label: str,
    value: object,
    shown: Any,
    *,
    unit: str = "",
    sign: bool = False,
    detail: Any = None,
    viz: Any = None,
    href: str | None = None,
    reason: str | None = None,
    hover: str | None = None,
    age: str | None = None,
    passport: str | None = None,
) -> html.A | html.Div:
    """Draw a tile.

    Args:
        name: What ``data-kpi`` says.
        label: Words above the figure.
        value: The raw number, for ``data-value``.
        shown: The figure as people read it.
        unit: Small words after it.
        sign: Colour the figure by its sign.
        detail: Comparison or limit, below.
        viz: Spark, bullet or bars at the bottom.
        href: Page that explains the figure; the context travels along.
        reason: Why there is no figure.
        hover: The full figure.
        age: How old it is, when stale.
        passport: What its label opens the passport of: ``components.passport.passport_of``.
    """
    found = known(value)
    tone = "up" if sign and found and found > 0 else "down" if sign and found and found < 0 else ""
    figure: list[Any] = [shown]
    if unit and shown != MISSING:
        figure.append(html.Small(unit))
    title = reason if shown == MISSING else hover
    more: dict[str, Any] = {"title": title} if title else {}
    words: list[Any] = [_label(label, passport)]
    if age:
        words.append(html.Span("stale", className="tag high", title=f"{age} old"))
    parts = [
        html.Span(words, className="kpi-l"),
        html.Span(figure, className=f"kpi-v {tone}".strip(), **more),
        html.Span(
            _apart(detail) if shown != MISSING else html.Span(reason or "", className="trunc"),
            className="kpi-d",
        ),
        html.Span(viz, className="viz"),
    ]
    marks = {
        "data-kpi": name,
        "data-value": "" if found is None else repr(found),
        "data-state": "stale" if age else "ready" if found is not None else "empty",
    }
    target = safe_url(href)
    if target and passport:
        # A button does not fit into a link: the figure is the link then, and covers the tile.
        parts[1] = html.Span(
            html.A(figure, href=target, className="stretched-link", **{"data-carry": "1"}),
            className=f"kpi-v {tone}".strip(),
            **more,
        )
        return html.Div(parts, className="kpi position-relative", **marks)
    if target:
        return html.A(parts, href=target, className="kpi", **{"data-carry": "1"}, **marks)
    return html.Div(parts, className="kpi", **marks)


def _label(words: str, passport: str | None) -> Any:
    if passport is None:
        return html.Span(words, className="trunc")
    opens = {"data-passport": passport, "aria-haspopup": "dialog"}
    return html.Button(words, type="button", className="ppl", **opens)


def _apart(detail: Any) -> Any:
    # Neighbouring texts would run together; as elements they keep the gap.
    if not isinstance(detail, list):
        return detail
    return [html.Span(part) if isinstance(part, str) else part for part in detail if part]


def strip(tiles: Sequence[Any]) -> html.Section:
    """Frame tiles as one strip."""
    # On phones the strip scrolls: without links in it, the strip itself must take the focus.
    focus = {} if any(isinstance(one, html.A) for one in tiles) else {"tabIndex": 0}
    return html.Section(
        list(tiles), className=f"kpis k{len(tiles)}", **{"aria-label": "Key figures"}, **focus
    )


def spark(
    values: Sequence[Any], colour: str = "acc", *, kind: Literal["line", "bar"] = "line", height: int = 28
) -> html.Span | None:
    """Draw a course as a mask over a coloured box, so that it follows the theme.

    Returns None with fewer than two numbers.
    """
    points = [known(value) for value in values]
    found = [point for point in points if point is not None]
    if len(found) < 2:
        return None
    low, high = min(found), max(found)
    if kind == "bar":
        low = min(low, 0.0)
    width, reach = 120.0, (high - low) or 1.0

    def y(point: float) -> float:
        return (height - 3) - (point - low) / reach * (height - 6)

    if kind == "bar":
        step = width / len(points)
        shape = "".join(
            f"<rect x='{i * step:.1f}' y='{y(p):.1f}' width='{step * 0.66:.1f}' height='{max(1.0, height - y(p)):.1f}'/>"
            for i, p in enumerate(points)
            if p is not None
        )
    else:
        step = width / (len(points) - 1)
        path = " ".join(
            f"{'M' if i == 0 else 'L'}{i * step:.1f} {y(p):.1f}" for i, p in enumerate(found_or_last(points))
        )
        shape = (
            f"<path d='{path}' fill='none' stroke='black' stroke-width='1.6' vector-effect='non-scaling-stroke'/>"
            f"<path d='{path}L{width} {height}L0 {height}Z' fill='black' fill-opacity='.13'/>"
        )
    svg = (
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {width:.0f} {height}' "
        f"preserveAspectRatio='none'>{shape}</svg>"
    )
    image = f'url("data:image/svg+xml,{quote(svg)}")'
    style = {"height": f"{height}px", "maskImage": image, "WebkitMaskImage": image}
    return html.Span(className=f"spark {colour}", style=style, **{"aria-hidden": "true"})


def found_or_last(points: Sequence[float | None]) -> list[float]:
    """Return the points with gaps filled from the left, and the start from the first known one."""
    last = next((point for point in points if point is not None), 0.0)
    out = []
    for point in points:
        last = last if point is None else point
        out.append(last)
    return out


def bullet(
    share: float | None, *, marker: float | None = None, limit: float | None = 1.0, scale: float = 1.1
) -> html.Span | None:
    """Draw how much of a limit is used.

    Args:
        share: Used part of the limit; 1 is the limit itself.
        marker: A second share drawn as a tick, such as the net beside the gross.
        limit: Where the limit's own tick stands; None draws none.
        scale: Share at the right end of the bar.
    """
    used = known(share)
    if used is None:
        return None

    def place(part: float) -> str:
        return f"{min(max(part / scale, 0.0), 1.0) * 100:.1f}%"

    kind = "breach" if used > 1 else "warn" if used >= WARN_AT else ""
    parts: list[Any] = [html.B(style={"width": place(used)})]
    if limit is not None:
        parts.append(html.S(style={"left": place(limit)}))
    if known(marker) is not None:
        parts.append(html.I(style={"left": place(float(marker or 0))}))
    return html.Span(parts, className=f"bullet {kind}".strip(), **{"aria-hidden": "true"})


def severity_bar(counts: dict[str, int]) -> html.Span | None:
    """Draw shares by severity, worst first: keys ``critical, high, medium, low``."""
    order = (("critical", "crit"), ("high", "high"), ("medium", "med"), ("low", "low"))
    parts = [
        html.B(style={"flex": str(counts.get(name, 0))}, className=tone)
        for name, tone in order
        if counts.get(name, 0)
    ]
    return html.Span(parts, className="sevbar", **{"aria-hidden": "true"}) if parts else None


def freshness_bars(shares: Sequence[tuple[float, bool]]) -> html.Span:
    """Draw one bar a source: (how fresh, 0 to 1; whether it is late)."""
    bars = [
        html.B(
            style={"height": f"{max(4, round(20 * min(max(share, 0), 1)))}px"}, className="w" if late else ""
        )
        for share, late in shares
    ]
    return html.Span(bars, className="fresh", **{"aria-hidden": "true"})
