"""The live log: small batches acknowledged from an fsynced append-only file in front of Delta.

A Delta commit of 1,000 rows costs some 20 ms, an append here under one. One folder per table holds
segments named by the number of their first batch. A batch is a header (mark, number, rows, length,
CRC-32 of the payload, CRC-32 of the header) and a payload (Arrow IPC stream). The folder always holds
the segment of the next batch, so that a reader can tell "nothing new" from "moved to Delta meanwhile".
"""

import io
import logging
import os
import secrets
import struct
import threading
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import polars as pl

from analytics.datasets import Dataset
from app.errors import Unavailable
from app.storage.commit import FileLock, fsync_folder, make_folder
from app.storage.gate import stored_schema

logger = logging.getLogger(__name__)

FOLDER = "_live"
_MARK = b"QDL1"
_HEADER = struct.Struct("<4sQIQII")
_MAX_PARTS = 64  # frames kept apart before they are joined into one


class Gap(Exception):
    """Batches a reader expects are gone from the log: they were moved to Delta meanwhile."""


@dataclass(frozen=True)
class Segment:
    """One file of the log: batches from ``first`` on. Its name is never used again."""

    first: int
    path: Path


@dataclass
class _Tail:
    """What a process has read: batches after ``since`` up to ``last``, which ends at ``offset``."""

    since: int
    last: int
    segment: Path | None = None
    offset: int = 0
    parts: list[tuple[int, pl.DataFrame]] = field(default_factory=list)
    joined: tuple[int, pl.DataFrame] | None = None  # last batch in it, rows of all parts up to there


class LiveLog:
    """The live log of one table. Any thread or process may append; one flushes."""

    def __init__(self, root: Path, org: str, dataset: Dataset) -> None:
        self.dataset = dataset
        self.folder = root / org / dataset.name / FOLDER
        self._lock = FileLock(self.folder / "lock")
        self._reading = threading.Lock()
        self._tail: _Tail | None = None
        self._end: tuple[Path, int, int] | None = None  # segment, size, number of its last batch

    def exists(self) -> bool:
        """Tell whether anything was ever logged."""
        return self.folder.is_dir()

    # --- writing -----------------------------------------------------------------------------------
    def append(self, frame: pl.DataFrame) -> int:
        """Append one conformed batch; it is on disk when this returns.

        Returns:
            The batch's number, from 1.

        Raises:
            Unavailable: If the disk refuses (nothing is kept then) or the log is damaged.
        """
        payload = _payload(frame)
        make_folder(self.folder)
        with self._lock.held(timeout=10.0):
            path, size, last = self._writable_end()
            record = _pack(last + 1, frame.height, payload)
            descriptor = os.open(path, os.O_WRONLY)
            try:
                _write(descriptor, record, size)
                os.fsync(descriptor)
            except OSError as error:
                os.ftruncate(descriptor, size)
                self._abandon(path, size, last)
                raise Unavailable("The disk does not take more rows.", retry_after=30) from error
            finally:
                os.close(descriptor)
            self._end = (path, size + len(record), last + 1)
            return last + 1

    def rotate(self) -> int:
        """Begin a new segment and return the number of the last batch before it (0 when none)."""
        with self._lock.held(timeout=10.0):
            _, size, last = self._writable_end()
            if size:
                self._begin(last + 1)
            return last

    def drop(self, upto: int) -> None:
        """Delete segments whose batches are all in Delta; the last segment stays."""
        segments = self.segments()
        for segment, following in pairwise(segments):
            if following.first <= upto + 1:
                segment.path.unlink(missing_ok=True)

    def cut(self) -> int:
        """Cut a torn tail off, keeping the bytes beside the log; return how many there were.

        Raises:
            Unavailable: If acknowledged batches are damaged.
        """
        if not self.exists():
            return 0
        with self._lock.held(timeout=10.0):
            self._end = None
            segments = self.segments()
            return self._sound_end(segments[-1].path, 0, segments[-1].first - 1)[2] if segments else 0

    # --- reading -----------------------------------------------------------------------------------
    def segments(self) -> list[Segment]:
        """Return the segments, oldest first."""
        try:
            names = sorted(entry.name for entry in os.scandir(self.folder) if entry.name.endswith(".live"))
        except FileNotFoundError:
            return []
        return [Segment(int(name.split(".")[0]), self.folder / name) for name in names]

    def last(self, since: int) -> int:
        """Return the number of the last readable batch, at least ``since``."""
        with self._reading:
            return self._follow(since).last

    def read(self, since: int, *, upto: int | None = None) -> pl.DataFrame:
        """Return the rows of batches after ``since`` (up to ``upto``), in order of arrival.

        Raises:
            Gap: If some of them are in Delta by now: ask the ledger again.
            Unavailable: If an acknowledged batch is damaged.
        """
        with self._reading:
            tail = self._follow(since)
            if upto is not None and upto < tail.last:
                frames = [frame for number, frame in tail.parts if number <= upto]
                return pl.concat(frames) if frames else self._empty()
            return self._join(tail)

    # --- private -----------------------------------------------------------------------------------
    def _empty(self) -> pl.DataFrame:
        return pl.DataFrame(schema=stored_schema(self.dataset))

    def _writable_end(self) -> tuple[Path, int, int]:
        """Return the segment to append to, its sound size and the number of its last batch."""
        segments = self.segments()
        if not segments:
            return self._begin(1)
        path, first = segments[-1].path, segments[-1].first
        size = path.stat().st_size
        if self._end is None or self._end[0] != path or self._end[1] > size:
            self._end = (path, 0, first - 1)
        if self._end[1] != size:
            # Another process appended, or died in the middle of it.
            end, last, _ = self._sound_end(*self._end)
            self._end = (path, end, last)
        return self._end

    def _abandon(self, path: Path, size: int, last: int) -> None:
        # A reader may have seen the batch whose fsync failed. In a new segment its number can be used
        # again: the reader finds the old one shorter than what it read, and starts over.
        self._end = None
        self._begin(last + 1)
        if not size:
            path.unlink()

    def _begin(self, first: int) -> tuple[Path, int, int]:
        path = self.folder / f"{first:020d}.{secrets.token_hex(4)}.live"
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        fsync_folder(self.folder)
        self._end = (path, 0, first - 1)
        return self._end

    def _sound_end(self, path: Path, offset: int, last: int) -> tuple[int, int, int]:
        """Find the end of the last sound batch and cut what is torn behind it.

        Returns:
            The end, the number of that batch, how many bytes were cut.
        """
        for number, end, _ in _batches(path, offset, last + 1):
            offset, last = end, number
        torn = path.stat().st_size - offset
        if torn:
            with path.open("rb+") as file:
                file.seek(offset)
                path.with_suffix(f".{offset}.torn").write_bytes(file.read())
                file.truncate(offset)
                os.fsync(file.fileno())
            logger.warning("cut %d torn bytes off the live log of %s", torn, self.dataset.name)
        return offset, last, torn

    def _join(self, tail: _Tail) -> pl.DataFrame:
        """Return all rows of the tail in one frame, keeping it for the next reader."""
        if tail.joined is None or tail.joined[0] < tail.last:
            upto, before = tail.joined or (tail.since, self._empty())
            frame = pl.concat([before, *(part for number, part in tail.parts if number > upto)])
            tail.joined = (tail.last, frame.rechunk() if frame.n_chunks() > _MAX_PARTS else frame)
        return tail.joined[1]

    def _follow(self, since: int) -> _Tail:
        """Read on from where this process stopped."""
        segments = self.segments()
        tail = self._tail
        if tail is None or not tail.since <= since <= tail.last or not _stands(tail, segments):
            tail = _Tail(since, since)
        elif since > tail.since:
            parts = [part for part in tail.parts if part[0] > since]
            tail = _Tail(since, tail.last, tail.segment, tail.offset, parts)
        self._read_on(tail, segments)
        self._tail = tail
        return tail

    def _read_on(self, tail: _Tail, segments: list[Segment]) -> None:
        if segments and segments[0].first > tail.last + 1:
            raise Gap
        for place, segment in enumerate(segments):
            following = segments[place + 1].first if place + 1 < len(segments) else None
            if following is not None and following <= tail.last + 1:
                continue
            same = segment.path == tail.segment
            offset, number = (tail.offset, tail.last + 1) if same else (0, segment.first)
            for found, end, payload in _batches(segment.path, offset, number):
                offset = end
                if found > tail.last:
                    tail.parts.append((found, pl.read_ipc_stream(io.BytesIO(payload))))
                    tail.last = found
            tail.segment, tail.offset = segment.path, offset
            if following is not None and following != tail.last + 1:
                raise Unavailable(f"{self.dataset.title}: the live log is damaged.")


