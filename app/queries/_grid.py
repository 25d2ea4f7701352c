"""One page of a table, sorted and filtered by what a grid asks for; nothing it sends is trusted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import orjson
import polars as pl

from app.desk import Desk
from app.errors import FieldError, Invalid

MAX_ROWS = 1000
MAX_FILTERS = 30
_COMPARE = {
    "equals": "eq", "not_equals": "ne", "lt": "lt", "le": "le", "gt": "gt", "ge": "ge",
}  # fmt: skip
_TEXT = ("contains", "not_contains", "starts_with", "ends_with")
# What AG Grid calls them in its filter model.
_DIALECT = {
    "notEqual": "not_equals", "lessThan": "lt", "lessThanOrEqual": "le", "greaterThan": "gt",
    "greaterThanOrEqual": "ge", "notContains": "not_contains", "startsWith": "starts_with",
    "endsWith": "ends_with", "inRange": "between", "notBlank": "not_blank", "set": "in",
}  # fmt: skip

Filters = Mapping[str, Any]
Sort = str | Sequence[Mapping[str, str]] | None


@dataclass(frozen=True)
class Page:
    """Which rows of a table: whitelisted columns only."""

    limit: int
    offset: int
    order: tuple[tuple[str, bool], ...]  # column, descending
    where: tuple[pl.Expr, ...]


def page(
    schema: Mapping[str, pl.DataType],
    *,
    limit: int,
    offset: int,
    sort: Sort,
    filters: Filters | None,
    default: str,
    tie: str,
    most: int = MAX_ROWS,
) -> Page:
    """Check what was asked and return it as expressions.

    Args:
        schema: Columns that may be sorted and filtered, with their types.
        limit: Rows of the page, 1..``most``.
        offset: Rows to skip.
        sort: ``"-transact_time,symbol"`` (minus = descending) or AG Grid's ``[{"colId", "sort"}]``.
        filters: Column to a plain value (equals), a list (in), or ``{"op", "value", "value_to"}`` with op
            equals, not_equals, lt, le, gt, ge, between, in, contains, not_contains, starts_with, ends_with,
            blank, not_blank; AG Grid's filter model (``type``, ``filter``, ``filterTo``, ``conditions``)
            too.
        default: Sort where none is asked.
        tie: Unique column that makes the order, and so the pages, stable.
        most: Rows that may be asked for at once.

    Raises:
        Invalid: Naming every column, operator or value that does not fit.
    """
    errors: list[FieldError] = []
    if not (isinstance(limit, int) and 1 <= limit <= most):
        errors.append(FieldError("limit", f"must be a whole number from 1 to {most}"))
    if not (isinstance(offset, int) and 0 <= offset < 2**40):
        errors.append(FieldError("offset", "must be a whole number from 0"))
    order = _order(schema, sort or default, errors)
    where: list[pl.Expr] = []
    asked = filters or {}
    if not isinstance(asked, Mapping) or len(asked) > MAX_FILTERS:
        errors.append(FieldError("filters", f"must name at most {MAX_FILTERS} columns"))
        asked = {}
    for name, wanted in asked.items():
        if name not in schema:
            errors.append(FieldError(_shown(name), "is not a column that can be filtered"))
            continue
        try:
            where.append(_condition(pl.col(name), schema[name], wanted))
        except (ValueError, TypeError, InvalidOperation, OverflowError) as error:
            errors.append(FieldError(name, _said(error), _shown(wanted)))
    if errors:
        raise Invalid("The table cannot be filtered or sorted like this.", errors=errors)
    if tie not in dict(order):
        order.append((tie, order[0][1] if order else False))
    return Page(limit, offset, tuple(order), tuple(where))


def plain(asked: Any) -> Any:
    """Return filters or a sort as plain JSON values, so that an answer can be kept under them.

    Raises:
        Invalid: For what JSON cannot carry: half a character, a number of more than 64 bits, an object.
    """
    try:
        return orjson.loads(orjson.dumps(asked, default=_listed))
    except (TypeError, ValueError) as error:
        field = FieldError("filters", "holds what cannot be read", _shown(asked))
        raise Invalid("The table cannot be filtered or sorted like this.", errors=[field]) from error


def _listed(value: Any) -> Any:
    if isinstance(value, set | frozenset):
        return sorted(value, key=repr)
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(type(value).__name__)


def cut(desk: Desk, rows: pl.LazyFrame, asked: Page) -> tuple[pl.DataFrame, int]:
    """Return the page's rows and how many rows there are in all."""
    for condition in asked.where:
        rows = rows.filter(condition)
    total = desk.collect(rows.select(pl.len())).item()
    names = [name for name, _ in asked.order]
    ordered = rows.sort(names, descending=[d for _, d in asked.order], nulls_last=True)
    return desk.collect(ordered.slice(asked.offset, asked.limit)), int(total)


def _shown(value: Any) -> str:
    # What was sent, short enough to show and fit for any encoding.
    return str(value)[:80].encode("utf-8", "replace").decode()


def _said(error: Exception) -> str:
    # Our own refusals read as sentences; what a parser says of a date or number does not.
    own = type(error) in (ValueError, TypeError) and str(error).startswith(("needs", "is not", "combines"))
    return str(error) if own else "does not fit the column"


