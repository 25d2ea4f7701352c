"""A mapping: how the columns of somebody's CSV become rows of our data sets. Plain data, saved as JSON."""

import json
import re
from collections.abc import Mapping as Map
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from analytics.datasets import IMPORTABLE
from app.errors import FieldError, Invalid

NUMBERS = ("keep", "abs", "negate")
EPOCHS = ("epoch_s", "epoch_ms", "epoch_us", "epoch_ns")
NULLS = ("", "-", "--", "n/a", "N/A", "NaN", "nan", "null", "None", "-0-")


@dataclass(frozen=True)
class Field:
    """Where one of our columns takes its value from. Steps apply in the order listed.

    Attributes:
        source: Header to read; ``@1`` is the first column whatever its name.
        constant: The same value in every row.
        template: Text with ``{Header}`` parts; ``{#}`` is the n-th row of the file with these bytes,
            ``{raw}`` the identity of the record (16 hex characters).
        pattern: Regular expression; the value becomes its ``group``. No match: null.
        group: Group of ``pattern``.
        values: Source value (any letter case) to ours; ``*`` is every other value. Not listed: unchanged.
        sign: Turn a number into the first text where it is >= 0, else the second: ``["buy", "sell"]``.
        number: ``keep``, ``abs`` or ``negate`` the number.
        factor: Multiply the number (``1e-8`` for satoshi, ``0.01`` for pence).
        formats: Formats of a time or date, tried in turn: strptime, or epoch_s, epoch_ms, epoch_us, epoch_ns.
        split: Separator of a list of texts.
        default: What an empty value means.
    """

    source: str | None = None
    constant: str | None = None
    template: str | None = None
    pattern: str | None = None
    group: int = 1
    values: Map[str, str | None] = field(default_factory=dict)
    sign: tuple[str, ...] = ()
    number: str = "keep"
    factor: str | None = None
    formats: tuple[str, ...] = ()
    split: str | None = None
    default: str | None = None


@dataclass(frozen=True)
class Rule:
    """The rows that go into one data set.

    Attributes:
        dataset: Where they go.
        columns: Our column to where its value comes from.
        when: Header to a regular expression that the whole value must match (any letter case); every one
            must match.
        rest: Whether source columns that nothing reads are kept in ``ext``.
    """

    dataset: str
    columns: Map[str, Field]
    when: Map[str, str] = field(default_factory=dict)
    rest: bool = True


