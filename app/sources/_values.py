"""Text to values: numbers, instants, dates. Each returns the values and a code where a text was refused.

A code is null where the value is good or the text was empty; columns are handled whole.
"""

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal, localcontext

import polars as pl

from analytics.datasets import DECIMAL, INSTANT

_PLAIN = r"^[+-]?[0-9]{1,26}(?:\.[0-9]{1,12})?$"
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,5})?")
_NOT_FINITE = re.compile(r"[+-]?(?:nan|inf|infinity)", re.IGNORECASE)
_STEP = Decimal("1e-12")
_LIMIT = Decimal("1e26")
_ISO = (
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ](?:[01][0-9]|2[0-3]):[0-5][0-9]"
    r"(?::[0-5][0-9](?:\.[0-9]{1,9})?)?(?:Z|[+-][0-9]{2}:?[0-9]{2})?$"
)
_LEAP = r"^[0-9-]{10}[T ][0-9]{2}:[0-9]{2}:60"
_ZONED = r"(?:Z|[+-][0-9]{2}:?[0-9]{2})$"
_FULL = "%Y-%m-%dT%H:%M:%S%.f"


@dataclass(frozen=True)
class Parsed:
    """A column of values beside the codes of those refused."""

    value: pl.Series
    code: pl.Series  # String; null = fine
    rounded: pl.Series | None = None  # Boolean: more decimals than kept, rounded half to even
    ns: pl.Series | None = None  # Int64 nanoseconds since 1970, for instants
    assumed: pl.Series | None = None  # Boolean: the zone came from outside the text


def clean(text: pl.Series) -> pl.Series:
    """Trim blanks; empty text is null."""
    trimmed = text.str.strip_chars()
    return pl.select(pl.when(trimmed.str.len_bytes() > 0).then(trimmed)).to_series()


def no_codes(length: int) -> pl.Series:
    """Return a column of ``length`` null codes."""
    return pl.repeat(None, length, dtype=pl.String, eager=True)


def parse_decimal(text: str, *, rounding: bool = False) -> tuple[Decimal | None, str | None, bool]:
    """Parse one number exactly: the value, the code where it is refused, whether it was rounded."""
    if _NOT_FINITE.fullmatch(text):
        return None, "NOT_FINITE", False
    if len(text) > 400 or not _NUMBER.fullmatch(text):
        digits = len(text) > 400 and text.strip("+-").replace(".", "", 1).isascii()
        return None, "OVERFLOW" if digits and text.strip("+-").isdigit() else "BAD_NUMBER", False
    with localcontext() as context:
        context.prec = 500
        value = Decimal(text)
        if value and value.adjusted() > 308:
            return None, "NOT_FINITE", False
        if abs(value) >= _LIMIT:
            return None, "OVERFLOW", False
        kept = value.quantize(_STEP, ROUND_HALF_EVEN)
        if kept == value:
            return kept, None, False
        if rounding and abs(kept) < _LIMIT:
            return kept, None, True
        return None, "PRECISION", False


def numbers(text: pl.Series, *, rounding: bool = False) -> Parsed:
    """Parse fixed-point numbers without losing a digit.

    Args:
        text: Trimmed text, null where empty. Scientific notation is read.
        rounding: Round what has more than 12 decimals instead of refusing it.
    """
    odd = text.is_not_null() & ~text.str.contains(_PLAIN)
    if not odd.any():
        return Parsed(text.cast(DECIMAL, strict=False), no_codes(len(text)))
    plain = pl.select(pl.when(~odd).then(text)).to_series().cast(DECIMAL, strict=False)
    # Each distinct odd spelling is parsed once; they are few, or the file is small.
    spelled = text.filter(odd).unique().to_list()
    parsed = [parse_decimal(one, rounding=rounding) for one in spelled]
    table = pl.DataFrame(
        {
            "text": pl.Series(spelled, dtype=pl.String),
            "odd": pl.Series([p[0] for p in parsed], dtype=DECIMAL),
            "code": pl.Series([p[1] for p in parsed], dtype=pl.String),
            "rounded": pl.Series([p[2] for p in parsed], dtype=pl.Boolean),
        }
    )
    found = pl.DataFrame({"text": text}).join(table, on="text", how="left", maintain_order="left")
    value = pl.select(pl.when(odd).then(found["odd"]).otherwise(plain)).to_series()
    return Parsed(value, found["code"], rounded=found["rounded"].fill_null(value=False))


def integers(text: pl.Series) -> Parsed:
    """Parse whole numbers; ``3.0`` is 3."""
    plain = text.str.replace(r"\.0+$", "")
    good = plain.str.contains(r"^[+-]?[0-9]{1,18}$")
    value = (
        pl.select(pl.when(good).then(plain.str.strip_prefix("+"))).to_series().cast(pl.Int64, strict=False)
    )
    return Parsed(value, _code(text.is_not_null() & value.is_null(), "BAD_INTEGER"))


