"""How often a model of words called its lines rightly, beside the lexicon alone, and each kind of line by itself."""

from collections.abc import Mapping
from typing import Any

from dash import html

from components.formats import number, percent, plural, words
from components.tables import table

_MEASURES = {
    "f1": "F1", "macro_f1": "Macro F1", "precision": "Precision", "recall": "Recall", "accuracy": "Accuracy",
}  # fmt: skip
_KINDS = {"mnpi": "Inside information"}


def called_card(found: Mapping[str, Any]) -> html.Div | None:
    """Draw ``model`` and ``lexicon`` of a ``calibration``, its ``kinds`` and ``families``; None where it has none."""
    model, lexicon = found.get("model"), found.get("lexicon")
    if not isinstance(model, Mapping) or not isinstance(lexicon, Mapping):
        return None
    rows = [
        [title, number(model[name], 3), number(lexicon.get(name), 3)]
        for name, title in _MEASURES.items()
        if name in model
    ]
    parts: list[Any] = [
        table(["Out of sample", "Model", "Lexicon"], rows, numeric=(1, 2), label="How lines were called")
    ]
    kinds = found.get("kinds") or {}
    if kinds.get("n"):
        told = (
            f"Of {plural(kinds['n'], 'line')} of misconduct the kind was told in {percent(kinds['accuracy'])} "
            f"(macro F1 {number(kinds['macro_f1'], 2)}). {percent(found.get('unsure'))} of all lines were left unsure."
        )
        parts.append(html.P(told, className="inset t2 t12"))
    if found.get("families"):
        found_of = [
            [_KINDS.get(name, words(name)), percent(one["recall"]), number(one["n"])]
            for name, one in found["families"].items()
        ]
        parts.append(
            table(["Kind of line", "Found", "Lines"], found_of, numeric=(1, 2), label="Found by kind")
        )
    return html.Div(parts)
