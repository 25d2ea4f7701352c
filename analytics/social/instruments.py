"""Which instruments a text means."""

import re
from collections.abc import Mapping

import polars as pl

from analytics.social.lexicon import AMBIGUOUS

_CASHTAG = re.compile(r"\$([A-Za-z][A-Za-z0-9]{0,5}(?:\.[A-Za-z]{1,2})?)(?![A-Za-z0-9])")
_PLAIN = re.compile(r"(?<![\w$@#/.&'’-])([A-Z]{2,5})(?![\w@/&'’-])")


def mentioned(text: str, symbols: Mapping[str, str]) -> list[str]:
    """Return the instrument ids a text names, sorted.

    ``$SYM`` counts in any case. A bare symbol counts only in capitals, with two letters or more, and
    never where it is also a word (ALL, ON, IT), since capitals are used for emphasis; and not at all in
    a text written mostly in capitals.

    Args:
        text: The text.
        symbols: Symbol in capitals to instrument id.
    """
    tagged, plain = named_at(text)
    return sorted({symbols[symbol] for symbol in (*tagged, *plain) if symbol in symbols})


def named_at(text: str) -> tuple[dict[str, int], dict[str, int]]:
    """Return the symbols (in capitals) that a text names, as ``mentioned`` reads it, with where each is named first.

    Returns:
        Those named as ``$SYM``, and those that stand bare, each with a place in the text from 0.
    """
    tagged: dict[str, int] = {}
    for tag in _CASHTAG.finditer(text):
        tagged.setdefault(tag[1].upper(), tag.start())
    plain: dict[str, int] = {}
    letters = [c for c in text if c.isalpha()]
    if letters and sum(c.isupper() for c in letters) < 0.6 * len(letters):
        for word in _PLAIN.finditer(text):
            if word[1] not in AMBIGUOUS:
                plain.setdefault(word[1], word.start())
    return tagged, plain


def cashtags(text: str) -> list[str]:
    """Return the symbols that a text names as ``$SYM``, in capitals, each once, in the order they come."""
    return list(dict.fromkeys(tag.upper() for tag in _CASHTAG.findall(text)))


def symbols_of(instruments: pl.DataFrame) -> dict[str, str]:
    """Return symbol in capitals to instrument id; a symbol that two instruments share is left out."""
    pairs = instruments.select("symbol", "instrument_id").drop_nulls().unique()
    once = pairs.group_by(pl.col("symbol").str.to_uppercase()).agg(pl.col("instrument_id").unique())
    return {symbol: ids[0] for symbol, ids in once.iter_rows() if len(ids) == 1}


def resolved(posts: pl.DataFrame, instruments: pl.DataFrame) -> pl.DataFrame:
    """Fill ``instrument_ids`` of posts that name none from their text; those that do are kept."""
    symbols = symbols_of(instruments)
    told = posts["instrument_ids"].to_list()
    ids = [given or mentioned(text or "", symbols) for given, text in zip(told, posts["text"], strict=True)]
    return posts.with_columns(instrument_ids=pl.Series(ids, dtype=pl.List(pl.String)))
