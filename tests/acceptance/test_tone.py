"""The tone of posts, five-fold on real labelled texts: equal texts on one side, so none is known beforehand."""

import time

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, f1_score
from sklearn.model_selection import StratifiedGroupKFold

from analytics.social.tone_model import LABELS, ToneModel, labelled, same_text

TEXTS, ACCURACY, MACRO_F1, MICROSECONDS = 9_543, 0.84, 0.79, 50


DEALINGS = (0, 1)  # of the texts to folds: macro-F1 differs by half a point between them


@pytest.fixture(scope="module")
def told():
    """What each text is, what it was called by a model that had not seen it, and processor seconds a text."""
    rows = labelled()
    target = np.array([LABELS.index(label) for label in rows["label"]])
    found = [_told(rows, target, dealing) for dealing in DEALINGS]
    chances = np.vstack([chances for chances, _ in found])
    return np.tile(target, len(DEALINGS)), chances, float(np.mean([seconds for _, seconds in found]))


def _told(rows, target, dealing):
    chances, seconds = np.zeros((rows.height, 3)), 0.0
    folds = StratifiedGroupKFold(5, shuffle=True, random_state=dealing)
    for train, test in folds.split(target, target, same_text(rows["text"])):
        model = ToneModel().fit(rows["text"].gather(train), rows["label"].gather(train))
        began = time.process_time()
        chances[test] = model.chances(rows["text"].gather(test))
        seconds += time.process_time() - began
    return chances, seconds / rows.height


def test_three_labels_are_told_as_often_as_promised(told):
    target, chances, _ = told
    assert len(target) == TEXTS * len(DEALINGS)
    assert accuracy_score(target, chances.argmax(axis=1)) >= ACCURACY
    assert f1_score(target, chances.argmax(axis=1), average="macro") >= MACRO_F1


def test_the_stated_chance_is_how_often_it_is_right(told):
    target, chances, _ = told
    sure, right = chances.max(axis=1), chances.argmax(axis=1) == target
    bins = np.digitize(sure, np.arange(0.4, 1.0, 0.1))
    error = sum(abs(right[bins == b].mean() - sure[bins == b].mean()) * (bins == b).mean() for b in set(bins))
    assert error <= 0.03


def test_a_message_costs_microseconds(told):
    assert told[2] * 1e6 <= 2 * MICROSECONDS  # twice the goal: the processor is shared while tests run
