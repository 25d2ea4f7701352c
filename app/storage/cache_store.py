"""Where cached bytes lie: Flask-Caching's folder or Redis backend, fed raw bytes instead of pickles."""

import logging
import os
import sys
import threading
import time
from pathlib import Path
from typing import IO, Any, cast

from cachelib.serializers import BaseSerializer
from flask import Flask
from flask_caching import Cache
from flask_caching.backends import FileSystemCache, RedisCache
from redis.exceptions import RedisError

from app.config import Settings

log = logging.getLogger(__name__)

KEEP = 7 * 24 * 3600  # seconds; versions in the key replace expiry, this only bounds litter
MAX_BYTES = 1024 * 1024 * 1024
MAX_ENTRY = 64 * 1024 * 1024  # in one piece
PART = 16 * 1024 * 1024  # what is larger is kept in parts: Redis has to take each within its time-out
MAX_VALUE = 384 * 1024 * 1024
_PARTS = b"QDP1"  # in front of the number of parts
_SWEEP_EVERY = 64  # writes between two looks at the folder's size
REDIS_TIMEOUT = 0.2  # seconds: a cache that is slower than that is no cache


class RawBytes(BaseSerializer):
    """Bytes in, the same bytes out: the libraries' default would unpickle whatever lies in the file."""

    def dump(self, value: Any, f: IO[bytes], *_: Any, **__: Any) -> None:
        """Write ``value`` as it is."""
        f.write(value)

    def load(self, f: IO[bytes]) -> Any:
        """Read everything."""
        return f.read()

    def dumps(self, value: Any, *_: Any, **__: Any) -> bytes:
        """Return ``value`` as it is."""
        return bytes(value)

    def loads(self, bvalue: Any) -> Any:
        """Return ``bvalue`` as it is."""
        return bvalue


class FolderStore(FileSystemCache):
    """Flask-Caching's folder, private to the process's user, bounded in bytes."""

    serializer = RawBytes()  # type: ignore[assignment]

    def __init__(self, cache_dir: str, *args: Any, max_bytes: int = MAX_BYTES, **options: Any) -> None:
        os.makedirs(cache_dir, mode=0o700, exist_ok=True)  # noqa: PTH103
        os.chmod(cache_dir, 0o700)  # noqa: PTH101
        # Threshold 0: the library's count costs a second file per write and reads every file to prune.
        super().__init__(cache_dir, *args, **(options | {"threshold": 0}))
        self.max_bytes = max_bytes
        self._writes = 0
        self._lock = threading.Lock()

    def get(self, key: str) -> bytes | None:
        """Return the bytes under ``key``; empty bytes for a torn file, so that it is counted as one."""
        try:
            raw = Path(self._get_filename(key)).read_bytes()
        except FileNotFoundError:
            return None
        expires = int.from_bytes(raw[:4], sys.byteorder)  # the library's own four bytes in front
        return raw[4:] if expires == 0 or expires >= time.time() or len(raw) < 4 else None

    def set(self, key: str, value: bytes, timeout: Any = None, mgmt_element: bool = False) -> bool:
        """Keep ``value``; now and then drop the oldest entries beyond the size cap."""
        with self._lock:
            self._writes += 1
            due = self._writes % _SWEEP_EVERY == 0
        if due:
            self.sweep()
        return bool(super().set(key, value, timeout, mgmt_element))

    def sweep(self) -> int:
        """Delete the oldest entries until 80 % of the cap is kept; return how many went."""
        entries = []
        with os.scandir(self._path) as found:
            for entry in found:
                try:
                    info = entry.stat(follow_symlinks=False)
                except FileNotFoundError:
                    continue
                if entry.is_file(follow_symlinks=False):
                    entries.append((info.st_mtime, info.st_size, entry.path))
        total = sum(size for _, size, _ in entries)
        if total <= self.max_bytes:
            return 0
        gone = 0
        for _, size, path in sorted(entries):
            if total <= 0.8 * self.max_bytes:
                break
            Path(path).unlink(missing_ok=True)
            total -= size
            gone += 1
        return gone


class RedisStore(RedisCache):
    """Flask-Caching's Redis backend with our own bytes."""

    serializer = RawBytes()  # type: ignore[assignment]


