"""Apply a mapping: source columns to text columns of our data sets. Columns are handled whole."""

import re
from dataclasses import dataclass
from decimal import Decimal, localcontext

import polars as pl

from analytics.datasets import DECIMAL, IMPORTABLE, INSTANT, Column
from app.errors import FieldError, Invalid
from app.sources import _rejects
from app.sources._conform import ext_of
from app.sources._mapping import EPOCHS, Field, Mapping, Rule
from app.sources._reading import occurrences, raw_ids
from app.sources._records import Records, own_name

_SIGNS = r"[\s\x{a0}\x{202f}€$£¥₿₹₽]|^(?:USD|EUR|GBP|CHF)|(?:USD|EUR|GBP|CHF)$"
_PART = re.compile(r"\{([^{}]+)\}")
_EPOCH_SCALE = {"epoch_s": 9, "epoch_ms": 6, "epoch_us": 3, "epoch_ns": 0}
_AUTO = ("seq", "event_seq")


@dataclass(frozen=True)
class Mapped:
    """``frames``: text frames by rule, ready for ``conform``; ``rejects``: rows that no rule wanted."""

    frames: list[tuple[str, pl.DataFrame]]
    rejects: pl.DataFrame


def apply(mapping: Mapping, records: Records, *, account: str | None = None) -> Mapped:
    """Turn records into rows.

    Raises:
        Invalid: The file lacks columns that the mapping reads, or a pattern cannot run.
    """
    fields = _clean(records.fields, mapping)
    _require(mapping, records.names)
    with_ids = _Identities(mapping, records)
    left = pl.repeat(value=True, n=fields.height, dtype=pl.Boolean, eager=True)
    frames = []
    try:
        ignored = _matches(fields, mapping.ignore, records.names, any_of=True)
        left = left & ~ignored
        for rule in mapping.rules:
            wanted = _matches(fields, rule.when, records.names) & ~ignored
            left = left & ~wanted
            rows = fields.filter(wanted)
            if rows.height:
                frames.append(
                    (
                        rule.dataset,
                        _rows(rule, mapping, rows, header=records.names, ids=with_ids, account=account),
                    )
                )
    except pl.exceptions.PolarsError as error:
        raise Invalid(f"The mapping cannot be applied: {str(error).splitlines()[0]}") from error
    if mapping.unmatched == "keep" or not left.any():
        return Mapped(frames, _rejects.frame())
    return Mapped(frames, _unwanted(mapping, fields.filter(left), records.names))


def _unwanted(mapping: Mapping, rows: pl.DataFrame, header: list[str]) -> pl.DataFrame:
    key = next((name for rule in mapping.rules for name in rule.when), None)
    return rows.select(
        "line",
        pl.lit(key).cast(pl.String).alias("column"),
        (pl.col(_at(key, header)) if key else pl.lit(None)).cast(pl.String).alias("value"),
        pl.lit("NO_RULE").alias("code"),
        pl.lit("No rule of the mapping wants this row.").alias("message"),
    )


class _Identities:
    """Occurrence and identity of each record, worked out only where a template asks."""

    def __init__(self, mapping: Mapping, records: Records) -> None:
        self._mapping, self._records = mapping, records
        self._made: pl.DataFrame | None = None

    def of(self, lines: pl.Series) -> pl.DataFrame:
        if self._made is None:
            raw = self._records.raw
            seen = occurrences(raw["record"])
            ids = raw_ids(f"mapping:{self._mapping.name}", raw["record"], seen)
            self._made = pl.DataFrame(
                {"line": raw["line"], "#": seen.cast(pl.String), "raw": ids.str.slice(0, 16)}
            )
        return pl.DataFrame({"line": lines}).join(self._made, on="line", how="left", maintain_order="left")


def _clean(fields: pl.DataFrame, mapping: Mapping) -> pl.DataFrame:
    names = [name for name in fields.columns if name != "line"]
    trimmed = [pl.col(name).str.strip_chars() for name in names]
    nulls = [*mapping.nulls, ""]
    return fields.with_columns(
        pl.when(~one.is_in(nulls)).then(one).alias(name) for one, name in zip(trimmed, names, strict=True)
    )


def _at(name: str, header: list[str]) -> str:
    """Resolve ``@2`` to the second column of the file."""
    if name.startswith("@") and name[1:].isdecimal() and 0 < int(name[1:]) <= len(header):
        return header[int(name[1:]) - 1]
    return own_name(name)


def _parts(field: Field) -> list[str]:
    if field.source is not None:
        return [field.source]
    return [p for p in _PART.findall(field.template or "") if p not in ("#", "raw")]


def _require(mapping: Mapping, header: list[str]) -> None:
    read = [*mapping.ignore]
    for rule in mapping.rules:
        read += [*rule.when, *(part for one in rule.columns.values() for part in _parts(one))]
    missing = sorted({name for name in read if _at(name, header) not in header})
    if missing:
        errors = [FieldError(name, "The file has no such column.") for name in missing]
        raise Invalid(f"The file lacks columns of the mapping: {', '.join(missing)}.", errors=errors)


