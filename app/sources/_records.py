"""Cut delimited text into records and fields without losing a byte of either.

A record is one logical line: quotes may span physical lines. Records that cannot be cut into as many
fields as the header are set aside one by one; the rest are parsed in one go.
"""

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl

from analytics.text import formatted
from app.errors import Invalid
from app.sources import _rejects
from app.sources._open import MAX_COLUMNS, refuse_binary

MAX_RECORD = 2_000_000  # bytes of one record
_AT_ONCE = 4 * 2**20  # characters split into lines at a time
PIECE = 100_000  # records whose text fields are in memory at a time
_UNCLOSED = "A quotation mark opened in the record on line {line} is never closed."


@dataclass(frozen=True)
class Records:
    """Records of a delimited text.

    ``header`` is the names as they stand; ``names`` makes them unique (a second ``Fee`` is ``Fee (2)``).
    ``raw`` has line and record (verbatim); ``fields`` has line and one text column a name (empty
    text stays empty); ``rejects`` says what could not be cut.
    """

    header: list[str]
    names: list[str]
    raw: pl.DataFrame
    fields: pl.DataFrame
    rejects: pl.DataFrame


@dataclass(frozen=True)
class Cut:
    """Records whose fields are still to be parsed, so that a large file need not be parsed in one go.

    ``header``, ``names``, ``raw`` and ``rejects`` are those of ``Records``; ``good`` is the part of
    ``raw`` that has as many fields as the header.
    """

    header: list[str]
    names: list[str]
    raw: pl.DataFrame
    good: pl.DataFrame
    rejects: pl.DataFrame
    delimiter: str
    quote: str | None

    def fields(self) -> pl.DataFrame:
        """Parse every good record: line and one text column a name."""
        return _parse(self.good, self.names, self.delimiter, self.quote)

    def pieces(self, size: int = PIECE) -> Iterator[pl.DataFrame]:
        """Parse ``size`` good records at a time, in order; at least one piece, though it be empty.

        A file with carriage returns inside records comes whole: they decide for all of it which reader is
        used.
        """
        if self.good.is_empty() or self.good["record"].str.contains("\r", literal=True).any():
            yield self.fields()
            return
        for start in range(0, self.good.height, size):
            yield _parse(self.good.slice(start, size), self.names, self.delimiter, self.quote)


def lines_of(data: bytes, *, encoding: str = "utf-8") -> tuple[pl.DataFrame, pl.DataFrame]:
    """Split into physical lines from 1, blank ones included, and say which are no valid text.

    Raises:
        Invalid: The file is binary, or most of it is not in ``encoding``.
    """
    undecodable: list[int] = []
    if encoding.lower() in ("utf-8", "utf8"):
        refuse_binary(data)
        data = data.removeprefix(b"\xef\xbb\xbf")
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError:
            text, undecodable = _salvage(data)
    else:
        try:
            text = data.decode(encoding)
        except (UnicodeDecodeError, LookupError) as error:
            raise Invalid(f"The file is not {encoding} text.") from error
        refuse_binary(text.encode())
    lines = pl.DataFrame({"record": pl.concat(_split(text))})
    if "\r" in text:
        lines = lines.with_columns(pl.col("record").str.strip_suffix("\r"))
    lines = lines.with_row_index("line", offset=1).with_columns(pl.col("line").cast(pl.Int64))
    rejects = _rejects.frame((n, None, None, "NOT_UTF8", _rejects.MESSAGES["NOT_UTF8"]) for n in undecodable)
    return lines, rejects


def _split(text: str) -> Iterator[pl.Series]:
    """Split at line feeds, some megabytes at a time.

    Python splits: the split of polars reserves room for a line at every character and keeps it.
    """
    start = 0
    while start >= 0:
        end = text.find("\n", start + _AT_ONCE)
        piece = text[start:end] if end >= 0 else text[start:]
        yield pl.Series(piece.split("\n"), dtype=pl.String)
        start = end + 1 if end >= 0 else -1


