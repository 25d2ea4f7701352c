"""Answers kept: each question computed once per version of what it reads, whoever asks at the same time."""

import functools
import hashlib
import hmac
import inspect
import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import orjson
from dogpile.lock import Lock, NeedRegenerationException

from analytics.datasets import Dataset
from app.config import Settings
from app.errors import Unavailable
from app.storage.cache_codec import dump, load, stable
from app.storage.cache_locks import Locks
from app.storage.cache_store import Store

if TYPE_CHECKING:
    from app.desk import Desk

log = logging.getLogger(__name__)

P = ParamSpec("P")
R = TypeVar("R")

_MAGIC = b"QDA1"
_TAG = 32
_SKEW = 60.0  # seconds a value may seem to come from the future before it is taken for a forgery
MAX_STALE = 24 * 3600.0  # seconds; beyond this a last good answer is no answer
_RECHECK = 60.0  # seconds between two notes that an answer is still current


@dataclass(frozen=True)
class Stale:
    """An answer that was served although its source is down."""

    question: str
    as_of: datetime  # when it was last known to be current
    reason: str


_served_stale: ContextVar[list[Stale] | None] = ContextVar("served_stale", default=None)


@contextmanager
def noting_stale() -> Iterator[list[Stale]]:
    """Collect, within the block, which answers were served stale."""
    noted: list[Stale] = []
    token = _served_stale.set(noted)
    try:
        yield noted
    finally:
        _served_stale.reset(token)


def start_noting_stale() -> list[Stale]:
    """Begin a fresh list for this request and return it (the gate calls this; nothing resets it)."""
    noted: list[Stale] = []
    _served_stale.set(noted)
    return noted


def served_stale() -> tuple[Stale, ...]:
    """Return the answers of this request that were served stale, oldest question first."""
    return tuple(_served_stale.get() or ())


class AnswerCache:
    """Answers of all organisations, each sealed with the organisation and question it belongs to."""

    def __init__(self, store: Store, locks: Locks, *, secret: str, release: str) -> None:
        self.store = store
        self._locks = locks
        self._secret = hashlib.sha256(b"answers:" + secret.encode()).digest()
        self._release = release
        self._counts: dict[str, Counter[str]] = {}
        self._noted: dict[str, float] = {}
        self._guard = threading.Lock()

    @classmethod
    def open(cls, settings: Settings) -> "AnswerCache":
        """Open the cache that ``settings`` name: the home folder, or Redis."""
        store = Store.open(settings)
        locks = Locks(settings.root / "cache" / "locks", store.redis)
        return cls(store, locks, secret=settings.secret, release=_release())

    # --- asking ------------------------------------------------------------------------------------
    def answer(
        self,
        org: str,
        question: str,
        compute: Callable[[], R],
        *,
        version: Callable[[], str],
        ttl: float | None = None,
    ) -> R:
        """Return the answer to ``question``, computed once per version.

        Args:
            org: Organisation it belongs to; sealed into the answer and checked when it is read.
            question: Readable key without versions: function, parameters, scope, entitlements.
            compute: Computes the answer.
            version: Returns the versions of all the question reads; may raise Unavailable.
            ttl: Seconds after which the answer is computed again though nothing it reads changed.

        Raises:
            Unavailable: When computing is not possible and no last good answer is kept.
        """
        last = self._name("last", org, question)
        try:
            key = self._name("at", org, question, version())
            return self._single(org, key, last, compute, ttl=ttl)
        except Unavailable as error:
            found: R = self._last_good(org, last, question, error)
            return found

    def _single(self, org: str, key: str, last: str, compute: Callable[[], R], *, ttl: float | None) -> R:
        missed = computed = False

        def read() -> tuple[R, float]:
            nonlocal missed
            held = self._read(org, key)
            if held is None or (ttl is not None and time.time() - held[1] > ttl):
                missed = True
                raise NeedRegenerationException
            return held

        def create() -> tuple[R, float]:
            nonlocal computed
            computed = True
            value = compute()
            created = time.time()
            self._write(org, key, value, created)
            self._note_current(org, key, last, force=True)
            return value, created

        with Lock(self._locks.of(key), create, read, None) as value:  # type: ignore[no-untyped-call]
            found: R = value
        if computed:
            self._count(org, "misses")
        else:
            self._count(org, "stampedes_avoided" if missed else "hits")
            self._note_current(org, key, last)
        return found

    def _last_good(self, org: str, last: str, question: str, error: Unavailable) -> Any:
        pointer = self._read(org, last)
        held = None if pointer is None else self._read(org, pointer[0])
        if pointer is None or held is None or time.time() - pointer[1] > MAX_STALE:
            raise error
        self._count(org, "stale_served")
        noted = _served_stale.get()
        if noted is not None:
            as_of = datetime.fromtimestamp(pointer[1], UTC)
            noted.append(Stale(question.split("|", 1)[0], as_of, error.detail))
        return held[0]

    def _note_current(self, org: str, key: str, last: str, *, force: bool = False) -> None:
        now = time.time()
        with self._guard:
            if not force and now - self._noted.get(key, 0) < _RECHECK:
                return
            if len(self._noted) > 10_000:
                self._noted.clear()
            self._noted[key] = now
        self._write(org, last, key, now)

    def delete(self, org: str) -> None:
        """Drop the answers of an organisation that is deleted.

        Names of entries do not tell whose they are, so everybody's go; they are computed again when asked for.
        """
        self.store.backend.clear()
        with self._guard:
            self._counts.pop(org, None)

    # --- sealed values -----------------------------------------------------------------------------
    def _name(self, *parts: str) -> str:
        # The length in front of each part: `a|b`, `c` and `a`, `b|c` must not meet.
        text = "".join(f"{len(part)}:{part}" for part in (self._release, *parts))
        return hashlib.blake2b(text.encode(), key=self._secret, digest_size=32).hexdigest()

    def _seal(self, data: bytes) -> bytes:
        return hashlib.blake2b(data, key=self._secret, digest_size=_TAG).digest()

    def _write(self, org: str, key: str, value: Any, created: float) -> None:
        header = orjson.dumps({"org": org, "key": key, "created": created})
        data = len(header).to_bytes(4, "big") + header + dump(value)
        self.store.set(key, _MAGIC + self._seal(data) + data)

    def _read(self, org: str, key: str) -> tuple[Any, float] | None:
        """Return the value and when it was made; None when there is none that can be trusted."""
        raw = self.store.get(key)
        if raw is None:
            return None
        try:
            return self._open(raw, org, key)
        except (ValueError, LookupError, TypeError) as error:
            self._count(org, "poisoned")
            log.warning("a kept answer was refused: %s", error)
            self.store.delete(key)
            return None

    def _open(self, raw: bytes, org: str, key: str) -> tuple[Any, float]:
        data = raw[len(_MAGIC) + _TAG :]
        seal = raw[len(_MAGIC) : len(_MAGIC) + _TAG]
        if raw[: len(_MAGIC)] != _MAGIC or not hmac.compare_digest(seal, self._seal(data)):
            raise ValueError("the seal does not fit")
        size = int.from_bytes(data[:4], "big")
        header = orjson.loads(data[4 : 4 + size])
        if header["org"] != org or header["key"] != key:
            raise ValueError("it belongs to another question")
        if header["created"] > time.time() + _SKEW:
            raise ValueError("it comes from the future")
        return load(data[4 + size :]), header["created"]

    # --- counting ----------------------------------------------------------------------------------
    def _count(self, org: str, what: str) -> None:
        with self._guard:
            self._counts.setdefault(org, Counter())[what] += 1

    def stats(self, org: str | None = None) -> dict[str, float]:
        """Return this process's counters of one organisation, or of all.

        Returns:
            hits, misses, stampedes_avoided, poisoned, stale_served, store_failures and hit_ratio
            (fraction of questions answered without computing; 0 when none was asked).
        """
        with self._guard:
            counters = list(self._counts.values()) if org is None else [self._counts.get(org, Counter())]
            total = sum(counters, Counter())
        names = ("hits", "misses", "stampedes_avoided", "poisoned", "stale_served")
        found: dict[str, float] = {name: total[name] for name in names}
        found["store_failures"] = self.store.failures
        asked = total["hits"] + total["misses"] + total["stampedes_avoided"]
        found["hit_ratio"] = (total["hits"] + total["stampedes_avoided"]) / asked if asked else 0.0
        return found


