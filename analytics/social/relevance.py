"""How much a post is about each instrument it names: what its tone weighs for that instrument."""

import re
from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache

import polars as pl

from analytics.social.instruments import named_at

TAGGED, NAMED, GIVEN = 1.0, 0.8, 0.5  # by cashtag; by symbol or name; only by the source of the post
LATE = 0.3  # taken off what is named at the very end of a text
_SHORTEST = 4  # letters of a first word of a name that stands for the instrument


def relevance(
    text: str, ids: Sequence[str], symbols: Mapping[str, Collection[str]], names: Mapping[str, str]
) -> list[float]:
    """Return, for each instrument of a post, 0 to 1: how much the post is about it.

    1 where its cashtag is named, 0.8 where its symbol (in capitals) or the first word of its name is, both as
    ``instruments.mentioned`` reads them, 0.5 where only the source of the post says so; up to 0.3 of that less the later in the text it is first named; divided by the
    square root of the number of instruments, which share what is said.

    Args:
        text: The text.
        ids: The post's instruments.
        symbols: Instrument id to the symbols it has, or had, in capitals.
        names: Instrument id to the first word of its name, lower case; see ``first_words``.
    """
    tagged, plain = named_at(text)
    shared = max(1, len(ids)) ** 0.5
    found = []
    for one in ids:
        own = symbols.get(one, ())
        how, at = TAGGED, _first(tagged, own)
        if at is None:
            places = [
                place for place in (_first(plain, own), _word_at(text, names.get(one))) if place is not None
            ]
            how, at = (NAMED, min(places)) if places else (GIVEN, None)
        place = 1.0 if at is None else 1.0 - LATE * at / max(1, len(text))
        found.append(round(how * place / shared, 4))
    return found


def _first(places: Mapping[str, int], symbols: Collection[str]) -> int | None:
    """Return where the first of some symbols is named, None where none is."""
    return min((places[one] for one in symbols if one in places), default=None)


def _word_at(text: str, word: str | None) -> int | None:
    """Return where a text has a word first, in any case; None where it has not."""
    hit = None if word is None else _word(word).search(text)
    return None if hit is None else hit.start()


@lru_cache(maxsize=20_000)
def _word(word: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w$]){re.escape(word)}(?!\w)", re.IGNORECASE)


def first_words(instruments: pl.DataFrame) -> dict[str, str]:
    """Return instrument id to the first word of its name, lower case; short ones and those of two are left out.

    Args:
        instruments: instrument_id, name.
    """
    words = (
        instruments.select("instrument_id", "name")
        .drop_nulls()
        .unique()
        .with_columns(word=pl.col("name").str.to_lowercase().str.extract(rf"^([a-z]{{{_SHORTEST},}})\b"))
        .drop_nulls("word")
        .unique(["instrument_id", "word"])
    )
    return dict(
        words.filter(pl.col("instrument_id").n_unique().over("word") == 1)
        .sort("instrument_id", "word")
        .unique("instrument_id", keep="first")
        .select("instrument_id", "word")
        .iter_rows()
    )


def with_relevance(posts: pl.DataFrame, instruments: pl.DataFrame) -> pl.DataFrame:
    """Add ``relevance``, a number for each of ``instrument_ids`` in their order; null where these are.

    Args:
        posts: text, instrument_ids.
        instruments: instrument_id, symbol, name.
    """
    known = (
        instruments.drop_nulls("symbol")
        .group_by("instrument_id")
        .agg(pl.col("symbol").str.to_uppercase().unique())
    )
    symbols = dict(known.iter_rows())
    names = first_words(instruments)
    found = [
        None if ids is None else relevance(text or "", ids, symbols, names)
        for text, ids in posts.select("text", "instrument_ids").iter_rows()
    ]
    return posts.with_columns(relevance=pl.Series(found, dtype=pl.List(pl.Float64)))
