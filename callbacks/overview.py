"""Wires pages/overview.py."""

from typing import Any

from dash import ClientsideFunction, Dash, Input, Output, html

from app.queries import compliance, evidence, intelligence, operations, portfolio, social, trading
from app.queries import overview as questions
from callbacks._fill import Drawn, View, fill, nothing, opens
from callbacks._overview_kpis import kpi_strip
from callbacks._strip import fill_strip
from components.alerts import actor_name, people_first
from components.cards import legend, segment
from components.charts.dot_interval import dot_interval
from components.charts.line_band import line_band
from components.charts.tone_course import tone_course
from components.charts.treemap import treemap
from components.feed import posts as posts_list
from components.formats import bps, full_money, money, plural, since
from components.health import dataset_strip
from components.ids import at
from components.insight import insights
from components.states import link_button
from components.tables import column, grid, link, table

PAGE = "overview-master"
IMPORT_FIRST = "Nothing has been imported yet, or nothing was derived from it."
GROUPS = (("sector", "Sector"), ("desk", "Desk"), ("country", "Country"))


def register(app: Dash) -> None:
    """Attach this page's callbacks to ``app``."""
    fill_strip(app, PAGE, ask=_key_figures, draw=_strip)
    fill(app, PAGE, "net-pnl", "Net P&L", ask=trading.pnl_series, draw=_pnl)
    fill(app, PAGE, "exposure", "Exposure", ask=portfolio.positions, draw=_exposure)
    fill(app, PAGE, "venues", "Execution cost by venue", ask=trading.venues, draw=_venues)
    fill(
        app,
        PAGE,
        "insights",
        "Insights",
        ask=lambda desk: intelligence.insights(desk, limit=5),
        draw=_insights,
    )
    fill(app, PAGE, "alerts", "Open alerts", ask=_open_alerts, draw=_alerts)
    fill(app, PAGE, "posts", "Posts and tone", ask=_newest_posts, draw=_posts)
    fill(
        app,
        PAGE,
        "executions",
        "Latest executions",
        ask=lambda desk: trading.executions(desk, limit=9),
        draw=_executions,
    )
    fill(app, PAGE, "health", "Data health", ask=operations.data_health, draw=_health)
    app.clientside_callback(
        ClientsideFunction("qd", "pickInstrument"),
        Output(at(PAGE, "exposure", "map"), "clickData"),
        Input(at(PAGE, "exposure", "map"), "clickData"),
        prevent_initial_call=True,
    )
    opens(app, at(PAGE, "alerts", "grid"))


def _key_figures(desk: Any) -> tuple[dict[str, Any], Any, Any]:
    return questions.overview(desk), trading.pnl_series(desk)["rows"], trading.freshness(desk)


def _strip(answer: tuple[dict[str, Any], Any, Any], view: View) -> Any:
    figures, course, fresh = answer
    return kpi_strip(figures, view, course=course, fresh=fresh)


def _pnl(answer: dict[str, Any], view: View) -> Drawn:
    rows = answer["rows"].to_dicts()
    if not rows:
        return nothing(
            view,
            "No P&L yet",
            answer["reasons"].get("pnl", IMPORT_FIRST),
            link_button("Import files", "/operations/pipeline"),
        )
    parts = [("ln", "acc", "Net P&L")]
    if any(row["benchmark"] is not None for row in rows):
        parts.append(("ds", "t3", f"Benchmark {answer['benchmark'] or ''}".strip()))
    if any(row["usual_low"] is not None for row in rows):
        parts.append(("band", "t3", "Usual day's end, p10 to p90 of 60 sessions"))
    figure = line_band(
        rows,
        look=view.look,
        currency=answer["currency"],
        height=318,
        value="cumulative",
        label="Cumulative net P&L",
        benchmark="benchmark",
        low="usual_low",
        high="usual_high",
    )
    as_table = table(
        ["Date", "Day", "Cumulative", "Benchmark"],
        [
            [
                row["date"],
                full_money(row["pnl"], answer["currency"], plus=True),
                full_money(row["cumulative"], answer["currency"], plus=True),
                full_money(row["benchmark"], answer["currency"], plus=True),
            ]
            for row in reversed(rows)
        ],
        numeric=(1, 2, 3),
        label="Net P&L by day",
    )
    return Drawn(
        figure,
        sub=f"cumulative, after costs, {plural(len(rows), 'session')}, {answer['currency']}",
        legend=legend(*parts),
        as_table=as_table,
    )


