"""Open an upload safely: limits of size, one-file archives only, the real format by its first bytes."""

import gzip
import io
import zipfile
import zlib
from pathlib import Path

from app.errors import Invalid, TooLarge, UnsupportedMedia

MAX_FILE = 256 * 2**20  # bytes as uploaded
MAX_UNPACKED = 2**30  # bytes after gzip or zip
MAX_RATIO = 100  # unpacked : packed; real logs reach about 30
RATIO_FLOOR = 2**20  # below this many unpacked bytes a high ratio is harmless
MAX_COLUMNS = 512
_CHUNK = 2**20

GZIP, ZIP, PARQUET = b"\x1f\x8b", b"PK\x03\x04", b"PAR1"
_FOREIGN = {
    b"%PDF": "a PDF",
    b"\xd0\xcf\x11\xe0": "an old Excel or Word file",
    b"\x89PNG": "an image",
    b"\xff\xd8\xff": "an image",
    b"7z\xbc\xaf": "a 7-Zip archive",
    b"Rar!": "a RAR archive",
    b"BZh": "a bzip2 archive",
    b"\xfd7zXZ": "an xz archive",
    b"(\xb5/\xfd": "a zstd archive",
    b"SQLite format 3": "an SQLite database",
    b"\x7fELF": "a program",
    b"ARROW1": "an Arrow file",
}


def unpack(path: Path) -> bytes:
    """Return the bytes of the one file at ``path``, unpacked where it is gzip or zip.

    Raises:
        TooLarge: Over 256 MB as it is, over 1 GB unpacked, or packed more than 100 to 1.
        Invalid: Empty, damaged, or an archive that does not hold exactly one regular file.
        UnsupportedMedia: The first bytes are those of a format that no source reads.
    """
    try:
        size = path.stat().st_size
        if size > MAX_FILE:
            raise TooLarge(f"The file has {size:,} bytes; the limit is {MAX_FILE:,} bytes.")
        data = path.read_bytes()
    except OSError as error:
        raise Invalid(f"The file cannot be read: {error.strerror}.") from error
    if not data:
        raise Invalid("The file is empty.")
    if data.startswith(GZIP):
        data = _gunzip(data)
    elif data.startswith((ZIP, b"PK\x05\x06")):
        data = _unzip(data)
    if not data:
        raise Invalid("The file is empty once unpacked.")
    if data.startswith((GZIP, ZIP)):
        raise Invalid("An archive inside an archive is not accepted.")
    for magic, kind in _FOREIGN.items():
        if data.startswith(magic):
            raise UnsupportedMedia(f"This is {kind}; no source reads it.")
    return data


def inner_name(filename: str) -> str:
    """Drop the suffix of the archive: ``trades.csv.gz`` is ``trades.csv``."""
    return filename[:-3] if filename.lower().endswith(".gz") else filename


def _guard(unpacked: int, packed: int) -> None:
    if unpacked > MAX_UNPACKED:
        raise TooLarge(f"Unpacked the file is larger than {MAX_UNPACKED:,} bytes.")
    if unpacked > RATIO_FLOOR and unpacked > MAX_RATIO * max(packed, 1):
        raise TooLarge(f"The file is packed more than {MAX_RATIO} to 1.")


def _gunzip(data: bytes) -> bytes:
    out = io.BytesIO()
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as stream:
            while chunk := stream.read(_CHUNK):
                out.write(chunk)
                _guard(out.tell(), len(data))
    except EOFError as error:
        raise Invalid("The gzip file is cut off; upload it again.") from error
    except (OSError, zlib.error) as error:
        raise Invalid("The gzip file is damaged.") from error
    return out.getvalue()


def _unzip(data: bytes) -> bytes:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            infos = archive.infolist()
            if len(infos) != 1:
                raise Invalid(f"A zip must hold exactly one file; this one holds {len(infos)}.")
            info = infos[0]
            kind = info.external_attr >> 28  # file type of the Unix mode; 0 where none is kept, 8 regular
            if info.is_dir() or kind not in (0, 8):
                raise Invalid("A zip must hold one regular file, not a folder or a link.")
            if ".." in info.filename.split("/") or info.filename.startswith(("/", "\\")):
                raise Invalid("The name inside the zip is a path.")
            if info.flag_bits & 1:
                raise Invalid("The zip is encrypted.")
            _guard(info.file_size, len(data))
            out = io.BytesIO()
            with archive.open(info) as stream:
                while chunk := stream.read(_CHUNK):
                    out.write(chunk)
                    _guard(out.tell(), len(data))
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError) as error:
        raise Invalid("The zip file is damaged or of an unknown kind.") from error
    return out.getvalue()


def refuse_binary(data: bytes) -> None:
    """Refuse what is no UTF-8 text with line feeds.

    Raises:
        Invalid: UTF-16 or UTF-32, NUL bytes, or only carriage returns between the lines.
    """
    if data.startswith((b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff")):
        raise Invalid("The file is UTF-16 or UTF-32; save it as UTF-8.")
    if b"\x00" in data:
        line = data.count(b"\n", 0, data.index(b"\x00")) + 1
        raise Invalid(f"Line {line} holds a NUL byte; the file is binary or UTF-16. Save it as UTF-8 text.")
    if b"\r" in data and b"\n" not in data:
        raise Invalid("The lines end in carriage returns only; save the file with line feeds.")
