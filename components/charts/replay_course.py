"""Suspect orders and fills on the best bid and ask, with what rested of them below: one stretch of a replay."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from dash import html

from components.formats import clock, day, known, plural, price, quantity
from components.graph import floats, graph
from components.theme import Theme

SUSPECT = 2
_SAID = {
    "new": "Entry",
    "replace": "Changed",
    "cancel": "Withdrawn",
    "expire": "Expired",
    "reject": "Rejected",
}
_ENDS = {"cancel", "expire", "reject"}
_SIDES = ((1, "up"), (-1, "down"))
Place = tuple[float, int, str, float | None, float, float | None, float | None]


def replay_course(answer: Mapping[str, Any], *, look: Theme, height: int) -> html.Div:
    """Draw one stretch: entries, changes, withdrawals and fills of suspect orders as marks, sized by quantity.

    Args:
        answer: ``app.queries.replay.replay`` with moves.
        look: Theme.
        height: Pixels.
    """
    begin, finish = answer["start"], answer["end"]
    moves = [tuple(move) for move in answer["moves"] if answer["orders"][move[1]][2] == SUSPECT]
    end_ms = (finish - begin) / timedelta(milliseconds=1)
    data = _best(answer, begin, end_ms, look)
    levels = [known(quote[place]) for quote in answer["quotes"] for place in (1, 3)]
    for sign, colour in _SIDES:
        mine = [move for move in moves if answer["orders"][move[1]][1] == sign]
        data += _lives(mine, begin, end_ms, look[colour], dashed=sign < 0)
        data += _marks(mine, answer["orders"], begin, look, buys=sign > 0)
        data += _resting(mine, begin, end_ms, look, buys=sign > 0)
        levels += [known(move[place]) for move in mine for place in (3, 6)]
    found = [level for level in levels if level is not None]
    low, high = (min(found), max(found)) if found else (0.0, 1.0)
    room = (high - low) * 0.08 or abs(high) * 0.002 or 1.0
    seconds = end_ms < 600_000
    layout: dict[str, Any] = {
        "margin": {"l": 8, "r": 12, "t": 8, "b": 8},
        "hovermode": "closest",
        "dragmode": False,
        "xaxis": {
            "type": "date",
            "range": [_text(begin), _text(finish)],
            "nticks": 7,
            "tickformat": "%H:%M:%S" if seconds else "%H:%M",
            "anchor": "y2",
            "fixedrange": True,
            "title": {"text": "Time, UTC"},
        },
        "yaxis": {
            "range": [low - room, high + room],
            "nticks": 6,
            "tickformat": ",.2f",
            "domain": [0.27, 1],
            "fixedrange": True,
            "title": {"text": "Price"},
        },
        "yaxis2": {
            "domain": [0, 0.19],
            "nticks": 3,
            "rangemode": "tozero",
            "fixedrange": True,
            "title": {"text": "Units"},
        },
    }
    return graph(data, layout, look=look, height=height, finding=_finding(answer, moves), kind="seekable")


def _text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%f")[:23]


def _at(begin: datetime, ms: float) -> str:
    return _text(begin + timedelta(milliseconds=ms))


def _best(answer: Mapping[str, Any], begin: datetime, end_ms: float, look: Theme) -> list[dict[str, Any]]:
    quotes = answer["quotes"]
    if not quotes:
        return []
    # The last quote stands until another replaces it.
    x = [*(_at(begin, quote[0]) for quote in quotes), _at(begin, end_ms)]
    return [
        {
            "type": "scatter",
            "mode": "lines",
            "x": x,
            "y": floats([*(quote[place] for quote in quotes), quotes[-1][place]]),
            "name": name,
            "line": {"color": look["text2"], "width": 1.3, "shape": "hv"},
            "fill": "tonexty" if place == 3 else "none",
            "fillcolor": look.faded("text3", 0.12),
            "hovertemplate": f"{name} %{{y:,.2f}}<extra></extra>",
        }
        for place, name in ((1, "Best bid"), (3, "Best ask"))
    ]


def _by_order(moves: Sequence[Place]) -> dict[int, list[Place]]:
    found: dict[int, list[Place]] = defaultdict(list)
    for move in moves:
        found[move[1]].append(move)
    return found


def _lives(
    moves: Sequence[Place], begin: datetime, end_ms: float, colour: str, *, dashed: bool
) -> list[dict[str, Any]]:
    x: list[str | None] = []
    y: list[float | None] = []
    for life in _by_order(moves).values():
        for move, after in zip(life, [*life[1:], None], strict=True):
            if move[4] > 0 and move[3] is not None:
                x += [_at(begin, move[0]), _at(begin, after[0] if after else end_ms), None]
                y += [move[3], move[3], None]
    if not x:
        return []
    line = {"color": colour, "width": 3, "dash": "3px,2px" if dashed else "solid"}
    return [{"type": "scatter", "mode": "lines", "x": x, "y": floats(y), "line": line, "hoverinfo": "skip"}]


def _marks(
    moves: Sequence[Place],
    orders: Sequence[Sequence[Any]],
    begin: datetime,
    look: Theme,
    *,
    buys: bool,
) -> list[dict[str, Any]]:
    colour = look["up" if buys else "down"]
    largest = max((move[5] or move[4] for move in moves), default=0) or 1.0
    kinds = (
        ({"new"}, "line-ns-open", colour, 2),
        ({"replace"}, "diamond-open", colour, 2),
        (_ENDS, "x-thin-open", look["crit"], 2),
        ({"fill"}, "triangle-up" if buys else "triangle-down", colour, 1),
    )
    data: list[dict[str, Any]] = []
    for names, symbol, ink, edge in kinds:
        shown = [m for m in moves if m[2] in names and (m[6] if m[2] == "fill" else m[3]) is not None]
        if not shown:
            continue
        sizes = [7 + 9 * ((m[5] or m[4] or 0.0) / largest) ** 0.5 for m in shown]
        marker: dict[str, Any] = {"symbol": symbol, "size": floats(sizes), "color": ink, "opacity": 1}
        marker["line"] = {"width": edge} | ({"color": look["s1"]} if names == {"fill"} else {})
        data.append(
            {
                "type": "scatter",
                "mode": "markers",
                "x": [_at(begin, m[0]) for m in shown],
                "y": floats(m[6] if m[2] == "fill" else m[3] for m in shown),
                "marker": marker,
                "customdata": [_move_words(m, orders[m[1]], begin) for m in shown],
                "hovertemplate": "%{customdata}<extra></extra>",
            }
        )
    return data


def _resting(
    moves: Sequence[Place], begin: datetime, end_ms: float, look: Theme, *, buys: bool
) -> list[dict[str, Any]]:
    said, colour = ("Buys", "up") if buys else ("Sells", "down")
    if not any(move[4] > 0 and move[3] is not None for move in moves):
        return []
    x, y, total = [_at(begin, 0)], [0.0], 0.0
    held: dict[int, float] = {}
    for ms, order, _, px, qty, *_rest in moves:
        now = qty if px is not None else 0.0
        total += now - held.get(order, 0.0)
        held[order] = now
        x.append(_at(begin, ms))
        y.append(max(total, 0.0))
    x.append(_at(begin, end_ms))
    y.append(y[-1])
    return [
        {
            "type": "scatter",
            "mode": "lines",
            "x": x,
            "y": floats(y),
            "yaxis": "y2",
            "name": said,
            "line": {"color": look[colour], "width": 1.2, "shape": "hv"},
            "fill": "tozeroy",
            "fillcolor": look.faded(colour, 0.35),
            "hovertemplate": f"{said} resting %{{y:,.0f}}<extra></extra>",
        }
    ]


def _move_words(move: Place, order: Sequence[Any], begin: datetime) -> str:
    ms, _, kind, px, qty, last_qty, last_px = move
    if kind == "fill":
        what = f"Filled {quantity(last_qty)} at {price(last_px)}, {quantity(qty)} left"
    else:
        what = f"{_SAID.get(kind, kind)} at {price(px)}, {quantity(qty)} rests"
    moment = clock(begin + timedelta(milliseconds=ms), millis=True)
    return f"<b>{what}</b><br>{order[0]}, {order[3] or 'account not known'}<br>{moment} UTC"


def _finding(answer: Mapping[str, Any], moves: Sequence[Place]) -> str:
    entered, pulled, filled = (
        sum(1 for move in moves if move[2] in names) for names in ({"new"}, _ENDS, {"fill"})
    )
    return (
        f"{plural(entered, 'suspect order')} entered, {pulled} withdrawn and {plural(filled, 'fill')} in "
        f"{answer['instrument_id']} from {day(answer['start'].date())} {clock(answer['start'], seconds=True)} to "
        f"{clock(answer['end'], seconds=True)} UTC."
    )
