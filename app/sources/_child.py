"""Read a file in a child process with limits of memory, processor time and patience.

The parent starts a fresh interpreter (never a fork: polars has threads), keeps it warm for the next
files, and replaces it after every failure and after fifty files. They speak JSON lines; rows travel as
Arrow IPC files in a temporary folder, never as pickles.
"""

import json
import os
import resource
import select
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import asdict, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import polars as pl

from app import errors
from app.sources._base import Mapping, Reading, ReadOptions, read_file

MEMORY = 6 * 2**30  # address space: polars reserves far more than it touches
CPU_SECONDS = 300  # of one file
DEADLINE = 300.0  # seconds of wall clock for one file
MAX_FILES = 50
_ROOT = Path(__file__).resolve().parents[2]
_FRAMES = ("raw", "rejects", "duplicates")
_DIED = "The file is too large or damaged: reading it broke the limits of memory or time."


def read_in_child(
    path: Path,
    *,
    format: str = "auto",  # noqa: A002
    options: ReadOptions | None = None,
    deadline: float = DEADLINE,
    memory: int = MEMORY,
    cpu_seconds: int = CPU_SECONDS,
) -> Reading:
    """Read one file as ``read_file`` does, in a child process.

    Args:
        path: The file.
        format: As for ``read_file``.
        options: As for ``read_file``.
        deadline: Seconds after which the child is killed.
        memory: Bytes of address space.
        cpu_seconds: Processor seconds for this file.

    Raises:
        Invalid: The file cannot be read, or the child died of it.
        TooLarge: Over the limits of size, columns or compression.
        UnsupportedMedia: No source reads this.
    """
    options = options or ReadOptions(filename=path.name)
    with tempfile.TemporaryDirectory(prefix="quarterdeck-read-") as folder:
        order = {
            "path": str(path.resolve()),
            "format": format,
            "options": options_to_json(options),
            "folder": folder,
            "memory": memory,
            "cpu_seconds": cpu_seconds,
        }
        answer = _POOL.ask(order, deadline=deadline)
        if "error" in answer:
            raise _error(answer)
        return _load(Path(folder), answer)


class _Pool:
    """One warm child; callers take turns."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._files = 0
        self._memory = 0

    def ask(self, order: dict[str, Any], *, deadline: float) -> dict[str, Any]:
        with self._lock:
            process = self._ready(order["memory"])
            try:
                answer = _exchange(process, order, deadline)
            except (OSError, ValueError) as error:
                self._stop()
                raise errors.Invalid(_DIED) from error
            except BaseException:
                self._stop()
                raise
            self._files += 1
            if "error" in answer or self._files >= MAX_FILES:
                self._stop()
            return answer

    def _ready(self, memory: int) -> subprocess.Popen[bytes]:
        if self._process is not None and (self._process.poll() is not None or memory != self._memory):
            self._stop()
        if self._process is None:
            self._process = _start(memory)
            self._files, self._memory = 0, memory
        return self._process

    def _stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            for stream in (self._process.stdin, self._process.stdout):
                if stream is not None:
                    stream.close()
        self._process = None

    def close(self) -> None:
        """End the child."""
        with self._lock:
            self._stop()


_POOL = _Pool()


def close() -> None:
    """End the warm child, where there is one."""
    _POOL.close()


def _start(memory: int) -> subprocess.Popen[bytes]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("QUARTERDECK_", "COVERAGE"))}
    environment |= {"PYTHONPATH": str(_ROOT), "POLARS_MAX_THREADS": "2", "PYTHONIOENCODING": "utf-8"}
    return subprocess.Popen(
        [sys.executable, "-m", "app.sources._worker", str(memory)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # a dying child prints a panic; the parent says what the user can use
        env=environment,
        cwd=_ROOT,
        start_new_session=True,
    )


def _exchange(process: subprocess.Popen[bytes], order: dict[str, Any], deadline: float) -> dict[str, Any]:
    if process.stdin is None or process.stdout is None:
        raise ValueError("the child has no pipes")
    process.stdin.write(json.dumps(order).encode() + b"\n")
    process.stdin.flush()
    until = time.monotonic() + deadline
    line = b""
    while not line.endswith(b"\n"):
        left = until - time.monotonic()
        if left <= 0 or not select.select([process.stdout], [], [], left)[0]:
            raise ValueError("the child took too long")
        piece = os.read(process.stdout.fileno(), 65_536)
        if not piece:
            raise ValueError("the child died")
        line += piece
    answer: dict[str, Any] = json.loads(line)
    return answer


def _error(answer: dict[str, Any]) -> errors.QuarterdeckError:
    kinds = {k.__name__: k for k in (errors.Invalid, errors.TooLarge, errors.UnsupportedMedia)}
    found = [errors.FieldError(**one) for one in answer["errors"]]
    return kinds.get(answer["error"], errors.Invalid)(answer["detail"], errors=found)


def _load(folder: Path, answer: dict[str, Any]) -> Reading:
    def frame(name: str) -> pl.DataFrame:
        return pl.read_ipc((folder / f"{name}.arrow").read_bytes())

    return Reading(
        feed=answer["feed"],
        records=answer["records"],
        tables={name: frame(f"table-{name}") for name in answer["tables"]},
        warnings=answer["warnings"],
        **{name: frame(name) for name in _FRAMES},
    )


def options_to_json(options: ReadOptions) -> dict[str, Any]:
    """Return options as JSON-able data."""
    out = asdict(replace(options, mapping=None))
    out["mapping"] = options.mapping.to_json() if options.mapping else None
    for name in ("day", "now"):
        out[name] = out[name].isoformat() if out[name] else None
    return out


def options_from_json(data: dict[str, Any]) -> ReadOptions:
    """Build options from what ``options_to_json`` returned."""
    body = dict(data)
    body["mapping"] = Mapping.from_json(body["mapping"]) if body["mapping"] else None
    body["day"] = date.fromisoformat(body["day"]) if body["day"] else None
    body["now"] = datetime.fromisoformat(body["now"]) if body["now"] else None
    return ReadOptions(**body)


def serve(line: bytes) -> dict[str, Any]:
    """Do one order inside the child: read, write the frames, answer."""
    order = json.loads(line)
    used = resource.getrusage(resource.RUSAGE_SELF)
    soft = int(used.ru_utime + used.ru_stime) + order["cpu_seconds"] + 1
    resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.getrlimit(resource.RLIMIT_CPU)[1]))
    try:
        options = options_from_json(order["options"])
        made = read_file(Path(order["path"]), format=order["format"], options=options)
    except errors.QuarterdeckError as error:
        found = [{"field": e.field, "message": e.message, "value": e.value} for e in error.errors]
        return {"error": type(error).__name__, "detail": error.detail, "errors": found}
    folder = Path(order["folder"])
    for name in _FRAMES:
        getattr(made, name).write_ipc(folder / f"{name}.arrow", compression="zstd")
    for name, frame in made.tables.items():
        frame.write_ipc(folder / f"table-{name}.arrow", compression="zstd")
    return {
        "feed": made.feed,
        "records": made.records,
        "tables": list(made.tables),
        "warnings": made.warnings,
    }
