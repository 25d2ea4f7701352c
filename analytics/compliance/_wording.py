"""From what was typed to what was meant: normal words, lexicon hits, and the small classifier's odds."""

import json
from collections.abc import Collection
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl

from analytics.compliance._concepts import stands_for
from analytics.compliance._lexicon import BULK, CONTRACTIONS, FAMILIES, NOT_NEW, RULES, SLANG
from analytics.text import formatted

MODEL = Path(__file__).with_name("communications.json")
_SHAPES = {"0": "o", "1": "i", "3": "e", "4": "a", "5": "s", "7": "t", "@": "a", "$": "s"}
# Which way one trades is no sign of anything.
_EITHER_WAY = {
    "sell": "buy", "sells": "buys", "selling": "buying", "sold": "bought", "shorting": "buying", "seller": "buyer",
    "sellers": "buyers", "sale": "purchase", "offload": "load", "unload": "load", "unloading": "loading",
}  # fmt: skip
_GRAM = 4  # letters of a piece of a word: what is left whole by a typing error


def new_text(column: str = "text") -> pl.Expr:
    """Return what the sender wrote himself, lower case: no quoted lines, no older mail, no small print."""
    text = pl.col(column).str.to_lowercase().str.replace_all(r"(?m)^\s*>.*$", " ")
    text = text.str.replace(r"(?s)\n\s*on [^\n]{4,80} wrote:.*$", " ")
    marks = "|".join(mark.replace("-", r"\-") for mark in NOT_NEW)
    return text.str.replace(f"(?s)(?:{marks}).*$", " ")


def is_bulk(column: str = "text", *, recipients: str = "recipient_ids", most: int) -> pl.Expr:
    """Return whether a message is mail to many: it says so, or it goes to more than ``most`` people."""
    said = pl.col(column).str.to_lowercase().str.contains_any(list(BULK))
    return said | (pl.col(recipients).list.len() > most).fill_null(value=False)


def plain(text: pl.Expr) -> pl.Expr:
    """Return lower-case text as plain words, each with a blank on both sides: `` keep  it  quiet ``.

    Contractions and slang are spelled out, letters written as digits turned back, punctuation dropped.
    """
    out = text.str.replace_all("[\u2019`\u00b4]", "'").str.replace_many(CONTRACTIONS, leftmost=True)
    for shape, letter in [*_SHAPES.items(), ("3", "e"), ("0", "o")]:
        # A digit with a letter on either side is a letter, and so are two alike; 100k and 3rd are not touched.
        out = out.str.replace_all(rf"([a-z])[{shape}]([a-z{shape}])", f"${{1}}{letter}${{2}}")
    out = out.str.replace_all(r"[^a-z0-9]+", "  ")
    spelled = {f" {short} ": f" {long.replace(' ', '  ')} " for short, long in SLANG.items()}
    return formatted(" {} ", out).str.replace_many(spelled).str.replace_all(r" {2,}", " ")


@cache
def _patterns() -> dict[str, str]:
    # A pattern's own text to its family; word ends are blanks.
    found = {}
    for family, one in FAMILIES.items():
        for phrase in one.phrases:
            found[f" {phrase[:-1]}" if phrase.endswith("*") else f" {phrase} "] = family
    return found


def hits(words: pl.Expr) -> pl.Expr:
    """Return the phrases of the lexicon in plain words, as a list, found in one pass."""
    return words.str.extract_many(list(_patterns()), overlapping=True)


def families_of(frame: pl.DataFrame) -> pl.DataFrame:
    """Return row, families (list) and phrases (list) of the rows whose ``hits`` are not empty."""
    known = _patterns()
    table = pl.DataFrame({"hits": list(known), "family": list(known.values())})
    return (
        frame.filter(pl.col("hits").list.len() > 0)
        .select("row", "hits")
        .explode("hits")
        .join(table, on="hits", how="left")
        .group_by("row")
        .agg(
            families=pl.col("family").unique().sort(),
            phrases=pl.col("hits").str.strip_chars().unique().sort(),
        )
    )


def pieces(token: str) -> list[str]:
    """Return the pieces of a word that stand for it when it is misspelled: four letters each."""
    framed = f"<{token}>"
    return [f"#{framed[at : at + _GRAM]}" for at in range(len(framed) - _GRAM + 1)] if len(token) > 3 else []


def sentences(frame: pl.DataFrame, names: Collection[str] = ()) -> pl.DataFrame:
    """Return row, sentence (number) and token of every sentence.

    Numbers and instruments are left out: what is said counts, not of which.

    Args:
        frame: row and ``new`` (``new_text``).
        names: What instruments are called, lower case.
    """
    parts = frame.select(
        "row", part=pl.col("new").str.replace_all(r"([.!?;]\s|\n)", "\x1f").str.split("\x1f")
    )
    words = plain(pl.col("part"))
    if names:
        words = words.str.replace_all(" ", "  ", literal=True).str.replace_many(
            {f" {one} ": " stock " for one in sorted(names)}
        )
        words = words.str.replace_all(r" {2,}", " ")
    rows = parts.explode("part").with_row_index("sentence").with_columns(part=words)
    tokens = (
        rows.with_columns(token=pl.col("part").str.strip_chars().str.split(" ")).drop("part").explode("token")
    )
    return tokens.filter(~pl.col("token").str.contains(r"^([0-9].*|stock)?$")).with_columns(
        pl.col("token").replace(_EITHER_WAY)
    )


