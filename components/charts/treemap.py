"""Where the money is and what it earned: area is size, colour is gain or loss."""

from collections.abc import Sequence
from typing import Any

from dash import html

from components.formats import known, money, percent
from components.graph import graph
from components.theme import Theme

ROOT = "all"


def treemap(
    rows: Sequence[dict[str, Any]],
    *,
    look: Theme,
    currency: str,
    height: int,
    name: str | None = None,
) -> html.Div:
    """Draw tiles in groups.

    Args:
        rows: ``id``, ``label``, ``group``, ``size`` (money, > 0) and ``gain`` (fraction of size, or None).
        look: Theme.
        currency: Of the sizes.
        height: Pixels.
        name: Component id whose clicks narrow the view.
    """
    tiles = [row for row in rows if (known(row["size"]) or 0) > 0]
    groups: dict[str, float] = {}
    for row in tiles:
        groups[row["group"]] = groups.get(row["group"], 0.0) + float(row["size"])
    gains = sorted(abs(gain) for row in tiles if (gain := known(row["gain"])) is not None)
    # Robust: one wild tile must not turn all others grey.
    limit = gains[int(0.9 * (len(gains) - 1))] if gains else 0.0
    order = sorted(groups, key=lambda g: -groups[g])
    ids = [ROOT, *(f"group/{group}" for group in order), *(f"tile/{row['id']}" for row in tiles)]
    labels = ["", *order, *(str(row["label"]) for row in tiles)]
    parents = ["", *([ROOT] * len(order)), *(f"group/{row['group']}" for row in tiles)]
    values = [
        sum(groups.values()),
        *(groups[group] for group in order),
        *(float(row["size"]) for row in tiles),
    ]
    shades = [
        look["s2"] if (gain := known(row["gain"])) is None else look.gain_loss(gain, limit or 1.0)
        for row in tiles
    ]
    head = 1 + len(order)
    words = [""] * head + [percent(row["gain"], plus=True) for row in tiles]
    hover = [""] * head + [
        f"<b>{row['label']}</b><br>{money(row['size'], currency)}<br>day {percent(row['gain'], plus=True)}"
        for row in tiles
    ]
    light_on_dark = [
        "#FFFFFF"
        if look.name == "dark" or abs(known(row["gain"]) or 0) > 0.8 * (limit or 1.0)
        else look["text"]
        for row in tiles
    ]
    data = {
        "type": "treemap",
        "ids": ids,
        "labels": labels,
        "parents": parents,
        "values": values,
        "branchvalues": "total",
        "marker": {
            "colors": [look["s1"], *([look["s2"]] * len(order)), *shades],
            "line": {
                "width": 1,
                "color": [look["s1"], *([look["line"]] * len(order)), *([look["s1"]] * len(tiles))],
            },
            "cornerradius": 2,
            "pad": {"t": 19, "l": 2, "r": 2, "b": 2},
        },
        "text": words,
        "texttemplate": "<b>%{label}</b><br>%{text}",
        "textfont": {"size": 11.5, "color": [look["text2"]] * head + light_on_dark},
        "tiling": {"packing": "squarify", "pad": 2},
        "pathbar": {"visible": False},
        "customdata": [""] * head + [str(row["id"]) for row in tiles],
        "hovertext": hover,
        "hoverinfo": "text",
        "maxdepth": 3,
    }
    layout = {"margin": {"l": 2, "r": 2, "t": 2, "b": 2}, "uniformtext": {"minsize": 9, "mode": "hide"}}
    largest = max(tiles, key=lambda row: float(row["size"]))
    finding = (
        f"Gross exposure {money(values[0], currency)} in {len(tiles)} instruments of {len(order)} groups; "
        f"the largest is {largest['label']} with {money(largest['size'], currency)}."
    )
    return graph([data], layout, look=look, height=height, finding=finding, name=name, kind="treemap")