def _exposure(answer: Any, view: View) -> Drawn:
    by = view.state("group", "sector")
    by = by if by in dict(GROUPS) else "sector"
    held: dict[tuple[str, str], dict[str, Any]] = {}
    for row in answer.to_dicts():
        if row["market_value"] is None:
            continue
        key = (str(row[by] or "Not known"), row["instrument_id"])
        tile = held.setdefault(
            key,
            {
                "id": row["instrument_id"],
                "label": row["symbol"] or row["instrument_id"],
                "group": key[0],
                "size": 0.0,
                "pnl": 0.0,
            },
        )
        tile["size"] += abs(float(row["market_value"]))
        tile["pnl"] = None if tile["pnl"] is None or row["pnl"] is None else tile["pnl"] + float(row["pnl"])
    tiles = [
        tile | {"gain": tile["pnl"] / tile["size"] if tile["pnl"] is not None and tile["size"] else None}
        for tile in held.values()
    ]
    tools = (segment("Group by", "group", GROUPS, by),)
    if not tiles:
        return nothing(
            view,
            "Nothing is held",
            IMPORT_FIRST,
            link_button("Import files", "/operations/pipeline"),
            tools=tools,
        )
    tiles.sort(key=lambda tile: -tile["size"])
    figure = treemap(
        tiles, look=view.look, currency=view.currency, height=304, name=at(PAGE, "exposure", "map")
    )
    as_table = table(
        [by.capitalize(), "Instrument", "Gross", "Day P&L"],
        [
            [
                t["group"],
                t["label"],
                full_money(t["size"], view.currency),
                full_money(t["pnl"], view.currency, plus=True),
            ]
            for t in tiles
        ],
        numeric=(2, 3),
        label="Exposure",
    )
    return Drawn(figure, sub="colour: the day", tools=tools, as_table=as_table)


def _venues(answer: Any, view: View) -> Drawn:
    rows = [row for row in answer.to_dicts() if row["slippage_bp"] is not None]
    if not rows:
        return nothing(view, "No costs to compare", "No execution of this period has an arrival price.")
    shown = [
        {
            "label": row["venue"] or "Not named",
            "value": row["slippage_bp"],
            "low": row["low"],
            "high": row["high"],
            "size": row["notional"],
            "hover": f"{money(row['notional'], view.currency)}, {plural(row['n'], 'fill')}",
        }
        for row in rows[:10]
    ]
    figure = dot_interval(
        shown,
        look=view.look,
        height=304,
        mean=rows[0]["all_bp"],
        unit="bps",
        note="dot = notional, bar = 95% interval",
        what="Slippage against arrival by venue",
    )
    as_table = table(
        ["Venue", "bps", "Low", "High", "Fills"],
        [
            [
                r["venue"],
                bps(r["slippage_bp"], 2, unit=False),
                bps(r["low"], 2, unit=False),
                bps(r["high"], 2, unit=False),
                r["n"],
            ]
            for r in rows
        ],
        numeric=(1, 2, 3, 4),
        label="Execution cost by venue",
    )
    return Drawn(figure, sub="bps vs arrival", as_table=as_table)


def _insights(answer: dict[str, Any], view: View) -> Drawn:
    if not answer["rows"]:
        return nothing(
            view, "No insight stands now", "The rules found nothing that clears their own noise.", fit="flush"
        )
    footer = [f"{len(answer['rows'])} of {answer['total']}", link("All", "/intelligence/insights")]
    return Drawn(
        insights(answer["rows"], currency=view.currency, role=view.role),
        sub="weightiest first",
        footer=footer,
        fit="flush",
    )


def _open_alerts(desk: Any) -> dict[str, Any]:
    return compliance.alerts(desk, filters={"open": "true"}, limit=50) | {"names": evidence.names(desk)}


def _alerts(answer: dict[str, Any], view: View) -> Drawn:
    footer = [f"{len(answer['rows'])} of {answer['total']}", link("All alerts", "/compliance/alerts")]
    badge = html.Span(str(answer["total"]), className="tag")
    if not answer["rows"]:
        return nothing(view, "No open alerts", "The detectors found nothing that is still open.", badge=badge)
    return Drawn(
        grid(
            at(PAGE, "alerts", "grid"),
            ALERT_COLUMNS,
            rows=[alert_row(row, answer["names"]) for row in answer["rows"]],
            height=270,
            opens=True,
            label="Open alerts",
        ),
        badge=badge,
        footer=footer,
        fit="flush",
    )


