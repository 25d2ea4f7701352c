"""Write a firm to the canonical files that any customer would bring."""

from pathlib import Path

from app.demo.firm import Firm

# Reference data first, so that nothing ever arrives before what it refers to.
ORDER = (
    "instruments", "accounts", "people", "prices", "fx_rates", "benchmarks", "corporate_actions",
    "cash_flows", "executions", "positions", "order_events", "quotes", "messages", "posts", "follows", "news",
)  # fmt: skip


def write(firm: Firm, folder: Path) -> dict[str, Path]:
    """Write each data set as ``<name>.parquet`` into ``folder``; returns name to path, in order of import."""
    written = {}
    for name in ORDER:
        written[name] = folder / f"{name}.parquet"
        firm.files[name].write_parquet(written[name], compression="zstd", statistics=False)
    return written
