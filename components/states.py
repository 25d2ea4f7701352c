"""What a card shows when it has nothing to draw: loading, empty, error, denied, too little history."""

from typing import Any

from dash import html

from components.safe import safe_url


def icon(name: str, kind: str = "", *, label: str | None = None) -> html.I:
    """Draw a Bootstrap icon; without a label it is decoration."""
    more: dict[str, Any] = {"aria-hidden": "true"}
    if label is not None:
        more = {"role": "img", "aria-label": label}
    return html.I(className=f"bi bi-{name} {kind}".strip(), **more)


def hidden(text: str) -> html.Span:
    """Write words for people who listen to the page."""
    return html.Span(text, className="visually-hidden")


def link_button(label: str, href: str, *, primary: bool = False, small: bool = True) -> html.A:
    """Draw a link that looks like a button."""
    look = "btn-primary" if primary else "btn-outline-secondary"
    size = " btn-sm" if small else ""
    return html.A(label, href=safe_url(href) or "/", className=f"btn{size} {look}")


def state(
    icon_name: str,
    fact: str,
    why: str,
    *actions: Any,
    kind: str = "",
    role: str | None = None,
    page: bool = False,
) -> html.Div:
    """Draw one fact, why it is so, and the ways on."""
    more = {"role": role} if role else {}
    return html.Div(
        [
            icon(icon_name, kind),
            html.H3(fact),
            html.P(why),
            html.Div(list(actions), className="acts") if actions else None,
        ],
        className="state page-state" if page else "state",
        **more,
    )


def empty(fact: str, why: str, *actions: Any, icon_name: str = "inbox") -> html.Div:
    """Say that there is nothing, and which filter or missing import made it so."""
    return state(icon_name, fact, why, *actions)


def error(why: str, request_id: str, *, retry: str) -> html.Div:
    """Say that one card failed; the rest of the page is fine.

    Args:
        why: What did not answer.
        request_id: What support needs to find it in the logs.
        retry: Id of the store that asks again.
    """
    again = html.Button(
        "Try again", type="button", className="btn btn-sm btn-primary", **{"data-retry": retry}
    )
    parts: list[Any] = [again]
    if request_id:
        copy = [icon("clipboard"), "Copy ", html.Span(request_id, className="mono")]
        parts.append(
            html.Button(
                copy,
                type="button",
                className="btn btn-sm btn-outline-secondary",
                **{"data-copy": request_id},
            )
        )
    return state("exclamation-octagon", "This could not be shown", why, *parts, kind="crit", role="alert")


def denied(why: str) -> html.Div:
    """Say that the role does not allow it and who can grant it."""
    return state(
        "lock",
        "Your role does not show this",
        f"{why} An administrator of your organisation can grant another role.",
    )


def short_history(need: int, have: int, unit: str, *, why: str = "") -> html.Div:
    """Say that there is not enough history yet."""
    return state(
        "hourglass-split",
        "Not enough history yet",
        f"It needs {need} {unit} and there are {have}. {why}".strip(),
    )


def bones(kind: str = "bars", count: int = 0) -> html.Div:
    """Draw the skeleton of a chart (``bars``) or a list (``rows``)."""
    if kind == "rows":
        widths = (42, 58, 36, 64, 50, 46, 60, 38)
        rows = [
            html.Span(
                [
                    html.Span(className="sk", style={"width": "10px"}),
                    html.Span(className="sk", style={"width": "64px"}),
                    html.Span(className="sk", style={"width": f"{widths[i % len(widths)]}%"}),
                    html.Span(className="sk push", style={"width": "40px"}),
                ]
            )
            for i in range(count or 6)
        ]
        return html.Div(rows, className="bones rows", **{"aria-hidden": "true"})
    heights = [34 + (i * 37) % 41 + i for i in range(count or 24)]
    bars = [html.Span(className="sk", style={"height": f"{height}%"}) for height in heights]
    return html.Div(bars, className="bones bars", **{"aria-hidden": "true"})


def banner(kind: str, fact: str, consequence: str = "", *actions: Any) -> html.Div:
    """Draw a line across the page: ``stale``, ``info``, ``good`` or ``err``."""
    icons = {"stale": "clock-history", "info": "info-circle", "good": "check-circle"}
    parts = [html.Span(fact, className="w6"), " ", html.Span(consequence, className="t2")]
    return html.Div(
        [
            icon(icons.get(kind, "exclamation-octagon")),
            html.Div(parts),
            html.Div(list(actions), className="acts") if actions else None,
        ],
        className=f"banner {kind}",
        role="alert" if kind == "err" else "status",
    )
