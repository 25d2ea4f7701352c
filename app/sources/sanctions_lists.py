"""The sanctions lists as their publishers give them: OFAC SDN (XML), UN consolidated (XML), EU (XML and CSV)."""

import csv
import io
from collections.abc import Iterator
from datetime import datetime
from typing import Any, ClassVar
from xml.etree.ElementTree import Element as Node
from xml.etree.ElementTree import tostring

import polars as pl

from analytics.datasets import SANCTIONS
from app.errors import Invalid
from app.sources._base import ReadOptions, Source
from app.sources._conform import conform
from app.sources._country_codes import code_of
from app.sources._reading import Reading, reading
from app.sources._xml import parse_xml

_OFAC_KINDS = {"individual": "person", "entity": "entity", "vessel": "vessel", "aircraft": "aircraft"}
_EU_KINDS = {"person": "person", "p": "person", "enterprise": "entity", "e": "entity"}
_DATES = (("%d %b %Y", "%Y-%m-%d"), ("%b %Y", "%Y-%m"), ("%Y", "%Y"))  # as OFAC writes them, and ISO
_COLUMNS: dict[str, Any] = {
    "line": pl.Int64, "list_name": pl.String, "entry_id": pl.String, "name": pl.String, "kind": pl.String,
    "aliases": pl.List(pl.String), "country": pl.String, "date_of_birth": pl.String, "programme": pl.String,
    "dq_flags": pl.List(pl.String),
}  # fmt: skip
Entry = tuple[str, dict[str, Any]]  # the record as it stands in the file, and its row


class SanctionsList(Source):
    """Every listed party is one record and one row; an entry without a name is refused.

    A country that is not told by code, or by a name known here, stays empty; so does a date of birth that is
    a range. Of several dates or countries the main or first one counts.
    """

    name: ClassVar[str] = "sanctions"
    title: ClassVar[str] = "Sanctions list of OFAC, UN or EU"

    def sniff(self, head: bytes, filename: str) -> float:
        """Look for the outer elements of the XML, or the columns of the EU's CSV."""
        marks = (b"<sdnList", b"<CONSOLIDATED_LIST", b"<sanctionEntity", b"eu.europa.ec/fpi/fsd/export")
        columns = b"Entity_LogicalId" in head and b"NameAlias_WholeName" in head
        return 0.95 if columns or any(mark in head for mark in marks) else 0.0

    def read(self, data: bytes, options: ReadOptions) -> Reading:
        """Read a list."""
        found = list(_entries(data))
        if not found:
            raise Invalid("The file holds no entry of a sanctions list.")
        rows = [{"line": line, "dq_flags": []} | row for line, (_, row) in enumerate(found, 1)]
        frame = pl.DataFrame(rows, schema=_COLUMNS)
        raw = pl.DataFrame(
            {"line": range(1, len(found) + 1), "record": [record for record, _ in found]},
            schema={"line": pl.Int64, "record": pl.String},
        )
        return reading("sanctions", raw, {SANCTIONS.name: conform(SANCTIONS, frame, now=options.now)})


def _entries(data: bytes) -> Iterator[Entry]:
    if not data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        return _eu_csv(data)
    root = parse_xml(data)
    for node in root.iter():
        node.tag = node.tag.rpartition("}")[2]  # namespaces differ between editions
    readers = {"sdnList": _ofac, "CONSOLIDATED_LIST": _un, "export": _eu}
    if root.tag not in readers:
        raise Invalid(f"The XML begins with {root.tag[:40]!r}: no sanctions list that is known.")
    return readers[root.tag](root)


# --- OFAC --------------------------------------------------------------------------------------------
def _ofac(root: Node) -> Iterator[Entry]:
    for node in root.iter("sdnEntry"):
        names = [_joined(node, "firstName", "lastName")]
        names += [_joined(aka, "firstName", "lastName") for aka in node.iter("aka")]
        countries = [_text(one, "country") for one in (*node.iter("nationality"), *node.iter("citizenship"))]
        countries += [_text(one, "country") for one in node.iter("address")]
        born = sorted(node.iter("dateOfBirthItem"), key=lambda one: _text(one, "mainEntry") != "true")
        yield _entry(
            node, "OFAC SDN", _text(node, "uid"), names,
            kind=_OFAC_KINDS.get(_text(node, "sdnType").lower()),
            countries=[code_of(one) for one in countries],
            born=_iso(_text(born[0], "dateOfBirth")) if born else None,
            programmes=[one.text for one in node.iter("program")],
        )  # fmt: skip


def _iso(text: str) -> str | None:
    said = text.lower().removeprefix("circa ").strip()
    for given, iso in _DATES:
        try:
            return datetime.strptime(said, given).strftime(iso)  # noqa: DTZ007 - a day has no zone
        except ValueError:
            continue
    return None


