"""The frame around every page: rail, top bar, context bar, next steps, bottom bar."""

from collections.abc import Sequence
from typing import Any, Protocol

import dash
import dash_bootstrap_components as dbc
from dash import dcc, html

from components.bell import bell_button, bell_panel
from components.context import context_bar, pickers
from components.ids import DATA, THEME, URL
from components.page import SECTIONS, Page
from components.passport import panel
from components.states import hidden, icon

REFRESH_MS = 20_000  # how often the screen asks whether any table has a new version
_SHORT = (
    ("/", "Overview", "grid-1x2"),
    ("/trading/blotter", "Trading", "arrow-left-right"),
    ("/compliance/alerts", "Compliance", "shield-check"),
    ("/portfolio/positions", "Portfolio", "pie-chart"),
    ("/intelligence/insights", "Insights", "cpu"),
    ("/operations/health", "Operations", "activity"),
)


class Who(Protocol):
    """What the frame shows of the person signed in."""

    @property
    def name(self) -> str:
        """The person's name."""

    @property
    def role(self) -> str:
        """The role, as a slug."""

    @property
    def org_name(self) -> str:
        """The organisation's name."""

    @property
    def demo(self) -> bool:
        """Whether it is a demo organisation."""


def mark() -> html.Img:
    """Draw the brand mark."""
    return html.Img(src="/assets/mark.svg", alt="", className="qd-mark")


def shell(
    pages: Sequence[Page],
    *,
    who: Who,
    theme: str | None = None,
    release: str = "",
    data: str | None = None,
) -> html.Div:
    """Lay out the frame for one person.

    Args:
        pages: Every page; those the role may not open are left out.
        who: The person signed in.
        theme: "dark" or "light", from the browser's cookie.
        release: Shown at the foot of the rail.
        data: Version of the data, where it is known: cards drawn from it are not asked again by the first beat.
    """
    open_pages = sorted(
        (p for p in pages if p.in_rail and p.allows(who.role)), key=lambda p: (p.order, p.title)
    )
    return html.Div(
        [
            html.A("Skip to content", href="#main", className="skip"),
            dcc.Location(id=URL, refresh="callback-nav"),
            dcc.Store(id=THEME, data="light" if theme == "light" else "dark"),
            dcc.Store(id=DATA, data=data),
            dcc.Store(id="toast"),
            dcc.Interval(id="refresh", interval=REFRESH_MS),
            html.Div(
                [
                    _rail(open_pages, release),
                    html.Div(
                        [
                            _top(who),
                            html.Main(dash.page_container, id="main", className="qd-content", tabIndex=-1),
                            html.Aside(id="next-dock", className="nextdock", **{"aria-label": "Next steps"}),
                            _bottom(open_pages),
                        ],
                        className="qd-main",
                    ),
                ],
                className="qd-app",
            ),
            dbc.Offcanvas(
                _more(open_pages, who), id="more", title="Quarterdeck", placement="end", is_open=False
            ),
            *pickers(),
            panel(),
            bell_panel(),
            html.Div(id="toasts", className="toasts", role="status"),
        ],
        id="shell",
    )


def _link(page: Page, *, with_icon: bool = False, count: bool = False) -> html.A:
    parts: list[Any] = [icon(page.icon) if with_icon and page.icon else None, html.Span(page.title)]
    if count:
        parts.append(html.Span(id={"type": "nav-count", "path": page.path}, className="qd-count"))
    return html.A(parts, href=page.path, className="qd-link", **{"data-nav": page.path})


def _rail(pages: Sequence[Page], release: str) -> html.Nav:
    items: list[Any] = [_link(page, with_icon=True) for page in pages if page.section == "overview"]
    for slug, (title, icon_name) in SECTIONS.items():
        own = [page for page in pages if page.section == slug]
        if not own:
            continue
        head = html.Button(
            [
                icon(icon_name),
                html.Span(title),
                html.B(id={"type": "nav-pip", "section": slug}, className="qd-pip"),
                icon("chevron-down", "fold"),
                hidden(f"{title} pages"),
            ],
            type="button",
            **{"aria-expanded": "true", "data-fold": slug},
        )
        links = [html.Span(title, className="fly-title"), *(_link(page, count=True) for page in own)]
        items.append(
            html.Div(
                [head, html.Div(links, className="qd-sub")],
                className="qd-group",
                **{"data-group": slug, "data-folded": "false"},
            )
        )
    collapse = html.Button(
        [icon("layout-sidebar"), hidden("Collapse navigation")],
        type="button",
        className="iconbtn sm",
        **{"data-act": "rail"},
    )
    return html.Nav(
        [
            html.A([mark(), html.Span("Quarterdeck")], href="/", className="qd-brand", **{"data-carry": "1"}),
            html.Div(items, className="qd-nav"),
            html.Div([collapse, html.Span(f"v{release}" if release else "")], className="qd-railfoot"),
        ],
        className="qd-rail",
        **{"aria-label": "Main"},
    )