def statistics(text: pl.Series) -> Parsed:
    """Parse floating-point statistics; finite only."""
    well = text.str.contains(r"^[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$")
    special = text.str.contains(r"(?i)^[+-]?(?:nan|inf|infinity)$")
    value = pl.select(pl.when(well).then(text)).to_series().cast(pl.Float64, strict=False)
    finite = value.is_finite().fill_null(value=False)
    code = pl.select(
        pl.when(text.is_null() | finite)
        .then(None)
        .when(well | special)
        .then(pl.lit("NOT_FINITE"))
        .otherwise(pl.lit("BAD_NUMBER"))
    ).to_series()
    return Parsed(pl.select(pl.when(finite).then(value)).to_series(), code)


def dates(text: pl.Series) -> Parsed:
    """Parse ISO calendar days."""
    good = text.str.contains(r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")
    kept = pl.select(pl.when(good).then(text)).to_series()
    value = kept.str.to_date("%Y-%m-%d", strict=False)
    return Parsed(value, _code(text.is_not_null() & value.is_null(), "BAD_DATE"))


def flags(text: pl.Series) -> Parsed:
    """Parse yes/no."""
    lower = text.str.to_lowercase()
    value = pl.select(
        pl.when(lower.is_in(["true", "t", "yes", "y", "1"]))
        .then(pl.lit(value=True))
        .when(lower.is_in(["false", "f", "no", "n", "0"]))
        .then(pl.lit(value=False))
    ).to_series()
    return Parsed(value, _code(text.is_not_null() & value.is_null(), "BAD_FLAG"))


def instants(text: pl.Series, *, zone: str | None = None) -> Parsed:
    """Parse ISO 8601 instants to UTC, to the nanosecond.

    Args:
        text: Trimmed text, null where empty.
        zone: IANA zone of texts that carry none. Without it they are refused: zones are never guessed.
    """
    given = text.is_not_null()
    iso = text.str.contains(_ISO)
    kept = pl.select(pl.when(iso).then(text.str.replace(" ", "T", literal=True))).to_series()
    zoned = kept.str.contains(_ZONED)
    # Seconds may be left out; chrono wants them.
    short = kept.str.contains(r"T[0-9]{2}:[0-9]{2}(?:Z|[+-][0-9]{2}:?[0-9]{2})?$")
    if short.any():
        kept = kept.str.replace(r"(T[0-9]{2}:[0-9]{2})(Z|[+-][0-9]{2}:?[0-9]{2})?$", "${1}:00${2}")
    in_range = kept.str.slice(0, 4).cast(pl.Int32, strict=False).is_between(1678, 2261)
    kept = pl.select(pl.when(in_range).then(kept)).to_series()
    aware = pl.select(pl.when(zoned).then(kept)).to_series().str.replace(r"Z$", "+00:00")
    value = aware.str.to_datetime(_FULL + "%z", time_unit="ns", time_zone="UTC", strict=False)
    code = no_codes(len(text))
    naive = (iso & ~zoned).fill_null(value=False)
    if naive.any() and zone is not None:
        local = pl.select(pl.when(naive).then(kept)).to_series()
        placed, local_code = place(local.str.to_datetime(_FULL, time_unit="ns", strict=False), zone)
        value = pl.select(pl.when(naive).then(placed).otherwise(value)).to_series()
        code = local_code
    code = pl.select(
        pl.when(~given | value.is_not_null())
        .then(None)
        .when(code.is_not_null())
        .then(code)
        .when(text.str.contains(_LEAP))
        .then(pl.lit("LEAP_SECOND"))
        .when(naive & pl.lit(zone is None))
        .then(pl.lit("ZONE_MISSING"))
        .when(iso & ~in_range)
        .then(pl.lit("TIME_RANGE"))
        .otherwise(pl.lit("BAD_TIME"))
    ).to_series()
    return Parsed(
        value.dt.cast_time_unit("us").cast(INSTANT),
        code,
        ns=value.dt.epoch("ns"),
        assumed=naive if zone is not None else None,
    )


def place(local: pl.Series, zone: str) -> tuple[pl.Series, pl.Series]:
    """Put naive local times (ns) into ``zone``: instants in UTC, and codes for those that do not exist once."""
    exact = local.dt.replace_time_zone(zone, ambiguous="null", non_existent="null")
    lost = local.is_not_null() & exact.is_null()
    code = no_codes(len(local))
    if lost.any():
        twice = local.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null").is_not_null()
        code = pl.select(
            pl.when(lost & twice).then(pl.lit("AMBIGUOUS_TIME")).when(lost).then(pl.lit("NONEXISTENT_TIME"))
        ).to_series()
    return exact.dt.convert_time_zone("UTC"), code


def _code(bad: pl.Series, code: str) -> pl.Series:
    return pl.select(pl.when(bad).then(pl.lit(code))).to_series()
