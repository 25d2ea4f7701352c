"""Wires pages/intelligence/forecasts.py."""

from typing import Any

from dash import Dash

from app.errors import FieldError, Invalid
from app.queries import forecasts as asked
from callbacks._fill import Drawn, View, fill, nothing
from components.cards import legend, segment
from components.charts.fan import fan
from components.charts.said_held import said_held
from components.forecasts import (
    books_rows,
    books_table,
    ranges_table,
    reasons_list,
    served_tag,
    volatility_table,
    volume_table,
)
from components.formats import day, percent, plural, price
from components.states import link_button
from components.tables import table

PAGE = "intelligence-forecasts"
STEPS = (("1", "1 day"), ("5", "5 days"), ("21", "21 days"))
AHEAD = "5"  # of a view that does not say
UNTRAINED = "Models are trained every night, once prices have been imported."


def register(app: Dash) -> None:
    """Attach this page's callbacks to ``app``."""
    fill(app, PAGE, "fan", "Return range", ask=_asked, draw=_fan)
    fill(app, PAGE, "honest", "Are the ranges honest", ask=_asked, draw=_honest)
    fill(app, PAGE, "volatility", "Volatility", ask=_any, draw=_volatility, ignores=("ahead",))
    fill(app, PAGE, "volume", "Volume", ask=_any, draw=_volume, ignores=("ahead",))
    fill(app, PAGE, "why", "Why this range", ask=_asked, draw=_why)
    fill(app, PAGE, "books", "Value at risk, next session", ask=_any, draw=_books, ignores=("ahead",))


def _asked(desk: Any) -> dict[str, Any]:
    ahead = str(desk.scope.extra.get("ahead") or AHEAD)
    if ahead not in dict(STEPS):
        raise Invalid(
            "The address does not fit.", errors=[FieldError("ahead", "must be 1, 5 or 21", ahead[:80])]
        )
    return asked.forecasts(desk, horizon=ahead)


def _any(desk: Any) -> dict[str, Any]:
    return asked.forecasts(desk)


def _none(view: View, what: str) -> Drawn:
    start = link_button("Import prices", "/operations/pipeline")
    return nothing(view, what, UNTRAINED, start)


def _fan(found: dict[str, Any], view: View) -> Drawn:
    if found["instrument"] is None or not found["course"] or not found["ranges"]:
        return _none(view, "No range has been forecast")
    ahead = int(found["horizon"])
    chosen = next((row for row in found["ranges"] if row["sessions"] == ahead), found["ranges"][-1])
    held = {row["nominal"]: row for row in found["held"]}
    footer = "Nothing had been said of these sessions yet."
    if held:
        footer = (
            f"Of {plural(held[0.9]['n'], 'session')} the 90% range held {percent(held[0.9]['held'])}, "
            f"the 50% range {percent(held[0.5]['held'])}. It says how far, never which way."
        )
    why = next(
        (m["reason"] for key, m in found["models"].items() if key.startswith("return_range") and m["reason"]),
        None,
    )
    keys = legend(
        ("ln", "text2", "Close"),
        ("sq", "text3", f"90% range of the model, said {plural(ahead, 'session')} before"),
        ("sq", "acc", "50% and 90% range ahead"),
        ("dot", "down", "Outside 90%"),
    )
    return Drawn(
        fan(found["course"], found["ranges"], look=view.look, height=336, sessions=ahead),
        sub=f"{found['instrument']['symbol']}, close {price(found['close'])} on {day(found['day'])}",
        badge=served_tag(chosen["served"], why),
        tools=(
            segment("How far ahead ranges are compared", "ahead", STEPS, found["horizon"], default=AHEAD),
        ),
        legend=keys,
        footer=footer,
        as_table=ranges_table(found["ranges"]),
    )


def _honest(found: dict[str, Any], view: View) -> Drawn:
    levels = found["levels"]
    if not levels:
        return _none(view, "No range has been compared with what came")
    rows = [[percent(p["said"]), percent(p["held"]), percent(p["low"]), percent(p["high"])] for p in levels]
    n = levels[0]["n"]
    wide = next((p for p in levels if p["said"] == 0.05), levels[0])
    top = next((p for p in levels if p["said"] == 0.95), levels[-1])
    return Drawn(
        said_held(levels, look=view.look, height=320, came="came in below"),
        sub=f"{plural(int(found['horizon']), 'session')} ahead, all instruments",
        legend=legend(("sq", "text3", "95% sampling range")),
        footer=f"{plural(n, 'forecast')} out of sample. The 90% range held {percent(top['held'] - wide['held'])}.",
        as_table=table(
            ["Said", "Came", "Allowed from", "Allowed to"], rows, numeric=(0, 1, 2, 3), label="Said and came"
        ),
    )


def _volatility(found: dict[str, Any], view: View) -> Drawn:
    if not found["volatility"]:
        return _none(view, "No volatility has been forecast")
    return Drawn(
        volatility_table(found["volatility"], found["models"]), sub=found["instrument"]["symbol"], fit="flush"
    )


def _volume(found: dict[str, Any], view: View) -> Drawn:
    if found["volume"] is None and not found["curve"]:
        return _none(view, "No volume has been forecast")
    return Drawn(
        volume_table(found["volume"], found["curve"], found["models"]),
        sub=found["instrument"]["symbol"],
        fit="flush",
    )


def _why(found: dict[str, Any], view: View) -> Drawn:
    rows = [row for row in found["ranges"] if row["reasons"] and str(row["sessions"]) == found["horizon"]]
    if not rows:
        return _none(view, "No range has been forecast")
    return Drawn(reasons_list(rows), sub="against the width of a usual day", fit="flush")


def _books(found: dict[str, Any], view: View) -> Drawn:
    if not found["books"]:
        return nothing(
            view, "No value at risk of these books", "Nothing was held, or its prices are too few."
        )
    model = found["models"].get("value_at_risk", {})
    return Drawn(
        books_table(found["books"], model),
        sub=f"{books_rows(found['books'])}, made {day(found['books'][0]['made'])}, back-tested out of sample",
        fit="flush",
    )