ALERT_COLUMNS = [
    column("severity", "Severity", "severity", width=96, phone=(0, 40)),
    column("alert", "Alert", "link", width=104, desk=True),
    column("title", "Finding", flex=3, minWidth=180, tooltipField="title", phone=(2, None)),
    column("instruments", "Instrument", width=96),
    column("who", "Who", minWidth=100, tooltipField="who"),
    column("score", "Score", "score", width=104, phone=(1, 50)),
    column("age", "Age", width=64, phone=(3, 56), headerTooltip="Since it happened", sortable=False),
    column("status", "State", "words", width=92, desk=True),
]


def alert_row(row: dict[str, Any], names: dict[str, dict[str, str]]) -> dict[str, Any]:
    """Return an alert as a grid's row; ids of people, accounts and instruments become names."""
    return {
        "severity": row["severity"],
        "alert": row["alert_id"][:10],
        "title": row["title"],
        "instruments": ", ".join(names["instrument"].get(i, i) for i in row["instrument_ids"]),
        "who": ", ".join(actor_name(actor, names) for actor in people_first(row["actors"])),
        "score": row["score"],
        "age": since(row["window"]["start"] or row["created_at"]),
        "status": row["status"],
        "created_at": row["created_at"],
        "_open": f"/compliance/alerts/{row['alert_id']}",
    }


def _newest_posts(desk: Any) -> tuple[Any, Any, int]:
    days = social.sentiment(desk)
    newest, total = social.posts(desk, limit=3)
    people = evidence.names(desk)["person"]
    known = [row | {"author_name": people.get(row["author_id"])} for row in newest.to_dicts()]
    return days, known, total


def _posts(answer: tuple[Any, Any, int], view: View) -> Drawn:
    days, newest, total = answer
    if not total:
        return nothing(view, "No posts in this period", "No feed of posts has been imported.")
    rows = [row for row in days.to_dicts() if row["posts"]][-60:]
    known = {row["day"]: row for row in days.to_dicts()}
    first = rows[0]["day"]
    line = [row for row in known.values() if row["price"] is not None and row["day"] >= first]
    one = view.scope.instrument[0] if len(view.scope.instrument) == 1 else None
    price = f"Close of {one}" if one else "All instruments, first day 100"
    figure = tone_course(rows, look=view.look, height=190, prices=line, price_label=price)
    parts = legend(
        ("ln", "acc", price), ("sq", "t3", "Posts"), ("sq", "down", "Negative tone"), ("sq", "up", "Positive")
    )
    return Drawn(
        [figure, posts_list(newest[:1], short=True)],
        legend=parts,
        footer=[plural(total, "post"), link("Feed", "/social/feed")],
    )


def _executions(answer: Any, view: View) -> Drawn:
    frame, total = answer
    if not total:
        return nothing(
            view,
            "No executions in this period",
            IMPORT_FIRST,
            link_button("Import files", "/operations/pipeline"),
        )
    columns = [
        column("transact_time", "Time, UTC", "stamp", width=128),
        column("symbol", "Instrument", minWidth=90),
        column("side", "Side", "side", width=92),
        column("last_qty", "Quantity", "quantity", width=96),
        column("last_px", "Price", "price", width=92),
        column("notional", "Notional", "money", width=110),
        column("slippage_bp", "bps vs arrival", "bps", width=110),
        column("account_id", "Account", minWidth=96),
        column(
            "order_id", "Order", "link", width=140, cellRendererParams={"mono": True, "hrefFrom": "_open"}
        ),
    ]
    rows = [
        row | {"_open": f"/trading/blotter?order={row['order_id']}" if row["order_id"] else None}
        for row in frame.to_dicts()
    ]
    footer = [plural(total, "execution"), link("Blotter", "/trading/blotter")]
    return Drawn(
        grid(at(PAGE, "executions", "grid"), columns, rows=rows, height=304, label="Latest executions"),
        footer=footer,
        fit="flush",
    )


def _health(answer: list[dict[str, Any]], view: View) -> Drawn:
    if not answer:
        return nothing(
            view,
            "No data yet",
            "Import a file to begin.",
            link_button("Import files", "/operations/pipeline", primary=True),
        )
    bad = [row for row in answer if row["state"] != "ok"]
    badge = html.Span(
        f"{len(bad)} damaged" if bad else "all readable", className=f"tag {'crit' if bad else 'ok'}"
    )
    return Drawn(
        dataset_strip(answer), badge=badge, tools=(link("Operations", "/operations/health"),), fit="flush"
    )
