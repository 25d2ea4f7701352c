"""A report on a case, put together from what is on record."""

from collections.abc import Iterator
from typing import Any

import polars as pl
from sqlalchemy import select

from analytics.compliance.checklists import ABUSE_TYPES
from analytics.datasets import ACCOUNTS, INSTRUMENTS, PEOPLE
from app.desk import Desk
from app.queries import cases
from app.queries._report_model import (
    Attachment,
    Person,
    ReportedInstrument,
    StorReport,
    Submitter,
    Suspicion,
    Transaction,
    answered,
    schema,
)
from app.queries._spoken import speaker
from app.queries.compliance import told_story, visible
from app.queries.evidence import evidence
from app.storage.records._base import now
from app.storage.records.alerts import Alert
from app.storage.records.people import Organisation

__all__ = ["StorReport", "checked", "document", "schema"]
NOT_WRITTEN = "not written into the report"
NOT_HELD = "not held in the firm's records"
_APPROVED = {"stor_approved": "approved", "stor_submitted": "submitted", "regulator_follow_up": "submitted"}


def document(desk: Desk, case_id: str) -> StorReport:
    """Return the report on a case as its records stand.

    Raises:
        Forbidden: If the role does not read surveillance.
        NotFound: If the asking person may not know of the case.
    """
    found = cases.case(desk, case_id)
    shown = {one.alert_id: one for one in visible(desk)}
    alerts = [shown[row["alert_id"]] for row in found["alerts"] if row["alert_id"] in shown]
    decided, say = found["decision"] or {}, speaker(desk)
    return StorReport(
        case_id=case_id,
        reference=found["ref"],
        status=_status(found, decided),
        regulator_reference=found["submitted_ref"],
        prepared_at=now(),
        prepared_by=desk.identity.name,
        decided_by=decided.get("by_name"),
        approved_by=decided.get("approved_name"),
        submitter=_submitter(desk, found["report"]),
        instruments=_instruments(desk, found["instrument_ids"]),
        transactions=_transactions(desk, alerts),
        suspicion=Suspicion(
            abuse_type=ABUSE_TYPES.get(found["abuse_type"], found["abuse_type"]),
            suspicion_formed_at=found["suspicion_at"],
            narrative=answered(found["report"].get("narrative"), NOT_WRITTEN),
            findings=[f"{one.alert_id}: {' '.join(told_story(one, say)) or one.title}" for one in alerts],
            regulation=sorted({str(rule) for one in alerts for rule in one.regulation}),
            decision=None if not decided else "report" if decided["submit"] else "do not report",
            reasons=decided.get("reasons"),
        ),
        persons=_persons(desk, found["actors"]),
        additional_information=answered(found["report"].get("additional_information"), NOT_WRITTEN),
        attachments=[
            Attachment(name=one["name"], media_type=one["media_type"], size=one["size"], sha256=one["sha256"])
            for one in found["files"]
        ],
        alert_ids=[one.alert_id for one in alerts],
        data_versions={one.alert_id: {k: str(v) for k, v in one.data_versions.items()} for one in alerts},
    )


def checked(desk: Desk, case_id: str) -> dict[str, Any]:
    """Return the report on a case as it stands, and what it does not say yet.

    Returns:
        ``report`` (the document, which keeps the schema by its making), ``missing``: rows of ``path`` (where in
        the document), ``field`` (of ``case_reports.FIELDS``; None where the records would have to hold it) and
        ``reason``, and ``complete``: whether nothing that people write is missing.

    Raises:
        Forbidden: If the role does not read surveillance.
        NotFound: If the asking person may not know of the case.
    """
    report = StorReport.model_validate(document(desk, case_id).model_dump())
    missing = list(_unanswered(report.model_dump(mode="json"), ""))
    return {"report": report, "missing": missing, "complete": not any(one["field"] for one in missing)}


# Where in the document stands what people write.
_WRITTEN = {
    "submitter.natural_person": "submitter_name", "submitter.position": "submitter_position", "submitter.entity": "entity_name",
    "submitter.lei": "entity_lei", "submitter.address": "entity_address", "submitter.acting_capacity": "acting_capacity",
    "submitter.type_of_activity": "activity_type", "submitter.relationship": "relationship", "submitter.contact": "contact",
    "suspicion.narrative": "narrative", "additional_information": "additional_information",
}  # fmt: skip


def _unanswered(part: Any, path: str) -> Iterator[dict[str, Any]]:
    if isinstance(part, dict):
        if part.get("value") == "NA" and "reason" in part:
            yield {"path": path, "field": _WRITTEN.get(path), "reason": part["reason"]}
            return
        for name, inner in part.items():
            yield from _unanswered(inner, f"{path}.{name}" if path else name)
    elif isinstance(part, list):
        for place, inner in enumerate(part):
            yield from _unanswered(inner, f"{path}[{place}]")


