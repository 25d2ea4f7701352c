"""A report on a case as files: JSON with its schema, paper, the events as CSV, all in a zip with a manifest."""

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any

from app.gateway.sheets import Table, write
from app.queries.stor import StorReport, schema

_MADE = (1980, 1, 1, 0, 0, 0)  # the same report is the same file: a zip's own times would differ
_SECTIONS = {
    "submitter": "1 Who reports",
    "instruments": "2 Instruments",
    "transactions": "2 Transactions and orders",
    "suspicion": "3 What is suspected",
    "persons": "4 Who is concerned",
    "attachments": "6 Attachments",
}


def pack(
    report: StorReport, *, files: Sequence[tuple[str, bytes]], trail: Sequence[Mapping[str, Any]]
) -> tuple[bytes, dict[str, Any]]:
    """Return the zip and its manifest.

    Args:
        report: What is reported; it is read again from its JSON, so what is sent keeps the schema.
        files: Attachments: name and content.
        trail: Audit entries of the case.
    """
    text = report.model_dump_json(indent=1)
    StorReport.model_validate_json(text)
    parts: dict[str, bytes] = {
        "stor.json": text.encode(),
        "stor.schema.json": json.dumps(schema(), indent=1).encode(),
        "stor.pdf": write("pdf", paper(report), _about(report)),
        "events.csv": write("csv", [events(report)], _about(report)),
        "audit.ndjson": "".join(f"{json.dumps(row, default=str)}\n" for row in trail).encode(),
    }
    for number, (name, content) in enumerate(files, 1):
        parts[f"attachments/{number:03d}-{name}"] = content
    manifest = {
        "case_id": report.case_id,
        "reference": report.reference,
        "status": report.status,
        "prepared_at": report.prepared_at.isoformat().replace("+00:00", "Z"),
        "prepared_by": report.prepared_by,
        "algorithm": "SHA-256",
        "files": [
            {"path": path, "size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
            for path, content in parts.items()
        ],
    }
    parts["manifest.json"] = json.dumps(manifest, indent=1).encode()
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in parts.items():
            archive.writestr(zipfile.ZipInfo(path, _MADE), content, zipfile.ZIP_DEFLATED)
    return out.getvalue(), manifest


def events(report: StorReport) -> Table:
    """Return the orders and executions as one table."""
    rows = [one.model_dump() for one in report.transactions]
    heads = tuple(report.transactions[0].model_dump()) if rows else ("kind", "id")
    return Table("Events", heads, [tuple(row.values()) for row in rows], ("",) * len(heads))


def paper(report: StorReport) -> list[Table]:
    """Return the report's sections as they are printed."""
    said = report.model_dump()
    tables = [
        Table(f"Suspicious transaction and order report {report.reference}", ("part", "content"),
              [(_words(name), _read(value)) for name, value in said["submitter"].items()], ("", "")),
    ]  # fmt: skip
    for name in ("instruments", "transactions", "persons", "attachments"):
        if said[name]:
            heads = tuple(said[name][0])
            keep = tuple(head for head in heads if head not in {"person_id", "order_id"})[:14]
            rows = [tuple(_read(row[head]) for head in keep) for row in said[name]]
            tables.append(Table(_SECTIONS[name], keep, rows, ("",) * len(keep)))
    nature = [(_words(name), _read(value)) for name, value in said["suspicion"].items()]
    nature.append(("additional information", _read(said["additional_information"])))
    tables.insert(1, Table(_SECTIONS["suspicion"], ("part", "content"), nature, ("", "")))
    return tables


def _about(report: StorReport) -> list[tuple[str, str]]:
    state = {"draft": "Draft: not approved, not to be sent", "not_reported": "Decided not to report"}
    return [
        ("Reference", report.reference),
        ("State", state.get(report.status, report.status.capitalize())),
        ("Decided by", report.decided_by or "not decided"),
        ("Agreed by", report.approved_by or "not agreed"),
        ("Prepared by", report.prepared_by),
        ("Prepared at", report.prepared_at.isoformat(timespec="seconds").replace("+00:00", "Z")),
    ]


def _words(name: str) -> str:
    return name.replace("_", " ")


def _read(value: Any) -> Any:
    """Return a field as it is printed: its value, or NA with the reason."""
    if isinstance(value, dict) and "value" in value:
        return f"NA ({value['reason']})" if "reason" in value else value["value"]
    if isinstance(value, list):
        return "; ".join(str(_read(one)) for one in value)
    return value
