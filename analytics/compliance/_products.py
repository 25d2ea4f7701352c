"""What an instrument is economically: the product it moves with, and by how much."""

import polars as pl

from analytics.compliance.detector import Tables

BUYS = ("buy", "buy_cover")


def direction(side: str = "side") -> pl.Expr:
    """Return +1 for a side that buys, -1 for one that sells."""
    return pl.when(pl.col(side).is_in(BUYS)).then(1).otherwise(-1).cast(pl.Int8)


def products(tables: Tables, *, option_delta: float = 0.5) -> pl.LazyFrame:
    """Return instrument_id, product_id and exposure: units of the product that one unit stands for.

    A derivative counts for its underlying: multiplier x 1, or x ``option_delta`` for options, negative for
    puts. Everything else is its own product with exposure 1. One row an instrument.
    """
    is_option = (pl.col("asset_class") == "option").fill_null(value=False)
    delta = pl.when(pl.col("put_call") == "put").then(-option_delta).otherwise(option_delta)
    derived = pl.col("underlying_id").is_not_null()
    return (
        tables["instruments"]
        .select(
            "instrument_id",
            product_id=pl.coalesce("underlying_id", "instrument_id"),
            exposure=pl.when(derived)
            .then(
                pl.col("multiplier").cast(pl.Float64).fill_null(1.0)
                * pl.when(is_option).then(delta).otherwise(1.0)
            )
            .otherwise(1.0),
        )
        .unique("instrument_id", keep="first", maintain_order=False)
    )


def with_product(rows: pl.LazyFrame, tables: Tables, *, option_delta: float = 0.5) -> pl.LazyFrame:
    """Add ``product_id`` and ``exposure`` to rows that name an instrument; unknown ones stand alone."""
    known = products(tables, option_delta=option_delta)
    return rows.join(known, on="instrument_id", how="left").with_columns(
        product_id=pl.coalesce("product_id", "instrument_id"), exposure=pl.col("exposure").fill_null(1.0)
    )