def _matches(fields: pl.DataFrame, when: object, header: list[str], *, any_of: bool = False) -> pl.Series:
    conditions = dict(when).items() if isinstance(when, dict) else []
    made = pl.repeat(value=not any_of, n=fields.height, dtype=pl.Boolean, eager=True)
    for name, pattern in conditions:
        text = fields[_at(name, header)].fill_null("")
        hit = text.str.contains(f"(?i)^(?:{pattern})$")
        made = made | hit if any_of else made & hit
    return made


def _rows(
    rule: Rule,
    mapping: Mapping,
    rows: pl.DataFrame,
    *,
    header: list[str],
    ids: _Identities,
    account: str | None,
) -> pl.DataFrame:
    dataset = IMPORTABLE[rule.dataset]
    made = {"line": rows["line"]}
    flags = pl.repeat(value=False, n=rows.height, dtype=pl.Boolean, eager=True)
    for name, field in rule.columns.items():
        column = dataset.columns[name]
        text = _base(field, rows, header, ids)
        made[name] = _shape(field, column, text, mapping)
        if column.dtype == INSTANT and name == dataset.time:
            flags = flags | text.str.contains(r"^[0-9]{4}-?[0-9]{2}-?[0-9]{2}$|^[0-9/.]{6,10}$").fill_null(
                value=False
            )
    if account is not None and "account_id" in dataset.columns:
        given = rule.columns.get("account_id")
        if given is None or given.constant is not None:
            made["account_id"] = pl.repeat(account, rows.height, dtype=pl.String, eager=True)
    for name in _AUTO:
        if name in dataset.columns and name not in made:
            made[name] = rows["line"].cast(pl.String)
    if "ext" in dataset.columns and rule.rest:
        used = {
            _at(part, header) for one in rule.columns.values() if one.template is None for part in _parts(one)
        }
        rest = [name for name in header if name not in used]
        if rest:
            made["ext"] = ext_of(rows, rest)
    if flags.any():
        flag = pl.select(pl.when(flags).then(pl.lit("TIME_OF_DAY_UNKNOWN"))).to_series()
        made["dq_flags"] = pl.select(pl.concat_list(flag).list.drop_nulls()).to_series()
    return pl.DataFrame(made)


def _base(field: Field, rows: pl.DataFrame, header: list[str], ids: _Identities) -> pl.Series:
    if field.constant is not None:
        return pl.repeat(field.constant, rows.height, dtype=pl.String, eager=True)
    if field.source is not None:
        return rows[_at(field.source, header)].cast(pl.String)
    pieces: list[pl.Expr] = []
    cursor = 0
    template = field.template or ""
    known = ids.of(rows["line"]) if "{#}" in template or "{raw}" in template else None
    for match in _PART.finditer(template):
        pieces.append(pl.lit(template[cursor : match.start()]))
        name = match[1]
        source = known[name] if known is not None and name in ("#", "raw") else rows[_at(name, header)]
        pieces.append(pl.lit(source.fill_null("")))
        cursor = match.end()
    pieces.append(pl.lit(template[cursor:]))
    made = pl.select(pl.concat_str(pieces)).to_series()
    return made if len(made) == rows.height else made.new_from_index(0, rows.height)


def _shape(field: Field, column: Column, text: pl.Series, mapping: Mapping) -> pl.Series:
    if field.pattern is not None:
        text = text.str.extract(field.pattern, field.group)
    if field.values:
        table = {key.lower(): value for key, value in field.values.items() if key != "*"}
        default = pl.lit(field.values["*"], pl.String) if "*" in field.values else text
        lower = text.str.to_lowercase()
        known = pl.Series(list(table), dtype=pl.String)
        frame = pl.DataFrame({"text": lower}).join(
            pl.DataFrame(
                {"text": known, "to": pl.Series(list(table.values()), dtype=pl.String), "hit": True}
            ),
            on="text",
            how="left",
            maintain_order="left",
        )
        mapped = pl.select(
            pl.when(frame["hit"].fill_null(value=False)).then(frame["to"]).otherwise(default)
        ).to_series()
        text = mapped
    if field.sign or column.dtype in (DECIMAL, pl.Int64(), pl.Float64()):
        text = _plain(text, mapping)
    if field.sign:
        below = text.str.starts_with("-")
        text = pl.select(
            pl.when(below).then(pl.lit(field.sign[1])).when(text.is_not_null()).then(pl.lit(field.sign[0]))
        ).to_series()
    elif field.number == "abs":
        text = text.str.strip_prefix("-")
    elif field.number == "negate":
        swapped = pl.concat_str(pl.lit("-"), text.str.strip_prefix("+"))
        text = pl.select(
            pl.when(text.str.starts_with("-")).then(text.str.slice(1)).otherwise(swapped)
        ).to_series()
    if field.factor is not None:
        text = _times(text, Decimal(field.factor))
    if field.split is not None:
        text = text.str.replace_all(field.split, "|", literal=True)
    if column.dtype in (INSTANT, pl.Date()):
        text = _iso(text, field.formats or mapping.formats, day=column.dtype == pl.Date())
    return text.fill_null(field.default) if field.default is not None else text