def cached(
    *datasets: Dataset, records: tuple[str, ...] = (), ttl: float | None = None, shared: bool = False
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Keep the answers of a question, a function of a desk and of parameters.

    The key holds the question, its parameters, the scope, what the identity may see, the versions of
    ``datasets`` and ``records`` and our release: nothing has ever to be invalidated.

    Args:
        datasets: Tables the question reads.
        records: Names of record sets it reads ("alerts", "insights", ...).
        ttl: For questions that also read the clock: seconds an answer holds.
        shared: For questions that ask nothing of who asks but which accounts he may see: all who see the whole
            organisation then share one answer, computed as ``Desk.whole`` sees it.
    """

    def wrap(question: Callable[P, R]) -> Callable[P, R]:
        signature = inspect.signature(question)
        name = f"{question.__module__}.{question.__qualname__}"

        @functools.wraps(question)
        def ask(*args: P.args, **kwargs: P.kwargs) -> R:
            bound = signature.bind(*args, **kwargs)
            bound.apply_defaults()
            parameters = dict(bound.arguments)
            first = next(iter(signature.parameters))
            desk: Desk = parameters.pop(first)
            cache = desk.cache
            if cache is None:
                return question(*args, **kwargs)
            if shared and not desk.narrows:
                desk = bound.arguments[first] = desk.whole()
            asked = "|".join((name, stable(parameters), desk.scope.key, desk.identity.entitlements))
            return cache.answer(
                desk.org,
                asked,
                lambda: question(*bound.args, **bound.kwargs),
                version=lambda: desk.token(datasets, records),
                ttl=ttl,
            )

        ask.reads = (datasets, records)  # type: ignore[attr-defined]
        return ask

    return wrap


@functools.cache
def _release() -> str:
    # What our own files say: changed code must not be answered from before the change.
    root = Path(__file__).parents[2]
    seen = hashlib.sha256()
    for folder in ("analytics", "app"):
        for path in sorted((root / folder).rglob("*.py")):
            content = hashlib.sha256(path.read_bytes()).hexdigest()
            seen.update(f"{path.relative_to(root)}:{content}\n".encode())
    return seen.hexdigest()[:16]
