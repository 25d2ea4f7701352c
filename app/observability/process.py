"""What this process uses."""

import resource
import time
from pathlib import Path

_STARTED = time.monotonic()
_PAGE = resource.getpagesize()


def usage() -> dict[str, float | int]:
    """Return resident memory (bytes), processor time (seconds), threads and uptime (seconds)."""
    spent = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "rss_bytes": _resident(spent.ru_maxrss),
        "cpu_s": round(spent.ru_utime + spent.ru_stime, 3),
        "uptime_s": round(time.monotonic() - _STARTED, 1),
        "threads": sum(1 for _ in Path("/proc/self/task").iterdir())
        if Path("/proc/self/task").is_dir()
        else 0,
    }


def _resident(peak_kb: int) -> int:
    statm = Path("/proc/self/statm")
    # Without /proc the peak is the best that can be had.
    return int(statm.read_text().split()[1]) * _PAGE if statm.exists() else peak_kb * 1024