def _plain(text: pl.Series, mapping: Mapping) -> pl.Series:
    """Drop currency signs and thousands marks; parentheses mean minus; the decimal mark becomes a point."""
    made = (
        text.str.replace_all(_SIGNS, "")
        .str.replace(r"^\((.*)\)$", "-${1}")
        .str.replace(r"^([0-9].*)-$", "-${1}")
    )
    decimal = "\\" + mapping.decimal
    for mark in mapping.thousands:
        if mark.isspace():
            continue
        # Only where it stands between groups of three: "0,76" is no way to write 76.
        grouped = made.str.contains(rf"^[+-]?[0-9]{{1,3}}(?:\{mark}[0-9]{{3}})+(?:{decimal}[0-9]*)?$")
        bare = made.str.replace_all(mark, "", literal=True)
        made = pl.select(pl.when(grouped).then(bare).otherwise(made)).to_series()
    if mapping.decimal != ".":
        pointed = made.str.replace(mapping.decimal, ".", literal=True)
        clean = ~made.str.contains(".", literal=True)
        made = pl.select(pl.when(clean).then(pointed).otherwise(made)).to_series()
    return made


def _times(text: pl.Series, factor: Decimal) -> pl.Series:
    """Multiply exactly; each distinct text once. What is no number stays as it is, to be refused later."""
    table: dict[str, str] = {}
    with localcontext() as context:
        context.prec = 120
        for one in text.drop_nulls().unique():
            if (
                re.fullmatch(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?", one)
                and len(one) < 80
            ):
                table[one] = f"{Decimal(one) * factor:f}"
    frame = pl.DataFrame({"text": text}).join(
        pl.DataFrame(
            {
                "text": pl.Series(list(table), dtype=pl.String),
                "to": pl.Series(list(table.values()), dtype=pl.String),
            }
        ),
        on="text",
        how="left",
        maintain_order="left",
    )
    return frame.select(pl.coalesce("to", "text")).to_series()


def _iso(text: pl.Series, formats: tuple[str, ...], *, day: bool) -> pl.Series:
    """Rewrite times in the formats of the feed as ISO 8601; what fits none stays, to be refused later."""
    text = text.str.replace(r"\s*(?:UTC|GMT|Z)$", "Z") if not day else text
    made = pl.repeat(None, len(text), dtype=pl.String, eager=True)
    for form in formats:
        open_ = made.is_null()
        if not open_.any():
            break
        todo = pl.select(pl.when(open_).then(text)).to_series()
        found = _epoch(todo, form, day=day) if form in EPOCHS else _strptime(todo, form, day=day)
        made = pl.select(pl.coalesce(made, found)).to_series()
    if day:
        iso = text.str.extract(r"^([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ].*)?$", 1)
        return pl.select(pl.coalesce(made, iso, text)).to_series()
    midnight = pl.select(
        pl.when(text.str.contains(r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")).then(
            pl.concat_str(text, pl.lit("T00:00:00"))
        )
    ).to_series()
    return pl.select(pl.coalesce(made, midnight, text)).to_series()


def _strptime(text: pl.Series, form: str, *, day: bool) -> pl.Series:
    aware = "%z" in form
    if not any(code in form for code in ("%H", "%I", "%T", "%R", "%X")):
        parsed = text.str.to_date(form, strict=False)
        return parsed.dt.strftime("%Y-%m-%d" if day else "%Y-%m-%dT00:00:00")
    parsed = text.str.to_datetime(form, time_unit="ns", strict=False, time_zone="UTC" if aware else None)
    if day:
        return parsed.dt.strftime("%Y-%m-%d")
    return parsed.dt.strftime("%Y-%m-%dT%H:%M:%S%.9f" + ("Z" if aware else ""))


def _epoch(text: pl.Series, form: str, *, day: bool) -> pl.Series:
    scale = _EPOCH_SCALE[form]
    whole = text.str.extract(r"^(-?[0-9]{1,19})(?:\.[0-9]*)?$", 1).cast(pl.Int64, strict=False)
    part = text.str.extract(r"^-?[0-9]+\.([0-9]*)$", 1).fill_null("")
    ns: pl.Series = whole * 10**scale
    if scale:
        ns = ns + part.str.slice(0, scale).str.pad_end(scale, "0").cast(pl.Int64, strict=False).fill_null(0)
    parsed: pl.Series = ns.cast(pl.Datetime("ns", "UTC"))
    return parsed.dt.strftime("%Y-%m-%d" if day else "%Y-%m-%dT%H:%M:%S%.9fZ")