def _initials(name: str) -> str:
    parts = [part for part in name.split() if part[:1].isalpha()]
    return "".join(part[0] for part in (parts[:1] + parts[-1:] if len(parts) > 1 else parts)).upper() or "?"


def _top(who: Who) -> html.Header:
    organisation = html.Span(
        [
            html.Span(_initials(who.org_name), className="qd-square", **{"aria-hidden": "true"}),
            html.Span(who.org_name, className="sm-hide"),
        ],
        className="qd-org",
        title=who.org_name,
    )
    live = html.A(
        [
            html.I(**{"aria-hidden": "true"}),
            html.B("Live", id="live-word"),
            html.Span(id="live-age", className="xs-hide"),
        ],
        id="live",
        href="/operations/health",
        className="qd-live",
        **{"data-live": "live"},
    )
    search = html.Button(
        [
            icon("search"),
            html.Span("Search or jump to", className="words"),
            html.Kbd("Ctrl K", **{"aria-hidden": "true"}),
        ],
        type="button",
        className="qd-search",
        title="Search or jump to",
        **{"data-act": "palette"},
    )
    theme = html.Button(
        [icon("circle-half"), hidden("Switch between dark and light")],
        type="button",
        className="iconbtn xs-hide",
        title="Dark or light (\\)",
        **{"data-act": "theme"},
    )
    bar = html.Div(
        [
            html.A(
                [mark(), hidden("Quarterdeck, overview")],
                href="/",
                className="xs-only",
                **{"data-carry": "1"},
            ),
            organisation,
            html.Span("/", className="t3 xs-hide", **{"aria-hidden": "true"}),
            html.Nav(html.Ol(id="trail"), className="qd-trail xs-hide", **{"aria-label": "Path taken"}),
            html.Span(className="push"),
            search,
            html.Span("Demo: real prices, simulated firm", className="qd-demo md-hide") if who.demo else None,
            html.Span("Demo", className="qd-demo xl-hide", title="Real prices, simulated firm")
            if who.demo
            else None,
            live,
            bell_button(),
            theme,
            _menu(who),
        ],
        className="qd-bar",
    )
    return html.Header([bar, context_bar()], className="qd-top")


def _sign_out() -> html.Form:
    button = html.Button([icon("box-arrow-right"), "Sign out"], type="submit", className="row-btn")
    return html.Form(button, action="/sign-out", method="POST")


def _menu(who: Who) -> html.Details:
    words = [
        html.Div(who.name, className="w6"),
        html.Div(who.role.replace("_", " ").capitalize(), className="t2 t12"),
    ]
    return html.Details(
        [
            html.Summary(
                [
                    html.Span(_initials(who.name), className="qd-avatar", **{"aria-hidden": "true"}),
                    hidden(f"{who.name}, account"),
                ]
            ),
            html.Div([html.Div(words, className="who"), _sign_out()], className="panel"),
        ],
        className="qd-menu xs-hide",
    )


def _bottom(pages: Sequence[Page]) -> html.Nav:
    there = {page.path for page in pages}
    entries = [entry for entry in _SHORT if entry[0] in there][:4]
    links: list[Any] = [
        html.A([icon(icon_name), title], href=path, className="qd-link-short", **{"data-nav-short": path})
        for path, title, icon_name in entries
    ]
    links.append(html.Button([icon("list"), "More"], type="button", **{"data-act": "more"}))
    return html.Nav(links, className="qd-bottom", **{"aria-label": "Main, short"})


def _more(pages: Sequence[Page], who: Who) -> html.Div:
    parts: list[Any] = [_plain(page) for page in pages if page.section == "overview"]
    for slug, (title, _) in SECTIONS.items():
        own = [page for page in pages if page.section == slug]
        if own:
            parts.append(html.Div(title, className="t12 t3 px-2 pt-2"))
            parts.extend(_plain(page) for page in own)
    parts.append(html.Hr(className="my-2"))
    parts.append(
        html.Div([html.Span(who.name, className="w6"), f" · {who.org_name}"], className="px-2 pb-2 t2")
    )
    if who.demo:
        parts.append(html.Div("Demo: real prices, simulated firm", className="px-2 pb-2 t12 t2"))
    theme = [icon("circle-half"), "Dark or light"]
    parts.append(html.Button(theme, type="button", className="row-btn", **{"data-act": "theme"}))
    parts.append(_sign_out())
    return html.Div(parts, className="qd-more")


def _plain(page: Page) -> html.A:
    return html.A(page.title, href=page.path, className="row-btn", **{"data-nav-more": page.path})
