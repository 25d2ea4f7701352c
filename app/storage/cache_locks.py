"""One computation at a time per question, across threads and processes: locks for dogpile's Lock."""

import contextlib
import fcntl
import os
import threading
import time
from pathlib import Path
from typing import Any, Protocol

from dogpile.util import NameRegistry
from redis.exceptions import LockError, RedisError

WAIT = 60.0  # seconds; whoever waited longer computes for himself rather than failing


class Mutex(Protocol):
    """What dogpile needs of a lock."""

    def acquire(self, wait: bool = True) -> bool:
        """Take the lock."""
        ...

    def release(self) -> None:
        """Give it back."""
        ...


class _Between(Protocol):
    def take(self, deadline: float) -> None: ...
    def give(self) -> None: ...


class FileMutex:
    """A lock file between processes. The file goes with the last holder, so the folder stays empty."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    def take(self, deadline: float) -> None:
        """Lock the file, or give up at ``deadline`` (monotonic seconds) or when the disk refuses."""
        pause = 0.001
        while True:
            try:
                self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            except OSError:
                return  # no lock on a full or read-only disk: compute twice rather than not at all
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                # The holder before may have removed the file between our open and our lock.
                if os.fstat(descriptor).st_ino == self._path.stat().st_ino:
                    self._descriptor = descriptor
                    return
            except OSError:
                pass
            os.close(descriptor)
            if time.monotonic() > deadline:
                return
            time.sleep(pause)
            pause = min(pause * 2, 0.025)

    def give(self) -> None:
        """Remove and unlock the file."""
        if self._descriptor is not None:
            self._path.unlink(missing_ok=True)
            os.close(self._descriptor)
            self._descriptor = None


class RedisMutex:
    """A lock in Redis between hosts; it expires should its holder die."""

    def __init__(self, client: Any, name: str) -> None:
        self._lock = client.lock(f"qd:lock:{name}", timeout=WAIT, sleep=0.01, thread_local=False)
        self._held = False

    def take(self, deadline: float) -> None:
        """Take the lock, or go without it when Redis is gone."""
        with contextlib.suppress(RedisError, OSError):
            self._held = self._lock.acquire(blocking_timeout=max(0.0, deadline - time.monotonic()))

    def give(self) -> None:
        """Give the lock back if it is still ours."""
        if self._held:
            self._held = False
            with contextlib.suppress(LockError, RedisError, OSError):
                self._lock.release()


class QuestionLock:
    """Threads of this process queue here; only their first goes on to the lock between processes."""

    def __init__(self, threads: "_Threads", between: _Between) -> None:
        self._threads = threads
        self._between = between
        self._held = False

    def acquire(self, wait: bool = True) -> bool:
        """Take both locks. Always True when waiting: after ``WAIT`` seconds it goes on without."""
        deadline = time.monotonic() + (WAIT if wait else 0)
        self._held = self._threads.lock.acquire(timeout=WAIT) if wait else self._threads.lock.acquire(False)
        if not self._held:
            return wait
        self._between.take(deadline)
        return True

    def release(self) -> None:
        """Give both locks back."""
        if self._held:
            self._held = False
            self._between.give()
            self._threads.lock.release()


class _Threads:
    # A plain threading.Lock cannot be weakly referenced, which the registry needs to forget it.
    def __init__(self, name: str) -> None:
        self.name = name
        self.lock = threading.Lock()


class Locks:
    """Hands out the lock of a question."""

    def __init__(self, folder: Path, redis: Any | None) -> None:
        self._folder = folder
        self._redis = redis
        self._threads = NameRegistry(_Threads)

    def of(self, key: str) -> QuestionLock:
        """Return the lock of the question under ``key``."""
        between: _Between = (
            RedisMutex(self._redis, key) if self._redis is not None else FileMutex(self._folder / key)
        )
        return QuestionLock(self._threads.get(key), between)
