"""Trading styles as a list: what sets each apart from all, and who shares it."""

from collections.abc import Mapping, Sequence
from typing import Any

from dash import html

from components.anomalies import BARE, SHARES, said
from components.formats import number, plural

HEADS = ("Style", "Who", "Peers", "Fit", "Apart in")


def style_list(styles: Sequence[Mapping[str, Any]], *, who: str) -> html.Ul:
    """Draw the list, one item a style.

    Args:
        styles: Of ``app.queries.styles.styles``, ``styles`` and after them ``unlike``.
        who: trader or account: what a press on a member narrows the view to.
    """
    return html.Ul([_item(one, who) for one in styles], className="anoms")


def style_rows(styles: Sequence[Mapping[str, Any]]) -> list[list[Any]]:
    """Return members as plain rows: style, who, peers, fit, what sets the style apart."""
    return [
        [one["style"] or "none", member["name"], member["peers"], number(member["fit"], 2),
         "; ".join(_reason(reason) for reason in one["reasons"])]
        for one in styles
        for member in one["members"]
    ]  # fmt: skip


def _item(style: Mapping[str, Any], who: str) -> html.Li:
    alone = style["style"] is None
    title = (
        f"Unlike any style: one {who}" if alone else f"Style {style['style']}: {plural(style['people'], who)}"
    )
    apart = html.Div("; ".join(_reason(one) for one in style["reasons"]), title=_far(style["reasons"]))
    about: list[Any] = [apart]
    for peers in sorted({str(one["peers"]) for one in style["members"]}):
        own = [one for one in style["members"] if str(one["peers"]) == peers]
        about.append(html.Div([html.Span(f"{peers}: ", className="t11 t2"), *_linked(own, who)]))
    # One child: the list spreads its children over the height.
    return html.Li([
        html.Div(html.B(title), className="anom-who"), html.Div(html.Div(about), className="anom-why"),
    ])  # fmt: skip


def _linked(members: Sequence[Mapping[str, Any]], who: str) -> list[Any]:
    found: list[Any] = []
    for one in members:
        button = html.Button(
            str(one["name"]),
            type="button",
            className="lk",
            title=f"Narrow the view to this {who}"
            + ("" if one["fit"] is None else f"; fit {number(one['fit'], 2)} of 1"),
            **{"data-toggle-context": who, "data-value": str(one["id"])},
        )
        found += [button, ", "]
    return found[:-1]


def _reason(one: Mapping[str, Any]) -> str:
    of = str(one["of"])
    unit = "" if of in SHARES or of in BARE else f" {of}"
    return (
        f"{str(one['words']).capitalize()}: {said(one['value'], of)}{unit}, of all {said(one['usual'], of)}"
    )


def _far(reasons: Sequence[Mapping[str, Any]]) -> str:
    far = ", ".join(f"{one['contribution']:+.1f}" for one in reasons)
    return f"{far} robust deviations from the median of all"