# --- UN ----------------------------------------------------------------------------------------------
def _un(root: Node) -> Iterator[Entry]:
    for tag, kind in (("INDIVIDUAL", "person"), ("ENTITY", "entity")):
        for node in root.iter(tag):
            names = [_joined(node, "FIRST_NAME", "SECOND_NAME", "THIRD_NAME", "FOURTH_NAME")]
            names += [_text(alias, "ALIAS_NAME") for alias in node.iter(f"{tag}_ALIAS")]
            names.append(_text(node, "NAME_ORIGINAL_SCRIPT"))
            places = [value.text for one in node.iter("NATIONALITY") for value in one.iter("VALUE")]
            places += [_text(one, "COUNTRY") for one in node.iter(f"{tag}_ADDRESS")]
            born = next(node.iter("INDIVIDUAL_DATE_OF_BIRTH"), None)
            day = "" if born is None else _text(born, "DATE")[:10] or _text(born, "YEAR")
            yield _entry(
                node, "UN", _text(node, "DATAID"), names, kind=kind,
                countries=[code_of(one or "") for one in places], born=day or None,
                programmes=[_text(node, "UN_LIST_TYPE")],
            )  # fmt: skip


# --- EU ----------------------------------------------------------------------------------------------
def _eu(root: Node) -> Iterator[Entry]:
    for node in root.iter("sanctionEntity"):
        subject = node.find("subjectType")
        code = "" if subject is None else subject.get("code") or subject.get("classificationCode") or ""
        born = next(node.iter("birthdate"), None)
        lived = [one.get("countryIso2Code") for one in (*node.iter("citizenship"), *node.iter("address"))]
        yield _entry(
            node, "EU", node.get("logicalId") or "",
            [alias.get("wholeName") or "" for alias in node.iter("nameAlias")],
            kind=_EU_KINDS.get(code.lower()), countries=[_eu_country(one) for one in lived],
            born=None if born is None else born.get("birthdate") or born.get("year"),
            programmes=[one.get("programme") for one in node.findall("regulation")],
        )  # fmt: skip


def _eu_csv(data: bytes) -> Iterator[Entry]:
    """Read the EU's CSV: a row per name, birth or address, that together make an entry."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Invalid("The list is not in UTF-8.") from error
    rows = csv.DictReader(io.StringIO(text, newline=""), delimiter=";")
    known = {"Entity_LogicalId", "NameAlias_WholeName"}
    if not known <= set(rows.fieldnames or ()):
        raise Invalid("The file lacks the columns Entity_LogicalId and NameAlias_WholeName of the EU's list.")
    parties: dict[str, list[dict[str, str]]] = {}
    for row in rows:
        parties.setdefault(row["Entity_LogicalId"] or "", []).append(row)
    for key, told in parties.items():

        def each(column: str, told: list[dict[str, str]] = told) -> list[str]:
            return [(row.get(column) or "").strip() for row in told]

        kinds = [
            one
            for one in (*each("Entity_SubjectType"), *each("Entity_SubjectType_ClassificationCode"))
            if one
        ]
        lived = [*each("Citizenship_CountryIso2Code"), *each("Address_CountryIso2Code")]
        born = [one for one in (*each("BirthDate_BirthDate"), *each("BirthDate_Year")) if one]
        record = "\n".join(
            ";".join(value or "" for value in row.values() if not isinstance(value, list)) for row in told
        )
        yield record, _row(
            "EU", key, each("NameAlias_WholeName"),
            kind=_EU_KINDS.get(kinds[0].lower()) if kinds else None,
            countries=[_eu_country(one) for one in lived], born=born[0] if born else None,
            programmes=list(each("Entity_Regulation_Programme")),
        )  # fmt: skip


def _eu_country(code: str | None) -> str | None:
    return code if code and code.isalpha() and len(code) == 2 else None  # 00 is unknown


# --- all ---------------------------------------------------------------------------------------------
def _entry(node: Node, list_name: str, key: str, names: list[str], **more: Any) -> Entry:
    return tostring(node, encoding="unicode").strip(), _row(list_name, key, names, **more)


def _row(
    list_name: str,
    key: str,
    names: list[str],
    *,
    kind: str | None,
    countries: list[str | None],
    born: str | None,
    programmes: list[str | None],
) -> dict[str, Any]:
    said = list(dict.fromkeys(" ".join(name.split()) for name in names if name and name.strip()))
    under = list(dict.fromkeys(one.strip() for one in programmes if one and one.strip()))
    return {
        "list_name": list_name, "entry_id": key.strip() or None, "name": said[0] if said else None, "kind": kind,
        "aliases": said[1:] or None, "country": next((one for one in countries if one), None),
        "date_of_birth": born, "programme": ", ".join(under) or None,
    }  # fmt: skip


def _text(node: Node, tag: str) -> str:
    return (node.findtext(tag) or "").strip()


def _joined(node: Node, *tags: str) -> str:
    return " ".join(part for tag in tags if (part := _text(node, tag)))
