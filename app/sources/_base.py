"""The contract of a source, and the one door to read a file: ``read_file``."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import ClassVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import app.sources
from analytics.datasets import IMPORTABLE, Dataset
from analytics.registry import subclasses
from app.errors import FieldError, Invalid, UnsupportedMedia
from app.sources._mapping import Mapping
from app.sources._open import inner_name, unpack
from app.sources._reading import Reading

__all__ = ["Mapping", "ReadOptions", "Reading", "Source", "read_file", "sources"]


@dataclass(frozen=True)
class ReadOptions:
    """What the user says about a file.

    Attributes:
        dataset: Data set of a canonical file; other formats know it themselves.
        filename: Name as uploaded; suffixes and LOBSTER dates are read from it.
        zone: IANA zone of times that carry none. Never guessed: without it such rows are refused.
        mapping: How to read a CSV that is not canonical.
        account: Account of rows that name none (FIX without tag 1, LOBSTER, blotters of one account).
        instrument: Instrument of a file about one instrument (LOBSTER).
        currency: Currency of rows that name none (FIX without tag 15).
        day: Day of a file whose times are seconds after midnight.
        now: Clock for FUTURE_TIME.
    """

    dataset: str | None = None
    filename: str = ""
    zone: str | None = None
    mapping: Mapping | None = None
    account: str | None = None
    instrument: str | None = None
    currency: str | None = None
    day: date | None = None
    now: datetime | None = None

    def check(self) -> None:
        """Refuse a zone or data set that does not exist.

        Raises:
            Invalid: Naming the field.
        """
        if self.zone is not None:
            try:
                ZoneInfo(self.zone)
            except (ZoneInfoNotFoundError, ValueError, OSError) as error:
                detail = f"Unknown zone {self.zone!r}; use a name such as Europe/London."
                raise Invalid(detail, errors=[FieldError("zone", detail, self.zone)]) from error
        if self.dataset is not None and self.dataset not in IMPORTABLE:
            detail = f"Unknown data set {self.dataset!r}; known are {', '.join(sorted(IMPORTABLE))}."
            raise Invalid(detail, errors=[FieldError("dataset", detail, self.dataset)])

    def named(self) -> Dataset:
        """Return the data set the user named.

        Raises:
            Invalid: None was named, and a canonical file needs one.
        """
        if self.dataset is None:
            detail = "Name the data set of this file."
            raise Invalid(detail, errors=[FieldError("dataset", detail)])
        return IMPORTABLE[self.dataset]


class Source(ABC):
    """One kind of input."""

    name: ClassVar[str]
    title: ClassVar[str]
    suffixes: ClassVar[tuple[str, ...]] = ()
    media_types: ClassVar[tuple[str, ...]] = ()
    binary: ClassVar[bool] = False

    @abstractmethod
    def sniff(self, head: bytes, filename: str) -> float:
        """Say how sure this source is (0 to 1) that a file starting with ``head`` is its own."""

    @abstractmethod
    def read(self, data: bytes, options: ReadOptions) -> Reading:
        """Read the unpacked bytes of a file. Bad records are returned, not raised.

        Raises:
            Invalid: The file as a whole cannot be read.
        """


def sources() -> dict[str, Source]:
    """Return every source by name."""
    return {name: kind() for name, kind in subclasses(app.sources, Source).items()}  # type: ignore[type-abstract]


def read_file(path: Path, *, format: str = "auto", options: ReadOptions | None = None) -> Reading:  # noqa: A002
    """Read one file.

    Args:
        path: The file; gzip and zip of one file are unpacked.
        format: Name or media type of a source; ``auto`` goes by content and name.
        options: What the user says about it.

    Raises:
        Invalid: The file as a whole cannot be read; the message says why.
        TooLarge: Over the limits of size, columns or compression.
        UnsupportedMedia: No source reads this.
    """
    options = options or ReadOptions(filename=path.name)
    options.check()
    data = unpack(path)
    return pick(data, format=format, options=options).read(data, options)


def pick(data: bytes, *, format: str, options: ReadOptions) -> Source:  # noqa: A002
    """Choose the source for these bytes.

    Raises:
        UnsupportedMedia: The name is unknown, or no source recognises the bytes.
        Invalid: The bytes are not of the format claimed.
    """
    known = sources()
    wanted = format.partition(";")[0].strip().lower()
    if options.mapping is not None and wanted in ("auto", "csv", "text/csv"):
        wanted = "mapped_csv"
    head, name = data[:65_536], inner_name(options.filename).lower()
    if wanted != "auto":
        chosen = known.get(wanted) or next((s for s in known.values() if wanted in s.media_types), None)
        if chosen is None:
            raise UnsupportedMedia(f"No source reads {format!r}; known are {', '.join(sorted(known))}.")
        _refuse_mismatch(head, chosen)
        return chosen
    ranked = sorted(known.values(), key=lambda s: s.sniff(head, name), reverse=True)
    if ranked[0].sniff(head, name) <= 0:
        raise UnsupportedMedia("No source recognises this file; name its format.")
    return ranked[0]


def _refuse_mismatch(head: bytes, chosen: Source) -> None:
    is_parquet = head.startswith(b"PAR1")
    if is_parquet != chosen.binary:
        found = "Parquet" if is_parquet else "not Parquet"
        raise Invalid(f"The file was sent as {chosen.title}, but its content is {found}.")
