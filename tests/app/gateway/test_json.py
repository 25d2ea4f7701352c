"""JSON: exact, finite, zoned; strict when reading."""

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import numpy as np
import polars as pl
import pytest

from app.gateway.json import encode


@dataclass(frozen=True)
class Point:
    x: Decimal
    at: date


CASES = [
    (Decimal("190.100000000000"), "190.100000000000"),
    (Decimal("12345678901234567890123456.123456789012"), "12345678901234567890123456.123456789012"),
    (Decimal("1E-7"), "0.0000001"),
    (Decimal("-0.5"), "-0.5"),
    (datetime(2026, 11, 20, 14, 30, tzinfo=UTC), '"2026-11-20T14:30:00Z"'),
    (datetime(2026, 11, 20, 9, 30, 0, 5, timezone(timedelta(hours=-5))), '"2026-11-20T14:30:00.000005Z"'),
    (date(2026, 11, 20), '"2026-11-20"'),
    (np.float64(1.5), "1.5"),
    (np.int64(3), "3"),
    (np.array([1, 2]), "[1,2]"),
    (pl.Series([1, None]), "[1,null]"),
    (pl.DataFrame({"a": [1], "d": [Decimal("1.10")]}), '[{"a":1,"d":1.10}]'),
    (Point(Decimal("1.0"), date(2026, 1, 2)), '{"x":1.0,"at":"2026-01-02"}'),
    ({"b", "a"}, '["a","b"]'),
    ({1: "x"}, '{"1":"x"}'),
    (frozenset(), "[]"),
    (None, "null"),
]


@pytest.mark.parametrize(("value", "text"), CASES)
def test_values_are_written_exactly(value, text):
    assert encode(value, strict=True).decode() == text


NOT_FINITE = [
    float("nan"),
    [1, float("inf")],
    {"a": {"b": (float("-inf"),)}},
    {"rows": pl.DataFrame({"x": [1.0, float("nan")]})},
    {"d": Decimal("NaN")},
    {"s": pl.Series([float("inf")])},
    {"a": np.array([1.0, np.nan])},
]


@pytest.mark.parametrize("value", NOT_FINITE)
def test_numbers_that_are_not_finite_raise_or_become_null_and_are_logged(value, caplog):
    with pytest.raises(ValueError, match="not a finite number at"):
        encode(value, strict=True)
    assert "null" in encode(value).decode()
    assert "not finite" in caplog.text
    json.loads(encode(value))


def test_a_null_that_is_meant_is_not_logged(caplog):
    encode({"a": None, "b": [None, 1.5]})
    assert caplog.text == ""


def test_an_instant_without_zone_and_what_is_not_json_are_refused():
    for value in (datetime(2026, 1, 1), object(), b"bytes"):  # noqa: DTZ001
        with pytest.raises((TypeError, ValueError)):
            encode(value)


def test_the_server_reads_strictly(house):
    for text in ("NaN", "[Infinity]", '"\\ud800"', "{'a':1}", "[" * 5000):
        with pytest.raises(ValueError):
            house.server.json.loads(text)
    assert house.server.json.loads('{"a": 1.5}') == {"a": 1.5}