def _salvage(data: bytes) -> tuple[str, list[int]]:
    """Decode line by line; a line that is not UTF-8 is read as Latin-1 and named."""
    out, bad = [], []
    lines = data.split(b"\n")
    for number, line in enumerate(lines, 1):
        try:
            out.append(line.decode("utf-8"))
        except UnicodeDecodeError:
            out.append(line.decode("latin-1"))
            bad.append(number)
    if bad[0] == 1 or (len(bad) > 10 and len(bad) * 5 > len(lines)):
        raise Invalid(f"The file is not UTF-8 (first bad byte on line {bad[0]}); save it as UTF-8.")
    return "\n".join(out), bad


def read_records(
    data: bytes,
    *,
    delimiter: str = ",",
    quote: str | None = '"',
    encoding: str = "utf-8",
    skip: int = 0,
    header: list[str] | None = None,
) -> Records:
    """Cut ``data`` into records and their fields.

    The arguments and errors are those of ``cut_records``.
    """
    cut = cut_records(data, delimiter=delimiter, quote=quote, encoding=encoding, skip=skip, header=header)
    return Records(cut.header, cut.names, cut.raw, cut.fields(), cut.rejects)


def cut_records(
    data: bytes,
    *,
    delimiter: str = ",",
    quote: str | None = '"',
    encoding: str = "utf-8",
    skip: int = 0,
    header: list[str] | None = None,
) -> Cut:
    """Cut ``data`` into records without parsing their fields.

    Args:
        data: The whole text.
        delimiter: One character between fields.
        quote: The quotation mark; None where fields are never quoted.
        encoding: Of the bytes. Only UTF-8 is canonical.
        skip: Physical lines before the header.
        header: Names, where the file has no header line.

    Raises:
        Invalid: A quotation mark is never closed, there is no header, or too many columns.
    """
    lines, rejects = lines_of(data, encoding=encoding)
    if skip:
        lines = lines.slice(skip)
    logical = _join_quoted(lines, quote, delimiter).filter(
        pl.col("record").str.strip_chars().str.len_bytes() > 0
    )
    if header is None:
        if logical.is_empty():
            raise Invalid("The file has no header line.")
        first = logical["record"][0]
        if len(first) > 65_536:
            raise Invalid("The header line is longer than 65,536 characters.")
        header = [name.strip() for name in _cut(first, delimiter, quote)]
        logical = logical.slice(1)
    if len(header) > MAX_COLUMNS:
        raise Invalid(f"The file has {len(header)} columns; the limit is {MAX_COLUMNS}.")
    rejects = pl.concat([rejects, _misshapen(logical, delimiter, quote, len(header))])
    rejects = rejects.filter(pl.col("line").is_in(logical["line"].implode())).unique(
        "line", maintain_order=True
    )
    good = logical
    if rejects.height:
        good = logical.join(rejects.select("line"), on="line", how="anti", maintain_order="left")
    names = _unique(header)
    return Cut(header, names, logical, good, rejects, delimiter, quote)


def _unique(header: list[str]) -> list[str]:
    names: list[str] = []
    for name in header:
        count = header[: len(names)].count(name)
        made = own_name(name if count == 0 else f"{name} ({count + 1})")
        names.append(made if made not in names else f"{made} [{len(names) + 1}]")
    return names


def own_name(name: str) -> str:
    """Give a source column named like our record number a name that cannot be taken for it."""
    return "line " if name == "line" else name


def _cut(record: str, delimiter: str, quote: str | None) -> list[str]:
    csv.field_size_limit(MAX_RECORD)
    text = io.StringIO(record, newline="")
    try:
        if quote is None:
            rows = list(csv.reader(text, delimiter=delimiter, quoting=csv.QUOTE_NONE))
        else:
            rows = list(csv.reader(text, delimiter=delimiter, quotechar=quote))
    except csv.Error as error:
        raise Invalid(f"A line cannot be read: {error}.") from error
    return rows[0] if rows else []