class Store:
    """The configured backend behind two calls that never raise: a broken store is an empty one."""

    def __init__(self, backend: FolderStore | RedisStore) -> None:
        self.backend = backend
        self.failures = 0
        self._quiet_until = 0.0

    @classmethod
    def open(cls, settings: Settings) -> "Store":
        """Make the store that ``settings`` name; Redis is not contacted yet."""
        config: dict[str, Any] = {"CACHE_DEFAULT_TIMEOUT": KEEP}
        if settings.redis_url:
            config |= {
                "CACHE_TYPE": f"{__name__}.redis_store",
                "CACHE_REDIS_URL": settings.redis_url,
                "CACHE_KEY_PREFIX": "qd:answer:",
                "CACHE_OPTIONS": {
                    "socket_timeout": REDIS_TIMEOUT,
                    "socket_connect_timeout": REDIS_TIMEOUT,
                },
            }
        else:
            config |= {
                "CACHE_TYPE": f"{__name__}.folder_store",
                "CACHE_DIR": str(settings.root / "cache" / "answers"),
            }
        # A bare app of its own: questions are also asked where no Flask app is running.
        app = Flask(__name__)
        extension = Cache(app, config=config)
        return cls(app.extensions["cache"][extension])

    @property
    def redis(self) -> Any | None:
        """The Redis client, when Redis is the store."""
        return self.backend._write_client if isinstance(self.backend, RedisStore) else None  # noqa: SLF001

    def get(self, key: str) -> bytes | None:
        """Return the bytes under ``key``; None when there are none, a part is gone or the store is down."""
        found = self._get(key)
        if found is None or not found.startswith(_PARTS):
            return found
        parts = []
        for number in range(int.from_bytes(found[len(_PARTS) :], "big")):
            part = self._get(f"{key}-{number}")
            if part is None:
                return None
            parts.append(part)
        return b"".join(parts)

    def set(self, key: str, value: bytes) -> bool:
        """Keep ``value`` under ``key``; False when it is too large or the store is down."""
        if len(value) <= MAX_ENTRY:
            return self._set(key, value)
        if len(value) > MAX_VALUE:
            return False
        starts = range(0, len(value), PART)
        kept = all(self._set(f"{key}-{n}", value[at : at + PART]) for n, at in enumerate(starts))
        # Last, so that whoever finds the number finds the parts.
        return kept and self._set(key, _PARTS + len(starts).to_bytes(4, "big"))

    def _get(self, key: str) -> bytes | None:
        if time.monotonic() < self._quiet_until:
            return None
        try:
            found: bytes | None = self.backend.get(key)
        except (OSError, RedisError) as error:
            self._failed(error)
            return None
        return found

    def _set(self, key: str, value: bytes) -> bool:
        if time.monotonic() < self._quiet_until:
            return False
        try:
            return bool(self.backend.set(key, value))
        except (OSError, RedisError) as error:
            self._failed(error)
            return False

    def delete(self, key: str) -> None:
        """Forget ``key``."""
        try:
            self.backend.delete(key)
        except (OSError, RedisError) as error:
            self._failed(error)

    def ping(self) -> None:
        """Raise OSError or RedisError when the store cannot be used."""
        if isinstance(self.backend, RedisStore):
            self.backend._write_client.ping()  # noqa: SLF001
        else:
            os.stat(self.backend._path)  # noqa: PTH116, SLF001

    def _failed(self, error: Exception) -> None:
        self.failures += 1
        # A dead Redis costs one time-out a second, not one per question.
        self._quiet_until = time.monotonic() + 1.0
        log.warning("answer store does not answer: %s", type(error).__name__)


def folder_store(_app: Flask, config: dict[str, Any], *_: Any) -> FolderStore:
    """Make the folder backend from Flask-Caching's configuration."""
    return FolderStore(config["CACHE_DIR"], default_timeout=config["CACHE_DEFAULT_TIMEOUT"])


def redis_store(app: Flask, config: dict[str, Any], args: list[Any], kwargs: dict[str, Any]) -> RedisStore:
    """Make the Redis backend from Flask-Caching's configuration."""
    made = RedisStore.factory(app, config, args, kwargs)
    return cast("RedisStore", made)
