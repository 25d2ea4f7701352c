"""/api/compliance/cases/...: whether a case is reported, what is attached to it, and the pack that leaves the house."""

from flask import Response, request
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from app.actions import case_files, case_packs, case_reports
from app.api._schema import PROBLEMS, Answer, ScopeQuery, Word
from app.api.compliance_cases import CasePath, VersionBody, seen
from app.api.compliance_work import Code, Rationale
from app.errors import FieldError, Invalid, TooLarge
from app.gateway.auth import current_desk
from app.gateway.resource import answer, resource
from app.gateway.stor_pack import pack as packed
from app.queries import cases, stor
from app.queries._line import own_line
from app.scope import SURVEILLANCE_ROLES

blueprint = resource("compliance", part="reports", roles=SURVEILLANCE_ROLES, tag="Cases", refusals="case")
_KEPT = {"Cache-Control": "private, no-store", "X-Content-Type-Options": "nosniff"}


class SuspicionBody(VersionBody):
    """When a suspicion was formed."""

    suspicion_at: AwareDatetime | None = Field(None, description="Now when left out.")


class DecisionBody(VersionBody):
    """Whether it is reported."""

    submit: bool
    reasons: Rationale


class ReportBody(VersionBody):
    """Parts of the report; what is left out stays."""

    given: dict[Code, Rationale] = Field(max_length=20, description=", ".join(case_reports.FIELDS))


class FilePath(CasePath):
    """One attachment of a case."""

    file_id: Word


class FileQuery(BaseModel):
    """What the file is called."""

    model_config = ConfigDict(extra="forbid")

    filename: Word = Field(min_length=1, description="Its ending says of which kind it is.")


@blueprint.post(
    "/cases/<case_id>/suspicion", summary="Start the clock of a report", responses={200: Answer, **PROBLEMS}
)
def suspicion(path: CasePath, body: SuspicionBody) -> Response:
    """Answer the case with its nearer deadline."""
    desk = current_desk()
    case_reports.suspect(desk.database, desk.identity, path.case_id, line=own_line(desk), version=body.version,
                         at=body.suspicion_at)  # fmt: skip
    return answer(desk, cases.case(desk, path.case_id))


@blueprint.post(
    "/cases/<case_id>/decision", summary="Decide whether it is reported", responses={200: Answer, **PROBLEMS}
)
def decide(path: CasePath, body: DecisionBody) -> Response:
    """Answer the case; the decision counts when a second person agrees."""
    desk = current_desk()
    case_reports.decide(desk.database, desk.identity, path.case_id, submit=body.submit, reasons=body.reasons,
                        line=own_line(desk), version=body.version)  # fmt: skip
    return answer(desk, cases.case(desk, path.case_id))


@blueprint.post(
    "/cases/<case_id>/report", summary="Write parts of the report", responses={200: Answer, **PROBLEMS}
)
def report(path: CasePath, body: ReportBody) -> Response:
    """Answer the case with what is written so far."""
    desk = current_desk()
    case_reports.write(desk.database, desk.identity, path.case_id, given=body.given, line=own_line(desk),
                       version=body.version)  # fmt: skip
    return answer(desk, cases.case(desk, path.case_id))


@blueprint.get(
    "/cases/<case_id>/report", summary="The report as it stands", responses={200: Answer, **PROBLEMS}
)
def draft(path: CasePath, query: ScopeQuery) -> Response:
    """Answer the document, checked by its schema, and every field that it does not say yet, with the reason."""
    desk = current_desk()
    seen(desk, path.case_id)
    return answer(desk, stor.checked(desk, path.case_id))


@blueprint.post("/cases/<case_id>/attachments", summary="Attach a file", responses={201: Answer, **PROBLEMS})
def attach(path: CasePath, query: FileQuery) -> Response:
    """Take the body as the file; answer its id and SHA-256. Its bytes must be what its name says, at most 10 MB."""
    desk = current_desk(own=frozenset({"filename"}))
    content = request.get_data(cache=True)
    if len(content) > case_files.LARGEST:
        raise TooLarge("A file may hold 10 MB.")
    if request.content_length is not None and len(content) != request.content_length:
        raise Invalid("The body ended early; nothing was kept.", errors=[FieldError("body", "is cut short")])
    made = case_files.attach(desk.database, desk.identity, path.case_id, name=query.filename, content=content,
                             line=own_line(desk))  # fmt: skip
    names = ("id", "name", "media_type", "size", "sha256", "added_at")
    return answer(desk, {name: getattr(made, name) for name in names}, status=201)


@blueprint.get(
    "/cases/<case_id>/attachments/<file_id>",
    summary="One attachment",
    responses={200: {"content": {"application/octet-stream": {}}}, **PROBLEMS},
)
def attachment(path: FilePath, query: ScopeQuery) -> Response:
    """Answer the bytes as they were attached; that they were read is on record."""
    desk = current_desk()
    found = case_files.read(desk.database, desk.identity, path.case_id, path.file_id, line=own_line(desk))
    # Never shown by the browser itself: it is somebody else's file.
    headers = _KEPT | {
        "Content-Disposition": f'attachment; filename="{found.name}"',
        "X-Sha256": found.sha256,
    }
    return Response(found.content, mimetype="application/octet-stream", headers=headers)


@blueprint.get("/report-schema", summary="The JSON Schema of a report", responses={200: Answer, **PROBLEMS})
def report_schema(query: ScopeQuery) -> Response:
    """Answer the schema that every report keeps."""
    return answer(current_desk(), stor.schema())


@blueprint.post(
    "/cases/<case_id>/pack",
    summary="The report on a case as a zip",
    responses={200: {"content": {"application/zip": {}}}, **PROBLEMS},
)
def pack(path: CasePath) -> Response:
    """Answer JSON with its schema, PDF, events as CSV, trail, attachments and a manifest of SHA-256 hashes.

    Nothing is sent anywhere. That it was taken, with its hash, is on record.
    """
    desk = current_desk()
    line = own_line(desk)
    files = case_packs.contents(desk.database, desk.identity, path.case_id, line=line)
    report = stor.document(desk, path.case_id)
    body, manifest = packed(report, files=files, trail=cases.trail(desk, path.case_id, limit=1000))
    digest = case_packs.taken_away(desk.database, desk.identity, path.case_id, body=body, status=report.status,
                                   files=len(manifest["files"]))  # fmt: skip
    name = f"stor-{report.reference.lower()}-{report.status.replace('_', '-')}.zip"
    headers = _KEPT | {"Content-Disposition": f'attachment; filename="{name}"', "X-Sha256": digest}
    return Response(body, mimetype="application/zip", headers=headers)
