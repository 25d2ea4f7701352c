"""The shape of a suspicious transaction and order report: every field is known, or says why it is not."""

from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

Words = Annotated[str, Field(min_length=1, max_length=20_000)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Known(_Strict):
    """A field that is known."""

    value: Words


class NotKnown(_Strict):
    """A field that is not: the report says so, and why."""

    value: Literal["NA"]
    reason: Words


Answered = Known | NotKnown


class Submitter(_Strict):
    """Section 1: who reports."""

    natural_person: Answered
    position: Answered
    entity: Answered
    lei: Answered
    address: Answered
    acting_capacity: Answered
    type_of_activity: Answered
    relationship: Answered
    contact: Answered


class ReportedInstrument(_Strict):
    """An instrument of section 2."""

    instrument_id: Words
    name: Answered
    isin: Answered
    cfi: Answered
    venue: Answered


class Transaction(_Strict):
    """One order or execution of section 2. Quantities and prices are decimal texts: every digit counts."""

    kind: Literal["order", "execution"]
    id: Words
    order_id: str | None
    instrument_id: str | None
    account_id: str | None
    person_id: str | None
    side: str | None
    order_type: str | None
    price: str | None
    quantity: str | None
    filled: str | None
    venue: str | None
    status: str | None
    begun_at: AwareDatetime
    ended_at: AwareDatetime
    changes: int = Field(ge=0, description="Times it was replaced.")
    cancels: int = Field(ge=0, description="Times it was cancelled.")


class Suspicion(_Strict):
    """Section 3: what is suspected, and why."""

    abuse_type: Words
    suspicion_formed_at: AwareDatetime | None
    narrative: Answered
    findings: list[Words]
    regulation: list[str]
    decision: str | None
    reasons: str | None


class Person(_Strict):
    """Section 4: somebody or something concerned."""

    kind: Words
    id: Words
    name: Answered
    role: Answered
    desk: Answered
    accounts: list[str]


class Attachment(_Strict):
    """Section 6: a file that goes with it."""

    name: Words
    media_type: Words
    size: int = Field(ge=1)
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class StorReport(_Strict):
    """A whole report. It is not sent by itself: somebody hands it in."""

    schema_version: Literal["1"] = "1"
    case_id: Words
    reference: Words
    status: Literal["draft", "approved", "submitted", "not_reported"]
    regulator_reference: str | None
    prepared_at: AwareDatetime
    prepared_by: Words
    decided_by: str | None
    approved_by: str | None
    submitter: Submitter
    instruments: list[ReportedInstrument]
    transactions: list[Transaction]
    suspicion: Suspicion
    persons: list[Person]
    additional_information: Answered
    attachments: list[Attachment]
    alert_ids: list[Words]
    data_versions: dict[str, dict[str, str]]


def answered(value: Any, reason: str) -> Answered:
    """Return a field with its value, or with why there is none."""
    words = str(value).strip() if value is not None else ""
    return Known(value=words) if words else NotKnown(value="NA", reason=reason)


def schema() -> dict[str, Any]:
    """Return the JSON Schema that every report keeps."""
    return StorReport.model_json_schema() | {"$schema": "https://json-schema.org/draft/2020-12/schema"}
