"""What canonical files share: a place for columns that the data set does not have."""

import json
from collections.abc import Sequence

import polars as pl

from analytics.datasets import Dataset
from app.sources._conform import ext_of


def with_ext(fields: pl.DataFrame, header: Sequence[str], dataset: Dataset) -> tuple[pl.DataFrame, list[str]]:
    """Move columns the data set does not have into ``ext``, or say that only the raw record keeps them."""
    given = "ext" if "ext" in header and "ext" in dataset.columns else None
    if given is not None:
        fields = fields.with_columns(_checked(fields["ext"]))
    extra = [name for name in header if name not in dataset.columns]
    if not extra:
        return fields, []
    listed = ", ".join(name.strip() for name in extra)
    if "ext" not in dataset.columns:
        return fields.drop(extra), [
            f"No column of {dataset.name} for {listed}: kept with the raw records only."
        ]
    made = ext_of(fields, extra, given=given)
    if given is not None:  # what is no list stays as it is, to be refused by name
        wrong = fields["ext"].str.starts_with("not a list")
        made = pl.select(pl.when(wrong).then(fields["ext"]).otherwise(made)).to_series().alias("ext")
    return fields.with_columns(made).drop(extra), [f"No column of {dataset.name} for {listed}: kept in ext."]


def _checked(text: pl.Series) -> pl.Series:
    """Mark what is no JSON list of [field, value] pairs."""
    trimmed = text.str.strip_chars()
    bad = [one for one in trimmed.drop_nulls().unique() if one and not _is_pairs(one)]
    marked = pl.concat_str(pl.lit("not a list: "), trimmed)
    return pl.select(pl.when(trimmed.is_in(bad)).then(marked).otherwise(trimmed)).to_series().alias("ext")


def _is_pairs(text: str) -> bool:
    try:
        parsed = json.loads(text)
    except (ValueError, RecursionError):
        return False
    return isinstance(parsed, list) and all(isinstance(one, list) and len(one) == 2 for one in parsed)