def _stands(tail: _Tail, segments: list[Segment]) -> bool:
    """Tell whether the segment a process has read still holds all it read."""
    if tail.segment is None or tail.segment not in {segment.path for segment in segments}:
        return False
    try:
        return tail.segment.stat().st_size >= tail.offset
    except FileNotFoundError:
        return False


def _payload(frame: pl.DataFrame) -> bytes:
    buffer = io.BytesIO()
    frame.write_ipc_stream(buffer, compression="zstd")  # a fiftieth of the bytes to force to disk
    return buffer.getvalue()


def _pack(number: int, rows: int, payload: bytes) -> bytes:
    head = _HEADER.pack(_MARK, number, rows, len(payload), zlib.crc32(payload), 0)[:-4]
    return head + struct.pack("<I", zlib.crc32(head)) + payload


def _write(descriptor: int, record: bytes, offset: int) -> None:
    view = memoryview(record)
    while view:
        written = os.pwrite(descriptor, view, offset)
        view, offset = view[written:], offset + written


def _batches(path: Path, offset: int, number: int) -> Iterator[tuple[int, int, bytes]]:
    """Yield number, end and payload of each sound batch from ``offset`` on; stop at a torn tail.

    Raises:
        Gap: If the segment is gone.
        Unavailable: If a batch is damaged and others follow it: that is no torn tail, those rows were
            acknowledged.
    """
    try:
        file = path.open("rb")
    except FileNotFoundError as error:
        raise Gap from error
    with file:
        size = os.fstat(file.fileno()).st_size
        file.seek(offset)
        while offset + _HEADER.size <= size:
            header = _header(file.read(_HEADER.size))
            length = header[1] if header else 0
            payload = file.read(min(length, size))
            end = offset + _HEADER.size + length
            if header is None or header[0] != number or end > size or zlib.crc32(payload) != header[2]:
                file.seek(offset + 1)
                if _holds_batch(file.read()):
                    raise Unavailable("The live log is damaged.")
                return
            yield number, end, payload
            offset, number = end, number + 1


def _header(found: bytes) -> tuple[int, int, int] | None:
    """Return number, length and checksum of the payload; None if these bytes are no sound header."""
    if len(found) < _HEADER.size or zlib.crc32(found[:-4]) != int.from_bytes(found[-4:], "little"):
        return None
    mark, number, _, length, digest, _ = _HEADER.unpack(found)
    return (number, length, digest) if mark == _MARK else None


def _holds_batch(content: bytes) -> bool:
    place = content.find(_MARK)
    while place >= 0:
        if _header(content[place : place + _HEADER.size]) is not None:
            return True
        place = content.find(_MARK, place + 1)
    return False
