"""IBKR Flex activity statements (XML): trades, cash, positions, rates, corporate actions, net asset value."""

import hashlib
import io
import warnings
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar
from xml.etree.ElementTree import Element as Node
from xml.sax.saxutils import escape

import polars as pl

from analytics.datasets import IMPORTABLE
from app.errors import Invalid
from app.sources._base import ReadOptions, Source
from app.sources._conform import conform
from app.sources._flex_rows import Element, Statement
from app.sources._reading import Reading, reading
from app.sources._xml import parse_xml

_IBFLEX_LIMIT = 5 * 2**20  # bytes; beyond, the second opinion costs more than it tells


class IbkrFlex(Source):
    """Every element with attributes is one record, verbatim; times need the zone of the account."""

    name: ClassVar[str] = "flex"
    title: ClassVar[str] = "IBKR Flex XML"
    suffixes: ClassVar[tuple[str, ...]] = (".xml",)
    media_types: ClassVar[tuple[str, ...]] = ("application/xml", "text/xml")

    def sniff(self, head: bytes, filename: str) -> float:
        """Look for Flex's outer elements."""
        if b"<Flex" in head:
            return 0.95
        return 0.4 if filename.endswith(".xml") or head.lstrip().startswith(b"<?xml") else 0.0

    def read(self, data: bytes, options: ReadOptions) -> Reading:
        """Read a statement, or several in one file."""
        root = parse_xml(data)
        elements = list(_elements(root))
        if not elements:
            raise Invalid("The XML holds no element with attributes.")
        notes = _second_opinion(data, root)
        statement = Statement(account=options.account, currency=options.currency)
        for element in elements:
            statement.foresee(element)
        for element in elements:
            statement.take(element)
        for tag, count in sorted(statement.unknown.items()):
            notes.append(f"{count} element(s) {tag} have no table: kept with the raw records.")
        if not any(key.startswith("a:") for key in statement.described):
            notes.append("The statement does not name the base currency: no account was described from it.")
        tables = {}
        for name, rows in statement.rows.items():
            dataset = IMPORTABLE[name]
            columns = ["line", *(c for c in dataset.columns if any(c in row for row in rows)), "dq_flags"]
            types: dict[str, Any] = dict.fromkeys(columns, pl.String)
            types |= {"line": pl.Int64, "dq_flags": pl.List(pl.String)}
            frame = pl.DataFrame([{c: row.get(c) for c in columns} for row in rows], schema=types)
            tables[name] = conform(dataset, frame, zone=options.zone, now=options.now, rounding=True)
        raw = pl.DataFrame(
            {"line": [e.line for e in elements], "record": [to_text(e.tag, e.given) for e in elements]}
        )
        return reading("flex", raw, tables, warnings=notes)


def to_text(tag: str, given: Mapping[str, str]) -> str:
    """Write an element and its attributes, in order, as XML."""
    extra = {'"': "&quot;", "\n": "&#10;", "\r": "&#13;", "\t": "&#9;"}
    parts = [tag, *(f'{name}="{escape(value, extra)}"' for name, value in given.items())]
    return f"<{' '.join(parts)} />"


def attributes(record: str) -> tuple[str, list[tuple[str, str]]]:
    """Return name and (attribute, value) pairs, in order, of a verbatim record."""
    node = parse_xml(record.encode())
    return node.tag, list(node.attrib.items())


def _elements(root: Node) -> Iterator[Element]:
    account: str | None = None
    statement, number = 1, 0
    seen: dict[str, int] = {}
    for node in root.iter():
        if node.tag == "FlexStatement":
            account = node.get("accountId")
        if not node.attrib:
            continue
        number += 1
        if node.tag == "FlexStatement":
            statement = number
        text = to_text(node.tag, node.attrib)
        seen[text] = seen.get(text, 0) + 1
        # Rows without an id of their own get one from their bytes and occurrence, the same in every import.
        identity = hashlib.sha256(f"{text}\0{seen[text]}".encode()).hexdigest()[:16]
        yield Element(number, node.tag, dict(node.attrib), account, statement, identity)


def _second_opinion(data: bytes, root: Node) -> list[str]:
    """Let ibflex read the same statement; where it refuses or counts otherwise, say so and go on."""
    if len(data) > _IBFLEX_LIMIT or root.tag != "FlexQueryResponse":
        return []
    from ibflex import parser

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it warns of each attribute it does not know
            parsed = parser.parse(io.BytesIO(data))
    except Exception as error:  # noqa: BLE001 - it raises whatever it stumbles over
        return [f"ibflex refuses this statement ({str(error)[:120]}); it was read without it."]
    theirs = sum(len(s.Trades or ()) for s in parsed.FlexStatements)
    ours = sum(len(node) for node in root.iter("Trades"))
    return [] if theirs == ours else [f"ibflex counts {theirs} rows under Trades, we count {ours}."]
