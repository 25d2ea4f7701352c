"""Write a firm to the canonical files that any customer would bring."""

from pathlib import Path

import polars as pl

from app.demo.firm import Firm

# Reference data first, so that nothing ever arrives before what it refers to.
ORDER = (
    "instruments", "accounts", "people", "parties", "sanctions", "position_limits", "preclearances", "prices", "fx_rates", "benchmarks", "corporate_actions",
    "cash_flows", "executions", "allocations", "positions", "order_events", "quotes", "bars", "messages", "posts", "follows", "news",
)  # fmt: skip


def write(firm: Firm, folder: Path) -> dict[str, Path]:
    """Write each data set as ``<name>.csv`` into ``folder``; returns name to path, in order of import."""
    written = {}
    for name in ORDER:
        written[name] = folder / f"{name}.csv"
        as_text(firm.files[name]).write_csv(written[name], datetime_format="%Y-%m-%dT%H:%M:%S%.6fZ")
    return written


def as_text(frame: pl.DataFrame) -> pl.DataFrame:
    """Return ``frame`` as canonical CSV holds it: lists joined by ``|``, numbers without idle zeros."""
    lists = [name for name, dtype in frame.schema.items() if dtype == pl.List(pl.String())]
    numbers = [name for name, dtype in frame.schema.items() if isinstance(dtype, pl.Decimal)]
    plain = pl.col(numbers).cast(pl.String()).str.strip_chars_end("0").str.strip_chars_end(".")
    return frame.with_columns(pl.col(lists).list.join("|"), plain)
