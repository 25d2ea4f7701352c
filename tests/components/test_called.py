"""How lines were called: what a model of words and the lexicon found, side by side."""

import json

from components.called import called_card

FOUND = {
    "model": {"f1": 0.7973, "precision": 0.7688},
    "lexicon": {"f1": 0.1469, "precision": None},
    "unsure": 0.15,
    "kinds": {"accuracy": 0.555, "macro_f1": 0.547, "n": 494},
    "families": {"channel_switch": {"recall": 0.81, "n": 72}},
}


def text(body):
    return json.dumps(body.to_plotly_json(), default=lambda one: one.to_plotly_json())


def test_a_model_of_words_stands_beside_the_lexicon_with_the_kinds_it_told():
    drawn = text(called_card(FOUND))
    for said in ("0.797", "0.147", "Lexicon", "Channel switch", "494 lines", "81"):
        assert said in drawn


def test_a_model_without_a_lexicon_beside_it_has_no_such_card():
    assert called_card({"kind": "probability", "bins": []}) is None
    assert called_card({"model": {"f1": 1.0}}) is None
