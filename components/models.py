"""Models: skill against a plain baseline with its interval, and what must be known before one is used."""

from collections.abc import Mapping, Sequence
from typing import Any

from dash import html

from components.formats import MISSING, day, known, moment, number, percent, plural, short_id, since, words
from components.interval import interval
from components.states import icon
from components.tables import facts, table

# Status on record to what people read: icon, tone, words.
STATES = {
    "ok": ("check-circle", "ok", "Live"),
    "silent": ("pause-circle", "med", "On baseline"),
    "drifting": ("exclamation-triangle", "high", "Drifting"),
    "failed": ("x-octagon", "crit", "Failed"),
}
TONES = {"ok": "up", "silent": "med", "drifting": "high", "failed": "crit"}


def state_tag(status: str, reason: str | None = None) -> html.Span:
    """Draw a model's state: icon, word and, on hover, why."""
    shape, tone, said = STATES.get(status, ("question-circle", "", words(status)))
    return html.Span([icon(shape), said], className=f"tag {tone}", title=reason or said)


def skill_words(metrics: Mapping[str, Any]) -> str:
    """Return skill with its interval: ``+18%, +12% to +24%``, or in its own unit."""
    value = known(metrics.get("value"))
    if value is None:
        return "not known"
    low, high = known(metrics.get("low")), known(metrics.get("high"))
    text = _skill(value, metrics)
    if low is None or high is None:
        return text
    unit = str(metrics.get("unit") or "fraction")
    told = f"{text}, {_skill(low, metrics)} to {_skill(high, metrics)}"
    return told if unit == "fraction" else f"{told} {unit}"


def _skill(value: float, metrics: Mapping[str, Any]) -> str:
    fraction = metrics.get("unit") in (None, "fraction")
    return percent(value, plus=True) if fraction else number(value, 3, plus=True)


def model_cards(rows: Sequence[Mapping[str, Any]], *, chosen: str) -> html.Div:
    """Draw one card per model; a click shows its record.

    Args:
        rows: ``app.queries.intelligence.models``.
        chosen: Name of the one shown below.
    """
    reaches: dict[str, float] = {}
    for row in rows:
        unit = str(row["metrics"].get("unit") or "fraction")
        ends = [
            abs(n) for end in ("value", "low", "high") if (n := known(row["metrics"].get(end))) is not None
        ]
        # One far interval must not flatten all others.
        reaches[unit] = max(
            [reaches.get(unit, 0.0), *(min(end, 0.6) if unit == "fraction" else end for end in ends)]
        )
    return html.Div(
        [
            _card(
                row,
                reach=reaches[str(row["metrics"].get("unit") or "fraction")] or 1.0,
                chosen=row["name"] == chosen,
            )
            for row in rows
        ],
        className="models",
    )


def _card(row: Mapping[str, Any], *, reach: float, chosen: bool) -> html.Button:
    metrics = row["metrics"]
    value = known(metrics.get("value"))
    low, high = known(metrics.get("low")), known(metrics.get("high"))
    unit = str(metrics.get("unit") or "fraction")
    between = "" if low is None or high is None else f", {_skill(low, metrics)} to {_skill(high, metrics)}"
    drawn: Any = interval(
        low,
        value,
        high,
        words=f"Skill {skill_words(metrics)}, against zero",
        tone=TONES.get(row["status"], "acc"),
        reach=reach,
    )
    if drawn is None:
        drawn = html.Div(
            html.I(className="zero", style={"left": "50%"}), className="ival", **{"aria-hidden": "true"}
        )
    against = "against the baseline" if unit == "fraction" else unit
    body = [
        html.Span(
            [html.Span(row["title"], className="nm"), state_tag(row["status"], row["reason"])], className="hd"
        ),
        html.Span(f"{row['name']} v{row['version']}", className="mono"),
        drawn,
        html.Span(
            [
                html.Span(MISSING if value is None else _skill(value, metrics), className="v num"),
                html.Span(f"{against}{between}", className="t3 t12"),
            ],
            className="skill",
        ),
        html.Span([html.Span(one) for pair in _lines(row) for one in pair], className="kv num"),
    ]
    if row["status"] != "ok":
        why = row["reason"] or "no skill shown"
        body.append(
            html.Span(f"{why[:1].upper()}{why[1:]}. Served instead: {row['baseline']}.", className="instead")
        )
    return html.Button(
        body,
        type="button",
        className="model",
        **{"data-set": "model", "data-value": row["name"], "aria-pressed": "true" if chosen else "false"},
    )