def _join_quoted(lines: pl.DataFrame, quote: str | None, delimiter: str) -> pl.DataFrame:
    """Join physical lines that one pair of quotation marks spans.

    Only a mark at the start of a field opens one; any other odd mark spoils its own line alone.
    """
    if quote is None:
        return lines
    odd = lines.with_row_index("at").filter(pl.col("record").str.count_matches(quote, literal=True) % 2 == 1)
    if odd.is_empty():
        return lines
    q, d = re.escape(quote), re.escape(delimiter)
    whole = re.compile(f"(?:(?<={d})|^){q}(?:[^{q}]|{q}{q})*{q}(?={d}|$)")
    opening = re.compile(f"(?:{d}|^){q}")
    inside = np.zeros(lines.height, dtype=bool)  # lines that continue the record before them
    opened: int | None = None
    for at, _, record in odd.select("at", "line", "record").iter_rows():
        if opened is not None:
            inside[opened + 1 : at + 1] = True
            opened = None
        elif opening.search(whole.sub("", record)):
            opened = at
    if opened is not None:
        raise Invalid(_UNCLOSED.format(line=lines["line"][opened]))
    numbered = lines.with_columns(_record=pl.Series(~inside).cast(pl.Int64).cum_sum())
    joined = numbered.group_by("_record", maintain_order=True).agg(
        pl.col("line").first(), pl.col("record").str.join("\n")
    )
    return joined.select("line", "record")


def _misshapen(logical: pl.DataFrame, delimiter: str, quote: str | None, width: int) -> pl.DataFrame:
    """Name the records that are too long, oddly quoted, or of another width than the header."""
    record = logical["record"]
    bare = record
    mark = "\x1a"  # stands for a quoted field; a control character that text does not hold
    quoted = None
    if quote is not None and record.str.contains(quote, literal=True).any():
        q, d = _escape(quote), _escape(delimiter)
        bare = record.str.replace_all(f"{q}(?:[^{q}]|{q}{q})*{q}", mark)
        quoted = bare.str.contains(f"[^{d}]{mark}|{mark}[^{d}]|{q}")
    count = bare.str.count_matches(delimiter, literal=True) + 1
    code = pl.select(
        pl.when(record.str.len_bytes() > MAX_RECORD)
        .then(pl.lit("TOO_LONG"))
        .when(quoted if quoted is not None else pl.lit(value=False))
        .then(pl.lit("BAD_QUOTING"))
        .when(count != width)
        .then(pl.lit("RAGGED"))
        .otherwise(pl.lit(None, pl.String))
        .alias("code")
    ).to_series()
    if len(code) != len(record):
        code = code.new_from_index(0, len(record))
    made = pl.DataFrame({"line": logical["line"], "code": code, "count": count}).filter(
        pl.col("code").is_not_null()
    )
    text = (
        pl.when(pl.col("code") == "RAGGED")
        .then(formatted(f"Expected {width} fields as in the header, found {{}}.", "count"))
        .otherwise(pl.col("code").replace_strict(_rejects.MESSAGES, default=""))
    )
    return made.select(
        "line",
        pl.lit(None, pl.String).alias("column"),
        pl.lit(None, pl.String).alias("value"),
        "code",
        text.alias("message"),
    )


def _escape(character: str) -> str:
    return {"\t": r"\t"}.get(character, "\\" + character if not character.isalnum() else character)


def _parse(good: pl.DataFrame, header: list[str], delimiter: str, quote: str | None) -> pl.DataFrame:
    names = [f"column_{n}" for n in range(len(header))]
    if good.is_empty():
        return pl.DataFrame(schema={"line": pl.Int64, **dict.fromkeys(header, pl.String)})
    body = good["record"].str.join("\n")[0].encode()
    try:
        fields = pl.read_csv(
            body,
            has_header=False,
            new_columns=names,
            infer_schema=False,
            separator=delimiter,
            quote_char=quote,
        )
    except pl.exceptions.PolarsError:
        fields = pl.DataFrame()
    if fields.shape != (good.height, len(header)):
        # The fast reader counts otherwise (a lone carriage return, say); the slow one goes record by record.
        rows = [_cut(record, delimiter, quote) for record in good["record"]]
        fitted = [(row + [""] * len(header))[: len(header)] for row in rows]
        fields = pl.DataFrame(fitted, schema=dict.fromkeys(names, pl.String), orient="row")
    return fields.rename(dict(zip(names, header, strict=True))).insert_column(0, good["line"])
