"""What makes bytes survive a power cut, and one writer at a time. Local disks only.

Neither polars nor deltalake calls fsync, so a commit that was acknowledged could come back empty after
a power cut. Everything the lake acknowledges goes through these functions first.
"""

import fcntl
import hashlib
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.errors import Unavailable

_POLL = 0.002  # seconds between attempts at a lock another process holds


def fsync_file(path: Path) -> None:
    """Force the content of a file to disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def fsync_folder(path: Path) -> None:
    """Force the names in a folder to disk."""
    fsync_file(path)


def make_folder(path: Path) -> None:
    """Create ``path`` and its parents, forcing each new name to disk."""
    missing = []
    while not path.is_dir():
        missing.append(path)
        path = path.parent
    for folder in reversed(missing):
        folder.mkdir(mode=0o700, exist_ok=True)
        fsync_folder(folder.parent)


def write_durably(path: Path, content: bytes) -> None:
    """Write a whole file so that a crash leaves either the old or the new content."""
    partial = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}.partial")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    fsync_folder(path.parent)


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file's content, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class FileLock:
    """One holder among all threads and processes; released by the kernel when its process dies."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._threads = threading.Lock()

    @contextmanager
    def held(self, *, timeout: float = 120.0) -> Iterator[None]:
        """Hold the lock. Not re-entrant.

        Raises:
            Unavailable: If another holder keeps it longer than ``timeout`` seconds.
        """
        deadline = time.monotonic() + timeout
        if not self._threads.acquire(timeout=timeout):
            raise _busy()
        try:
            descriptor = self._lock(deadline)
            try:
                yield
            finally:
                os.close(descriptor)
        finally:
            self._threads.release()

    def remove(self) -> None:
        """Delete the lock's file; only its holder may."""
        self._path.unlink(missing_ok=True)

    def _lock(self, deadline: float) -> int:
        while True:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                # A holder may have deleted the file meanwhile: then this lock guards nothing.
                if os.fstat(descriptor).st_nlink:
                    return descriptor
            except BlockingIOError:
                pass
            except BaseException:
                os.close(descriptor)
                raise
            os.close(descriptor)
            if time.monotonic() > deadline:
                raise _busy()
            time.sleep(_POLL)


def _busy() -> Unavailable:
    return Unavailable("Another import of this organisation is being written.", retry_after=5)
