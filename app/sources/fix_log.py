"""FIX 4.2 and 4.4 logs: one message a line or run together; SOH, ``|`` or ``^A``; lenient, with flags."""

import re
from typing import Any, ClassVar

import polars as pl

from analytics.datasets import EXECUTIONS, ORDER_EVENTS, Dataset
from app.errors import Invalid
from app.sources import _rejects
from app.sources._base import ReadOptions, Source
from app.sources._conform import Conformed, conform
from app.sources._fix_parse import Message, decode, encode, messages
from app.sources._fix_rows import Book
from app.sources._open import refuse_binary
from app.sources._reading import Reading, reading

__all__ = ["FixLog", "decode", "encode"]

_HEAD = re.compile(rb"(?<![0-9])8=FIXT?\.[0-9]\.[0-9](?:\x01|\||\^A|<SOH>|;)")
_NO_MESSAGE = "No FIX message on this line."
_NO_TYPE = "The message has no type (tag 35)."


class FixLog(Source):
    """Orders, executions, cancels and trade reports out of FIX messages; session messages are kept raw."""

    name: ClassVar[str] = "fix"
    title: ClassVar[str] = "FIX log"
    suffixes: ClassVar[tuple[str, ...]] = (".fix", ".log", ".dat", ".txt", ".messages")
    media_types: ClassVar[tuple[str, ...]] = ("text/plain", "application/fix")

    def sniff(self, head: bytes, filename: str) -> float:
        """Look for the start of a FIX message."""
        return 0.95 if _HEAD.search(head) else 0.0

    def read(self, data: bytes, options: ReadOptions) -> Reading:
        """Read every message of the log."""
        refuse_binary(data.replace(b"\r", b"") if b"\n" not in data else data)
        warnings = []
        try:
            text = data.removeprefix(b"\xef\xbb\xbf").decode("utf-8")
        except UnicodeDecodeError:
            text = data.decode("latin-1")
            warnings.append("The log is not UTF-8; it was read as Latin-1.")
        found = _numbered(list(messages(text)))
        if not any(message.fields for message in found):
            raise Invalid("The file holds no FIX message.")
        book = Book(account=options.account, currency=options.currency)
        rejects = []
        for message in found:
            if not message.fields or not message.get("35"):
                why = _NO_TYPE if message.fields else _NO_MESSAGE
                code = "NO_TYPE" if message.fields else "NOT_FIX"
                rejects.append((message.line, None, message.text[:200], code, why))
            else:
                book.foresee(message)
        refused = {line for line, *_ in rejects}
        for message in found:
            if message.line not in refused:
                book.take(message)
        tables = {
            ORDER_EVENTS.name: _table(ORDER_EVENTS, book.events, options),
            EXECUTIONS.name: _table(EXECUTIONS, book.fills, options),
        }
        for kind, count in sorted(book.untabled.items()):
            warnings.append(f"{count} message(s) of type {kind} have no table: kept with the raw records.")
        raw = pl.DataFrame({"line": [m.line for m in found], "record": [m.text for m in found]})
        made = reading("fix", raw, tables, rejects=[_rejects.frame(rejects)], warnings=warnings)
        resent = pl.DataFrame(
            {"line": book.repeats, "of_line": book.repeats},
            schema_overrides={"line": pl.Int64, "of_line": pl.Int64},
        )
        resent = resent.select(
            "line", pl.lit(ORDER_EVENTS.name).alias("dataset"), pl.lit(None, pl.Int64).alias("of_line")
        )
        made.duplicates = pl.concat([made.duplicates, resent])
        return made


def _numbered(found: list[Message]) -> list[Message]:
    """Number records by line, or by position where one line holds several."""
    if len({message.line for message in found}) == len(found):
        return found
    return [Message(n, m.text, m.fields, m.problems, m.first) for n, m in enumerate(found, 1)]


def _table(dataset: Dataset, rows: list[dict[str, Any]], options: ReadOptions) -> Conformed:
    names = ["line", *(name for name in dataset.columns if any(name in row for row in rows)), "dq_flags"]
    types: dict[str, Any] = dict.fromkeys(names, pl.String) | {
        "line": pl.Int64,
        "dq_flags": pl.List(pl.String),
    }
    frame = pl.DataFrame([{name: row.get(name) for name in names} for row in rows], schema=types)
    return conform(dataset, frame, now=options.now)