@dataclass(frozen=True)
class Mapping:
    """How to read one feed.

    Attributes:
        name: Short name; part of the feed and so of every record's identity.
        rules: A row goes to every rule whose ``when`` it matches.
        ignore: Header to a regular expression: such rows (totals, notes) are kept raw, in no table.
        title: What people call it.
        delimiter: One character between fields.
        quote: Quotation mark; empty where there is none.
        encoding: utf-8, latin-1, cp1252, ...
        preamble: Lines before the header.
        header: Column names, where the file has no header line.
        formats: Formats of times and dates where a field has none of its own; ISO 8601 always reads.
        zone: IANA zone of times that carry none.
        decimal: Decimal mark.
        thousands: Thousands marks, all removed.
        nulls: Texts that mean nothing is there.
        rounding: Round numbers with more than 12 decimals instead of refusing them.
        unmatched: ``reject`` rows that no rule wants, or ``keep`` them raw.
    """

    name: str
    rules: tuple[Rule, ...]
    ignore: Map[str, str] = field(default_factory=dict)
    title: str = ""
    delimiter: str = ","
    quote: str = '"'
    encoding: str = "utf-8"
    preamble: int = 0
    header: tuple[str, ...] = ()
    formats: tuple[str, ...] = ()
    zone: str | None = None
    decimal: str = "."
    thousands: str = ""
    nulls: tuple[str, ...] = NULLS
    rounding: bool = False
    unmatched: str = "reject"

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON-able data, without what is left at its default."""
        out = _slim(self, skip=("rules",))
        out["rules"] = [
            _slim(rule, skip=("columns",))
            | {"columns": {name: _slim(one) for name, one in rule.columns.items()}}
            for rule in self.rules
        ]
        return out

    @classmethod
    def from_json(cls, data: Any) -> Self:
        """Build and check a mapping from what ``to_json`` returned or a person wrote.

        Raises:
            Invalid: Naming each part that does not fit.
        """
        try:
            body = dict(data)
            rules = []
            for one in body.pop("rules"):
                rule = dict(one)
                columns = {
                    name: Field(source=spec) if isinstance(spec, str) else _make(Field, spec)
                    for name, spec in rule.pop("columns").items()
                }
                rules.append(_make(Rule, rule | {"columns": columns}))
            made: Self = _make(cls, body | {"rules": tuple(rules)})
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise Invalid(f"This is no mapping: {error}.") from error
        made.check()
        return made

    def check(self) -> None:
        """Refuse what cannot work.

        Raises:
            Invalid: Naming each part.
        """
        errors = list(self._problems())
        if errors:
            detail = "; ".join(f"{e.field}: {e.message}" for e in errors[:3])
            raise Invalid(f"The mapping cannot work: {detail}", errors=errors)

    def _problems(self) -> list[FieldError]:
        found = []
        if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,63}", self.name):
            found.append(FieldError("name", "Use lower-case letters, digits and hyphens."))
        if len(self.delimiter) != 1 or len(self.quote) > 1 or len(self.decimal) != 1:
            found.append(FieldError("delimiter", "Delimiter, quote and decimal mark are one character each."))
        if self.zone is not None:
            try:
                ZoneInfo(self.zone)
            except (ZoneInfoNotFoundError, ValueError, OSError):
                found.append(FieldError("zone", "Unknown zone.", self.zone))
        if self.unmatched not in ("reject", "keep"):
            found.append(FieldError("unmatched", "Expected reject or keep.", self.unmatched))
        if not self.rules:
            found.append(FieldError("rules", "At least one rule is needed."))
        for header, pattern in self.ignore.items():
            found += _bad_pattern(f"ignore.{header}", pattern)
        for number, rule in enumerate(self.rules):
            found += _rule_problems(rule, f"rules.{number}")
        return found


def _rule_problems(rule: Rule, at: str) -> list[FieldError]:
    found = []
    dataset = IMPORTABLE.get(rule.dataset)
    if dataset is None:
        return [FieldError(f"{at}.dataset", "Unknown data set.", rule.dataset)]
    for header, pattern in rule.when.items():
        found += _bad_pattern(f"{at}.when.{header}", pattern)
    for name, one in rule.columns.items():
        where = f"{at}.columns.{name}"
        if name not in dataset.columns or name == "ext":
            found.append(FieldError(where, f"No such column in {rule.dataset}."))
        if sum(part is not None for part in (one.source, one.constant, one.template)) != 1:
            found.append(FieldError(where, "Give exactly one of source, constant, template."))
        if one.pattern is not None:
            found += _bad_pattern(where, one.pattern, group=one.group)
        if one.number not in NUMBERS or len(one.sign) not in (0, 2):
            found.append(FieldError(where, "number is keep, abs or negate; sign has two texts."))
        if one.factor is not None and not re.fullmatch(r"[0-9.]+(?:e[+-]?[0-9]{1,2})?", one.factor):
            found.append(FieldError(where, "factor is a positive number.", one.factor))
    found += [
        FieldError(f"{at}.columns.{name}", "This column is required.")
        for name in dataset.required
        if name not in rule.columns and name not in ("account_id", "event_seq", "seq")
    ]
    return found


def _bad_pattern(at: str, pattern: str, *, group: int = 0) -> list[FieldError]:
    try:
        groups = re.compile(pattern).groups
    except re.error as error:
        return [FieldError(at, f"Bad pattern: {error}.", pattern)]
    if group > groups:
        return [FieldError(at, f"The pattern has no group {group}.", pattern)]
    return []


def _slim(thing: Any, *, skip: tuple[str, ...] = ()) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for part in fields(thing):
        value = getattr(thing, part.name)
        empty = value in (part.default, (), {}) and part.name not in ("name", "dataset")
        if part.name in skip or empty:
            continue
        out[part.name] = (
            list(value) if isinstance(value, tuple) else dict(value) if isinstance(value, dict) else value
        )
    return out


def _make(kind: type[Any], data: Map[str, Any]) -> Any:
    known = {part.name: part for part in fields(kind)}
    if unknown := sorted(set(data) - set(known)):
        raise ValueError(f"unknown {', '.join(unknown)}")
    return kind(**{name: tuple(v) if isinstance(v, list) else v for name, v in data.items()})


def to_plain(mapping: Mapping) -> dict[str, Any]:
    """Return every part, defaults included, for a form to fill."""
    return asdict(mapping)


def shipped() -> dict[str, Mapping]:
    """Return the mappings that come with Quarterdeck, by name."""
    folder = Path(__file__).with_name("mappings")
    found = [Mapping.from_json(json.loads(path.read_text("utf-8"))) for path in sorted(folder.glob("*.json"))]
    return {mapping.name: mapping for mapping in found}
