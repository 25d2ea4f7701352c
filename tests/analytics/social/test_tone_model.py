"""The tone model: its hashes, its classes of words, what it learns, and that it stays what it was."""

import json

import numpy as np
import polars as pl
import pytest

from analytics.social import _grams, _word_classes
from analytics.social.sentiment import with_tone
from analytics.social.tone_model import LABELS, ToneModel, labelled, same_text

MASK = (1 << 64) - 1


@pytest.fixture(scope="module")
def some() -> pl.DataFrame:
    return labelled().sample(800, seed=4)


@pytest.fixture(scope="module")
def model(some) -> ToneModel:
    return ToneModel().fit(some["text"], some["label"])


def naive(text: str) -> int:
    """The polynomial hash of a text's bytes, mixed, by the definition and with Python's whole numbers."""
    h = sum((byte + 1) * pow(_grams._P, at, 1 << 64) for at, byte in enumerate(text.encode())) & MASK
    return int(_grams.mix(np.array([h], np.uint64))[0])


def test_a_word_has_the_hash_of_its_letters_wherever_it_stands():
    found = _grams.grams(pl.Series(["profits fall", "as profits rise and profits"]))
    alike = [int(h) for h in found.tokens.word]
    assert alike[0] == alike[3] == alike[6] == naive("profits")
    assert alike[1] == naive("fall")
    assert found.tokens.row.tolist() == [0, 0, 1, 1, 1, 1, 1]
    assert found.tokens.place.tolist() == [0, 1, 0, 1, 2, 3, 4]


def test_no_gram_reaches_over_the_end_of_a_text():
    apart = _grams.grams(pl.Series(["ab", "cd"]))
    assert [len(rows) for rows, _ in apart.spans.values()] == [2, 0, 0]
    rows, _ = apart.characters  # " ab " and " cd " have one run of four signs each
    assert rows.tolist() == [0, 1]


def test_links_tickers_and_figures_do_not_make_texts_different():
    same = same_text(pl.Series(["$AAPL beats by 3 cents http://a.b/c", "$TSLA beats by 12 cents", "beats"]))
    assert same[0] == same[1] != same[2]


@pytest.mark.parametrize(("text", "name"), [
    ("EPS 74 cents; FactSet consensus 86 cents", "smaller"),
    ("Q2 sales $3.22 vs. $3.12 bln a year ago", "larger"),
    ("price target raised to $159 from $150", "risen"),
    ("cut to 12% from 15%", "sunk"),
    ("nothing is compared in 2020", None),
])  # fmt: skip
def test_two_figures_that_are_compared_are_set_against_one_another(text, name):
    row = dict(zip(_word_classes.FIGURES, _word_classes._compared(pl.Series([text]))[0], strict=True))
    assert {one for one, is_so in row.items() if is_so} == ({name} if name else set())


def test_classes_are_counted_with_how_early_they_stand():
    texts = pl.Series(["jobless claims fall", "nothing"])
    _, dense = _word_classes.features(texts, _grams.grams(texts))
    names = list(_word_classes.CLASSES)
    burden, falls = names.index("burden"), names.index("falls")
    assert dense[0, burden] == 2
    assert dense[0, falls] == 1
    assert dense[0, len(names) + burden] == 1.0
    assert dense[0, len(names) + falls] == pytest.approx(1 / 1.5)
    assert not dense[1, : 2 * len(names)].any()


def test_no_word_stands_in_two_classes():
    words = [word for text in _word_classes.CLASSES.values() for word in text.split()]
    assert len(words) == len(set(words))


def test_chances_are_of_three_labels_and_follow_what_a_text_says(model):
    texts = pl.Series(["Shares plunge after profit warning", "Profit beats estimates, shares jump", "", None])
    chances = model.chances(texts)
    assert chances.shape == (4, 3)
    assert np.allclose(chances.sum(axis=1), 1)
    assert [LABELS[at] for at in chances.argmax(axis=1)[:2]] == ["negative", "positive"]
    assert model.chances(pl.Series([], dtype=pl.String)).shape == (0, 3)


def test_a_text_is_judged_by_itself_whatever_else_is_in_the_batch(model, some):
    whole = model.chances(some["text"].head(50))
    alone = np.vstack([model.chances(some["text"].slice(at, 1)) for at in range(50)])
    assert np.allclose(whole, alone, atol=1e-12)


def test_learning_again_and_taking_up_again_give_the_same_to_the_last_bit(model, some):
    expected = model.chances(some["text"]).tobytes()
    assert ToneModel().fit(some["text"], some["label"]).chances(some["text"]).tobytes() == expected
    kept = json.loads(json.dumps(model.state(), allow_nan=False))
    assert ToneModel.restore(kept).chances(some["text"]).tobytes() == expected
    with pytest.raises(ValueError, match="version"):
        ToneModel.restore(kept | {"version": "0"})


def test_shuffled_labels_teach_nothing(some):
    mixed = some["label"].sample(fraction=1.0, shuffle=True, seed=9)
    half = some.height // 2
    taught = ToneModel().fit(some["text"].head(half), mixed.head(half))
    right = (taught.chances(some["text"].tail(half)).argmax(axis=1) == _number(mixed.tail(half))).mean()
    most = mixed.tail(half).value_counts()["count"].max() / half
    assert right <= most + 2 * (0.25 / half) ** 0.5


def test_reasons_are_the_words_without_which_the_tone_would_be_another(model):
    told = model.reasons("Shares plunge after profit warning")
    assert told[0]["words"] in {"plunge", "warning"}
    assert told[0]["contribution"] < 0
    whole, without = model.chances(pl.Series(["Shares jump today", "Shares today"]))
    one = next(one for one in model.reasons("Shares jump today") if one["words"] == "jump")
    assert one["contribution"] == pytest.approx((whole[2] - whole[0]) - (without[2] - without[0]), abs=1e-6)
    assert one["contribution"] > 0
    assert model.reasons("") == []


@pytest.mark.parametrize("labels", [["good", "bad", "neutral"] * 30, ["negative", "neutral"] * 40])
def test_labels_nobody_knows_or_too_few_of_them_are_refused(labels):
    with pytest.raises(ValueError, match="at least 20"):
        ToneModel().fit(pl.Series(["text"] * len(labels)), pl.Series(labels))


def test_posts_get_score_certainty_and_label_of_the_model(model):
    posts = pl.DataFrame({"post_id": ["b", "a", "c"], "text": ["Shares plunge", None, "Shares plunge"]})
    told = with_tone(posts, model)
    assert told["post_id"].to_list() == ["b", "a", "c"]
    assert told["sentiment"].to_list()[0] == told["sentiment"].to_list()[2] < 0
    assert told.row(1, named=True) | {"post_id": "a"} == {
        "post_id": "a", "text": None, "sentiment": None, "confidence": None, "tone": None,
    }  # fmt: skip


def _number(labels: pl.Series) -> np.ndarray:
    return labels.replace_strict(
        {name: at for at, name in enumerate(LABELS)}, return_dtype=pl.Int64
    ).to_numpy()
