"""Tone, posts and price by day, as the pages of sentiment and feed draw them."""

from typing import Any

from callbacks._fill import Drawn, View
from components.cards import legend
from components.charts.tone_course import recent, tone_course
from components.formats import day, number, percent, plural
from components.tables import table

Row = dict[str, Any]


def course(frame: Any, view: View, *, most: int, height: int) -> Drawn | None:
    """Draw ``app.queries.social.sentiment`` over the last days with posts; None without any.

    Args:
        frame: The answer.
        view: Who looks at what.
        most: Days with posts shown; fewer where years without any lie between them.
        height: Pixels.
    """
    days = frame.to_dicts()
    rows = recent([row for row in days if row["posts"]])[-most:]
    if not rows:
        return None
    chosen = view.scope.instrument
    line = [row for row in days if row["price"] is not None and row["day"] >= rows[0]["day"]]
    # Of several the level says nothing: the first day that is drawn is 100.
    scale = 1.0 if len(chosen) == 1 or not line else 100 / line[0]["price"]
    line = [row | {"price": row["price"] * scale} for row in line]
    label = f"Close of {chosen[0]}" if len(chosen) == 1 else f"{_set(chosen)}, first day 100"
    keys = legend(
        ("ln", "acc", label), ("sq", "t3", "Posts"), ("sq", "up", "Positive tone"), ("sq", "down", "Negative")
    )
    prices = {row["day"]: row["price"] for row in line}
    cells = [
        [day(row["day"]), row["posts"], percent(row["relevance"]), number(row["sentiment"], 2, plus=True),
         number(prices.get(row["day"]), 2)]
        for row in reversed(rows)
    ]  # fmt: skip
    heads = ["Day", "Posts", "About it", "Tone", "Price"]
    return Drawn(
        tone_course(rows, look=view.look, height=height, prices=line, price_label=label),
        sub=f"by day, {plural(sum(row['posts'] for row in rows), 'post')}",
        legend=keys,
        as_table=table(heads, cells, numeric=(1, 2, 3, 4), label="Tone and price"),
    )


def _set(chosen: tuple[str, ...]) -> str:
    if not chosen:
        return "All instruments"
    return " and ".join(chosen) if len(chosen) == 2 else f"{len(chosen)} instruments"
