"""Bring text columns into a data set's schema: typed, checked, flagged; what does not fit is returned."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import polars as pl

from analytics.datasets import DECIMAL, INSTANT, SYSTEM, Column, Dataset, Unit
from app.errors import FieldError, Invalid
from app.sources import _rejects, _values

RESERVED = frozenset(
    {*SYSTEM, "tenant_id", "tenant", "org", "org_id", "organisation", "month", "transact_time_ns"}
)
FREE_TEXT = frozenset({"text", "headline", "body", "reason", "name", "weights", "ext"})
MAX_TEXT, MAX_ID = 1_000_000, 512  # characters of a free text; of an id or a name from a list
SKEW = timedelta(minutes=5)
# Currencies quoted in hundredths: brought to the currency itself, prices and money divided by 100.
MINOR = {"GBX": "GBP", "GBp": "GBP", "ZAc": "ZAR", "ZAX": "ZAR", "ILA": "ILS", "ILa": "ILS", "USX": "USD"}
_INVISIBLE = r"[\x00-\x1f\x7f\x{200b}-\x{200f}\x{202a}-\x{202e}\x{2060}-\x{2069}\x{feff}]"
_MONEY = (Unit.PRICE, Unit.MONEY, Unit.SIGNED_MONEY)
_CURRENCIES = frozenset({"currency", "base_currency", "from_currency", "to_currency"})


@dataclass(frozen=True)
class Conformed:
    """What became of the rows of one table.

    ``rows`` carry the business columns, ``transact_time_ns`` where the data set has a time, ``line`` and
    ``dq_flags``; ``rejects`` follow ``_rejects.SCHEMA``; ``duplicates`` (line, of_line) repeat an earlier
    row's key and content.
    """

    rows: pl.DataFrame
    rejects: pl.DataFrame
    duplicates: pl.DataFrame


def check_header(names: Sequence[str], dataset: Dataset) -> None:
    """Refuse a header that names a column twice, a reserved one, or lacks a required one.

    Raises:
        Invalid: Naming every such column.
    """
    seen: set[str] = set()
    errors = []
    for name in names:
        if not name:
            errors.append(FieldError("header", "A column has no name."))
        elif name in seen:
            errors.append(FieldError(name, "The header names this column twice."))
        elif name.lower() in RESERVED:
            errors.append(FieldError(name, "This name is reserved; remove the column."))
        seen.add(name)
    errors += [FieldError(name, "This column is required.") for name in dataset.required if name not in seen]
    if errors:
        raise Invalid(f"The header does not fit {dataset.name}: {_first(errors)}", errors=errors)


def _first(errors: Sequence[FieldError]) -> str:
    more = f" (and {len(errors) - 3} more)" if len(errors) > 3 else ""
    return "; ".join(f"{e.field}: {e.message}" for e in errors[:3]) + more


def conform(
    dataset: Dataset,
    frame: pl.DataFrame,
    *,
    zone: str | None = None,
    now: datetime | None = None,
    rounding: bool = False,
    exact_key: bool = True,
) -> Conformed:
    """Type and check the rows of one table.

    Args:
        dataset: The table they are for.
        frame: ``line`` and text columns named as the data set's; lists may come as lists; optional
            ``dq_flags``, and ``ns`` (Int64) where the source knows the nanoseconds.
        zone: Zone of times that carry none; those rows are flagged TZ_ASSUMED.
        now: The clock that FUTURE_TIME is judged by; no flag without it.
        rounding: Round numbers with more than 12 decimals (flag ROUNDED) instead of refusing them.
        exact_key: Set aside later rows with the key of an earlier one.
    """
    return conform_pieces(dataset, [frame], zone=zone, now=now, rounding=rounding, exact_key=exact_key)


def conform_pieces(
    dataset: Dataset,
    pieces: Iterable[pl.DataFrame],
    *,
    zone: str | None = None,
    now: datetime | None = None,
    rounding: bool = False,
    exact_key: bool = True,
) -> Conformed:
    """Do what ``conform`` does to the rows of all pieces, with the text of one piece in memory at a time.

    Args:
        dataset: The table they are for.
        pieces: One frame or more, in the order of the file: no line comes again in a later piece.
        zone: As for ``conform``.
        now: As for ``conform``.
        rounding: As for ``conform``.
        exact_key: As for ``conform``; judged over all pieces.
    """
    parts: list[pl.DataFrame] = []
    rejects: list[pl.DataFrame] = []
    newest: int | None = None
    for piece in pieces:
        made, refused, newest = _typed(dataset, piece, zone=zone, now=now, rounding=rounding, newest=newest)
        parts.append(made)
        rejects += refused
    rows = pl.concat(parts, rechunk=False)
    del parts
    duplicates = pl.DataFrame(schema={"line": pl.Int64, "of_line": pl.Int64})
    if exact_key:
        rows, duplicates, conflicts = _split_repeats(rows, dataset)
        rejects.append(conflicts)
    return Conformed(
        rows, pl.concat([_rejects.frame(), *rejects]).sort("line", maintain_order=True), duplicates
    )


def _typed(  # noqa: PLR0915 - one pass over the columns reads better whole
    dataset: Dataset,
    frame: pl.DataFrame,
    *,
    zone: str | None,
    now: datetime | None,
    rounding: bool,
    newest: int | None,
) -> tuple[pl.DataFrame, list[pl.DataFrame], int | None]:
    """Type and check rows by themselves, after earlier ones the newest of which is at ``newest`` (ns).

    Returns:
        The good rows in the order of ``Conformed.rows``, the rejects, and the newest time so far.
    """
    line = frame["line"].cast(pl.Int64)
    height = frame.height
    values: dict[str, pl.Series] = {}
    rejects: list[pl.DataFrame] = []
    flags: dict[str, pl.Series] = {}
    bad = pl.repeat(value=False, n=height, dtype=pl.Boolean, eager=True)

    def refuse(name: str, text: pl.Series | None, code: pl.Series, hint: str = "") -> None:
        nonlocal bad
        if code.null_count() == height:
            return
        rejects.append(_rejects.from_codes(line, name, text, code, hint))
        bad = bad | code.is_not_null()

    def flag(name: str, mask: pl.Series | None) -> None:
        if mask is not None and mask.any():
            flags[name] = flags[name] | mask if name in flags else mask

    for name, column in dataset.columns.items():
        given = frame[name] if name in frame.columns else None
        if given is None:
            values[name] = pl.repeat(None, height, dtype=column.dtype, eager=True)
        else:
            if given.dtype == column.dtype and column.dtype != pl.String:
                text, hint = given, ""
                parsed = _values.Parsed(given, _values.no_codes(height))
            else:
                text = _values.clean(given.cast(pl.String))
                parsed, hint = _parse(name, column, text, zone=zone, rounding=rounding)
            refuse(name, given, parsed.code, hint)
            values[name] = parsed.value
            flag("ROUNDED", parsed.rounded)
            flag("TZ_ASSUMED", parsed.assumed)
            if name == dataset.time and parsed.ns is not None:
                values["transact_time_ns"] = parsed.ns
            if column.positive:
                refuse(name, given, _mark(parsed.value <= 0, "NOT_POSITIVE"))
            if column.required:
                refuse(name, None, _mark(text.is_null(), "MISSING"))
        if column.default is not None:
            values[name] = values[name].fill_null(pl.Series([column.default]).cast(column.dtype)[0])
        if given is None and column.required:
            refuse(name, None, pl.repeat("MISSING", height, dtype=pl.String, eager=True))
    if dataset.time:
        ns = values.get("transact_time_ns")
        if ns is None:
            ns = values[dataset.time].dt.epoch("us") * 1000
        values["transact_time_ns"] = _finer(frame, ns)
        flag("OUT_OF_ORDER", _out_of_order(values["transact_time_ns"], newest))
        latest = values["transact_time_ns"].max()
        if isinstance(latest, int):
            newest = latest if newest is None else max(newest, latest)
        if now is not None:
            flag("FUTURE_TIME", (values[dataset.time] > now + SKEW).fill_null(value=False))
    rows = pl.DataFrame(values).with_columns(line=line)
    rows = rows.with_columns(dq_flags=_flags(frame, flags, height))
    if bad.any():
        rows = rows.filter(~bad)
    rows = _major(rows, dataset)
    order = [*dataset.columns, *(["transact_time_ns"] if dataset.time else []), "line", "dq_flags"]
    return rows.select(order), rejects, newest


def _parse(
    name: str, column: Column, text: pl.Series, *, zone: str | None, rounding: bool
) -> tuple[_values.Parsed, str]:
    dtype = column.dtype
    if dtype == DECIMAL:
        return _values.numbers(text, rounding=rounding), ""
    if dtype == INSTANT:
        return _values.instants(text, zone=zone), ""
    if dtype == pl.Date:
        return _values.dates(text), ""
    if dtype == pl.Int64:
        return _values.integers(text), ""
    if dtype == pl.Float64:
        return _values.statistics(text), ""
    if dtype == pl.Boolean:
        return _values.flags(text), ""
    if isinstance(dtype, pl.List):
        return _values.Parsed(_split(text), _values.no_codes(len(text))), ""
    if column.values:
        lower = text.str.to_lowercase()
        known = lower.is_in(list(column.values))
        hint = f"Expected one of: {', '.join(column.values)}."
        return _values.Parsed(lower, _mark(text.is_not_null() & ~known, "UNKNOWN_VALUE")), hint
    if name in _CURRENCIES:
        return _currency(text), ""
    limit = MAX_TEXT if name in FREE_TEXT else MAX_ID
    code = _mark(text.str.len_bytes() > limit, "TOO_LONG")
    if name == "ext":
        code = _mark(~text.str.contains(r"(?s)^\[.*\]$"), "BAD_JSON")
    elif name not in FREE_TEXT:
        hidden = text.str.contains(_INVISIBLE)
        if hidden.any():
            code = pl.select(pl.when(hidden).then(pl.lit("INVISIBLE")).otherwise(code)).to_series()
    return _values.Parsed(text, code), ""


def _split(text: pl.Series) -> pl.Series:
    parts = text.str.split("|")
    trimmed = parts.list.eval(pl.element().str.strip_chars())
    return trimmed.list.eval(pl.element().filter(pl.element().str.len_bytes() > 0))


def _currency(text: pl.Series) -> _values.Parsed:
    # Letter case tells pence from pounds (GBp, GBP), so minor units keep theirs.
    upper = pl.select(
        pl.when(text.is_in(list(MINOR))).then(text).otherwise(text.str.to_uppercase())
    ).to_series()
    good = upper.str.contains(r"^[A-Za-z0-9$*@]{2,16}$")
    return _values.Parsed(upper, _mark(text.is_not_null() & ~good, "BAD_CURRENCY"))


def _mark(mask: pl.Series, code: str) -> pl.Series:
    return pl.select(pl.when(mask.fill_null(value=False)).then(pl.lit(code))).to_series()


def _finer(frame: pl.DataFrame, ns: pl.Series) -> pl.Series:
    if "ns" not in frame.columns:
        return ns
    return pl.select(pl.coalesce(frame["ns"], ns)).to_series()


def _out_of_order(ns: pl.Series, newest: int | None) -> pl.Series:
    before = ns.fill_null(strategy="forward").cum_max().shift(1)
    if newest is not None:
        before = before.fill_null(newest).clip(lower_bound=newest)
    return (ns < before).fill_null(value=False)


def _flags(frame: pl.DataFrame, flags: dict[str, pl.Series], height: int) -> pl.Series:
    kind = pl.List(pl.String)
    given = frame["dq_flags"].cast(kind) if "dq_flags" in frame.columns else None
    if not flags:
        return given if given is not None else pl.Series([[]], dtype=kind).new_from_index(0, height)
    parts = [pl.when(mask).then(pl.lit(name)) for name, mask in sorted(flags.items())]
    made = pl.select(pl.concat_list(parts).list.drop_nulls()).to_series()
    if given is not None:
        made = pl.select(pl.concat_list(given, made).list.unique(maintain_order=True)).to_series()
    return made


def _major(rows: pl.DataFrame, dataset: Dataset) -> pl.DataFrame:
    """Bring amounts in pence and the like to the currency itself."""
    if "currency" not in dataset.columns:
        return rows
    minor = pl.col("currency").is_in(list(MINOR))
    if not rows.select(minor.any()).item():
        return rows
    hundredth = pl.lit("0.01").cast(DECIMAL)
    scaled = [
        pl.when(minor).then((pl.col(name) * hundredth).cast(DECIMAL)).otherwise(pl.col(name)).alias(name)
        for name, column in dataset.columns.items()
        if column.unit in _MONEY
    ]
    if "price_unit_factor" in dataset.columns:
        # On the instrument the factor is what is kept; nothing said means a hundredth.
        factor = pl.col("price_unit_factor")
        scaled.append(
            pl.when(minor & (factor == 1)).then(hundredth).otherwise(factor).alias("price_unit_factor")
        )
    flags = pl.when(minor).then(pl.concat_list("dq_flags", pl.lit("MINOR_UNITS"))).otherwise("dq_flags")
    return rows.with_columns(*scaled, pl.col("currency").replace(MINOR), flags.alias("dq_flags"))


def _split_repeats(rows: pl.DataFrame, dataset: Dataset) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Keep the first row of each key; say which later ones repeat it and which contradict it."""
    keys = list(dataset.key)
    none = pl.DataFrame(schema={"line": pl.Int64, "of_line": pl.Int64})
    if rows.height == rows.select(pl.struct(keys).n_unique()).item():
        return rows, none, _rejects.frame()
    rows = rows.with_row_index("_row")
    repeated = rows.filter(pl.struct(keys).is_duplicated())
    content = [*dataset.columns, *(["transact_time_ns"] if dataset.time else [])]
    judged = repeated.with_columns(_content=pl.struct(content).struct.json_encode()).with_columns(
        _first=pl.col("_row").first().over(keys),
        of_line=pl.col("line").first().over(keys),
        _same=pl.col("_content") == pl.col("_content").first().over(keys),
    )
    later = judged.filter(pl.col("_row") != pl.col("_first"))
    key_text = pl.concat_str([pl.col(k).cast(pl.String).fill_null("") for k in keys], separator=" / ")
    conflicts = later.filter(~pl.col("_same")).select(
        pl.col("line").cast(pl.Int64),
        pl.lit(", ".join(keys)).alias("column"),
        key_text.str.slice(0, _rejects.VALUE_CUT).alias("value"),
        pl.lit("CONFLICT").alias("code"),
        pl.lit(_rejects.MESSAGES["CONFLICT"]).alias("message"),
    )
    kept = rows.join(later.select("_row"), on="_row", how="anti", maintain_order="left").drop("_row")
    return kept, later.filter(pl.col("_same")).select("line", "of_line"), conflicts


