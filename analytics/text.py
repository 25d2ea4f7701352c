"""Text put together from columns."""

from typing import Any

import polars as pl


def formatted(pattern: str, *parts: Any) -> pl.Expr:
    """Return ``pattern`` with each ``{}`` replaced by a part; null where any part is null.

    What ``pl.format`` is for. That one panics now and then on columns that lie in several pieces ("assertion
    failed: i < self.len()", polars issue 25525), and a panic would take a whole look of a detector with it.

    Args:
        pattern: Text with one ``{}`` for each part; no other braces.
        parts: Names of columns, or expressions; what is no text is cast to it.

    Raises:
        ValueError: If parts and places do not match.
    """
    between = pattern.split("{}")
    if len(between) != len(parts) + 1:
        raise ValueError(f"{pattern!r} has {len(between) - 1} places for {len(parts)} parts")
    pieces: list[pl.Expr] = [pl.lit(between[0])] if between[0] else []
    for part, after in zip(parts, between[1:], strict=True):
        one = pl.col(part) if isinstance(part, str) else part
        pieces.append((one if isinstance(one, pl.Expr) else pl.lit(one)).cast(pl.String))
        if after:
            pieces.append(pl.lit(after))
    return pl.concat_str(pieces)