def _lines(row: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return what a card says below its skill: days tested, calibration, drift, age."""
    days = number(row["metrics"].get("n"))
    tested = f"{days} in {plural(row['fold_count'], 'fold')}" if row.get("fold_count") else days
    found = [("Days out of sample", tested)]
    if row.get("coverage"):
        band = row["coverage"]
        found.append((f"Coverage of {percent(band['nominal'])}", percent(band["held"])))
    elif row.get("ece") is not None:
        found.append(("Calibration error", percent(row["ece"])))
    drift = row.get("drift") or {}
    found.append(("Drift, PSI", MISSING if drift.get("psi") is None else number(drift["psi"], 2)))
    took = "" if known(row.get("seconds")) is None else f", in {number(row['seconds'], 1)} s"
    found.append(("Trained", f"{since(row['trained_at'])} ago{took}"))
    return found


def has_no_days(folds: Sequence[Mapping[str, Any]]) -> bool:
    """Return whether folds are batches of examples: such are counted from the first day a computer knows."""
    return any(str(fold.get("from", "")) < "1971" for fold in folds)


def model_facts(model: Mapping[str, Any]) -> list[Any]:
    """Draw a model card: purpose, data, target, validation, limits, references."""
    card = model["card"]
    span = f"{day(card['from'])} to {day(card['to'])}" if card.get("from") else MISSING
    if has_no_days(card.get("folds") or []):
        span = "examples without a day, in batches"
    p = known(model["metrics"].get("p"))
    made: Mapping[str, Any] = card.get("made_with") or {}
    pairs = [
        ("Purpose", card.get("purpose")),
        ("Predicts", card.get("target")),
        ("Baseline", card.get("baseline")),
        ("Measure", card.get("metric")),
        ("Skill", skill_words(model["metrics"])),
        ("p", MISSING if p is None else "below 0.001" if p < 0.001 else number(p, 3)),
        ("Validation", card.get("validation")),
        (
            "Tested",
            f"{span}, {plural(card.get('subjects'), str(card.get('subject', 'instrument_id')).removesuffix('_id'))}",
        ),
        ("Inputs", ", ".join(words(name) for name in card.get("inputs") or [])),
        (
            "Data",
            ", ".join(
                f"{words(name)} version {short_id(' '.join(dict.fromkeys(str(v).split())))}"
                for name, v in model["data_versions"].items()
            ),
        ),
        ("Code", " ".join(str(one) for one in (card.get("version"), made.get("code")) if one)),
        (
            "Libraries",
            ", ".join(f"{name} {one}" for name, one in made.get("libraries", {}).items()) or MISSING,
        ),
        ("Seeds", ", ".join(f"{name} {one}" for name, one in made.get("seeds", {}).items()) or MISSING),
        (
            "Training took",
            MISSING if known(card.get("seconds")) is None else f"{number(card['seconds'], 1)} s",
        ),
        ("Owner", card.get("owner")),
    ]
    parts: list[Any] = [html.Div(facts(pairs), className="inset")]
    for title, key in (("Limits", "limits"), ("References", "references")):
        if card.get(key):
            parts += [
                html.Div(title, className="subhead"),
                html.Ul([html.Li(str(text)) for text in card[key]], className="plainlist"),
            ]
    return parts


def _p(value: Any) -> str:
    """Return a p-value that never rounds to zero, the same decimals down a column."""
    return "<0.001" if float(value) < 0.001 else number(value, 3)


def _book(name: str) -> str:
    kind, _, rest = name.partition("/")
    return f"{words(kind)} {rest}" if rest else "Whole book"


def rivals_table(rivals: Mapping[str, Mapping[str, Any]]) -> html.Div:
    """Draw skill against further baselines."""
    cells = [
        [row["title"], skill_words(row), MISSING if known(row.get("p")) is None else _p(row["p"])]
        for row in rivals.values()
    ]
    return table(
        ["Further baseline", "Skill, 95% interval", "p"], cells, numeric=(2,), label="Further baselines"
    )


def drift_table(report: Mapping[str, Any]) -> html.Div:
    """Draw how far each feature is from training, the farthest first, with its bound."""
    cells = [
        [
            words(row["name"]),
            number(row["psi"], 2),
            number(row["bound"], 2),
            html.Span("outside", className="tag high")
            if row["bound"] is not None and row["psi"] > row["bound"]
            else html.Span("within", className="tag ok"),
        ]
        for row in report.get("features", [])[:12]
    ]
    cells += [
        [
            f"{percent(row['nominal'])} range, last {report.get('days', 60)} days",
            percent(row["held"]),
            f"± {percent(row['bound'])}",
            html.Span("outside", className="tag high")
            if abs(row["held"] - row["nominal"]) > row["bound"]
            else html.Span("within", className="tag ok"),
        ]
        for row in report.get("coverage", [])
    ]
    return table(["What", "Now", "Bound", "State"], cells, numeric=(1, 2), label="Drift")


def backtests_table(books: Mapping[str, Mapping[str, Any]]) -> html.Div:
    """Draw the supervisors' back-tests of each book."""

    def p(book: Mapping[str, Any], name: str) -> str:
        found = next((test["p_value"] for test in book["tests"] if test["name"] == name), None)
        return MISSING if found is None else _p(found)

    cells = [
        [
            _book(name),
            number(book["n"]),
            number(book["exceptions"]),
            number(book["expected"], 1),
            p(book, "kupiec_pof"),
            p(book, "christoffersen_independence"),
            p(book, "acerbi_szekely_z2"),
            words(book["zone"] or "unknown"),
        ]
        for name, book in books.items()
    ]
    heads = ["Book", "Days", "Exceptions", "Expected", "Kupiec p", "Christoffersen p", "ES p", "Basel zone"]
    return table(heads, cells, numeric=(1, 2, 3, 4, 5, 6), label="Back-tests")


def history_table(rows: Sequence[Mapping[str, Any]], *, name: str = "", may_use: bool = False) -> html.Div:
    """Draw a model's versions, newest first; with ``may_use`` earlier ones can be put in use again."""
    cells = [
        [
            html.Span(
                [
                    "v" + str(row["version"]),
                    html.Span("in use", className="tag acc") if row["champion"] else None,
                ],
                className="hstack gap-2",
            ),
            state_tag(row["status"], row["reason"]),
            skill_words(row["metrics"]),
            number(row["metrics"].get("n")),
            html.Span(since(row["trained_at"]), title=f"{moment(row['trained_at'])} UTC"),
            _use(row, name) if may_use else None,
        ]
        for row in rows
    ]
    heads = ["Version", "State", "Skill, 95% interval", "Days", "Age", "" if may_use else None]
    keep = 6 if may_use else 5
    return table(
        [str(head) for head in heads[:keep]],
        [cell[:keep] for cell in cells],
        numeric=(3, 4),
        label="Versions",
    )


def _use(row: Mapping[str, Any], name: str) -> Any:
    if row["champion"]:
        return html.Span()
    if not row.get("usable"):
        return html.Span(
            "not readable", className="t3 t12", title="Its state is of other code, or it has none."
        )
    return html.Button(
        "Use this version",
        type="button",
        id={"roll_back": name, "version": row["version"]},
        className="btn btn-sm btn-outline-secondary",
    )
