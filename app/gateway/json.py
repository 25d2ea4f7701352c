"""JSON of every answer: instants as ISO 8601 UTC, decimals with all their digits, finite numbers only."""

import logging
import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, is_dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any

import numpy as np
import orjson
import polars as pl
from flask import Flask
from flask.json.provider import JSONProvider
from pydantic import BaseModel

log = logging.getLogger(__name__)

_OPTIONS = orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_UTC_Z | orjson.OPT_PASSTHROUGH_DATETIME
_OPTIONS |= orjson.OPT_NON_STR_KEYS


def install(server: Flask, *, strict: bool = False) -> None:
    """Make this the JSON of ``server``; ``strict`` raises on non-finite numbers instead of writing null."""
    provider = Json(server)
    provider.strict = strict
    server.json = provider


class Json(JSONProvider):
    """Flask's JSON: strict when reading (no NaN, no lone surrogates, bounded depth), exact when writing."""

    strict: bool = False

    def dumps(self, obj: Any, **_: Any) -> str:
        """Return ``obj`` as text."""
        return encode(obj, strict=self.strict).decode()

    def loads(self, s: str | bytes, **_: Any) -> Any:
        """Return what ``s`` says; raises ValueError for anything that is not JSON."""
        return orjson.loads(s)

    def response(self, *args: Any, **kwargs: Any) -> Any:
        """Return a JSON response of the arguments."""
        obj = self._prepare_response_obj(args, kwargs)
        return self._app.response_class(
            encode(obj, strict=self.strict).decode() + "\n", mimetype="application/json"
        )


def encode(obj: Any, *, strict: bool = False) -> bytes:
    """Return ``obj`` as JSON bytes.

    Args:
        obj: JSON values, dates, instants, decimals, numpy and polars values, dataclasses, models.
        strict: Raise on a number that is not finite; otherwise it becomes null and is logged.

    Raises:
        ValueError: For a non-finite number when strict, and for an instant without zone.
    """
    data = orjson.dumps(obj, default=_default, option=_OPTIONS)
    # orjson writes null for NaN; only an answer with a null in it can have hidden one.
    if b"null" in data and (where := _not_finite(obj, "$")):
        if strict:
            raise ValueError(f"not a finite number at {where}")
        log.error("a number that is not finite was answered as null at %s", where)
    return data


def _default(value: Any) -> Any:
    match value:
        case datetime():
            if value.tzinfo is None:
                raise ValueError("an instant without zone cannot be answered")
            text = value.astimezone(UTC).isoformat()
            return text.replace("+00:00", "Z")
        case date() | time():
            return value.isoformat()
        case Decimal():
            if not value.is_finite():
                return None
            # Digits as they are; a float in between would lose the eighteenth of them.
            return orjson.Fragment(f"{value:f}".encode())
        case timedelta():
            return value.total_seconds()
        case Enum():
            return value.value
        case set() | frozenset():
            return sorted(value)
        case pl.Series():
            return value.to_list()
        case pl.DataFrame():
            return value.to_dicts()
        case BaseModel():
            return value.model_dump()
        case Mapping():
            return dict(value)
        case bytes():
            raise TypeError("bytes are not JSON")
        case _ if is_dataclass(value) and not isinstance(value, type):
            return asdict(value)
        case Iterable():
            return list(value)
    raise TypeError(f"a {type(value).__name__} is not JSON")


def _not_finite(value: Any, where: str) -> str | None:
    """Return where the first non-finite number is."""
    match value:
        case float() | Decimal():
            return None if math.isfinite(value) else where
        case Mapping():
            found = (_not_finite(item, f"{where}.{key}") for key, item in value.items())
        case list() | tuple():
            found = (_not_finite(item, f"{where}[{at}]") for at, item in enumerate(value))
        case pl.DataFrame():
            return _not_finite(value.to_dicts(), where)
        case pl.Series():
            return _not_finite(value.to_list(), where)
        case np.ndarray():
            return _not_finite(value.tolist(), where)
        case BaseModel():
            return _not_finite(value.model_dump(), where)
        case _ if is_dataclass(value) and not isinstance(value, type):
            return _not_finite(asdict(value), where)
        case _:
            return None
    return next(filter(None, found), None)
