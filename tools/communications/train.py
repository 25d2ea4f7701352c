"""Teach the classifier of messages: ``python -m tools.communications.train``.

Writes its weights as JSON, and the lines with what says the same as CSV for the model that is judged on them.
"""

import json

import polars as pl

from analytics.compliance import _wording
from analytics.compliance._lexicon import FAMILIES
from analytics.compliance._teaching import LINES, SHIFT, SLOPE, features, filled, fitted
from tools.communications import desk_lines, taught, taught_more, taught_wide, tuning


def lines() -> list[tuple[str, str, str]]:
    """Return family (``good`` for innocent ones), phrase family ("" where it is not told) and text of every line."""
    found = [
        (family, "", line)
        for source in (taught, taught_more, taught_wide, tuning)
        for family, said in (*source.BAD.items(), ("good", source.GOOD))
        for line in said
    ]
    return found + [(line.family, line.phrase_family, line.text) for line in desk_lines.lines()]


def taught_set() -> tuple[list[str], list[int]]:
    """Return the lines to learn from, and 1 for misconduct."""
    bad = filled([text for family, _, text in lines() if family != "good"], times=4, seed=1)
    good = filled([text for family, _, text in lines() if family == "good"], times=4, seed=2)
    return bad + good, [1] * len(bad) + [0] * len(good)


def shipped() -> pl.DataFrame:
    """Return every line with the phrase family it belongs to, as the product comes with them."""
    from tools.communications.cross_validate import groups

    rows = [
        (family, f"g{group:03d}", text) for (family, _, text), group in zip(lines(), groups(), strict=True)
    ]
    return pl.DataFrame(rows, schema=LINES, orient="row")


def main() -> None:
    """Write the model and the lines."""
    assert set(taught.BAD) == set(FAMILIES)
    texts, labels = taught_set()
    found = fitted(features(texts), labels, slope=SLOPE, shift=SHIFT)
    _wording.MODEL.write_text(
        json.dumps(found, indent=0, sort_keys=True, ensure_ascii=True) + "\n", encoding="utf-8"
    )
    shipped().write_csv(_wording.MODEL.parent / "labelled" / "conduct_lines.csv")


if __name__ == "__main__":
    main()