@cache
def model() -> dict[str, Any]:
    """Return the classifier: ``bias`` and ``weights`` (feature to weight), read once."""
    found: dict[str, Any] = json.loads(MODEL.read_text(encoding="utf-8"))
    return found


def meanings(tokens: pl.DataFrame) -> pl.DataFrame:
    """Return row, sentence and feature: what each sentence's words stand for, each once.

    Args:
        tokens: ``sentences``.
    """
    vocabulary = tokens["token"].unique()
    known = [(token, [f"c:{one}" for one in stands_for(token)]) for token in vocabulary]
    table = pl.DataFrame(known, schema={"token": pl.String, "feature": pl.List(pl.String)}, orient="row")
    return (
        tokens.select("row", "sentence", "token")
        .join(table.filter(pl.col("feature").list.len() > 0), on="token", how="inner")
        .explode("feature")
        .select("row", "sentence", "feature")
        .unique()
    )


def _meant(tokens: pl.DataFrame, table: pl.DataFrame) -> pl.DataFrame:
    weighed = meanings(tokens).join(table, on="feature", how="inner")
    return weighed.group_by("row", "sentence").agg(meant=pl.col("w").sum())


def odds(
    frame: pl.DataFrame,
    found: pl.DataFrame,
    weights: dict[str, float],
    bias: float,
    names: Collection[str] = (),
) -> pl.DataFrame:
    """Return row and ``p``: how likely the worst sentence of each message is misconduct, 0..1.

    A message without words has no row.

    Args:
        frame: row, new, rules.
        found: ``families_of``.
        weights: Feature to weight: words, pairs of words, pieces, and ``family:...``.
        bias: Added to every sum.
        names: What instruments are called, lower case.
    """
    tokens = sentences(frame, names)
    names = list(weights)
    table = pl.DataFrame({"feature": names, "w": list(weights.values())}, schema_overrides={"w": pl.Float64})
    vocabulary = tokens["token"].unique()
    scored = [
        (sum(weights.get(f, 0.0) for f in (token, *pieces(token))), 1 + len(pieces(token)))
        for token in vocabulary
    ]
    known = pl.DataFrame(
        {"token": vocabulary, "w": [s[0] for s in scored], "n": [s[1] for s in scored]},
        schema={"token": pl.String, "w": pl.Float64, "n": pl.Int64},
    )
    same = pl.col("sentence") == pl.col("sentence").shift(1)
    pairs = pl.when(same).then(pl.concat_str(pl.col("token").shift(1), "token", separator=" "))
    rows = tokens.with_columns(feature=pairs).join(known, on="token", how="left", maintain_order="left")
    rows = rows.join(table.rename({"w": "pair"}), on="feature", how="left", maintain_order="left")
    sums = rows.group_by("row", "sentence").agg(
        total=(pl.col("w") + pl.col("pair").fill_null(0.0)).sum(),
        n=pl.col("n").sum() + pl.col("feature").is_not_null().sum(),
    )
    sums = sums.join(_meant(tokens, table), on=["row", "sentence"], how="left")
    family = pl.DataFrame(
        {"family": list(FAMILIES), "f": [weights.get(f"family:{name}", 0.0) for name in FAMILIES]},
        schema={"family": pl.String, "f": pl.Float64},
    )
    extra = (
        found.explode("families")
        .join(family, left_on="families", right_on="family", how="left")
        .group_by("row")
        .agg(extra=pl.col("f").sum(), many=pl.col("phrases").list.len().first() > 1)
        .with_columns(extra=pl.col("extra") + pl.col("many") * weights.get("phrases:many", 0.0))
    )
    # Rounded, so that the order in which a sum is taken never shows.
    worst = sums.group_by("row").agg(
        worst=(pl.col("total") / pl.col("n").cast(pl.Float64).sqrt() + pl.col("meant").fill_null(0.0)).max()
    )
    rules = pl.col("rules") * weights.get("context:rules", 0.0)
    logit = bias + pl.col("worst") + pl.col("extra").fill_null(0.0) + rules
    both = worst.join(extra, on="row", how="left").join(frame.select("row", "rules"), on="row", how="left")
    return both.select("row", p=(1 / (1 + (-logit).exp())).round(6))


def about_rules(words: pl.Expr) -> pl.Expr:
    """Return whether plain words are about rules: training, policy, news of fines."""
    return words.str.contains_any(list(RULES))


def read(messages: pl.DataFrame, *, most_recipients: int, names: Collection[str] = ()) -> pl.DataFrame:
    """Return the messages with ``families``, ``phrases``, ``p`` (0..1) and ``bulk``.

    Args:
        messages: Rows of MESSAGES.
        most_recipients: A message to more people is mail to many.
        names: What instruments are called, lower case.
    """
    frame = messages.with_row_index("row").with_columns(new=new_text(), bulk=is_bulk(most=most_recipients))
    frame = frame.with_columns(words=plain(pl.col("new")))
    frame = frame.with_columns(hits=hits(pl.col("words")), rules=about_rules(pl.col("words")))
    found = families_of(frame)
    told = odds(frame, found, model()["weights"], model()["bias"], names)
    return (
        frame.join(found, on="row", how="left", maintain_order="left")
        .join(told, on="row", how="left", maintain_order="left")
        .with_columns(
            pl.col("families", "phrases").fill_null([]),
            pl.col("p").fill_null(0.0),
        )
        .drop("row", "hits", "words")
    )
