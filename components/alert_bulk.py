"""Several alerts at once: closing them together, and findings that are kept out of the queue."""

from collections.abc import Mapping, Sequence
from typing import Any

from dash import html

from components.cards import card
from components.casework import act_button, act_form, choose, fold, submit, write
from components.formats import moment, number, plural, words
from components.states import icon
from components.tables import table

Row = Mapping[str, Any]
_ENDS = (("closed_no_issue", "Close, no issue"), ("closed_false_positive", "Close, false alarm"))
_TONES = {"active": "acc", "proposed": "high"}


def bulk(chosen: Sequence[Row], reasons: Sequence[Row], sampled: int, graves: int) -> Any:
    """Draw what may be done with the chosen alerts.

    Args:
        chosen: Their ids, detectors (``_id``, ``_detector``).
        reasons: Every reason code: code, text, states.
        sampled: How many of them belong to the quality sample.
        graves: How many of them need a second person for their severity alone.
    """
    detectors = sorted({str(one["_detector"]) for one in chosen})
    tags = html.Div(
        [
            html.Span(f"{words(name)} {sum(one['_detector'] == name for one in chosen)}", className="tag")
            for name in detectors
        ],
        className="chosen-kinds",
    )
    if len(detectors) > 1:
        why = "They are of several detectors. Alerts are closed together when one rule found them for one reason."
        return card(
            "bulk",
            f"{plural(len(chosen), 'alert')} chosen",
            [tags, html.P(why, className="t12 t2 mb-0")],
            fit="pad",
        )
    told = (
        f"All of them wait for a second person. Each alone, {number(graves)} would for severity "
        f"and {number(sampled)} for the quality sample."
    )
    forms = [
        fold(
            f"bulk-{to}",
            label,
            act_form(
                "/api/compliance/alerts/bulk",
                choose(
                    "reason", "Reason", [(one["code"], one["text"]) for one in reasons if to in one["states"]]
                ),
                write(
                    "rationale",
                    "Rationale",
                    hint="What you looked at, and why it is so; at least 20 characters",
                ),
                submit("Ask a second person", mark="people"),
                fixed={"alert_ids": [one["_id"] for one in chosen], "to": to},
                done="{alerts} alerts wait for a second person",
            ),
        )
        for to, label in _ENDS
    ]
    body = [tags, html.P([icon("people"), told], className="t12 t2 said mb-2"), *forms]
    return card("bulk", f"{plural(len(chosen), 'alert')} chosen", body, fit="pad")


def suppressions(
    rows: Sequence[Row], names: Mapping[str, Mapping[str, str]], *, user: str, may: bool
) -> html.Div:
    """Draw what is kept out of the queue, or is asked to be: ``casework.suppressions``."""
    cells = []
    for row in rows:
        held = row["holds"]
        state = "holds" if held else "has ended" if row["status"] == "active" else row["status"]
        where = (
            names["instrument"].get(row["instrument_id"], row["instrument_id"])
            if row["instrument_id"]
            else "every instrument"
        )
        cells.append(
            [
                words(row["detector"]),
                f"{row['actor_group']} in {where}",
                html.Span(
                    words(state),
                    className=f"tag {_TONES.get(row['status'], '') if held or row['status'] == 'proposed' else ''}".strip(),
                ),
                moment(row["valid_to"]),
                html.Span([row["reason"], html.Span(f". {row['rationale']}", className="t3")]),
                row["created_by_name"],
                row["approved_by_name"] or "–",
                number(row["findings"]),
                _acts(row, user=user) if may else None,
            ]
        )
    heads = ["Rule", "About", "State", "Until, UTC", "Why", "Asked by", "Answered by", "Kept out", ""]
    return table(heads, cells, numeric=(7,), wrap=(1, 4), label="Findings kept out of the queue")


def _acts(row: Row, *, user: str) -> Any:
    place = f"/api/compliance/suppressions/{row['id']}"
    if row["status"] == "proposed" and row["created_by"] == user:
        return html.Div(
            [
                html.Span("somebody else agrees", className="t3"),
                act_button("Take back", f"{place}/end", done="Taken back"),
            ],
            className="form-acts",
        )
    if row["status"] == "proposed":
        return html.Div(
            [
                act_button(
                    "Agree",
                    f"{place}/review",
                    fixed={"decision": "approve"},
                    done="It holds now",
                    mark="check2-all",
                    primary=True,
                ),
                act_button("Send back", f"{place}/review", fixed={"decision": "return"}, done="Sent back"),
            ],
            className="form-acts",
        )
    return act_button("Lift", f"{place}/end", done="Lifted", mark="eye") if row["holds"] else None
