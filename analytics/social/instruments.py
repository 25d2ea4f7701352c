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
    found = {tag.upper() for tag in _CASHTAG.findall(text)}
    letters = [c for c in text if c.isalpha()]
    if letters and sum(c.isupper() for c in letters) < 0.6 * len(letters):
        found |= {word for word in _PLAIN.findall(text) if word not in AMBIGUOUS}
    return sorted({symbols[symbol] for symbol in found if symbol in symbols})


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
