"""Which instruments a control-room list covers, and whom."""

import polars as pl

from analytics.compliance.detector import LISTS, Tables

_COLUMNS = (
    "instrument_id",
    "listed_id",
    "why",
    "list_type",
    "subject_kind",
    "subject_id",
    "valid_from",
    "valid_to",
)


def covered(tables: Tables, *, derivatives: bool = True, issuer_family: bool = True) -> pl.LazyFrame:
    """Return list entries by every instrument they cover, with ``listed_id`` and ``why``.

    ``why`` is "itself", "issuer" (another instrument of the same issuer) or "derivative" (of the
    instrument, or of another of its issuer).
    """
    entries = (
        tables[LISTS].filter(pl.col("instrument_id").is_not_null()).rename({"instrument_id": "listed_id"})
    )
    found = [entries.with_columns(instrument_id=pl.col("listed_id"), why=pl.lit("itself"))]
    names = tables["instruments"].select("instrument_id", "issuer", "underlying_id").unique()
    of = names.filter(pl.col("underlying_id").is_not_null()).select("instrument_id", "underlying_id")
    if derivatives:
        direct = of.rename({"underlying_id": "listed_id"}).with_columns(why=pl.lit("derivative"))
        found.append(entries.join(direct, on="listed_id", how="inner"))
    if issuer_family:
        issued = names.filter(pl.col("issuer").is_not_null())
        family = (
            issued.select("issuer", listed_id="instrument_id")
            .join(issued.select("issuer", "instrument_id"), on="issuer", how="inner")
            .filter(pl.col("listed_id") != pl.col("instrument_id"))
            .select("listed_id", "instrument_id", why=pl.lit("issuer"))
            .unique()
        )
        found.append(entries.join(family, on="listed_id", how="inner"))
        if derivatives:
            theirs = (
                family.select("listed_id", underlying_id="instrument_id")
                .join(of, on="underlying_id", how="inner")
                .select("listed_id", "instrument_id", why=pl.lit("derivative"))
                .unique()
            )
            found.append(entries.join(theirs, on="listed_id", how="inner"))
    return pl.concat([frame.select(_COLUMNS) for frame in found])


def in_force(time: str = "transact_time") -> pl.Expr:
    """Return whether the entry of the row holds at its time: from the first instant, not at the last."""
    ends = pl.col("valid_to").is_null() | (pl.col(time) < pl.col("valid_to"))
    return (pl.col(time) >= pl.col("valid_from")) & ends