def _order(schema: Mapping[str, pl.DataType], sort: Any, errors: list[FieldError]) -> list[tuple[str, bool]]:
    pairs: list[tuple[Any, bool]] = []
    if isinstance(sort, str):
        pairs = [(part.removeprefix("-"), part.startswith("-")) for part in sort.split(",") if part]
    elif isinstance(sort, Sequence) and all(isinstance(item, Mapping) for item in sort):
        pairs = [(item.get("colId"), item.get("sort") == "desc") for item in sort]
    else:
        errors.append(FieldError("sort", "must be a list of columns"))
    found: dict[str, bool] = {}
    for name, descending in pairs[:10]:
        if not isinstance(name, str) or name not in schema or isinstance(schema[name], pl.List):
            errors.append(FieldError("sort", "names a column that cannot be sorted", _shown(name)))
        else:
            found.setdefault(name, descending)
    return list(found.items())


def _condition(column: pl.Expr, dtype: pl.DataType, wanted: Any, *, depth: int = 0) -> pl.Expr:
    if isinstance(wanted, list | tuple | set | frozenset):
        return _condition(column, dtype, {"op": "in", "value": list(wanted)})
    if not isinstance(wanted, Mapping):
        return _condition(column, dtype, {"op": "equals", "value": wanted})
    if "conditions" in wanted or "condition1" in wanted:
        return _combined(column, dtype, wanted, depth=depth)
    raw = wanted.get("op") or wanted.get("type") or wanted.get("filterType") or "equals"
    op = _DIALECT.get(str(raw), str(raw))
    value = _first(wanted, "value", "filter", "values", "dateFrom")
    if op == "blank":
        return column.is_null()
    if op == "not_blank":
        return column.is_not_null()
    if op == "in":
        if not isinstance(value, list) or len(value) > 1000:
            raise ValueError("needs a list of at most 1,000 values")
        known = [_value(dtype, item) for item in value if item is not None]
        found = column.is_in(pl.Series(known, dtype=dtype).implode(), nulls_equal=False)
        return found | column.is_null() if None in value else found
    if op in _TEXT:
        return _text(column, dtype, op, value)
    low = _value(dtype, value)
    if op == "between":
        high = _value(dtype, _first(wanted, "value_to", "filterTo", "dateTo"))
        return (column >= pl.lit(low, dtype)) & (column <= pl.lit(high, dtype))
    if op not in _COMPARE:
        raise ValueError("is not filtered with this operator")
    compared: pl.Expr = getattr(column, _COMPARE[op])(pl.lit(low, dtype))
    return compared


def _combined(column: pl.Expr, dtype: pl.DataType, wanted: Filters, *, depth: int) -> pl.Expr:
    parts = wanted.get("conditions") or [wanted.get("condition1"), wanted.get("condition2")]
    if depth or not isinstance(parts, list) or not 1 <= len(parts) <= 10:
        raise ValueError("combines too many conditions")
    made = [_condition(column, dtype, part, depth=1) for part in parts if isinstance(part, Mapping)]
    if not made:
        raise ValueError("combines no condition")
    return pl.any_horizontal(made) if wanted.get("operator") == "OR" else pl.all_horizontal(made)


def _text(column: pl.Expr, dtype: pl.DataType, op: str, value: Any) -> pl.Expr:
    if dtype != pl.String:
        raise ValueError("is not text")
    if not isinstance(value, str) or not _value(dtype, value):
        raise ValueError("needs a text of 1 to 200 characters")
    folded, wanted = column.str.to_lowercase(), pl.lit(value.lower())
    if op == "starts_with":
        return folded.str.starts_with(wanted)
    if op == "ends_with":
        return folded.str.ends_with(wanted)
    found = folded.str.contains(wanted, literal=True)
    return ~found if op == "not_contains" else found


def _first(wanted: Filters, *names: str) -> Any:
    return next((wanted[name] for name in names if wanted.get(name) is not None), None)


def _value(dtype: pl.DataType, value: Any) -> Any:
    # The filter's value as the column's own type: comparing across types fails late or, worse, silently.
    if dtype == pl.String:
        if isinstance(value, str) and len(value) <= 200:
            value.encode()  # half a surrogate pair is no text
            return value
        raise ValueError("needs a text of at most 200 characters")
    if dtype == pl.Boolean:
        if isinstance(value, bool):
            return value
        raise ValueError("needs true or false")
    if dtype == pl.Date:
        return value if type(value) is date else date.fromisoformat(str(value)[:10])
    if isinstance(dtype, pl.Datetime):
        found = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
        return (found.replace(tzinfo=UTC) if found.tzinfo is None else found).astimezone(UTC)
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        raise TypeError("needs a number")
    number = Decimal(str(value))
    if not number.is_finite() or abs(number) >= Decimal(10) ** 18:
        raise ValueError("needs a finite number")
    if dtype.is_integer():
        if number != number.to_integral_value():
            raise ValueError("needs a whole number")
        return int(number)
    return number.quantize(Decimal("1e-12")) if isinstance(dtype, pl.Decimal) else float(number)
