"""Answers as bytes: frames as Arrow IPC, the rest as tagged JSON. Reading them back runs no code."""

import base64
import dataclasses
import math
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from io import BytesIO
from typing import Any

import orjson
import polars as pl

# JSON has no key of this name in our answers; a dict that has one is stored as pairs.
_TAG = "$qd"
_MARK = _TAG.encode()
_PLAIN = frozenset({str, int, float, bool, type(None)})  # what JSON holds that stands for itself
_MAX_INT = 2**53 - 1


class NotStorableError(TypeError):
    """A question returned something an answer must not be."""


def dump(value: Any) -> bytes:
    """Return ``value`` as bytes: a JSON part and the frames it points to.

    Args:
        value: Frames, series, numbers, text, bytes, dates, instants, decimals, None, and dicts, lists,
            tuples and sets of those.

    Raises:
        NotStorableError: For anything else (an object would need code to come back).
    """
    blobs: list[bytes] = []
    body = orjson.dumps(_out(value, blobs))
    sizes = [len(body), *map(len, blobs)]
    head = orjson.dumps(sizes)
    return b"".join([len(head).to_bytes(4, "big"), head, body, *blobs])


def load(data: bytes) -> Any:
    """Return what ``dump`` was given.

    Raises:
        ValueError: If the bytes are not what ``dump`` writes.
    """
    try:
        size = int.from_bytes(data[:4], "big")
        sizes = orjson.loads(data[4 : 4 + size])
        if not all(isinstance(n, int) and n >= 0 for n in sizes) or 4 + size + sum(sizes) != len(data):
            raise ValueError("sizes do not add up")
        parts, at = [], 4 + size
        for length in sizes:
            parts.append(data[at : at + length])
            at += length
        body = orjson.loads(parts[0])
        # Most answers are plain as they stand, and need not be gone through.
        return _in(body, parts[1:]) if _MARK in parts[0] else body
    except (
        pl.exceptions.PolarsError,
        pl.exceptions.PanicException,
        OSError,
        LookupError,
        TypeError,
    ) as error:
        raise ValueError(f"not an answer: {type(error).__name__}") from error


def stable(value: Any) -> str:
    """Return a parameter as a text that is the same in every process, for keys.

    Raises:
        NotStorableError: If the value has no such text.
    """
    if isinstance(value, set | frozenset):
        return "{" + ",".join(sorted(stable(item) for item in value)) + "}"
    if isinstance(value, Mapping):
        return "{" + ",".join(sorted(f"{stable(k)}:{stable(v)}" for k, v in value.items())) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(stable, value)) + "]"
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return type(value).__qualname__ + stable(
            {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
        )
    return orjson.dumps(_out(value, [])).decode()


def _out(value: Any, blobs: list[bytes]) -> Any:
    match value:
        case None | bool() | str():
            return value
        case int():
            return value if abs(value) <= _MAX_INT else {_TAG: "int", "v": str(value)}
        case float():
            return value if math.isfinite(value) else {_TAG: "float", "v": repr(value)}
        case Decimal():
            return {_TAG: "decimal", "v": str(value)}
        case datetime():
            return {_TAG: "datetime", "v": value.isoformat(), "utc": value.tzinfo is UTC}
        case date():
            return {_TAG: "date", "v": value.isoformat()}
        case time():
            return {_TAG: "time", "v": value.isoformat()}
        case timedelta():
            return {_TAG: "timedelta", "v": [value.days, value.seconds, value.microseconds]}
        case bytes():
            return {_TAG: "bytes", "v": base64.b64encode(value).decode()}
        case pl.DataFrame():
            return {_TAG: "frame", "v": _blob(value, blobs)}
        case pl.Series():
            return {_TAG: "series", "v": _blob(value.to_frame(), blobs)}
        case list():
            return [_out(item, blobs) for item in value]
        case tuple():
            return {_TAG: "tuple", "v": [_out(item, blobs) for item in value]}
        case set() | frozenset():
            return {_TAG: type(value).__name__, "v": [_out(item, blobs) for item in value]}
        case dict():
            if _TAG not in value and all(isinstance(key, str) for key in value):
                return {key: _out(item, blobs) for key, item in value.items()}
            return {_TAG: "dict", "v": [[_out(k, blobs), _out(v, blobs)] for k, v in value.items()]}
        case _:
            raise NotStorableError(f"a {type(value).__name__} cannot be kept as an answer")


def _blob(frame: pl.DataFrame, blobs: list[bytes]) -> int:
    sink = BytesIO()
    # The stream format: reading the file format back goes through the query engine, twelve times slower.
    frame.write_ipc_stream(sink, compression="lz4")
    blobs.append(sink.getvalue())
    return len(blobs) - 1


def _in(value: Any, blobs: list[bytes]) -> Any:
    if isinstance(value, list):
        return [item if type(item) in _PLAIN else _in(item, blobs) for item in value]
    if not isinstance(value, dict):
        return value
    if _TAG not in value:
        return {key: item if type(item) in _PLAIN else _in(item, blobs) for key, item in value.items()}
    held = value["v"]
    match value[_TAG]:
        case "int":
            return int(held)
        case "float":
            return float(held)
        case "decimal":
            return Decimal(held)
        case "datetime":
            found = datetime.fromisoformat(held)
            return found.replace(tzinfo=UTC) if value["utc"] else found
        case "date":
            return date.fromisoformat(held)
        case "time":
            return time.fromisoformat(held)
        case "timedelta":
            return timedelta(*held)
        case "bytes":
            return base64.b64decode(held)
        case "frame":
            return pl.read_ipc_stream(BytesIO(blobs[held]))
        case "series":
            return pl.read_ipc_stream(BytesIO(blobs[held])).to_series()
        case "tuple":
            return tuple(_in(item, blobs) for item in held)
        case "set":
            return {_in(item, blobs) for item in held}
        case "frozenset":
            return frozenset(_in(item, blobs) for item in held)
        case "dict":
            return {_in(k, blobs): _in(v, blobs) for k, v in held}
        case other:
            raise ValueError(f"unknown kind {other!r}")
