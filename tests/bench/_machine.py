"""Where it was measured: enough to judge a ratio by, nothing that names the place."""

import os
import platform
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Self

LIBRARIES = (
    "polars",
    "deltalake",
    "pyarrow",
    "duckdb",
    "pandas",
    "numpy",
    "dash",
    "plotly",
    "flask",
    "sqlalchemy",
)


@dataclass(frozen=True)
class Machine:
    """One machine at one moment."""

    cores: int
    cpu: str
    memory_gb: float
    load: float  # of the minute before
    when: datetime
    versions: tuple[tuple[str, str], ...]

    @classmethod
    def look(cls) -> Self:
        pages, size = os.sysconf("SC_PHYS_PAGES"), os.sysconf("SC_PAGE_SIZE")
        versions = [("Python", platform.python_version()), *((name, version(name)) for name in LIBRARIES)]
        return cls(
            len(os.sched_getaffinity(0)),
            _cpu(),
            pages * size / 1e9,
            os.getloadavg()[0],
            datetime.now(UTC),
            tuple(versions),
        )


def _cpu() -> str:
    described = Path("/proc/cpuinfo")
    lines = described.read_text().splitlines() if described.exists() else []
    models = [text.partition(":")[2].strip() for text in lines if text.startswith("model name")]
    return models[0] if models else platform.machine()
