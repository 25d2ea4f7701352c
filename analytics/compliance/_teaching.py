"""How the classifier of messages learns from lines: slots filled, features, a logistic regression.

Detector D25 and the model "Communications risk" learn by this alone. The lines that come with the product
(``labelled/conduct_lines.csv``) were all made up by the project's own hand, belong to it and fall under its licence;
none comes from real conversations or a published collection. ``tools/communications`` is where they are written.
"""

from importlib.resources import files
from itertools import pairwise
from typing import Any

import numpy as np
import polars as pl

from analytics.compliance import _wording

GOOD = "good"  # the family of innocent lines
SHIPPED = "conduct-lines-1"  # the lines that come with the product
LINES: dict[str, type[pl.DataType]] = {"family": pl.String, "phrase_family": pl.String, "text": pl.String}
STOCKS = ("stock", "stock", "stock", "stock", "it", "the stock")  # what the detector makes of any name
SIZES = ("50k", "120,000", "5000", "2m", "190.5", "300", "20", "75k shares")
PEOPLE = ("ben", "leila", "the head of desk", "Tomas", "anya", "the manager", "grace")
TIMES = ("3pm", "the close", "14:30", "noon", "four", "9.15", "lunch time")
DROP = 0.02  # weights smaller than this say nothing
STRENGTH = 2.0  # inverse of the penalty, by cross-validation on families of phrases left out
SLOPE, SHIFT = 0.83, 0.05  # by cross-validation: without them the classifier is too sure of itself
MEANT = 2.0  # what a word stands for carries over to words nobody taught
LOUD = 2.0  # what people wrote into the lexicon is believed sooner than what the classifier finds by itself


def filled(lines: tuple[str, ...] | list[str], *, times: int, seed: int, spoil: float = 0.25) -> list[str]:
    """Return each line ``times`` over with its slots filled, some of them with a typing error."""
    rng = np.random.default_rng(seed)
    made = []
    for line in lines:
        for _ in range(times):
            slots = {"s": STOCKS, "n": SIZES, "p": PEOPLE, "t": TIMES}
            text = line.format(**{key: str(rng.choice(np.array(words))) for key, words in slots.items()})
            made.append(_misspelled(text, rng) if rng.random() < spoil else text)
    return made


def _misspelled(text: str, rng: np.random.Generator) -> str:
    # Two neighbouring letters change places, or one goes missing.
    at = int(rng.integers(1, max(2, len(text) - 2)))
    if rng.random() < 0.5:
        return text[:at] + text[at + 1 : at + 2] + text[at : at + 1] + text[at + 2 :]
    return text[:at] + text[at + 1 :]


def features(texts: list[str]) -> list[dict[str, float]]:
    """Return the features of each text, scaled as the detector scales them."""
    frame = pl.DataFrame({"text": texts}).with_row_index("row").with_columns(new=_wording.new_text())
    frame = frame.with_columns(words=_wording.plain(pl.col("new")))
    frame = frame.with_columns(
        hits=_wording.hits(pl.col("words")), rules=_wording.about_rules(pl.col("words"))
    )
    families = {row["row"]: row for row in _wording.families_of(frame).to_dicts()}
    # A taught line is one sentence to the classifier: its label is of the whole.
    words = _wording.sentences(frame.with_columns(new=pl.col("new").str.replace_all(r"[.!?;]", " ")))
    tokens = words.group_by("row", maintain_order=True).agg("token")
    found: list[dict[str, float]] = [{} for _ in texts]
    for row, line in tokens.iter_rows():
        names = [name for token in line for name in (token, *_wording.pieces(token))]
        names += [f"{a} {b}" for a, b in pairwise(line)]
        for name in names:
            found[row][name] = found[row].get(name, 0.0) + 1 / len(names) ** 0.5
        found[row] |= {"context:rules": LOUD} if frame["rules"][row] else {}
        hit = families.get(row)
        if hit is not None:
            found[row] |= {f"family:{family}": LOUD for family in hit["families"]}
            found[row] |= {"phrases:many": LOUD} if len(hit["phrases"]) > 1 else {}
    whole = words.with_columns(sentence=pl.col("row"))
    for row, _, feature in _wording.meanings(whole).sort("row", "feature").iter_rows():
        found[row][feature] = MEANT
    return found


def scale(name: str) -> float:
    """Return what a feature's presence counts for a sum."""
    return MEANT if name.startswith("c:") else LOUD if ":" in name else 1.0


def fitted(
    rows: list[dict[str, float]], labels: list[int], *, slope: float = 1.0, shift: float = 0.0
) -> dict[str, Any]:
    """Return bias and weights of a logistic regression.

    Args:
        rows: Features of each text.
        labels: 1 for misconduct.
        slope: Times every sum, so that the odds told are those that come true on phrases it was not taught.
        shift: Added to every sum.
    """
    from sklearn.feature_extraction import DictVectorizer
    from sklearn.linear_model import LogisticRegression

    vectors = DictVectorizer(sort=True)
    x = vectors.fit_transform(rows)
    found = LogisticRegression(C=STRENGTH, max_iter=2000, class_weight="balanced").fit(x, labels)
    names = vectors.get_feature_names_out().tolist()
    pairs = zip(names, found.coef_[0].tolist(), strict=True)
    loud = {name: slope * weight * scale(name) for name, weight in pairs}
    weights = {name: round(weight, 3) for name, weight in sorted(loud.items()) if abs(weight) >= DROP}
    return {"bias": round(slope * float(found.intercept_[0]) + shift, 3), "weights": weights}


def conduct_lines() -> pl.DataFrame:
    """Return the lines that come with the product (``LINES``); none where somebody took the file away.

    ``family`` is ``good`` or one of the lexicon; lines of one ``phrase_family`` say the same; slots stand in braces.
    """
    kept = files("analytics.compliance").joinpath("labelled/conduct_lines.csv")
    if not kept.is_file():
        return pl.DataFrame(schema=LINES)
    return pl.read_csv(kept.read_bytes(), schema=LINES)
