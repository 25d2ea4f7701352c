"""A table leaves the house: written as a file that says whose it is, recorded before it is sent."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime

from flask import Response, current_app

from analytics.datasets import DATASETS, MESSAGES, RAW_RECORDS, REJECTS
from app.actions import exports
from app.desk import Desk
from app.errors import FieldError, Invalid
from app.gateway.auth import current_context
from app.gateway.sheets import TYPES, Table, write
from app.scope import SURVEILLANCE_ROLES, Scope

# What came in, before it became facts: no table of a page rests on it.
_INTAKE = frozenset({RAW_RECORDS.name, REJECTS.name})


def send(
    desk: Desk, kind: str, tables: Sequence[Table], *, title: str, name: str, what: str, about: str = ""
) -> Response:
    """Return the tables as a file to keep, and note in the audit trail that they were taken.

    Args:
        desk: Whose tables, and the view they were narrowed to.
        kind: csv, xlsx or pdf.
        tables: At least one.
        title: What the file is called inside.
        name: Which table of ours it is, for the trail and the file's name.
        what: ``table`` (of a page) or ``report``.
        about: What the page's path names, such as an order.
    """
    now = datetime.now(UTC)
    facts = [*_facts(desk, title, about, now), ("Rows", ", ".join(str(len(t.rows)) for t in tables))]
    body = write(kind, tables, facts)
    details = {"format": kind, "rows": sum(len(t.rows) for t in tables), "view": desk.scope.to_query()}
    details |= {"about": about} if about else {}
    exports.note(current_context().database, desk.identity, kind=what, name=name, details=details)
    plain = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:60] or "table"
    filename = f"quarterdeck-{plain}-{now:%Y%m%d-%H%M%S}.{kind}"
    response = Response(body, mimetype=TYPES[kind].partition(";")[0])
    response.headers["Content-Type"] = TYPES[kind]
    response.headers["Content-Disposition"] = f'attachment; filename="{filename}"'
    response.headers["Cache-Control"] = "private, no-store"
    return response


def kind_of(asked: str | None, *, allowed: Sequence[str] = ("csv", "xlsx")) -> str:
    """Return the format asked for.

    Raises:
        Invalid: If it is none of ``allowed``.
    """
    if asked is None or asked not in allowed:
        said = FieldError("format", f"must be one of {', '.join(allowed)}", (asked or "")[:20])
        raise Invalid("Some parameters do not fit.", errors=[said])
    return asked


def _facts(desk: Desk, title: str, about: str, now: datetime) -> list[tuple[str, str]]:
    identity = desk.identity
    hidden = _INTAKE if identity.role in SURVEILLANCE_ROLES else _INTAKE | {MESSAGES.name}
    read = [dataset for name, dataset in DATASETS.items() if name not in hidden]
    versions = {name: v for name, v in desk.versions(*read).items() if v != "-"}
    release = getattr(getattr(current_app, "info", None), "version", "")
    return [
        ("Organisation", identity.org_name or identity.org),
        ("Table", title),
        *([("About", about)] if about else []),
        ("View", _words(desk.scope)),
        ("Currency", desk.scope.currency or identity.currency),
        (
            "Data versions",
            " | ".join(f"{name} {version}" for name, version in sorted(versions.items())) or "none",
        ),
        ("Exported by", f"{identity.name} ({identity.role.replace('_', ' ')})"),
        ("Exported at", now.isoformat(timespec="seconds").replace("+00:00", "Z")),
        ("Release", f"Quarterdeck {release}".strip()),
    ]


def _words(scope: Scope) -> str:
    """Return what a view is narrowed to, in words."""
    parts = [
        f"{name} {' '.join(found) if isinstance(found, tuple) else found}"
        for name in ("desk", "account", "trader", "instrument", "currency", "order", "alert", "case")
        if (found := getattr(scope, name))
    ]
    if scope.start or scope.end:
        parts.insert(0, f"dates {scope.start or 'first'} to {scope.end or 'last'}")
    if scope.as_of:
        parts.append(f"as known at {scope.as_of.isoformat()}")
    parts += [f"{name} {value}" for name, value in sorted(scope.extra.items())]
    return " | ".join(parts) or "everything"
