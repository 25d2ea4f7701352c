"""Tone: what the product's texts teach is learnt once, and is what each organisation would have learnt alone."""

import numpy as np

from analytics.models import sentiment
from analytics.models._walk import fit, walk_forward
from analytics.models.sentiment import LABELLED, Sentiment
from analytics.social.tone_model import ToneModel
from tests.analytics.models._tables import cases


def learnt(tables):
    model = Sentiment()
    rows = model.features(tables)
    tested = walk_forward(model, rows)
    return tested, fit(model, rows).predict(rows.head(100))


def test_a_firm_after_another_learns_what_it_would_alone_in_half_the_fits(monkeypatch):
    fits = []
    taught = ToneModel.fit

    def noted(self, texts, labels):
        fits.append(len(texts))
        return taught(self, texts, labels)

    monkeypatch.setattr(ToneModel, "fit", noted)
    tables = cases()["sentiment"].tables()
    fewer, none = (tables | {"posts": tables["posts"].head(count)} for count in (60, 0))
    whole = tables[LABELLED].height
    sentiment._held.clear()
    tested, said = learnt(fewer)  # the fold, then all
    assert fits[1:] == [whole + 60]
    sentiment._held.clear()
    learnt(tables)
    again, repeated = learnt(fewer)
    assert fits[2:] == [fits[0], whole + 120, whole + 60]  # the fold is the same for both
    assert again.equals(tested)
    assert np.array_equal(said, repeated)
    learnt(none)
    learnt(none)
    assert fits[5:] == [whole]  # those who labelled nothing share that too
    assert len(sentiment._held) == 2