def ext_of(frame: pl.DataFrame, names: Sequence[str], *, given: str | None = None) -> pl.Series:
    """Gather columns that have no place into JSON lists of [field, value], in source order.

    Args:
        frame: Text columns.
        names: The columns to gather; nulls are left out.
        given: A column that already holds such a list; it comes first.
    """
    pairs: list[pl.Expr] = []
    for name in names:
        quoted = pl.struct(pl.col(name).cast(pl.String).alias("v")).struct.json_encode()
        value = quoted.str.strip_prefix('{"v":').str.strip_suffix("}")
        label = pl.select(pl.struct(pl.lit(name.strip()).alias("v")).struct.json_encode()).item()[5:-1]
        pair = pl.concat_str(pl.lit(f"[{label},"), value, pl.lit("]"))
        pairs.append(pl.when(pl.col(name).is_not_null() & (pl.col(name) != "")).then(pair))
    if given is not None:
        pairs.insert(0, pl.col(given).str.strip_chars().str.strip_prefix("[").str.strip_suffix("]"))
    inner = pl.concat_list(pairs).list.drop_nulls()
    inner = inner.list.eval(pl.element().filter(pl.element().str.len_bytes() > 0)).list.join(",")
    made = frame.select(
        pl.when(inner.str.len_bytes() > 0).then(pl.concat_str(pl.lit("["), inner, pl.lit("]")))
    )
    return made.to_series().alias("ext")
