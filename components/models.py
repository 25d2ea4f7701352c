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
    "silent": ("pause-circle", "med", "No skill shown"),
    "failed": ("x-octagon", "crit", "Failed"),
}


def state_tag(status: str, reason: str | None = None) -> html.Span:
    """Draw a model's state: icon, word and, on hover, why."""
    shape, tone, said = STATES.get(status, ("question-circle", "", words(status)))
    return html.Span([icon(shape), said], className=f"tag {tone}", title=reason or said)


def skill_words(metrics: Mapping[str, Any]) -> str:
    """Return skill with its interval: ``+18%, +12% to +24%``."""
    value = known(metrics.get("value"))
    if value is None:
        return "not known"
    low, high = known(metrics.get("low")), known(metrics.get("high"))
    text = percent(value, plus=True)
    return (
        text
        if low is None or high is None
        else f"{text}, {percent(low, plus=True)} to {percent(high, plus=True)}"
    )


def model_cards(rows: Sequence[Mapping[str, Any]], *, chosen: str) -> html.Div:
    """Draw one card per model; a click shows its record.

    Args:
        rows: ``app.queries.intelligence.models``.
        chosen: Name of the one shown below.
    """
    reach = max(
        (
            abs(number_)
            for row in rows
            for end in ("value", "low", "high")
            if (number_ := known(row["metrics"].get(end))) is not None
        ),
        default=1.0,
    )
    return html.Div(
        [_card(row, reach=reach, chosen=row["name"] == chosen) for row in rows], className="models"
    )


def _card(row: Mapping[str, Any], *, reach: float, chosen: bool) -> html.Button:
    metrics = row["metrics"]
    value = known(metrics.get("value"))
    tone = {"ok": "up", "silent": "med", "failed": "crit"}.get(row["status"], "acc")
    low, high = known(metrics.get("low")), known(metrics.get("high"))
    between = (
        "" if low is None or high is None else f", {percent(low, plus=True)} to {percent(high, plus=True)}"
    )
    drawn: Any = interval(
        low, value, high, words=f"Skill {skill_words(metrics)}, against zero", tone=tone, reach=reach
    )
    if drawn is None:
        drawn = html.Div(
            html.I(className="zero", style={"left": "50%"}), className="ival", **{"aria-hidden": "true"}
        )
    days = metrics.get("n")
    body = [
        html.Span(
            [html.Span(row["title"], className="nm"), state_tag(row["status"], row["reason"])], className="hd"
        ),
        html.Span(f"{row['name']} v{row['version']}", className="mono"),
        drawn,
        html.Span(
            [
                html.Span(MISSING if value is None else percent(value, plus=True), className="v num"),
                html.Span(f"against the baseline{between}", className="t3 t12"),
            ],
            className="skill",
        ),
        html.Span(
            f"{plural(days, 'day')} out of sample, trained {since(row['trained_at'])} ago", className="t3 t12"
        ),
    ]
    return html.Button(
        body,
        type="button",
        className="model",
        **{"data-set": "model", "data-value": row["name"], "aria-pressed": "true" if chosen else "false"},
    )


def model_facts(model: Mapping[str, Any]) -> list[Any]:
    """Draw a model card: purpose, data, target, validation, limits, references."""
    card = model["card"]
    span = f"{day(card['from'])} to {day(card['to'])}" if card.get("from") else MISSING
    p = known(model["metrics"].get("p"))
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
                f"{words(name)} version {short_id(str(v))}" for name, v in model["data_versions"].items()
            ),
        ),
        ("Code", card.get("version")),
    ]
    parts: list[Any] = [html.Div(facts(pairs), className="inset")]
    for title, key in (("Limits", "limits"), ("References", "references")):
        if card.get(key):
            parts += [
                html.Div(title, className="subhead"),
                html.Ul([html.Li(str(text)) for text in card[key]], className="plainlist"),
            ]
    return parts


def history_table(rows: Sequence[Mapping[str, Any]]) -> html.Div:
    """Draw a model's versions, newest first."""
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
        ]
        for row in rows
    ]
    return table(
        ["Version", "State", "Skill, 95% interval", "Days", "Age"], cells, numeric=(3, 4), label="Versions"
    )