def _status(found: dict[str, Any], decided: dict[str, Any]) -> Any:
    if found["submitted_at"] is not None:
        return "submitted"
    if decided.get("submit") is False and decided.get("approved_by"):
        return "not_reported"
    return _APPROVED.get(found["status"], "draft")


def _submitter(desk: Desk, given: dict[str, str]) -> Submitter:
    with desk.session() as session:
        firm = session.scalar(select(Organisation).where(Organisation.slug == desk.org))
    kept = dict((firm.settings if firm is not None else {}).get("stor") or {})

    def part(name: str, otherwise: Any = None) -> Any:
        return answered(given.get(name) or kept.get(name) or otherwise, NOT_WRITTEN)

    return Submitter(
        natural_person=part("submitter_name", desk.identity.name),
        position=part("submitter_position"),
        entity=part("entity_name", firm.name if firm is not None else None),
        lei=part("entity_lei"),
        address=part("entity_address"),
        acting_capacity=part("acting_capacity"),
        type_of_activity=part("activity_type"),
        relationship=part("relationship"),
        contact=part("contact"),
    )


def _instruments(desk: Desk, ids: list[str]) -> list[ReportedInstrument]:
    names = ("instrument_id", "name", "isin", "cfi", "mic")
    rows = desk.collect(
        desk.lake.scan(desk.org, INSTRUMENTS).filter(pl.col("instrument_id").is_in(ids)).select(names)
    )
    known = {row["instrument_id"]: row for row in rows.iter_rows(named=True)}
    return [
        ReportedInstrument(
            instrument_id=one,
            name=answered(known.get(one, {}).get("name"), NOT_HELD),
            isin=answered(known.get(one, {}).get("isin"), NOT_HELD),
            cfi=answered(known.get(one, {}).get("cfi"), NOT_HELD),
            venue=answered(known.get(one, {}).get("mic"), NOT_HELD),
        )
        for one in ids
    ]


def _transactions(desk: Desk, alerts: list[Alert]) -> list[Transaction]:
    found: dict[tuple[str, str], Transaction] = {}
    for alert in alerts:
        behind = evidence(desk, alert.alert_id)
        counts = (
            behind["events"]
            .group_by("order_id")
            .agg(
                changes=(pl.col("event_type") == "replace").sum().cast(pl.Int64),
                cancels=(pl.col("event_type") == "cancel").sum().cast(pl.Int64),
            )
        )
        orders = behind["orders"].join(counts, on="order_id", how="left")
        for row in orders.iter_rows(named=True):
            found["order", row["order_id"]] = Transaction(
                kind="order", id=row["order_id"], order_id=row["order_id"], instrument_id=row["instrument_id"],
                account_id=row["account_id"], person_id=row["trader_id"], side=row["side"],
                order_type=row["ord_type"], price=_digits(row["limit_px"]), quantity=_digits(row["order_qty"]),
                filled=_digits(row["filled_qty"]), venue=row["venue"], status=row["status"],
                begun_at=row["first_time"], ended_at=row["last_time"], changes=row["changes"] or 0,
                cancels=row["cancels"] or 0,
            )  # fmt: skip
        for row in behind["executions"].iter_rows(named=True):
            found["execution", row["exec_id"]] = Transaction(
                kind="execution", id=row["exec_id"], order_id=row["order_id"], instrument_id=row["instrument_id"],
                account_id=row["account_id"], person_id=row["trader_id"], side=row["side"], order_type=None,
                price=_digits(row["last_px"]), quantity=_digits(row["last_qty"]), filled=_digits(row["last_qty"]),
                venue=row["venue"], status=row["exec_status"], begun_at=row["transact_time"],
                ended_at=row["transact_time"], changes=0, cancels=0,
            )  # fmt: skip
    return sorted(found.values(), key=lambda one: (one.begun_at, one.kind, one.id))


def _persons(desk: Desk, actors: list[dict[str, Any]]) -> list[Person]:
    people = desk.collect(desk.lake.scan(desk.org, PEOPLE).select("person_id", "name", "role", "desk"))
    accounts = desk.collect(
        desk.lake.scan(desk.org, ACCOUNTS).select("account_id", "name", "kind", "desk", "owner_id")
    )
    known = {row["person_id"]: row for row in people.iter_rows(named=True)}
    held: dict[str, list[str]] = {}
    for row in accounts.iter_rows(named=True):
        known.setdefault(
            row["account_id"], {"name": row["name"], "role": f"{row['kind']} account", "desk": row["desk"]}
        )
        held.setdefault(row["owner_id"], []).append(row["account_id"])
    return [
        Person(
            kind=one["kind"],
            id=one["id"],
            name=answered(known.get(one["id"], {}).get("name"), NOT_HELD),
            role=answered(known.get(one["id"], {}).get("role"), NOT_HELD),
            desk=answered(known.get(one["id"], {}).get("desk"), NOT_HELD),
            accounts=sorted(held.get(one["id"], [])),
        )
        for one in actors
    ]


def _digits(value: Any) -> str | None:
    return None if value is None else format(value.normalize() if value else value * 0, "f")
